//! The acceptor: what it has promised, and what it has accepted.
//!
//! ```text
//!   prepare n   n ≥ promised   promised := n, synced; tells what it has accepted
//!   accept n v  n ≥ promised   promised := n, accepted := (n, v), synced; tells the proposer and the learners
//!   either      n < promised   refused
//!
//!   shelf   m p             promised: round ⁸ │ node ²
//!           a │ instance ⁸  round ⁸ │ node ² │ value
//! ```
//!
//! One promise holds for all instances. What is accepted is kept until the data has it (see `compaction`): a proposer that was
//! away for long may ask for it.
//!
//! **Invariant:** it accepts no proposal that is lower than one it has promised, not even after a crash.

use glassbase_trace::sorted::SortedMap;
use std::rc::Rc;

use super::super::raft::entry::Reader;
use super::super::shelf::Shelf;
use super::message::{Ballot, Proposal, Value};
use glassbase_storage::StorageError;
use glassbase_storage::lsm::WriteBatch;
use glassbase_trace::NodeId;

const PROMISED: &[u8] = b"mp";

/// What was accepted, as a promise tells it; or the ballot that was promised to another.
pub(super) type Prepared = Result<Rc<[Rc<Proposal>]>, Ballot>;

/// An acceptor.
#[derive(Clone, Debug, Default)]
pub struct Acceptor {
    promised: Ballot,
    accepted: SortedMap<u64, Rc<Proposal>>,
    /// What it has accepted since the last call began, for those who watch.
    fresh: Vec<Rc<Proposal>>,
    /// How often anything of it has changed, for those who show it.
    changes: u64,
}

fn accepted_key(instance: u64) -> [u8; 9] {
    super::instance_key(b'a', instance)
}

fn ballot_bytes(ballot: Ballot) -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes[..8].copy_from_slice(&ballot.round.to_be_bytes());
    bytes[8..].copy_from_slice(&ballot.node.0.to_be_bytes());
    bytes
}

fn read_ballot(reader: &mut Reader) -> Result<Ballot, StorageError> {
    Ok(Ballot { round: reader.u64()?, node: NodeId(reader.u16()?) })
}

impl Acceptor {
    /// What the shelf has.
    pub(super) fn load(shelf: &mut Shelf) -> Result<Acceptor, StorageError> {
        let mut acceptor = Acceptor::default();
        if let Some(bytes) = shelf.get(PROMISED)? {
            let mut reader = Reader::new(&bytes, "promise");
            acceptor.promised = read_ballot(&mut reader)?;
            reader.end()?;
        }
        let mut damage = None;
        shelf.scan(Some(&accepted_key(0)), Some(&accepted_key(u64::MAX)), u64::MAX, &mut |key, value| {
            if let Err(error) = acceptor.take_in(key, value) {
                damage.get_or_insert(error);
            }
        })?;
        damage.map_or(Ok(acceptor), Err)
    }

    fn take_in(&mut self, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        let instance = super::instance_of(key)?;
        let mut reader = Reader { bytes: value, at: 0, what: "accepted value", number: instance };
        let ballot = read_ballot(&mut reader)?;
        let value = Value::decode(&mut reader)?;
        // What was accepted is a promise too.
        self.promised = self.promised.max(ballot);
        self.accepted.insert(instance, Rc::new(Proposal { ballot, instance, value }));
        Ok(())
    }

    pub fn promised(&self) -> Ballot {
        self.promised
    }

    pub fn accepted(&self, instance: u64) -> Option<&Rc<Proposal>> {
        self.accepted.get(&instance)
    }

    /// The last instance for which it has accepted anything; 0: none.
    pub fn last(&self) -> u64 {
        self.accepted.last_key_value().map_or(0, |(instance, _)| *instance)
    }

    /// What it accepted in the last call.
    pub fn fresh(&self) -> &[Rc<Proposal>] {
        &self.fresh
    }

    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    pub(super) fn begin_call(&mut self) {
        self.fresh.clear();
    }

    /// Promises, and tells what it has accepted from an instance on; or says what it has promised already.
    pub(super) fn prepare(
        &mut self,
        shelf: &mut Shelf,
        ballot: Ballot,
        from: u64,
        persist: bool,
    ) -> Result<Prepared, StorageError> {
        if ballot < self.promised {
            return Ok(Err(self.promised));
        }
        if persist && ballot > self.promised {
            shelf.put(PROMISED, &ballot_bytes(ballot))?;
        }
        self.promised = ballot;
        self.changes += 1;
        Ok(Ok(self.accepted.range(from..).map(|(_, proposal)| proposal.clone()).collect()))
    }

    /// Forgets what it has accepted up to an instance: the data has it.
    pub(super) fn forget(&mut self, batch: &mut WriteBatch, up_to: u64) {
        while let Some((instance, _)) = self.accepted.pop_first_if(|instance, _| *instance <= up_to) {
            batch.delete(&accepted_key(instance));
            self.changes += 1;
        }
        // What was accepted was a promise too, and the only record of it may be among those.
        batch.put(PROMISED, &ballot_bytes(self.promised));
    }

    /// Accepts, or says what it has promised.
    pub(super) fn accept(
        &mut self,
        shelf: &mut Shelf,
        proposal: &Rc<Proposal>,
    ) -> Result<Result<(), Ballot>, StorageError> {
        if proposal.ballot < self.promised {
            return Ok(Err(self.promised));
        }
        let mut bytes = ballot_bytes(proposal.ballot).to_vec();
        proposal.value.encode(&mut bytes);
        // This record is the promise too, if the ballot is new.
        shelf.put(&accepted_key(proposal.instance), &bytes)?;
        self.promised = proposal.ballot;
        self.accepted.insert(proposal.instance, proposal.clone());
        self.fresh.push(proposal.clone());
        self.changes += 1;
        Ok(Ok(()))
    }
}
