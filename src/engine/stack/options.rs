//! How a stack is set up: the settings of its floors side by side.

use super::StackError;
use glassbase_cache::Options as TierOptions;
use glassbase_replication::cluster::Options as ClusterOptions;
use glassbase_sharding::MapOptions;

/// Most shards.
pub const SHARDS_MAX: u16 = 16;

/// What machines cost in an hour, in units of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    pub app: u64,
    pub cache: u64,
    pub router: u64,
    pub replica: u64,
}

impl Default for Prices {
    fn default() -> Prices {
        Prices { app: 4, cache: 6, router: 5, replica: 8 }
    }
}

/// The settings of a stack.
#[derive(Clone, Debug)]
pub struct Options {
    /// Clients, application servers, L2. Its database is the router; its connections are queries under way at once.
    pub tiers: TierOptions,
    /// What each shard is; its clients are the router's connections to it.
    pub cluster: ClusterOptions,
    pub map: MapOptions,
    pub shards: u16,
    /// Reads go to any replica, whatever it has; otherwise to whom the protocol says.
    pub reads_any: bool,
    /// Each application server goes by a copy of the map, and learns of a newer one when a shard turns it away, which takes so
    /// long; otherwise the router knows.
    pub copies: bool,
    pub bounce_ns: u64,
    /// Keys that move at once while shards change, and the pause after each.
    pub parallel: u16,
    pub pause_ns: u64,
    /// Clients write down what they ask and are told, for the checkers. It grows with every request.
    pub history: bool,
    pub prices: Prices,
    /// How each replica keeps its data, and by which protocol, in a word.
    pub store: &'static str,
    pub protocol: &'static str,
}

impl Options {
    pub fn new(cluster: ClusterOptions) -> Options {
        let tiers = TierOptions { remote: true, connections: 64, queue: 512, ..TierOptions::default() };
        Options {
            tiers,
            cluster,
            map: MapOptions::default(),
            shards: 2,
            reads_any: false,
            copies: false,
            bounce_ns: 1_000_000,
            parallel: 4,
            pause_ns: 1_000_000,
            history: true,
            prices: Prices::default(),
            store: "memory",
            protocol: "",
        }
    }

    /// Says what is wrong with the settings, if anything is.
    pub fn check(&self) -> Result<(), StackError> {
        let wrong = |option, what: &str| Err(StackError::BadOption { option, what: what.to_string() });
        if !self.tiers.remote {
            return wrong("remote", "the database of a stack is its router");
        }
        if !(1..=SHARDS_MAX).contains(&self.shards) {
            return wrong("shards", "there are 1 to 16 of them");
        }
        if self.parallel == 0 {
            return wrong("parallel", "at least one key moves at a time");
        }
        self.tiers.check()?;
        self.cluster.check().map_err(|error| StackError::BadOption { option: "protocol", what: error.to_string() })
    }

    /// What all machines cost in an hour. A cache without room is none.
    pub fn cost(&self, shards: usize) -> u64 {
        let Prices { app, cache, router, replica } = self.prices;
        let caches = if self.tiers.l2_capacity == 0 { 0 } else { u64::from(self.tiers.caches) };
        let replicas = shards as u64 * u64::from(self.cluster.nodes);
        let router = if shards > 1 { router } else { 0 };
        u64::from(self.tiers.apps) * app + caches * cache + router + replicas * replica
    }
}
