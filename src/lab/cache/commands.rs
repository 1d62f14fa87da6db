//! The commands of the lab.

use crate::lab::cluster::commands::TIME;
use crate::lab::declaration::{Argument, ArgumentKind, CommandInfo};

const KEY: Argument = Argument::needed("key", ArgumentKind::Key, "the key");
const APP: Argument = Argument::named(
    "on",
    ArgumentKind::Number { from: 1, to: 64 },
    "the application server that is asked; each in turn when left out",
);
const PERCENT: ArgumentKind = ArgumentKind::Number { from: 0, to: 100 };
const UNRECORDED: Argument = Argument::flag("unrecorded", "do not record the single steps");
const MOMENT: ArgumentKind = ArgumentKind::Duration { from_ns: 0, to_ns: i64::MAX };
const SERVERS: &[&str] = &["app", "l2", "db"];
const WHAT: Argument = Argument::needed("what", ArgumentKind::Word(SERVERS), "application server, L2, database");
const WHICH: Argument =
    Argument::optional("number", ArgumentKind::Number { from: 1, to: 64 }, "which of them; all when left out");

pub const COMMANDS: &[CommandInfo] = &[
    CommandInfo::single("get", &[KEY, APP], "A client asks for a key; time has to pass for it.", "get k1 on 2"),
    CommandInfo::single(
        "put",
        &[KEY, Argument::needed("value", ArgumentKind::Text, "the value"), APP],
        "A client asks for a value to be written.",
        "put k1 new",
    ),
    CommandInfo::single("delete", &[KEY, APP], "A client asks for a key to be deleted.", "delete k1"),
    CommandInfo::bulk(
        "run",
        &[Argument::needed("time", TIME, "how long"), UNRECORDED],
        "Lets virtual time pass: requests arrive, entries expire, clients are told.",
        "run 100ms",
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
            Argument::needed("count", ArgumentKind::Number { from: 0, to: 100_000_000 }, "how many requests"),
            Argument::named("writes", PERCENT, "so many in a hundred write (0)"),
            Argument::named("missing", PERCENT, "so many in a hundred ask for keys that are not there (0)"),
            Argument::named(
                "keys",
                ArgumentKind::Number { from: 1, to: 1_000_000 },
                "of how many keys, k1 and so on (20)",
            ),
            Argument::named("choice", ArgumentKind::Word(&["zipf", "uniform"]), "a few most often, or every key alike"),
            Argument::named("key", ArgumentKind::Key, "this key alone"),
            Argument::named(
                "rate",
                ArgumentKind::Number { from: 1, to: 10_000_000 },
                "so many a second, answered or not",
            ),
            Argument::named("think", TIME, "how long a client waits before it asks again (0)"),
            Argument::flag("burst", "all at once, up to 20,000"),
            Argument::flag("background", "go on at once: the clients work while other commands let time pass"),
            UNRECORDED,
        ],
        "Lets the clients work, and waits until they are done.",
        "load 200 rate 500 keys 50 writes 5",
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
    CommandInfo::single("kill", &[WHAT, WHICH], "Takes the power from a server, or from all of a kind.", "kill l2 1"),
    CommandInfo::single(
        "restart",
        &[WHAT, WHICH, Argument::flag("warm", "L2 reads what is asked for most before it takes requests")],
        "Gives servers their power back.",
        "restart l2 warm",
    ),
    CommandInfo::bulk(
        "fill",
        &[
            Argument::needed("count", ArgumentKind::Number { from: 1, to: 10_000 }, "how many keys: k1 and so on"),
            UNRECORDED,
        ],
        "A batch job puts keys into L2, all at one moment.",
        "fill 60",
    ),
    CommandInfo::single("clear", &[], "Opens everything anew, empty, with the same settings.", "clear"),
];
