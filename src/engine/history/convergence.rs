//! Convergence: once nothing is written and nothing is cut off any more, all replicas hold the same, and no acknowledged
//! write is lost.

use glassbase_trace::sorted::SortedSet;

use super::linearizable::listed;
use super::writes::Writes;
use super::{History, HistoryError, OpId, Outcome};
use glassbase_trace::Bytes;
use glassbase_trace::sorting::sort_by;

/// What a replica holds at the end: the values of each key, several where siblings are kept.
pub type FinalState = std::collections::BTreeMap<Bytes, Vec<Bytes>>;

/// What a system keeps of writes that did not know of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// One: writes of a key have one order.
    Newest,
    /// All. A delete takes away the siblings that it knew, and an older one that it did not know stays: so a write that a
    /// delete may have met, and a delete itself, are not taken for lost.
    Siblings,
}

/// A key on which replicas do not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    pub key: Bytes,
    /// What each replica holds, in the order in which they were given; sorted values.
    pub held: Vec<(u32, Vec<Bytes>)>,
    pub reason: String,
}

/// An acknowledged write of which nothing is left, though nothing later is there either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostWrite {
    pub write: OpId,
    /// The replica that shows it.
    pub replica: u32,
    pub reason: String,
}

/// What came of a check of convergence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConvergenceReport {
    pub diverged: Vec<Divergence>,
    pub lost: Vec<LostWrite>,
    /// Keys to which a value was written twice, of which lost writes can't be told.
    pub skipped: Vec<Bytes>,
}

impl ConvergenceReport {
    pub fn holds(&self) -> bool {
        self.diverged.is_empty() && self.lost.is_empty()
    }
}

/// Whether replicas, each with its number, hold the same at the end, and whether that is what the clients were promised.
pub fn check_convergence(
    history: &History,
    replicas: &[(u32, FinalState)],
    kept: Kept,
) -> Result<ConvergenceReport, HistoryError> {
    history.verify()?;
    let writes = Writes::of(history);
    let mut report = ConvergenceReport { skipped: writes.ambiguous(), ..ConvergenceReport::default() };
    let keys: SortedSet<&Bytes> = replicas.iter().flat_map(|(_, state)| state.keys()).collect();
    report.diverged.extend(keys.into_iter().filter_map(|key| divergence(key, replicas)));
    for (op, operation) in history.iter() {
        let is_write = operation.outcome() == &Outcome::Done;
        if !is_write || writes.is_ambiguous(&operation.key) {
            continue;
        }
        if kept == Kept::Siblings && writes.is_deleted_after(&operation.key, op) {
            continue;
        }
        for (replica, state) in replicas {
            let held = state.get(&operation.key).map_or(&[][..], |values| values);
            if writes.is_behind(&operation.key, held, op) {
                let what = match operation.call.written().flatten() {
                    Some(value) => format!("{value}, which client {} wrote", operation.client),
                    None => format!("the delete by client {}", operation.client),
                };
                let at = if operation.key.is_empty() { String::new() } else { format!(" at {}", operation.key) };
                let reason =
                    format!("{what}{at}, was acknowledged and is lost: replica {replica} holds {}", listed(held));
                report.lost.push(LostWrite { write: op, replica: *replica, reason });
                break;
            }
        }
    }
    Ok(report)
}

fn divergence(key: &Bytes, replicas: &[(u32, FinalState)]) -> Option<Divergence> {
    let held = |(replica, state): &(u32, FinalState)| {
        let mut values = state.get(key).cloned().unwrap_or_default();
        sort_by(&mut values, Ord::cmp);
        values.dedup();
        (*replica, values)
    };
    let held: Vec<(u32, Vec<Bytes>)> = replicas.iter().map(held).collect();
    let (first, values) = held.first()?;
    let (other, others) = held.iter().find(|(_, others)| others != values)?;
    let at = if key.is_empty() { String::new() } else { format!("at {key} ") };
    let reason = format!("{at}replica {first} holds {}, replica {other} holds {}", listed(values), listed(others));
    Some(Divergence { key: key.clone(), held, reason })
}
