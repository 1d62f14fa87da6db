//! The buffer pool lab: page accesses against a pool, under any replacement policy.
//!
//! - this file: what the lab declares: commands, settings, presets.
//! - [`settings`]: the settings' values. [`expectations`]: what may stand behind `expect`.
//! - [`machine`]: the pool over its file, and the commands that do one thing. [`job`]: those that do it many times.
//! - [`pattern`]: where accesses come from. [`twin`]: a real B+tree and a real heap file, whose accesses are taken.
//! - [`history`]: every access so far, for the hit-ratio curves. [`trace_file`]: files of page numbers.

pub mod expectations;
pub(super) mod history;
pub(super) mod job;
pub mod machine;
pub(super) mod pattern;
mod presets;
pub mod settings;
pub mod trace_file;
mod twin;

use super::declaration::{Argument, ArgumentKind, CommandInfo, LabInfo, SettingInfo};
use super::keys::LOOKUPS;

/// The lab's declaration.
pub static POOL: LabInfo = LabInfo {
    name: "pool",
    title: "Buffer pool",
    floor: "Storage",
    summary: "Watch pages come into the frames of a buffer pool, and see which one leaves and why, under any policy.",
    commands: COMMANDS,
    expectations: expectations::EXPECTATIONS,
    settings: SETTINGS,
    presets: presets::PRESETS,
    open: machine::open,
};

/// Most pages of the file.
pub const PAGES_MAX: u64 = 250_000;
/// Most accesses of one command.
pub const ACCESSES_MAX: u64 = 1_000_000;

/// Every policy, the usual one first.
pub const POLICIES: ArgumentKind = ArgumentKind::Word(&[
    "lru",
    "fifo",
    "random",
    "clock",
    "slru",
    "lfu",
    "lru-k",
    "2q",
    "arc",
    "lirs",
    "w-tinylfu",
    "s3-fifo",
    "sieve",
    "optimum",
]);

const PAGE_NUMBER: ArgumentKind = ArgumentKind::Number { from: 0, to: PAGES_MAX - 1 };
const PAGES: Argument = Argument::rest("page", PAGE_NUMBER, "the pages, by number");
const COUNT: Argument =
    Argument::needed("count", ArgumentKind::Number { from: 0, to: ACCESSES_MAX }, "how many accesses");
const WRITES: Argument = Argument::named(
    "writes",
    ArgumentKind::Number { from: 0, to: 100 },
    "so many in a hundred accesses change their page",
);
const STOP: Argument =
    Argument::named("stop", ArgumentKind::Number { from: 0, to: 100_000_000 }, "stop after so many, as if by hand");
const UNRECORDED: Argument = Argument::flag("unrecorded", "do not record the single steps");

