//! What may stand behind `expect` in the sharding lab.

use super::machine::ShardingLab;
use crate::lab::declaration::{Argument, ArgumentKind, CommandInfo};
use crate::lab::expectations::{Finding, MEASURE};
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::words::shown;
use crate::sharding::cluster::Fate;
use crate::trace::NodeId;

const IS: Argument = Argument::needed("is", ArgumentKind::Word(&["="]), "equal");
const NODE: Argument = Argument::needed("node", ArgumentKind::Node, "the shard");
const KEY: Argument = Argument::needed("key", ArgumentKind::Key, "the key");
const AT: &[Argument] = &[MEASURE[0], MEASURE[1], Argument::named("at", ArgumentKind::Node, "at this shard alone")];

const fn measure(name: &'static str, help: &'static str, example: &'static str) -> CommandInfo {
    CommandInfo::single(name, MEASURE, help, example)
}

pub const EXPECTATIONS: &[CommandInfo] = &[
    CommandInfo::single("place", &[KEY, IS, NODE], "A key lives on this shard.", "expect place 17 = n2"),
    CommandInfo::single(
        "result",
        &[IS, Argument::needed("value", ArgumentKind::Text, "what the client was told")],
        "The operation that ended last was answered like this.",
        "expect result = blue",
    ),
    CommandInfo::single(
        "sound",
        &[Argument::needed("verdict", ArgumentKind::Word(&["yes", "no"]), "whether it is")],
        "No write is lost and none is there twice.",
        "expect sound yes",
    ),
    CommandInfo::single("keys", AT, "Keys that shards have.", "expect keys > 100 at n5"),
    CommandInfo::single("requests", AT, "Requests that shards have answered.", "expect requests > 50 at n4"),
    CommandInfo::single("bounced", AT, "Requests that shards sent elsewhere.", "expect bounced > 0"),
    measure("shards", "Shards that the map has.", "expect shards = 5"),
    measure("version", "Version of the map.", "expect version = 2"),
    measure("asked", "Parts of the operation that ended last.", "expect asked = 2"),
    measure("missing", "Shards that did not answer the last query.", "expect missing = 1"),
    measure("rows", "Rows of the last query.", "expect rows = 40"),
    measure("moved", "Keys of the picture that have moved.", "expect moved > 10"),
    measure("waiting", "Clients that wait for an answer.", "expect waiting = 0"),
    measure("moving", "1 while keys are on their way.", "expect moving = 0"),
    measure("p50-us", "Half of all operations took no longer, in microseconds.", "expect p50-us < 3000"),
    measure("p99-us", "99 of 100 operations took no longer, in microseconds.", "expect p99-us < 3000"),
];

impl ShardingLab {
    pub(super) fn expected(&mut self, call: &Call) -> Result<Finding, Refusal> {
        Ok(match call.info.name {
            "place" => {
                let key = call.arguments.key("key").cloned().unwrap_or_default();
                let wanted = call.arguments.node("node").unwrap_or_default();
                let found = self.cluster.map().place(&key)?;
                Finding::new(found == wanted, found.to_string())
            }
            "result" => {
                let found = self.result();
                Finding::new(found == call.arguments.text("value").unwrap_or_default(), found)
            }
            "sound" => {
                let problem = self.cluster.problem()?;
                let wanted = call.arguments.word("verdict") == Some("yes");
                let text = problem.clone().unwrap_or_else(|| "every write is there, once".to_string());
                Finding::new(problem.is_none() == wanted, text)
            }
            name => Finding::measured(call, self.measure(name, call.arguments.node("at"))),
        })
    }

    /// How the operation that ended last was answered.
    fn result(&self) -> String {
        match self.cluster.last().map(|last| &last.fate) {
            None => "no operation has ended".to_string(),
            Some(Fate::Found(Some(record))) => shown(&record.text),
            Some(Fate::Found(None)) => "none".to_string(),
            Some(Fate::Written(_)) => "written".to_string(),
            Some(Fate::Rows { rows, .. }) => format!("{} rows", rows.len()),
            Some(Fate::Failed(why)) => format!("failed: {why}"),
            Some(Fate::Unknown(why)) => format!("unknown: {why}"),
        }
    }

    fn measure(&self, name: &str, at: Option<NodeId>) -> u64 {
        let state = self.cluster.sharding_state();
        let shards = state.shards.iter().filter(|shard| at.is_none_or(|at| shard.shard == at));
        let last = self.cluster.last();
        let percentile = |percent: usize| {
            let mut latencies = self.cluster.latencies_ns().to_vec();
            latencies.sort_unstable();
            let place = latencies.len().saturating_sub(1) * percent / 100;
            latencies.get(place).map_or(0, |ns| ns / 1000)
        };
        match name {
            "keys" => shards.map(|shard| shard.keys).sum(),
            "requests" => shards.map(|shard| shard.requests).sum(),
            "bounced" => shards.map(|shard| shard.bounced).sum(),
            "shards" => self.cluster.map().members().len() as u64,
            "version" => self.cluster.map().version(),
            "asked" => last.map_or(0, |last| last.asked as u64),
            "missing" | "rows" => match last.map(|last| &last.fate) {
                Some(Fate::Rows { missing, .. }) if name == "missing" => missing.len() as u64,
                Some(Fate::Rows { rows, .. }) => rows.len() as u64,
                _ => 0,
            },
            "moved" => state.dots.iter().filter(|dot| dot.moves > 0).count() as u64,
            "waiting" => self.cluster.waiting(),
            "moving" => u64::from(self.cluster.plan().is_some()),
            "p50-us" => percentile(50),
            _ => percentile(99),
        }
    }
}
