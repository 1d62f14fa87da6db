//! Several leaders: each takes writes at once and alone, and tells the others later. So two may write the same key without
//! knowing of each other: a conflict, that is found by version vectors and resolved by a rule that all share.
//!
//! - D. B. Terry et al., "Managing Update Conflicts in Bayou, a Weakly Connected Replicated Storage System", 1995: logs of
//!   writes that are exchanged by what each side has.
//! - M. Shapiro et al., "Conflict-Free Replicated Data Types", 2011: see [`crdt`].
//!
//! ```text
//!   client ─put─▶ n1 ─done─▶ client                       n2 ◀─put─ client
//!                  │  log  n1:1 n1:2 …                     │  log  n2:1 …
//!                  └──────────── changes ─────────────────▶│◀─ n1:2 and n2:1: neither knew the other: a conflict
//!                  │◀─────────── changes ──────────────────┘
//!                  │◀─ have n1:2 n2:1 ─▶ whoever has more sends it: what was lost, or missed in a partition
//! ```
//!
//! - [`value`]: what is kept of a key, and what is read where it was written twice. [`crdt`]: values that merge.
//! - `log`: changes as they are kept and passed on. [`options`]: who sends to whom, and who wins.
//!
//! A machine whose disk is lost numbers its changes from 1 again: it makes them under another name ([`writer`]), or the others
//! would take them for those that they have.
//!
//! **Invariant:** the changes of a leader are taken in their order without gaps, so a version vector says which are there.
//! **Invariant:** nodes that have the same changes have the same values.

pub mod crdt;
mod log;
pub mod message;
pub mod options;
pub mod value;

use glassbase_trace::sorted::{SortedMap, SortedSet};
use std::any::Any;
use std::rc::Rc;

pub use message::Message;
pub use options::{Options, Resolution, Rule, Topology};

use self::crdt::dots::Entry;
use self::log::Log;
use self::message::Change;
use self::value::{Held, Value};
use super::message::{Answer, Call, Consistency, MergeCall, Message as Wired, Request, RequestId, Response};
use super::node::{Node, Step, Timer};
use super::versions::{Dot, Input, Siblings, Stamp, VersionVector, place_of, writer};
use super::wording::counted;
use glassbase_storage::StorageError;
use glassbase_trace::parts::cluster::{LogEntry, NodeDetail, NodeHead, NodeLog};
use glassbase_trace::{Bytes, NodeId};

/// Sends what was gathered.
const SEND: Timer = Timer::of(1);
/// Tells neighbours what is there.
const EXCHANGE: Timer = Timer::of(2);

/// Changes that are shown.
const LOG_SHOWN: usize = 64;
/// Keys that are shown.
const DATA_SHOWN: usize = 32;
/// Requests that are remembered, for when they are asked again.
const REMEMBERED: usize = 512;

/// One of several leaders, or a node that only follows them.
#[derive(Clone, Debug)]
pub struct MultiLeader {
    me: NodeId,
    /// The name of its own changes; without one it takes no writes.
    writer: Option<NodeId>,
    members: Rc<[NodeId]>,
    options: Rc<Options>,
    /// Which changes it has.
    have: VersionVector,
    values: SortedMap<Bytes, Value>,
    log: Log,
    /// Changes that came too early, by their dot.
    waiting: SortedMap<Dot, Rc<Change>>,
    /// Changes that are gathered to be sent.
    gathered: Vec<Rc<Change>>,
    /// Changes as they were taken here, the latest last, for people.
    taken: Vec<LogEntry>,
    /// How many were taken before those.
    taken_before: u64,
    /// How many conflicts were met.
    conflicts: u64,
    /// Writes that were done lately: they are not done twice.
    done: SortedSet<RequestId>,
}

/// A node. `members` are all nodes of the cluster.
pub fn node(me: NodeId, members: &[NodeId], options: &Options) -> Box<dyn Node> {
    on_machine(me, members, options, 0)
}

