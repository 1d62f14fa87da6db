//! How a hierarchy is set up: sizes, times, and which cure is taken for which disease.

use super::TierError;
use glassbase_eviction::PolicyOptions;
use glassbase_trace::{PolicyKind, words};

/// Most servers of a kind, and most entries of a cache.
pub const SERVERS_MAX: u16 = 64;
pub const CAPACITY_MAX: u32 = 100_000;

words! {
    /// Who writes where, and who reads for whom.
    Strategy {
        /// The application reads the cache, then the database, and fills the cache; it writes to the database.
        CacheAside = "cache-aside",
        /// The cache reads the database itself.
        ReadThrough = "read-through",
        /// Writes go to the cache, which writes to the database before it says that it is done.
        WriteThrough = "write-through",
        /// Writes go to the cache, which says that it is done and writes to the database some time later.
        WriteBehind = "write-behind",
        /// Writes go to the database alone, and nobody waits for the caches: they have news of it later (with
        /// [`Invalidation::Events`]), or what they have is left to its time to live.
        WriteAround = "write-around",
        /// As cache-aside; what is asked for near the end of its time is read anew before it is over.
        RefreshAhead = "refresh-ahead",
    }
}

words! {
    /// How a cache learns that what it has is old.
    Invalidation {
        /// Not at all: its time to live ends.
        Ttl = "ttl",
        /// The writer deletes it from L2 and tells the other application servers.
        Events = "events",
        /// The version is part of the key under which a value is cached; the current one is asked for first.
        Versions = "versions",
    }
}

words! {
    /// What keeps an old value from being cached after a newer one was written.
    Guard {
        None = "none",
        /// The newer version wins: a set brings its version along, and a deletion leaves one behind.
        Version = "version",
        /// A miss gives a lease, a deletion takes it away, and a set without its lease is refused (Nishtala et al.,
        /// "Scaling Memcache at Facebook", NSDI 2013).
        Lease = "lease",
    }
}

words! {
    /// What is done against many that miss the same key at once.
    Stampede {
        None = "none",
        /// One fetches; the others wait and get what it brings.
        SingleFlight = "single-flight",
        /// One holds a lock; the others ask again in a moment. The lock has a time-out.
        Mutex = "mutex",
        /// Now and then somebody reads a value anew before it expires, the more likely the nearer that is (Vattani,
        /// Chierichetti and Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015).
        Early = "early",
        /// The expired value is served while one reads it anew.
        StaleWhileRevalidate = "stale-while-revalidate",
    }
}

words! {
    /// What is done about a key that everybody asks for.
    HotKey {
        None = "none",
        /// Application servers keep a copy for a short time, even with no L1.
        Copy = "copy",
        /// It is kept under several names, on several nodes.
        Split = "split",
    }
}

/// The settings of a hierarchy. Times are in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    pub apps: u16,
    pub caches: u16,
    pub clients: u16,
    /// Entries that fit into the L1 of an application server, 0: it has none; and into a node of L2, 0: there is no L2.
    pub l1_capacity: u32,
    pub l2_capacity: u32,
    pub policy: PolicyKind,
    /// One way between two servers.
    pub link_ns: u64,
    /// What a look into L1 takes, an operation of an L2 node (one at a time), and a query of the database.
    pub l1_ns: u64,
    pub l2_service_ns: u64,
    pub database_ns: u64,
    /// Queries at once, at most; beyond `cores` of them, each takes longer in proportion.
    pub connections: u32,
    pub cores: u32,
    /// Queries that may wait for a connection.
    pub queue: u32,
    pub l2_timeout_ns: u64,
    pub database_timeout_ns: u64,
    pub strategy: Strategy,
    pub invalidation: Invalidation,
    pub guard: Guard,
    pub stampede: Stampede,
    pub l1_ttl_ns: u64,
    pub l2_ttl_ns: u64,
    /// Up to so much is added to each time to live.
    pub jitter_ns: u64,
    /// How long it is remembered that there is no such key; 0: it is not.
    pub negative_ttl_ns: u64,
    /// Application servers know, by a Bloom filter, which keys there may be.
    pub bloom: bool,
    pub hot_key: HotKey,
    /// A key that an application server is asked for so often in a second is hot.
    pub hot_per_s: u32,
    pub copies: u32,
    /// After so many failures in a row an application server asks L2 no more; 0: it always does.
    pub breaker_failures: u32,
    pub breaker_open_ns: u64,
    /// Queries that an application server has under way, at most; more are turned away at once. 0: no limit.
    pub shed: u32,
    /// An L2 node that is down is passed over: its keys go to the next on the ring.
    pub failover: bool,
    /// How long a lock or lease is good for, and how soon one asks again for a lock.
    pub lock_ns: u64,
    pub retry_ns: u64,
    /// How eager the probabilistic refresh is (the paper's beta).
    pub beta: f64,
    /// How long beyond its time an expired value may be served.
    pub grace_ns: u64,
    /// Refresh-ahead: in this last part of its time, in hundredths, a value is read anew.
    pub refresh_percent: u32,
    /// How long the news of a write is on its way to other application servers, and what share of it gets lost.
    pub bus_ns: u64,
    pub bus_loss: f64,
    /// Write-behind: how often an L2 node writes what it owes, and how many keys at once.
    pub flush_ns: u64,
    pub flush_batch: u32,
    /// The database is elsewhere: queries that begin are handed out ([`Tiers::take_queries`](super::Tiers::take_queries)), and
    /// whoever carries them out gives the answers. Writes get their versions when they begin.
    pub remote: bool,
}

