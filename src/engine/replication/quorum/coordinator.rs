//! A node that a client asks coordinates the request: it asks the replicas, counts, answers, repairs.
//!
//! ```text
//!   read    asked ─R answers─▶ answered ─more answers, repairs─▶ gone      blocking: asked ─R─▶ repairing ─▶ answered
//!   write   asked ─W written─▶ answered ─more answers, hints───▶ gone
//!   either  asked ─silent: suspect, hint or stand-in─▶ asked ─time-out─▶ refused or unknown, gone
//! ```
//!
//! **Invariant:** a write is refused only before anybody has stored it.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use super::super::message::{Answer, Call, Consistency, Request, RequestId, Response};
use super::super::node::Step;
use super::super::versions::{Stamp, VersionVector};
use super::message::{Forward, Item, Message, Write};
use super::options::{ReadRepair, Resolution};
use super::record::{Held, Record};
use super::ring::token;
use super::{Quorum, SWEEP};
use crate::storage::StorageError;
use crate::trace::{Bytes, NodeId};

/// Requests whose stamps are remembered, for when they are asked again.
const REMEMBERED: usize = 512;

/// What a client with [`Resolution::ClientClock`] brings along with a write.
pub fn client_stamp(clock_ns: u64) -> Bytes {
    Bytes::from(&clock_ns.to_be_bytes()[..])
}

/// A node that was asked.
#[derive(Clone, Debug)]
struct Asked {
    node: NodeId,
    /// It stands in for this one.
    instead_of: Option<NodeId>,
    state: State,
    record: Option<Record>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    /// It was silent for too long.
    Silent,
    Answered,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Read,
    /// A read that waits for its repairs.
    Repair {
        newest: Record,
    },
    Write {
        record: Record,
    },
    Forward,
}

/// A request that is coordinated.
#[derive(Clone, Debug)]
struct Operation {
    client: NodeId,
    request: Rc<Request>,
    begun_ns: u64,
    asked: Vec<Asked>,
    /// How many answers it takes, and whether only those of this data centre count.
    needed: u16,
    local: bool,
    answered: bool,
    kind: Kind,
}

/// The requests that are coordinated, by number.
#[derive(Clone, Debug, Default)]
pub struct Operations {
    first: u64,
    open: VecDeque<Option<Box<Operation>>>,
}

impl Operations {
    pub fn begin_at(&mut self, first: u64) {
        self.first = first.max(1);
    }

    fn add(&mut self, operation: Operation) -> u64 {
        self.open.push_back(Some(Box::new(operation)));
        self.first + self.open.len() as u64 - 1
    }

    fn get(&mut self, op: u64) -> Option<&mut Operation> {
        let at = usize::try_from(op.checked_sub(self.first)?).ok()?;
        self.open.get_mut(at)?.as_deref_mut()
    }

    pub fn end(&mut self, op: u64) {
        if let Some(at) = op.checked_sub(self.first).and_then(|at| usize::try_from(at).ok())
            && let Some(place) = self.open.get_mut(at)
        {
            *place = None;
            while let Some(None) = self.open.front() {
                self.open.pop_front();
                self.first += 1;
            }
        }
    }

    /// The numbers of those that are open.
    fn numbers(&self) -> Vec<u64> {
        let open = self.open.iter().enumerate().filter(|(_, operation)| operation.is_some());
        open.map(|(at, _)| self.first + at as u64).collect()
    }
}

/// The stamps of the latest requests: one that is asked again keeps its own.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    stamps: BTreeMap<RequestId, Stamp>,
    order: VecDeque<RequestId>,
}

impl Recent {
    fn remember(&mut self, id: RequestId, stamp: Stamp) {
        if self.stamps.insert(id, stamp).is_none() {
            self.order.push_back(id);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.stamps.remove(&oldest);
        }
    }
}

impl Operation {
    fn counts(&self, quorum: &Quorum, asked: &Asked) -> bool {
        !self.local || quorum.ring().data_centre(asked.node) == quorum.ring().data_centre(quorum.me)
    }

    fn answers(&self, quorum: &Quorum) -> u16 {
        let answered = |asked: &&Asked| asked.state == State::Answered && self.counts(quorum, asked);
        self.asked.iter().filter(answered).count() as u16
    }

    fn newest(&self) -> Option<Record> {
        let records = self.asked.iter().filter_map(|asked| asked.record.as_ref());
        records.fold(None, |newest, record| match newest {
            Some(ref known) if known == record => newest,
            newest => Record::newest(newest, Some(record.clone())),
        })
    }

    fn is_complete(&self) -> bool {
        self.asked.iter().all(|asked| asked.state == State::Answered)
    }
}

