//! The presets: each shows one point within seconds, and ends in what must be true, so that it is also a test.

use crate::lab::declaration::Preset;

pub const PRESETS: &[Preset] = &[
    Preset {
        name: "power-fails",
        title: "Power fails; nothing committed is lost",
        point: "Memory is gone, a page of an unfinished transaction is on the disk: the log puts both right.",
        script: include_str!("presets/power-fails.gb"),
        compare: None,
        speed: "5",
    },
];
