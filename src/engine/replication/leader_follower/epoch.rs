//! Epochs: who led when, and up to where two logs are the same.
//!
//! ```text
//!   position   1 2 3 4 5 6 7 8 9 10 11
//!   n1         e1──────▶ e1 e1 e1                     epoch 1 of n1 from 1 on
//!   n2         e1──────▶ e2 e2 e2 e2 e2               epoch 1 of n1 from 1 on, epoch 2 of n2 from 5 on
//!                      ▲ the logs part here: 4
//! ```
//!
//! PostgreSQL keeps such a history of timelines, Kafka one of leader epochs (KIP-101).
//!
//! **Invariant:** within one epoch one leader writes, without going back; so a position and its epoch name one entry.

use std::fmt;

use glassbase_trace::NodeId;

/// The reign of one leader. Should two nodes take the same number, the node tells them apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch {
    pub number: u64,
    pub leader: NodeId,
}

impl fmt::Display for Epoch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("epoch ")?;
        self.number.fmt(formatter)
    }
}

/// Which epoch begins at which position; ascending in both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History(Vec<(Epoch, u64)>);

impl History {
    pub fn iter(&self) -> impl Iterator<Item = (Epoch, u64)> {
        self.0.iter().copied()
    }

    /// An epoch begins at a position, behind all others.
    pub fn begin(&mut self, epoch: Epoch, first: u64) {
        debug_assert!(self.0.last().is_none_or(|(last, at)| *last < epoch && *at < first), "epochs ascend");
        self.0.push((epoch, first));
    }

    /// Positions behind `end` are gone.
    pub fn cut(&mut self, end: u64) {
        self.0.retain(|(_, first)| *first <= end);
    }

    /// The epoch in which the entry at a position was written.
    pub fn at(&self, position: u64) -> Epoch {
        let past = self.0.partition_point(|(_, first)| *first <= position);
        past.checked_sub(1).map_or(Epoch::default(), |index| self.0[index].0)
    }

    pub fn last(&self) -> Epoch {
        self.0.last().map_or(Epoch::default(), |(epoch, _)| *epoch)
    }

    /// Up to which position this log, which ends at `end`, and another one are the same.
    pub fn common(&self, end: u64, other: &History, other_end: u64) -> u64 {
        let same = self.0.iter().zip(&other.0).take_while(|(one, other)| one == other).count();
        let until = |history: &History, end: u64| history.0.get(same).map_or(end, |(_, first)| first - 1);
        until(self, end).min(until(other, other_end))
    }
}

/// An entry, named by its epoch and position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    pub epoch: Epoch,
    pub position: u64,
}

/// Whether a log has an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    Yes,
    /// It may come.
    NotYet,
    /// The log has another entry in its place, or an epoch that began before it.
    Never,
}

impl Stamp {
    /// A number for clients and checkers: later entries of a log have higher ones.
    pub fn version(self) -> u64 {
        self.epoch.number * 1_000_000_000 + self.position
    }
}

impl History {
    pub fn has(&self, end: u64, stamp: Stamp) -> Has {
        let Stamp { epoch, position } = stamp;
        if position == 0 {
            return Has::Yes;
        }
        if position <= end {
            return if self.at(position) == epoch { Has::Yes } else { Has::Never };
        }
        if self.last() > epoch { Has::Never } else { Has::NotYet }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(number: u64) -> Epoch {
        Epoch { number, leader: NodeId(number as u16) }
    }

    fn history(epochs: &[(u64, u64)]) -> History {
        let mut history = History::default();
        epochs.iter().for_each(|(number, first)| history.begin(epoch(*number), *first));
        history
    }

    #[test]
    fn two_logs_are_the_same_up_to_where_they_part() {
        let old = history(&[(1, 1)]);
        let new = history(&[(1, 1), (2, 5)]);
        assert_eq!(old.common(7, &new, 11), 4, "the new leader had 4 of them");
        assert_eq!(old.common(3, &new, 11), 3, "it is behind");
        assert_eq!(new.common(11, &old, 7), 4);
        assert_eq!(new.common(11, &new, 8), 8);
        assert_eq!(history(&[(2, 1)]).common(5, &new, 11), 0);
        assert_eq!(History::default().common(0, &new, 11), 0);
    }

    #[test]
    fn an_entry_is_there_or_may_come_or_never_will() {
        let log = history(&[(1, 1), (2, 5)]);
        let stamp = |number, position| Stamp { epoch: epoch(number), position };
        assert_eq!(log.has(8, stamp(1, 4)), Has::Yes);
        assert_eq!(log.has(8, stamp(2, 8)), Has::Yes);
        assert_eq!(log.has(8, stamp(2, 9)), Has::NotYet);
        assert_eq!(log.has(8, stamp(1, 5)), Has::Never);
        assert_eq!(log.has(8, stamp(1, 20)), Has::Never);
        assert_eq!(log.has(8, stamp(3, 20)), Has::NotYet);
        assert_eq!(log.has(0, Stamp::default()), Has::Yes);
        assert_eq!(log.at(4), epoch(1));
        assert_eq!(log.last(), epoch(2));
    }

    #[test]
    fn what_is_cut_off_takes_its_epochs_along() {
        let mut log = history(&[(1, 1), (2, 5), (3, 9)]);
        log.cut(8);
        assert_eq!(log, history(&[(1, 1), (2, 5)]));
    }
}
