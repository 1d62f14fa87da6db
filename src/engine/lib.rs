//! The floors that do the work.
//!
//! ```text
//!   replication   copies on several nodes: protocols, a cluster that runs them
//!   storage   one node's storage engine: pages, buffer pool, B+tree
//!   history   what clients saw, and the checkers that judge it
//!   sim       the world: virtual time, seeded randomness, a disk that can fail
//!   trace     the vocabulary: every event a floor can emit, as plain data
//! ```
//!
//! A floor names only those below it. This package is built for speed; the package around it, which has the script
//! language, the page and the command line, is built for size, and so is `trace`, a package of its own.
pub mod bench;
pub mod history;
pub mod replication;
pub mod sim;
pub mod storage;
pub use glassbase_trace::trace;
