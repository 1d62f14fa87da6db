//! The settings of the lab, and the hierarchy that they make.

use crate::cache::{Guard, HotKey, Invalidation, Options, Stampede, Strategy};
use crate::lab::argument::Value;
use crate::lab::cluster::commands::TIME;
use crate::lab::cluster::settings::{YES_NO, setting};
use crate::lab::declaration::{ArgumentKind, SettingInfo};
use crate::lab::span;
use crate::lab::values::Values;
use crate::lab::words::grouped;
use crate::trace::PolicyKind;
use crate::trace::decimal::fixed;

/// Longer than nothing, so that nothing goes on for ever at one moment.
const SPAN: ArgumentKind = ArgumentKind::Duration { from_ns: 1_000, to_ns: 3_600_000_000_000 };
const SHARE: ArgumentKind = ArgumentKind::Decimal { from: 0.0, to: 1.0 };

/// All but the optimum, which would have to know what comes.
const POLICIES: &[&str] =
    &["lru", "fifo", "random", "clock", "slru", "lfu", "lru-k", "2q", "arc", "lirs", "w-tinylfu", "s3-fifo", "sieve"];

pub const SETTINGS: &[SettingInfo] = &[
    setting("apps", ArgumentKind::Number { from: 1, to: 16 }, "2", "How many application servers there are."),
    setting("caches", ArgumentKind::Number { from: 1, to: 16 }, "2", "How many nodes the distributed cache has."),
    setting("clients", ArgumentKind::Number { from: 1, to: 1000 }, "8", "How many clients there are."),
    setting(
        "keys",
        ArgumentKind::Number { from: 0, to: 10_000 },
        "100",
        "Keys that the database has at first: k1 and so on.",
    ),
    setting(
        "l1_size",
        ArgumentKind::Number { from: 0, to: 1000 },
        "8",
        "Entries that fit into the cache of an application server. 0: it has none.",
    ),
    setting(
        "l2_size",
        ArgumentKind::Number { from: 0, to: 1000 },
        "24",
        "Entries that fit into a node of the distributed cache. 0: there is no L2.",
    ),
    setting("policy", ArgumentKind::Word(POLICIES), "lru", "Which entry leaves when there is no room."),
    setting(
        "strategy",
        ArgumentKind::Word(&[
            "cache-aside",
            "read-through",
            "write-through",
            "write-behind",
            "write-around",
            "refresh-ahead",
        ]),
        "cache-aside",
        "Who reads for whom, and who writes where.",
    ),
    setting(
        "invalidation",
        ArgumentKind::Word(&["events", "ttl", "versions"]),
        "events",
        "How caches learn of a write: they are told, not at all, or the version is part of the key.",
    ),
    setting(
        "guard",
        ArgumentKind::Word(&["none", "version", "lease"]),
        "none",
        "What keeps an old value from being cached after a newer one was written.",
    ),
    setting(
        "stampede",
        ArgumentKind::Word(&["none", "single-flight", "mutex", "early", "stale-while-revalidate"]),
        "none",
        "What is done against many that miss the same key at once.",
    ),
    setting("l1_ttl", TIME, "2s", "How long an entry of L1 is good for."),
    setting("l2_ttl", TIME, "10s", "How long an entry of L2 is good for."),
    setting("jitter", TIME, "0", "Up to so much is added to each time to live."),
    setting("negative_ttl", TIME, "0", "How long it is remembered that there is no such key. 0: it is not."),
    setting("bloom", YES_NO, "no", "Application servers know, by a Bloom filter, which keys there may be."),
    setting(
        "hot_key",
        ArgumentKind::Word(&["none", "copy", "split"]),
        "none",
        "What is done about a key that everybody asks for: a copy at each server, or several names.",
    ),
    setting(
        "hot_rate",
        ArgumentKind::Number { from: 1, to: 1_000_000 },
        "100",
        "A key that a server is asked for so often in a second is hot.",
    ),
    setting("copies", ArgumentKind::Number { from: 1, to: 64 }, "4", "Names that a split key has."),
    setting(
        "breaker",
        ArgumentKind::Number { from: 0, to: 1000 },
        "0",
        "After so many failures in a row a server asks L2 no more. 0: it always does.",
    ),
    setting("breaker_time", SPAN, "1s", "How long it asks no more, before it tries."),
    setting(
        "shed",
        ArgumentKind::Number { from: 0, to: 10_000 },
        "0",
        "Queries that a server has under way at most; more are turned away. 0: no limit.",
    ),
    setting(
        "warm",
        YES_NO,
        "no",
        "A node of L2 that gets its power back reads what is asked for most before it takes requests.",
    ),
    setting("failover", YES_NO, "no", "A node of L2 that is down is passed over: the next on the ring has its keys."),
    setting(
        "connections",
        ArgumentKind::Number { from: 1, to: 1000 },
        "16",
        "Queries that the database works on at once.",
    ),
    setting(
        "cores",
        ArgumentKind::Number { from: 1, to: 1000 },
        "8",
        "Beyond so many at once each query takes longer in proportion.",
    ),
    setting("queue", ArgumentKind::Number { from: 0, to: 100_000 }, "200", "Queries that may wait for a connection."),
    setting("patience", SPAN, "1s", "How long a query waits for a connection."),
    setting("query", SPAN, "9ms", "How long a query takes."),
    setting("link", SPAN, "490us", "How long a message takes from one server to another."),
    setting("l2_service", SPAN, "20us", "How long a node of L2 works on an operation; it does one at a time."),
    setting("l2_timeout", SPAN, "20ms", "How long a server waits for L2."),
    setting("lock", SPAN, "3s", "How long a lock or lease is good for."),
    setting("grace", TIME, "5s", "How long beyond its time an entry may be served while it is read anew."),
    setting("news", TIME, "5ms", "How long the news of a write is on its way."),
    setting("news_loss", SHARE, "0", "Share of the news that is lost."),
    setting("flush", SPAN, "100ms", "Write-behind: how often L2 writes what it owes."),
];