/// A node on the `machine`-th machine in its place.
pub fn on_machine(me: NodeId, members: &[NodeId], options: &Options, machine: u16) -> Box<dyn Node> {
    let mut members = members.to_vec();
    members.sort();
    Box::new(MultiLeader {
        me,
        writer: writer(me, machine),
        members: members.into(),
        options: Rc::new(options.clone()),
        have: VersionVector::default(),
        values: SortedMap::new(),
        log: Log::default(),
        waiting: SortedMap::new(),
        gathered: Vec::new(),
        taken: Vec::new(),
        taken_before: 0,
        conflicts: 0,
        done: SortedSet::new(),
    })
}

/// What a client brings along.
#[derive(Clone, Debug, Default, PartialEq)]
struct Context {
    /// What its next put replaces, if the cluster keeps siblings.
    replaces: VersionVector,
    /// What it has read or written, and may ask not to be shown anything older than.
    seen: VersionVector,
}

impl Context {
    fn to_bytes(&self) -> Bytes {
        let mut bytes = Vec::new();
        self.replaces.encode(&mut bytes);
        self.seen.encode(&mut bytes);
        Bytes::from(&bytes[..])
    }

    fn from_bytes(bytes: &[u8]) -> Option<Context> {
        let mut input = Input(bytes);
        Some(Context { replaces: VersionVector::decode(&mut input)?, seen: VersionVector::decode(&mut input)? })
    }
}

impl MultiLeader {
    /// Which changes it has.
    pub fn have(&self) -> &VersionVector {
        &self.have
    }

    pub fn values(&self) -> &SortedMap<Bytes, Value> {
        &self.values
    }

    /// How often a change met one that its writer had not known.
    pub fn conflicts(&self) -> u64 {
        self.conflicts
    }

    fn leads(&self) -> bool {
        self.writer.is_some() && self.place() < self.leaders()
    }

    /// The name of what it writes. Whoever has none does not lead, and writes nothing.
    fn writer(&self) -> NodeId {
        self.writer.unwrap_or(self.me)
    }

    fn place(&self) -> usize {
        self.members.binary_search(&self.me).unwrap_or(0)
    }

    fn leaders(&self) -> usize {
        match usize::from(self.options.leaders) {
            0 => self.members.len(),
            leaders => leaders.min(self.members.len()),
        }
    }

    fn request(&mut self, step: &mut Step, client: NodeId, request: &Request) -> Result<(), StorageError> {
        let sees =
            matches!(request.consistency, Consistency::ReadYourWrites | Consistency::Monotonic | Consistency::Causal);
        let context = Context::from_bytes(&request.context).unwrap_or_default();
        if sees && !self.have.includes(&context.seen) {
            let (have, brought) = (self.have.text(), context.seen.text());
            // A leader that wrote something that is missing here has that, whatever else it lacks.
            let missing = context.seen.iter().find(|dot| !self.have.covers(*dot) && place_of(dot.node) != self.me);
            step.note("behind", || format!("The client has seen {brought}, and this node has {have}: ask another."));
            self.answer(step, client, request, Answer::Redirect(missing.map(|dot| place_of(dot.node))));
            return Ok(());
        }
        match &request.call {
            Call::Get => {
                let none = Value::default();
                let answer = self.values.get(&request.key).unwrap_or(&none).read(self.options.resolution);
                self.answer(step, client, request, answer);
                Ok(())
            }
            Call::CompareAndSet { .. } => {
                let why = "leaders do not wait for each other: compare-and-set needs consensus";
                self.answer(step, client, request, Answer::Refused(why));
                Ok(())
            }
            _ if !self.leads() => {
                self.answer(step, client, request, Answer::Redirect(self.members.first().copied()));
                Ok(())
            }
            Call::Merge(_) if self.options.resolution != Resolution::Merge => {
                self.answer(step, client, request, Answer::Refused("values merge only if the cluster is set to merge"));
                Ok(())
            }
            _ if self.done.contains(&request.id) => {
                self.answer(step, client, request, Answer::Written);
                Ok(())
            }
            Call::Merge(call) if self.is_uncovered(&request.key, call) => {
                self.answer(step, client, request, Answer::Compared(false));
                Ok(())
            }
            _ => {
                let change = self.change(step, request, context.replaces);
                self.done.insert(request.id);
                while self.done.len() > REMEMBERED {
                    self.done.pop_first();
                }
                self.take(step, &change)?;
                step.shelf.sync()?;
                self.answer(step, client, request, Answer::Written);
                self.spread(step, None, change);
                Ok(())
            }
        }
    }

