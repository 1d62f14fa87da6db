//! What a cluster of leader and followers is set to.

use crate::message::Consistency;

/// When a client is told that its write is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// As soon as the leader has it. Failover may lose it.
    #[default]
    Asynchronous,
    /// Once so many followers have it as well.
    SemiSynchronous { acknowledgements: u16 },
    /// Once every follower has it: one that is down stops all writes.
    Synchronous,
}

/// Which answers it takes to promote a follower.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Promotion {
    /// More than half of all nodes have to answer, the one that asks included.
    #[default]
    Majority,
    /// Those that answer in time are enough. On both sides of a partition that may be done.
    Anybody,
}

/// The settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    pub mode: Mode,
    /// A write that has waited so long for acknowledgements is done all the same, and so are those after it, until a
    /// follower has caught up (as MySQL's `rpl_semi_sync_source_timeout`); 0: it waits for ever.
    pub degrade_ns: u64,
    /// What was written is shipped every so often, together; 0: at once.
    pub ship_every_ns: u64,
    /// A leader is silent for so long at most.
    pub heartbeat_ns: u64,
    /// A follower that has not heard its leader for so long, up to twice as long, takes it for down.
    pub suspect_ns: u64,
    /// Who asks the others how far they are waits so long for their answers.
    pub ask_ns: u64,
    /// Whether a follower is promoted when the leader is down.
    pub failover: bool,
    pub promotion: Promotion,
    /// An epoch that is older than one promised is refused. Broken if false: an old leader goes on.
    pub fencing: bool,
    /// A leader that has not heard enough followers for so long refuses to serve, and steps down (as Patroni's leader does
    /// when its key runs out); 0: never.
    pub demote_ns: u64,
    /// How reads are served whose client does not say.
    pub reads: Consistency,
    /// A read that needs more than a follower has waits so long for it before it is sent to the leader.
    pub wait_ns: u64,
    /// Batches of the log in one message at most.
    pub max_batches: u32,
    /// Batches of the log that a node keeps at least, so that followers can catch up without a snapshot. A store with a disk
    /// keeps them in its memory and may have more in its files.
    pub kept_batches: u64,
    /// Records in one piece of a snapshot.
    pub chunk_records: u32,
    /// Broken if false: nothing is synced before it is promised.
    pub sync: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            mode: Mode::Asynchronous,
            degrade_ns: 0,
            ship_every_ns: 0,
            heartbeat_ns: 50_000_000,
            suspect_ns: 300_000_000,
            ask_ns: 50_000_000,
            failover: true,
            promotion: Promotion::Majority,
            fencing: true,
            demote_ns: 0,
            reads: Consistency::Leader,
            wait_ns: 100_000_000,
            max_batches: 64,
            kept_batches: 1_000,
            chunk_records: 32,
            sync: true,
        }
    }
}

/// The longest time that makes sense: 100 years.
const LONGEST_NS: u64 = 100 * 365 * 86_400 * 1_000_000_000;

impl Options {
    /// What does not work with so many nodes, and what would.
    pub fn check(&self, nodes: u16) -> Result<(), String> {
        if let Mode::SemiSynchronous { acknowledgements } = self.mode {
            let followers = nodes.saturating_sub(1);
            if acknowledgements == 0 {
                return Err("acknowledgements is 0, which is asynchronous: take that, or at least 1".into());
            }
            if acknowledgements > followers {
                return Err(format!(
                    "{acknowledgements} acknowledgements can't come from {followers} followers: take at most {followers}"
                ));
            }
        }
        if self.heartbeat_ns == 0 {
            return Err("heartbeat_ns is 0: a leader would send without end; take at least 1".into());
        }
        if self.suspect_ns <= self.heartbeat_ns {
            let (suspect, heartbeat) = (self.suspect_ns, self.heartbeat_ns);
            return Err(format!(
                "suspect_ns ({suspect}) has to be more than heartbeat_ns ({heartbeat}), or every leader is taken for down"
            ));
        }
        if self.ask_ns == 0 {
            return Err(
                "ask_ns is 0: nobody could answer in time; take at least the time of a message there and back".into()
            );
        }
        if self.ship_every_ns > 0 && self.mode != Mode::Asynchronous {
            return Err(
                "ship_every_ns makes every write wait for its acknowledgements: set it to 0, or be asynchronous".into(),
            );
        }
        if self.demote_ns > 0 && !(self.heartbeat_ns..self.suspect_ns).contains(&self.demote_ns) {
            let (low, high) = (self.heartbeat_ns, self.suspect_ns - 1);
            return Err(format!(
                "demote_ns has to be 0 (never) or from heartbeat_ns to below suspect_ns ({low} to {high}): a leader must stop \
                 before another one begins"
            ));
        }
        if self.max_batches == 0 || self.chunk_records == 0 {
            return Err("max_batches and chunk_records are at least 1: nothing would ever be sent".into());
        }
        if self.kept_batches == 0 {
            return Err("kept_batches is 0: nothing could be shipped; take at least 1".into());
        }
        let times = [self.suspect_ns, self.ask_ns, self.wait_ns, self.ship_every_ns, self.degrade_ns];
        if times.iter().any(|time| *time > LONGEST_NS) {
            return Err("a time is longer than 100 years: take a shorter one".into());
        }
        Ok(())
    }

