//! Stories with a goal: what happens, what has to be true afterwards, what it may cost.
//!
//! ```text
//!   set scenario flash-sale      its keys, its load, what breaks and how fast things are: fixed; all else is the learner's
//!   play                         then the engine judges: conditions, budget, score
//! ```
//!
//! A story is the same for every setup: the seed draws the same requests. Each has a golden script that reaches its goal
//! (`tests/scripts/stack`), and a preset that does not.

use super::machine::StackLab;
use crate::cache::{Arrival, Keys, Workload};
use crate::sim::Cx;
use crate::stack::{Condition, Goal, Metric};
use crate::trace::Bytes;

/// Which keys a story is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wanted {
    Zipf {
        count: u64,
    },
    Uniform {
        count: u64,
    },
    /// Nine of ten requests are for k1.
    Star {
        count: u64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    pub operations: u64,
    pub per_s: u64,
    pub writes_percent: u8,
    pub wanted: Wanted,
}

/// What nobody can buy: how fast things are.
#[derive(Clone, Copy, Debug)]
pub struct Physics {
    /// A replica's work on a message, a message's way inside a shard, and an operation of L2, in microseconds.
    pub service_us: u64,
    pub latency_us: u64,
    pub l2_service_us: u64,
}

const USUAL: Physics = Physics { service_us: 100, latency_us: 500, l2_service_us: 20 };

/// A story.
#[derive(Debug)]
pub struct Scenario {
    pub goal: Goal,
    pub physics: Physics,
    /// Keys that are there when it begins.
    pub keys: u64,
    pub load: Load,
    /// What is done, and how many milliseconds after the load began.
    pub deeds: &'static [(u64, &'static str)],
}

