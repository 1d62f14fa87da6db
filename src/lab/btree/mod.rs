//! The B+tree lab: a page-backed B+tree on a buffer pool on a simulated disk.
//!
//! - this file: what the lab declares: commands, settings, presets.
//! - [`expectations`]: what may stand behind `expect`, and how it is checked.
//! - [`settings`]: the settings' values.
//! - [`machine`]: the commands that do one thing. [`job`]: those that do it many times.

pub mod expectations;
pub mod job;
pub mod machine;
mod presets;
pub mod settings;

pub use machine::Btree;

use super::declaration::{Argument, ArgumentKind, CommandInfo, LabInfo, SettingInfo};
use super::keys::{DISTRIBUTIONS, LOOKUPS};

/// The lab's declaration.
pub static BTREE: LabInfo = LabInfo {
    name: "btree",
    title: "B+tree",
    floor: "Storage",
    summary: "Watch keys find their pages, and pages split, borrow and merge, on a buffer pool over a simulated disk.",
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
const UNRECORDED: Argument = Argument::flag("unrecorded", "do not record the single steps");
const COLUMN: Argument = Argument::named(
    "column",
    ArgumentKind::Number { from: 1, to: 1000 },
    "the data lines are comma-separated: take this column",
);

const COMMANDS: &[CommandInfo] = &[
    CommandInfo::single(
        "insert",
        &[KEY, VALUE, SIZE],
        "Puts a new record into the tree; a key that is there already stays as it is.",
        "insert 37",
    ),
    CommandInfo::single(
        "upsert",
        &[KEY, VALUE, SIZE],
        "Puts a record into the tree, or replaces the value of the one that is there.",
        "upsert 37 \"another value\"",
    ),
    CommandInfo::single("get", &[KEY], "Looks a key up, from the root down to its leaf.", "get 37"),
    CommandInfo::single(
        "delete",
        &[KEY],
        "Takes a record out; a page that gets too empty borrows from a sibling or merges with it.",
        "delete 37",
    ),
    CommandInfo::single(
        "scan",
        &[
            Argument::optional("from", ArgumentKind::Key, "the lowest key; the first of all when left out"),
            Argument::optional("to", ArgumentKind::Key, "the highest key, itself included"),
            Argument::named("limit", ANY, "stop after so many records"),
            Argument::flag("reverse", "from high to low"),
        ],
        "Reads the records of a range in order, along the links between the leaves.",
        "scan 10 50 limit 5 reverse",
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
        "Inserts keys that are drawn at random.",
        "random 20 uniform to 99",
    ),
    CommandInfo::bulk(
        "sequence",
        &[
            Argument::needed("from", ANY, "the first number"),
            Argument::needed("to", ANY, "the last; a lower one than the first counts down"),
            Argument::named("step", ArgumentKind::Number { from: 1, to: u64::MAX }, "from one number to the next"),
            UNRECORDED,
        ],
        "Inserts numbers in order, upward or downward.",
        "sequence 10 200 step 10",
    ),
    CommandInfo::bulk(
        "import",
        &[COLUMN, UNRECORDED],
        "Inserts the keys of the data lines below it, one a line.",
        "import",
    )
    .with_data(),
    CommandInfo::bulk(
        "bulk-load",
        &[Argument::optional("count", COUNT, "load the numbers from 1 to this"), UNRECORDED],
        "Builds an empty tree from the bottom up: sorted keys, every leaf filled as `set fill` says.",
        "bulk-load 1000",
    )
    .with_data(),
    CommandInfo::bulk(
        "get-random",
        &[
            Argument::needed("count", COUNT, "how many lookups"),
            Argument::optional("choice", ArgumentKind::Word(LOOKUPS), "every key alike, or a few of them most often"),
            UNRECORDED,
        ],
        "Looks up keys of the tree that are drawn at random.",
        "get-random 100 zipf",
    ),
    CommandInfo::bulk(
        "get-each",
        &[COLUMN, UNRECORDED],
        "Looks up the keys of the data lines below it, one a line.",
        "get-each",
    )
    .with_data(),
    CommandInfo::bulk(
        "delete-random",
        &[Argument::needed("count", COUNT, "how many records"), UNRECORDED],
        "Deletes records that are drawn at random.",
        "delete-random 10",
    ),
    CommandInfo::single("clear", &[], "Opens the engine anew, empty, with the same settings.", "clear"),
    CommandInfo::single("verify", &[], "Checks every invariant of the tree, page by page.", "verify"),
    CommandInfo::single("flush", &[], "Writes all dirty pages to the disk and makes them durable.", "flush"),
    CommandInfo::single(
        "crash",
        &[],
        "Cuts the power: writes that were not synced may be kept, lost, or torn; then the disk is read again.",
        "crash",
    ),
    CommandInfo::single(
        "flip",
        &[
            Argument::needed("page", ArgumentKind::Number { from: 0, to: u32::MAX as u64 }, "the page's number"),
            Argument::needed(
                "bit",
                ArgumentKind::Number { from: 0, to: 16384 * 8 - 1 },
                "the bit's number in the page",
            ),
        ],
        "Flips one bit of a page on the disk, as a failing medium does.",
        "flip 2 400",
    ),
];

const SETTINGS: &[SettingInfo] = &[
    SettingInfo {
        name: "page_size",
        kind: ArgumentKind::Word(&["128", "256", "512", "1024", "2048", "4096", "8192", "16384"]),
        default: "8192",
        help: "Bytes of a page.",
    },
    SettingInfo {
        name: "order",
        kind: ArgumentKind::ZeroOr { from: 3, to: 64 },
        default: "0",
        help: "Most children of an inner page; a leaf has one record fewer. 0: as many as fit.",
    },
    SettingInfo {
        name: "frames",
        kind: ArgumentKind::Number { from: 8, to: 65536 },
        default: "64",
        help: "Pages that the buffer pool has room for.",
    },
    SettingInfo {
        name: "device",
        kind: ArgumentKind::Word(&["ram", "nvme", "ssd", "hdd"]),
        default: "ssd",
        help: "What the pages are stored on; it decides how long a read and a write take.",
    },
    SettingInfo {
        name: "fill",
        kind: ArgumentKind::Decimal { from: 0.5, to: 1.0 },
        default: "0.9",
        help: "How full bulk-load makes the pages.",
    },
    SettingInfo {
        name: "split",
        kind: ArgumentKind::Word(&["auto", "middle"]),
        default: "auto",
        help: "Where a full page is split: in the middle always, or at its right edge while keys come ascending.",
    },
    SettingInfo {
        name: "value_size",
        kind: ArgumentKind::Number { from: 0, to: 1 << 20 },
        default: "8",
        help: "Bytes of a value that is made because none is given.",
    },
    SettingInfo {
        name: "disk_pages",
        kind: ArgumentKind::Number { from: 0, to: u32::MAX as u64 },
        default: "0",
        help: "Pages that the disk has room for. 0: no limit.",
    },
    SettingInfo {
        name: "keys",
        kind: ArgumentKind::Word(DISTRIBUTIONS),
        default: "uniform",
        help: "How the keys of `random` are drawn when it does not say so itself.",
    },
];
