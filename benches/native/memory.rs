//! What the engines keep in memory for a cached page and for a key, counted by the allocator. Prints one line of JSON for
//! each figure; `data_bytes` is what the thing itself has: a page, or a key and its value.

use std::error::Error;

use glassbase_engine::bench::{KEY_BYTES, LsmMemory, PoolMemory, Rows, TreeSubject, VALUE_BYTES, Work};

const PAGES: u32 = 4096;
const PAGE_BYTES: usize = 8192;
const ROWS: usize = 200_000;

fn report(id: &str, what: &str, bytes: f64, data_bytes: f64) {
    println!(r#"{{"id":"{id}","what":"{what}","bytes":{bytes:.1},"data_bytes":{data_bytes:.1}}}"#);
}

/// `live` tells how many bytes are allocated.
pub fn measure(live: impl Fn() -> f64) -> Result<(), Box<dyn Error>> {
    let mut pool = PoolMemory::new(PAGES, PAGE_BYTES)?;
    let empty = live();
    pool.cache()?;
    report(
        "page-clean",
        "a page in the pool as it is on the RAM disk, whose bytes it shares",
        (live() - empty) / f64::from(PAGES),
        PAGE_BYTES as f64,
    );
    pool.change()?;
    report("page-changed", "a changed page in the pool", (live() - empty) / f64::from(PAGES), PAGE_BYTES as f64);
    drop(pool);

    let rows = Rows::new(ROWS);
    let row_bytes = (KEY_BYTES + VALUE_BYTES) as f64;
    let empty = live();
    let mut tree = TreeSubject::new(8192, false)?;
    tree.run(Work::InsertRandom, &rows)?;
    report(
        "key-tree",
        "a key with its value in the B+tree, pages in the pool",
        (live() - empty) / ROWS as f64,
        row_bytes,
    );
    drop(tree);

    let memory = LsmMemory::in_memtable(&rows)?;
    let full = live();
    let disk = memory.forget();
    report("key-memtable", "a key with its value in the memtable", (full - live()) / ROWS as f64, row_bytes);
    drop(disk);

    let mut memory = LsmMemory::in_tables(&rows)?;
    let empty = live();
    let (blocks, bytes) = memory.cache(&rows)?;
    report("block", "a block in the block cache", (live() - empty) / blocks as f64, bytes as f64 / blocks as f64);
    Ok(())
}
