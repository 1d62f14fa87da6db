//! The presets: configurations to follow requests through, and stories whose goal is yet to be reached.

use crate::lab::declaration::Preset;

const fn preset(
    name: &'static str,
    title: &'static str,
    point: &'static str,
    compare: Option<(&'static str, &'static str)>,
    script: &'static str,
) -> Preset {
    Preset { name, title, point, script, compare, speed: "5", cures: &[] }
}

pub const PRESETS: &[Preset] = &[
    preset(
        "with-cache",
        "Follow a request",
        "One put and three gets, hop by hop: all but the first get never reach the shard.",
        None,
        include_str!("presets/with-cache.gb"),
    ),
    preset(
        "one-server",
        "One server",
        "No cache, no copies: a request, a B+tree, its log and its disk; and nothing when its power fails.",
        None,
        include_str!("presets/one-server.gb"),
    ),
    preset(
        "read-replicas",
        "Read replicas",
        "Reads go to any replica: more of them, and some are old. On the right, reads that are safe.",
        Some(("reads", "safe")),
        include_str!("presets/read-replicas.gb"),
    ),
    preset(
        "sharded",
        "Sharded",
        "Four shards of three replicas behind a router; a fifth joins while requests go on.",
        None,
        include_str!("presets/sharded.gb"),
    ),
    preset(
        "write-behind",
        "What write-behind loses",
        "L2 acknowledges writes and owes them to the shard. Then its power fails, and it says what is lost.",
        None,
        include_str!("presets/write-behind.gb"),
    ),
    preset(
        "planet",
        "Planet",
        "Replicas an ocean apart: what a write costs, and what a cache saves, in milliseconds.",
        None,
        include_str!("presets/planet.gb"),
    ),
    preset(
        "cache-killed",
        "Goal: the cache that killed",
        "L2 loses its power for five minutes at a hundred times the traffic. Survive it, within the budget.",
        None,
        include_str!("presets/cache-killed.gb"),
    ),
    preset(
        "stale-data",
        "Goal: the stale data disaster",
        "Caches that nobody tells of a write show old prices. Mend it, and keep the caches useful.",
        None,
        include_str!("presets/stale-data.gb"),
    ),
    preset(
        "flash-sale",
        "Goal: flash sale",
        "A hundred times the shoppers, the same few things, cold caches. Serve them, within the budget.",
        None,
        include_str!("presets/flash-sale.gb"),
    ),
    preset(
        "celebrity",
        "Goal: the hot celebrity",
        "Nine of ten requests are for one key. Serve it, and let nobody see an old one for long.",
        None,
        include_str!("presets/celebrity.gb"),
    ),
    preset(
        "lossless-failover",
        "Goal: failover without a lost write",
        "The leader loses its power. Lose no write that was acknowledged, and be back soon.",
        None,
        include_str!("presets/lossless-failover.gb"),
    ),
    preset(
        "resharding",
        "Goal: resharding under load",
        "A shard joins while everybody works. Move half of the keys so that nobody notices.",
        None,
        include_str!("presets/resharding.gb"),
    ),
];