    /// Whether more is to be withdrawn than this leader knows to be there. What the others give out meanwhile it can't know.
    fn is_uncovered(&self, key: &Bytes, call: &MergeCall) -> bool {
        let MergeCall::Withdraw(amount) = call else { return false };
        self.values.get(key).map_or(0, |value| value.counter.value()) < i128::from(*amount)
    }

    /// The change that a request asks for.
    fn change(&self, step: &Step, request: &Request, replaces: VersionVector) -> Rc<Change> {
        let writer = self.writer();
        let dot = Dot { node: writer, count: self.have.get(writer) + 1 };
        let stamp = Stamp { clock_ns: step.clock_ns, node: self.me };
        let none = Value::default();
        let old = self.values.get(&request.key).unwrap_or(&none);
        let mut value = Value::default();
        match &request.call {
            Call::Merge(call) => match &**call {
                MergeCall::Count(by) => value.counter = old.counter.add(writer, *by),
                MergeCall::Withdraw(amount) => {
                    let amount = i64::try_from(*amount).unwrap_or(i64::MAX);
                    value.counter = old.counter.add(writer, -amount);
                }
                MergeCall::AddMember(member) => value.set = old.set.set(writer, member, Entry::default()),
                MergeCall::RemoveMember(member) => value.set = old.set.remove(member),
                MergeCall::SetField(field, new) => {
                    value.map = old.map.set(writer, field, Entry { stamp, value: new.clone() });
                }
                MergeCall::RemoveField(field) => value.map = old.map.remove(field),
                MergeCall::InsertText { at, text } => value.text = old.text.insert(writer, *at, text),
                MergeCall::DeleteText { at, count } => value.text = old.text.delete(*at, *count),
            },
            call => {
                let new = if let Call::Put(new) = call { Some(new.clone()) } else { None };
                // A client that says what it has seen replaces that; another replaces what this leader has.
                let brings = self.options.resolution == Resolution::Siblings && !request.context.is_empty();
                let past = if brings { replaces } else { self.have.clone() };
                let mut register = Siblings::default();
                register.update(dot, past, Held { stamp, value: new });
                value.register = register;
            }
        }
        value.changes.raise(dot.node, dot.count);
        // Whether somebody watches must not change what is on the shelf: the text is always there.
        let (after, key, text) = (self.have.clone(), request.key.clone(), request.text().into());
        Rc::new(Change { dot, after, key, value, text })
    }

    fn answer(&self, step: &mut Step, client: NodeId, request: &Request, answer: Answer) {
        let value = self.values.get(&request.key);
        let has_read = request.call == Call::Get || value.is_none_or(|value| value.versions() <= 1);
        // Whoever has read a version knows what its writer knew, which may be more than this node has.
        let mut seen = self.have.clone();
        value.into_iter().for_each(|value| seen.join(&value.register.context()));
        // With siblings left that the client has not read, it may not replace them.
        let replaces = match has_read || self.options.resolution != Resolution::Siblings {
            true => seen.clone(),
            false => Context::from_bytes(&request.context).unwrap_or_default().replaces,
        };
        let context = Context { replaces, seen }.to_bytes();
        let version = value.map_or(0, |value| match request.call {
            Call::Put(_) | Call::Delete => value.version_by(self.writer()),
            _ => value.version(self.options.resolution),
        });
        step.respond(client, Response { id: request.id, answer, context, version });
    }

