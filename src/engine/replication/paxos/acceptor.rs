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
//! **Invariant:** it accepts no proposal that is lower than one it has promised, not even after a crash.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::raft::Payload;
use super::super::raft::entry::Reader;
use super::super::shelf::Shelf;
use super::message::{Ballot, Proposal};
use crate::storage::StorageError;
use crate::storage::lsm::WriteBatch;
use crate::trace::NodeId;

const PROMISED: &[u8] = b"mp";

/// An acceptor. One promise holds for all instances.
#[derive(Clone, Debug, Default)]
pub struct Acceptor {
    promised: Ballot,
    accepted: BTreeMap<u64, Rc<Proposal>>,
    /// Instances that it has accepted since the last call began, for those who watch.
    fresh: Vec<u64>,
}

fn key(instance: u64) -> [u8; 9] {
    let mut key = [b'a'; 9];
    key[1..].copy_from_slice(&instance.to_be_bytes());
    key
}

pub(super) fn ballot_bytes(ballot: Ballot) -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes[..8].copy_from_slice(&ballot.round.to_be_bytes());
    bytes[8..].copy_from_slice(&ballot.node.0.to_be_bytes());
    bytes
}

fn read_ballot(reader: &mut Reader) -> Result<Ballot, StorageError> {
    Ok(Ballot { round: reader.u64()?, node: NodeId(reader.u16()?) })
}

/// The instance that a key of the shelf names after its first byte.
pub(super) fn instance_of(key: &[u8]) -> Result<u64, StorageError> {
    let mut reader = Reader { bytes: key, at: 1, what: "key of an instance", number: 0 };
    let instance = reader.u64()?;
    reader.end()?;
    Ok(instance)
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
        shelf.scan(Some(&key(0)), Some(&key(u64::MAX)), u64::MAX, &mut |key, value| {
            if damage.is_none() {
                damage = acceptor.take_in(key, value).err();
            }
        })?;
        damage.map_or(Ok(acceptor), Err)
    }

    fn take_in(&mut self, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        let instance = instance_of(key)?;
        let mut reader = Reader { bytes: value, at: 0, what: "accepted value", number: instance };
        let ballot = read_ballot(&mut reader)?;
        let value = Payload::decode(&mut reader)?;
        reader.end()?;
        // An accepted proposal is a promise too.
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

    /// The instances that it accepted in the last call.
    pub fn fresh(&self) -> &[u64] {
        &self.fresh
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
    ) -> Result<Result<Vec<Proposal>, Ballot>, StorageError> {
        if ballot < self.promised {
            return Ok(Err(self.promised));
        }
        self.promised = ballot;
        if persist {
            shelf.put(PROMISED, &ballot_bytes(ballot))?;
        }
        Ok(Ok(self.accepted.range(from..).map(|(_, proposal)| (**proposal).clone()).collect()))
    }

    /// Accepts, or says what it has promised.
    pub(super) fn accept(
        &mut self,
        shelf: &mut Shelf,
        proposal: &Rc<Proposal>,
        persist: bool,
    ) -> Result<Result<(), Ballot>, StorageError> {
        if proposal.ballot < self.promised {
            return Ok(Err(self.promised));
        }
        let mut batch = WriteBatch::new();
        let ballot = ballot_bytes(proposal.ballot);
        if persist && proposal.ballot > self.promised {
            batch.put(PROMISED, &ballot);
        }
        let mut bytes = ballot.to_vec();
        proposal.value.encode(&mut bytes);
        batch.put(&key(proposal.instance), &bytes);
        shelf.write(&mut batch)?;
        self.promised = proposal.ballot;
        self.accepted.insert(proposal.instance, proposal.clone());
        self.fresh.push(proposal.instance);
        Ok(Ok(()))
    }
}
