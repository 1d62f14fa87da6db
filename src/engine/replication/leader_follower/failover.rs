//! Failover: suspicion, asking around, promotion.
//!
//! ```text
//!   nothing heard for long ─▶ ask ──────▶ everybody:  hears a leader              (then nothing happens)
//!                              │                      does not hear one either    (as orchestrator asks the replicas)
//!                              ▼ enough do not
//!                            ask, binding ──▶         have, up to 12 of epoch 1: promised
//!                              ▼ all have answered, or time is up and enough have
//!                            promote the one with the most: epoch, then position, then the lower number
//! ```
//!
//! **Invariant:** who has answered "have" accepts nothing of an older epoch afterwards, also after a crash.
//! **Invariant:** an epoch number is promised to one node. So where a majority has to answer, each epoch has one leader.

use glassbase_trace::sorted::SortedMap;

use super::epoch::Epoch;
use super::message::{Message, Reply};
use super::{ASK, Replica, Role, SUSPECT};
use crate::node::Step;
use glassbase_storage::StorageError;
use glassbase_trace::NodeId;

/// The first node of a new cluster waits so long before it asks the others.
const FIRST_NS: u64 = 1_000_000;

/// Who asks, and what it was answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Asking {
    pub number: u64,
    /// The answers bind: it is the second round.
    pub binds: bool,
    /// How far those are who have answered: their last epoch and position.
    pub have: SortedMap<NodeId, (Epoch, u64)>,
    /// How many others have answered, in whatever way.
    pub heard: usize,
}

/// How far a log goes, in words.
fn extent(last: Epoch, end: u64) -> String {
    if end == 0 { "nothing".to_string() } else { format!("all up to {end} of {last}") }
}

/// "n1, n2 and n3".
pub(super) fn names(nodes: &[NodeId]) -> String {
    match nodes.split_last() {
        None => "nobody".to_string(),
        Some((last, [])) => last.to_string(),
        Some((last, rest)) => {
            let rest: Vec<String> = rest.iter().map(NodeId::to_string).collect();
            format!("{} and {last}", rest.join(", "))
        }
    }
}

impl Replica {
    /// The node comes up.
    pub(super) fn begin(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let (me, end, last) = (self.me, self.end, self.history.last());
        self.heard_ns = step.clock_ns;
        if self.promised > 0 && self.options.demote_ns > 0 {
            self.guarded_until_ns = step.clock_ns.saturating_add(self.options.suspect_ns);
        }
        if self.led && !(self.options.fencing && self.options.failover) {
            let number = self.promised.max(last.number) + 1;
            step.note("leads-again", || {
                format!("{me} led when it stopped, and nothing tells it that it was replaced: it leads epoch {number}.")
            });
            return self.lead(step, number);
        }
        if end > 0 {
            step.note("restarted", || {
                format!("{me} is back, with all up to {end} of {last}. It follows until it is told otherwise.")
            });
        }
        self.arm_suspicion(step);
        if self.promised == 0 && end == 0 && self.members.first() == Some(&me) {
            step.arm(SUSPECT, FIRST_NS);
        }
        Ok(())
    }

    /// Nothing was heard of a leader for too long.
    pub(super) fn suspect(&mut self, step: &mut Step) -> Result<(), StorageError> {
        if self.is_leader() {
            return Ok(());
        }
        self.arm_suspicion(step);
        let (me, leader) = (self.me, self.epoch.leader);
        if !self.members.contains(&me) || self.loading {
            return Ok(());
        }
        if leader.0 > 0 {
            let ms = step.clock_ns.saturating_sub(self.heard_ns) / 1_000_000;
            step.note("suspected", || format!("{me} has not heard {leader} for {ms} ms and takes it for down."));
        }
        let is_first = self.promised == 0 && self.members.first() == Some(&me);
        if !self.options.failover && !is_first {
            return Ok(());
        }
        let number = self.promised.max(self.epoch.number).max(self.rumoured) + 1;
        step.note("asked-around", || format!("{me} asks the others whether they hear it, before epoch {number}."));
        self.ask(step, number, false)
    }

    /// Begins a round of questions.
    fn ask(&mut self, step: &mut Step, number: u64, binds: bool) -> Result<(), StorageError> {
        let have = SortedMap::from([(self.me, (self.history.last(), self.end))]);
        self.role = Role::Asking(Asking { number, binds, have, heard: 0 });
        for node in self.others() {
            step.send(node, Message::Ask { number, binds });
        }
        step.arm(ASK, self.options.ask_ns);
        if self.members.len() == 1 { self.decide(step) } else { Ok(()) }
    }

    /// Somebody asks how far this node is.
    pub(super) fn asked(
        &mut self,
        step: &mut Step,
        from: NodeId,
        number: u64,
        binds: bool,
    ) -> Result<(), StorageError> {
        if self.loading || !self.members.contains(&from) || step.clock_ns < self.guarded_until_ns {
            return Ok(());
        }
        let is_heard = step.clock_ns.saturating_sub(self.heard_ns) < self.options.suspect_ns;
        let hears = match &self.role {
            Role::Leader(_) => Some(self.me),
            Role::Follower(_) if is_heard => self.known_leader().filter(|leader| *leader != from),
            _ => None,
        };
        if let Some(leader) = hears {
            step.send(from, Message::Answer(Reply::Hears { number, leader }.into()));
            return Ok(());
        }
        let promised = self.promised;
        if number < promised || (number == promised && self.promised_to != from) {
            step.send(from, Message::Answer(Reply::Promised { number, promised }.into()));
            return Ok(());
        }
        // What it says it has is durable, or it could be gone when it counts.
        self.sync(step)?;
        if binds {
            self.promise(step, from, number)?;
        }
        let (last, end) = (self.history.last(), self.end);
        step.send(from, Message::Answer(Reply::Have { number, binds, last, end }.into()));
        Ok(())
    }

