//! The world that the engine lives in: virtual time, seeded randomness, a disk and a network that can fail.
//!
//! Nothing here asks the machine it runs on for anything, so a run is a function of its script and seed.
//!
//! - [`Cx`]: the context that is handed down every call: the clock, what has been counted, the recorder.
//! - [`Generator`], [`Zipf`]: randomness that is the same everywhere.
//! - [`Device`]: what an access costs on RAM, NVMe, SSD, HDD.
//! - [`EventQueue`]: what is to happen, by time. [`NodeClock`]: a clock that is off. [`network`]: links between nodes.
//! - [`Disk`]: pages and append-only files that survive a crash only once they are synced, and [`Fault`]s.

mod clock;
mod cx;
mod device;
mod disk;
pub mod network;
mod page_set;
mod queue;
mod random;

pub use clock::NodeClock;
pub use cx::Cx;
pub use device::{Device, MEMORY_ACCESS_NS};
pub use disk::{Crash, Disk, DiskError, Fault, SECTOR_BYTES};
pub use queue::EventQueue;
pub use random::{Generator, Zipf};
