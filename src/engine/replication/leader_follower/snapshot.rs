//! Catching up where the log does not reach back: a snapshot, sent in pieces.
//!
//! ```text
//!   leader: hold a snapshot of the store, at position 40 ──piece 0──▶ ◀──taken── ──piece 1──▶ … ──the last──▶
//!   follower: collects the pieces in memory, and only then puts them in the place of what it has ─▶ log from 41 on
//! ```
//!
//! **Invariant:** until it has all pieces a follower keeps what it has: others may count on what it has acknowledged.

use super::epoch::Epoch;
use super::follower::Following;
use super::message::{Message, Piece};
use super::{Replica, Role};
use crate::message::RequestId;
use crate::node::Step;
use crate::shelf::SnapshotId;
use glassbase_storage::StorageError;
use glassbase_trace::NodeId;

/// A snapshot on its way to a follower.
#[derive(Clone, Debug)]
pub(super) struct Sending {
    pub snapshot: SnapshotId,
    /// The position that it is of.
    pub at: u64,
    number: u32,
    /// The first key of the piece that was sent last.
    from: Option<Vec<u8>>,
    /// The first key of the piece behind it; none: that was the last.
    next: Option<Vec<u8>>,
    /// The piece was sent since the last heartbeat.
    is_fresh: bool,
    clients: Vec<(NodeId, RequestId, u64)>,
}

/// A snapshot that comes in.
#[derive(Clone, Debug, Default)]
pub(super) struct Receiving {
    at: u64,
    next: u32,
    records: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Replica {
    /// Begins to send all that there is to a follower, unless that is under way.
    pub(super) fn begin_snapshot(&mut self, step: &mut Step, to: NodeId) -> Result<(), StorageError> {
        let at = self.end;
        let clients = self.clients.iter().map(|(client, (request, position))| (*client, *request, *position)).collect();
        let Some(peer) = self.leadership().and_then(|leadership| leadership.peers.get_mut(&to)) else { return Ok(()) };
        if peer.snapshot.is_some() {
            return Ok(());
        }
        let snapshot = step.shelf.begin_snapshot()?;
        let sending = Sending { snapshot, at, number: 0, from: None, next: None, is_fresh: true, clients };
        (peer.snapshot, peer.sent) = (Some(sending), None);
        step.note("snapshot-sent", || {
            format!("The log does not reach back to what {to} has: it gets a snapshot of all up to {at}.")
        });
        self.send_piece(step, to)
    }

    /// Sends the piece that begins at `from`, and notes where the next one does.
    fn send_piece(&mut self, step: &mut Step, to: NodeId) -> Result<(), StorageError> {
        let (limit, epoch) = (u64::from(self.options.chunk_records), self.epoch);
        let Some(peer) = self.leadership().and_then(|leadership| leadership.peers.get_mut(&to)) else { return Ok(()) };
        let Some(sending) = &mut peer.snapshot else { return Ok(()) };
        let mut records = Vec::new();
        let mut visit = |key: &[u8], value: &[u8]| records.push((key.to_vec(), value.to_vec()));
        let found = step.shelf.read_snapshot(sending.snapshot, sending.from.as_deref(), limit, &mut visit)?;
        let last = found < limit;
        sending.is_fresh = true;
        // The first key that is greater than the last one of this piece.
        sending.next = records.last().filter(|_| !last).map(|(key, _)| [&key[..], &[0]].concat());
        let clients = if last { sending.clients.clone() } else { Vec::new() };
        let piece = Piece { epoch, at: sending.at, number: sending.number, records, last, clients };
        step.send(to, Message::Snapshot(piece.into()));
        Ok(())
    }

    /// A piece that nobody has answered to since the last heartbeat is sent again.
    pub(super) fn resend_piece(&mut self, step: &mut Step, to: NodeId) -> Result<(), StorageError> {
        let Some(peer) = self.leadership().and_then(|leadership| leadership.peers.get_mut(&to)) else { return Ok(()) };
        match &mut peer.snapshot {
            Some(sending) if sending.is_fresh => sending.is_fresh = false,
            Some(_) => self.send_piece(step, to)?,
            None => {}
        }
        Ok(())
    }

    /// The follower has a piece, or all of them.
    pub(super) fn snapshot_taken(
        &mut self,
        step: &mut Step,
        from: NodeId,
        epoch: Epoch,
        at: u64,
        next: u32,
    ) -> Result<(), StorageError> {
        if epoch != self.epoch {
            return Ok(());
        }
        let Some(peer) = self.leadership().and_then(|leadership| leadership.peers.get_mut(&from)) else {
            return Ok(());
        };
        let Some(sending) = peer.snapshot.as_mut().filter(|sending| sending.at == at && sending.number + 1 == next)
        else {
            return Ok(());
        };
        match sending.next.take() {
            Some(key) => {
                (sending.from, sending.number) = (Some(key), next);
                self.send_piece(step, from)
            }
            None => {
                let snapshot = sending.snapshot;
                (peer.snapshot, peer.sent) = (None, Some(at));
                peer.acked = peer.acked.max(at);
                step.shelf.end_snapshot(snapshot)?;
                step.note("acknowledged", || format!("{from} has the snapshot: all up to {at}."));
                self.count(step);
                self.settle(step)?;
                self.ship(step, from)
            }
        }
    }

    /// A piece comes in.
    pub(super) fn piece(&mut self, step: &mut Step, from: NodeId, piece: &Piece) -> Result<(), StorageError> {
        if !self.obeys(piece.epoch) {
            return Ok(());
        }
        self.heard_ns = step.clock_ns;
        self.arm_suspicion(step);
        let (epoch, at, end) = (piece.epoch, piece.at, self.end);
        let Some(following) = self.following() else { return Ok(()) };
        if following.joined && end >= at {
            // It has it already; the answer was lost.
            step.send(from, Message::SnapshotTaken { epoch, at, next: piece.number + 1 });
            return Ok(());
        }
        let mut receiving = following.receiving.take().filter(|known| known.at == piece.at).unwrap_or_default();
        receiving.at = piece.at;
        if piece.number == receiving.next {
            receiving.records.extend(piece.records.iter().cloned());
            receiving.next += 1;
            if piece.last {
                self.install(step, from, &receiving.records, piece)?;
                step.send(from, Message::SnapshotTaken { epoch, at, next: piece.number + 1 });
                return Ok(());
            }
        } else if piece.number > receiving.next {
            // It begins in the middle: this node was down meanwhile. The leader has to begin anew.
            return self.join(step, from, true);
        }
        let next = receiving.next;
        if let Some(following) = self.following() {
            following.receiving = Some(receiving);
        }
        step.send(from, Message::SnapshotTaken { epoch, at, next });
        Ok(())
    }

    /// All pieces are there: they take the place of what this node has.
    fn install(
        &mut self,
        step: &mut Step,
        from: NodeId,
        records: &[(Vec<u8>, Vec<u8>)],
        piece: &Piece,
    ) -> Result<(), StorageError> {
        self.loading = true;
        self.keep(step)?;
        step.shelf.install(records, piece.at, self.options.kept_batches)?;
        self.loading = false;
        self.keep(step)?;
        self.read_store(step)?;
        for (client, request, position) in &piece.clients {
            let known = self.clients.entry(*client).or_insert((*request, *position));
            *known = (*known).max((*request, *position));
        }
        self.role = Role::Follower(Following { joined: true, ..Following::default() });
        let (me, at, count) = (self.me, piece.at, records.len());
        step.note("snapshot-installed", || {
            format!("{me} has the snapshot of {from}: {count} records, all up to {at}.")
        });
        Ok(())
    }
}