const MS: u64 = 1_000_000;
const S: u64 = 1000 * MS;

impl Default for Options {
    fn default() -> Options {
        Options {
            apps: 2,
            caches: 2,
            clients: 8,
            l1_capacity: 16,
            l2_capacity: 64,
            policy: PolicyKind::Lru,
            link_ns: MS / 2 - 10_000,
            l1_ns: 1_000,
            l2_service_ns: 20_000,
            database_ns: 9 * MS,
            connections: 16,
            cores: 8,
            queue: 256,
            l2_timeout_ns: 20 * MS,
            database_timeout_ns: S,
            strategy: Strategy::CacheAside,
            invalidation: Invalidation::Events,
            guard: Guard::None,
            stampede: Stampede::None,
            l1_ttl_ns: 2 * S,
            l2_ttl_ns: 10 * S,
            jitter_ns: 0,
            negative_ttl_ns: 0,
            bloom: false,
            hot_key: HotKey::None,
            hot_per_s: 100,
            copies: 4,
            breaker_failures: 0,
            breaker_open_ns: S,
            shed: 0,
            failover: false,
            lock_ns: 3 * S,
            retry_ns: 5 * MS,
            beta: 1.0,
            grace_ns: 5 * S,
            refresh_percent: 20,
            bus_ns: 5 * MS,
            bus_loss: 0.0,
            flush_ns: 100 * MS,
            flush_batch: 8,
            remote: false,
        }
    }
}

impl Options {
    /// Says what is wrong with the settings, if anything is.
    pub fn check(&self) -> Result<(), TierError> {
        let within = |option: &'static str, value: u64, from: u64, to: u64| {
            if (from..=to).contains(&value) {
                return Ok(());
            }
            Err(TierError::BadOption { option, what: format!("it goes from {from} to {to}, and {value} is outside") })
        };
        within("apps", self.apps.into(), 1, SERVERS_MAX.into())?;
        within("caches", self.caches.into(), 1, SERVERS_MAX.into())?;
        within("clients", self.clients.into(), 1, 10_000)?;
        within("l1-size", self.l1_capacity.into(), 0, CAPACITY_MAX.into())?;
        within("l2-size", self.l2_capacity.into(), 0, CAPACITY_MAX.into())?;
        within("connections", self.connections.into(), 1, 100_000)?;
        within("cores", self.cores.into(), 1, 100_000)?;
        within("copies", self.copies.into(), 1, 64)?;
        within("batch", self.flush_batch.into(), 1, 100_000)?;
        within("flush", self.flush_ns, 1, u64::MAX)?;
        within("retry", self.retry_ns, 1, u64::MAX)?;
        within("lock", self.lock_ns, 1, u64::MAX)?;
        within("refresh", self.refresh_percent.into(), 0, 100)?;
        if self.policy == PolicyKind::Optimum {
            let what = "it would have to know what is asked for later: choose another policy".to_string();
            return Err(TierError::BadOption { option: "policy", what });
        }
        for (option, value, most) in [("loss", self.bus_loss, 1), ("beta", self.beta, 1000)] {
            if !(0.0..=f64::from(most)).contains(&value) {
                return Err(TierError::BadOption { option, what: format!("it goes from 0 to {most}") });
            }
        }
        let writes_in_l2 = matches!(self.strategy, Strategy::WriteThrough | Strategy::WriteBehind);
        if writes_in_l2 && self.invalidation == Invalidation::Versions {
            let what = "versioned keys need a strategy that writes to the database: cache-aside, say".to_string();
            return Err(TierError::BadOption { option: "invalidation", what });
        }
        if writes_in_l2 && self.hot_key == HotKey::Split {
            let what = "a split key needs a strategy that writes to the database: cache-aside, say".to_string();
            return Err(TierError::BadOption { option: "hot-key", what });
        }
        if self.l2_capacity == 0 && writes_in_l2 {
            let what = "writes go through L2, and its size is 0: give it a size".to_string();
            return Err(TierError::BadOption { option: "strategy", what });
        }
        Ok(())
    }

    pub(crate) fn policy(&self) -> PolicyOptions {
        PolicyOptions::of(self.policy)
    }
}
