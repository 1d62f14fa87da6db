//! The lab of log and recovery: what is memory and what is disk, and what survives.
//!
//! - [`fold`], [`doing`]: the log's part of a view. [`caption`]: the event in a sentence. [`passes`]: recovery in pseudocode.
//! - [`scene`]: the picture, put together from [`strip`] (records), [`memory`], [`disk`] and [`side`] (client, recovery).
//! - [`facts`]: what a selected thing is made of. [`numbers`]: the measures.

mod doing;
mod fold;

pub use doing::{Deed, Doing};

use super::guide::Guide;
use crate::trace::Lane;

pub static GUIDE: Guide = Guide {
    lab: "log",
    lanes: &[Lane::Script, Lane::Tree, Lane::Log, Lane::Pool, Lane::Disk],
    fold: fold::fold,
    words: fold::words,
    ..Guide::PLAIN
};
