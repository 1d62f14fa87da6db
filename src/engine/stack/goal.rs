//! What a scenario wants to be true, and what it may cost.
//!
//! A goal is judged by what the stack has counted, never by how it was set up: whoever finds a way that nobody thought of has
//! reached it too.
//!
//! ```text
//!   score   0..500   conditions that hold, in shares of 500
//!           1000 - 250 * cost / budget     once all hold, and the budget is kept: what is cheaper is better
//! ```

use std::rc::Rc;

use super::Stack;
use glassbase_trace::parts::stack::{GoalPart, GoalState};

/// Something that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Requests that ended, and of a thousand those that were served.
    Ended,
    ServedPerMille,
    Failed,
    /// Reads that were older than they had to be, and of ten thousand reads.
    Stale,
    StalePerMyriad,
    LostWrites,
    /// 99 of 100 requests took no longer, in microseconds.
    P99Us,
    /// Queries that the router began.
    Queries,
    Shards,
    KeysToMove,
}

impl Metric {
    pub fn of(self, stack: &Stack) -> u64 {
        let told = stack.tiers.told();
        let counts = &told.counts;
        let ended = counts.served + counts.failed + counts.late;
        let reads = counts.l1 + counts.l2 + counts.database + counts.filtered;
        match self {
            Metric::Ended => ended,
            Metric::ServedPerMille => (counts.served * 1000).checked_div(ended).unwrap_or(0),
            Metric::Failed => counts.failed + counts.late,
            Metric::Stale => counts.stale,
            Metric::StalePerMyriad => (counts.stale * 10_000).checked_div(reads).unwrap_or(0),
            Metric::LostWrites => stack.lost_writes(),
            Metric::P99Us => told.latencies.last().map_or(0, |all| all.percentile_ns(99) / 1000),
            Metric::Queries => counts.reads + counts.writes,
            Metric::Shards => stack.groups.len() as u64,
            Metric::KeysToMove => stack.keys_to_move(),
        }
    }
}

impl Metric {
    /// What was counted, with its unit.
    fn said(self, found: u64) -> String {
        match self {
            Metric::ServedPerMille => format!("{found} of 1,000"),
            Metric::StalePerMyriad => format!("{found} of 10,000"),
            Metric::P99Us if found >= 1_000 => format!("{} ms", found / 1_000),
            Metric::P99Us => format!("{found} µs"),
            _ => found.to_string(),
        }
    }
}

/// One thing that has to hold.
#[derive(Clone, Copy, Debug)]
pub struct Condition {
    pub text: &'static str,
    pub metric: Metric,
    /// What is counted lies between these, both included.
    pub least: u64,
    pub most: u64,
}

impl Condition {
    pub const fn at_most(text: &'static str, metric: Metric, most: u64) -> Condition {
        Condition { text, metric, least: 0, most }
    }

    pub const fn at_least(text: &'static str, metric: Metric, least: u64) -> Condition {
        Condition { text, metric, least, most: u64::MAX }
    }
}

/// A goal.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    pub scenario: &'static str,
    pub title: &'static str,
    pub story: &'static str,
    pub conditions: &'static [Condition],
    /// What all machines may cost in an hour.
    pub budget: u64,
    pub hints: &'static [&'static str],
}

impl Goal {
    /// How far it is reached. Before it was played nothing is.
    pub fn judge(&self, stack: &Stack, played: bool) -> GoalState {
        let cost = stack.options().cost(stack.groups.len());
        let mut parts: Vec<GoalPart> = self
            .conditions
            .iter()
            .map(|condition| {
                let found = condition.metric.of(stack);
                let holds = played && (condition.least..=condition.most).contains(&found);
                let found = if played { condition.metric.said(found).into() } else { "not played".into() };
                GoalPart { text: condition.text.into(), found, holds }
            })
            .collect();
        let text = format!("All machines cost {} an hour at most.", self.budget).into();
        parts.push(GoalPart { text, found: cost.to_string().into(), holds: cost <= self.budget });
        let held = parts.iter().filter(|part| part.holds).count();
        let reached = held == parts.len();
        let score = match reached {
            true => 500 + 500u64.saturating_sub(250 * cost / self.budget.max(1)),
            false => 500 * held as u64 / parts.len() as u64,
        };
        GoalState {
            scenario: self.scenario.into(),
            title: self.title.into(),
            story: self.story.into(),
            parts,
            cost,
            budget: self.budget,
            score: score.min(1000) as u32,
            reached,
            unplayed: !played,
            hints: self.hints.iter().map(|hint| Rc::from(*hint)).collect(),
        }
    }
}
