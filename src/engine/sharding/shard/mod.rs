//! A shard: it keeps the keys that are its own, answers for them, and says of others where they may be.
//!
//! ```text
//!   whose is a key?   the same shard before and after the plan ─────────────────────────▶ its own
//!                     source and target differ:  handed over? ─ no ─▶ the source's
//!                                                             └ yes ▶ the target's, once it has taken over
//! ```
//!
//! A shard decides that by what it knows itself, and what it knows is durable before anybody else is told: a source that has
//! handed keys over never serves them again, a target serves none before. Maps only tell routers where to ask.
//!
//! - this file: requests, and the map. [`outgoing`]: keys that go. [`incoming`]: keys that come.
//!
//! **Invariant:** at no moment do two shards take writes of one key.
//! **Invariant:** a write is acknowledged once it is durable, and done once however often it comes.

pub mod incoming;
pub mod outgoing;

use std::rc::Rc;

use crate::message::{Answer, Ask, Message, News, Plan, Question, Told};
use crate::row::{self, Record, number};
use glassbase_storage::StorageError;
use glassbase_storage::lsm::WriteBatch;
use glassbase_storage::step::Timer;
use glassbase_trace::sorted::SortedMap;
use glassbase_trace::{Bytes, NodeId};

use incoming::Incoming;
use outgoing::{Outgoing, Phase};

pub type Step<'a> = glassbase_storage::step::Step<'a, Message>;

/// The map service's id: it is no shard.
pub const MAP_SERVICE: NodeId = NodeId(0);

/// Timers: to ask for the map again, to send again what was not acknowledged, to go on after a pause.
pub const WANT_MAP: u8 = 1;
pub const RESEND: u8 = 2;
pub const GO_ON: u8 = 3;

/// How shards work, and what may be broken about them on purpose.
#[derive(Clone, Debug, PartialEq)]
pub struct ShardOptions {
    /// Rows of one message of a move, and the pause after it: a move that is throttled leaves room for requests.
    pub chunk_rows: u64,
    pub pause_ns: u64,
    /// How long to wait for an acknowledgement.
    pub resend_ns: u64,
    /// Writes are synced before they are acknowledged.
    pub sync: bool,
    /// What changed during the copy is sent too.
    pub catches_up: bool,
    /// The source stops taking writes before it hands over.
    pub freezes: bool,
    /// A write that comes twice is done once.
    pub knows_twins: bool,
}

impl Default for ShardOptions {
    fn default() -> ShardOptions {
        ShardOptions {
            chunk_rows: 64,
            pause_ns: 1_000_000,
            resend_ns: 20_000_000,
            sync: true,
            catches_up: true,
            freezes: true,
            knows_twins: true,
        }
    }
}

/// A shard at work.
#[derive(Clone, Debug)]
pub struct Shard {
    me: NodeId,
    options: Rc<ShardOptions>,
    /// Which of its lives this is.
    nonce: u64,
    /// What it has heard; nothing since it was started.
    news: Option<Rc<News>>,
    outgoing: SortedMap<NodeId, Outgoing>,
    incoming: SortedMap<NodeId, Incoming>,
    /// Keys that are its own.
    pub keys: u64,
    pub requests: u64,
    pub bounced: u64,
    /// Sources whose keys it has just taken over, for whoever draws them.
    pub taken: Vec<(Rc<Plan>, NodeId)>,
}

impl Shard {
    /// A shard that was just started, for the `nonce`-th time.
    pub fn new(me: NodeId, nonce: u64, options: Rc<ShardOptions>) -> Shard {
        Shard {
            me,
            options,
            nonce,
            news: None,
            outgoing: SortedMap::new(),
            incoming: SortedMap::new(),
            keys: 0,
            requests: 0,
            bounced: 0,
            taken: Vec::new(),
        }
    }

    /// How far the keys on their way to a shard are.
    pub fn outgoing(&self) -> impl Iterator<Item = (NodeId, &Outgoing)> {
        self.outgoing.iter().map(|(to, outgoing)| (*to, outgoing))
    }

