//! The settings of the lab, and the stack that they make: a configuration in a short text.

use std::rc::Rc;

use super::scenarios::{self, Physics};
use crate::cache::{Guard, HotKey, Invalidation, Options as TierOptions, Stampede, Strategy};
use crate::lab::cluster::commands::TIME;
use crate::lab::cluster::settings::{PATIENCE, YES_NO, latency, setting, shelf, shelf_of};
use crate::lab::declaration::{ArgumentKind, SettingInfo};
use crate::lab::values::Values;
use crate::replication::cluster::{Options as ClusterOptions, Protocol};
use crate::replication::leader_follower::{self, Mode};
use crate::replication::{quorum, raft};
use crate::sim::Device;
use crate::sim::network::Quality;
use crate::stack::Options;

/// Longer than nothing, so that nothing goes on for ever at one moment.
const SPAN: ArgumentKind = ArgumentKind::Duration { from_ns: 1_000, to_ns: 3_600_000_000_000 };
/// Clients ask again so long after a refusal at most: an election is over by then.
const RETRIES: u32 = 60;
const PATIENCE_NS: u64 = 200_000_000;
/// Time-outs are at least so many times the way of a message, and what a replica needs for one.
const FAR: u64 = 8;
const LONG: u64 = 60;
/// A leader that waits for nobody ships what was written so often.
const SHIP_EVERY_NS: u64 = 300_000_000;

pub const SETTINGS: &[SettingInfo] = &[
    setting("scenario", ArgumentKind::Word(scenarios::WORDS), "none", "The story that `play` plays, and its goal."),
    setting("clients", ArgumentKind::Number { from: 1, to: 1000 }, "4", "How many clients there are."),
    setting("apps", ArgumentKind::Number { from: 1, to: 16 }, "2", "How many application servers there are."),
    setting(
        "l1",
        ArgumentKind::Number { from: 0, to: 1000 },
        "16",
        "Entries that fit into the memory of an application server. 0: it keeps none.",
    ),
    setting("caches", ArgumentKind::Number { from: 1, to: 16 }, "2", "How many nodes the distributed cache, L2, has."),
    setting(
        "l2",
        ArgumentKind::Number { from: 0, to: 1000 },
        "64",
        "Entries that fit into a node of L2. 0: there is no L2.",
    ),
    setting("shards", ArgumentKind::Number { from: 1, to: 8 }, "2", "How many shards there are at first."),
    setting("replicas", ArgumentKind::Number { from: 1, to: 7 }, "3", "How many replicas a shard has."),
    setting(
        "protocol",
        ArgumentKind::Word(&["raft", "leader-follower", "semi-sync", "quorum"]),
        "raft",
        "How replicas are kept alike: Raft, a leader that waits for nobody and ships every 300 ms, one that waits for a follower, quorums.",
    ),
    setting(
        "reads",
        ArgumentKind::Word(&["safe", "any"]),
        "safe",
        "Which replica answers reads: the one that the protocol trusts, or any, with whatever it has.",
    ),
    setting(
        "maps",
        ArgumentKind::Word(&["router", "servers"]),
        "router",
        "Who knows which shard has a key: the router, or each application server by a copy of the map, which grows old.",
    ),
    setting(
        "store",
        ArgumentKind::Word(&["btree", "lsm", "memory"]),
        "btree",
        "What replicas keep their data in: a B+tree under a log, an LSM tree, a map in memory that takes no time.",
    ),
    setting(
        "device",
        ArgumentKind::Word(&["ram", "nvme", "ssd", "hdd"]),
        "ssd",
        "What B+tree and LSM tree are stored on; it decides how long a sync takes.",
    ),
    setting("latency", TIME, "500us", "How long a message takes inside a shard: half of them less, half of them more."),
    setting("service", SPAN, "100us", "How long a replica works on a message, besides what its disk takes."),
    setting("link", SPAN, "490us", "How long a message takes from one server to another, before the shards."),
    setting("l2_service", SPAN, "20us", "How long a node of L2 works on an operation; it does one at a time."),
    setting(
        "queries",
        ArgumentKind::Number { from: 1, to: 1000 },
        "64",
        "Queries that the router has under way at once.",
    ),
    setting("queue", ArgumentKind::Number { from: 0, to: 10_000 }, "200", "Queries that may wait for that."),
    setting("patience", PATIENCE, "1s", "How long a query waits for that."),
    setting(
        "connections",
        ArgumentKind::Number { from: 1, to: 256 },
        "16",
        "Of those, under way at one shard at once.",
    ),
    setting(
        "strategy",
        ArgumentKind::Word(&[
            "cache-aside",
            "read-through",
            "write-through",
            "write-around",
            "write-behind",
            "refresh-ahead",
        ]),
        "cache-aside",
        "Who reads for whom, and who writes where. write-behind: L2 says that a write is done, and owes it to the shards.",
    ),
    setting("flush", SPAN, "100ms", "Write-behind: how often L2 writes what it owes."),
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
    setting(
        "hot_key",
        ArgumentKind::Word(&["none", "copy", "split"]),
        "none",
        "What is done about a key that everybody asks for.",
    ),
    setting(
        "hot_rate",
        ArgumentKind::Number { from: 1, to: 100_000 },
        "100",
        "A key that a server is asked for so often in a second is hot.",
    ),
    setting("l1_ttl", TIME, "2s", "How long an entry of L1 is good for."),
    setting("l2_ttl", TIME, "10s", "How long an entry of L2 is good for."),
    setting("jitter", TIME, "0", "Up to so much is added to each time to live."),
    setting(
        "breaker",
        ArgumentKind::Number { from: 0, to: 1000 },
        "0",
        "After so many failures in a row a server asks L2 no more. 0: it always does.",
    ),
    setting(
        "shed",
        ArgumentKind::Number { from: 0, to: 10_000 },
        "0",
        "Queries that a server has under way at most; more are turned away. 0: no limit.",
    ),
    setting("failover", YES_NO, "no", "A node of L2 that is down is passed over: the next on the ring has its keys."),
    setting(
        "move_parallel",
        ArgumentKind::Number { from: 1, to: 64 },
        "4",
        "Keys that move at once while a shard is added.",
    ),
    setting("move_pause", TIME, "1ms", "The pause after each key that has moved."),
];

