//! What may stand behind `expect` in the labs of clusters, and how it is checked.
//!
//! An expectation looks at what everybody can see: the state that the trace tells of, and the clients' history.

use super::machine::ClusterLab;
use super::protocol::Kind;
use super::tradeoff;
use crate::lab::declaration::{Argument, ArgumentKind, CommandInfo};
use crate::lab::expectations::{Finding, MEASURE};
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::transactions;
use crate::replication::cluster::Promise;
use crate::sim::Cx;
use crate::trace::parts::cluster::{ClusterState, NodeState};
use crate::trace::{NodeId, NodeStatus, VerdictKind};

const IS: Argument = Argument::needed("is", ArgumentKind::Word(&["="]), "equal");
const KEY: Argument = Argument::needed("key", ArgumentKind::Key, "the key");
const NODE: Argument = Argument::needed("node", ArgumentKind::Node, "the node");
const AT: Argument =
    Argument::named("at", ArgumentKind::Node, "at this node; when left out, at every member that is up");
const TEXT: ArgumentKind = ArgumentKind::Text;
const PROMISES: &[&str] = &["linearizable", "sessions", "regular", "convergence", "safety", "money"];

const MEASURE_AT: &[Argument] = &[MEASURE[0], MEASURE[1], AT];

/// A number that may be asked of one node.
const fn of_node(name: &'static str, help: &'static str, example: &'static str) -> CommandInfo {
    CommandInfo::single(name, MEASURE_AT, help, example)
}

const fn measure(name: &'static str, help: &'static str, example: &'static str) -> CommandInfo {
    CommandInfo::single(name, MEASURE, help, example)
}

pub const EXPECTATIONS: &[CommandInfo] = &[
    CommandInfo::single(
        "leader",
        &[IS, NODE],
        "This node leads, with the highest term of all that believe so.",
        "expect leader = n1",
    ),
    CommandInfo::single(
        "role",
        &[NODE, IS, Argument::needed("role", TEXT, "the role")],
        "A node has this role.",
        "expect role n2 = follower",
    ),
    CommandInfo::single(
        "status",
        &[NODE, IS, Argument::needed("status", ArgumentKind::Word(&["up", "paused", "slow", "down"]), "how it is")],
        "A node is up, paused, slow or down.",
        "expect status n1 = down",
    ),
    CommandInfo::single(
        "fact",
        &[NODE, Argument::needed("name", TEXT, "what is told of it"), IS, Argument::needed("value", TEXT, "the value")],
        "Something is told of a node.",
        "expect fact n2 leader = n1",
    ),
    CommandInfo::single(
        "value",
        &[KEY, IS, Argument::needed("value", TEXT, "the value; siblings with | between"), AT],
        "Nodes have this value under a key.",
        "expect value x = 1 at n2",
    ),
    CommandInfo::single("absent", &[KEY, AT], "Nodes have no value under a key.", "expect absent x at n3"),
    CommandInfo::single(
        "result",
        &[IS, Argument::needed("value", TEXT, "what the client was told")],
        "The operation that ended last was answered like this.",
        "expect result = 1",
    ),
    CommandInfo::single(
        "fate",
        &[IS, Argument::needed("fate", ArgumentKind::Word(&["done", "failed", "unknown"]), "what became of it")],
        "The operation that ended last was done, or certainly not, or nobody knows.",
        "expect fate = unknown",
    ),
    CommandInfo::single(
        "verdict",
        &[
            Argument::needed("promise", ArgumentKind::Word(PROMISES), "what is checked"),
            Argument::needed(
                "verdict",
                ArgumentKind::Word(&["holds", "violated", "gave-up", "nothing"]),
                "what comes of it",
            ),
        ],
        "A checker says this of the run so far.",
        "expect verdict linearizable holds",
    ),
    measure("leaders", "Nodes that are up and believe that they lead.", "expect leaders = 1"),
    of_node("term", "The highest term, epoch or ballot.", "expect term = 2"),
    of_node("committed", "The highest entry that is decided.", "expect committed >= 4 at n1"),
    of_node("applied", "The highest entry that a node's data has.", "expect applied = 4"),
    of_node("log", "The last entry of a log.", "expect log = 5 at n3"),
    of_node("keys", "Keys that a node tells of.", "expect keys = 3 at n1"),
    measure("up", "Nodes that are not down.", "expect up = 3"),
    measure("flying", "Messages on their way.", "expect flying > 0"),
    measure("waiting", "Clients that wait for an answer.", "expect waiting = 0"),
    measure("sent", "Messages sent so far.", "expect sent < 100"),
    measure("delivered", "Messages that arrived.", "expect delivered > 0"),
    measure("dropped", "Messages that did not arrive.", "expect dropped = 0"),
    measure("done", "Operations that were done.", "expect done = 50"),
    measure("failed", "Operations that were certainly not done.", "expect failed = 0"),
    measure("unknown", "Operations of which nobody knows whether they were done.", "expect unknown = 0"),
    measure("stale", "Reads that gave an older version than one acknowledged before.", "expect stale = 0"),
    measure("lost", "Acknowledged writes of which nothing is left.", "expect lost = 0"),
    measure("availability", "Operations done, in a hundred of those that ended.", "expect availability = 100"),
    measure("latency-us", "What an operation took on average, in microseconds.", "expect latency-us < 50000"),
];

