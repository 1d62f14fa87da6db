//! The hierarchy as plain data: the servers as they are, beside what the trace told of requests.

use std::rc::Rc;

use super::Tiers;
use super::store::CacheStore;
use glassbase_trace::parts::tiers::{EntryState, PlaceState, TiersState};
use glassbase_trace::{TierKind, TierStatus};

fn entries(store: &CacheStore) -> Vec<EntryState> {
    let described = store.iter().map(|(key, entry)| EntryState {
        key: key.clone(),
        version: entry.version,
        absent: entry.value.is_none(),
        dirty: entry.dirty,
        expires_ns: entry.expires_ns,
        stale_ns: entry.stale_ns,
    });
    described.collect()
}

impl Tiers {
    /// What folding the events gives.
    pub fn state(&self) -> TiersState {
        let up = |is_up: bool| if is_up { TierStatus::Up } else { TierStatus::Down };
        let apps = self.apps.iter().map(|app| PlaceState {
            status: up(app.is_up),
            entries: entries(&app.store),
            hits: app.hits,
            misses: app.misses,
            breaker: app.breaker.state(),
            ..PlaceState::new(TierKind::App, app.store.capacity())
        });
        let nodes = self.nodes.iter().map(|node| PlaceState {
            status: node.status,
            entries: entries(&node.store),
            hits: node.hits,
            misses: node.misses,
            ..PlaceState::new(TierKind::Cache, node.store.capacity())
        });
        let database = PlaceState { status: up(self.database.is_up), ..PlaceState::new(TierKind::Database, 0) };
        TiersState {
            places: apps.chain(nodes).chain([database]).map(Rc::new).collect(),
            connections: self.options.connections,
            queue_limit: self.options.queue,
            busy: self.database.busy(),
            queued: self.database.queued(),
            ..self.told.clone()
        }
    }

    /// What is kept beside the entries, in pieces of about the size of a key: counts of keys, requests under way.
    pub fn remembered(&self) -> usize {
        let apps = self.apps.iter().map(|app| app.heat.len() + app.store.remembered());
        let nodes = self.nodes.iter().map(|node| node.store.remembered() + node.marks.len());
        let writes = self.ledger.writes();
        apps.chain(nodes).sum::<usize>() + self.popularity.len() + writes + self.tasks.len() * 4
    }

    /// Entries of all caches.
    pub fn entries(&self) -> usize {
        let apps = self.apps.iter().map(|app| app.store.len());
        apps.chain(self.nodes.iter().map(|node| node.store.len())).sum()
    }
}
