//! What an engine may have beyond pages, pool and disk: the parts of an [`EngineState`](super::EngineState).
//!
//! ```text
//!   heap          rows in slots, map of free space          replacement   what a policy knows of the pages
//!   log           records written ahead, transactions       lsm           memtables, tables in levels
//!   client        what a client was told                    medium        pages as the disk has them
//!   cluster       nodes, links, messages on their way      work          bytes put, bytes written
//!   sharding      map, shards, keys on their way           tradeoff      what R and W of a quorum cost and give
//!   tiers         caches before a database               stack         all of them, and requests that are followed
//! ```
//!
//! A part that an engine does not have is `None`, and is not written: the trace of a tree without a log looks as it
//! always did. Parts are shared by reference between states that have them alike.

pub mod client;
pub mod cluster;
pub mod heap;
pub mod log;
pub mod lsm;
pub mod replacement;
pub mod sharding;
pub mod stack;
pub mod tiers;
pub mod tradeoff;
pub mod work;

use std::rc::Rc;

pub use client::{ClientState, MediumState};
pub use cluster::ClusterState;
pub use heap::HeapState;
pub use log::LogState;
pub use lsm::LsmState;
pub use replacement::{FrameCount, FrameTimes, HitCurve, HitCurves, PolicyItems, ReplacementState};
pub use sharding::ShardingState;
pub use stack::StackState;
pub use tiers::TiersState;
pub use tradeoff::{QuorumRun, StaleClass, TradeoffState};
pub use work::WorkState;

use super::plain::{self, Plain};

/// Memory that a byte of a written part stands for, about.
const BYTES_EACH: usize = 4;

macro_rules! parts {
    ($($field:ident : $type:ident = $word:literal),* $(,)?) => {
        /// The parts of an engine.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Parts {
            $(pub $field: Option<Rc<$type>>),*
        }

        impl Parts {
            /// Appends `|word=part` for each part there is; a part that is as it was before as `|word==`.
            pub(super) fn write(&self, text: &mut String, before: &Parts) {
                $(write_part(text, concat!("|", $word, "="), &self.$field, &before.$field);)*
            }

            /// Reads a section that [`Parts::write`] wrote. `None` when it can't be read, `Some(false)` when it is of no part.
            pub(super) fn read(&mut self, section: &str, before: &Parts) -> Option<bool> {
                $(if let Some(text) = section.strip_prefix(concat!($word, "=")) {
                    self.$field = Some(read_part(text, &before.$field)?);
                    return Some(true);
                })*
                Some(false)
            }

            /// Takes those parts from `previous` that are as they were there, so that they are there once.
            pub(super) fn share(&mut self, previous: &Parts) {
                $(if self.$field == previous.$field {
                    self.$field = previous.$field.clone();
                })*
            }

            /// About how much memory the parts take beyond those shared with `previous`.
            pub(super) fn bytes_beyond(&self, previous: Option<&Parts>) -> usize {
                [$(part_bytes(&self.$field, previous.and_then(|parts| parts.$field.as_ref()))),*].into_iter().sum()
            }
        }
    };
}

parts! {
    heap: HeapState = "heap",
    replacement: ReplacementState = "replacement",
    log: LogState = "log",
    lsm: LsmState = "lsm",
    client: ClientState = "client",
    medium: MediumState = "medium",
    cluster: ClusterState = "cluster",
    work: WorkState = "work",
    sharding: ShardingState = "sharding",
    tradeoff: TradeoffState = "tradeoff",
    tiers: TiersState = "tiers",
    stack: StackState = "stack",
}

fn write_part<T: Plain + PartialEq>(text: &mut String, head: &str, part: &Option<Rc<T>>, before: &Option<Rc<T>>) {
    if let Some(value) = part {
        text.push_str(head);
        if part == before {
            text.push('=');
        } else {
            text.push_str(&plain::to_text(value));
        }
    }
}

fn read_part<T: Plain>(text: &str, before: &Option<Rc<T>>) -> Option<Rc<T>> {
    match text {
        "=" => before.clone(),
        text => plain::from_text(text).map(Rc::new),
    }
}

fn part_bytes<T: Plain>(part: &Option<Rc<T>>, before: Option<&Rc<T>>) -> usize {
    match part {
        Some(part) if !before.is_some_and(|before| Rc::ptr_eq(part, before)) => {
            64 + BYTES_EACH * plain::to_bytes(part).len()
        }
        _ => 0,
    }
}
