//! The commands of the lab.

use crate::lab::cluster::commands::{DISK_FAULTS, KEY, TIME, VALUE};
use crate::lab::declaration::{Argument, ArgumentKind, CommandInfo};

const APP: Argument = Argument::named(
    "on",
    ArgumentKind::Number { from: 1, to: 16 },
    "the application server that is asked; each in turn when left out",
);
const UNRECORDED: Argument = Argument::flag("unrecorded", "do not record the single steps");
const PERCENT: ArgumentKind = ArgumentKind::Number { from: 0, to: 100 };
const MOMENT: ArgumentKind = ArgumentKind::Duration { from_ns: 0, to_ns: i64::MAX };
const PLACE: Argument =
    Argument::needed("place", ArgumentKind::Text, "app1, l2, l2-1, router, s1 (a shard), s1n2 (a replica), s1leader");
const REPLICA: Argument = Argument::needed("replica", ArgumentKind::Text, "s1n2, or s1leader");

pub const COMMANDS: &[CommandInfo] = &[
    CommandInfo::single("get", &[KEY, APP], "A client asks for a key; time has to pass for it.", "get k1 on 2"),
    CommandInfo::single("put", &[KEY, VALUE, APP], "A client asks for a value to be written.", "put k1 new"),
    CommandInfo::single("delete", &[KEY, APP], "A client asks for a key to be deleted.", "delete k1"),
    CommandInfo::bulk(
        "run",
        &[Argument::needed("time", TIME, "how long"), UNRECORDED],
        "Lets virtual time pass.",
        "run 100ms",
    ),
    CommandInfo::bulk(
        "wait",
        &[Argument::named("most", TIME, "give up after so long (60s)"), UNRECORDED],
        "Lets time pass until nobody waits for anything and no keys are on their way.",
        "wait most 5s",
    ),
    CommandInfo::bulk(
        "load",
        &[
            Argument::needed("count", ArgumentKind::Number { from: 0, to: 10_000_000 }, "how many requests"),
            Argument::named("writes", PERCENT, "so many in a hundred write (10)"),
            Argument::named(
                "keys",
                ArgumentKind::Number { from: 1, to: 100_000 },
                "of how many keys, k1 and so on (20)",
            ),
            Argument::named("choice", ArgumentKind::Word(&["zipf", "uniform"]), "a few most often, or every key alike"),
            Argument::named("key", ArgumentKind::Key, "this key alone"),
            Argument::named(
                "rate",
                ArgumentKind::Number { from: 1, to: 1_000_000 },
                "so many a second, answered or not",
            ),
            Argument::named("think", TIME, "how long a client waits before it asks again (0)"),
            Argument::flag("burst", "all at once, up to 20,000"),
            Argument::flag("background", "go on at once: the clients work while other commands let time pass"),
            UNRECORDED,
        ],
        "Lets the clients work, and waits until they are done.",
        "load 100 rate 200 keys 40",
    ),
    CommandInfo::bulk(
        "preload",
        &[Argument::needed("count", ArgumentKind::Number { from: 0, to: 100_000 }, "how many keys"), UNRECORDED],
        "Writes k1, k2 and so on at their shards, past all caches.",
        "preload 100",
    ),
    CommandInfo::single(
        "at",
        &[
            Argument::needed("time", MOMENT, "the virtual time"),
            Argument::rest("command", ArgumentKind::Line, "what is done then"),
        ],
        "Plans a command for a moment inside the next `run`, behind all that happens at that moment.",
        "at 2s kill l2",
    ),
    CommandInfo::single(
        "after",
        &[
            Argument::needed("time", TIME, "so long from now"),
            Argument::rest("command", ArgumentKind::Line, "what is done then"),
        ],
        "Plans a command for later, counted from now.",
        "after 200ms restart l2",
    ),
    CommandInfo::single(
        "kill",
        &[PLACE],
        "Takes the power from a place. Memory is gone, and what a disk had not synced may be.",
        "kill l2",
    ),
    CommandInfo::single("restart", &[PLACE], "Gives a place its power back.", "restart s1n2"),
    CommandInfo::single(
        "crash",
        &[REPLICA],
        "Cuts the power of a replica's disk in the middle of its work: of what was not synced some is lost, and some torn.",
        "crash s1leader",
    ),
    CommandInfo::single(
        "disk",
        &[
            REPLICA,
            Argument::needed("fault", ArgumentKind::Word(DISK_FAULTS), "what befalls it"),
            Argument::named(
                "after",
                ArgumentKind::Number { from: 0, to: 1_000_000 },
                "after so many more operations (0)",
            ),
        ],
        "Lets the disk of a replica fail once; the replica stops when it finds out.",
        "disk s1n2 flip-bit",
    ),
    CommandInfo::single(
        "fill",
        &[REPLICA],
        "The disk of a replica is full the next time that it is to grow: the replica stops.",
        "fill s1leader",
    ),
    CommandInfo::single(
        "cut",
        &[
            PLACE,
            Argument::optional("other", ArgumentKind::Text, "a place that it talks to; all of them when left out"),
        ],
        "Cuts links, both ways: app1 l2-1, app1 router, l2 router, router s1, router s1n2, s1n1 s1n2.",
        "cut app1 l2-1",
    ),
    CommandInfo::single("heal", &[], "All links are whole again.", "heal"),
    CommandInfo::single(
        "slow",
        &[
            REPLICA,
            Argument::needed(
                "times",
                ArgumentKind::Number { from: 1, to: 10_000 },
                "how many times slower; 1: as usual",
            ),
        ],
        "Lets a replica do everything many times slower.",
        "slow s1n2 20",
    ),
    CommandInfo::single("add", &[], "Adds a shard, and begins to move keys to it while requests go on.", "add"),
    CommandInfo::bulk(
        "play",
        &[Argument::named("for", TIME, "so long at most; to its end when left out"), UNRECORDED],
        "Plays the scenario: its keys, its load, what breaks and when.",
        "play",
    ),
    CommandInfo::single("goal", &[], "Judges whether the scenario's goal is reached, and what it scores.", "goal"),
    CommandInfo::single(
        "check",
        &[],
        "Judges what clients were told: does one order explain it? And whether a write was lost.",
        "check",
    ),
    CommandInfo::single("clear", &[], "Opens everything anew, empty, with the same settings.", "clear"),
];
