//! What is shown of a Paxos node.

use std::rc::Rc;

use super::super::raft::describe::shown_contents;
use super::super::raft::entry::names;
use super::leader::Part;
use super::message::{Ballot, Value};
use super::single::INSTANCE;
use super::{Acceptor, Multi, Single};
use glassbase_trace::NodeId;
use glassbase_trace::parts::cluster::{Datum, LogEntry, NodeDetail, NodeHead, NodeLog, Version};

/// Instances that are shown.
const INSTANCES: u64 = 64;

/// What was shown last, to be shown again while it is true.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    log: Option<((u64, u64), Rc<NodeLog>)>,
    data: Option<(u64, Vec<Rc<Datum>>)>,
}

fn ballot_text(ballot: Ballot) -> String {
    if ballot == Ballot::default() { "none".to_string() } else { ballot.to_string() }
}

impl Single {
    pub(super) fn detail(&self) -> NodeDetail {
        let data = self.shown_value().into_iter().collect();
        NodeDetail { head: Rc::new(self.head()), log: Rc::default(), data }
    }

    fn head(&self) -> NodeHead {
        let mut head = NodeHead::new(&self.cast.roles_of(self.me));
        // It knows what was decided.
        head.crowned = self.chosen().is_some();
        head.term = self.acceptor.promised().round;
        (head.committed, head.applied) = (u64::from(head.crowned), u64::from(head.crowned));
        if self.cast.acceptors.contains(&self.me) {
            head = head.fact("promised", ballot_text(self.acceptor.promised()));
            head = head.fact("accepted", accepted_text(&self.acceptor));
        }
        if let Some(attempt) = &self.attempt {
            let ballot = attempt.ballot;
            let text = match &attempt.proposed {
                None => format!("{ballot}: prepares, promised by {}", names(&attempt.promised)),
                Some(value) => format!("{ballot}: {}", value.text()),
            };
            head = head.fact("proposes", text);
        } else if self.backs_off {
            head = head.fact("proposes", format!("waits, overtaken {} times", self.overtaken));
        }
        for (ballot, (proposal, by)) in self.votes.iter().skip(self.votes.len().saturating_sub(3)) {
            head = head.fact("has heard", format!("{ballot}: {} accepted by {}", proposal.value.text(), names(by)));
        }
        if let Some(value) = self.chosen() {
            head = head.fact("chosen", value.text());
        }
        head
    }

    /// The chosen value, under its key; before that, what the acceptor has accepted.
    fn shown_value(&self) -> Option<Rc<Datum>> {
        let accepted = self.acceptor.accepted(INSTANCE);
        let (value, stamp) = match (self.chosen(), accepted) {
            (Some(value), _) => (value, "chosen".to_string()),
            (None, Some(proposal)) => (&proposal.value, format!("accepted {}", proposal.ballot)),
            (None, None) => return None,
        };
        let key = value.command()?.1.key.clone();
        let version = Version { value: value.text().into(), stamp: stamp.into(), deleted: false };
        Some(Rc::new(Datum { key, versions: vec![version] }))
    }
}

fn accepted_text(acceptor: &Acceptor) -> String {
    match acceptor.accepted(INSTANCE) {
        Some(proposal) => format!("{}: {}", proposal.ballot, proposal.value.text()),
        None => "nothing".to_string(),
    }
}

impl Multi {
    pub(super) fn detail(&self) -> NodeDetail {
        NodeDetail { head: Rc::new(self.head()), log: self.shown_log(), data: self.shown_data() }
    }

    fn head(&self) -> NodeHead {
        let role = match &self.part {
            Part::Leader(_) => "leader".to_string(),
            Part::Candidate(_) => "candidate".to_string(),
            Part::Idle => self.role(),
        };
        let mut head = NodeHead::new(&role);
        head.crowned = matches!(self.part, Part::Leader(_));
        head.term = self.acceptor.promised().max(self.heard).round;
        head.committed = self.known();
        head.applied = self.machine.applied;
        if self.cast.acceptors.contains(&self.me) {
            head = head.fact("promised", ballot_text(self.acceptor.promised()));
        }
        if self.cut() > 0 {
            head = head.fact("log cut off at", self.cut().to_string());
        }
        match &self.part {
            Part::Leader(leadership) => {
                head = head.fact("leads with", leadership.ballot.to_string());
                head = head.fact("next instance", leadership.next.to_string());
                head = head.fact("open instances", leadership.open.len().to_string());
            }
            Part::Candidate(candidacy) => {
                head = head.fact("prepares", candidacy.ballot.to_string());
                head = head.fact("promised by", names(&candidacy.promised));
            }
            Part::Idle => {
                let leader = self.leader.map_or("nobody known".to_string(), |node| node.to_string());
                head = head.fact("leader", leader);
            }
        }
        head
    }

    fn role(&self) -> String {
        let is_in = |list: &[NodeId]| list.contains(&self.me);
        let cast = &self.cast;
        if is_in(&cast.proposers) && is_in(&cast.acceptors) && is_in(&cast.learners) {
            return "follower".to_string();
        }
        cast.roles_of(self.me)
    }

    /// The last instances: what is chosen, and what this node has accepted beyond that. The term is the round of the ballot
    /// that it has accepted; 0: it has heard the value from another.
    fn shown_log(&self) -> Rc<NodeLog> {
        let mark = (self.known(), self.acceptor.changes());
        let mut shown = self.shown.borrow_mut();
        if let Some((_, known)) = shown.log.as_ref().filter(|(known, _)| *known == mark) {
            return known.clone();
        }
        let last = self.acceptor.last().max(mark.0);
        let first = (last + 1).saturating_sub(INSTANCES).max(self.cut() + 1);
        let entries = (first..=last).map(|instance| self.shown_instance(instance)).collect();
        let told = Rc::new(NodeLog { first, entries });
        shown.log = Some((mark, told.clone()));
        told
    }

    fn shown_instance(&self, instance: u64) -> LogEntry {
        let accepted = self.acceptor.accepted(instance);
        let chosen = instance.checked_sub(self.cut() + 1).and_then(|place| self.log().get(place as usize));
        let value = chosen.or(accepted.map(|proposal| &proposal.value));
        let same = |value: &Value| accepted.filter(|proposal| proposal.value.id() == value.id());
        let term = value.and_then(same).map_or(0, |proposal| proposal.ballot.round);
        LogEntry { term, text: value.map_or("gap".to_string(), Value::text).into() }
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
