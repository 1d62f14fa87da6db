//! The presets: each shows one point within seconds, and ends in what must be true, so that it is also a test.

use crate::lab::declaration::Preset;

pub const PRESETS: &[Preset] = &[Preset {
    name: "falls-through",
    title: "A put falls through",
    point: "Writes gather in memory, sink to the disk in sorted tables, and merge level by level.",
    script: include_str!("presets/falls-through.gb"),
    compare: None,
    speed: "5",
}];