    /// Takes a change that is the next one of its leader. The caller syncs.
    fn take(&mut self, step: &mut Step, change: &Rc<Change>) -> Result<(), StorageError> {
        let value = self.values.entry(change.key.clone()).or_default();
        let before = value.versions();
        value.merge(&change.value);
        if value.versions() > before.max(1) {
            self.conflicts += 1;
            let (key, resolution, winner) =
                (&change.key, self.options.resolution, value.winner(self.options.resolution));
            let count = value.versions();
            step.note("conflict", || {
                let wins = match (resolution, winner) {
                    (Resolution::Siblings, _) | (_, None) => "the client is given all".to_string(),
                    (_, Some(winner)) => format!("{} wins", winner.dot.text()),
                };
                format!("{key} was written without knowledge of each other: {count} versions, and {wins}.")
            });
        }
        self.have.raise(change.dot.node, change.dot.count);
        self.log.keep(step.shelf, change, value, &self.have, self.options.log_kept)?;
        self.taken.push(LogEntry { term: u64::from(place_of(change.dot.node).0), text: change.text.clone() });
        if self.taken.len() > 2 * LOG_SHOWN {
            self.taken.drain(..LOG_SHOWN);
            self.taken_before += LOG_SHOWN as u64;
        }
        Ok(())
    }

    /// Changes come: those that are next are taken and passed on, those that are too early wait.
    fn changes(&mut self, step: &mut Step, from: NodeId, changes: &[Rc<Change>]) -> Result<(), StorageError> {
        for change in changes.iter().filter(|change| !self.have.covers(change.dot)) {
            self.waiting.entry(change.dot).or_insert_with(|| change.clone());
        }
        let mut taken = 0;
        while let Some(change) = self.next_waiting() {
            self.waiting.remove(&change.dot);
            self.take(step, &change)?;
            self.spread(step, Some(from), change);
            taken += 1;
        }
        if taken > 0 {
            step.shelf.sync()?;
            let (have, left) = (self.have.text(), self.waiting.len());
            step.note("taken", || match left {
                0 => format!("{} from {from}: this node has {have}.", counted(taken as u64, "change")),
                left => {
                    let taken = counted(taken as u64, "change");
                    format!("{taken} from {from}; {} for what came before: this node has {have}.", waits(left))
                }
            });
        }
        Ok(())
    }

    fn next_waiting(&self) -> Option<Rc<Change>> {
        let is_next = |change: &&Rc<Change>| {
            let is_in_order = change.dot.count == self.have.get(change.dot.node) + 1;
            is_in_order && (!self.options.causal || self.have.includes(&change.after))
        };
        self.waiting.values().find(is_next).cloned()
    }

    /// Those that a change goes to from here, when it came from `from`.
    fn receivers(&self, origin: NodeId, from: Option<NodeId>) -> Vec<NodeId> {
        let not_there = |node: &NodeId| *node != self.me && *node != origin && Some(*node) != from;
        match (self.options.topology, from) {
            (Topology::AllToAll, None) => self.members.iter().copied().filter(not_there).collect(),
            (Topology::AllToAll, Some(_)) => Vec::new(),
            (Topology::Ring, _) => {
                let next = self.members[(self.place() + 1) % self.members.len()];
                Some(next).filter(|node| *node != self.me && *node != origin).into_iter().collect()
            }
            (Topology::Star, _) if self.place() == 0 => self.members.iter().copied().filter(not_there).collect(),
            (Topology::Star, None) => self.members.first().copied().into_iter().collect(),
            (Topology::Star, Some(_)) => Vec::new(),
        }
    }

