//! The lab of the log-structured merge tree, with a B+tree under a log to stand beside it.
//!
//! - this file: what the lab declares: commands, settings, presets.
//! - [`expectations`]: what may stand behind `expect`, and how it is checked.
//! - [`settings`]: the settings' values. [`engine`]: the two stores, asked alike.
//! - [`machine`]: the commands that do one thing. [`job`]: those that do it many times. [`ycsb`]: the benchmark's workloads.

pub mod engine;
pub mod expectations;
pub mod job;
pub mod machine;
mod presets;
pub mod settings;
pub mod ycsb;

pub use machine::LsmLab;

use super::declaration::{Argument, ArgumentKind, CommandInfo, LabInfo, SettingInfo};
use super::keys::DISTRIBUTIONS;

/// The lab's declaration.
pub static LSM: LabInfo = LabInfo {
    name: "lsm",
    title: "LSM tree",
    floor: "Storage",
    summary: "Watch writes fall through log and memtable into sorted tables, and tables merge level by level.",
    commands: COMMANDS,
    expectations: expectations::EXPECTATIONS,
    settings: SETTINGS,
    presets: presets::PRESETS,
    open: machine::open,
};

const ANY: ArgumentKind = ArgumentKind::Number { from: 0, to: u64::MAX };
const COUNT: ArgumentKind = ArgumentKind::Number { from: 0, to: 100_000_000 };
const KEY: Argument = Argument::needed("key", ArgumentKind::Key, "the key");
const VALUE: Argument = Argument::optional("value", ArgumentKind::Text, "its value; made from the key when left out");
const SIZE: Argument = Argument::named(
    "size",
    ArgumentKind::Number { from: 0, to: 1 << 20 },
    "bytes of the value that is made when none is given",
);
const SNAPSHOT: Argument = Argument::named("snapshot", ANY, "as this snapshot sees it");
const UNRECORDED: Argument = Argument::flag("unrecorded", "do not record the single steps");

/// How keys are drawn that are looked up.
pub const GETS: &[&str] = &["uniform", "zipf", "absent"];