    pub fn start(&mut self, step: &mut Step) -> Result<(), StorageError> {
        self.want_map(step);
        Ok(())
    }

    pub fn receive(&mut self, step: &mut Step, from: NodeId, message: Message) -> Result<(), StorageError> {
        match message {
            Message::Ask(ask) => self.asked(step, from, &ask),
            Message::News { news, nonce } if nonce == self.nonce || self.news.is_some() => self.adopt(step, &news),
            Message::Begin { plan, to } => self.begin(step, plan, to),
            Message::Open { plan, epoch } => self.open(step, from, plan, epoch),
            Message::Rows { plan, epoch, sequence, rows } => {
                let arrived = incoming::Arrived { plan, epoch, sequence };
                self.take_rows(step, from, arrived, &rows)
            }
            Message::Own { plan, epoch, sequence } => {
                self.take_over(step, from, incoming::Arrived { plan, epoch, sequence })
            }
            Message::Ack { plan, epoch, next } => self.acknowledged(step, from, plan, epoch, next),
            _ => Ok(()),
        }
    }

    pub fn fire(&mut self, step: &mut Step, timer: Timer) -> Result<(), StorageError> {
        let peer = NodeId(timer.token as u16);
        match timer.kind {
            WANT_MAP => self.want_map(step),
            RESEND => self.resend(step, peer),
            _ => self.go_on(step, peer)?,
        }
        Ok(())
    }

    fn want_map(&mut self, step: &mut Step) {
        step.send(MAP_SERVICE, Message::WantMap { nonce: self.nonce });
        step.arm(Timer::of(WANT_MAP), self.options.resend_ns);
    }

    /// Takes in what the map service says, if it is newer.
    fn adopt(&mut self, step: &mut Step, news: &Rc<News>) -> Result<(), StorageError> {
        step.disarm(Timer::of(WANT_MAP));
        if self.news.as_ref().is_some_and(|known| known.serial >= news.serial) {
            return Ok(());
        }
        let is_first = self.news.is_none();
        let settles = self.news.as_ref().is_some_and(|known| known.map.version() != news.map.version());
        self.news = Some(news.clone());
        let plan = news.plan.as_ref().map_or(0, |plan| plan.id());
        self.outgoing.retain(|_, outgoing| outgoing.plan.id() == plan);
        self.incoming.retain(|_, incoming| incoming.plan.id() == plan);
        if is_first {
            self.remember(step, news)?;
        }
        if is_first || settles {
            self.sweep(step)?;
        }
        Ok(())
    }

    /// After a restart: which streams of the plan under way were handed over, or taken over, or have begun.
    fn remember(&mut self, step: &mut Step, news: &News) -> Result<(), StorageError> {
        let Some(plan) = &news.plan else { return Ok(()) };
        for (from, to) in &plan.moves {
            if *from == self.me {
                self.remember_outgoing(step, plan, *to)?;
            }
            if *to == self.me {
                self.remember_incoming(step, plan, *from)?;
            }
        }
        Ok(())
    }

    /// Whether a key is this shard's to serve; else where it may be.
    fn whose(&self, key: &[u8]) -> Result<(), Option<NodeId>> {
        let Some(news) = &self.news else { return Err(None) };
        let Ok(now) = news.map.place(key) else { return Err(None) };
        let Some((from, to)) = news.plan.as_ref().and_then(|plan| plan.step(key)) else {
            return if now == self.me { Ok(()) } else { Err(Some(now)) };
        };
        if from == self.me {
            return match self.outgoing.get(&to).map(|outgoing| outgoing.phase) {
                Some(Phase::Handed | Phase::Done) => Err(Some(to)),
                Some(Phase::Frozen) if self.options.freezes => Err(None),
                _ => Ok(()),
            };
        }
        let is_taken = to == self.me && self.incoming.get(&from).is_some_and(|incoming| incoming.taken);
        if is_taken { Ok(()) } else { Err(Some(if to == self.me { from } else { to })) }
    }

