//! What clients were told is done, and what became of it: seen from outside, over all nodes.
//!
//! ```text
//!   n1: "entry 12 of epoch 1 is done" ─▶ client, who hears it ─▶ ledger │ 11 │ 12 │
//!   n2 leads epoch 2 from 12 on ─▶ its log has another entry 12: what n1 said is lost, and named
//! ```
//!
//! An entry is named by position and epoch, so the history of the newest leader tells whether its log has it. Where the
//! settings promise that nothing is lost ([`Options::promises`]) a loss is a violation; elsewhere it is a finding.

use std::any::Any;
use std::collections::VecDeque;

use glassbase_trace::sorted::SortedMap;

use super::leader::Answered;
use super::{Epoch, Has, History, Options, Replica, Stamp};
use crate::cluster::Watch;
use crate::message::RequestId;
use glassbase_trace::NodeId;

/// With more entries than this those that every node has are forgotten.
const ENTRIES_MAX: usize = 4096;

#[derive(Clone, Debug)]
pub struct Ledger {
    options: Options,
    /// What a node has answered its client last, until that has heard it.
    said: SortedMap<(NodeId, NodeId), Answered>,
    /// What clients have heard is done, and is in the log of the newest leader.
    done: SortedMap<Stamp, Answered>,
    lost: Vec<Answered>,
    findings: Vec<String>,
    untold: VecDeque<String>,
    /// The newest leader, and the epochs of its log.
    newest: Epoch,
    history: History,
    /// How far each node is: its newest entry.
    ends: SortedMap<NodeId, Stamp>,
    /// As many entries make it worth to look which may be forgotten.
    limit: usize,
    nodes: usize,
}

impl Ledger {
    pub fn new(options: &Options) -> Ledger {
        Ledger {
            options: options.clone(),
            said: SortedMap::new(),
            done: SortedMap::new(),
            lost: Vec::new(),
            findings: Vec::new(),
            untold: VecDeque::new(),
            newest: Epoch::default(),
            history: History::default(),
            ends: SortedMap::new(),
            limit: ENTRIES_MAX,
            nodes: 0,
        }
    }

    /// The writes that were lost though a client was told that they are done.
    pub fn lost(&self) -> &[Answered] {
        &self.lost
    }

    fn look(&mut self, node: NodeId, replica: &Replica) -> Result<(), String> {
        self.ends.insert(node, replica.stamp(replica.end()));
        self.nodes = replica.members().len();
        let mut lost = Vec::new();
        if replica.is_leader() && replica.epoch() > self.newest {
            (self.newest, self.history) = (replica.epoch(), replica.history().clone());
            let (history, end) = (&self.history, replica.end());
            let is_lost = |stamp: &Stamp| history.has(end, *stamp) != Has::Yes;
            let gone: Vec<Stamp> = self.done.keys().copied().filter(is_lost).collect();
            lost.extend(gone.iter().filter_map(|stamp| self.done.remove(stamp)));
        }
        for answered in replica.answered() {
            self.said.insert((answered.client, node), answered.clone());
        }
        if self.done.len() > self.limit {
            self.forget();
        }
        if lost.is_empty() { Ok(()) } else { self.tell(lost) }
    }

    /// A client has heard that its write is done.
    fn hear(&mut self, client: NodeId, request: RequestId, by: NodeId) -> Result<(), String> {
        let Some(answered) = self.said.remove(&(client, by)).filter(|said| said.request == request) else {
            return Ok(());
        };
        let stamp = answered.stamp;
        if stamp.epoch == self.newest || self.history.at(stamp.position) == stamp.epoch {
            self.done.insert(stamp, answered);
            return Ok(());
        }
        self.tell(vec![answered])
    }

    fn tell(&mut self, lost: Vec<Answered>) -> Result<(), String> {
        let name = |answered: &Answered| {
            let Answered { stamp, client, text, .. } = answered;
            format!("{text} of {client} (entry {} of {})", stamp.position, stamp.epoch)
        };
        let named: Vec<String> = lost.iter().map(name).collect();
        let leader = self.newest.leader;
        let text = format!(
            "{} lost: {leader} leads {} without what clients were told is done: {}.",
            if named.len() == 1 { "A write is".to_string() } else { format!("{} writes are", named.len()) },
            self.newest,
            named.join(", ")
        );
        self.lost.extend(lost);
        self.findings.push(text.clone());
        self.untold.push_back(text.clone());
        if self.options.promises(self.nodes) { Err(text) } else { Ok(()) }
    }

    /// Forgets entries that are in the logs of all nodes: those that have an entry of the newest epoch have all before it.
    fn forget(&mut self) {
        let newest = self.newest;
        let all_follow = self.ends.len() == self.nodes && self.ends.values().all(|stamp| stamp.epoch == newest);
        if all_follow {
            let least = self.ends.values().map(|stamp| stamp.position).min().unwrap_or(0);
            self.done.retain(|stamp, _| stamp.position > least);
        }
        self.limit = (2 * self.done.len()).max(ENTRIES_MAX);
    }
}

impl Watch for Ledger {
    fn after(&mut self, node: NodeId, state: &dyn Any) -> Result<(), String> {
        state.downcast_ref::<Replica>().map_or(Ok(()), |replica| self.look(node, replica))
    }

    fn answered(&mut self, client: NodeId, request: RequestId, by: NodeId) -> Result<(), String> {
        self.hear(client, request, by)
    }

    fn crashed(&mut self, _: NodeId) {}

    fn tells(&mut self) -> Option<(&'static str, String)> {
        self.untold.pop_front().map(|text| ("writes-lost", text))
    }

    fn findings(&self) -> &[String] {
        &self.findings
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }

    fn clone_box(&self) -> Box<dyn Watch> {
        Box::new(self.clone())
    }
}
