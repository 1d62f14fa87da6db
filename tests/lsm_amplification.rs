//! What leveled compaction writes for each byte of the user's, measured on uniform updates, beside its formula.
//!
//! The formula follows a byte on its way down. `S(i)` is what level `i` may hold (the last one: what it has, which is all
//! keys, once: `D`), `q(i) = S(i) / D` the share of the keys that it has, `m` a flushed table, `n` the tables of level 0 that
//! start a compaction. Of the bytes that come to a level a share of `q` replaces what is there; the others come further.
//!
//! ```text
//!   flush            1
//!   level 0 to 1     1 - q(1) + S(1) / (n m)          n tables are merged with all of level 1
//!   level i to i+1   F(i) (1 - q(i+1) + r / 2 + 1)    r = S(i+1) / S(i): a table, what it overlaps, one more at the edge
//!                    F(1) = 1 - q(1), F(i+1) = F(i) (1 - q(i+1))
//! ```
//!
//! The half is due to the cursor that goes round a level: the keys in front of it were filled for a whole round, so they
//! lie twice as close as on average, and a table there overlaps half as much (Lim, Andersen and Kaminsky, "Towards Accurate
//! and Fast Evaluation of Multi-Stage Log-structured Designs", 2016, section 4, has duplicates and this density).
#![cfg(not(target_arch = "wasm32"))]

use glassbase_core::sim::{Cx, Device, Generator};
use glassbase_core::storage::lsm::{Lsm, LsmOptions, SyncMode};
use glassbase_core::trace::parts::lsm::LsmCounters;

const KEYS: u64 = 30_000;
const KEY_BYTES: u64 = 8;
const VALUE_BYTES: u64 = 92;

fn update(cx: &mut Cx, tree: &mut Lsm, generator: &mut Generator, count: u64) {
    for _ in 0..count {
        let key = generator.below(KEYS).to_be_bytes();
        tree.put(cx, &key, &[1; VALUE_BYTES as usize]).unwrap();
    }
}

fn written(counters: &LsmCounters) -> u64 {
    counters.flushed_bytes + counters.compaction_written_bytes
}

fn formula(options: &LsmOptions, tree: &Lsm) -> f64 {
    let version = tree.version();
    let last = version.last_level().unwrap() as usize;
    let data = version.levels[last].bytes() as f64;
    let may = |level: usize| match level {
        _ if level == last => data,
        level => options.level1_bytes as f64 * f64::from(options.size_ratio).powi(level as i32 - 1),
    };
    let fresh = |level: usize| 1.0 - may(level) / data;
    let counters = tree.counters();
    let flushed = counters.flushed_bytes as f64 / counters.flushes as f64;
    let mut passes = 1.0 + fresh(1) + may(1) / (f64::from(options.level0_tables) * flushed);
    let mut flow = fresh(1);
    for level in 2..=last {
        passes += flow * (fresh(level) + may(level) / may(level - 1) / 2.0 + 1.0);
        flow *= fresh(level);
    }
    // Bytes in a table for each of the user's.
    let entries: u64 = version.tables().map(|(_, table)| table.entries).sum();
    passes * version.bytes() as f64 / (entries * (KEY_BYTES + VALUE_BYTES)) as f64
}

#[test]
fn write_amplification_of_leveled_compaction_is_near_its_formula() {
    for (size_ratio, level1_bytes) in [(10, 128 << 10), (5, 128 << 10), (8, 256 << 10)] {
        let options = LsmOptions {
            device: Device::Ram,
            memtable_bytes: 32 << 10,
            size_ratio,
            level0_tables: 4,
            level1_bytes,
            table_bytes: 16 << 10,
            sync: SyncMode::Asynchronous,
            ..LsmOptions::default()
        };
        let mut cx = Cx::new(1);
        cx.recorder.switch(false);
        let mut tree = Lsm::create(&mut cx, &options).unwrap();
        let mut generator = Generator::new(1, "uniform");
        // Until the levels have found their sizes.
        update(&mut cx, &mut tree, &mut generator, 4 * KEYS);
        let before = tree.counters().clone();
        update(&mut cx, &mut tree, &mut generator, 2 * KEYS);
        let after = tree.counters();
        let measured = (written(after) - written(&before)) as f64 / (after.user_bytes - before.user_bytes) as f64;
        let expected = formula(&options, &tree);
        println!("size ratio {size_ratio}: measured {measured:.2}, by the formula {expected:.2}");
        assert!((measured / expected - 1.0).abs() < 0.25, "measured {measured}, expected {expected}");
        assert_eq!(tree.verify(&mut cx).problem, None);
    }
}
