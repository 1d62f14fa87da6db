//! The floors that do the work.
//!
//! ```text
//!   stack     all of them composed: one request from its client to a page
//!   sharding   the data on several shards: where a key lives, how a request finds it, how it moves
//!   replication   copies on several nodes: protocols, a cluster that runs them
//!   cache     tiers of caches before a database
//!   storage   one node's storage engine: pages, buffer pool, B+tree
//!   eviction  what leaves a cache when room is needed; the buffer pool uses it too
//!   history   what clients saw, and the checkers that judge it
//!   sim       the world: virtual time, seeded randomness, a disk that can fail
//!   trace     the vocabulary: every event a floor can emit, as plain data
//! ```
//!
//! Each floor is a package of its own, below this one, and names only those below it: its `Cargo.toml` says which. So a
//! change is compiled where it was made and above, and each floor has the optimisation level that suits it: the trace,
//! large and seldom run, is built for size, as is the package around this one, which has the script language, the page
//! and the command line.
pub mod bench;

pub use glassbase_cache as cache;
pub use glassbase_eviction as eviction;
pub use glassbase_history as history;
pub use glassbase_replication as replication;
pub use glassbase_sharding as sharding;
pub use glassbase_sim as sim;
pub use glassbase_stack as stack;
pub use glassbase_storage as storage;
pub use glassbase_trace as trace;
