//! A shard: accounts, locks, and a part in transactions that others coordinate.
//!
//! ```text
//!   prepare ──▶ an account is locked: waits
//!           ──▶ too little money: votes no, and forgets it
//!           ──▶ prepared, forced; locked; votes yes ──▶ IN DOUBT ──commit──▶ booked, forced; unlocked; acknowledged
//!                                                         │     ──abort───▶ unlocked
//!                                                         └─ time passes: asks the coordinator, and the other shards
//! ```
//!
//! In doubt, a shard may neither commit nor abort: the others may have done either. While nobody can tell it, it is
//! *blocked*, and so is everybody who wants one of its locked accounts.
//!
//! **Termination.** A shard that has heard of the outcome tells it; one that has not voted yet aborts for good (that is its no),
//! and tells that. If all who can be reached are in doubt, they stay so (Bernstein, Hadzilacos and Goodman, "Concurrency
//! Control and Recovery in Database Systems", 1987, chapter 7: cooperative termination).
//!
//! **Invariant:** between its yes and the outcome everything needed for either is durable, and its accounts are locked.
//! **Invariant:** a transaction that it has finished is never prepared again.

use std::rc::Rc;

use super::coordinator::tell;
use super::log::{self, Entry, Line, Log, Record, put_balance, put_line};
use super::message::{Message, Order, Outcome, Share, What};
use super::service::Done;
use super::{COORDINATOR, DOUBT, Leg, Options, Step, Timer, WorkId, listed};
use glassbase_storage::StorageError;
use glassbase_storage::lsm::WriteBatch;
use glassbase_trace::sorted::SortedMap;
use glassbase_trace::{Bytes, NodeId};

/// A transaction to which it has said yes.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub request: u64,
    pub legs: Vec<Leg>,
    pub peers: Vec<NodeId>,
    /// How often it has asked what became of it.
    pub asked: u64,
}

/// A transaction whose accounts are locked by another.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub work: WorkId,
    pub share: Rc<Share>,
}

/// Somebody who wants to see an account that is locked.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    pub client: NodeId,
    pub request: u64,
    pub account: Bytes,
}

/// Readers that wait at a shard, at most.
const READERS_MAX: usize = 256;

#[derive(Clone, Debug)]
pub struct Participant {
    pub(super) options: Rc<Options>,
    pub(super) log: Log,
    pub(super) balances: SortedMap<Bytes, i64>,
    pub(super) locks: SortedMap<Bytes, WorkId>,
    pub(super) prepared: SortedMap<WorkId, Prepared>,
    pub(super) waiting: Vec<Waiting>,
    pub(super) readers: Vec<Reader>,
    /// Transactions that are over here: whether they were committed.
    finished: SortedMap<WorkId, bool>,
    /// Steps of sagas that were done here, taken back, or made impossible.
    pub(super) steps: SortedMap<(WorkId, u64), Done>,
    /// Compensations that it will refuse, on purpose.
    pub(super) refusals: u64,
}

impl Participant {
    pub fn new(options: &Rc<Options>) -> Participant {
        Participant {
            options: options.clone(),
            log: Log::default(),
            balances: SortedMap::new(),
            locks: SortedMap::new(),
            prepared: SortedMap::new(),
            waiting: Vec::new(),
            readers: Vec::new(),
            finished: SortedMap::new(),
            steps: SortedMap::new(),
            refusals: 0,
        }
    }

    /// Reads the log: what is prepared and has no outcome is locked again, and asked about.
    pub fn start(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let (log, records) = Log::open(step)?;
        self.log = log;
        for (account, balance) in log::balances(step.shelf)? {
            self.balances.insert(account, balance);
        }
        if self.balances.is_empty() {
            self.open_accounts(step)?;
        }
        records.iter().for_each(|record| self.replay(record));
        for (work, prepared) in self.prepared.iter() {
            for leg in &prepared.legs {
                self.locks.insert(leg.account.clone(), *work);
            }
        }
        let doubts: Vec<WorkId> = self.prepared.keys().copied().collect();
        for work in doubts {
            step.note("in-doubt", || {
                format!("{} is prepared and has no outcome: its accounts are locked again.", work)
            });
            self.ask(step, work);
        }
        Ok(())
    }

    /// The first start of all.
    fn open_accounts(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let mut batch = WriteBatch::new();
        for account in self.options.accounts.iter().filter(|account| account.home == step.me) {
            put_balance(&mut batch, &account.name, account.opening);
            self.balances.insert(account.name.clone(), account.opening);
        }
        step.shelf.write(&mut batch)?;
        step.shelf.sync()
    }

    fn replay(&mut self, record: &Record) {
        let work = record.work;
        match record.entry {
            Entry::Prepared => {
                let (request, legs, peers) = (record.request, record.legs.clone(), record.nodes.clone());
                self.prepared.insert(work, Prepared { request, legs, peers, asked: 0 });
            }
            Entry::Committed | Entry::Aborted => {
                self.prepared.remove(&work);
                self.finished.insert(work, record.entry == Entry::Committed);
            }
            Entry::Did => drop(self.steps.insert((work, record.number), Done::Did)),
            Entry::Undid | Entry::Void => drop(self.steps.insert((work, record.number), Done::Never)),
            _ => {}
        }
    }

