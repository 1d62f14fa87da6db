//! An application server: what it keeps in its own memory, what it fetches, and how it gets on with L2.

use super::breaker::Breaker;
use super::store::CacheStore;
use super::{HotKey, Options};
use glassbase_trace::Bytes;
use glassbase_trace::sorted::SortedMap;

/// Room for copies of hot keys where there is no L1.
const HOT_CAPACITY: u32 = 8;
/// For how long requests for a key are counted to tell whether it is hot.
const HOT_WINDOW_NS: u64 = 1_000_000_000;

#[derive(Clone, Debug)]
pub(crate) struct App {
    pub is_up: bool,
    pub store: CacheStore,
    pub breaker: Breaker,
    /// The request that fetches a key, and those that wait for it.
    pub flights: SortedMap<Bytes, u64>,
    pub parked: SortedMap<u64, Vec<u64>>,
    /// Queries that it has under way.
    pub queries: u32,
    /// By key: the second, and how often it was asked for in it.
    pub heat: SortedMap<Bytes, (u64, u32)>,
    /// The latest second in which one was.
    pub heat_window: u64,
    pub hits: u64,
    pub misses: u64,
}

impl App {
    pub fn new(options: &Options) -> App {
        let for_hot = if options.hot_key == HotKey::Copy { HOT_CAPACITY } else { 0 };
        App {
            is_up: true,
            store: CacheStore::new(options.l1_capacity.max(for_hot), options.policy()),
            breaker: Breaker::new(options.breaker_failures, options.breaker_open_ns),
            flights: SortedMap::new(),
            parked: SortedMap::new(),
            queries: 0,
            heat: SortedMap::new(),
            heat_window: 0,
            hits: 0,
            misses: 0,
        }
    }

    /// Counts a request for a key. What was not asked for in this second nor in the one before is forgotten.
    pub fn warm_up(&mut self, key: &Bytes, now_ns: u64) {
        let window = now_ns / HOT_WINDOW_NS;
        if self.heat_window != window {
            self.heat_window = window;
            self.heat.retain(|_, heat| heat.0 + 1 >= window);
        }
        let heat = self.heat.entry(key.clone()).or_insert((window, 0));
        if heat.0 != window {
            *heat = (window, heat.1 / 2);
        }
        heat.1 = heat.1.saturating_add(1);
    }

    pub fn is_hot(&self, key: &[u8], limit: u32) -> bool {
        self.heat.get(key).is_some_and(|(_, count)| *count >= limit)
    }
}