    /// Deletes rows of keys that are no longer this shard's, and counts those that are. What has no place at all stays: it is
    /// nowhere else.
    fn sweep(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let mut rows: Vec<Vec<u8>> = Vec::new();
        step.shelf.scan(None, None, u64::MAX, &mut |row, _| rows.push(row.to_vec()))?;
        let (mut batch, mut keys) = (WriteBatch::new(), 0);
        for row in rows {
            let Some(key) = row::key_of(&row) else { continue };
            let is_mine = self.whose(key).is_ok();
            let comes = self.news.as_ref().and_then(|news| news.plan.as_ref()?.step(key)).is_some_and(|(from, to)| {
                to == self.me || from == self.me && self.outgoing.get(&to).is_none_or(|outgoing| !outgoing.is_done())
            });
            let has_place = self.news.as_ref().is_some_and(|news| news.map.place(key).is_ok());
            keys += u64::from(is_mine && row[0] == b'v');
            if !is_mine && !comes && has_place {
                batch.delete(&row);
            }
        }
        self.keys = keys;
        if batch.is_empty() { Ok(()) } else { step.shelf.write(&mut batch) }
    }

    fn asked(&mut self, step: &mut Step, from: NodeId, ask: &Ask) -> Result<(), StorageError> {
        let serial = self.news.as_ref().map_or(0, |news| news.serial);
        if ask.serial > serial && self.news.is_some() {
            self.want_map(step);
        }
        let answer = match &ask.question {
            _ if self.news.is_none() => Some(Answer::NotYet),
            question if self.is_salted_since(question, ask.stage) => Some(Answer::Elsewhere(None)),
            Question::Get { key } => match self.whose(key) {
                Err(to) => Some(self.bounce(step, key, to)),
                Ok(()) => Some(Answer::Value(self.record(step, key)?)),
            },
            Question::Put { key, text } => match self.whose(key) {
                Err(to) => Some(self.bounce(step, key, to)),
                Ok(()) => self.put(step, ask, key, text)?,
            },
            Question::Scan { from, to, limit } => Some(self.scan(step, ask, from.as_ref(), to.as_ref(), *limit)?),
        };
        self.requests += 1;
        if let Some(answer) = answer {
            self.bounced += u64::from(matches!(answer, Answer::Elsewhere(_)));
            let told = Told { request: ask.request, part: ask.part, stage: ask.stage, answer, serial };
            step.respond(from, Message::Told(Rc::new(told)));
        }
        Ok(())
    }

    /// Whether a key is kept in pieces that the asker does not know of. Who has not heard of it is told by the shards that
    /// have; until all have, a read may miss what went into a piece.
    fn is_salted_since(&self, question: &Question, stage: (u64, u64)) -> bool {
        let Some(news) = &self.news else { return false };
        stage.0 < news.map.version() && question.key().is_some_and(|key| news.map.pieces(key) > 0)
    }

    fn bounce(&self, step: &mut Step, key: &Bytes, to: Option<NodeId>) -> Answer {
        step.note("bounced", || match to {
            Some(to) => {
                format!("{} is not on {}: it is, or will be, on {to}.", glassbase_trace::bytes::show(key), self.me)
            }
            None => format!("{} is being handed over: it has to wait a moment.", glassbase_trace::bytes::show(key)),
        });
        Answer::Elsewhere(to)
    }

    fn record(&self, step: &mut Step, key: &[u8]) -> Result<Option<Record>, StorageError> {
        Ok(step.shelf.get(&row::value(key))?.and_then(|bytes| Record::of(&bytes)))
    }

