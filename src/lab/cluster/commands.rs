//! The commands that every lab of a cluster has.

use crate::lab::declaration::{Argument, ArgumentKind, CommandInfo};

/// An hour.
const LONGEST_NS: i64 = 3_600_000_000_000;
/// From nothing to an hour.
pub const TIME: ArgumentKind = ArgumentKind::Duration { from_ns: 0, to_ns: LONGEST_NS };
const EITHER_WAY: ArgumentKind = ArgumentKind::Duration { from_ns: -LONGEST_NS, to_ns: LONGEST_NS };
/// A moment of a run: as far as its time may go.
const MOMENT: ArgumentKind = ArgumentKind::Duration { from_ns: 0, to_ns: i64::MAX };

pub const KEY: Argument = Argument::needed("key", ArgumentKind::Key, "the key");
pub const FROM: Argument =
    Argument::named("from", ArgumentKind::Client, "the client that asks; the first that is idle");
pub const TO: Argument = Argument::named("to", ArgumentKind::Node, "the node that it asks; the one that it asked last");
pub const NODE: Argument = Argument::needed("node", ArgumentKind::Node, "the node");
const UNRECORDED: Argument = Argument::flag("unrecorded", "do not record the single steps");
const PERCENT: ArgumentKind = ArgumentKind::Number { from: 0, to: 100 };
const COUNT: ArgumentKind = ArgumentKind::Number { from: 0, to: 100_000_000 };
const SHARE: ArgumentKind = ArgumentKind::Decimal { from: 0.0, to: 1.0 };

/// How the keys of a workload are drawn.
pub const KEYS: &[&str] = &["uniform", "zipf"];
/// What a storm is made of.
pub const STORMS: &[&str] = &["partition", "cut", "crash", "pause", "slow", "skew", "drift", "weather", "disk"];
/// What befalls a disk.
pub const DISK_FAULTS: &[&str] = &["read-fails", "flip-bit", "disk-full", "write-lost", "write-misplaced"];
/// What becomes of a message that a rule is about.
pub const RULES: &[&str] = &["drop", "delay", "duplicate"];
/// What is checked.
pub const PROMISES: &[&str] = &["linearizable", "sessions", "regular", "convergence", "money"];

pub const VALUE: Argument = Argument::needed("value", ArgumentKind::Text, "the value");
pub const OLD: Argument = Argument::needed("old", ArgumentKind::Text, "the value that must be there; none: no value");
pub const NEW: Argument = Argument::needed("new", ArgumentKind::Text, "the value to write then");

/// What clients ask. `$levels`: how sure they may want to be, in words of the lab.
macro_rules! client_commands {
    ($levels:expr) => {{
        const LEVEL: Argument = Argument::named("level", ArgumentKind::Word($levels), "how sure it wants to be");
        $crate::lab::cluster::commands::client(
            &[KEY, VALUE, FROM, TO, LEVEL],
            &[KEY, FROM, TO, LEVEL],
            &[KEY, $crate::lab::cluster::commands::OLD, $crate::lab::cluster::commands::NEW, FROM, TO, LEVEL],
        )
    }};
}
pub(super) use client_commands;

pub(super) const fn client(
    put: &'static [Argument],
    get: &'static [Argument],
    cas: &'static [Argument],
) -> [CommandInfo; 4] {
    [
        CommandInfo::single(
            "put",
            put,
            "A client asks for a value to be written; time has to pass for it.",
            "put x 1 from c1",
        ),
        CommandInfo::single("get", get, "A client asks for the value of a key.", "get x from c2 to n3"),
        CommandInfo::single("delete", get, "A client asks for a key to be deleted.", "delete x"),
        CommandInfo::single("cas", cas, "A client asks for a value to be written if another is there.", "cas x 1 2"),
    ]
}

const MEMBER: Argument = Argument::needed("member", ArgumentKind::Text, "the member");
const FIELD: Argument = Argument::needed("field", ArgumentKind::Text, "the field");
const PLACE: Argument =
    Argument::needed("place", ArgumentKind::Number { from: 0, to: 100_000 }, "before which character, counted from 0");

