//! What recovery costs for each byte of log, at several lengths: a B+tree with a log that was never checkpointed, an LSM
//! tree with memtables that were never flushed. Prints one line of JSON for each figure.

use std::error::Error;

use glassbase_engine::bench::{Rows, crashed_database, reopened, unflushed_lsm};

use crate::watch::Watch;

const FRAMES: u32 = 16_384;
const LENGTHS: [usize; 5] = [25_000, 50_000, 100_000, 200_000, 400_000];

fn report(engine: &str, rows: usize, bytes: u64, watch: &Watch) {
    let ns = watch.ns();
    let per_byte = ns / bytes as f64;
    println!(
        r#"{{"engine":"{engine}","rows":{rows},"log_bytes":{bytes},"ns_per_byte":{per_byte:.3},"ms":{:.2}}}"#,
        ns / 1e6
    );
}

pub fn measure() -> Result<(), Box<dyn Error>> {
    for count in LENGTHS {
        let rows = Rows::new(count);
        let (mut crashed, bytes) = crashed_database(&rows, FRAMES)?;
        let watch = Watch::start();
        crashed.database.recover(&mut crashed.cx)?;
        report("B+tree", count, bytes, &watch);
        assert_eq!(crashed.database.tree().records(), count as u64, "rows after recovery");

        let (tree, bytes) = unflushed_lsm(&rows)?;
        let watch = Watch::start();
        let mut tree = reopened(tree)?;
        report("LSM", count, bytes, &watch);
        for key in &rows.sorted {
            assert!(tree.lsm.get_with(&mut tree.cx, key, None, |_| ())?, "a row is lost");
        }
    }
    Ok(())
}