    /// How many followers have to have a write before it is done.
    pub fn acknowledgements(&self, nodes: usize) -> usize {
        match self.mode {
            Mode::Asynchronous => 0,
            Mode::SemiSynchronous { acknowledgements } => usize::from(acknowledgements),
            Mode::Synchronous => nodes.saturating_sub(1),
        }
    }

    /// How many nodes have to answer before one is promoted, the one that asks included.
    pub fn answers(&self, nodes: usize) -> usize {
        match self.promotion {
            Promotion::Majority => nodes / 2 + 1,
            Promotion::Anybody => 1,
        }
    }

    /// Whether no write that a client was told is done can be lost, as long as disks keep what was synced: those who have it
    /// and those who answer before a promotion have a node in common, and that node accepts nothing from the old leader
    /// after it has answered.
    pub fn promises(&self, nodes: usize) -> bool {
        let have = 1 + self.acknowledgements(nodes);
        self.fencing && self.sync && self.degrade_ns == 0 && have + self.answers(nodes) > nodes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_work_is_refused_with_a_remedy() {
        let good = Options::default();
        assert_eq!(good.check(3), Ok(()));
        let semi =
            |acknowledgements| Options { mode: Mode::SemiSynchronous { acknowledgements }, ..Options::default() };
        assert_eq!(semi(2).check(3), Ok(()));
        for (bad, word) in [
            (semi(3), "at most 2"),
            (semi(0), "at least 1"),
            (Options { heartbeat_ns: 0, ..good.clone() }, "heartbeat_ns"),
            (Options { suspect_ns: 1, ..good.clone() }, "suspect_ns"),
            (Options { ask_ns: 0, ..good.clone() }, "ask_ns"),
            (Options { ship_every_ns: 5, ..semi(1) }, "ship_every_ns"),
            (Options { demote_ns: 1, ..good.clone() }, "demote_ns"),
            (Options { demote_ns: good.suspect_ns, ..good.clone() }, "demote_ns"),
            (Options { max_batches: 0, ..good.clone() }, "max_batches"),
            (Options { kept_batches: 0, ..good.clone() }, "kept_batches"),
            (Options { wait_ns: u64::MAX, ..good.clone() }, "100 years"),
        ] {
            assert!(bad.check(3).unwrap_err().contains(word), "{word}");
        }
    }

    #[test]
    fn a_mode_promises_what_its_sets_have_in_common() {
        let semi =
            |acknowledgements| Options { mode: Mode::SemiSynchronous { acknowledgements }, ..Options::default() };
        assert!(!Options::default().promises(3));
        assert!(semi(1).promises(3) && !semi(1).promises(5) && semi(2).promises(5));
        let anybody = Options { promotion: Promotion::Anybody, ..semi(1) };
        assert!(!anybody.promises(3));
        assert!(Options { mode: Mode::Synchronous, ..anybody }.promises(3));
        assert!(!Options { fencing: false, ..semi(1) }.promises(3));
        assert!(!Options { degrade_ns: 1, ..semi(1) }.promises(3));
    }
}
