//! The database: a store of the storage engine behind a pool of connections.
//!
//! ```text
//!   query ──▶ a connection is free ──▶ works ──▶ answer        takes longer in proportion beyond `cores` at once
//!         ──▶ none is ──▶ queue ──▶ …                          waits; gives up after a time-out
//!         ──▶ the queue is full ──▶ refused
//! ```
//!
//! A query reads what is there when it begins, as with snapshots; a write is there when its query ends, and durable, for the
//! store syncs every commit. A record is the version of the key and its value; a deletion leaves a record too, so that no
//! older write comes after it.

use std::collections::VecDeque;

use super::{Options, TierError};
use glassbase_sim::{Cx, Device};
use glassbase_storage::{LogOptions, Options as StoreOptions, StorageError, Store, TreeStore};
use glassbase_trace::Bytes;
use glassbase_trace::sorted::SortedMap;

/// What the database has of a key. Version 0: nothing was ever written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    pub version: u64,
    pub value: Option<Bytes>,
}

/// A write that a query is to do.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub value: Option<Bytes>,
    /// It has its version already; else the database gives it one.
    pub version: Option<u64>,
}

/// A query.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    /// The request that it is for, and its turn.
    pub request: u64,
    pub turn: u32,
    pub key: Bytes,
    pub change: Option<Change>,
    /// What it read, once it has begun.
    pub row: Row,
}

/// Where a new query goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It begins at once.
    Begins,
    Queues,
    Refused,
}

#[derive(Clone)]
pub(crate) struct Database {
    store: TreeStore,
    cx: Cx,
    pub is_up: bool,
    pub serving: SortedMap<u64, Query>,
    pub waiting: VecDeque<Query>,
    next_query: u64,
}

impl Database {
    pub fn new(seed: u64) -> Result<Database, TierError> {
        let mut cx = Cx::new(seed);
        cx.recorder.switch(false);
        let options = StoreOptions { page_size: 4096, frames: 64, device: Device::Nvme, ..StoreOptions::default() };
        let store = TreeStore::create(&mut cx, &options, &LogOptions::default())?;
        let (serving, waiting) = (SortedMap::new(), VecDeque::new());
        Ok(Database { store, cx, is_up: true, serving, waiting, next_query: 0 })
    }

    pub fn busy(&self) -> u32 {
        self.serving.len() as u32
    }

    pub fn queued(&self) -> u32 {
        self.waiting.len() as u32
    }

    pub fn admit(&self, options: &Options) -> Admission {
        if self.busy() < options.connections {
            Admission::Begins
        } else if self.queued() < options.queue {
            Admission::Queues
        } else {
            Admission::Refused
        }
    }

    /// A query begins: its number, and how long it takes.
    pub fn begin(&mut self, options: &Options, mut query: Query) -> Result<(u64, u64), TierError> {
        let before_ns = self.cx.now_ns();
        if query.change.is_none() {
            query.row = self.read(&query.key)?;
        }
        self.next_query += 1;
        self.serving.insert(self.next_query, query);
        let crowd = u64::from(self.busy().max(options.cores));
        let work_ns = options.database_ns.saturating_mul(crowd) / u64::from(options.cores.max(1));
        Ok((self.next_query, work_ns.saturating_add(self.cx.now_ns() - before_ns)))
    }

    /// A query begins that is carried out elsewhere: its number.
    pub fn begin_elsewhere(&mut self, query: Query) -> u64 {
        self.next_query += 1;
        self.serving.insert(self.next_query, query);
        self.next_query
    }

    /// The row of a key.
    pub fn read(&mut self, key: &[u8]) -> Result<Row, StorageError> {
        let record = self.store.get(&mut self.cx, key, None)?;
        let Some((version, rest)) = record.as_deref().and_then(|record| record.split_first_chunk::<8>()) else {
            return Ok(Row::default());
        };
        let value = rest.split_first().filter(|(is_there, _)| **is_there == 1).map(|(_, value)| Bytes::from(value));
        Ok(Row { version: u64::from_be_bytes(*version), value })
    }

    /// Writes a row, unless there is a newer one; whether it did.
    pub fn write(&mut self, key: &[u8], row: &Row) -> Result<bool, StorageError> {
        if self.read(key)?.version > row.version {
            return Ok(false);
        }
        let mut record = row.version.to_be_bytes().to_vec();
        record.push(u8::from(row.value.is_some()));
        record.extend_from_slice(row.value.as_deref().unwrap_or_default());
        self.store.put(&mut self.cx, key, &record)?;
        Ok(true)
    }

    /// The power fails: the queries that were under way, and those that waited.
    pub fn crash(&mut self, choice: u64) -> Vec<Query> {
        self.is_up = false;
        self.store.database_mut().crash_seeded(&mut self.cx, choice);
        let serving = std::mem::take(&mut self.serving).into_values();
        serving.chain(std::mem::take(&mut self.waiting)).collect()
    }

    /// It is back; how long its recovery took.
    pub fn recover(&mut self) -> Result<u64, TierError> {
        let before_ns = self.cx.now_ns();
        self.store.recover(&mut self.cx)?;
        self.is_up = true;
        Ok(self.cx.now_ns() - before_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(version: u64, value: Option<&str>) -> Row {
        Row { version, value: value.map(Bytes::typed) }
    }

    #[test]
    fn the_newer_version_wins_and_outlives_a_crash() {
        let mut database = Database::new(1).unwrap();
        assert_eq!(database.read(b"x").unwrap(), Row::default());
        assert!(database.write(b"x", &row(3, Some("new"))).unwrap());
        assert!(!database.write(b"x", &row(2, Some("old"))).unwrap());
        assert_eq!(database.read(b"x").unwrap(), row(3, Some("new")));
        assert!(database.write(b"x", &row(4, None)).unwrap());
        database.crash(7);
        database.recover().unwrap();
        assert_eq!(database.read(b"x").unwrap(), row(4, None), "a deletion is a version too");
    }

    #[test]
    fn more_at_once_than_cores_take_longer() {
        let options = Options { connections: 4, cores: 2, queue: 1, ..Options::default() };
        let mut database = Database::new(1).unwrap();
        let query = |request| Query { request, turn: 0, key: Bytes::typed("x"), change: None, row: Row::default() };
        let times: Vec<u64> = (0..4).map(|request| database.begin(&options, query(request)).unwrap().1).collect();
        let base = options.database_ns;
        for (time, expected) in times.iter().zip([base, base, base * 3 / 2, base * 2]) {
            assert!((expected..expected + 1_000_000).contains(time), "{times:?}");
        }
        assert_eq!(database.admit(&options), Admission::Queues);
        database.waiting.push_back(query(9));
        assert_eq!(database.admit(&options), Admission::Refused);
    }
}
