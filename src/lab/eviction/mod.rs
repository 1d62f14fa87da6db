//! The eviction lab: accesses to keys against a cache, under any policy; room in entries or in bytes.
//!
//! - this file: what the lab declares: commands, settings, presets, and what may stand behind `expect`.
//! - [`settings`]: the settings' values. [`objects`]: which key has how many bytes.
//! - [`machine`]: the cache, and the commands that do one thing. [`job`]: those that do it many times.
//!
//! Patterns of accesses, their history, and files of accesses are those of the [buffer pool lab](super::pool).

pub mod job;
pub mod machine;
mod objects;
mod presets;
pub mod settings;

use super::declaration::{Argument, ArgumentKind, CommandInfo, LabInfo, SettingInfo};
use super::expectations::{MEASURE, measure};
use super::keys::LOOKUPS;
use super::pool::POLICIES;

/// The lab's declaration.
pub static EVICTION: LabInfo = LabInfo {
    name: "eviction",
    title: "Eviction",
    floor: "Cache",
    summary: "Ask a cache for keys, one at a time or a million, and see what each policy knows, who has to leave, and why.",
    commands: COMMANDS,
    expectations: EXPECTATIONS,
    settings: SETTINGS,
    presets: presets::PRESETS,
    open: machine::open,
};

/// Most keys.
pub const KEYS_MAX: u64 = 1_000_000;
/// Most accesses of one command.
pub const ACCESSES_MAX: u64 = 1_000_000;
/// Largest object, in bytes.
pub const SIZE_MAX: u64 = 4_000_000_000;

const KEY: ArgumentKind = ArgumentKind::Number { from: 0, to: KEYS_MAX - 1 };
const KEYS: Argument = Argument::rest("key", KEY, "the keys, by number");
const COUNT: Argument =
    Argument::needed("count", ArgumentKind::Number { from: 0, to: ACCESSES_MAX }, "how many accesses");
const STOP: Argument =
    Argument::named("stop", ArgumentKind::Number { from: 0, to: 100_000_000 }, "stop after so many, as if by hand");
const UNRECORDED: Argument = Argument::flag("unrecorded", "do not record the single steps");

const COMMANDS: &[CommandInfo] = &[
    CommandInfo::single(
        "get",
        &[
            Argument::needed("key", KEY, "the key, by number"),
            Argument::optional(
                "size",
                ArgumentKind::Number { from: 1, to: SIZE_MAX },
                "its bytes, if bytes are counted",
            ),
        ],
        "Asks the cache for a key; if it is not there, it is fetched and let in.",
        "get 7",
    ),
    CommandInfo::single("access", &[KEYS], "Asks for several keys, one after the other.", "access 7 3 12"),
    CommandInfo::single("remove", &[KEYS], "Takes keys out for good, as an invalidation does.", "remove 7"),
    CommandInfo::bulk(
        "scan",
        &[
            Argument::needed("from", KEY, "the first key"),
            Argument::needed("to", KEY, "the last; one before the first counts down"),
            Argument::named(
                "times",
                ArgumentKind::Number { from: 1, to: ACCESSES_MAX },
                "so often, one after the other",
            ),
            STOP,
            UNRECORDED,
        ],
        "Asks for keys in order: a scan, or with `times` a loop.",
        "scan 0 11 times 3",
    ),
    CommandInfo::bulk(
        "random",
        &[
            COUNT,
            Argument::optional("choice", ArgumentKind::Word(LOOKUPS), "every key alike, or a few of them most often"),
            Argument::named("from", KEY, "the first key that may be drawn; 0 when left out"),
            Argument::named("to", KEY, "the last; that of all keys when left out"),
            STOP,
            UNRECORDED,
        ],
        "Asks for keys that are drawn at random.",
        "random 50 zipf",
    ),
    CommandInfo::bulk(
        "mixed",
        &[
            COUNT,
            Argument::needed("hot", KEY, "keys 0 to this are the hot set, drawn at random"),
            Argument::named(
                "every",
                ArgumentKind::Number { from: 2, to: 1000 },
                "one access in so many is the scan's; 3",
            ),
            STOP,
            UNRECORDED,
        ],
        "Asks for keys of a hot set while a scan goes through the other keys.",
        "mixed 90 5 every 3",
    ),
    CommandInfo::bulk(
        "shifting",
        &[
            COUNT,
            Argument::needed("hot", ArgumentKind::Number { from: 1, to: KEYS_MAX }, "keys of the hot set"),
            Argument::named(
                "every",
                ArgumentKind::Number { from: 1, to: ACCESSES_MAX },
                "after so many accesses the set is another one; 100",
            ),
            STOP,
            UNRECORDED,
        ],
        "Asks for keys of a hot set that moves on to other keys now and then.",
        "shifting 300 8 every 100",
    ),
    CommandInfo::bulk(
        "accesses",
        &[STOP, UNRECORDED],
        "Asks for the keys of the data lines below it: one a line, or key and size with a comma between.",
        "accesses",
    )
    .with_data(),
    CommandInfo::bulk(
        "curve",
        &[
            Argument::named("sizes", ArgumentKind::Number { from: 1, to: 100 }, "at so many sizes of the cache; 24"),
            STOP,
        ],
        "Replays all accesses so far, with every policy at many sizes of the cache, and draws how often each hits.",
        "curve",
    ),
    CommandInfo::single("clear", &[], "Opens the cache anew, empty, with the same settings.", "clear"),
];

