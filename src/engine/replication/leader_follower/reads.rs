//! Who may answer a read, and when.
//!
//! ```text
//!   leader              the leader alone; of what is done, so that no failover takes back what was read
//!   any                 whoever is asked, with what it has
//!   read your writes    a node that has the newest entry which this client wrote
//!   monotonic           a node that has the newest entry which this client was shown
//!   causal              both; so it also has all that these entries could depend on, because a log has an order
//!   bounded staleness   a follower that had all that its leader had, not longer ago than this (by their clocks)
//! ```
//!
//! What a client wrote and was shown it brings along itself ([`Session`]). A node that is not as far waits for a while and
//! then sends the client to the leader.
//!
//! In the modes with sessions a read gives nothing that a failover may take back, as far as the mode of replication promises
//! that: it waits until the entry is done. Where an entry of the session was lost all the same, the guarantee is, too; a note
//! ("session-broken") says so. Terry et al., "Session Guarantees for Weakly Consistent Replicated Data", 1994; for bounded
//! staleness Terry et al., "Consistency-Based Service Level Agreements for Cloud Storage", 2013.

use std::rc::Rc;

use super::cell::Session;
use super::epoch::{Has, Stamp};
use super::{Replica, Role, WAIT};
use crate::message::{Answer, Consistency, Request, Response};
use crate::node::Step;
use glassbase_storage::StorageError;
use glassbase_trace::NodeId;

/// A read that waits for entries.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    client: NodeId,
    request: Rc<Request>,
    until_ns: u64,
}

/// Whether a read can be answered now.
enum Readiness {
    Ready,
    /// It may be, soon.
    Wait,
    /// Only the leader can.
    Leader,
}

impl Replica {
    pub(super) fn read(&mut self, step: &mut Step, from: NodeId, request: &Rc<Request>) -> Result<(), StorageError> {
        if !self.try_read(step, from, request)? {
            let until_ns = step.clock_ns.saturating_add(self.options.wait_ns);
            let me = self.me;
            step.note("read-waits", || {
                format!("{me} does not have what {from} has seen, or it is not done yet: the read waits.")
            });
            self.waiting.push(Waiting { client: from, request: request.clone(), until_ns });
            step.arm(WAIT, self.options.wait_ns.max(1));
        }
        Ok(())
    }

    fn consistency(&self, request: &Request) -> Consistency {
        match request.consistency {
            Consistency::Default => self.options.reads,
            other => other,
        }
    }

    /// Answers a read, or sends it on. False: it has to wait.
    fn try_read(&mut self, step: &mut Step, from: NodeId, request: &Rc<Request>) -> Result<bool, StorageError> {
        let consistency = self.consistency(request);
        let session = Session::decode(&request.context);
        match self.readiness(step, consistency, session) {
            Readiness::Ready => {}
            Readiness::Wait => return Ok(false),
            Readiness::Leader => {
                self.send_on(step, from, request);
                return Ok(true);
            }
        }
        let cell = self.cell(step, &request.key)?;
        let position = cell.as_ref().map_or(0, |cell| cell.position);
        let stamp = self.stamp(position);
        // What this client was told or shown is done already.
        let known =
            [session.written, session.seen].into_iter().filter(|known| self.history.has(self.end, *known) == Has::Yes);
        let done = known.map(|known| known.position).fold(self.committed, u64::max);
        let may_be_lost = !matches!(consistency, Consistency::Any | Consistency::One);
        if may_be_lost && position > done {
            return Ok(false);
        }
        let topic = match consistency {
            Consistency::Any | Consistency::One => "read-any",
            Consistency::ReadYourWrites | Consistency::Monotonic | Consistency::Causal => "read-session",
            Consistency::BoundedStaleness { .. } => "read-fresh",
            _ => "read-leader",
        };
        let (me, key) = (self.me, &request.key);
        step.note(topic, || match position {
            0 => format!("{me} answers {from}: there is no {key} here."),
            _ => format!("{me} answers {from}: entry {position} is the newest of {key} here."),
        });
        let answer = Answer::Value(cell.and_then(|cell| cell.value));
        let seen = if position == 0 { session } else { session.saw(stamp) };
        let version = if position == 0 { 0 } else { stamp.version() };
        step.respond(from, Response { id: request.id, answer, context: seen.encode(), version });
        Ok(true)
    }