impl ClusterLab {
    /// Checks an expectation.
    pub(super) fn expected(&self, cx: &Cx, call: &Call) -> Result<Finding, Refusal> {
        if let Some(finding) = tradeoff::expected(self.tradeoff.as_deref(), call) {
            return Ok(finding);
        }
        let state = self.cluster.state();
        let text = |name| call.arguments.text(name).unwrap_or_default();
        let word = |name| call.arguments.word(name).unwrap_or_default();
        let exactly = |found: String, wanted: &str| Ok(Finding::new(found == wanted, found));
        match call.info.name {
            "leader" => {
                let wanted = call.arguments.node("node").unwrap_or_default();
                let leader = self.leader().ok();
                let found = leader.map_or("nobody leads".to_string(), |leader| leader.to_string());
                Ok(Finding::new(leader == Some(wanted), found))
            }
            "role" => exactly(self.node_state(&state, call)?.detail.head.role.to_string(), text("role")),
            "status" => exactly(self.node_state(&state, call)?.status.word().to_string(), word("status")),
            "fact" => {
                let node = self.node_state(&state, call)?;
                let fact = node.detail.head.facts.iter().find(|fact| *fact.name == *text("name"));
                exactly(fact.map_or("nothing".to_string(), |fact| fact.value.to_string()), text("value"))
            }
            "value" => self.expect_value(&state, call, Some(text("value"))),
            "absent" => self.expect_value(&state, call, None),
            "result" => {
                let answer = self.cluster.last().and_then(|last| last.answer.as_ref());
                exactly(answer.map_or("no operation has ended".to_string(), |answer| answer.text()), text("value"))
            }
            "fate" => {
                let fate = self.cluster.last().map_or("no operation has ended", |last| last.fate.word());
                exactly(fate.to_string(), word("fate"))
            }
            "verdict" => Ok(self.expect_verdict(cx, word("promise"), word("verdict"))),
            name => Ok(Finding::measured(call, self.measure(&state, name, call)?)),
        }
    }

    fn expect_verdict(&self, cx: &Cx, promise: &str, wanted: &str) -> Finding {
        let (kind, text) = match Promise::from_word(promise) {
            Some(Promise::Money) if self.settings.kind == Kind::Transactions => {
                let ruling = transactions::judge(self, cx.now_ns());
                (ruling.kind, ruling.text)
            }
            Some(promise) => {
                let ruling = self.cluster.judge(cx.now_ns(), promise);
                (ruling.kind, ruling.text)
            }
            None => match self.cluster.violation() {
                Some(what) => (VerdictKind::Violated, what.to_string()),
                None => (VerdictKind::Holds, "every property holds at every step".to_string()),
            },
        };
        Finding::new(kind.word() == wanted, format!("{}: {text}", kind.word()))
    }

