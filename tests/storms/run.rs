//! A run of a plan, without the lab: the same cluster, the same deeds at the same times, and nothing recorded.

use std::rc::Rc;

use glassbase_core::history::linearizable::{self, Limits, Model, Verdict};
use glassbase_core::history::{Call as Asked, Outcome as Told};
use glassbase_core::lab::cluster::settings::Settings;
use glassbase_core::lab::cluster::{Kind, RAFT};
use glassbase_core::lab::script::Statement;
use glassbase_core::lab::{Values, statement};
use glassbase_core::replication::cluster::{Action, Options, Protocol};
use glassbase_core::replication::raft::{Admin, Message as RaftMessage, Raft, Wish};
use glassbase_core::replication::{Call, Cluster, Consistency, Message};
use glassbase_core::sim::Cx;
use glassbase_core::trace::{Bytes, NodeId, NodeStatus};

use crate::plan::{Deed, Plan};

const MS: u64 = 1_000_000;

/// What does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which check found it: a safety property by its name, "linearizable", "contents", "progress".
    pub check: String,
    pub text: String,
    pub at_ms: u64,
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub found: Option<Found>,
    /// Entries that were committed, and operations whose clients were told that they are done.
    pub committed: u64,
    pub done: u64,
    /// Nodes that are down at the end.
    pub down: u64,
    pub replaced: u64,
    /// Changes of members that are in force at the end: whether the voters are not those of the beginning.
    pub changed: bool,
}

/// The cluster's options, as the lab makes them of the settings.
pub fn options(plan: &Plan) -> Options {
    let mut values = Values::of(&RAFT);
    for (name, value) in &plan.settings {
        match statement::read(&RAFT, &format!("set {name} {value}"), 1) {
            Ok(Statement::Set(info, value)) => values.set(info.name, value),
            other => panic!("set {name} {value}: {other:?}"),
        }
    }
    Settings::of(Kind::Raft, &values).options
}

pub fn run(plan: &Plan) -> Outcome {
    if plan.lab == "transactions" {
        return crate::money::run(plan);
    }
    run_with(plan, options(plan))
}

/// The same, with another protocol around the one of the settings.
pub fn run_guarded(plan: &Plan, around: impl Fn(Rc<dyn Protocol>) -> Rc<dyn Protocol>) -> Outcome {
    let options = options(plan);
    let protocol = around(options.protocol.clone());
    run_with(plan, Options { protocol, ..options })
}

fn run_with(plan: &Plan, options: Options) -> Outcome {
    let mut cx = Cx::new(plan.seed);
    cx.recorder.switch(false);
    let first = options.member_ids();
    let mut cluster = Cluster::new(&mut cx, options).expect("the plan's settings work");
    let mut outcome = Outcome::default();
    for step in &plan.steps {
        cluster.run_until(&mut cx, step.at_ms * MS);
        outcome.found = look(&cluster, &cx);
        if outcome.found.is_some() {
            break;
        }
        outcome.replaced += u64::from(act(&mut cluster, &mut cx, &step.deed));
    }
    if outcome.found.is_none() {
        cluster.run_until(&mut cx, plan.end_ms * MS);
        outcome.found = look(&cluster, &cx).or_else(|| judge(&cluster)).or_else(|| progress(&cluster, plan));
    }
    outcome.done = done(&cluster, 0);
    let nodes: Vec<&Raft> = cluster.nodes().filter_map(|id| cluster.node::<Raft>(id)).collect();
    outcome.committed = nodes.iter().map(|raft| raft.committed()).max().unwrap_or(0);
    outcome.down = cluster.nodes().count() as u64 - nodes.len() as u64;
    outcome.changed = nodes.iter().any(|raft| raft.configuration().voters != first);
    outcome
}

/// What can be seen of the nodes at the moment.
fn look(cluster: &Cluster, cx: &Cx) -> Option<Found> {
    let at_ms = cx.now_ns() / MS;
    if let Some(text) = cluster.violation() {
        let check = text.split(':').next().unwrap_or_default().to_string();
        return Some(Found { check, text: text.to_string(), at_ms });
    }
    let nodes: Vec<(NodeId, &Raft)> = cluster.nodes().filter_map(|id| Some((id, cluster.node::<Raft>(id)?))).collect();
    for (at, (one, raft)) in nodes.iter().enumerate() {
        for (other, beside) in &nodes[..at] {
            if raft.applied() == beside.applied() && raft.contents() != beside.contents() {
                let text = format!("{one} and {other} have {} entries applied, and differ", raft.applied());
                return Some(Found { check: "contents".to_string(), text, at_ms });
            }
        }
    }
    None
}

/// Whether what the clients were told can be explained.
fn judge(cluster: &Cluster) -> Option<Found> {
    let report = linearizable::check(&cluster.history, Model::Map, Limits::default()).expect("a history that can be");
    match report.verdict {
        Verdict::Holds(_) => None,
        Verdict::Violated(violation) => {
            let at_ms = violation.until.time_ns / MS;
            Some(Found { check: "linearizable".to_string(), text: violation.reason.clone(), at_ms })
        }
        Verdict::GaveUp { why, .. } => panic!("the checker gave up: {why}"),
    }
}

fn done(cluster: &Cluster, from_ms: u64) -> u64 {
    let is_done = |outcome: &Told| matches!(outcome, Told::Done | Told::Found(_) | Told::Differs);
    let operations = cluster.history.operations.iter();
    let late = operations.filter(|operation| operation.invoked.time_ns >= from_ms * MS);
    late.filter(|operation| is_done(operation.outcome())).count() as u64
}