    /// Those whom it tells what it has.
    fn neighbours(&self) -> Vec<NodeId> {
        let others = self.members.iter().copied().filter(|node| *node != self.me);
        let (place, count) = (self.place(), self.members.len());
        match self.options.topology {
            Topology::AllToAll => others.collect(),
            Topology::Star if place == 0 => others.collect(),
            Topology::Star => self.members.first().copied().into_iter().collect(),
            Topology::Ring => {
                let beside =
                    SortedSet::from([self.members[(place + 1) % count], self.members[(place + count - 1) % count]]);
                beside.into_iter().filter(|node| *node != self.me).collect()
            }
        }
    }

    /// Sends a change on, at once or with others. Changes that came from elsewhere are passed on at once.
    fn spread(&mut self, step: &mut Step, from: Option<NodeId>, change: Rc<Change>) {
        if self.options.gather_ns > 0 && from.is_none() {
            if self.gathered.is_empty() {
                step.arm(SEND, self.options.gather_ns);
            }
            self.gathered.push(change);
            return;
        }
        let receivers = self.receivers(place_of(change.dot.node), from);
        let changes: Rc<[Rc<Change>]> = Rc::new([change]);
        for node in receivers {
            step.send(node, Message::Changes { changes: changes.clone(), more: false });
        }
    }

    fn send_gathered(&mut self, step: &mut Step) {
        let changes: Rc<[Rc<Change>]> = std::mem::take(&mut self.gathered).into();
        if !changes.is_empty() {
            for node in self.receivers(self.me, None) {
                step.send(node, Message::Changes { changes: changes.clone(), more: false });
            }
        }
    }

    fn tell(&self, step: &mut Step, node: NodeId) {
        step.send(node, Message::Have(Rc::new(self.have.clone())));
    }
}

fn waits(changes: usize) -> String {
    counted(changes, "change") + if changes == 1 { " waits" } else { " wait" }
}

impl Node for MultiLeader {
    fn start(&mut self, step: &mut Step) -> Result<(), StorageError> {
        self.load(step)?;
        // Not all nodes at once.
        let after_ns = self.options.exchange_ns / 2 + step.random.below(self.options.exchange_ns);
        step.arm(EXCHANGE, after_ns.max(1));
        Ok(())
    }

    fn receive(&mut self, step: &mut Step, from: NodeId, message: Wired) -> Result<(), StorageError> {
        match message {
            Wired::Request(request) => self.request(step, from, &request),
            Wired::MultiLeader(Message::Changes { changes, more }) => {
                self.changes(step, from, &changes)?;
                if more {
                    self.tell(step, from);
                }
                Ok(())
            }
            Wired::MultiLeader(Message::Have(have)) => {
                self.send_missing(step, from, &have);
                Ok(())
            }
            Wired::MultiLeader(Message::State(state)) => self.take_state(step, from, &state),
            _ => Ok(()),
        }
    }

    fn fire(&mut self, step: &mut Step, timer: Timer) -> Result<(), StorageError> {
        match timer {
            SEND => self.send_gathered(step),
            EXCHANGE => {
                for node in self.neighbours() {
                    self.tell(step, node);
                }
                step.arm(EXCHANGE, self.options.exchange_ns);
            }
            _ => {}
        }
        Ok(())
    }

    fn describe(&self) -> NodeDetail {
        let mut head = NodeHead::new(if self.leads() { "leader" } else { "follower" })
            .fact("has", self.have.text())
            .fact("conflicts", self.conflicts.to_string());
        if !self.waiting.is_empty() {
            head = head.fact("waiting", self.waiting.len().to_string());
        }
        head.applied = self.have.total();
        let skipped = self.taken.len().saturating_sub(LOG_SHOWN);
        let log = NodeLog { first: self.taken_before + skipped as u64 + 1, entries: self.taken[skipped..].to_vec() };
        // What was taken out of nothing leaves a value without versions: there is nothing of it to be seen.
        let data = self.values.iter().map(|(key, value)| value.datum(key, self.options.resolution));
        let data = data.filter(|datum| !datum.versions.is_empty()).take(DATA_SHOWN).collect();
        NodeDetail { head: Rc::new(head), log: Rc::new(log), data }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn clone_box(&self) -> Box<dyn Node> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests;
