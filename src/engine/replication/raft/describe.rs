//! What is shown of a Raft node.

use std::rc::Rc;

use super::leader::Leadership;
use super::{Contents, Raft, Role};
use glassbase_trace::NodeId;
use glassbase_trace::parts::cluster::{Datum, LogEntry, NodeDetail, NodeHead, NodeLog, Version};

/// Entries of the log that are shown.
const ENTRIES: u64 = 64;
/// Keys that are shown.
const KEYS: usize = 32;

/// What was shown last, to be shown again while it is true.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    log: Option<((u64, u64, u64), Rc<NodeLog>)>,
    data: Option<(u64, Vec<Rc<Datum>>)>,
}

impl Raft {
    pub(super) fn detail(&self) -> NodeDetail {
        NodeDetail { head: Rc::new(self.head()), log: self.shown_log(), data: self.shown_data() }
    }

    fn head(&self) -> NodeHead {
        let configuration = self.configuration();
        let role = match self.role {
            Role::Leader(_) => "leader",
            Role::Candidate(_) => "candidate",
            Role::PreCandidate(_) => "pre-candidate",
            Role::Follower if !configuration.is_voter(self.me) => "learner",
            Role::Follower => "follower",
        };
        let mut head = NodeHead::new(role);
        head.crowned = self.is_leader();
        head.term = self.term;
        head.committed = self.committed;
        head.applied = self.machine.applied;
        if let Some(node) = self.voted_for {
            head = head.fact("voted for", node.to_string());
        }
        match &self.role {
            Role::PreCandidate(votes) | Role::Candidate(votes) => {
                head = head.fact("votes", super::entry::names(votes));
            }
            Role::Follower => {
                let leader = self.leader.map_or("nobody known".to_string(), |node| node.to_string());
                head = head.fact("leader", leader);
            }
            Role::Leader(leadership) => head = leader_facts(head, leadership),
        }
        if configuration.is_joint() || !configuration.learners.is_empty() {
            head = head.fact("configuration", configuration.text());
        }
        if self.log.start() > 0 {
            head = head.fact("log cut off at", self.log.start().to_string());
        }
        head
    }

    fn shown_log(&self) -> Rc<NodeLog> {
        let log = &self.log;
        let mark = (log.start(), log.last_index(), log.taken_back);
        let mut shown = self.shown.borrow_mut();
        if let Some((_, known)) = shown.log.as_ref().filter(|(known, _)| *known == mark) {
            return known.clone();
        }
        let first = (log.start() + 1).max((log.last_index() + 1).saturating_sub(ENTRIES));
        let entries = (first..=log.last_index()).filter_map(|index| log.get(index));
        let entries = entries.map(|entry| LogEntry { term: entry.term, text: entry.text().into() }).collect();
        let told = Rc::new(NodeLog { first, entries });
        shown.log = Some((mark, told.clone()));
        told
    }

    fn shown_data(&self) -> Vec<Rc<Datum>> {
        let applied = self.machine.applied;
        let mut shown = self.shown.borrow_mut();
        if let Some((_, known)) = shown.data.as_ref().filter(|(known, _)| *known == applied) {
            return known.clone();
        }
        let told = shown_contents(&self.machine.contents);
        shown.data = Some((applied, told.clone()));
        told
    }
}

/// The first keys of a state machine; a value's stamp is the index of the entry that wrote it.
pub(crate) fn shown_contents(contents: &Contents) -> Vec<Rc<Datum>> {
    let shown = contents.data.iter().take(KEYS).map(|(key, cell)| {
        let stamp = cell.index.to_string().into();
        let version = Version { value: cell.value.to_string().into(), stamp, deleted: false };
        Rc::new(Datum { key: key.clone(), versions: vec![version] })
    });
    shown.collect()
}

fn leader_facts(mut head: NodeHead, leadership: &Leadership) -> NodeHead {
    for (node, progress) in &leadership.peers {
        let name = peer_name(*node);
        head = head.fact(&name, format!("has {}, next {}", progress.matched, progress.next));
    }
    if leadership.lease_until_ns > 0 && !leadership.transferred {
        // By its own clock.
        head = head.fact("lease until", format!("{} ms", leadership.lease_until_ns / 1_000_000));
    }
    if let Some(transfer) = &leadership.transfer {
        head = head.fact("hands over to", transfer.to.to_string());
    }
    head
}

fn peer_name(node: NodeId) -> String {
    node.to_string()
}
