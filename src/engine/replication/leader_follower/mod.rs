//! One leader takes all writes and ships the log of its storage engine to followers, which apply it: leader-follower
//! replication by log shipping.
//!
//! ```text
//!   client ──write──▶ leader: append to the store's log, sync
//!                        │ ──entries──▶ follower: append, sync, apply ──acknowledged──▶
//!                        └─ asynchronous:      done at once
//!                           semi-synchronous:  done with k acknowledgements
//!                           synchronous:       done with all of them
//! ```
//!
//! What is shipped is the log that the store writes anyway: see `shelf::log`. So it is in PostgreSQL (streaming replication)
//! and, one floor higher, in MySQL (row-based binary log). k acknowledgements are PostgreSQL's `synchronous_standby_names =
//! ANY k (…)` and MySQL's semi-synchronous replication, which may fall back to asynchronous after a time-out
//! ([`Options::degrade_ns`]).
//!
//! **Failover.** A follower that does not hear its leader asks the others how far they are; if enough answer, the one with
//! the most of the log is promoted, and an epoch begins. Around PostgreSQL Patroni does this, by a race for a key in a
//! consensus store; around MySQL it is orchestrator, by asking the replicas. Here those who answer promise to follow no older
//! epoch, durably, so no two nodes lead the same epoch when a majority has to answer (as the first phase of Paxos, and
//! Raft's votes, see to it; viewstamped replication chooses the most advanced log likewise: Liskov and Cowling,
//! "Viewstamped Replication Revisited", 2012).
//!
//! What that does **not** guarantee: with asynchronous replication whatever only the old leader had is lost, though clients
//! were told that it is done. [`Options::promises`] says which settings lose no such write. Nor are reads of the leader always
//! the newest: a leader that is cut off does not know that it was replaced, unless [`Options::demote_ns`] makes it step down
//! first. This protocol is no consensus; for that see `raft`.
//!
//! **Fencing.** Whoever has promised an epoch refuses older ones; an old leader that hears so steps down, and takes back what
//! the new leader does not have. What clients were told of that is done is counted and named, by the node (notes
//! "log-taken-back") and by [`ledger::Ledger`], which sees all nodes (notes "writes-lost"). Without fencing it leads on: split
//! brain.
//!
//! - [`leader`]: writes, shipping, acknowledgements. [`follower`]: entries, joining, rewinding. [`snapshot`]: catching up
//!   when the log does not reach back. [`failover`]: suspicion, asking around, promotion. [`reads`]: who may answer a read.
//! - [`epoch`]: who led when. [`cell`]: what is kept. [`ledger`]: what was promised and what became of it.
//!
//! **Invariants:** a position and its epoch name one entry; the log of a follower that has joined a leader is a beginning of
//! the leader's; a leader's log only grows.

mod cell;
mod describe;
mod epoch;
mod failover;
mod follower;
mod leader;
pub mod ledger;
mod message;
mod options;
mod reads;
mod snapshot;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;

use glassbase_trace::sorted::SortedMap;
use std::rc::Rc;

pub use cell::{Cell, Entry, Session};
pub use epoch::{Epoch, Has, History, Stamp};
pub use message::{Entries, Join, Message, Piece, Reply};
pub use options::{Mode, Options, Promotion};

use super::cluster::{Protocol, Watch};
use super::message::{Answer, Message as AnyMessage, RequestId, Response};
use super::node::{Node, Step, Timer};
use super::shelf::Logged;
use failover::Asking;
use follower::Following;
use glassbase_storage::StorageError;
use glassbase_storage::codec::{Reader, put_number};
use glassbase_trace::parts::cluster::NodeDetail;
use glassbase_trace::{Bytes, NodeId};
use leader::{Answered, Leadership};
use reads::Waiting;