const COMMANDS: &[CommandInfo] = &[
    CommandInfo::single(
        "put",
        &[KEY, VALUE, SIZE],
        "Writes a value under a key, whether the key is there or not.",
        "put 37 oak",
    ),
    CommandInfo::single("get", &[KEY, SNAPSHOT], "Looks a key up, from the newest source to the oldest.", "get 37"),
    CommandInfo::single("delete", &[KEY], "Writes a tombstone for a key.", "delete 37"),
    CommandInfo::single(
        "delete-range",
        &[
            Argument::needed("from", ArgumentKind::Key, "the first key"),
            Argument::needed("to", ArgumentKind::Key, "the key to stop before"),
        ],
        "Deletes all keys of a range by one entry.",
        "delete-range 100 200",
    ),
    CommandInfo::single(
        "scan",
        &[
            Argument::optional("from", ArgumentKind::Key, "the lowest key; the first of all when left out"),
            Argument::optional("to", ArgumentKind::Key, "the highest key, itself included"),
            Argument::named("limit", ANY, "stop after so many records"),
            Argument::flag("reverse", "from high to low"),
            SNAPSHOT,
        ],
        "Reads the records of a range in order: all sources merged.",
        "scan 10 50 limit 5 reverse",
    ),
    CommandInfo::single(
        "batch",
        &[Argument::rest("key", ArgumentKind::Key, "the keys")],
        "Puts several keys together: after a crash all of them are there or none.",
        "batch 1 2 3",
    ),
    CommandInfo::single("snapshot", &[], "Keeps what is seen now; reads may name it until it is released.", "snapshot"),
    CommandInfo::single(
        "release",
        &[Argument::needed("snapshot", ANY, "its number")],
        "Releases a snapshot, so that old versions may go.",
        "release 12",
    ),
    CommandInfo::bulk(
        "random",
        &[
            Argument::needed("count", COUNT, "how many keys"),
            Argument::optional("keys", ArgumentKind::Word(DISTRIBUTIONS), "how they are drawn; as `set keys` says"),
            Argument::named(
                "to",
                ArgumentKind::Number { from: 1, to: u64::MAX },
                "the highest number that may be drawn",
            ),
            UNRECORDED,
        ],
        "Puts keys that are drawn at random.",
        "random 100 uniform to 999",
    ),
    CommandInfo::bulk(
        "sequence",
        &[
            Argument::needed("from", ANY, "the first number"),
            Argument::needed("to", ANY, "the last; a lower one than the first counts down"),
            Argument::named("step", ArgumentKind::Number { from: 1, to: u64::MAX }, "from one number to the next"),
            UNRECORDED,
        ],
        "Puts numbers in order, upward or downward: a bulk load.",
        "sequence 10 200 step 10",
    ),
    CommandInfo::bulk(
        "import",
        &[
            Argument::named(
                "column",
                ArgumentKind::Number { from: 1, to: 1000 },
                "the data lines are comma-separated: take this column",
            ),
            UNRECORDED,
        ],
        "Puts the keys of the data lines below it, one a line.",
        "import",
    )
    .with_data(),
    CommandInfo::bulk(
        "get-random",
        &[
            Argument::needed("count", COUNT, "how many lookups"),
            Argument::optional(
                "choice",
                ArgumentKind::Word(GETS),
                "every key alike, a few most often, or keys not there",
            ),
            UNRECORDED,
        ],
        "Looks up keys that are drawn at random.",
        "get-random 100 absent",
    ),
    CommandInfo::bulk(
        "delete-random",
        &[Argument::needed("count", COUNT, "how many keys"), UNRECORDED],
        "Deletes keys that are there, drawn at random.",
        "delete-random 10",
    ),
    CommandInfo::bulk(
        "ycsb",
        &[
            Argument::needed(
                "workload",
                ArgumentKind::Word(ycsb::WORKLOADS),
                "A: half updates; B, C: reads; D: newest read; E: short scans; F: read, modify, write",
            ),
            Argument::needed("count", COUNT, "how many operations"),
            Argument::named(
                "records",
                ArgumentKind::Number { from: 1, to: 10_000_000 },
                "records that are loaded first, unless they are there (1000)",
            ),
            UNRECORDED,
        ],
        "Does a workload of the Yahoo! Cloud Serving Benchmark (Cooper et al., 2010).",
        "ycsb A 200 records 100",
    ),
    CommandInfo::bulk(
        "time-series",
        &[
            Argument::needed("count", COUNT, "how many points"),
            Argument::named("series", ArgumentKind::Number { from: 1, to: 1000 }, "how many series take turns (1)"),
            UNRECORDED,
        ],
        "Puts points under ascending times, as sensors do.",
        "time-series 100",
    ),
    CommandInfo::single("flush", &[], "Writes what is in memory to tables (or pages), durable.", "flush"),
    CommandInfo::single(
        "compact",
        &[Argument::optional(
            "what",
            ArgumentKind::Word(&["step", "due", "all"]),
            "one slice, what is due, or all into one run",
        )],
        "Flushes and merges in the background: one slice of work, all that is due, or everything into one run.",
        "compact step",
    ),
    CommandInfo::single("verify", &[], "Checks every invariant and every file.", "verify"),
    CommandInfo::single(
        "crash",
        &[],
        "Cuts the power: what was not synced may be kept, lost, or torn; then the store is opened again.",
        "crash",
    ),
    CommandInfo::single(
        "flip",
        &[
            Argument::needed("file", ANY, "the table's number; the page's, for the B+tree"),
            Argument::needed("bit", ANY, "the bit's number in it"),
        ],
        "Flips one bit on the disk, as a failing medium does.",
        "flip 4 400",
    ),
    CommandInfo::single("clear", &[], "Opens the store anew, empty, with the same settings.", "clear"),
];