/// What changes values that merge: counters, sets, maps, texts.
pub const MERGING: &[CommandInfo] = &[
    CommandInfo::single(
        "increment",
        &[KEY, Argument::named("by", ArgumentKind::Number { from: 0, to: 1_000_000_000 }, "by so much (1)"), FROM, TO],
        "A client adds to a counter.",
        "increment likes by 3 from c1 to n1",
    ),
    CommandInfo::single(
        "decrement",
        &[KEY, Argument::named("by", ArgumentKind::Number { from: 0, to: 1_000_000_000 }, "by so much (1)"), FROM, TO],
        "A client takes from a counter.",
        "decrement balance by 80 to n2",
    ),
    CommandInfo::single(
        "withdraw",
        &[KEY, Argument::needed("amount", ArgumentKind::Number { from: 1, to: 1_000_000_000 }, "how much"), FROM, TO],
        "A client takes from a counter if it has as much, as far as the node that is asked can know.",
        "withdraw balance 80 to n2",
    ),
    CommandInfo::single("add", &[KEY, MEMBER, FROM, TO], "A client adds a member to a set.", "add cart milk to n1"),
    CommandInfo::single(
        "remove",
        &[KEY, MEMBER, FROM, TO],
        "A client removes a member from a set.",
        "remove cart milk",
    ),
    CommandInfo::single(
        "set-field",
        &[KEY, FIELD, VALUE, FROM, TO],
        "A client sets a field of a map.",
        "set-field user name Ann",
    ),
    CommandInfo::single("unset", &[KEY, FIELD, FROM, TO], "A client removes a field of a map.", "unset user name"),
    CommandInfo::single(
        "insert",
        &[KEY, PLACE, VALUE, FROM, TO],
        "A client inserts into a text.",
        "insert note 0 Hello",
    ),
    CommandInfo::single(
        "erase",
        &[
            KEY,
            PLACE,
            Argument::needed("count", ArgumentKind::Number { from: 1, to: 100_000 }, "how many characters"),
            FROM,
            TO,
        ],
        "A client erases characters of a text.",
        "erase note 0 5",
    ),
];

/// Letting time pass.
pub const PASSING: &[CommandInfo] = &[
    CommandInfo::bulk(
        "run",
        &[Argument::needed("time", TIME, "how long"), UNRECORDED],
        "Lets virtual time pass: messages arrive, timers go off, clients are told.",
        "run 500ms",
    ),
    CommandInfo::bulk(
        "wait",
        &[Argument::named("most", TIME, "give up after so long (60s)"), UNRECORDED],
        "Lets time pass until no client waits for an answer.",
        "wait most 5s",
    ),
    CommandInfo::bulk(
        "load",
        &[
            Argument::needed("count", COUNT, "how many operations"),
            Argument::named("writes", PERCENT, "so many in a hundred write (50)"),
            Argument::named("cas", PERCENT, "so many in a hundred compare and set (0)"),
            Argument::named("modify", PERCENT, "so many in a hundred read a key and write it then (0)"),
            Argument::named("deletes", PERCENT, "so many in a hundred delete (0)"),
            Argument::named("keys", ArgumentKind::Number { from: 1, to: 1_000_000 }, "of how many keys (3)"),
            Argument::named("choice", ArgumentKind::Word(KEYS), "every key alike, or a few most often"),
            Argument::named("key", ArgumentKind::Key, "this key alone"),
            Argument::named(
                "rate",
                ArgumentKind::Number { from: 1, to: 10_000_000 },
                "so many a second, answered or not",
            ),
            Argument::named("think", TIME, "how long a client waits before it asks again (0)"),
            Argument::named("size", ArgumentKind::Number { from: 0, to: 65_536 }, "bytes of a value"),
            Argument::flag("single-writer", "only the first client writes"),
            Argument::flag("background", "go on at once: the clients work while other commands let time pass"),
            UNRECORDED,
        ],
        "Lets the clients work, and waits until they are done.",
        "load 50 writes 20 keys 10 choice zipf",
    ),
    CommandInfo::single(
        "at",
        &[
            Argument::needed("time", MOMENT, "the virtual time"),
            Argument::rest("command", ArgumentKind::Line, "what is done then"),
        ],
        "Plans a command for a moment inside the next `run`, behind all that happens at that moment.",
        "at 37.5ms drop 17",
    ),
    CommandInfo::single(
        "after",
        &[
            Argument::needed("time", TIME, "so long from now"),
            Argument::rest("command", ArgumentKind::Line, "what is done then"),
        ],
        "Plans a command for later, counted from now.",
        "after 200ms crash leader",
    ),
];

