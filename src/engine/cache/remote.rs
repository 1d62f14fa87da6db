//! A database that is elsewhere: queries are handed out, and answered by whoever carries them out.
//!
//! ```text
//!   … ─▶ a connection is free ──hand_out──▶ take_queries ─▶ somebody ─▶ give_answer ──▶ whoever asked
//! ```
//!
//! **Invariant:** a query that was handed out holds its connection until it is answered, or the database loses its power.

use super::database::{Query, Row};
use super::{Place, Tiers};
use glassbase_sim::Cx;
use glassbase_trace::{Bytes, Event, NodeId, TierFate, TierOperation};

/// A query for a database elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteQuery {
    pub number: u64,
    /// The request that it is for.
    pub request: u64,
    /// The application server that asks, from 0; none: a node of L2 does.
    pub app: Option<u16>,
    pub key: Bytes,
    /// What is to be written; none: it reads.
    pub row: Option<Row>,
}

/// What a client asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub request: u64,
    pub operation: TierOperation,
    pub key: Bytes,
    pub value: Option<Bytes>,
}

/// What a client was told.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub request: u64,
    pub client: NodeId,
    pub operation: TierOperation,
    pub fate: TierFate,
    /// What was read.
    pub row: Row,
}

impl Tiers {
    /// A query begins, elsewhere.
    pub(super) fn hand_out(&mut self, cx: &mut Cx, query: Query) {
        let (request, key, writes) = (query.request, query.key.clone(), query.change.is_some());
        let row = query.change.as_ref().map(|change| Row {
            version: change.version.unwrap_or_else(|| self.next_version + 1),
            value: change.value.clone(),
        });
        if row.as_ref().is_some_and(|row| row.version > self.next_version) {
            self.new_version();
        }
        let query = Query { row: row.clone().unwrap_or_default(), ..query };
        let number = self.database.begin_elsewhere(query);
        let (busy, queued) = (self.database.busy(), self.database.queued());
        self.tell(cx, Event::DatabaseBegan { request, writes, busy, queued });
        let app = self.tasks.get(&request).filter(|task| !task.at_cache).map(|task| task.app);
        self.queries.push(RemoteQuery { number, request, app, key, row });
    }

    /// Queries that have begun since this was asked last.
    pub fn take_queries(&mut self) -> Vec<RemoteQuery> {
        std::mem::take(&mut self.queries)
    }

    /// What clients have asked since this was asked last.
    pub fn take_asked(&mut self) -> Vec<Asked> {
        std::mem::take(&mut self.asked_by_clients)
    }

    /// What clients were told since this was asked last.
    pub fn take_told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told_clients)
    }

    /// A query is answered: what was read, or that its row is written; nothing if it failed, or nobody knows.
    pub fn give_answer(&mut self, cx: &mut Cx, number: u64, row: Option<Row>) {
        let Some(query) = self.database.serving.remove(&number) else {
            // The database lost its power meanwhile. What was written is there all the same.
            if let Some((key, row)) = self.orphans.remove(&number).zip(row) {
                self.lands(&key, row.version);
            }
            return;
        };
        if let Some(change) = &query.change
            && let Some(row) = &row
        {
            self.bloom.add(&query.key);
            self.lands(&query.key, row.version);
            // What a node of L2 owes was written when the node took it.
            if change.version.is_none() {
                self.written(cx, &query.key, row.version);
            }
        }
        self.query_over(cx, &query, row);
    }

    /// A version of a key is in the database.
    fn lands(&mut self, key: &Bytes, version: u64) {
        let newest = self.landed.entry(key.clone()).or_insert(0);
        *newest = (*newest).max(version);
    }

    /// The database loses its power: what it was about to write may be there all the same.
    pub(super) fn orphan_queries(&mut self) {
        if self.options.remote {
            let writes = self.database.serving.iter().filter(|(_, query)| query.change.is_some());
            let writes: Vec<(u64, Bytes)> = writes.map(|(number, query)| (*number, query.key.clone())).collect();
            self.orphans.extend(writes);
        }
    }

    /// The newest version of a key that the database has, as far as anybody knows.
    pub(super) fn version_there(&mut self, key: &Bytes) -> u64 {
        match self.options.remote {
            true => self.landed.get(key).copied().unwrap_or(0),
            false => self.database.read(key).map_or(0, |row| row.version),
        }
    }

    /// A row is in the database that nobody asked for: no cache has it.
    pub fn row_is_there(&mut self, key: &Bytes) {
        self.bloom.add(key);
    }

    /// A version for a row that is written without a query.
    pub fn version_for_row(&mut self) -> u64 {
        self.new_version()
    }

    /// Whether the database takes queries.
    pub fn is_database_up(&self) -> bool {
        self.is_up(Place::Database).unwrap_or(false)
    }

    pub(super) fn heard(&mut self, told: Told) {
        if self.options.remote && told.client.is_client() {
            self.told_clients.push(told);
        }
    }
}
