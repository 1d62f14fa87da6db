//! Work that spans shards: money goes from an account on one shard to an account on another, all of it or nothing.
//!
//! ```text
//!   client ──order──▶ coordinator n1                 two-phase commit            saga
//!                        │  ▲                         prepare ▶ ◀ yes             do ▶ ◀ did
//!                        ▼  │                         commit  ▶ ◀ done            do ▶ ◀ refused
//!                    shards n2, n3, n4                                            undo ▶ ◀ undone
//!                    accounts, locks, a log each      nobody sees it half done    everybody sees it half done
//! ```
//!
//! - [`coordinator`]: two-phase commit with presumed abort (Mohan, Lindsay and Obermarck, "Transaction Management in the R*
//!   Distributed Database Management System", 1986), and without the presumption.
//! - [`participant`]: a shard: it votes, holds locks, and is blocked while nobody tells it the outcome.
//! - [`saga`]: one step after the other, each visible at once, and taken back one by one when a later one fails
//!   (Garcia-Molina and Salem, "Sagas", 1987). [`service`]: the steps at their shard.
//! - [`log`]: the log of a node, in its shelf; what is forced is durable before anything is promised.
//! - [`checker`]: whether money was lost or made, from what clients saw and what the stores hold.
//!
//! Node 1 is the coordinator and has no accounts; the accounts lie on the others by a directory.
//!
//! **Invariant:** nothing here does IO but through the shelf: messages and timers in, messages, timers and notes out.
//! **Invariant:** the number of a piece of work is never given twice, also not after a crash: every start of the coordinator
//! opens an epoch, which is durable before it is used. So a message that is late by a crash means what it meant.

pub mod checker;
pub mod coordinator;
mod describe;
pub mod log;
pub mod message;
pub mod participant;
#[cfg(test)]
mod puppet;
pub mod saga;
mod service;
#[cfg(test)]
mod tests;

use std::fmt;
use std::rc::Rc;

pub use coordinator::Coordinator;
pub use message::{Message, Order, Outcome, What};
pub use participant::Participant;

use glassbase_storage::{StorageError, step};
use glassbase_trace::parts::cluster::NodeDetail;
use glassbase_trace::{Bytes, NodeId};

/// What a node has at hand during one call.
pub type Step<'a> = step::Step<'a, Message>;
pub type Output = step::Output<Message>;
pub use step::Timer;

/// The node that coordinates.
pub const COORDINATOR: NodeId = NodeId(1);

/// Timers: of the coordinator, while votes or acknowledgements are awaited; of a saga; of a shard that is in doubt.
pub const VOTES: u8 = 1;
pub const ACKS: u8 = 2;
pub const SAGA: u8 = 3;
pub const DOUBT: u8 = 4;

/// A transaction or a saga: the coordinator's epoch, and a number in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkId(pub u64);

impl WorkId {
    const EPOCH_BITS: u32 = 32;

    pub fn new(epoch: u64, number: u64) -> WorkId {
        WorkId(epoch << WorkId::EPOCH_BITS | number)
    }

    pub fn epoch(self) -> u64 {
        self.0 >> WorkId::EPOCH_BITS
    }

    pub fn number(self) -> u64 {
        self.0 & ((1 << WorkId::EPOCH_BITS) - 1)
    }
}

impl fmt::Display for WorkId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "T{}.{}", self.epoch(), self.number())
    }
}

/// What is done to one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leg {
    pub account: Bytes,
    pub amount: i64,
}

impl fmt::Display for Leg {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.amount < 0 { "\u{2212}" } else { "+" };
        write!(formatter, "{} {sign}{}", self.account, self.amount.unsigned_abs())
    }
}

/// Legs in words: "alice −30, bob +30".
pub fn listed(legs: &[Leg]) -> String {
    legs.iter().map(Leg::to_string).collect::<Vec<_>>().join(", ")
}

/// An account, and what is in it at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub name: Bytes,
    pub home: NodeId,
    pub opening: i64,
    /// It holds money; otherwise seats, beds, cars.
    pub money: bool,
}