/// No leader was heard for too long.
pub const SUSPECT: Timer = Timer::of(1);
/// The leader has to be heard.
pub const HEARTBEAT: Timer = Timer::of(2);
/// The answers to a question have to be there.
pub const ASK: Timer = Timer::of(3);
/// What was written is shipped.
pub const SHIP: Timer = Timer::of(4);
/// Reads have waited long enough.
pub const WAIT: Timer = Timer::of(5);

/// Entries of the log that are shown.
const SHOWN_ENTRIES: usize = 64;
/// Keys that are shown.
const SHOWN_KEYS: usize = 32;

/// A node of a cluster of `members`, the first of which leads at first.
pub fn node(me: NodeId, members: &[NodeId], options: &Options) -> Box<dyn Node> {
    Box::new(Replica::new(me, members, options))
}

impl Protocol for Options {
    fn node(&self, me: NodeId, members: &[NodeId]) -> Box<dyn Node> {
        node(me, members, self)
    }

    fn watch(&self) -> Option<Box<dyn Watch>> {
        Some(Box::new(ledger::Ledger::new(self)))
    }

    fn check(&self, nodes: u16) -> Result<(), String> {
        Options::check(self, nodes)
    }

    fn spans_keys(&self) -> bool {
        true
    }
}

/// What a node is at the moment.
#[derive(Clone, Debug)]
enum Role {
    Leader(Box<Leadership>),
    Follower(Following),
    /// It asks the others how far they are.
    Asking(Asking),
}

/// A node.
#[derive(Clone, Debug)]
pub struct Replica {
    me: NodeId,
    members: Rc<[NodeId]>,
    options: Rc<Options>,
    /// Kept beside the store: the newest epoch number that it has promised, and to whom; whether it leads; whether a snapshot
    /// was being put in place, so that what is there is nothing.
    promised: u64,
    promised_to: NodeId,
    led: bool,
    loading: bool,
    /// The highest epoch number that it has heard of.
    rumoured: u64,
    /// Until then it may have been in the reach of a leader before it was started, and promises nothing.
    guarded_until_ns: u64,
    /// The epoch that it leads or follows.
    epoch: Epoch,
    role: Role,
    /// The log: epochs, and the position of the last entry.
    history: History,
    end: u64,
    /// Up to which position writes are done, as far as it knows.
    committed: u64,
    /// The newest request of each client, and where it stands in the log.
    clients: SortedMap<NodeId, (RequestId, u64)>,
    /// When it heard its leader last, by its own clock.
    heard_ns: u64,
    /// It has all that the leader had at this time of the leader's clock.
    fresh_ns: Option<u64>,
    waiting: Vec<Waiting>,
    /// What it told its clients is done in the call under way: for the ledger.
    answered: Vec<Answered>,
    /// The newest position of which it told a client that it is done, since it was started.
    told: u64,
    /// Writes that it took back though a client had been told that they are done, in words.
    lost: Vec<String>,
    /// The end of the log, and the first keys, for people.
    entries: VecDeque<(u64, Epoch, Rc<str>)>,
    data: SortedMap<Bytes, (Option<Bytes>, Stamp)>,
    changes: u64,
    shown: RefCell<describe::Shown>,
}

impl Replica {
    pub fn new(me: NodeId, members: &[NodeId], options: &Options) -> Replica {
        Replica {
            me,
            members: members.into(),
            options: Rc::new(options.clone()),
            promised: 0,
            promised_to: NodeId(0),
            led: false,
            loading: false,
            rumoured: 0,
            guarded_until_ns: 0,
            epoch: Epoch::default(),
            role: Role::Follower(Following::default()),
            history: History::default(),
            end: 0,
            committed: 0,
            clients: SortedMap::new(),
            heard_ns: 0,
            fresh_ns: None,
            waiting: Vec::new(),
            answered: Vec::new(),
            told: 0,
            lost: Vec::new(),
            entries: VecDeque::new(),
            data: SortedMap::new(),
            changes: 0,
            shown: RefCell::default(),
        }
    }