    pub fn receive(&mut self, step: &mut Step, from: NodeId, message: Message) -> Result<(), StorageError> {
        match message {
            Message::Order(order) => {
                self.order(step, from, &order);
                Ok(())
            }
            Message::Prepare { work, share } => self.prepare(step, work, share),
            Message::Decide { work, commit } => self.decide(step, work, commit),
            Message::Ask { work } => self.asked(step, from, work),
            Message::Do { work, step: number, deed } => self.deed(step, work, number, &deed),
            Message::Uncertain { work } => {
                step.note("uncertain", || format!("{from} does not know what becomes of {work} either."));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub fn fire(&mut self, step: &mut Step, timer: Timer) -> Result<(), StorageError> {
        if timer.kind == DOUBT {
            self.ask(step, WorkId(timer.token));
        }
        Ok(())
    }

    fn order(&mut self, step: &mut Step, client: NodeId, order: &Order) {
        let request = order.request;
        match &order.what {
            What::Read(account) if self.balances.contains_key(account) => {
                let reader = Reader { client, request, account: account.clone() };
                if let Some(holder) = self.locks.get(account) {
                    step.note("read-waits", || format!("{client} waits: {account} is locked by {holder}."));
                    let is_known = self.readers.iter().any(|other| other.client == client && other.request == request);
                    if !is_known && self.readers.len() < READERS_MAX {
                        self.readers.push(reader);
                    }
                } else {
                    self.show(step, &reader);
                }
            }
            What::RefuseUndo(times) => {
                self.refusals = *times;
                tell(step, client, request, Outcome::Done);
            }
            _ => tell(step, client, request, Outcome::Elsewhere(COORDINATOR)),
        }
    }

    fn show(&self, step: &mut Step, reader: &Reader) {
        let balance = self.balances.get(&reader.account).copied().unwrap_or_default();
        tell(step, reader.client, reader.request, Outcome::Balance(balance));
    }

    /// Phase one: whatever it answers, it can keep to.
    fn prepare(&mut self, step: &mut Step, work: WorkId, share: Rc<Share>) -> Result<(), StorageError> {
        match self.finished.get(&work) {
            Some(true) => {
                step.send(COORDINATOR, Message::Acknowledge { work });
                return Ok(());
            }
            Some(false) => {
                step.send(COORDINATOR, Message::Vote { work, no: Some("it was aborted here") });
                return Ok(());
            }
            None if self.prepared.contains_key(&work) => {
                step.send(COORDINATOR, Message::Vote { work, no: None });
                return Ok(());
            }
            None if self.waiting.iter().any(|waiting| waiting.work == work) => return Ok(()),
            None => {}
        }
        let holder = share.legs.iter().find_map(|leg| Some((&leg.account, self.locks.get(&leg.account)?)));
        if let Some((account, holder)) = holder {
            step.note("waits", || format!("{work} waits: {account} is locked by {holder}."));
            self.waiting.push(Waiting { work, share });
            return Ok(());
        }
        self.vote(step, work, &share)
    }

    fn vote(&mut self, step: &mut Step, work: WorkId, share: &Share) -> Result<(), StorageError> {
        if let Some(leg) = share.legs.iter().find(|leg| !self.can(leg)) {
            step.note("votes-no", || format!("{} is more than there is: no to {work}, which is forgotten here.", leg));
            step.send(COORDINATOR, Message::Vote { work, no: Some(TOO_LITTLE) });
            return Ok(());
        }
        let record = Record {
            request: share.request,
            legs: share.legs.clone(),
            nodes: share.peers.clone(),
            ..Record::new(Entry::Prepared, work)
        };
        self.log.write(step, &record, |_| {})?;
        if self.options.sync_votes {
            self.log.force(step)?;
        }
        for leg in &share.legs {
            self.locks.insert(leg.account.clone(), work);
        }
        step.note("votes-yes", || {
            format!("{} is possible: {work} is prepared, and it votes yes.", listed(&share.legs))
        });
        let Share { request, legs, peers } = share.clone();
        self.prepared.insert(work, Prepared { request, legs, peers, asked: 0 });
        step.send(COORDINATOR, Message::Vote { work, no: None });
        step.arm(Timer { kind: DOUBT, token: work.0 }, self.options.doubt_ns);
        Ok(())
    }

    /// Whether a leg leaves the account with nothing below nothing.
    pub(super) fn can(&self, leg: &Leg) -> bool {
        self.balances
            .get(&leg.account)
            .is_some_and(|balance| balance.checked_add(leg.amount).is_some_and(|sum| sum >= 0))
    }

    /// Phase two: the outcome.
    fn decide(&mut self, step: &mut Step, work: WorkId, commit: bool) -> Result<(), StorageError> {
        self.waiting.retain(|waiting| waiting.work != work);
        let Some(prepared) = self.prepared.remove(&work) else {
            if commit && self.finished.get(&work) != Some(&true) {
                step.note("forgotten", || format!("It is to commit {work}, of which it knows nothing."));
            }
            if commit || !self.options.presume_abort {
                step.send(COORDINATOR, Message::Acknowledge { work });
            }
            return Ok(());
        };
        step.disarm(Timer { kind: DOUBT, token: work.0 });
        if commit {
            self.book(step, work, &prepared)?;
        } else {
            self.log.write(step, &Record::new(Entry::Aborted, work), |_| {})?;
            step.note("rolled-back", || format!("{work} is aborted: its locks are released."));
        }
        // Aborts need not be durable where they are presumed: whoever has lost one asks again, and hears the same.
        if commit || !self.options.presume_abort {
            self.log.force(step)?;
            step.send(COORDINATOR, Message::Acknowledge { work });
        }
        self.finished.insert(work, commit);
        self.unlock(step, work)
    }

    /// The legs of a transaction become balances, in one batch with the record that says so.
    fn book(&mut self, step: &mut Step, work: WorkId, prepared: &Prepared) -> Result<(), StorageError> {
        let mut changed: Vec<(Bytes, i64)> = Vec::new();
        for leg in &prepared.legs {
            let balance = self.balances.get_mut(&leg.account);
            if let Some(balance) = balance {
                *balance = balance.saturating_add(leg.amount);
                changed.push((leg.account.clone(), *balance));
            }
        }
        let record = Record::new(Entry::Committed, work);
        self.log.write(step, &record, |batch| {
            changed.iter().for_each(|(account, balance)| put_balance(batch, account, *balance));
            for (place, leg) in prepared.legs.iter().enumerate() {
                put_line(batch, place as u64, &Line { request: prepared.request, work, leg: leg.clone() });
            }
        })?;
        step.note("booked", || format!("{work} is committed: {}; its locks are released.", listed(&prepared.legs)));
        Ok(())
    }

    /// Releases locks, and lets those go on who have waited for them.
    fn unlock(&mut self, step: &mut Step, work: WorkId) -> Result<(), StorageError> {
        self.locks.retain(|_, holder| *holder != work);
        let mut at = 0;
        while at < self.waiting.len() {
            let is_free = self.waiting[at].share.legs.iter().all(|leg| !self.locks.contains_key(&leg.account));
            if is_free {
                let Waiting { work, share } = self.waiting.remove(at);
                self.vote(step, work, &share)?;
            } else {
                at += 1;
            }
        }
        let (free, kept) =
            std::mem::take(&mut self.readers).into_iter().partition(|reader| !self.locks.contains_key(&reader.account));
        self.readers = kept;
        let free: Vec<Reader> = free;
        free.iter().for_each(|reader| self.show(step, reader));
        Ok(())
    }

    /// In doubt for too long: asks everybody who may know.
    fn ask(&mut self, step: &mut Step, work: WorkId) {
        let Some(prepared) = self.prepared.get_mut(&work) else { return };
        prepared.asked += 1;
        let peers = if self.options.ask_peers { &prepared.peers[..] } else { &[] };
        step.note("asks", || match peers {
            [] => format!("It is in doubt about {work} and asks n1."),
            peers => format!("It is in doubt about {work} and asks n1, {}.", super::coordinator::names(peers)),
        });
        step.send(COORDINATOR, Message::Ask { work });
        for peer in peers {
            step.send(*peer, Message::Ask { work });
        }
        step.arm(Timer { kind: DOUBT, token: work.0 }, self.options.doubt_ns);
    }

    /// Another shard is in doubt. Who has not voted can still make sure that nobody commits.
    fn asked(&mut self, step: &mut Step, from: NodeId, work: WorkId) -> Result<(), StorageError> {
        if self.prepared.contains_key(&work) {
            step.send(from, Message::Uncertain { work });
            return Ok(());
        }
        if let Some(commit) = self.finished.get(&work) {
            step.send(from, Message::Decide { work, commit: *commit });
            return Ok(());
        }
        let was_waiting = self.waiting.iter().any(|waiting| waiting.work == work);
        self.waiting.retain(|waiting| waiting.work != work);
        // Durable before it is told: a prepare that comes late, after a crash, must find it.
        self.log.write(step, &Record::new(Entry::Aborted, work), |_| {})?;
        self.log.force(step)?;
        self.finished.insert(work, false);
        step.note("gives-up", || {
            format!("It has not voted on {work} and never will: {work} is aborted, and {from} hears that.")
        });
        step.send(from, Message::Decide { work, commit: false });
        if was_waiting {
            step.send(COORDINATOR, Message::Vote { work, no: Some("it was aborted here") });
        }
        Ok(())
    }
}

pub(super) const TOO_LITTLE: &str = "there is too little";