const SETTINGS: &[SettingInfo] = &[
    SettingInfo {
        name: "policy",
        kind: POLICIES,
        default: "lru",
        help: "How who leaves is chosen. The optimum knows the accesses of the command that it is in.",
    },
    SettingInfo {
        name: "count",
        kind: ArgumentKind::Word(&["entries", "bytes"]),
        default: "entries",
        help: "What the capacity counts.",
    },
    SettingInfo {
        name: "capacity",
        kind: ArgumentKind::Number { from: 1, to: 1_000_000_000_000 },
        default: "10",
        help: "Entries, or bytes, that the cache has room for.",
    },
    SettingInfo {
        name: "keys",
        kind: ArgumentKind::Number { from: 1, to: KEYS_MAX },
        default: "60",
        help: "Keys that there are.",
    },
    SettingInfo {
        name: "largest",
        kind: ArgumentKind::Number { from: 1, to: SIZE_MAX },
        default: "8",
        help: "If bytes are counted: the largest size of keys that are given none. Most are much smaller.",
    },
    SettingInfo {
        name: "window",
        kind: ArgumentKind::Word(&["fixed", "adaptive"]),
        default: "fixed",
        help: "W-TinyLFU: the window keeps a hundredth of the room, or finds by its hits what fits.",
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
        help: "LRU-K: accesses to a key that are no further apart than this are one.",
    },
];

const EXPECTED_KEYS: Argument =
    Argument::rest("key", ArgumentKind::Number { from: 0, to: u32::MAX as u64 }, "the keys");

const EXPECTATIONS: &[CommandInfo] = &[
    CommandInfo::single("resident", &[EXPECTED_KEYS], "All these keys are in the cache.", "expect resident 7 3"),
    CommandInfo::single("absent", &[EXPECTED_KEYS], "None of these keys is in the cache.", "expect absent 7"),
    measure("hit-ratio", "Accesses so far that found their key in the cache, in a hundred.", "expect hit-ratio >= 40"),
    measure("accesses", "Accesses so far.", "expect accesses = 12"),
    measure("hits", "Keys found in the cache so far.", "expect hits > 10"),
    measure("misses", "Keys not found in the cache so far.", "expect misses = 0"),
    measure("evictions", "Keys that left the cache to make room.", "expect evictions > 0"),
    measure("entries", "Keys in the cache.", "expect entries = 10"),
    measure("used", "Room that is taken: entries, or bytes.", "expect used <= 100"),
    measure("remembered", "Keys that left and are remembered.", "expect remembered = 0"),
    measure("metadata", "Bytes that the policy keeps for each entry.", "expect metadata = 8"),
    measure("target", "ARC: how long T1 is to be, rounded; W-TinyLFU: the window, if it adapts.", "expect target > 2"),
    measure(
        "curve-best",
        "The most that any policy but the optimum hits on the curves, in a hundred.",
        "expect curve-best > 50",
    ),
    CommandInfo::single(
        "curve-order",
        MEASURE,
        "How many sizes of the curves have a policy that hits more often than the optimum: none, if entries are counted.",
        "expect curve-order = 0",
    ),
];
