//! A node that a client asks coordinates the request: it asks the replicas, counts, answers, repairs.
//!
//! ```text
//!   read    asked ─R answers─▶ answered ─more answers, repairs─▶ gone      blocking: asked ─R─▶ repairing ─▶ answered
//!   write   asked ─W written─▶ answered ─more answers, hints───▶ gone
//!   either  asked ─silent: suspect, hint or stand-in─▶ asked ─time-out─▶ refused or unknown, gone
//! ```
//!
//! **Invariant:** a write is refused only before anybody has stored it.

use std::rc::Rc;

use super::super::message::{Answer, Call, Consistency, Request, Response};
use super::super::node::Step;
use super::super::versions::{Stamp, VersionVector};
use super::super::wording::counted;
use super::message::{Forward, Item, Message, Write};
use super::operation::{Asked, Kind, Operation, Past, State};
use super::options::{ReadRepair, Resolution};
use super::record::{Held, Record};
use super::ring::token;
use super::{Quorum, SWEEP};
use glassbase_storage::StorageError;
use glassbase_trace::{Bytes, NodeId};

impl Quorum {
    pub(super) fn request(
        &mut self,
        step: &mut Step,
        client: NodeId,
        request: Rc<Request>,
    ) -> Result<(), StorageError> {
        match &request.call {
            Call::Get => self.begin_read(step, client, request),
            Call::Put(_) | Call::Delete => self.begin_write(step, client, request, false),
            Call::CompareAndSet { .. } => {
                let why = "replicas agree on no order of writes: compare-and-set needs consensus";
                refuse(step, client, &request, why);
                Ok(())
            }
            Call::Merge(_) => {
                refuse(step, client, &request, "this store keeps whole values: put one");
                Ok(())
            }
        }
    }

    /// Whom to ask for a key: its replicas, or who stands in for those that are taken for down.
    fn whom(&self, key: &[u8]) -> Vec<Asked> {
        let (range, _) = self.ring().place(token(key));
        let replicas = usize::from(self.ring().replicas());
        let ask = |node| Asked { node, instead_of: None, state: State::Waiting, record: None };
        let mut asked: Vec<Asked> = Vec::with_capacity(replicas + 1);
        if !self.options.sloppy || self.suspects.is_empty() {
            asked.extend(self.ring().replicas_of(range).map(ask));
            return asked;
        }
        let mut others = self.ring().order(range).skip(replicas).filter(|node| !self.suspects.contains(node));
        for node in self.ring().replicas_of(range) {
            let stand_in = if self.suspects.contains(&node) { others.next() } else { None };
            asked.push(match stand_in {
                Some(other) => Asked { instead_of: Some(node), ..ask(other) },
                None => ask(node),
            });
        }
        asked
    }