const COMMANDS: &[CommandInfo] = &[
    CommandInfo::single("access", &[PAGES], "Asks the pool for pages, one after the other.", "access 7 3 12"),
    CommandInfo::single("change", &[PAGES], "Asks for pages and changes them: they are dirty then.", "change 7"),
    CommandInfo::single("pin", &[PAGES], "Asks for pages and keeps them pinned: they cannot be evicted.", "pin 7"),
    CommandInfo::single("unpin", &[PAGES], "Lets pages go that were pinned.", "unpin 7"),
    CommandInfo::bulk(
        "scan",
        &[
            Argument::needed("from", PAGE_NUMBER, "the first page"),
            Argument::needed("to", PAGE_NUMBER, "the last; one before the first counts down"),
            Argument::named(
                "times",
                ArgumentKind::Number { from: 1, to: ACCESSES_MAX },
                "so often, one after the other",
            ),
            WRITES,
            STOP,
            UNRECORDED,
        ],
        "Asks for pages in order: a scan, or with `times` a loop.",
        "scan 0 29 times 3",
    ),
    CommandInfo::bulk(
        "random",
        &[
            COUNT,
            Argument::optional("choice", ArgumentKind::Word(LOOKUPS), "every page alike, or a few of them most often"),
            Argument::named("from", PAGE_NUMBER, "the first page that may be drawn; 0 when left out"),
            Argument::named("to", PAGE_NUMBER, "the last; that of the file when left out"),
            WRITES,
            STOP,
            UNRECORDED,
        ],
        "Asks for pages that are drawn at random.",
        "random 50 zipf",
    ),
    CommandInfo::bulk(
        "mixed",
        &[
            COUNT,
            Argument::needed("hot", PAGE_NUMBER, "pages 0 to this are the hot set, drawn at random"),
            Argument::named(
                "every",
                ArgumentKind::Number { from: 2, to: 1000 },
                "one access in so many is the scan's; 3",
            ),
            WRITES,
            STOP,
            UNRECORDED,
        ],
        "Asks for pages of a hot set while a scan goes through the rest of the file.",
        "mixed 90 5 every 3",
    ),
    CommandInfo::bulk(
        "accesses",
        &[
            Argument::named(
                "column",
                ArgumentKind::Number { from: 1, to: 1000 },
                "the data lines are comma-separated: take this column",
            ),
            WRITES,
            STOP,
            UNRECORDED,
        ],
        "Asks for the pages of the data lines below it, one number a line.",
        "accesses",
    )
    .with_data(),
    CommandInfo::bulk(
        "lookups",
        &[
            Argument::needed("count", ArgumentKind::Number { from: 0, to: 100_000 }, "how many look-ups"),
            Argument::optional("choice", ArgumentKind::Word(LOOKUPS), "every key alike, or a few of them most often"),
            STOP,
            UNRECORDED,
        ],
        "Looks rows up: each goes down the B+tree to a row id and asks for that row's page (needs `set rows`).",
        "lookups 10 zipf",
    ),
    CommandInfo::bulk(
        "heap-scan",
        &[STOP, UNRECORDED],
        "Reads every row of the heap file, page by page (needs `set rows`).",
        "heap-scan",
    ),
    CommandInfo::single(
        "resize",
        &[Argument::needed("frames", ArgumentKind::Number { from: 1, to: 100_000 }, "frames from now on")],
        "Gives the pool another size while it runs.",
        "resize 6",
    ),
    CommandInfo::single("flush", &[], "Writes all dirty pages and makes them durable.", "flush"),
    CommandInfo::bulk(
        "curve",
        &[
            Argument::named("sizes", ArgumentKind::Number { from: 1, to: 100 }, "at so many sizes of the pool; 24"),
            STOP,
        ],
        "Replays all accesses so far, with every policy at many sizes of the pool, and draws how often each hits.",
        "curve",
    ),
    CommandInfo::single("clear", &[], "Opens the pool anew, empty, with the same settings.", "clear"),
];

const SETTINGS: &[SettingInfo] = &[
    SettingInfo {
        name: "policy",
        kind: POLICIES,
        default: "lru",
        help: "How the page that leaves is chosen. The optimum knows the accesses of the command that it is in.",
    },
    SettingInfo {
        name: "frames",
        kind: ArgumentKind::Number { from: 1, to: 100_000 },
        default: "10",
        help: "Pages that the pool has room for.",
    },
    SettingInfo {
        name: "pages",
        kind: ArgumentKind::Number { from: 1, to: PAGES_MAX },
        default: "60",
        help: "Pages of the file; those of B+tree and heap file when there are rows.",
    },
    SettingInfo {
        name: "rows",
        kind: ArgumentKind::Number { from: 0, to: 50_000 },
        default: "0",
        help: "Rows of a heap file with a B+tree over them, for `lookups` and `heap-scan`. 0: a file of plain pages.",
    },
    SettingInfo {
        name: "k",
        kind: ArgumentKind::Number { from: 1, to: 4 },
        default: "2",
        help: "LRU-K: how many accesses back it looks.",
    },
    SettingInfo {
        name: "correlated",
        kind: ArgumentKind::Number { from: 0, to: 1000 },
        default: "0",
        help: "LRU-K: accesses to a page that are no further apart than this are one.",
    },
    SettingInfo {
        name: "read_ahead",
        kind: ArgumentKind::Number { from: 0, to: 64 },
        default: "0",
        help: "Pages that are read ahead once accesses follow each other. 0: none.",
    },
    SettingInfo {
        name: "flusher",
        kind: ArgumentKind::Number { from: 0, to: 100 },
        default: "0",
        help: "The background flusher writes while more than so many in a hundred frames are dirty. 0: it is off.",
    },
    SettingInfo {
        name: "page_size",
        kind: ArgumentKind::Word(&["128", "256", "512", "1024", "2048", "4096", "8192"]),
        default: "1024",
        help: "Bytes of a page.",
    },
    SettingInfo {
        name: "device",
        kind: ArgumentKind::Word(&["ram", "nvme", "ssd", "hdd"]),
        default: "ssd",
        help: "What the pages are stored on; it decides how long a read and a write take.",
    },
];