impl Quorum {
    pub(super) fn request(&mut self, step: &mut Step, client: NodeId, request: Rc<Request>) -> Result<(), StorageError> {
        match &request.call {
            Call::Get => self.begin_read(step, client, request),
            Call::Put(_) | Call::Delete => self.begin_write(step, client, request),
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
                let near = asked.iter().filter(|asked| centre(asked.instead_of.unwrap_or(asked.node)) == centre(self.me));
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

    fn begin(&mut self, step: &mut Step, operation: Operation) -> u64 {
        if !self.sweeping {
            self.sweeping = true;
            step.arm(SWEEP, self.options.suspect_ns);
        }
        self.operations.add(operation)
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
        let mut here = None;
        for asked in asked.iter_mut().filter(|asked| asked.node == self.me) {
            asked.state = State::Answered;
            asked.record = self.replica.look(step.shelf, &request.key)?;
            here = Some(());
        }
        let key = request.key.clone();
        let others: Vec<NodeId> = asked.iter().map(|asked| asked.node).filter(|node| *node != self.me).collect();
        let (begun_ns, kind) = (step.clock_ns, Kind::Read);
        let operation = Operation { client, request, begun_ns, asked, needed, local, answered: false, kind };
        let op = self.begin(step, operation);
        for node in others {
            step.send(node, Message::Read { op, key: key.clone() });
        }
        if here.is_some() { self.go_on(step, op) } else { Ok(()) }
    }

    pub(super) fn begin_write(
        &mut self,
        step: &mut Step,
        client: NodeId,
        request: Rc<Request>,
    ) -> Result<(), StorageError> {
        let asked = self.whom(&request.key);
        let (needed, local) = match self.needed(request.consistency, self.options.write, &asked) {
            Ok(needed) => needed,
            Err(why) => {
                refuse(step, client, &request, why);
                self.arm_probe(step);
                return Ok(());
            }
        };
        let is_replica = asked.iter().any(|asked| asked.node == self.me && asked.instead_of.is_none());
        if self.options.resolution == Resolution::Dotted && !is_replica {
            return self.forward(step, client, request, None);
        }
        let record = match self.options.resolution {
            Resolution::Dotted => self.new_dotted(step, &request)?,
            _ => self.new_stamped(step, client, &request),
        };
        let write = |keep_for| Write { item: Item { key: request.key.clone(), record: record.clone() }, keep_for };
        let plain = Rc::new(write(None));
        let (mut asked, me) = (asked, self.me);
        for asked in asked.iter_mut().filter(|asked| asked.node == me) {
            self.keep(step, &plain.item, asked.instead_of)?;
            asked.state = State::Answered;
        }
        let targets: Vec<(NodeId, Option<NodeId>)> =
            asked.iter().filter(|asked| asked.node != self.me).map(|asked| (asked.node, asked.instead_of)).collect();
        let (begun_ns, request_, kind) = (step.clock_ns, request.clone(), Kind::Write { record: record.clone() });
        let operation = Operation { client, request: request_, begun_ns, asked, needed, local, answered: false, kind };
        let op = self.begin(step, operation);
        for (node, instead_of) in targets {
            let write = if instead_of.is_some() { Rc::new(write(instead_of)) } else { plain.clone() };
            step.send(node, Message::Write { op, write });
        }
        self.go_on(step, op)
    }

    /// Only a replica gives dots to versions: whoever has a dot must have had the siblings that were there before it.
    fn forward(
        &mut self,
        step: &mut Step,
        client: NodeId,
        request: Rc<Request>,
        tried: Option<NodeId>,
    ) -> Result<(), StorageError> {
        let (range, _) = self.ring().place(token(&request.key));
        let up = |node: &NodeId| !self.suspects.contains(node) && Some(*node) != tried && *node != self.me;
        let Some(node) = self.ring().replicas_of(range).find(up) else {
            match tried {
                Some(_) => give_up(step, client, &request),
                None => refuse(step, client, &request, "no replica of this key is up to coordinate the write"),
            }
            return Ok(());
        };
        let asked = vec![Asked { node, instead_of: None, state: State::Waiting, record: None }];
        let (begun_ns, kind) = (step.clock_ns, Kind::Forward);
        let forward = Rc::new(Forward { client, request: request.clone() });
        let operation =
            Operation { client, request, begun_ns, asked, needed: 1, local: false, answered: false, kind };
        let op = self.begin(step, operation);
        step.send(node, Message::Forward { op, forward });
        Ok(())
    }

    fn new_stamped(&mut self, step: &mut Step, client: NodeId, request: &Request) -> Record {
        let brought = (self.options.resolution == Resolution::ClientClock)
            .then(|| <[u8; 8]>::try_from(&request.context[..]).ok())
            .flatten();
        let stamp = match (brought, self.recent.stamps.get(&request.id)) {
            (Some(clock), _) => Stamp { clock_ns: u64::from_be_bytes(clock), node: client },
            (None, Some(stamp)) => *stamp,
            (None, None) => {
                // Two writes through one node in the same nanosecond, or after its clock was set back, keep their order.
                self.stamped_ns = step.clock_ns.max(self.stamped_ns + 1);
                let stamp = Stamp { clock_ns: self.stamped_ns, node: self.me };
                self.recent.remember(request.id, stamp);
                stamp
            }
        };
        Record::stamped(stamp, new_value(&request.call))
    }

    /// This replica's versions with the new one, which replaces those that the client has seen.
    fn new_dotted(&mut self, step: &mut Step, request: &Request) -> Result<Record, StorageError> {
        let old = self.replica.get(step.shelf, &request.key)?;
        if let Some(old) = &old
            && self.recent.stamps.contains_key(&request.id)
        {
            return Ok(old.clone());
        }
        let mut siblings = old.and_then(|old| old.siblings()).unwrap_or_default();
        let dot = self.replica.give_dot(step.shelf)?;
        let stamp = Stamp { clock_ns: step.clock_ns, node: self.me };
        let context = VersionVector::from_bytes(&request.context).unwrap_or_default();
        siblings.update(dot, context, Held { stamp, value: new_value(&request.call).map(Bytes::from) });
        self.recent.remember(request.id, stamp);
        if siblings.versions.len() > 1 {
            let count = siblings.versions.len();
            step.note("siblings", || format!("{} was written without knowledge of each other: {count} versions.", request.key));
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
    fn go_on(&mut self, step: &mut Step, op: u64) -> Result<(), StorageError> {
        let Some(mut operation) = self.take(op) else { return Ok(()) };
        match operation.kind {
            Kind::Read if operation.answered => self.repair(step, &mut operation, 0)?,
            Kind::Read if operation.answers(self) >= operation.needed => self.end_read(step, op, &mut operation)?,
            Kind::Repair { .. } if !operation.answered && operation.is_complete() => {
                self.answer_read(step, &mut operation);
            }
            Kind::Write { ref record } if !operation.answered && operation.answers(self) >= operation.needed => {
                let (needed, replicas) = (operation.needed, self.ring().replicas());
                let key = &operation.request.key;
                step.note("written", || format!("{needed} of {replicas} replicas have stored {key}."));
                let context = match record.siblings() {
                    // With siblings left, the client has to read them before it may replace them.
                    Some(siblings) if siblings.versions.len() > 1 => operation.request.context.clone(),
                    _ => record.context(),
                };
                let (id, version) = (operation.request.id, record.version());
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
            self.put_back(op, operation);
        } else {
            self.operations.end(op);
        }
        Ok(())
    }

    fn take(&mut self, op: u64) -> Option<Box<Operation>> {
        let at = usize::try_from(op.checked_sub(self.operations.first)?).ok()?;
        self.operations.open.get_mut(at)?.take()
    }

    fn put_back(&mut self, op: u64, operation: Box<Operation>) {
        if let Some(place) = self.operations.open.get_mut((op - self.operations.first) as usize) {
            *place = Some(operation);
        }
    }

    fn end_read(&mut self, step: &mut Step, op: u64, operation: &mut Operation) -> Result<(), StorageError> {
        let answers = operation.asked.iter().filter(|asked| asked.state == State::Answered);
        let mut records = answers.map(|asked| &asked.record);
        let first = records.next();
        let differ = records.any(|record| Some(record) != first);
        if self.options.read_repair != ReadRepair::Blocking || !differ {
            self.answer_read(step, operation);
            return if differ { self.repair(step, operation, 0) } else { Ok(()) };
        }
        step.note("repair-first", || {
            let needed = operation.needed;
            format!("{needed} replicas answered, and differ: the newest goes to the others before the client hears of it.")
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
            Some(newest) => format!("{needed} replicas answered for {key}, and the newest is {}.", newest.text()),
            None => format!("{needed} replicas answered for {key}, and none has it."),
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
            step.note("repaired", || format!("{node} has an older version of {}: it is sent the newest.", item.key));
            if node == self.me {
                self.keep(step, &item, asked.instead_of)?;
                continue;
            }
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

    /// Looks for requests that have waited too long for somebody.
    pub(super) fn sweep(&mut self, step: &mut Step) -> Result<(), StorageError> {
        self.sweeping = false;
        for op in self.operations.numbers() {
            let Some(mut operation) = self.take(op) else { continue };
            let waited_ns = step.clock_ns.saturating_sub(operation.begun_ns);
            if waited_ns >= self.options.suspect_ns {
                self.without_silent(step, op, &mut operation)?;
            }
            let is_moved = operation.kind == Kind::Forward && operation.answered;
            if waited_ns < self.options.timeout_ns && !is_moved {
                self.put_back(op, operation);
                self.go_on(step, op)?;
                continue;
            }
            if !operation.answered {
                time_out(step, &operation);
            }
            self.operations.end(op);
        }
        if !self.operations.open.is_empty() && !self.sweeping {
            self.sweeping = true;
            step.arm(SWEEP, (self.options.suspect_ns / 2).max(1));
        }
        Ok(())
    }

    /// Takes those for down that have not answered, and does what can be done without them.
    fn without_silent(&mut self, step: &mut Step, op: u64, operation: &mut Operation) -> Result<(), StorageError> {
        let mut stand_ins = Vec::new();
        let key = operation.request.key.clone();
        let (range, _) = self.ring().place(token(&key));
        for at in 0..operation.asked.len() {
            if operation.asked[at].state != State::Waiting {
                continue;
            }
            operation.asked[at].state = State::Silent;
            let node = operation.asked[at].node;
            self.suspect(step, node);
            let meant = operation.asked[at].instead_of.unwrap_or(node);
            let is_free = |other: &NodeId| {
                !self.suspects.contains(other)
                    && operation.asked.iter().all(|asked| asked.node != *other)
                    && stand_ins.iter().all(|(stand_in, _)| stand_in != other)
            };
            let stand_in = self.ring().order(range).find(is_free).filter(|_| self.options.sloppy);
            match (&operation.kind, stand_in) {
                (Kind::Forward, _) => {
                    operation.answered = true;
                    self.forward(step, operation.client, operation.request.clone(), Some(node))?;
                }
                (Kind::Read | Kind::Write { .. }, Some(other)) => stand_ins.push((other, meant)),
                (Kind::Write { record }, None) if self.options.hinted_handoff => {
                    let item = Item { key: key.clone(), record: record.clone() };
                    self.keep(step, &item, Some(meant))?;
                }
                _ => {}
            }
        }
        for (node, meant) in stand_ins {
            self.ask_stand_in(step, op, operation, node, meant)?;
        }
        Ok(())
    }

    fn ask_stand_in(
        &mut self,
        step: &mut Step,
        op: u64,
        operation: &mut Operation,
        node: NodeId,
        meant: NodeId,
    ) -> Result<(), StorageError> {
        step.note("stand-in", || format!("{node} stands in for {meant}."));
        let mut asked = Asked { node, instead_of: Some(meant), state: State::Waiting, record: None };
        let key = operation.request.key.clone();
        match (&operation.kind, node == self.me) {
            (Kind::Write { record }, here) => {
                let item = Item { key, record: record.clone() };
                if here {
                    self.keep(step, &item, Some(meant))?;
                    asked.state = State::Answered;
                } else {
                    step.send(node, Message::Write { op, write: Write { item, keep_for: Some(meant) }.into() });
                }
            }
            (_, true) => {
                asked.record = self.replica.look(step.shelf, &key)?;
                asked.state = State::Answered;
            }
            (_, false) => step.send(node, Message::Read { op, key }),
        }
        operation.asked.push(asked);
        Ok(())
    }
}

fn new_value(call: &Call) -> Option<&[u8]> {
    if let Call::Put(value) = call { Some(value) } else { None }
}

fn answer(step: &mut Step, client: NodeId, request: &Request, answer: Answer) {
    step.respond(client, Response { id: request.id, answer, context: Bytes::default(), version: 0 });
}

fn refuse(step: &mut Step, client: NodeId, request: &Request, why: &'static str) {
    step.note("refused", || format!("{}: {why}.", request.text()));
    answer(step, client, request, Answer::Refused(why));
}

fn give_up(step: &mut Step, client: NodeId, request: &Request) {
    step.note("timed-out", || format!("{}: too few replicas answered in time.", request.text()));
    answer(step, client, request, Answer::Unknown("too few replicas answered in time"));
}

fn time_out(step: &mut Step, operation: &Operation) {
    match operation.kind {
        Kind::Read | Kind::Repair { .. } => {
            refuse(step, operation.client, &operation.request, "too few replicas answered in time");
        }
        Kind::Write { .. } | Kind::Forward => give_up(step, operation.client, &operation.request),
    }
}