impl PartialEq for Scenario {
    fn eq(&self, other: &Scenario) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Scenario {
    /// The load begins.
    pub(super) fn begin(&self, lab: &mut StackLab, cx: &mut Cx) {
        let Load { operations, per_s, writes_percent, wanted } = self.load;
        let keys = match wanted {
            Wanted::Zipf { count } => Keys::Zipf { count, exponent: 0.99 },
            Wanted::Uniform { count } => Keys::Uniform { count },
            Wanted::Star { count } => {
                let star = std::iter::repeat_n(1, 9 * count as usize);
                Keys::Given(star.chain(1..=count).map(|number| Bytes::typed(&format!("k{number}"))).collect())
            }
        };
        let arrival = Arrival::Open { per_s };
        lab.stack.start_load(cx, Workload { operations, writes_percent, missing_percent: 0, keys, arrival });
        for (after_ms, line) in self.deeds {
            let planned = lab.plan_line(cx.now_ns() + after_ms * 1_000_000, line);
            debug_assert!(planned.is_ok(), "a story's deeds are commands: {planned:?}");
        }
    }
}

/// What the setting `scenario` may be.
pub const WORDS: &[&str] =
    &["none", "cache-killed", "stale-data", "flash-sale", "celebrity", "lossless-failover", "resharding"];

pub static SCENARIOS: &[Scenario] = &[
    Scenario {
        goal: Goal {
            scenario: "cache-killed",
            title: "The cache that killed",
            story: "Traffic is a hundred times what it was a year ago, and L2 answers nearly all of it. Ten seconds in, all of L2 loses its power, for five minutes.",
            conditions: &[
                Condition::at_least("995 of 1,000 requests are served.", Metric::ServedPerMille, 995),
                Condition::at_most("99 of 100 take 250 ms at most.", Metric::P99Us, 250_000),
            ],
            budget: 72,
            hints: &[
                "What did L2 keep away from the shards? Look at the queue at the router.",
                "Memory in the application servers costs nothing extra: set l1, and how long it is good for (l1_ttl).",
                "A server that waits for a dead L2 on every request is slow for nothing: set breaker.",
            ],
        },
        physics: Physics { service_us: 12_000, ..USUAL },
        keys: 200,
        load: Load { operations: 31_000, per_s: 100, writes_percent: 2, wanted: Wanted::Zipf { count: 200 } },
        deeds: &[(10_000, "kill l2"), (310_000, "restart l2")],
    },
    Scenario {
        goal: Goal {
            scenario: "stale-data",
            title: "The stale data disaster",
            story: "Prices change, and shoppers see the old ones: the caches are told of no write, and keep what they have until its time is over.",
            conditions: &[
                Condition::at_most("1 in 100 reads is stale at most.", Metric::StalePerMyriad, 100),
                Condition::at_least("All requests are served.", Metric::ServedPerMille, 1000),
                Condition::at_most(
                    "The router begins 2,500 queries at most: caches still have to help.",
                    Metric::Queries,
                    2_500,
                ),
            ],
            budget: 80,
            hints: &[
                "Shorter times to live make it rarer, and cost queries.",
                "A write can tell the caches: set invalidation events.",
                "Some of the news comes too late: a fetch that began before the write brings the old value after it. set guard; or take versions.",
            ],
        },
        physics: USUAL,
        keys: 60,
        load: Load { operations: 5_000, per_s: 250, writes_percent: 12, wanted: Wanted::Zipf { count: 60 } },
        deeds: &[],
    },
    Scenario {
        goal: Goal {
            scenario: "flash-sale",
            title: "Flash sale",
            story: "At noon a hundred times as many shoppers come as a moment before, all for the same few things, and no cache has them.",
            conditions: &[
                Condition::at_least("998 of 1,000 requests are served.", Metric::ServedPerMille, 998),
                Condition::at_most("99 of 100 take 1.2 s at most.", Metric::P99Us, 1_200_000),
            ],
            budget: 66,
            hints: &[
                "Hundreds miss the same key at once, and each asks the shard.",
                "One can fetch for all: set stampede single-flight.",
                "More application servers cost money, and each has a cache that is cold.",
            ],
        },
        physics: Physics { service_us: 4_000, ..USUAL },
        keys: 40,
        load: Load { operations: 8_000, per_s: 2_000, writes_percent: 1, wanted: Wanted::Zipf { count: 40 } },
        deeds: &[],
    },
    Scenario {
        goal: Goal {
            scenario: "celebrity",
            title: "The hot celebrity",
            story: "Nine of ten requests are for one key. It lives on one node of L2 and on one shard, however many there are.",
            conditions: &[
                Condition::at_least("995 of 1,000 requests are served.", Metric::ServedPerMille, 995),
                Condition::at_most("99 of 100 take 30 ms at most.", Metric::P99Us, 30_000),
                Condition::at_most("5 in 100 reads are stale at most.", Metric::StalePerMyriad, 500),
            ],
            budget: 72,
            hints: &[
                "More nodes of L2 do not help: the key is on one of them.",
                "A copy near the client: set hot_key copy, or l1.",
                "A copy has to learn of writes: look at what is stale, and at l1_ttl.",
            ],
        },
        physics: Physics { service_us: 2_000, l2_service_us: 1_000, ..USUAL },
        keys: 30,
        load: Load { operations: 6_000, per_s: 1_500, writes_percent: 1, wanted: Wanted::Star { count: 30 } },
        deeds: &[],
    },
    Scenario {
        goal: Goal {
            scenario: "lossless-failover",
            title: "Failover without a lost write",
            story: "The leader of the first shard loses its power in the middle of the day's business, and comes back ten seconds later.",
            conditions: &[
                Condition::at_most("No acknowledged write is lost.", Metric::LostWrites, 0),
                Condition::at_least("990 of 1,000 requests are served.", Metric::ServedPerMille, 990),
                Condition::at_most("99 of 100 take 1.5 s at most.", Metric::P99Us, 1_500_000),
            ],
            budget: 80,
            hints: &[
                "Who acknowledges a write before anybody else has it loses it with its power.",
                "Somebody else has to have it first: set protocol semi-sync, or raft.",
                "With one replica there is nobody to take over.",
            ],
        },
        physics: Physics { latency_us: 20_000, ..USUAL },
        keys: 24,
        load: Load { operations: 640, per_s: 200, writes_percent: 60, wanted: Wanted::Uniform { count: 24 } },
        deeds: &[(3_000, "kill s1leader"), (13_000, "restart s1")],
    },
    Scenario {
        goal: Goal {
            scenario: "resharding",
            title: "Resharding under load",
            story: "The shard is at its limit. Five seconds in, another one joins and takes half of the keys, while shoppers go on buying.",
            conditions: &[
                Condition::at_most("No acknowledged write is lost.", Metric::LostWrites, 0),
                Condition::at_most("All keys have moved.", Metric::KeysToMove, 0),
                Condition::at_least("998 of 1,000 requests are served.", Metric::ServedPerMille, 998),
                Condition::at_most("99 of 100 take 150 ms at most.", Metric::P99Us, 150_000),
            ],
            budget: 84,
            hints: &[
                "Each key that moves is read at the old shard and written at the new one, beside all that clients ask.",
                "Fewer at once, and a pause after each: set move_parallel, move_pause.",
                "Caches that answer reads leave the shard more room for the move.",
            ],
        },
        physics: Physics { service_us: 1_500, ..USUAL },
        keys: 200,
        load: Load { operations: 4_000, per_s: 200, writes_percent: 20, wanted: Wanted::Zipf { count: 200 } },
        deeds: &[(5_000, "add")],
    },
];

/// The scenario of a word.
pub fn of(word: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.goal.scenario == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_its_story() {
        assert!(WORDS[1..].iter().copied().eq(SCENARIOS.iter().map(|scenario| scenario.goal.scenario)));
        for scenario in SCENARIOS {
            assert!(!scenario.goal.hints.is_empty() && scenario.goal.budget > 0);
            for (_, line) in scenario.deeds {
                assert!(crate::lab::statement::read(&super::super::STACK, line, 1).is_ok(), "{line}");
            }
        }
    }
}