/// Who is far away, or works long, is not taken for dead so soon.
fn patience_ns(latency_ns: u64, service_ns: u64) -> u64 {
    latency_ns.saturating_mul(FAR).max(service_ns.saturating_mul(LONG))
}

fn protocol(values: &Values, far_ns: u64) -> Rc<dyn Protocol> {
    let led = |mode| {
        let replicas = values.number("replicas");
        // One replica has nobody to hand over to.
        let failover = replicas > 1;
        let ship_every_ns = if mode == Mode::Asynchronous { SHIP_EVERY_NS } else { 0 };
        let plain = leader_follower::Options::default();
        // An answer to a heartbeat tells a leader who lags, and it ships at once.
        let heartbeat_ns = plain.heartbeat_ns.max(ship_every_ns);
        let suspect_ns = plain.suspect_ns.max(far_ns).max(3 * heartbeat_ns);
        let ask_ns = plain.ask_ns.max(far_ns / 2);
        Rc::new(leader_follower::Options { mode, failover, ship_every_ns, heartbeat_ns, suspect_ns, ask_ns, ..plain })
    };
    let replicas = values.number("replicas") as u16;
    match values.word("protocol") {
        "leader-follower" => led(Mode::Asynchronous),
        "semi-sync" if replicas > 1 => led(Mode::SemiSynchronous { acknowledgements: 1 }),
        "semi-sync" => led(Mode::Asynchronous),
        "quorum" => {
            let most = replicas / 2 + 1;
            Rc::new(quorum::Options { replicas, read: most, write: most, ..quorum::Options::default() })
        }
        _ => {
            let election_ns = far_ns.max(300_000_000);
            Rc::new(raft::Options { election_ns, heartbeat_ns: 100_000_000, ..raft::Options::default() })
        }
    }
}

fn tiers(values: &Values) -> TierOptions {
    let number = |name| values.number(name) as u32;
    let time = |name| values.duration_ns(name);
    let plain = TierOptions::default();
    TierOptions {
        remote: true,
        apps: number("apps") as u16,
        caches: number("caches") as u16,
        clients: number("clients") as u16,
        l1_capacity: number("l1"),
        l2_capacity: number("l2"),
        link_ns: time("link"),
        l2_service_ns: time("l2_service"),
        connections: number("queries"),
        cores: number("queries"),
        queue: number("queue"),
        database_timeout_ns: time("patience"),
        strategy: Strategy::from_word(values.word("strategy")).unwrap_or(plain.strategy),
        invalidation: Invalidation::from_word(values.word("invalidation")).unwrap_or(plain.invalidation),
        guard: Guard::from_word(values.word("guard")).unwrap_or(plain.guard),
        stampede: Stampede::from_word(values.word("stampede")).unwrap_or(plain.stampede),
        hot_key: HotKey::from_word(values.word("hot_key")).unwrap_or(plain.hot_key),
        hot_per_s: number("hot_rate"),
        flush_ns: time("flush"),
        l1_ttl_ns: time("l1_ttl"),
        l2_ttl_ns: time("l2_ttl"),
        jitter_ns: time("jitter"),
        breaker_failures: number("breaker"),
        shed: number("shed"),
        failover: values.is_on("failover"),
        ..plain
    }
}

/// The stack that these settings ask for.
pub fn options(values: &Values) -> Options {
    let Some(scenario) = scenarios::of(values.word("scenario")) else {
        return as_set(values, values.duration_ns("latency"), values.duration_ns("service"));
    };
    // A story says how fast things are, and what is paid for is kept on a disk.
    let Physics { service_us, latency_us, l2_service_us } = scenario.physics;
    let mut options = as_set(values, latency_us * 1_000, service_us * 1_000);
    options.tiers.l2_service_ns = l2_service_us * 1_000;
    options.tiers.link_ns = TierOptions::default().link_ns;
    options.cluster.shelf = shelf_of(if values.word("store") == "lsm" { "lsm" } else { "btree" }, Device::Ssd);
    options
}

fn as_set(values: &Values, latency_ns: u64, service_ns: u64) -> Options {
    let far_ns = patience_ns(latency_ns, service_ns);
    let cluster = ClusterOptions {
        clients: values.number("connections") as u16,
        shelf: shelf(values),
        quality: Quality { latency: latency(latency_ns, "uniform"), ..Quality::default() },
        service_ns,
        timeout_ns: far_ns.max(PATIENCE_NS),
        retries: RETRIES,
        tells_stores: true,
        ..ClusterOptions::new(protocol(values, far_ns), values.number("replicas") as u16)
    };
    Options {
        tiers: tiers(values),
        shards: values.number("shards") as u16,
        reads_any: values.word("reads") == "any",
        copies: values.word("maps") == "servers",
        // There, a replica's work, and back.
        bounce_ns: (2 * latency_ns + service_ns).max(1_000),
        parallel: values.number("move_parallel") as u16,
        pause_ns: values.duration_ns("move_pause"),
        store: values.word("store"),
        protocol: values.word("protocol"),
        // A story is judged by what is counted; its history would take more memory than all else.
        history: values.word("scenario") == "none",
        ..Options::new(cluster)
    }
}