    pub fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    /// The epoch that it leads or follows.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub fn history(&self) -> &History {
        &self.history
    }

    /// Position of its last entry.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Up to which position writes are done, as far as it knows.
    pub fn committed(&self) -> u64 {
        self.committed
    }

    pub fn members(&self) -> &[NodeId] {
        &self.members
    }

    /// What it told its clients is done in its last step.
    pub fn answered(&self) -> &[Answered] {
        &self.answered
    }

    /// Writes that it took back though it had told clients that they are done, in words.
    pub fn lost(&self) -> &[String] {
        &self.lost
    }

    fn others(&self) -> impl Iterator<Item = NodeId> + use<> {
        let (members, me) = (self.members.clone(), self.me);
        (0..members.len()).map(move |at| members[at]).filter(move |node| *node != me)
    }

    fn stamp(&self, position: u64) -> Stamp {
        Stamp { epoch: self.history.at(position), position }
    }

    /// Reads the shelf.
    fn load(&mut self, step: &mut Step) -> Result<(), StorageError> {
        step.shelf.keep_log(self.options.kept_batches)?;
        let note = step.shelf.note()?;
        let mut reader = Reader::new(&note);
        self.promised = reader.number().unwrap_or(0);
        self.promised_to = NodeId(reader.number().unwrap_or(0) as u16);
        (self.led, self.loading) = (reader.byte() == Some(1), reader.byte() == Some(1));
        if self.loading {
            // A snapshot was half in place: what is there is nothing. It has to be sent again, and until then this node
            // answers nobody who asks how far it is, because what it has acknowledged before is gone.
            step.shelf.install(&[], 0, self.options.kept_batches)?;
        }
        self.read_store(step)
    }

    /// Learns what the store has, after a start, after entries were taken back, after a snapshot.
    fn read_store(&mut self, step: &mut Step) -> Result<(), StorageError> {
        self.end = step.shelf.log_end();
        self.history = History::default();
        let mut epochs = Vec::new();
        let mut cells = Vec::new();
        let mut failed = None;
        step.shelf.scan(Some(b"d"), Some(b"f"), u64::MAX, &mut |key, value| match Entry::decode(key, value) {
            Ok((Entry::Begins(epoch), first)) => epochs.push((epoch, first)),
            Ok((Entry::Write(key, cell), _)) => cells.push((key, cell)),
            Err(error) => failed = Some(error),
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        epochs.iter().for_each(|(epoch, first)| self.history.begin(*epoch, *first));
        self.clients.clear();
        self.data.clear();
        for (key, cell) in &cells {
            self.learn(key, cell);
        }
        self.entries.clear();
        self.changes += 1;
        let from = step.shelf.log_start();
        let batches = step.shelf.read_log(from, usize::MAX)?.unwrap_or_default();
        for batch in &batches {
            let (entry, position) = self.entry_of(step, batch)?;
            if let Entry::Write(_, cell) = &entry {
                self.learn_request(cell);
            }
            self.show_entry(position, &entry);
        }
        Ok(())
    }

    /// What a batch of the log says: each is one write.
    fn entry_of(&self, step: &mut Step, batch: &Logged) -> Result<(Entry, u64), StorageError> {
        let changes = step.shelf.changes(batch)?;
        let change = changes.first().and_then(|change| change.value.as_ref().map(|value| (&change.key, value)));
        let Some((key, value)) = change else {
            let what = "an entry of the log is no write of this protocol".to_string();
            return Err(StorageError::DamagedFile { name: "shipped log".to_string(), offset: batch.first, what });
        };
        let (entry, _) = Entry::decode(key, value)?;
        Ok((entry, batch.first))
    }

    /// Remembers what is shown of an entry that was applied, and which request it was.
    fn note_entry(&mut self, position: u64, entry: &Entry) {
        match entry {
            Entry::Begins(epoch) => {
                if self.history.last() < *epoch {
                    self.history.begin(*epoch, position);
                }
            }
            Entry::Write(key, cell) => self.learn(key, cell),
        }
        self.show_entry(position, entry);
        self.changes += 1;
    }

    fn learn(&mut self, key: &Bytes, cell: &Cell) {
        self.learn_request(cell);
        let is_shown = self.data.len() < SHOWN_KEYS || self.data.last_key_value().is_some_and(|(last, _)| key <= last);
        if is_shown {
            let stamp = self.stamp(cell.position);
            self.data.insert(key.clone(), (cell.value.clone(), stamp));
            if self.data.len() > SHOWN_KEYS {
                self.data.pop_last();
            }
        }
    }

    fn learn_request(&mut self, cell: &Cell) {
        let known = self.clients.entry(cell.client).or_insert((cell.request, cell.position));
        if known.0 < cell.request {
            *known = (cell.request, cell.position);
        }
    }

    fn show_entry(&mut self, position: u64, entry: &Entry) {
        self.entries.push_back((position, self.history.at(position), entry.text().into()));
        if self.entries.len() > SHOWN_ENTRIES {
            self.entries.pop_front();
        }
    }

    /// Keeps what it has promised, durably.
    fn keep(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let mut note = Vec::new();
        put_number(&mut note, self.promised);
        put_number(&mut note, self.promised_to.0.into());
        note.extend_from_slice(&[u8::from(self.led), u8::from(self.loading)]);
        step.shelf.set_note(&note)
    }

    fn sync(&self, step: &mut Step) -> Result<(), StorageError> {
        if self.options.sync { step.shelf.sync() } else { Ok(()) }
    }

    fn tell(&self, step: &mut Step, client: NodeId, id: RequestId, answer: Answer) {
        step.respond(client, Response { id, answer, context: Bytes::default(), version: 0 });
    }

    fn hear(&mut self, step: &mut Step, from: NodeId, message: Message) -> Result<(), StorageError> {
        match message {
            Message::Entries(entries) => self.entries(step, from, &entries),
            Message::Acknowledged { epoch, position, sent_ns } => {
                self.acknowledged(step, from, epoch, position, sent_ns)
            }
            Message::Refused { promised } => self.refused(step, from, promised),
            Message::Join(join) => self.joins(step, from, &join),
            Message::Rewind { epoch, to } => self.rewind(step, from, epoch, to),
            Message::Snapshot(piece) => self.piece(step, from, &piece),
            Message::SnapshotTaken { epoch, at, next } => self.snapshot_taken(step, from, epoch, at, next),
            Message::Ask { number, binds } => self.asked(step, from, number, binds),
            Message::Answer(reply) => self.reply(step, from, *reply),
            Message::Promote { number } => self.promote_asked(step, from, number),
        }
    }
}

impl Node for Replica {
    fn start(&mut self, step: &mut Step) -> Result<(), StorageError> {
        self.load(step)?;
        self.begin(step)
    }

    fn receive(&mut self, step: &mut Step, from: NodeId, message: AnyMessage) -> Result<(), StorageError> {
        self.answered.clear();
        match message {
            AnyMessage::Request(request) => self.request(step, from, &request),
            AnyMessage::LeaderFollower(message) => self.hear(step, from, message),
            _ => Ok(()),
        }
    }

    fn fire(&mut self, step: &mut Step, timer: Timer) -> Result<(), StorageError> {
        self.answered.clear();
        match timer {
            SUSPECT => self.suspect(step),
            HEARTBEAT => self.heartbeat(step),
            ASK => self.time_is_up(step),
            SHIP => self.ship_all(step),
            WAIT => self.waited(step),
            _ => Ok(()),
        }
    }

    fn describe(&self) -> NodeDetail {
        self.detail()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn clone_box(&self) -> Box<dyn Node> {
        Box::new(self.clone())
    }
}