    /// How many answers a request takes, and whether those of this data centre alone count; none if it cannot have them.
    fn needed(&self, consistency: Consistency, default: u16, asked: &[Asked]) -> Result<(u16, bool), &'static str> {
        let centre = |node| self.ring().data_centre(node);
        let replicas = self.ring().replicas();
        let (needed, local) = match consistency {
            Consistency::One | Consistency::Any => (1, false),
            Consistency::Quorum => (replicas / 2 + 1, false),
            Consistency::All => (replicas, false),
            Consistency::LocalQuorum => {
                let near =
                    asked.iter().filter(|asked| centre(asked.instead_of.unwrap_or(asked.node)) == centre(self.me));
                match near.count() as u16 {
                    0 => return Err("no replica of this key is in this data centre"),
                    near => (near / 2 + 1, true),
                }
            }
            _ => (default, false),
        };
        let here = |asked: &&Asked| !local || centre(asked.node) == centre(self.me);
        let alive = asked.iter().filter(here).filter(|asked| !self.suspects.contains(&asked.node)).count();
        if alive < usize::from(needed) {
            return Err("too few replicas are up");
        }
        Ok((needed, local))
    }

    fn begin(&mut self, step: &mut Step, operation: Operation) {
        if !self.sweeping {
            self.sweeping = true;
            step.arm(SWEEP, self.options.suspect_ns);
        }
        self.operations.add(operation);
    }

    fn begin_read(&mut self, step: &mut Step, client: NodeId, request: Rc<Request>) -> Result<(), StorageError> {
        let mut asked = self.whom(&request.key);
        let (needed, local) = match self.needed(request.consistency, self.options.read, &asked) {
            Ok(needed) => needed,
            Err(why) => {
                refuse(step, client, &request, why);
                // Nothing is sent, so nobody would notice who is back.
                self.arm_probe(step);
                return Ok(());
            }
        };
        let op = self.operations.next();
        let mut is_here = false;
        for asked in &mut asked {
            if asked.node == self.me {
                asked.state = State::Answered;
                asked.record = self.replica.look(step.shelf, &request.key)?;
                is_here = true;
            } else {
                step.send(asked.node, Message::Read { op, key: request.key.clone() });
            }
        }
        let (begun_ns, kind) = (step.clock_ns, Kind::Read);
        self.begin(step, Operation { client, request, begun_ns, asked, needed, local, answered: false, kind });
        if is_here { self.go_on(step, op) } else { Ok(()) }
    }

    /// `in_doubt`: another node may have begun it before.
    pub(super) fn begin_write(
        &mut self,
        step: &mut Step,
        client: NodeId,
        request: Rc<Request>,
        in_doubt: bool,
    ) -> Result<(), StorageError> {
        if let Some(Past::Refused(why)) = self.recent.get(request.id) {
            refuse(step, client, &request, why);
            return Ok(());
        }
        let asked = self.whom(&request.key);
        let (needed, local) = match self.needed(request.consistency, self.options.write, &asked) {
            Ok(needed) => needed,
            Err(why) => {
                self.refuse_write(step, client, &request, why, in_doubt);
                self.arm_probe(step);
                return Ok(());
            }
        };
        let is_replica = asked.iter().any(|asked| asked.node == self.me && asked.instead_of.is_none());
        if self.options.resolution == Resolution::Dotted && !is_replica {
            return self.forward(step, client, request, None, in_doubt);
        }
        let record = match (self.options.resolution, self.replica.writer) {
            (Resolution::Dotted, Some(writer)) => self.new_dotted(step, &request, writer)?,
            (Resolution::Dotted, None) => {
                let why = "this machine has no name to write under: too many have stood in its place";
                self.refuse_write(step, client, &request, why, in_doubt);
                return Ok(());
            }
            _ => self.new_stamped(step, client, &request),
        };
        let write = |keep_for| Write { item: Item { key: request.key.clone(), record: record.clone() }, keep_for };
        let plain = Rc::new(write(None));
        let (op, mut asked) = (self.operations.next(), asked);
        for asked in &mut asked {
            if asked.node == self.me {
                self.keep(step, &plain.item, asked.instead_of)?;
                asked.state = State::Answered;
                continue;
            }
            let write = if asked.instead_of.is_some() { Rc::new(write(asked.instead_of)) } else { plain.clone() };
            step.send(asked.node, Message::Write { op, write });
        }
        let (begun_ns, kind) = (step.clock_ns, Kind::Write { record });
        self.begin(step, Operation { client, request, begun_ns, asked, needed, local, answered: false, kind });
        self.go_on(step, op)
    }

    /// Only a replica gives dots to versions: whoever has a dot must have had the siblings that were there before it.
    pub(super) fn forward(
        &mut self,
        step: &mut Step,
        client: NodeId,
        request: Rc<Request>,
        tried: Option<NodeId>,
        in_doubt: bool,
    ) -> Result<(), StorageError> {
        let (range, _) = self.ring().place(token(&request.key));
        let up = |node: &NodeId| !self.suspects.contains(node) && Some(*node) != tried && *node != self.me;
        let Some(node) = self.ring().replicas_of(range).find(up) else {
            self.refuse_write(step, client, &request, "no replica of this key is up to coordinate the write", in_doubt);
            return Ok(());
        };
        let in_doubt = in_doubt || self.recent.get(request.id).is_some();
        self.recent.remember(request.id, Past::Begun(Stamp::default()));
        let asked = vec![Asked { node, instead_of: None, state: State::Waiting, record: None }];
        let (begun_ns, kind) = (step.clock_ns, Kind::Forward);
        let forward = Rc::new(Forward { client, request: request.clone(), in_doubt });
        let operation = Operation { client, request, begun_ns, asked, needed: 1, local: false, answered: false, kind };
        let op = self.operations.next();
        self.begin(step, operation);
        step.send(node, Message::Forward { op, forward });
        Ok(())
    }

    /// Says that a write can't be done; refused it is only if no copy of the same request can have been done before.
    fn refuse_write(&mut self, step: &mut Step, client: NodeId, request: &Request, why: &'static str, in_doubt: bool) {
        if in_doubt || self.recent.get(request.id).is_some() {
            give_up(step, client, request);
        } else {
            self.recent.remember(request.id, Past::Refused(why));
            refuse(step, client, request, why);
        }
    }

    fn new_stamped(&mut self, step: &mut Step, client: NodeId, request: &Request) -> Record {
        let brought = (self.options.resolution == Resolution::ClientClock)
            .then(|| <[u8; 8]>::try_from(&request.context[..]).ok())
            .flatten();
        let stamp = match (brought, self.recent.stamp(request.id)) {
            (Some(clock), _) => {
                let stamp = Stamp { clock_ns: u64::from_be_bytes(clock), node: client };
                self.recent.remember(request.id, Past::Begun(stamp));
                stamp
            }
            (None, Some(stamp)) => stamp,
            (None, None) => {
                // Two writes through one node in the same nanosecond, or after its clock was set back, keep their order.
                self.stamped_ns = step.clock_ns.max(self.stamped_ns + 1);
                let stamp = Stamp { clock_ns: self.stamped_ns, node: self.me };
                self.recent.remember(request.id, Past::Begun(stamp));
                stamp
            }
        };
        Record::stamped(stamp, new_value(&request.call))
    }

    /// This replica's versions with the new one, which replaces those that the client has seen.
    fn new_dotted(&mut self, step: &mut Step, request: &Request, writer: NodeId) -> Result<Record, StorageError> {
        let old = self.replica.get(step.shelf, &request.key)?;
        if let Some(old) = &old
            && self.recent.get(request.id).is_some()
        {
            return Ok(old.clone());
        }
        let mut siblings = old.and_then(|old| old.siblings()).unwrap_or_default();
        let dot = self.replica.give_dot(step.shelf, writer)?;
        let stamp = Stamp { clock_ns: step.clock_ns, node: self.me };
        let context = VersionVector::from_bytes(&request.context).unwrap_or_default();
        siblings.update(dot, context, Held { stamp, value: new_value(&request.call).map(Bytes::from) });
        self.recent.remember(request.id, Past::Begun(stamp));
        if siblings.versions.len() > 1 {
            let count = siblings.versions.len();
            step.note("siblings", || {
                format!("{} was written without knowledge of each other: {count} versions.", request.key)
            });
        }
        Ok(Record::dotted(&siblings))
    }

    /// Stores a record here, for this node or for one that is down.
    pub(super) fn keep(&mut self, step: &mut Step, item: &Item, keep_for: Option<NodeId>) -> Result<(), StorageError> {
        match keep_for {
            None => {
                if self.replica.apply(step.shelf, step.clock_ns, item)? {
                    step.shelf.sync()?;
                    if !self.replica.tombstones.is_empty() {
                        self.arm_purge(step);
                    }
                }
            }
            Some(node) => {
                self.replica.keep_hint(step.shelf, node, item)?;
                step.shelf.sync()?;
                self.arm_probe(step);
                step.note("hinted", || format!("The write of {} is kept for {node}.", item.key));
            }
        }
        Ok(())
    }

    /// A replica says what it has.
    pub(super) fn have(
        &mut self,
        step: &mut Step,
        from: NodeId,
        op: u64,
        record: Option<Record>,
    ) -> Result<(), StorageError> {
        let Some(operation) = self.operations.get(op) else { return Ok(()) };
        if operation.kind != Kind::Read {
            return Ok(());
        }
        if let Some(asked) = operation.asked.iter_mut().find(|asked| asked.node == from) {
            asked.state = State::Answered;
            asked.record = record;
        }
        self.go_on(step, op)
    }

    /// A replica says that it has stored what it was sent.
    pub(super) fn written(&mut self, step: &mut Step, from: NodeId, op: u64) -> Result<(), StorageError> {
        let Some(operation) = self.operations.get(op) else { return Ok(()) };
        if let Some(asked) = operation.asked.iter_mut().find(|asked| asked.node == from) {
            asked.state = State::Answered;
        }
        self.go_on(step, op)
    }

    /// Looks whether a request has what it takes.
    pub(super) fn go_on(&mut self, step: &mut Step, op: u64) -> Result<(), StorageError> {
        let Some(mut operation) = self.operations.take(op) else { return Ok(()) };
        match operation.kind {
            Kind::Read if operation.answered => self.repair(step, &mut operation, 0)?,
            Kind::Read if operation.answers(self) >= operation.needed => self.end_read(step, op, &mut operation)?,
            Kind::Repair { .. } if !operation.answered && operation.is_complete() => {
                self.answer_read(step, &mut operation);
            }
            Kind::Write { ref record } if !operation.answered && operation.answers(self) >= operation.needed => {
                let (needed, replicas) = (operation.needed, self.ring().replicas());
                let (key, local) = (&operation.request.key, operation.local);
                step.note("written", || match local {
                    true => format!("{} of this data centre have stored {key}.", counted(needed, "replica")),
                    false => format!("{needed} of {replicas} replicas have stored {key}."),
                });
                let context = match record.siblings() {
                    // With siblings left, the client has to read them before it may replace them.
                    Some(siblings) if siblings.versions.len() > 1 => operation.request.context.clone(),
                    _ => record.context(),
                };
                let (id, version) = (operation.request.id, record.version_by(self.replica.writer.unwrap_or(self.me)));
                step.respond(operation.client, Response { id, answer: Answer::Written, context, version });
                operation.answered = true;
            }
            _ => {}
        }
        let goes_on = match operation.kind {
            Kind::Read => self.options.read_repair != ReadRepair::Off,
            Kind::Write { .. } => self.options.hinted_handoff,
            Kind::Repair { .. } | Kind::Forward => false,
        };
        if !operation.answered || (goes_on && !operation.is_complete()) {
            self.operations.put_back(op, operation);
        } else {
            self.operations.end(op);
        }
        Ok(())
    }

    fn end_read(&mut self, step: &mut Step, op: u64, operation: &mut Operation) -> Result<(), StorageError> {
        let answers = operation.asked.iter().filter(|asked| asked.state == State::Answered);
        let mut records = answers.map(|asked| &asked.record);
        let first = records.next();
        let differ = records.any(|record| Some(record) != first);
        if self.options.read_repair != ReadRepair::Blocking || !differ {
            self.answer_read(step, operation);
            return match self.options.read_repair {
                ReadRepair::Background if differ => self.repair(step, operation, 0),
                _ => Ok(()),
            };
        }
        step.note("repair-first", || {
            let needed = operation.needed;
            format!("{} and differ: the newest goes to the others before the client hears of it.", answered(needed))
        });
        self.repair(step, operation, op)?;
        if operation.is_complete() {
            self.answer_read(step, operation);
        }
        Ok(())
    }

    fn answer_read(&mut self, step: &mut Step, operation: &mut Operation) {
        let newest = match &operation.kind {
            Kind::Repair { newest } => Some(newest.clone()),
            _ => operation.newest(),
        };
        let mut values = newest.as_ref().map_or_else(Vec::new, Record::values);
        let answer = if values.len() > 1 { Answer::Siblings(values.into()) } else { Answer::Value(values.pop()) };
        let (needed, key) = (operation.needed, &operation.request.key);
        step.note("read", || match &newest {
            Some(newest) if newest.values().len() > 1 => {
                format!("{} for {key}: versions that did not know each other, {}.", answered(needed), newest.text())
            }
            Some(newest) => format!("{} for {key}, and the newest is {}.", answered(needed), newest.text()),
            None => format!("{} for {key}: it is not there.", answered(needed)),
        });
        let context = newest.as_ref().map_or_else(Bytes::default, Record::context);
        let version = newest.as_ref().map_or(0, Record::version);
        step.respond(operation.client, Response { id: operation.request.id, answer, context, version });
        operation.answered = true;
    }

    /// Sends the newest record to replicas that answered with an older one. `op`: the read waits for them; 0: it does not.
    fn repair(&mut self, step: &mut Step, operation: &mut Operation, op: u64) -> Result<(), StorageError> {
        let Some(newest) = operation.newest() else { return Ok(()) };
        let item = Item { key: operation.request.key.clone(), record: newest.clone() };
        let is_old = |asked: &&mut Asked| asked.state == State::Answered && asked.record.as_ref() != Some(&newest);
        for asked in operation.asked.iter_mut().filter(is_old) {
            asked.record = Some(newest.clone());
            self.repairs.sent += 1;
            let node = asked.node;
            if node == self.me {
                step.note("repaired", || format!("This node lacked that version of {}, and keeps it.", item.key));
                self.keep(step, &item, asked.instead_of)?;
                continue;
            }
            step.note("repaired", || format!("{node} lacks that version of {}: it is sent there.", item.key));
            let write = Write { item: item.clone(), keep_for: asked.instead_of };
            step.send(node, Message::Write { op, write: write.into() });
            if op != 0 {
                asked.state = State::Waiting;
            }
        }
        if op != 0 {
            // Replicas that have not been heard of are not waited for: enough others have.
            operation.asked.retain(|asked| asked.record.is_some());
            operation.kind = Kind::Repair { newest };
        }
        Ok(())
    }
}

fn answered(replicas: u16) -> String {
    counted(replicas, "replica") + " answered"
}

fn new_value(call: &Call) -> Option<&[u8]> {
    if let Call::Put(value) = call { Some(value) } else { None }
}

fn answer(step: &mut Step, client: NodeId, request: &Request, answer: Answer) {
    step.respond(client, Response { id: request.id, answer, context: Bytes::default(), version: 0 });
}

pub(super) fn refuse(step: &mut Step, client: NodeId, request: &Request, why: &'static str) {
    step.note("refused", || format!("{}: {why}.", request.text()));
    answer(step, client, request, Answer::Refused(why));
}

pub(super) fn give_up(step: &mut Step, client: NodeId, request: &Request) {
    step.note("timed-out", || format!("{}: too few replicas answered in time.", request.text()));
    answer(step, client, request, Answer::Unknown("too few replicas answered in time"));
}
