//! The presets: each shows one point within seconds, and ends in what must be true, so that it is also a test.

use crate::lab::declaration::Preset;

/// A preset that stands alone.
const fn alone(
    name: &'static str,
    title: &'static str,
    point: &'static str,
    speed: &'static str,
    script: &'static str,
) -> Preset {
    Preset { name, title, point, script, compare: None, speed }
}

pub const RAFT: &[Preset] = &[
    alone(
        "election",
        "A leader is elected",
        "Whoever loses patience first asks for votes; a majority makes a leader, and a write is done once a majority has it.",
        "1",
        include_str!("presets/raft/election.gb"),
    ),
    alone(
        "partition",
        "A write during a partition",
        "The side without a majority can't commit anything; the other elects a leader, and its log is the one that stays.",
        "2",
        include_str!("presets/raft/partition.gb"),
    ),
    alone(
        "figure-8",
        "Figure 8: an old entry on a majority",
        "An entry of an old term may be on a majority and yet be overwritten; a leader that counts it as committed breaks Raft.",
        "2",
        include_str!("presets/raft/figure-8.gb"),
    ),
    alone(
        "lease",
        "A lease, and a clock set back",
        "Reads by lease ask nobody and trust the clocks: one that is wrong lets a leader that was replaced answer from old data.",
        "2",
        include_str!("presets/raft/lease.gb"),
    ),
    alone(
        "vote",
        "A vote that is forgotten",
        "A node that does not keep its vote through a crash may give it twice: two leaders of one term.",
        "1",
        include_str!("presets/raft/vote.gb"),
    ),
    alone(
        "members",
        "Members come and go",
        "A new member learns first; while the change is under way, a decision takes majorities of the old members and of the new.",
        "2",
        include_str!("presets/raft/members.gb"),
    ),
    alone(
        "snapshot",
        "Too far behind for the log",
        "What is applied is cut off the log; who lacks it gets all data at once, and the log from there on.",
        "2",
        include_str!("presets/raft/snapshot.gb"),
    ),
    alone(
        "storm",
        "A storm",
        "Crashes, partitions, loss and wrong clocks at random; whatever goes wrong, every answer fits one order.",
        "10",
        include_str!("presets/raft/storm.gb"),
    ),
];
