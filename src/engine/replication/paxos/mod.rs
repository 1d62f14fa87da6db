//! Paxos: a majority of acceptors agrees on a value, whatever messages are lost and whoever crashes.
//!
//! After Leslie Lamport, "Paxos Made Simple" (2001): the single decree with its roles apart (section 2), and a sequence of
//! instances under a leader that has done phase 1 for all of them at once (section 3).
//!
//! ```text
//!   proposer     prepare n ──▶           accept n, v ──▶
//!   acceptors                promise n ──▶           accepted n, v ──▶
//!   learner                                                            a majority has: v is chosen
//!
//!   v: of the proposals that a majority has accepted, the value of the highest; the proposer's own if there is none
//! ```
//!
//! - [`acceptor`]: promises that outlive a crash. [`single`]: proposers and learners of one value, duelling or not.
//! - [`multi`]: the leader of a sequence; gaps that it finds are filled with no-ops. [`agreement`]: what must hold, checked.
//!
//! **Invariant:** at most one value is ever chosen for an instance ([`agreement::Watch`]).

mod acceptor;
pub mod agreement;
mod describe;
mod leader;
mod message;
mod multi;
mod options;
mod single;
#[cfg(test)]
mod tests;

pub use acceptor::Acceptor;
pub use message::{Ballot, Message, Proposal};
pub use multi::Multi;
pub use options::{Decree, Options, Roles};
pub use single::Single;

use super::node::{Node, Timer};
use super::raft::entry::Reader;
use super::shelf::Shelf;
use crate::storage::StorageError;
use crate::trace::NodeId;

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

fn load_round(shelf: &mut Shelf) -> Result<u64, StorageError> {
    shelf.get(ROUND)?.map_or(Ok(0), |bytes| Reader::new(&bytes, "round").u64())
}

/// Key of an instance that is known to be chosen.
fn chosen_key(instance: u64) -> [u8; 9] {
    let mut key = [b'h'; 9];
    key[1..].copy_from_slice(&instance.to_be_bytes());
    key
}
