//! What a Raft cluster is set to, and the settings that break it on purpose.

use glassbase_trace::NodeId;

/// How the leader answers a read whose client does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reads {
    /// Through the log, like a write.
    Log,
    /// After a round of heartbeats that tells the leader that it still is one.
    #[default]
    ReadIndex,
    /// At once, while the leader's lease lasts; by a round of heartbeats otherwise.
    Lease,
}

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// A follower waits so long for its leader, and up to twice as long: drawn anew each time.
    pub election_ns: u64,
    /// A leader is silent for so long at most.
    pub heartbeat_ns: u64,
    pub reads: Reads,
    /// By how many per cent clocks may run fast or slow; a lease is shorter by so much.
    pub drift_percent: u64,
    /// Entries in one message at most.
    pub max_entries: u64,
    /// The log is cut off once it has so many entries that are applied; 0: never.
    pub snapshot_entries: u64,
    /// Entries that stay when the log is cut off, for followers that are a little behind.
    pub kept_entries: u64,
    /// A learner that lacks so many entries at most may become a voter.
    pub catch_up_entries: u64,
    /// Ask whether an election could be won before raising the term.
    pub pre_vote: bool,
    /// A new leader appends an entry that does nothing, so that it can commit what it found.
    pub no_op: bool,
    /// Broken if false: the vote is forgotten in a crash, and given twice.
    pub persist_vote: bool,
    /// Broken if true: an entry of an old term counts as committed once it is on a majority (figure 8 of the paper).
    pub commit_old_terms: bool,
    /// Broken if false: nothing is synced before it is promised.
    pub sync: bool,
    /// Broken if false: a leader answers reads without asking anybody whether it still is one.
    pub confirm_reads: bool,
    /// Broken if true: the lease lasts as long as the others' shortest time-out by the leader's own clock.
    pub lease_ignores_drift: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            election_ns: 150_000_000,
            heartbeat_ns: 50_000_000,
            reads: Reads::ReadIndex,
            drift_percent: 10,
            max_entries: 64,
            snapshot_entries: 1_000,
            kept_entries: 100,
            catch_up_entries: 8,
            pre_vote: true,
            no_op: true,
            persist_vote: true,
            commit_old_terms: false,
            sync: true,
            confirm_reads: true,
            lease_ignores_drift: false,
        }
    }
}

impl Options {
    /// What does not work, and what would.
    pub fn check(&self) -> Result<(), String> {
        if self.heartbeat_ns == 0 {
            return Err("heartbeat_ns is 0: a leader would send without end; take at least 1".into());
        }
        if self.election_ns <= self.heartbeat_ns {
            let (election, heartbeat) = (self.election_ns, self.heartbeat_ns);
            return Err(format!(
                "election_ns ({election}) has to be more than heartbeat_ns ({heartbeat}), or followers never wait long enough"
            ));
        }
        if self.election_ns > u64::MAX / 8 {
            return Err("election_ns is too long: take at most a few hundred years".into());
        }
        if self.drift_percent >= 100 {
            return Err(format!(
                "drift_percent is {}: a lease needs clocks that are off by less than 100",
                self.drift_percent
            ));
        }
        if self.max_entries == 0 {
            return Err("max_entries is 0: no entry would ever be sent; take at least 1".into());
        }
        if self.snapshot_entries > 0 && self.kept_entries >= self.snapshot_entries {
            let (kept, limit) = (self.kept_entries, self.snapshot_entries);
            return Err(format!("kept_entries ({kept}) has to be less than snapshot_entries ({limit})"));
        }
        Ok(())
    }

    /// How many heartbeats there are in the shortest time-out, rounded up.
    pub(super) fn beats_of_silence(&self) -> u64 {
        self.election_ns.div_ceil(self.heartbeat_ns.max(1))
    }

    /// How long a lease lasts from the moment at which its round of heartbeats began.
    pub fn lease_ns(&self) -> u64 {
        let percent = if self.lease_ignores_drift { 0 } else { self.drift_percent };
        // A clock that runs fast by d makes the others' time-out shorter, one that runs slow by d makes the lease longer.
        self.election_ns / (100 + percent) * (100 - percent)
    }
}

/// A majority of `members` is so many.
pub fn majority(members: &[NodeId]) -> usize {
    members.len() / 2 + 1
}
