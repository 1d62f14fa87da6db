//! The lab of the log and of recovery: transactions over a B+tree, a crash wherever one likes, and what is there
//! afterwards.
//!
//! - this file: what the lab declares: commands, settings, presets.
//! - [`machine`]: the commands that do one thing. [`job`]: those that do it many times. [`power`]: crash and recovery.
//! - [`bolt`]: a crash at any event of a run, as lines of a script.
//! - [`ledger`]: what the client wrote down itself, and how the database is held against it.
//! - [`expectations`]: what may stand behind `expect`. [`settings`]: the settings' values.

pub mod bolt;
pub mod expectations;
pub mod job;
pub mod ledger;
pub mod machine;
mod power;
mod presets;
pub mod settings;

use super::declaration::{Argument, ArgumentKind, CommandInfo, LabInfo, SettingInfo};

/// The lab's declaration.
pub static LOG: LabInfo = LabInfo {
    name: "log",
    title: "Log and recovery",
    floor: "Storage",
    summary: "Cut the power at any moment: the write-ahead log brings back every committed transaction, and nothing else.",
    commands: COMMANDS,
    expectations: expectations::EXPECTATIONS,
    settings: SETTINGS,
    presets: presets::PRESETS,
    open: machine::open,
};

const ANY: ArgumentKind = ArgumentKind::Number { from: 0, to: u64::MAX };
const KEY: Argument = Argument::needed("key", ArgumentKind::Key, "the key");
const NAME: Argument = Argument::optional("name", ArgumentKind::Text, "the transaction; the latest when left out");
const IN: Argument = Argument::named(
    "in",
    ArgumentKind::Text,
    "the transaction; the latest that is open, or one of its own when none is",
);

const COMMANDS: &[CommandInfo] = &[
    CommandInfo::single(
        "begin",
        &[Argument::optional("name", ArgumentKind::Text, "what to call it; t1, t2 and so on when left out")],
        "Begins a transaction.",
        "begin a",
    ),
    CommandInfo::single(
        "put",
        &[
            KEY,
            Argument::optional("value", ArgumentKind::Text, "its value; made from the key when left out"),
            Argument::named("size", ArgumentKind::Number { from: 0, to: 1 << 16 }, "bytes of the value that is made"),
            IN,
        ],
        "Puts a record, or replaces its value. Without an open transaction it is one of its own, committed at once.",
        "put 37 ash in a",
    ),
    CommandInfo::single("get", &[KEY], "Looks a key up, committed or not.", "get 37"),
    CommandInfo::single("delete", &[KEY, IN], "Takes a record out.", "delete 37 in a"),
    CommandInfo::single(
        "scan",
        &[
            Argument::optional("from", ArgumentKind::Key, "the lowest key; the first of all when left out"),
            Argument::optional("to", ArgumentKind::Key, "the highest key, itself included"),
            Argument::named("limit", ANY, "stop after so many records"),
        ],
        "Reads the records of a range in order.",
        "scan 10 50 limit 5",
    ),
    CommandInfo::single("commit", &[NAME], "Ends a transaction for good, once the client is told so.", "commit a"),
    CommandInfo::single("abort", &[NAME], "Takes everything back that a transaction did.", "abort a"),
    CommandInfo::single(
        "savepoint",
        &[Argument::needed("name", ArgumentKind::Text, "what to call the place"), IN],
        "Remembers a place in a transaction to go back to.",
        "savepoint here in a",
    ),
    CommandInfo::single(
        "rollback",
        &[Argument::needed("name", ArgumentKind::Text, "the savepoint"), IN],
        "Takes back what a transaction did since a savepoint.",
        "rollback here in a",
    ),
    CommandInfo::bulk(
        "work",
        &[
            Argument::needed("count", ArgumentKind::Number { from: 0, to: 10_000_000 }, "how many transactions"),
            Argument::named(
                "keys",
                ArgumentKind::Number { from: 1, to: 1_000_000 },
                "the highest key; 60 when left out",
            ),
            Argument::flag("unrecorded", "do not record the single steps"),
        ],
        "Random transactions of one to four changes each; one in six is aborted.",
        "work 20 keys 40",
    ),
    CommandInfo::single(
        "checkpoint",
        &[],
        "Writes the tables of dirty pages and open transactions into the log, and removes log that is not needed.",
        "checkpoint",
    ),
    CommandInfo::single(
        "flush",
        &[
            Argument::optional(
                "count",
                ANY,
                "write so many dirty pages, without a sync; all, and a sync, when left out",
            ),
            Argument::named(
                "page",
                ArgumentKind::Number { from: 0, to: u32::MAX as u64 },
                "write this page, without a sync",
            ),
        ],
        "Writes dirty pages to the disk, committed or not.",
        "flush page 2",
    ),
    CommandInfo::single("sync", &[], "Makes all of the log durable.", "sync"),
    CommandInfo::single(
        "wait",
        &[Argument::needed("microseconds", ArgumentKind::Number { from: 0, to: 1_000_000_000 }, "how long")],
        "Lets time pass; commits that wait for a sync may get theirs.",
        "wait 2000",
    ),
    CommandInfo::single(
        "crash",
        &[Argument::optional("choice", ANY, "another number, another outcome of what was not synced")],
        "Cuts the power: memory is gone, and writes that were not synced are kept, lost, or torn.",
        "crash",
    ),
    CommandInfo::single(
        "crash-after",
        &[Argument::needed("operations", ANY, "disk operations that still succeed")],
        "Lets the power fail inside the commands to come, after so many more disk operations.",
        "crash-after 3",
    ),
    CommandInfo::single(
        "recover",
        &[Argument::named(
            "step",
            ArgumentKind::Number { from: 1, to: 10_000_000 },
            "do only so many steps, a record each",
        )],
        "Brings the database back after a crash: analysis, redo, undo.",
        "recover step 10",
    ),
    CommandInfo::single(
        "check",
        &[],
        "Holds the database against what the client wrote down: every committed write is there, nothing else is.",
        "check",
    ),
    CommandInfo::single("verify", &[], "Checks every invariant of the tree, page by page.", "verify"),
    CommandInfo::single(
        "flip",
        &[
            Argument::needed("page", ArgumentKind::Number { from: 0, to: u32::MAX as u64 }, "the page's number"),
            Argument::needed("bit", ArgumentKind::Number { from: 0, to: 4096 * 8 - 1 }, "the bit's number in the page"),
        ],
        "Flips one bit of a page on the disk, as a failing medium does.",
        "flip 2 400",
    ),
    CommandInfo::single("clear", &[], "Opens the engine anew, empty, with the same settings.", "clear"),
];

