//! First in, first out (RocksDB has it for time series and caches): nothing is merged. The oldest tables are dropped when
//! all together have too many bytes, or when they are too old.
//!
//! Entries go without being deleted: that is what this policy is for.

use std::rc::Rc;

use super::{Compaction, Output};
use crate::lsm::options::LsmOptions;
use glassbase_trace::FileNumber;
use glassbase_trace::parts::lsm::CompactionReason;
use glassbase_trace::parts::lsm::{TableState, Version};

pub fn pick(version: &Version, options: &LsmOptions, now_ns: u64) -> Option<Compaction> {
    // Tables below level 0 are what another policy left: older than all of it.
    let mut oldest_first: Vec<(u32, &Rc<TableState>)> = version.tables().collect();
    oldest_first.reverse();
    let drop = |reason, count: usize| {
        let mut inputs: Vec<(u32, FileNumber)> =
            oldest_first[..count].iter().map(|(level, table)| (*level, table.file)).collect();
        inputs.reverse();
        let (output, cursor) = (Output::Nothing, None);
        Compaction { level: 0, output_level: 0, output, reason, inputs, cursor }
    };
    let expired = |(_, table): &&(u32, &Rc<TableState>)| now_ns.saturating_sub(table.created_ns) > options.fifo_age_ns;
    let old = oldest_first.iter().take_while(expired).count();
    if options.fifo_age_ns > 0 && old > 0 {
        return Some(drop(CompactionReason::Age, old));
    }
    let mut excess = version.bytes().saturating_sub(options.fifo_bytes);
    let mut many = 0;
    // The newest table stays, however large it is.
    while excess > 0 && many + 1 < oldest_first.len() {
        excess = excess.saturating_sub(oldest_first[many].1.bytes);
        many += 1;
    }
    (many > 0).then(|| drop(CompactionReason::Room, many))
}