/// What is done to nodes, links and messages.
pub const FAULTS: &[CommandInfo] = &[
    CommandInfo::single(
        "partition",
        &[Argument::rest("node", ArgumentKind::Side, "the sides; nodes on none of them form one more")],
        "Cuts the nodes apart; clients reach both sides.",
        "partition n1 n2 | n3 n4 n5",
    ),
    CommandInfo::single("heal", &[], "Mends all links.", "heal"),
    CommandInfo::single("cut", LINK, "Cuts the link from one node to another, or to a client.", "cut n1 n2 one-way"),
    CommandInfo::single("mend", LINK, "Mends a link that was cut.", "mend n1 n2"),
    CommandInfo::single("crash", &[NODE], "Cuts the power of a node: what was not synced may be lost.", "crash n1"),
    CommandInfo::single("restart", &[NODE], "Starts a node that is down, with what its disk kept.", "restart n1"),
    CommandInfo::single("replace", &[NODE], "Puts an empty machine in the place of a node that is down.", "replace n1"),
    CommandInfo::single("pause", &[NODE], "Lets a node stand still, as in a long garbage collection.", "pause n1"),
    CommandInfo::single("resume", &[NODE], "Lets a node go on that was paused or slow.", "resume n1"),
    CommandInfo::single(
        "slow",
        &[
            NODE,
            Argument::needed(
                "times",
                ArgumentKind::Number { from: 1, to: 1_000_000 },
                "how many times slower; 1: as usual",
            ),
        ],
        "Lets a node do everything many times slower.",
        "slow n2 100",
    ),
    CommandInfo::single(
        "skew",
        &[NODE, Argument::needed("off", EITHER_WAY, "how far its clock is ahead of the true time; -2s: behind")],
        "Sets a node's clock wrong, or right again: 0.",
        "skew n1 2s",
    ),
    CommandInfo::single(
        "drift",
        &[
            NODE,
            Argument::needed("percent", ArgumentKind::Decimal { from: 0.0, to: 10.0 }, "by how many per cent"),
            Argument::flag("slow", "it runs slow, not fast"),
        ],
        "Lets a node's clock run fast or slow.",
        "drift n1 5 slow",
    ),
    CommandInfo::single("drop", &[MESSAGE], "Drops a message that is on its way.", "drop 17"),
    CommandInfo::single(
        "delay",
        &[MESSAGE, Argument::needed("by", TIME, "so much later")],
        "Delays a message that is on its way.",
        "delay 17 50ms",
    ),
    CommandInfo::single(
        "rule",
        &[
            Argument::needed("what", ArgumentKind::Word(RULES), "what becomes of them"),
            Argument::optional("kind", ArgumentKind::Text, "messages of this kind alone: append-entries"),
            Argument::named("from", ArgumentKind::Node, "those of this node"),
            Argument::named("to", ArgumentKind::Node, "those to this node"),
            Argument::named("times", ArgumentKind::Number { from: 1, to: 1_000_000 }, "so many of them (1)"),
            Argument::named("by", TIME, "how much later, for delay (50ms)"),
        ],
        "Drops, delays or doubles the next messages of a kind or a link.",
        "rule drop append-entries from n1 to n3 times 2",
    ),
    CommandInfo::single(
        "disk",
        &[
            NODE,
            Argument::needed("fault", ArgumentKind::Word(DISK_FAULTS), "what befalls it"),
            Argument::named(
                "after",
                ArgumentKind::Number { from: 0, to: 1_000_000 },
                "after so many more operations (0)",
            ),
        ],
        "Lets a node's disk fail; the node stops when it finds out.",
        "disk n1 read-fails after 3",
    ),
    CommandInfo::single(
        "weather",
        &[
            Argument::named("loss", SHARE, "share of messages that are lost"),
            Argument::named("duplication", SHARE, "share that arrive twice"),
            Argument::named("reordering", SHARE, "share that may be overtaken"),
        ],
        "Sets how bad the network is from now on; without arguments it is calm again.",
        "weather loss 0.2 reordering 0.5",
    ),
    CommandInfo::single(
        "storm",
        &[
            Argument::needed("faults", ArgumentKind::Number { from: 1, to: 10_000 }, "how many faults"),
            Argument::optional_rest(
                "kind",
                ArgumentKind::Word(STORMS),
                "of these kinds; of all but disk when left out",
            ),
            Argument::named("for", TIME, "how long it lasts (5s)"),
            Argument::named("clocks", TIME, "how far clocks are set wrong at most (100ms)"),
        ],
        "Plans faults at random times, from the seed; at its end all is well again.",
        "storm 10 crash partition for 5s",
    ),
];

const MESSAGE: Argument = Argument::needed("message", ArgumentKind::Number { from: 1, to: u64::MAX }, "its number");
const LINK: &[Argument] = &[
    Argument::needed("one", ArgumentKind::Node, "one end"),
    Argument::needed("other", ArgumentKind::Node, "the other end"),
    Argument::flag("one-way", "only from the one to the other"),
];

/// Judging and beginning again.
pub const JUDGING: &[CommandInfo] = &[
    CommandInfo::single(
        "check",
        &[Argument::optional_rest(
            "promise",
            ArgumentKind::Word(PROMISES),
            "what is checked; what the lab promises when left out",
        )],
        "Lets the checkers judge what the clients were told so far.",
        "check linearizable",
    ),
    CommandInfo::single("clear", &[], "Opens the cluster anew, empty, with the same settings.", "clear"),
];
