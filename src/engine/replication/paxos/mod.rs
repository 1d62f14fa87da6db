//! Paxos: a quorum of acceptors agrees on a value, whatever messages are lost and whoever crashes.
//!
//! After Leslie Lamport, "The Part-Time Parliament" (1998) and "Paxos Made Simple" (2001): the single decree with its roles
//! apart (section 2 of the latter), and a sequence of instances under a leader that has done phase 1 for all of them at once
//! (section 3).
//!
//! ```text
//!   proposer     prepare n ──▶           accept n, v ──▶
//!   acceptors                promise n ──▶           accepted n, v ──▶
//!   learner                                                            a quorum has: v is chosen
//!
//!   v: of the proposals that those who promised have accepted, the value of the highest; the proposer's own if none
//! ```
//!
//! - [`acceptor`]: promises that outlive a crash. [`single`]: proposers and learners of one value, duelling or not.
//! - [`multi`]: a sequence of values, and what they make of keys and values. [`leader`]: who proposes them.
//! - [`compaction`]: what is applied is cut off. [`agreement`]: what must hold, checked.
//!
//! What is promised is synced first: a call writes to the shelf as it goes and syncs once at its end, and only then does
//! anything that it put out leave the node.
//!
//! **Invariant:** at most one value is ever chosen for an instance ([`agreement::Watch`]).

mod acceptor;
pub mod agreement;
mod compaction;
mod describe;
mod leader;
mod message;
mod multi;
mod options;
mod single;
#[cfg(test)]
mod tests;

pub use acceptor::Acceptor;
pub use message::{Ballot, Message, Proposal, Value, ValueId};
pub use multi::Multi;
pub use options::{Decree, Options, Roles};
pub use single::Single;

use super::node::{Node, Timer};
use super::raft::entry::Reader;
use super::shelf::Shelf;
use glassbase_storage::StorageError;
use glassbase_trace::NodeId;

/// A proposer tries again.
pub const RETRY: Timer = Timer::of(1);
/// No leader was heard for too long.
pub const ELECTION: Timer = Timer::of(2);
/// The leader has to be heard.
pub const HEARTBEAT: Timer = Timer::of(3);

/// The highest round that this node has used: no ballot is used twice.
const ROUND: &[u8] = b"mb";

/// A node of a cluster of `members`.
pub fn node(me: NodeId, members: &[NodeId], options: &Options) -> Box<dyn Node> {
    match options.decree {
        Decree::Single => Box::new(Single::new(me, members, options)),
        Decree::Multi => Box::new(Multi::new(me, members, options)),
    }
}

fn keep_round(shelf: &mut Shelf, round: u64) -> Result<(), StorageError> {
    shelf.put(ROUND, &round.to_be_bytes())
}

fn load_round(shelf: &mut Shelf) -> Result<u64, StorageError> {
    shelf.get(ROUND)?.map_or(Ok(0), |bytes| Reader::new(&bytes, "round").u64())
}

/// Key of something about an instance: a byte for what it is, and the instance.
fn instance_key(what: u8, instance: u64) -> [u8; 9] {
    let mut key = [what; 9];
    key[1..].copy_from_slice(&instance.to_be_bytes());
    key
}

/// The instance that a key names after its first byte.
fn instance_of(key: &[u8]) -> Result<u64, StorageError> {
    let mut reader = Reader { bytes: key, at: 1, what: "key of an instance", number: 0 };
    let instance = reader.u64()?;
    reader.end()?;
    Ok(instance)
}

/// Key of the value that is known to be chosen for an instance.
fn chosen_key(instance: u64) -> [u8; 9] {
    instance_key(b'h', instance)
}
