//! Clocks: what each kind can say of the order of events. Nodes write for clients and tell each other, and every event is
//! stamped by four clocks at once.
//!
//! ```text
//!              Lamport    vector        hybrid        interval
//!   n1 write      1       n1:1          10.000+0      [9.9, 10.1]
//!     ╲
//!   n2 ▶ receive  2       n1:1 n2:1     10.000+1      [6.9, 7.1]       its clock is 3 s behind
//!   n3 write      1       n3:1          10.002+0      [9.9, 10.1]      concurrent with both: only the vector shows it
//! ```
//!
//! - [`lamport`]: a smaller number for what came before, and for much else. Vector ([`super::versions::VersionVector`];
//!   C. Fidge, "Timestamps in Message-Passing Systems That Preserve the Partial Ordering", 1988; F. Mattern, "Virtual Time
//!   and Global States of Distributed Systems", 1989): smaller if and only if it came before.
//! - [`hybrid`]: as Lamport's, and near the time of day. [`interval`]: how wrong the time of day may be; with commit-wait
//!   a client hears of its write only when its stamp is past everywhere.
//!
//! A client's put is a write at the node that it asks, stamped with the latest time that it may be; the others are told. Of
//! two writes of a key the later stamp stays. Everything else that happens to a node is an event, too: a read, a message.
//! What is told and lost is not told again: this is about stamps, and stores that come together again are next door.
//!
//! **Invariant:** Lamport's, vector and hybrid clock of an event are greater than those of each event that it can know of.
//! **Invariant:** with commit-wait, and clocks no further off than they say, a write that begins after another was answered
//! has the later stamp, wherever it is.

pub mod hybrid;
pub mod interval;
pub mod lamport;
pub mod message;

use glassbase_trace::sorted::SortedMap;
use std::any::Any;
use std::rc::Rc;

pub use hybrid::Hybrid;
pub use interval::Interval;
pub use lamport::Lamport;
pub use message::{Message, Stamps, Told};

use super::cluster::Protocol;
use super::message::{Answer, Call, Message as Wired, Request, Response};
use super::node::{Node, Step, Timer};
use super::versions::{Input, Stamp};
use glassbase_storage::StorageError;
use glassbase_storage::lsm::WriteBatch;
use glassbase_trace::parts::cluster::{Datum, LogEntry, NodeDetail, NodeHead, NodeLog, Version};
use glassbase_trace::{Bytes, NodeId};

/// The wait of a write is over; the token is the number of the wait.
const COMMITTED: u8 = 1;
/// Events that are shown.
const EVENTS_SHOWN: usize = 64;
/// Keys that are shown.
const DATA_SHOWN: usize = 32;

/// Settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// A write is answered only when its stamp is past by every clock.
    pub commit_wait: bool,
    /// Writes are told to the other nodes.
    pub tell: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { commit_wait: true, tell: true }
    }
}

impl Options {
    /// Every setting works.
    pub fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

impl Protocol for Options {
    fn node(&self, me: NodeId, members: &[NodeId]) -> Box<dyn Node> {
        node(me, members, self)
    }
}

/// A value, and the time that it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Written {
    stamp: Stamp,
    value: Option<Bytes>,
}

/// An answer that waits for its time.
#[derive(Clone, Debug)]
struct Waiting {
    client: NodeId,
    request: Rc<Request>,
    stamp: Stamp,
    told: Rc<Told>,
}

/// A node with four clocks.
#[derive(Clone, Debug)]
pub struct Clocks {
    me: NodeId,
    members: Rc<[NodeId]>,
    options: Rc<Options>,
    stamps: Stamps,
    /// The last time that was given to a write here.
    given_ns: u64,
    values: SortedMap<Bytes, Written>,
    waiting: SortedMap<u64, Waiting>,
    waits: u64,
    /// The latest events, and how many there were before those.
    events: Vec<LogEntry>,
    events_before: u64,
}

/// A node. `members` are all nodes of the cluster.
pub fn node(me: NodeId, members: &[NodeId], options: &Options) -> Box<dyn Node> {
    Box::new(Clocks {
        me,
        members: members.into(),
        options: Rc::new(options.clone()),
        stamps: Stamps::default(),
        given_ns: 0,
        values: SortedMap::new(),
        waiting: SortedMap::new(),
        waits: 0,
        events: Vec::new(),
        events_before: 0,
    })
}

const STAMPS_KEY: &[u8] = b"mstamps";

impl Clocks {
    /// The stamps of the last event.
    pub fn stamps(&self) -> &Stamps {
        &self.stamps
    }

