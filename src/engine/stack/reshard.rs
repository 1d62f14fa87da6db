//! A shard more, while requests go on: key by key, under the lock that writes of the key take.
//!
//! ```text
//!   map 1 ──add──▶ map 2 counts for new keys
//!     each key that moves:  lock ─▶ read at its old shard ─▶ write at its new one ─▶ from now on map 2 counts ─▶ unlock
//!   all have moved: map 2 counts for all
//! ```
//!
//! Reads go on at the old shard until the key has arrived; writes wait for as long. A copy that fails is tried again.
//!
//! **Invariant:** a key is written at one shard at a time, so a move loses no write.

use glassbase_cache::Row;
use glassbase_sharding::{Change, ClusterMap};
use glassbase_sim::Cx;
use glassbase_trace::parts::sharding::StreamState;
use glassbase_trace::parts::stack::ShardPart;
use glassbase_trace::sorted::SortedSet;
use glassbase_trace::{Bytes, Event, NodeId};

use std::collections::VecDeque;
use std::rc::Rc;

use super::options::SHARDS_MAX;
use super::router::{Errand, Purpose};
use super::world::Happening;
use super::{Stack, StackError};

/// A change of the map under way.
#[derive(Clone)]
pub(super) struct Move {
    pub next: ClusterMap,
    /// Keys that have not arrived, and of those the ones that have not left.
    left: SortedSet<Bytes>,
    line: VecDeque<Bytes>,
}

impl Move {
    /// Whether a key is still where the old map says.
    pub fn waits(&self, key: &Bytes) -> bool {
        self.left.contains(key)
    }
}

impl Stack {
    /// Adds a shard, and begins to move keys to it. How many will move.
    pub fn add_shard(&mut self, cx: &mut Cx) -> Result<u64, StackError> {
        if self.moving.is_some() {
            return Err(StackError::Moving);
        }
        let shard = NodeId(self.groups.len() as u16 + 1);
        if shard.0 > SHARDS_MAX {
            return Err(StackError::TooManyShards { most: SHARDS_MAX });
        }
        let next = self.map.changed(&Change::Add { shard, weight: 1 })?;
        let mut group = self.group(cx, shard)?;
        group.cluster.told_all();
        self.watched(cx, |stack, cx| {
            let part = Rc::new(ShardPart { shard, cluster: Rc::new(group.cluster.state()) });
            stack.groups.push(group);
            let cost = stack.options.cost(stack.groups.len());
            cx.emit(|| Event::ShardJoined { part, cost });
            let goes = |key: &&Bytes| stack.map.place(key).ok() != next.place(key).ok();
            let line: VecDeque<Bytes> = stack.keys.iter().filter(goes).cloned().collect();
            let count = line.len() as u64;
            stack.streams.clear();
            cx.emit(|| Event::StreamsCleared {});
            let left: SortedSet<Bytes> = line.iter().cloned().collect();
            stack.moving = Some(Move { next, left, line });
            let map = Rc::new(stack.map_state());
            cx.emit(|| Event::ClusterMapChanged { map });
            for _ in 0..stack.options.parallel {
                stack.move_on(cx);
            }
            stack.end_move(cx);
            Ok(count)
        })
    }

    /// Keys that have not arrived yet.
    pub fn keys_to_move(&self) -> u64 {
        self.moving.as_ref().map_or(0, |moving| moving.left.len() as u64)
    }

    /// The next key leaves.
    pub(super) fn move_on(&mut self, cx: &mut Cx) {
        let Some(key) = self.moving.as_mut().and_then(|moving| moving.line.pop_front()) else { return };
        let shard = self.map.place(&key).ok();
        // It is read under the lock that a write would take.
        self.begin_errand(cx, Errand { purpose: Purpose::Fetch, key, row: None, locks: true, shard });
    }

    /// A key that moves was read at its old shard; its lock is still held.
    pub(super) fn fetched(&mut self, cx: &mut Cx, key: Bytes, row: Option<Row>) {
        let Some(row) = row else { return self.try_again(cx, key) };
        let shard = self.moving.as_ref().and_then(|moving| moving.next.place(&key).ok());
        self.next_errand += 1;
        let number = self.next_errand;
        self.errands.insert(number, Errand { purpose: Purpose::Store, key, row: Some(row), locks: true, shard });
        self.send(cx, number);
    }

    /// It came to nothing: the key goes back to the end of the line.
    fn try_again(&mut self, cx: &mut Cx, key: Bytes) {
        self.unlock(cx, &key);
        if let Some(moving) = &mut self.moving {
            moving.line.push_back(key);
        }
        self.move_later(cx);
    }

    fn move_later(&mut self, cx: &Cx) {
        self.queue.push(cx.now_ns().saturating_add(self.options.pause_ns), Happening::MoveOn);
    }

    /// A key has arrived, or not; whoever waited to write it goes on.
    pub(super) fn stored(&mut self, cx: &mut Cx, key: Bytes, is_there: bool) {
        if !is_there {
            return self.try_again(cx, key);
        }
        let Some(moving) = &mut self.moving else { return };
        moving.left.remove(&key);
        let (from, to) = (self.map.place(&key), moving.next.place(&key));
        if let (Ok(from), Ok(to)) = (from, to) {
            let is_it = |known: &Rc<StreamState>| (known.from, known.to) == (from, to);
            let known = self.streams.iter().position(is_it);
            let at = known.unwrap_or_else(|| {
                let phase = "copying".into();
                self.streams.push(Rc::new(StreamState { from, to, phase, copied: 0, caught_up: 0, keys: 0 }));
                self.streams.len() - 1
            });
            let stream = Rc::make_mut(&mut self.streams[at]);
            (stream.copied, stream.keys) = (stream.copied + 1, stream.keys + 1);
            let stream = self.streams[at].clone();
            cx.emit(|| Event::StreamChanged { stream });
        }
        self.unlock(cx, &key);
        self.move_later(cx);
        self.end_move(cx);
    }

    /// When all keys have arrived the new map counts for all.
    fn end_move(&mut self, cx: &mut Cx) {
        if self.moving.as_ref().is_none_or(|moving| !moving.left.is_empty()) {
            return;
        }
        if let Some(moving) = self.moving.take() {
            self.map = moving.next;
        }
        for at in 0..self.streams.len() {
            Rc::make_mut(&mut self.streams[at]).phase = "done".into();
            let stream = self.streams[at].clone();
            cx.emit(|| Event::StreamChanged { stream });
        }
        let map = Rc::new(self.map_state());
        cx.emit(|| Event::ClusterMapChanged { map });
    }
}
