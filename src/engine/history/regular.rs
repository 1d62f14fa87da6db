//! Regularity: a read may be old only as long as a write is under way.
//!
//! A register that one client writes is regular if every read returns the value of the last write that had ended before the
//! read began, or of one that overlaps the read (Lamport, "On Interprocess Communication, Part II", 1986). It is what a
//! quorum with R + W > N gives without any repair on reading: of two reads during one write, the first may be new and the
//! second old, so it is less than linearizable.
//!
//! ```text
//!   writer     ├ write 1 ┤        ├────── write 2 ──────┤
//!   reader                 ├ 1 ┤     ├ 2 ┤   ├ 1 ┤          regular, but not linearizable
//!                                                  ├ 1 ┤    not regular
//! ```
//!
//! A write without an answer overlaps everything behind its beginning. Writes of several clients are taken too, as long as no
//! two of them overlap.

use glassbase_trace::sorted::SortedMap;

use super::linearizable::sentence;
use super::{History, HistoryError, OpId, Operation, Outcome};
use glassbase_trace::Bytes;

/// A read that a regular register can't have answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Irregular {
    pub read: OpId,
    /// The write that it should have seen, or one later; nothing if nobody wrote what it found.
    pub missed: Option<OpId>,
    pub reason: String,
}

/// What came of a check of regularity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegularReport {
    pub violations: Vec<Irregular>,
    /// Keys of which writes overlap, so that they are no registers with one writer, with two such writes.
    pub several_writers: Vec<(Bytes, OpId, OpId)>,
    /// Reads that were looked at.
    pub reads: usize,
}

/// Whether each key of a history is a regular register.
pub fn check_regular(history: &History) -> Result<RegularReport, HistoryError> {
    history.verify()?;
    let mut writes: SortedMap<&Bytes, Vec<OpId>> = SortedMap::new();
    for (op, operation) in history.iter() {
        let happened = !matches!(operation.outcome(), Outcome::Failed | Outcome::Differs);
        if happened && operation.call.written().is_some() {
            writes.entry(&operation.key).or_default().push(op);
        }
    }
    let mut report = RegularReport { violations: Vec::new(), several_writers: Vec::new(), reads: 0 };
    writes.retain(|key, writes| match overlap(history, writes) {
        Some((one, other)) => {
            report.several_writers.push(((*key).clone(), one, other));
            false
        }
        None => true,
    });
    for (read, operation) in history.iter() {
        let Outcome::Found(found) = operation.outcome() else { continue };
        if report.several_writers.iter().any(|(key, ..)| *key == operation.key) {
            continue;
        }
        report.reads += 1;
        let writes = writes.get(&operation.key).map_or(&[][..], |writes| writes);
        report.violations.extend(irregular(history, read, operation, found, writes));
    }
    Ok(report)
}

/// Two writes of one key, by different clients, that overlap.
fn overlap(history: &History, writes: &[OpId]) -> Option<(OpId, OpId)> {
    let overlaps = |pair: &&[OpId]| {
        let (one, other) = (history.operation(pair[0]), history.operation(pair[1]));
        // A write that was never answered overlaps all later ones; that is its own kind of maybe, not a second writer.
        one.settled().is_some() && !one.precedes(other) && one.client != other.client
    };
    writes.windows(2).find(overlaps).map(|pair| (pair[0], pair[1]))
}

fn irregular(
    history: &History,
    read: OpId,
    operation: &Operation,
    found: &[Bytes],
    writes: &[OpId],
) -> Option<Irregular> {
    let end = operation.settled()?.order;
    let last = writes.iter().rev().find(|write| history.operation(**write).precedes(operation)).copied();
    let is_value = |write: &OpId| {
        let written = history.operation(*write).call.written().flatten();
        found.len() < 2 && written == found.first()
    };
    // The last one that had ended, and all that had begun before the read's end and not ended before that one began.
    let may_be_seen = |write: &&OpId| {
        let write = history.operation(**write);
        write.invoked.order < end && last.is_none_or(|last| !write.precedes(history.operation(last)))
    };
    let is_right = writes.iter().filter(may_be_seen).any(is_value) || (last.is_none() && found.is_empty());
    if is_right {
        return None;
    }
    let told = sentence(operation);
    let reason = match last {
        Some(last) => {
            let last = history.operation(last);
            format!("{told}, but the last write before it, {}, had been acknowledged", shown(last))
        }
        None => format!("{told}, but nobody had begun to write that"),
    };
    Some(Irregular { read, missed: last, reason })
}

fn shown(write: &Operation) -> String {
    match write.call.written().flatten() {
        Some(value) => format!("of {value} by client {}", write.client),
        None => format!("the delete by client {}", write.client),
    }
}
