//! How a sharded cluster is set up.

use crate::error::ShardingError;
use crate::map::MapOptions;
use crate::shard::ShardOptions;
use glassbase_sim::network::Quality;
use glassbase_storage::ShelfKind;

/// Most shards, and most clients.
pub const SHARDS_MAX: u16 = 64;
pub const CLIENTS_MAX: u16 = 64;

#[derive(Clone, Debug)]
pub struct Options {
    pub map: MapOptions,
    pub shards: u16,
    /// Clients, each with a router of its own.
    pub clients: u16,
    pub shard: ShardOptions,
    pub shelf: ShelfKind,
    pub quality: Quality,
    /// What a shard works on a request, besides its disk; how many it works on at once; and how much may wait.
    pub service_ns: u64,
    pub workers: u16,
    pub backlog_max_ns: u64,
    /// Of a thousand requests so many take twenty times as long: a pause of the collector, a page that was not there.
    pub hiccups: u64,
    /// How long a router waits for a part; how often it asks again; how long for the whole.
    pub timeout_ns: u64,
    pub retries: u32,
    pub deadline_ns: u64,
    /// A read that is not answered by then is asked once more, over a second connection; 0: never.
    pub hedge_ns: u64,
    /// Keys on their way are asked for at both shards.
    pub dual_reads: bool,
    /// A query may do without shards that do not answer.
    pub partial: bool,
    /// Pairs of shards between which keys move at a time.
    pub parallel: u16,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            map: MapOptions::default(),
            shards: 4,
            clients: 4,
            shard: ShardOptions::default(),
            shelf: ShelfKind::Memory,
            quality: Quality::default(),
            service_ns: 100_000,
            workers: 2,
            backlog_max_ns: 200_000_000,
            hiccups: 0,
            timeout_ns: 50_000_000,
            retries: 8,
            deadline_ns: 2_000_000_000,
            hedge_ns: 0,
            dual_reads: false,
            partial: true,
            parallel: 2,
        }
    }
}

impl Options {
    pub fn check(&self) -> Result<(), ShardingError> {
        let bad = |name, value, allowed| Err(ShardingError::BadOption { name, value, allowed });
        if self.shards == 0 {
            return Err(ShardingError::NoShards);
        }
        if self.shards > SHARDS_MAX {
            return bad("shards", u64::from(self.shards), "from 1 to 64");
        }
        if !(1..=CLIENTS_MAX).contains(&self.clients) {
            return bad("clients", u64::from(self.clients), "from 1 to 64");
        }
        if !(1..=64).contains(&self.workers) {
            return bad("workers", u64::from(self.workers), "from 1 to 64");
        }
        if self.timeout_ns == 0 || self.shard.resend_ns == 0 {
            return bad("timeout", 0, "longer than nothing");
        }
        Ok(())
    }
}