    /// An event happens, by a message that was sent with `sent` or by itself: all clocks move.
    fn event(&mut self, step: &mut Step, what: &'static str, key: &Bytes, sent: Option<&Stamps>) {
        let clock_ns = step.clock_ns;
        match sent {
            None => {
                self.stamps.lamport.tick();
                self.stamps.hybrid.tick(clock_ns);
            }
            Some(sent) => {
                self.stamps.lamport.meet(sent.lamport);
                self.stamps.hybrid.meet(clock_ns, sent.hybrid);
                self.stamps.vector.join(&sent.vector);
            }
        }
        let count = self.stamps.vector.get(self.me) + 1;
        self.stamps.vector.raise(self.me, count);
        self.stamps.interval = Interval::new(clock_ns, step.uncertainty_ns);
        let text = format!("{what} {key}  {}", self.stamps.text());
        step.note(what, || text.clone());
        self.events.push(LogEntry { term: self.stamps.lamport.0, text: text.into() });
        if self.events.len() > 2 * EVENTS_SHOWN {
            self.events.drain(..EVENTS_SHOWN);
            self.events_before += EVENTS_SHOWN as u64;
        }
    }

    /// Puts the clocks on the shelf, and a write with them. The caller syncs.
    fn keep(&self, step: &mut Step, key: Option<&Bytes>) -> Result<(), StorageError> {
        let mut batch = WriteBatch::new();
        let mut bytes = self.stamps.to_bytes();
        bytes.extend(self.given_ns.to_be_bytes());
        batch.put(STAMPS_KEY, &bytes);
        if let Some((key, written)) = key.and_then(|key| Some((key, self.values.get(key)?))) {
            let mut bytes = written.stamp.clock_ns.to_be_bytes().to_vec();
            bytes.extend(written.stamp.node.0.to_be_bytes());
            bytes.push(u8::from(written.value.is_some()));
            bytes.extend_from_slice(written.value.as_deref().unwrap_or_default());
            batch.put(&[b"d", &key[..]].concat(), &bytes);
        }
        step.shelf.write(&mut batch)?;
        step.shelf.sync()
    }

    fn load(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let damaged = || StorageError::DamagedFile {
            name: "shelf".to_string(),
            offset: 0,
            what: "the clocks or a value are not what they should be".to_string(),
        };
        if let Some(bytes) = step.shelf.get(STAMPS_KEY)? {
            let mut input = Input(&bytes);
            self.stamps = Stamps::decode(&mut input).ok_or_else(damaged)?;
            self.given_ns = input.u64().ok_or_else(damaged)?;
        }
        let mut values = Vec::new();
        step.shelf.scan(Some(b"d"), Some(b"e"), u64::MAX, &mut |place, bytes| {
            let mut input = Input(bytes);
            let written = (|| {
                let stamp = Stamp { clock_ns: input.u64()?, node: NodeId(input.u16()?) };
                let is_there = input.u8()? == 1;
                Some(Written { stamp, value: is_there.then(|| Bytes::from(input.0)) })
            })();
            values.push(written.map(|written| (Bytes::from(place.get(1..).unwrap_or_default()), written)));
        })?;
        self.values = values.into_iter().collect::<Option<SortedMap<_, _>>>().ok_or_else(damaged)?;
        Ok(())
    }

    /// Of two writes of a key the later stays.
    fn set(&mut self, key: &Bytes, written: Written) -> bool {
        let is_later = self.values.get(key).is_none_or(|known| known.stamp < written.stamp);
        if is_later {
            self.values.insert(key.clone(), written);
        }
        is_later
    }

    fn request(&mut self, step: &mut Step, client: NodeId, request: &Rc<Request>) -> Result<(), StorageError> {
        let value = match &request.call {
            Call::Get => return self.read(step, client, request),
            Call::Put(value) => Some(value.clone()),
            Call::Delete => None,
            Call::CompareAndSet { .. } | Call::Merge(_) => {
                let answer = Answer::Refused("this lab's nodes put, get and delete");
                step.respond(client, Response { id: request.id, answer, context: Bytes::default(), version: 0 });
                return Ok(());
            }
        };
        self.event(step, "write", &request.key, None);
        // The latest that it may be: nobody has an earlier interval that ends after it.
        let latest_ns = if self.options.commit_wait { self.stamps.interval.latest_ns } else { step.clock_ns };
        self.given_ns = latest_ns.max(self.given_ns + 1);
        let stamp = Stamp { clock_ns: self.given_ns, node: self.me };
        self.set(&request.key, Written { stamp, value: value.clone() });
        self.keep(step, Some(&request.key))?;
        let told = Told { key: request.key.clone(), value, stamp, stamps: self.stamps.clone() };
        let waiting = Waiting { client, request: request.clone(), stamp, told: told.into() };
        if !self.options.commit_wait {
            self.commit(step, &waiting);
            return Ok(());
        }
        let wait_ns = self.stamps.interval.wait_ns(stamp.clock_ns);
        let earliest = super::versions::seconds(self.stamps.interval.earliest_ns);
        step.note("commit-wait", || {
            let wait = super::versions::seconds(wait_ns);
            format!("The stamp is {}, and it may be as early as {earliest}: the answer waits {wait}.", stamp.text())
        });
        self.waits += 1;
        self.waiting.insert(self.waits, waiting);
        step.arm(Timer { kind: COMMITTED, token: self.waits }, wait_ns);
        Ok(())
    }