const SETTINGS: &[SettingInfo] = &[
    SettingInfo {
        name: "page_size",
        kind: ArgumentKind::Word(&["256", "512", "1024", "2048", "4096"]),
        default: "1024",
        help: "Bytes of a page. A device writes 512 bytes at once: a larger page may be torn.",
    },
    SettingInfo {
        name: "order",
        kind: ArgumentKind::ZeroOr { from: 3, to: 64 },
        default: "5",
        help: "Most children of an inner page; a leaf has one record fewer. 0: as many as fit.",
    },
    SettingInfo {
        name: "frames",
        kind: ArgumentKind::Number { from: 8, to: 4096 },
        default: "8",
        help: "Pages that the buffer pool has room for.",
    },
    SettingInfo {
        name: "device",
        kind: ArgumentKind::Word(&["ram", "nvme", "ssd", "hdd"]),
        default: "ssd",
        help: "What log and pages are stored on; it decides how long a sync takes.",
    },
    SettingInfo {
        name: "commit",
        kind: ArgumentKind::Word(&["sync", "group", "async"]),
        default: "sync",
        help: "When a commit is acknowledged: after a sync of its own, after one shared with others, or at once.",
    },
    SettingInfo {
        name: "group_size",
        kind: ArgumentKind::Number { from: 1, to: 1000 },
        default: "4",
        help: "Group commit: one sync for so many commits.",
    },
    SettingInfo {
        name: "interval_us",
        kind: ArgumentKind::Number { from: 1, to: 10_000_000 },
        default: "2000",
        help: "Group commit: how long the first of a group waits at most. Asynchronous commit: time between syncs. In microseconds.",
    },
    SettingInfo {
        name: "torn_pages",
        kind: ArgumentKind::Word(&["images", "doublewrite", "none"]),
        default: "images",
        help: "How pages are mended that a power failure cut in two: by images in the log, by a second copy, or not.",
    },
    SettingInfo {
        name: "segment_size",
        kind: ArgumentKind::Number { from: 256, to: 1 << 24 },
        default: "4096",
        help: "Bytes of a file of the log.",
    },
    SettingInfo {
        name: "checkpoint_bytes",
        kind: ArgumentKind::Number { from: 0, to: 1 << 30 },
        default: "65536",
        help: "A checkpoint is made after so much log. 0: only when asked for.",
    },
    SettingInfo {
        name: "flusher",
        kind: ArgumentKind::Number { from: 0, to: 64 },
        default: "0",
        help: "Dirty pages that are written in the background after each transaction.",
    },
    SettingInfo {
        name: "value_size",
        kind: ArgumentKind::Number { from: 0, to: 1 << 16 },
        default: "6",
        help: "Bytes of a value that is made because none is given.",
    },
];