    fn expect_value(&self, state: &ClusterState, call: &Call, wanted: Option<&str>) -> Result<Finding, Refusal> {
        let Some(key) = call.arguments.key("key") else { return Ok(Finding::new(false, "no key")) };
        let held = |node: &NodeState| {
            let datum = node.detail.data.iter().find(|datum| datum.key == *key);
            let live = datum.into_iter().flat_map(|datum| &datum.versions).filter(|version| !version.deleted);
            live.map(|version| version.value.to_string()).collect::<Vec<_>>().join(" | ")
        };
        let nodes: Vec<NodeId> = match call.arguments.node("at") {
            Some(node) => vec![self.named(node)?],
            None => self.settings.options.member_ids(),
        };
        let mut found = Vec::new();
        for id in nodes.iter().copied() {
            let node = self.state_of(state, id)?;
            if node.status != NodeStatus::Down || nodes.len() == 1 {
                found.push((id, held(node)));
            }
        }
        let is_held = found.iter().all(|(_, value)| value == wanted.unwrap_or_default());
        let told =
            found.iter().map(|(id, value)| format!("{id}: {}", if value.is_empty() { "nothing" } else { value }));
        Ok(Finding::new(is_held && !found.is_empty(), told.collect::<Vec<_>>().join(", ")))
    }

    fn node_state<'a>(&self, state: &'a ClusterState, call: &Call) -> Result<&'a NodeState, Refusal> {
        self.state_of(state, self.node_of(call, "node")?)
    }

    fn state_of<'a>(&self, state: &'a ClusterState, id: NodeId) -> Result<&'a NodeState, Refusal> {
        // Refused with a sentence if there is no such node.
        self.cluster.clock_off(0, id)?;
        let place = usize::from(id.number()).saturating_sub(1);
        state.nodes.get(place).map(|node| &**node).ok_or(Refusal::NoLeader)
    }

    fn measure(&self, state: &ClusterState, name: &str, call: &Call) -> Result<u64, Refusal> {
        let of: fn(&NodeState) -> u64 = match name {
            "term" => |node| node.detail.head.term,
            "committed" => |node| node.detail.head.committed,
            "applied" => |node| node.detail.head.applied,
            "log" => |node| (node.detail.log.first + node.detail.log.entries.len() as u64).saturating_sub(1),
            "keys" => |node| node.detail.data.len() as u64,
            _ => return Ok(self.measure_all(state, name)),
        };
        match call.arguments.node("at") {
            Some(node) => Ok(of(self.state_of(state, self.named(node)?)?)),
            None => Ok(state.nodes.iter().map(|node| of(node)).max().unwrap_or_default()),
        }
    }

    fn measure_all(&self, state: &ClusterState, name: &str) -> u64 {
        let counts = &state.counts;
        let ended = counts.done + counts.failed + counts.unknown;
        let up = state.nodes.iter().filter(|node| node.status != NodeStatus::Down);
        match name {
            "leaders" => up.filter(|node| node.detail.head.crowned).count() as u64,
            "up" => up.count() as u64,
            "flying" => state.flying.len() as u64,
            "waiting" => self.cluster.waiting(),
            "sent" => counts.sent,
            "delivered" => counts.delivered,
            "dropped" => counts.dropped,
            "done" => counts.done,
            "failed" => counts.failed,
            "unknown" => counts.unknown,
            "stale" => counts.stale,
            "lost" => self.cluster.lost_writes().len() as u64,
            "availability" => (counts.done * 100).checked_div(ended).unwrap_or(100),
            "latency-us" => (counts.latency_ns / 1000).checked_div(counts.done).unwrap_or_default(),
            _ => {
                debug_assert!(false, "expectation {name} is declared but not known");
                0
            }
        }
    }
}
