//! Names of replacement policies, of the lists they keep, and of their reasons.

use super::id::words;

words! {
    /// A replacement policy.
    #[derive(Default)]
    PolicyKind {
        Fifo = "fifo",
        Clock = "clock",
        #[default]
        Lru = "lru",
        LruK = "lru-k",
        TwoQueue = "2q",
        Arc = "arc",
        /// Belady's optimum, which knows the trace beforehand.
        Optimum = "optimum",
    }
}

impl PolicyKind {
    /// Its name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            PolicyKind::Fifo => "FIFO",
            PolicyKind::Clock => "Clock",
            PolicyKind::Lru => "LRU",
            PolicyKind::LruK => "LRU-K",
            PolicyKind::TwoQueue => "2Q",
            PolicyKind::Arc => "ARC",
            PolicyKind::Optimum => "the optimum",
        }
    }
}

words! {
    /// A list that a replacement policy keeps.
    PolicyList {
        /// FIFO: by arrival.
        Queue = "queue",
        /// LRU: by last use.
        Recent = "recent",
        /// LRU-K: pages that left and whose accesses are remembered.
        Retained = "retained",
        /// 2Q: newcomers, by arrival.
        A1in = "a1in",
        /// 2Q: newcomers that left.
        A1out = "a1out",
        /// 2Q: proven pages, by last use.
        Am = "am",
        /// ARC: used once, by last use.
        T1 = "t1",
        /// ARC: used again, by last use.
        T2 = "t2",
        /// ARC: left T1.
        B1 = "b1",
        /// ARC: left T2.
        B2 = "b2",
    }
}

impl PolicyList {
    /// True when it remembers pages that left the pool: its items are page ids then, else frames.
    pub fn is_memory(self) -> bool {
        matches!(self, PolicyList::Retained | PolicyList::A1out | PolicyList::B1 | PolicyList::B2)
    }
}

words! {
    /// Why a page was chosen to leave the pool; what its number says.
    VictimReason {
        FirstIn = "first-in",
        LeastRecent = "least-recent",
        /// Number: frames whose reference bits the hand cleared or passed before.
        NotReferenced = "not-referenced",
        /// Fewer than K accesses; number: how long ago the last was.
        TooFewUses = "too-few-uses",
        /// Number: how long ago the K-th last access was.
        KthUse = "kth-use",
        /// 2Q's A1in is too long; number: its length.
        Newcomer = "newcomer",
        /// The oldest of 2Q's Am; number: the length of A1in.
        ProvenLeastRecent = "proven-least-recent",
        /// The oldest of ARC's T1; number: its length.
        UsedOnce = "used-once",
        /// The oldest of ARC's T2; number: its length.
        UsedAgain = "used-again",
        /// Number: accesses until it will be used.
        UsedLast = "used-last",
        NeverAgain = "never-again",
    }
}