    /// Does a write, unless it was done. Nothing is said to one that comes after a later one of its client.
    fn put(&mut self, step: &mut Step, ask: &Ask, key: &Bytes, text: &Bytes) -> Result<Option<Answer>, StorageError> {
        let done = row::done(key, ask.client);
        let last = step.shelf.get(&done)?;
        let last = last.as_deref().and_then(|bytes| number(bytes).map(|(id, rest)| (id, number(rest))));
        if let Some((id, count)) = last
            && self.options.knows_twins
            && id >= ask.request
        {
            let count = count.map(|(count, _)| count).filter(|_| id == ask.request);
            return Ok(count.map(Answer::Written));
        }
        let count = self.record(step, key)?.map_or(0, |record| record.count) + 1;
        let record = Record { count, id: ask.request, text: text.clone() };
        let mut batch = WriteBatch::new();
        let rows = [row::value(key), row::entry(key, count), done];
        batch.put(&rows[0], &record.to_bytes());
        batch.put(&rows[1], &ask.request.to_be_bytes());
        batch.put(&rows[2], &[ask.request.to_be_bytes(), count.to_be_bytes()].concat());
        step.shelf.write(&mut batch)?;
        if self.options.sync {
            step.shelf.sync()?;
        }
        self.keys += u64::from(count == 1);
        self.changed(key, &rows);
        Ok(Some(Answer::Written(count)))
    }

    /// Reads what is here of a range. Router and shard have to know the same map: else the parts would not fit together.
    fn scan(
        &mut self,
        step: &mut Step,
        ask: &Ask,
        from: Option<&Bytes>,
        to: Option<&Bytes>,
        limit: u64,
    ) -> Result<Answer, StorageError> {
        let Some(stage) = self.news.as_ref().map(|news| news.stage()) else { return Ok(Answer::NotYet) };
        if stage != ask.stage {
            return Ok(if stage > ask.stage { Answer::Elsewhere(None) } else { Answer::NotYet });
        }
        let is_frozen = self.options.freezes && self.outgoing.values().any(|outgoing| outgoing.phase == Phase::Frozen);
        if is_frozen {
            return Ok(Answer::NotYet);
        }
        let lowest = row::value(from.map_or(&[][..], |key| key));
        let highest = to.map(|key| row::value(key));
        // Values end where the next kind of rows would begin.
        let last = highest.as_deref().unwrap_or(b"w");
        let mut found: Vec<(Bytes, Vec<u8>)> = Vec::new();
        step.shelf.scan(Some(&lowest), Some(last), u64::MAX, &mut |row, value| {
            if let Some(key) = row.strip_prefix(b"v") {
                found.push((Bytes::from(key), value.to_vec()));
            }
        })?;
        let mine = found.into_iter().filter(|(key, _)| self.whose(key).is_ok());
        let rows = mine.filter_map(|(key, value)| Some((key, Record::of(&value)?))).take(limit as usize).collect();
        let handed = self.outgoing.iter().filter(|(_, outgoing)| outgoing.is_handed()).map(|(to, _)| *to).collect();
        let taken = self.incoming.iter().filter(|(_, incoming)| incoming.taken).map(|(from, _)| *from).collect();
        Ok(Answer::Rows { rows, handed, taken })
    }

    /// Whether it has heard of a map since it was started.
    pub fn has_news(&self) -> bool {
        self.news.is_some()
    }

    /// Whether it has taken over the keys that come from a shard.
    pub fn has_taken(&self, from: NodeId) -> bool {
        self.incoming.get(&from).is_some_and(|incoming| incoming.taken)
    }

    /// Whether a key waits to be handed over: nobody is served, and it is still here.
    fn is_frozen(&self, key: &[u8]) -> bool {
        let step = self.news.as_ref().and_then(|news| news.plan.as_ref()?.step(key));
        step.filter(|(from, _)| *from == self.me)
            .and_then(|(_, to)| self.outgoing.get(&to))
            .is_some_and(|outgoing| outgoing.phase == Phase::Frozen)
    }

    /// The ledger of every key that is this shard's: which write was the first, the second, and so on.
    pub fn ledgers(&self, shelf: &mut glassbase_storage::Shelf) -> Result<Vec<(Bytes, u64, u64)>, StorageError> {
        let mut entries = Vec::new();
        shelf.scan(None, None, u64::MAX, &mut |row, value| {
            if let (Some(key), Some(count), Some((id, _))) = (row::key_of(row), row::count_of(row), number(value)) {
                entries.push((Bytes::from(key), count, id));
            }
        })?;
        entries.retain(|(key, ..)| self.whose(key).is_ok() || self.is_frozen(key));
        Ok(entries)
    }
}
