//! The presets: each shows one point within seconds, and ends in what must be true, so that it is also a test.

use crate::lab::declaration::Preset;

/// A preset that stands alone.
const fn alone(name: &'static str, title: &'static str, point: &'static str, script: &'static str) -> Preset {
    Preset { name, title, point, script, compare: None, cures: &[], speed: "1" }
}

pub const PRESETS: &[Preset] = &[
    alone(
        "two-phase",
        "All vote yes",
        "The coordinator asks both shards to prepare; once both have promised durably it decides by one record in its log.",
        include_str!("presets/two-phase.gb"),
    ),
    alone(
        "no-vote",
        "One no is enough",
        "Alice has too little: her shard votes no, and the other one, which was ready, lets go of what it held.",
        include_str!("presets/no-vote.gb"),
    ),
    alone(
        "blocked",
        "The coordinator dies, everybody is blocked",
        "Shards that have voted yes may neither commit nor abort alone; they keep their locks, and whoever wants them waits.",
        include_str!("presets/blocked.gb"),
    ),
    alone(
        "decided",
        "It dies after the decision",
        "One shard has heard of the commit and one has not; the record in the coordinator's log brings them together.",
        include_str!("presets/decided.gb"),
    ),
    alone(
        "termination",
        "Asking each other",
        "A shard that has heard the outcome can tell it: the coordinator need not come back for that.",
        include_str!("presets/termination.gb"),
    ),
    alone(
        "crash-before-vote",
        "A shard dies before its vote",
        "No vote comes, so the coordinator aborts; the shard that comes back knows nothing and holds nothing.",
        include_str!("presets/crash-before-vote.gb"),
    ),
    alone(
        "crash-after-vote",
        "A shard dies after its vote",
        "Its promise is in its log: it comes back with its locks, asks, and carries out what was decided without it.",
        include_str!("presets/crash-after-vote.gb"),
    ),
    Preset {
        name: "presumed-abort",
        title: "Presuming saves log writes",
        point: "With presumed abort a refused transfer costs one forced write; without it four, and one more round of messages.",
        script: include_str!("presets/presumed-abort.gb"),
        compare: Some(("presume", "nothing")),
        cures: &[],
        speed: "1",
    },
    alone(
        "saga",
        "A saga takes back what it did",
        "Flight and hotel are booked and seen by others; there is no car, so both are cancelled again, the last one first.",
        include_str!("presets/saga.gb"),
    ),
    alone(
        "saga-crash",
        "A saga survives its coordinator",
        "Its beginning is in the log: after a crash it goes on, and a step that was done already is not done again.",
        include_str!("presets/saga-crash.gb"),
    ),
    alone(
        "stuck",
        "A compensation that fails",
        "The hotel refuses to cancel, again and again: the saga is stuck half done, and says so to a person.",
        include_str!("presets/stuck.gb"),
    ),
    alone(
        "no-log",
        "Without its log, money is gone",
        "A coordinator that keeps its decision in memory forgets it in a crash: one shard has paid and the other is told abort.",
        include_str!("presets/no-log.gb"),
    ),
];
