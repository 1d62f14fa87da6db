//! What may stand behind `expect`.

use super::machine::StackLab;
use crate::lab::declaration::{Argument, ArgumentKind, CommandInfo};
use crate::lab::expectations::{Finding, measure};
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::words::shown;
use crate::stack::Metric;
use crate::trace::{NodeId, TierFate, TierOperation};

const IS: Argument = Argument::needed("is", ArgumentKind::Word(&["="]), "equal");
const YES_NO: &[Argument] = &[Argument::needed("verdict", ArgumentKind::Word(&["yes", "no"]), "whether it is so")];

pub const EXPECTATIONS: &[CommandInfo] = &[
    CommandInfo::single("goal", YES_NO, "The scenario's goal is reached.", "expect goal yes"),
    CommandInfo::single(
        "linearizable",
        YES_NO,
        "One order explains what all clients were told.",
        "expect linearizable yes",
    ),
    CommandInfo::single(
        "result",
        &[IS, Argument::needed("value", ArgumentKind::Text, "what the client was told")],
        "The request that ended last was answered like this.",
        "expect result = blue",
    ),
    CommandInfo::single(
        "source",
        &[IS, Argument::needed("tier", ArgumentKind::Word(&["l1", "l2", "database", "filter"]), "who answered")],
        "The request that was followed last was answered from there.",
        "expect source = l2",
    ),
    CommandInfo::single(
        "place",
        &[
            Argument::needed("key", ArgumentKind::Key, "the key"),
            IS,
            Argument::needed("shard", ArgumentKind::Text, "the shard: s2"),
        ],
        "A key is on this shard.",
        "expect place k7 = s2",
    ),
    measure("served", "Requests that were served.", "expect served = 20"),
    measure("failed", "Requests that failed, or were not answered in time.", "expect failed = 0"),
    measure("stale", "Reads that were older than they had to be.", "expect stale = 0"),
    measure("lost", "Acknowledged writes that are lost.", "expect lost = 0"),
    measure("p99-us", "99 of 100 requests took no longer, in microseconds.", "expect p99-us < 20000"),
    measure("queries", "Queries that the router has begun.", "expect queries < 100"),
    measure("shards", "Shards that there are.", "expect shards = 3"),
    measure("bounced", "Queries that a shard turned away, for they went by an old map.", "expect bounced > 0"),
    measure("moving", "Keys that are still to move.", "expect moving = 0"),
    measure("spans", "Spans of the request that was followed last.", "expect spans > 10"),
    measure("cost", "What all machines cost in an hour.", "expect cost < 100"),
    measure("score", "What the goal scored, of 1000.", "expect score > 500"),
];

impl StackLab {
    pub(super) fn expected(&mut self, call: &Call) -> Result<Finding, Refusal> {
        let wanted = call.arguments.word("verdict") == Some("yes");
        Ok(match call.info.name {
            "goal" => {
                let state = self.goal_state().ok_or(Refusal::NoScenario)?;
                let open = state.parts.iter().filter(|part| !part.holds);
                let open: Vec<String> = open.map(|part| format!("{} (found {})", part.text, part.found)).collect();
                let found = if state.reached { format!("score {}", state.score) } else { open.join("; ") };
                Finding::new(state.reached == wanted, found)
            }
            "linearizable" => {
                let (holds, text) = self.linearizable();
                // Nothing looked at, or given up, is neither yes nor no.
                Finding::new(holds == Some(wanted), text)
            }
            "result" => {
                let found = self.result();
                Finding::new(found == call.arguments.text("value").unwrap_or_default(), found)
            }
            "source" => {
                let found = self.stack.latest_source().map_or("", |source| source.word());
                Finding::new(call.arguments.word("tier") == Some(found), found)
            }
            "place" => {
                let key = call.arguments.key("key").cloned().unwrap_or_default();
                let NodeId(shard) = self.stack.home_of(&key);
                let found = format!("s{shard}");
                Finding::new(call.arguments.text("shard") == Some(&*found), found)
            }
            name => Finding::measured(call, self.measure(name)),
        })
    }

    /// How the request that ended last was answered.
    fn result(&self) -> String {
        let Some(last) = self.stack.last() else { return "no request has ended".to_string() };
        match (last.fate, last.operation, &last.row.value) {
            (TierFate::Served, TierOperation::Get, Some(value)) => shown(value),
            (TierFate::Served, TierOperation::Get, None) => "none".to_string(),
            (TierFate::Served, ..) => "written".to_string(),
            (fate, ..) => fate.word().to_string(),
        }
    }

    fn measure(&self, name: &str) -> u64 {
        let of = |metric: Metric| metric.of(&self.stack);
        match name {
            "served" => self.stack.tiers().told().counts.served,
            "failed" => of(Metric::Failed),
            "stale" => of(Metric::Stale),
            "lost" => of(Metric::LostWrites),
            "p99-us" => of(Metric::P99Us),
            "queries" => of(Metric::Queries),
            "shards" => of(Metric::Shards),
            "bounced" => self.stack.bounced(),
            "moving" => of(Metric::KeysToMove),
            "spans" => self.stack.latest_spans(),
            "cost" => self.stack.cost(),
            _ => self.goal_state().map_or(0, |state| state.score.into()),
        }
    }
}