    /// Answers a write, and tells the others of it.
    fn commit(&mut self, step: &mut Step, waiting: &Waiting) {
        let (id, version) = (waiting.request.id, waiting.stamp.clock_ns);
        step.respond(waiting.client, Response { id, answer: Answer::Written, context: Bytes::default(), version });
        if self.options.tell {
            for node in self.members.iter().filter(|node| **node != self.me) {
                step.send(*node, Message::Told(waiting.told.clone()));
            }
        }
    }

    fn read(&mut self, step: &mut Step, client: NodeId, request: &Request) -> Result<(), StorageError> {
        self.event(step, "read", &request.key, None);
        self.keep(step, None)?;
        let found = self.values.get(&request.key);
        let (answer, version) = match found {
            Some(written) => (Answer::Value(written.value.clone()), written.stamp.clock_ns),
            None => (Answer::Value(None), 0),
        };
        step.respond(client, Response { id: request.id, answer, context: Bytes::default(), version });
        Ok(())
    }

    fn told(&mut self, step: &mut Step, told: &Told) -> Result<(), StorageError> {
        self.event(step, "receive", &told.key, Some(&told.stamps));
        let is_later = self.set(&told.key, Written { stamp: told.stamp, value: told.value.clone() });
        if !is_later {
            step.note("older", || format!("{} has a later stamp here: the write that came stays out.", told.key));
        }
        self.keep(step, Some(&told.key))
    }
}

impl Node for Clocks {
    fn start(&mut self, step: &mut Step) -> Result<(), StorageError> {
        self.load(step)
    }

    fn receive(&mut self, step: &mut Step, from: NodeId, message: Wired) -> Result<(), StorageError> {
        match message {
            Wired::Request(request) => self.request(step, from, &request),
            Wired::Clocks(Message::Told(told)) => self.told(step, &told),
            _ => Ok(()),
        }
    }

    fn fire(&mut self, step: &mut Step, timer: Timer) -> Result<(), StorageError> {
        let Some(waiting) = self.waiting.remove(&timer.token) else { return Ok(()) };
        // A clock that was set back meanwhile makes it wait again.
        let interval = Interval::new(step.clock_ns, step.uncertainty_ns);
        if !interval.is_after(waiting.stamp.clock_ns) {
            let wait_ns = interval.wait_ns(waiting.stamp.clock_ns);
            self.waiting.insert(timer.token, waiting);
            step.arm(timer, wait_ns.max(1));
            return Ok(());
        }
        step.note("committed", || format!("{} is past by every clock: the client is told.", waiting.stamp.text()));
        self.commit(step, &waiting);
        Ok(())
    }

    fn describe(&self) -> NodeDetail {
        let stamps = &self.stamps;
        let head = NodeHead::new("node")
            .fact("Lamport", stamps.lamport.0.to_string())
            .fact("vector", stamps.vector.text())
            .fact("hybrid", stamps.hybrid.text())
            .fact("interval", stamps.interval_text())
            .fact("waiting", self.waiting.len().to_string());
        let skipped = self.events.len().saturating_sub(EVENTS_SHOWN);
        let log = NodeLog { first: self.events_before + skipped as u64 + 1, entries: self.events[skipped..].to_vec() };
        let data = self.values.iter().take(DATA_SHOWN).map(|(key, written)| {
            let version = Version {
                value: written.value.as_ref().map_or_else(String::new, Bytes::to_string).into(),
                stamp: written.stamp.text().into(),
                deleted: written.value.is_none(),
            };
            Rc::new(Datum { key: key.clone(), versions: vec![version] })
        });
        NodeDetail { head: Rc::new(head), log: Rc::new(log), data: data.collect() }
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
