//! The commands of the sharding lab.

use crate::lab::cluster::commands::{FROM, KEY, NODE, TIME, VALUE};
use crate::lab::declaration::{Argument, ArgumentKind, CommandInfo};

const UNRECORDED: Argument = Argument::flag("unrecorded", "do not record the single steps");
const PERCENT: ArgumentKind = ArgumentKind::Number { from: 0, to: 100 };
const SHARE: ArgumentKind = ArgumentKind::Decimal { from: 0.0, to: 1.0 };
/// Which keys a load asks for.
pub const CHOICES: &[&str] = &["uniform", "zipf", "ascending", "star", "regions"];

pub const COMMANDS: &[CommandInfo] = &[
    CommandInfo::single("put", &[KEY, VALUE, FROM], "A client asks for a value to be written.", "put 17 blue"),
    CommandInfo::single("get", &[KEY, FROM], "A client asks for the value of a key.", "get 17 from c2"),
    CommandInfo::single(
        "scan",
        &[
            Argument::needed("first", ArgumentKind::Key, "the first key"),
            Argument::needed("last", ArgumentKind::Key, "the last key"),
            Argument::named("limit", ArgumentKind::Number { from: 1, to: 1_000_000 }, "at most so many rows"),
            FROM,
        ],
        "A client asks for all keys of a range: of the shards that may have some.",
        "scan 200 300",
    ),
    CommandInfo::bulk(
        "run",
        &[Argument::needed("time", TIME, "how long"), UNRECORDED],
        "Lets virtual time pass.",
        "run 50ms",
    ),
    CommandInfo::bulk(
        "wait",
        &[Argument::named("most", TIME, "give up after so long (10s)"), UNRECORDED],
        "Lets time pass until no client waits and no keys are on their way.",
        "wait",
    ),
    CommandInfo::bulk(
        "load",
        &[
            Argument::needed("count", ArgumentKind::Number { from: 0, to: 1_000_000 }, "how many operations"),
            Argument::named("writes", PERCENT, "so many in a hundred write (50)"),
            Argument::named("scans", PERCENT, "so many in a hundred ask for a range (0)"),
            Argument::named("width", ArgumentKind::Number { from: 1, to: 1_000_000 }, "numbers in such a range (50)"),
            Argument::named("keys", ArgumentKind::Number { from: 1, to: 1_000_000_000 }, "of how many keys"),
            Argument::named("choice", ArgumentKind::Word(CHOICES), "which keys"),
            Argument::named("share", PERCENT, "star: so many in a hundred ask for the star (80)"),
            Argument::named("think", TIME, "how long a client waits before it asks again (0)"),
            Argument::flag("background", "go on at once: the clients work while other commands let time pass"),
            UNRECORDED,
        ],
        "Lets the clients work, and waits until they are done.",
        "load 200 choice zipf",
    ),
    CommandInfo::single(
        "add",
        &[Argument::named("weight", ArgumentKind::Number { from: 1, to: 100 }, "how much it shall have (1)")],
        "Adds a shard, and begins to move keys to it. Where there are ranges, the fullest one is split.",
        "add",
    ),
    CommandInfo::single(
        "remove",
        &[NODE],
        "Begins to move all keys away from a shard, which then leaves.",
        "remove n2",
    ),
    CommandInfo::single(
        "weigh",
        &[NODE, Argument::needed("weight", ArgumentKind::Number { from: 1, to: 100 }, "how much it shall have")],
        "Changes how many keys a shard shall have, compared with the others.",
        "weigh n3 2",
    ),
    CommandInfo::single(
        "split",
        &[KEY, Argument::named("to", ArgumentKind::Node, "who gets the upper part; a new shard when left out")],
        "Cuts a range in two at a key.",
        "split 750",
    ),
    CommandInfo::single(
        "merge",
        &[KEY],
        "Makes the range that begins at a key part of the one before it.",
        "merge 750",
    ),
    CommandInfo::single(
        "dedicate",
        &[KEY, NODE],
        "Gives a key a shard, whatever the strategy says.",
        "dedicate star n4",
    ),
    CommandInfo::single(
        "salt",
        &[KEY, Argument::needed("pieces", ArgumentKind::Number { from: 2, to: 64 }, "how many")],
        "Keeps a key in pieces on several shards: writes go to one of them, reads ask all.",
        "salt star 8",
    ),
    CommandInfo::single(
        "survey",
        &[Argument::needed("keys", ArgumentKind::Number { from: 1, to: 200_000 }, "how many keys")],
        "Puts the same keys on this many shards under five strategies, adds a shard, and counts what moves.",
        "survey 10000",
    ),
    CommandInfo::single(
        "service",
        &[Argument::needed("does", ArgumentKind::Word(&["stop", "start"]), "what becomes of it")],
        "Stops the map service: maps stay as they are, and no more keys set out. Or starts it again.",
        "service stop",
    ),
    CommandInfo::single("crash", &[NODE], "Cuts the power of a shard: what was not synced may be lost.", "crash n1"),
    CommandInfo::single("restart", &[NODE], "Starts a shard that is down, with what its disk kept.", "restart n1"),
    CommandInfo::single(
        "slow",
        &[
            NODE,
            Argument::needed(
                "times",
                ArgumentKind::Number { from: 1, to: 100_000 },
                "how many times slower; 1: as usual",
            ),
        ],
        "Lets a shard do everything many times slower.",
        "slow n2 20",
    ),
    CommandInfo::single("isolate", &[NODE], "Cuts all links of a shard.", "isolate n2"),
    CommandInfo::single("heal", &[], "Mends all links.", "heal"),
    CommandInfo::single(
        "weather",
        &[
            Argument::named("loss", SHARE, "share of messages that are lost"),
            Argument::named("duplication", SHARE, "share that arrive twice"),
            Argument::named("reordering", SHARE, "share that may be overtaken"),
        ],
        "Sets how bad the network is from now on; without arguments it is calm again.",
        "weather loss 0.1",
    ),
    CommandInfo::single(
        "storm",
        &[
            Argument::needed("faults", ArgumentKind::Number { from: 1, to: 1000 }, "how many faults"),
            Argument::named("for", TIME, "how long it lasts (300ms)"),
        ],
        "Plans faults at random times, from the seed; at its end all is well again.",
        "storm 5 for 300ms",
    ),
    CommandInfo::single(
        "check",
        &[],
        "Holds what clients were told against what the shards keep: is a write lost, or there twice?",
        "check",
    ),
    CommandInfo::single("clear", &[], "Opens the cluster anew, empty, with the same settings.", "clear"),
];