/// Settings.
#[derive(Clone, Debug)]
pub struct Options {
    pub accounts: Vec<Account>,
    /// How long the coordinator waits for votes; after that it aborts.
    pub votes_ns: u64,
    /// How long it waits for acknowledgements before it tells its decision again.
    pub acks_ns: u64,
    /// How long a shard that is in doubt waits before it asks, and asks again.
    pub doubt_ns: u64,
    /// How long a saga waits for a step before it asks again.
    pub step_ns: u64,
    /// Attempts at a step of a saga before it is taken back. Compensations are attempted for ever.
    pub step_attempts: u64,
    /// Refusals of a compensation until the saga is stuck and a person is told.
    pub undo_attempts: u64,
    /// No information about a transaction means that it was aborted; otherwise aborts are logged and acknowledged as well.
    pub presume_abort: bool,
    /// A shard that is in doubt also asks the other shards.
    pub ask_peers: bool,
    /// false breaks it: the coordinator keeps its decisions in memory alone.
    pub coordinator_log: bool,
    /// false breaks it: a shard votes without making its vote durable.
    pub sync_votes: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            accounts: Vec::new(),
            votes_ns: 100_000_000,
            acks_ns: 100_000_000,
            doubt_ns: 100_000_000,
            step_ns: 100_000_000,
            step_attempts: 3,
            undo_attempts: 3,
            presume_abort: true,
            ask_peers: true,
            coordinator_log: true,
            sync_votes: true,
        }
    }
}

impl Options {
    /// Accounts of money dealt out to the shards in turn, and the three things of a journey on the first three shards.
    pub fn dealt(mut self, nodes: u16, money: &[&str], opening: i64, stock: [i64; 3]) -> Options {
        let home = |at: usize| NodeId(2 + (at as u16) % nodes.saturating_sub(1).max(1));
        let of = |(at, name): (usize, &&str), opening, money| Account {
            name: Bytes::typed(name),
            home: home(at),
            opening,
            money,
        };
        self.accounts = money.iter().enumerate().map(|named| of(named, opening, true)).collect();
        self.accounts
            .extend(JOURNEY.iter().zip(stock).enumerate().map(|(at, (name, stock))| of((at, name), stock, false)));
        self
    }

    /// What does not work about them, and what would.
    pub fn check(&self, nodes: u16) -> Result<(), String> {
        if nodes < 2 {
            return Err("node 1 coordinates and the others hold accounts: there are 2 nodes at least".to_string());
        }
        let times = [self.votes_ns, self.acks_ns, self.doubt_ns, self.step_ns];
        if times.contains(&0) {
            return Err("who waits waits for a while: votes, acks, doubt and step are more than 0".to_string());
        }
        match self.accounts.iter().find(|account| !(2..=nodes).contains(&account.home.0)) {
            Some(account) => Err(format!("{} lies on {}, which is no shard", account.name, account.home)),
            None => Ok(()),
        }
    }

    pub fn account(&self, name: &Bytes) -> Option<&Account> {
        self.accounts.iter().find(|account| account.name == *name)
    }

    /// The shards that the legs are on, each once, in order of the legs.
    pub fn shards_of(&self, legs: &[Leg]) -> Vec<NodeId> {
        let mut shards = Vec::new();
        for home in legs.iter().filter_map(|leg| self.account(&leg.account)).map(|account| account.home) {
            if !shards.contains(&home) {
                shards.push(home);
            }
        }
        shards
    }

    /// The legs that are on a shard.
    pub fn legs_at(&self, legs: &[Leg], shard: NodeId) -> Vec<Leg> {
        let is_here = |leg: &&Leg| self.account(&leg.account).is_some_and(|account| account.home == shard);
        legs.iter().filter(is_here).cloned().collect()
    }
}

/// What a journey takes one of each.
pub const JOURNEY: [&str; 3] = ["flight", "hotel", "car"];

/// A node of the system.
#[derive(Clone, Debug)]
pub enum Member {
    Coordinator(Coordinator),
    Participant(Participant),
}

impl Member {
    pub fn new(me: NodeId, options: &Rc<Options>) -> Member {
        match me {
            COORDINATOR => Member::Coordinator(Coordinator::new(options)),
            _ => Member::Participant(Participant::new(options)),
        }
    }

    /// The node comes up, for the first time or again.
    pub fn start(&mut self, step: &mut Step) -> Result<(), StorageError> {
        match self {
            Member::Coordinator(node) => node.start(step),
            Member::Participant(node) => node.start(step),
        }
    }

    pub fn receive(&mut self, step: &mut Step, from: NodeId, message: Message) -> Result<(), StorageError> {
        match self {
            Member::Coordinator(node) => node.receive(step, from, message),
            Member::Participant(node) => node.receive(step, from, message),
        }
    }

    pub fn fire(&mut self, step: &mut Step, timer: Timer) -> Result<(), StorageError> {
        match self {
            Member::Coordinator(node) => node.fire(step, timer),
            Member::Participant(node) => node.fire(step, timer),
        }
    }

    /// What is shown of it, from memory.
    pub fn describe(&self) -> NodeDetail {
        match self {
            Member::Coordinator(node) => node.describe(),
            Member::Participant(node) => node.describe(),
        }
    }
}
