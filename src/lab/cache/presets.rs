//! The presets: each shows one failure with its cure beside it, on the same script.

use crate::lab::declaration::Preset;

/// A preset; `cure` is the setting that differs on the right.
const fn preset(
    name: &'static str,
    title: &'static str,
    point: &'static str,
    cure: Option<(&'static str, &'static str)>,
    script: &'static str,
) -> Preset {
    Preset { name, title, point, script, compare: cure, speed: "2" }
}

pub const PRESETS: &[Preset] = &[
    preset(
        "tiers",
        "Three tiers",
        "Most requests are answered in a microsecond; few reach the database.",
        None,
        include_str!("presets/tiers.gb"),
    ),
    preset(
        "stampede",
        "A stampede, and single-flight",
        "An entry expires and everybody reads it anew; with single-flight one does, and the others wait for that.",
        Some(("stampede", "single-flight")),
        include_str!("presets/stampede.gb"),
    ),
    preset(
        "avalanche",
        "An avalanche, and jitter",
        "What was filled at one moment expires at one moment; with jitter it is spread.",
        Some(("jitter", "500ms")),
        include_str!("presets/avalanche.gb"),
    ),
    preset(
        "penetration",
        "Keys that are not there, and a filter",
        "No cache stops a request for a key that does not exist; a Bloom filter does.",
        Some(("bloom", "yes")),
        include_str!("presets/penetration.gb"),
    ),
    preset(
        "hot-key",
        "A hot key, and copies of it",
        "One node of L2 has what everybody wants; a copy at each server takes the load off it.",
        Some(("hot_key", "copy")),
        include_str!("presets/hot-key.gb"),
    ),
    preset(
        "race",
        "A set after the invalidation, and a lease",
        "A slow read sets the old row after the write deleted the entry; a lease refuses that set.",
        Some(("guard", "lease")),
        include_str!("presets/race.gb"),
    ),
    preset(
        "mail",
        "The stale e-mail address, and versioned keys",
        "Who has only a time to live gives the old address until it is over; a versioned key is never old.",
        Some(("invalidation", "versions")),
        include_str!("presets/mail.gb"),
    ),
    preset(
        "write-behind",
        "What write-behind loses",
        "A write is acknowledged while only a cache has it; when its power fails, it is gone.",
        None,
        include_str!("presets/write-behind.gb"),
    ),
    preset(
        "outage",
        "L2 is down, and a circuit breaker",
        "Without L2 every request waits for it and then for the database; a breaker spares the waiting in vain.",
        Some(("breaker", "5")),
        include_str!("presets/outage.gb"),
    ),
];