    fn readiness(&mut self, step: &mut Step, consistency: Consistency, session: Session) -> Readiness {
        use Consistency::*;
        let wanted = match consistency {
            Any | One => return Readiness::Ready,
            ReadYourWrites => session.written,
            Monotonic => session.seen,
            Causal => session.written.max(session.seen),
            BoundedStaleness { age_ns } => return self.fresh_enough(step, age_ns),
            _ if self.may_lead(step) => return Readiness::Ready,
            _ => return Readiness::Leader,
        };
        self.has_entry(step, wanted)
    }

    fn has_entry(&mut self, step: &mut Step, wanted: Stamp) -> Readiness {
        match self.history.has(self.end, wanted) {
            Has::Yes => Readiness::Ready,
            Has::NotYet if self.is_leader() => self.broken(step, wanted),
            Has::NotYet => Readiness::Wait,
            Has::Never => self.broken(step, wanted),
        }
    }

    /// The client has seen something that is lost.
    fn broken(&self, step: &mut Step, wanted: Stamp) -> Readiness {
        let Stamp { epoch, position } = wanted;
        step.note("session-broken", || {
            format!("The client has seen entry {position} of {epoch}, which is lost: it reads without it.")
        });
        Readiness::Ready
    }

    fn fresh_enough(&mut self, step: &Step, age_ns: u64) -> Readiness {
        if self.may_lead(step) {
            return Readiness::Ready;
        }
        let now_ns = step.clock_ns.saturating_add(2 * step.uncertainty_ns);
        let is_fresh = |fresh_ns: u64| now_ns.saturating_sub(fresh_ns) <= age_ns;
        if self.fresh_ns.is_some_and(is_fresh) { Readiness::Ready } else { Readiness::Leader }
    }

    /// The read goes to the leader.
    fn send_on(&self, step: &mut Step, from: NodeId, request: &Request) {
        let leader = self.known_leader();
        if let Some(leader) = leader {
            let me = self.me;
            step.note("read-sent-on", || {
                format!("{me} can't keep the promise of this read: {from} is sent to {leader}.")
            });
        }
        let why = match self.role {
            Role::Leader(_) => {
                Answer::Refused("the leader does not hear enough followers: another one may have been promoted")
            }
            _ => Answer::Redirect(leader),
        };
        self.tell(step, from, request.id, why);
    }

    /// Something has come: perhaps what reads wait for.
    pub(super) fn try_waiting(&mut self, step: &mut Step) -> Result<(), StorageError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        for waiting in std::mem::take(&mut self.waiting) {
            if !self.try_read(step, waiting.client, &waiting.request)? {
                self.waiting.push(waiting);
            }
        }
        Ok(())
    }

    /// Reads have waited long enough: they go to the leader.
    pub(super) fn waited(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let now_ns = step.clock_ns;
        let mut next_ns = u64::MAX;
        for waiting in std::mem::take(&mut self.waiting) {
            // A leader has nobody to send it to: the read waits for the acknowledgements.
            if waiting.until_ns > now_ns || self.is_leader() {
                let left_ns = waiting.until_ns.saturating_sub(now_ns).max(self.options.heartbeat_ns);
                next_ns = next_ns.min(left_ns);
                self.waiting.push(waiting);
                continue;
            }
            self.send_on(step, waiting.client, &waiting.request);
        }
        if next_ns < u64::MAX {
            step.arm(WAIT, next_ns);
        }
        Ok(())
    }
}