    fn promise(&mut self, step: &mut Step, to: NodeId, number: u64) -> Result<(), StorageError> {
        (self.promised, self.promised_to) = (number, to);
        self.keep(step)?;
        if matches!(self.role, Role::Asking(_)) {
            step.disarm(ASK);
            self.role = Role::Follower(Default::default());
        }
        self.arm_suspicion(step);
        let (me, last, end) = (self.me, self.history.last(), self.end);
        step.note("promised", || {
            let has = extent(last, end);
            format!("{me} has {has}, and promises {to} to follow nothing older than epoch {number}.")
        });
        Ok(())
    }

    /// An answer to what this node asked.
    pub(super) fn reply(&mut self, step: &mut Step, from: NodeId, reply: Reply) -> Result<(), StorageError> {
        let (me, nodes) = (self.me, self.members.len());
        let needed = self.options.answers(nodes);
        let Role::Asking(asking) = &mut self.role else { return Ok(()) };
        match reply {
            Reply::Have { number, binds, last, end } if (number, binds) == (asking.number, asking.binds) => {
                if asking.have.insert(from, (last, end)).is_none() {
                    asking.heard += 1;
                }
            }
            Reply::Promised { number, promised } if number == asking.number => {
                self.rumoured = self.rumoured.max(promised);
                return self.give_up_asking(step);
            }
            Reply::Hears { number, leader } if number == asking.number && leader != me => {
                step.note("still-heard", || format!("{from} hears {leader}: {me} asks no further."));
                return self.give_up_asking(step);
            }
            _ => return Ok(()),
        }
        // That the leader is down is sure enough when enough say so. Who has the most is known when all have answered.
        let is_over = asking.heard + 1 >= nodes || (!asking.binds && asking.have.len() >= needed);
        if is_over { self.decide(step) } else { Ok(()) }
    }

    fn give_up_asking(&mut self, step: &mut Step) -> Result<(), StorageError> {
        step.disarm(ASK);
        self.role = Role::Follower(Default::default());
        self.arm_suspicion(step);
        Ok(())
    }

    /// The time for answers is up.
    pub(super) fn time_is_up(&mut self, step: &mut Step) -> Result<(), StorageError> {
        if matches!(self.role, Role::Asking(_)) { self.decide(step) } else { Ok(()) }
    }

    /// Promotes the most advanced of those that have answered, if they are enough.
    fn decide(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let Role::Asking(Asking { number, binds, have, .. }) = &self.role else { return Ok(()) };
        let (number, binds, have) = (*number, *binds, have.clone());
        let (nodes, me) = (self.members.len(), self.me);
        let needed = self.options.answers(nodes);
        if have.len() < needed {
            let count = have.len();
            step.note("too-few", || {
                format!("{count} of {nodes} have answered {me}; it takes {needed} to promote one.")
            });
            return self.give_up_asking(step);
        }
        if !binds {
            return self.bind(step, number);
        }
        // Of two that are as far the lower number: the map is in their order, and what comes later has to have more.
        let mut best = (me, (Epoch::default(), 0));
        for (at, (node, far)) in have.iter().enumerate() {
            if at == 0 || *far > best.1 {
                best = (*node, *far);
            }
        }
        let (chosen, (last, end)) = best;
        step.note("chosen", || {
            let nodes: Vec<NodeId> = have.keys().copied().collect();
            format!("Of {}, {chosen} has the most: {}.", names(&nodes), extent(last, end))
        });
        if chosen == me {
            return self.promoted(step, number);
        }
        self.give_up_asking(step)?;
        step.send(chosen, Message::Promote { number });
        Ok(())
    }

    /// The second round: whoever answers promises to follow nothing older, this node first.
    fn bind(&mut self, step: &mut Step, number: u64) -> Result<(), StorageError> {
        if number <= self.promised {
            return self.give_up_asking(step);
        }
        (self.promised, self.promised_to) = (number, self.me);
        self.keep(step)?;
        self.sync(step)?;
        let me = self.me;
        step.note("asked-how-far", || {
            format!("Enough say that nobody leads: {me} asks how far they are, for epoch {number}.")
        });
        self.ask(step, number, true)
    }

    /// Whoever has asked around says that this node shall lead.
    pub(super) fn promote_asked(&mut self, step: &mut Step, from: NodeId, number: u64) -> Result<(), StorageError> {
        let is_promised = self.promised == number && self.promised_to == from && self.epoch.number < number;
        if !is_promised || self.is_leader() {
            return Ok(());
        }
        self.promoted(step, number)
    }

    fn promoted(&mut self, step: &mut Step, number: u64) -> Result<(), StorageError> {
        let (me, end) = (self.me, self.end);
        step.note("promoted", || format!("{me} leads epoch {number}, from entry {} on.", end + 1));
        self.lead(step, number)
    }
}