const SETTINGS: &[SettingInfo] = &[
    SettingInfo {
        name: "store",
        kind: ArgumentKind::Word(&["lsm", "btree"]),
        default: "lsm",
        help: "The log-structured merge tree, or a B+tree under a log.",
    },
    SettingInfo {
        name: "policy",
        kind: ArgumentKind::Word(&["leveled", "size-tiered", "lazy-leveled", "fifo"]),
        default: "leveled",
        help: "Which tables are merged, and when.",
    },
    SettingInfo {
        name: "memtable",
        kind: ArgumentKind::Number { from: 256, to: 64 << 20 },
        default: "4096",
        help: "Bytes of memory at which a memtable is full.",
    },
    SettingInfo {
        name: "size_ratio",
        kind: ArgumentKind::Number { from: 2, to: 100 },
        default: "4",
        help: "How many times as large as the one above a level is; runs of a level, when tiered.",
    },
    SettingInfo {
        name: "bits_per_key",
        kind: ArgumentKind::Number { from: 0, to: 32 },
        default: "10",
        help: "Bits that a Bloom filter spends on a key. 0: no filters.",
    },
    SettingInfo {
        name: "level0_tables",
        kind: ArgumentKind::Number { from: 1, to: 100 },
        default: "4",
        help: "Tables of level 0 that are worth a compaction.",
    },
    SettingInfo {
        name: "level0_stop",
        kind: ArgumentKind::Number { from: 1, to: 1000 },
        default: "12",
        help: "Tables of level 0 at which writes stop; at two thirds of them they are slowed down.",
    },
    SettingInfo {
        name: "table_bytes",
        kind: ArgumentKind::Number { from: 256, to: 64 << 20 },
        default: "4096",
        help: "Bytes at which a compaction ends a table.",
    },
    SettingInfo {
        name: "level1_bytes",
        kind: ArgumentKind::Number { from: 256, to: 1 << 30 },
        default: "16384",
        help: "Bytes that level 1 may hold.",
    },
    SettingInfo {
        name: "block_bytes",
        kind: ArgumentKind::Number { from: 32, to: 1 << 20 },
        default: "512",
        help: "Bytes at which a data block of a table ends: what one read brings.",
    },
    SettingInfo {
        name: "cache_bytes",
        kind: ArgumentKind::Number { from: 0, to: 64 << 20 },
        default: "8192",
        help: "Room of the block cache.",
    },
    SettingInfo {
        name: "sync",
        kind: ArgumentKind::Word(&["each", "group", "async"]),
        default: "each",
        help: "When writes are made durable: each by itself, 32 at a time, or when a memtable is full.",
    },
    SettingInfo {
        name: "background",
        kind: ArgumentKind::Word(&["shared", "manual"]),
        default: "shared",
        help: "Who flushes and merges: slices beside the writes, or `flush` and `compact` alone.",
    },
    SettingInfo {
        name: "fifo_bytes",
        kind: ArgumentKind::Number { from: 256, to: 1 << 30 },
        default: "65536",
        help: "Bytes that all tables may have under first in, first out.",
    },
    SettingInfo {
        name: "value_size",
        kind: ArgumentKind::Number { from: 0, to: 1 << 20 },
        default: "20",
        help: "Bytes of a value that is made because none is given.",
    },
    SettingInfo {
        name: "keys",
        kind: ArgumentKind::Word(DISTRIBUTIONS),
        default: "uniform",
        help: "How the keys of `random` are drawn when it does not say so itself.",
    },
    SettingInfo {
        name: "page_size",
        kind: ArgumentKind::Word(&["512", "1024", "2048", "4096", "8192"]),
        default: "1024",
        help: "Bytes of a page of the B+tree.",
    },
    SettingInfo {
        name: "frames",
        kind: ArgumentKind::Number { from: 8, to: 65536 },
        default: "16",
        help: "Pages that the buffer pool of the B+tree has room for.",
    },
    SettingInfo {
        name: "device",
        kind: ArgumentKind::Word(&["ram", "nvme", "ssd", "hdd"]),
        default: "ssd",
        help: "What everything is stored on; it decides how long a read and a write take.",
    },
    SettingInfo {
        name: "disk_bytes",
        kind: ArgumentKind::ZeroOr { from: 16384, to: 1 << 40 },
        default: "0",
        help: "Bytes that the disk has room for. 0: no limit.",
    },
];