/// Once everything works, clients are served again, and all members come to have everything.
fn progress(cluster: &Cluster, plan: &Plan) -> Option<Found> {
    let calm_ms = plan.calm_ms?;
    let fails = |text: String| Some(Found { check: "progress".to_string(), text, at_ms: plan.end_ms });
    let is_late_write = |call: &Asked| !matches!(call, Asked::Read);
    let late = cluster.history.operations.iter().filter(|operation| operation.invoked.time_ns >= calm_ms * MS);
    if !late.clone().any(|operation| is_late_write(&operation.call) && *operation.outcome() == Told::Done) {
        return fails("no write was done after everything worked again".to_string());
    }
    let heads: Vec<(NodeId, &Raft)> = cluster.nodes().filter_map(|id| Some((id, cluster.node::<Raft>(id)?))).collect();
    let Some((leader, raft)) = heads.iter().filter(|(_, raft)| raft.is_leader()).max_by_key(|(_, raft)| raft.term())
    else {
        return fails("nobody leads at the end".to_string());
    };
    for (id, other) in &heads {
        let is_member = raft.configuration().members().contains(id);
        if is_member && other.applied() < raft.applied() {
            return fails(format!("{id} has {} entries applied, {leader} {}", other.applied(), raft.applied()));
        }
    }
    None
}

/// Does something; true if a machine was replaced. What does not fit (a client that still waits, a node that is down)
/// changes nothing, in the lab as here.
fn act(cluster: &mut Cluster, cx: &mut Cx, deed: &Deed) -> bool {
    let mut ask = |client: u16, key: &str, call: Call, level: &str, to: Option<u16>| {
        let level = glassbase_core::lab::cluster::settings::level(level, 0);
        let (client, key) = (NodeId::client(client), Bytes::typed(key));
        drop(cluster.ask(cx, client, &key, call, level, to.map(NodeId)));
    };
    let value = |number: u64| Bytes::typed(&number.to_string());
    match deed {
        Deed::Put { client, key, value: number, to } => ask(*client, key, Call::Put(value(*number)), "default", *to),
        Deed::Get { client, key, level, to } => ask(*client, key, Call::Get, level, *to),
        Deed::CompareAndSet { client, key, old, new } => {
            let call = Call::CompareAndSet { expected: Some(value(*old)), new: value(*new) };
            ask(*client, key, call, "default", None);
        }
        Deed::Delete { client, key } => ask(*client, key, Call::Delete, "default", None),
        Deed::Fault(action) => drop(cluster.inject(cx, action)),
        Deed::Clock { node, off_ms } => {
            let Ok((ahead_ns, behind_ns)) = cluster.clock_off(cx.now_ns(), *node) else { return false };
            let by_ns = off_ms * MS as i64 - ahead_ns as i64 + behind_ns as i64;
            drop(cluster.inject(cx, &Action::Skew { node: *node, by_ns }));
        }
        Deed::Add { client, node } => {
            let (mut voters, learners) = members(cluster);
            voters.retain(|known| known != node);
            voters.push(*node);
            wish(cluster, cx, *client, Wish::Members { voters, learners: without(learners, *node) });
        }
        Deed::Remove { client, node } => {
            let (voters, learners) = members(cluster);
            let (voters, learners) = (without(voters, *node), without(learners, *node));
            wish(cluster, cx, *client, Wish::Members { voters, learners });
        }
        Deed::Pay { .. } | Deed::Book { .. } => panic!("Raft knows no accounts"),
        Deed::Transfer { client, node } => wish(cluster, cx, *client, Wish::Transfer(Some(*node))),
        Deed::Replace(node) => {
            let lawful = nobody_counts_on(cluster, *node);
            return lawful && cluster.inject(cx, &Action::Replace(*node)).is_ok();
        }
    }
    false
}

fn without(mut nodes: Vec<NodeId>, node: NodeId) -> Vec<NodeId> {
    nodes.retain(|known| *known != node);
    nodes
}

fn wish(cluster: &mut Cluster, cx: &mut Cx, client: u16, wish: Wish) {
    let crowned = cluster.heads().filter(|(_, head)| head.crowned);
    let leader = crowned.max_by_key(|(_, head)| head.term).map(|(id, _)| id);
    let make = |id| Message::from(RaftMessage::Admin(Admin { id, wish }.into()));
    drop(cluster.order(cx, NodeId::client(client), leader, "", make));
}

/// Voters and learners as the one knows them that leads, or that has the highest term.
fn members(cluster: &Cluster) -> (Vec<NodeId>, Vec<NodeId>) {
    let nodes = cluster.nodes().filter_map(|id| cluster.node::<Raft>(id));
    match nodes.max_by_key(|raft| (raft.is_leader(), raft.term())) {
        Some(raft) => (raft.configuration().voters.clone(), raft.configuration().learners.clone()),
        None => (cluster.options().member_ids(), Vec::new()),
    }
}

/// Whether every other node is up and knows of a configuration without this one, which no older one can take the place
/// of: only then it may come back empty under its old name.
fn nobody_counts_on(cluster: &Cluster, node: NodeId) -> bool {
    let is_down = cluster.state().nodes[usize::from(node.0) - 1].status == NodeStatus::Down;
    let others = cluster.nodes().filter(|id| *id != node);
    is_down
        && others.into_iter().all(|id| {
            cluster.node::<Raft>(id).is_some_and(|raft| {
                let (index, configuration) = raft.log().configuration();
                index <= raft.committed() && !configuration.members().contains(&node)
            })
        })
}

/// Consistency words that the plans use are those of the lab.
#[test]
fn levels_are_those_of_the_lab() {
    assert_eq!(glassbase_core::lab::cluster::settings::level("lease", 0), Consistency::Lease);
    assert_eq!(glassbase_core::lab::cluster::settings::level("read-index", 0), Consistency::ReadIndex);
}
