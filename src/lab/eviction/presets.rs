//! The presets of the lab: a script and what it shows, each.

use crate::lab::declaration::Preset;

macro_rules! preset {
    ($name:literal, $title:literal, $point:literal, $compare:expr, $speed:literal) => {
        Preset {
            name: $name,
            title: $title,
            point: $point,
            script: include_str!(concat!("presets/", $name, ".gb")),
            compare: $compare,
            cures: &[],
            speed: $speed,
        }
    };
}

pub const PRESETS: &[Preset] = &[
    preset!(
        "scan",
        "A scan passes through",
        "Thirty keys that nobody wants twice push eight that everybody wants out of an LRU cache; ARC keeps them.",
        Some(("policy", "arc")),
        "5"
    ),
    preset!(
        "loop",
        "A loop that is a little too large",
        "Twelve keys in a circle and room for ten: LRU never hits, LIRS hits most of the time.",
        Some(("policy", "lirs")),
        "5"
    ),
    preset!(
        "one-hit",
        "One-hit wonders",
        "Every second key never comes again: LRU keeps each for a while, S3-FIFO lets it go soon.",
        Some(("policy", "s3-fifo")),
        "5"
    ),
    preset!(
        "sieve",
        "SIEVE's hand",
        "A hit sets a bit and moves nothing; the hand takes bits away, and the first key without one.",
        None,
        "2"
    ),
    preset!(
        "shifting",
        "A hot set that moves on",
        "What was popular keeps its count: LFU holds on to yesterday's keys, ARC lets them go.",
        Some(("policy", "arc")),
        "10"
    ),
    preset!(
        "sizes",
        "Objects of different sizes",
        "The capacity counts bytes: one large object takes the room of many small ones.",
        Some(("policy", "s3-fifo")),
        "5"
    ),
    preset!(
        "lirs",
        "LIRS and its stack",
        "A key that comes back sooner than the stack's bottom changes places with it.",
        None,
        "2"
    ),
    preset!(
        "w-tinylfu",
        "A duel at the door",
        "W-TinyLFU lets in only who is asked for more often than who would leave; a small sketch counts for all.",
        None,
        "2"
    ),
    preset!(
        "window",
        "A window that finds its size",
        "What is wanted now was never wanted before: newcomers lose every duel, until the window has room for them.",
        Some(("window", "adaptive")),
        "5"
    ),
    preset!(
        "s3-fifo",
        "Three queues",
        "Newcomers pass through a small queue; only who was hit twice there, or comes back soon, gets to the main one.",
        None,
        "2"
    ),
    preset!(
        "million",
        "Every policy at every size",
        "Zipf: a few keys get most of the accesses. How large should the cache be, and under which policy?",
        None,
        "2"
    ),
];
