//! Cutting off the log: what is applied is in the data, so neither its values nor what was accepted for it is needed.
//!
//! ```text
//!   instance       1  2  3  4  5  6  7  8  9
//!   before         ■  ■  ■  ■  ■  ■  ■  ■  ○      ■ applied   ○ accepted, not known to be chosen
//!   after          [ data up to 4 ]  ■  ■  ■  ○      cut = 4: half of what may be kept stays, for those a little behind
//! ```
//!
//! - Who fetches an instance that is cut off is sent the data instead ("Paxos Made Simple" leaves this open; see T. Chandra,
//!   R. Griesemer, J. Redstone, "Paxos Made Live", 2007, section 5.5).
//! - An acceptor that has cut off an instance can't tell any more what it had accepted for it. So it promises nothing to a
//!   candidate that asks about it: it sends the data, and the candidate asks again from there on.
//!
//! Nothing is synced for it: the shelf keeps the order of writes, so a cut that outlives a crash stands behind the data.
//!
//! **Invariant:** what was accepted for an instance is forgotten only together with a write of the data that it is in.
//! **Invariant:** whoever promises has all that it ever accepted, from the first instance on that the candidate asked about.

use std::rc::Rc;

use super::super::node::Step;
use super::super::raft::entry::Reader;
use super::super::shelf::Shelf;
use super::chosen_key;
use super::leader::Part;
use super::message::{Message, Snapshot};
use super::multi::Multi;
use glassbase_storage::StorageError;
use glassbase_storage::lsm::WriteBatch;
use glassbase_trace::NodeId;

/// The last instance that is cut off.
const CUT: &[u8] = b"mc";

pub(super) fn load_cut(shelf: &mut Shelf) -> Result<u64, StorageError> {
    shelf.get(CUT)?.map_or(Ok(0), |bytes| Reader::new(&bytes, "cut").u64())
}

impl Multi {
    /// Cuts off half of the log once it is too long; what is not applied stays.
    pub(super) fn compact(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let most = self.options.snapshot_entries;
        if most == 0 || self.log.len() as u64 <= most {
            return Ok(());
        }
        let cut = self.machine.applied.min(self.known() - most / 2);
        if cut > self.cut {
            let mut batch = WriteBatch::new();
            self.cut_off(&mut batch, cut);
            step.shelf.write(&mut batch)?;
            step.note("log-cut", || format!("Instances up to {cut} are in the data: they are cut off the log."));
        }
        Ok(())
    }

    fn cut_off(&mut self, batch: &mut WriteBatch, cut: u64) {
        let gone = (cut - self.cut).min(self.log.len() as u64);
        (self.cut + 1..=self.cut + gone).for_each(|instance| batch.delete(&chosen_key(instance)));
        self.log.drain(..gone as usize);
        self.acceptor.forget(batch, cut);
        batch.put(CUT, &cut.to_be_bytes());
        self.cut = cut;
    }

    /// Sends all data to somebody who lacks what is cut off here.
    pub(super) fn send_snapshot(&mut self, step: &mut Step, to: NodeId, first: u64) {
        let (cut, applied) = (self.cut, self.machine.applied);
        step.note("snapshot", || {
            format!("{to} lacks instance {first}, and the log is cut off up to {cut}: sends the data up to {applied}.")
        });
        let snapshot = Snapshot { applied, contents: self.machine.contents.clone() };
        step.send(to, Message::Snapshot(Rc::new(snapshot)));
    }

    /// Takes all data of another node in the place of its own. Somebody who wants to lead has to ask for promises anew.
    pub(super) fn install(&mut self, step: &mut Step, from: NodeId, snapshot: &Snapshot) -> Result<(), StorageError> {
        let Snapshot { applied, contents } = snapshot;
        if self.is_leader() || *applied <= self.known() {
            return Ok(());
        }
        if let Part::Candidate(candidacy) = &self.part {
            let ballot = candidacy.ballot;
            step.note("overtaken", || format!("Lacks too much to lead: gives up ballot {ballot}."));
            self.give_up(step);
        }
        let mut batch = WriteBatch::new();
        self.machine.replace(&mut batch, contents, *applied);
        self.cut_off(&mut batch, *applied);
        step.shelf.write(&mut batch)?;
        self.dirty = true;
        self.told = self.told.max(*applied);
        step.note("installed", || format!("Has the data of {from}: instances up to {applied} are in it."));
        self.fetch(step, from);
        Ok(())
    }
}
