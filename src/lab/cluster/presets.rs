//! The presets: each shows one point within seconds, and ends in what must be true, so that it is also a test.

use crate::lab::declaration::Preset;

pub const RAFT: &[Preset] = &[Preset {
    name: "election",
    title: "A leader is elected",
    point: "Whoever loses patience first asks for votes; a majority makes a leader, and a write is done once a majority has it.",
    script: include_str!("presets/raft/election.gb"),
    compare: None,
    speed: "1",
}];