/// The hierarchy that these settings ask for.
pub fn options(values: &Values) -> Options {
    let number = |name| values.number(name) as u32;
    let time = |name| values.duration_ns(name);
    let plain = Options::default();
    Options {
        apps: number("apps") as u16,
        caches: number("caches") as u16,
        clients: number("clients") as u16,
        l1_capacity: number("l1_size"),
        l2_capacity: number("l2_size"),
        policy: PolicyKind::from_word(values.word("policy")).unwrap_or(plain.policy),
        link_ns: time("link"),
        l2_service_ns: time("l2_service"),
        database_ns: time("query"),
        connections: number("connections"),
        cores: number("cores"),
        queue: number("queue"),
        l2_timeout_ns: time("l2_timeout"),
        database_timeout_ns: time("patience"),
        strategy: Strategy::from_word(values.word("strategy")).unwrap_or(plain.strategy),
        invalidation: Invalidation::from_word(values.word("invalidation")).unwrap_or(plain.invalidation),
        guard: Guard::from_word(values.word("guard")).unwrap_or(plain.guard),
        stampede: Stampede::from_word(values.word("stampede")).unwrap_or(plain.stampede),
        l1_ttl_ns: time("l1_ttl"),
        l2_ttl_ns: time("l2_ttl"),
        jitter_ns: time("jitter"),
        negative_ttl_ns: time("negative_ttl"),
        bloom: values.is_on("bloom"),
        hot_key: HotKey::from_word(values.word("hot_key")).unwrap_or(plain.hot_key),
        hot_per_s: number("hot_rate"),
        copies: number("copies"),
        breaker_failures: number("breaker"),
        breaker_open_ns: time("breaker_time"),
        shed: number("shed"),
        failover: values.is_on("failover"),
        lock_ns: time("lock"),
        grace_ns: time("grace"),
        bus_ns: time("news"),
        bus_loss: values.decimal("news_loss"),
        flush_ns: time("flush"),
        ..plain
    }
}

/// What a setting means now, in a sentence.
pub fn sentence(values: &Values, name: &str) -> String {
    let value = values.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
    let value = match value {
        Some(Value::Duration(ns)) => span::written(ns.unsigned_abs()),
        Some(Value::Number(number)) => grouped(*number),
        Some(Value::Decimal(number)) => fixed(*number, 3),
        Some(Value::Word(word)) => (*word).to_string(),
        _ => String::new(),
    };
    let help = super::CACHE.setting(name).map_or("", |setting| setting.help);
    format!("{name} is {value} now. {help}")
}
