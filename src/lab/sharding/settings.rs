//! The settings of the sharding lab, and what they make.

use crate::lab::cluster::commands::TIME;
use crate::lab::cluster::settings::{PATIENCE, YES_NO, latency, setting, shelf};
use crate::lab::declaration::{ArgumentKind, SettingInfo};
use crate::lab::values::Values;
use crate::sharding::cluster::Options;
use crate::sharding::map::MapOptions;
use crate::sharding::placement::Strategy;
use crate::sharding::shard::ShardOptions;
use crate::sim::network::Quality;

const STRATEGIES: &[&str] =
    &["consistent", "range", "modulo", "bounded", "rendezvous", "jump", "directory", "geographic"];
/// Longer than nothing: what takes no time at all would go on for ever at one moment.
const SERVICE: ArgumentKind = ArgumentKind::Duration { from_ns: 1_000, to_ns: 60_000_000_000 };

pub const SETTINGS: &[SettingInfo] = &[
    setting("strategy", ArgumentKind::Word(STRATEGIES), "consistent", "How keys are placed on shards."),
    setting("shards", ArgumentKind::Number { from: 1, to: 32 }, "4", "How many shards there are at first."),
    setting(
        "clients",
        ArgumentKind::Number { from: 1, to: 64 },
        "4",
        "How many clients there are, each with a router.",
    ),
    setting(
        "virtual_nodes",
        ArgumentKind::Number { from: 1, to: 1024 },
        "128",
        "Consistent hashing: points that a shard has on the ring.",
    ),
    setting(
        "bound",
        ArgumentKind::Number { from: 101, to: 1000 },
        "125",
        "Bounded loads: most that a shard may have, in hundredths of its share.",
    ),
    setting(
        "keyspace",
        ArgumentKind::Number { from: 1, to: 1_000_000_000 },
        "1000",
        "Numbers that the ranges share at first, and that a load draws keys from.",
    ),
    setting("ends", YES_NO, "no", "Ranges: the last one ends with the key space; keys behind it have no place."),
    setting(
        "store",
        ArgumentKind::Word(&["memory", "btree", "lsm"]),
        "memory",
        "What shards keep their keys in: a map in memory that takes no time, a B+tree under a log, an LSM tree.",
    ),
    setting(
        "device",
        ArgumentKind::Word(&["ram", "nvme", "ssd", "hdd"]),
        "nvme",
        "What B+tree and LSM tree are stored on; it decides how long a sync takes.",
    ),
    setting("latency", TIME, "500us", "How long a message takes: half of them less, half of them more."),
    setting(
        "spread",
        ArgumentKind::Word(&["fixed", "uniform", "exponential", "log-normal"]),
        "uniform",
        "How latencies are spread: all alike, a fifth up and down, with a long tail, with a longer one.",
    ),
    setting("service", SERVICE, "200us", "How long a shard works on a request, besides what its disk takes."),
    setting("workers", ArgumentKind::Number { from: 1, to: 64 }, "2", "Requests that a shard works on at a time."),
    setting(
        "hiccups",
        ArgumentKind::Number { from: 0, to: 1000 },
        "0",
        "Of a thousand requests so many take twenty times as long.",
    ),
    setting("timeout", PATIENCE, "50ms", "How long a router waits for a shard before it asks again."),
    setting(
        "hedge",
        TIME,
        "0",
        "A read that is not answered by then is asked once more, over another connection. 0: never.",
    ),
    setting("dual_reads", YES_NO, "no", "Keys on their way are read at both shards: whoever has them answers."),
    setting("partial", YES_NO, "yes", "A query may do without shards that do not answer, and says so."),
    setting("chunk", ArgumentKind::Number { from: 1, to: 10_000 }, "8", "Rows of one message of a move."),
    setting("pause", TIME, "1ms", "Pause after each message of a move: the throttle."),
    setting(
        "parallel",
        ArgumentKind::Number { from: 1, to: 64 },
        "2",
        "Pairs of shards between which keys move at a time.",
    ),
    setting("sync", YES_NO, "yes", "Writes are durable before they are acknowledged. no: a crash loses some."),
    setting("catch_up", YES_NO, "yes", "What changed during the copy is sent too. no: a move loses writes."),
    setting("freeze", YES_NO, "yes", "A source takes no more writes before it hands over. no: a move loses writes."),
    setting("twins", YES_NO, "yes", "A write that comes twice is done once. no: it is done twice."),
];

/// The strategy of a word.
pub fn strategy(values: &Values) -> Strategy {
    Strategy::from_word(values.word("strategy")).unwrap_or(Strategy::Consistent)
}

/// What the settings make.
pub fn options(values: &Values) -> Options {
    let number = |name| values.number(name);
    let map = MapOptions {
        strategy: strategy(values),
        virtual_nodes: number("virtual_nodes") as u32,
        bound_percent: number("bound") as u32,
        keys: number("keyspace"),
        ends: values.is_on("ends"),
        ..MapOptions::default()
    };
    let shard = ShardOptions {
        chunk_rows: number("chunk"),
        pause_ns: values.duration_ns("pause"),
        sync: values.is_on("sync"),
        catches_up: values.is_on("catch_up"),
        freezes: values.is_on("freeze"),
        knows_twins: values.is_on("twins"),
        ..ShardOptions::default()
    };
    Options {
        map,
        shard,
        shards: number("shards") as u16,
        clients: number("clients") as u16,
        shelf: shelf(values),
        quality: Quality {
            latency: latency(values.duration_ns("latency"), values.word("spread")),
            ..Quality::default()
        },
        service_ns: values.duration_ns("service"),
        workers: number("workers") as u16,
        hiccups: number("hiccups"),
        timeout_ns: values.duration_ns("timeout"),
        hedge_ns: values.duration_ns("hedge"),
        dual_reads: values.is_on("dual_reads"),
        partial: values.is_on("partial"),
        parallel: number("parallel") as u16,
        ..Options::default()
    }
}
