//! The presets: each shows one way to fail; what helps against it is one click away, on the same script.

use crate::lab::declaration::{Cure, Preset};

/// A preset, and what helps.
const fn preset(
    name: &'static str,
    title: &'static str,
    point: &'static str,
    cures: &'static [Cure],
    script: &'static str,
) -> Preset {
    Preset { name, title, point, script, compare: None, cures, speed: "2" }
}

const fn cure(text: &'static str, setting: &'static str, value: &'static str) -> Cure {
    Cure { text, setting, value }
}

pub const PRESETS: &[Preset] = &[
    preset(
        "tiers",
        "Three tiers",
        "Of a hundred requests some seventy are answered in a server's own memory, and five reach the database.",
        &[],
        include_str!("presets/tiers.gb"),
    ),
    preset(
        "stampede",
        "Stampede",
        "Each time one entry expires, everybody who asks for it reads the database at once.",
        &[
            cure("Single-flight", "stampede", "single-flight"),
            cure("Mutex", "stampede", "mutex"),
            cure("Early refresh", "stampede", "early"),
            cure("Serve stale, read anew", "stampede", "stale-while-revalidate"),
        ],
        include_str!("presets/stampede.gb"),
    ),
    preset(
        "avalanche",
        "Avalanche",
        "What was filled at one moment expires at one moment, and the database gets it all at once.",
        &[cure("Jitter", "jitter", "150ms")],
        include_str!("presets/avalanche.gb"),
    ),
    preset(
        "penetration",
        "Keys that are not there",
        "No cache stops a request for a key that does not exist: each one reaches the database.",
        &[cure("Bloom filter", "bloom", "yes")],
        include_str!("presets/penetration.gb"),
    ),
    preset(
        "gone",
        "A key that is gone",
        "Everybody asks for a key that was deleted: there is nothing to cache, and the database is asked each time.",
        &[cure("Remember that it is gone", "negative_ttl", "2s")],
        include_str!("presets/gone.gb"),
    ),
    preset(
        "hot-key",
        "A hot key",
        "Everybody wants one key, and one node has it: it cannot keep up, and those who wait too long ask the database.",
        &[cure("A copy at each server", "hot_key", "copy"), cure("Split it", "hot_key", "split")],
        include_str!("presets/hot-key.gb"),
    ),
    preset(
        "outage",
        "The cache is down",
        "L2 is dead, and every request waits for it in vain before it asks the database.",
        &[cure("Circuit breaker", "breaker", "5")],
        include_str!("presets/outage.gb"),
    ),
    preset(
        "cold",
        "The cache comes back empty",
        "A node of L2 is up again and has nothing: all that it should have is read from the database at once.",
        &[
            cure("Warm it before traffic", "warm", "yes"),
            cure("Turn away what is too much", "shed", "4"),
            cure("Single-flight", "stampede", "single-flight"),
        ],
        include_str!("presets/cold.gb"),
    ),
    preset(
        "race",
        "A set after the invalidation",
        "A slow read sets the old row after the write deleted the entry, and everybody gets it until it expires.",
        &[cure("Lease", "guard", "lease"), cure("Versions", "guard", "version")],
        include_str!("presets/race.gb"),
    ),
    preset(
        "mail",
        "The stale e-mail address",
        "The address was changed, and the caches give the old one until its time to live is over.",
        &[cure("Tell the caches", "invalidation", "events"), cure("Version in the key", "invalidation", "versions")],
        include_str!("presets/mail.gb"),
    ),
    preset(
        "write-behind",
        "What write-behind loses",
        "A write is acknowledged while only a cache has it; the power of that cache fails, and it is gone.",
        &[cure("Write through", "strategy", "write-through"), cure("Write around", "strategy", "write-around")],
        include_str!("presets/write-behind.gb"),
    ),
];
