//! Names of replacement policies, of the lists they keep, and of their reasons.

use super::id::words;

words! {
    /// A replacement policy.
    #[derive(Default)]
    PolicyKind {
        Fifo = "fifo",
        Random = "random",
        Clock = "clock",
        #[default]
        Lru = "lru",
        Slru = "slru",
        Lfu = "lfu",
        LruK = "lru-k",
        TwoQueue = "2q",
        Arc = "arc",
        Lirs = "lirs",
        WTinyLfu = "w-tinylfu",
        S3Fifo = "s3-fifo",
        Sieve = "sieve",
        /// Belady's optimum, which knows the trace beforehand.
        Optimum = "optimum",
    }
}

impl PolicyKind {
    /// Its name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            PolicyKind::Fifo => "FIFO",
            PolicyKind::Random => "Random",
            PolicyKind::Clock => "Clock",
            PolicyKind::Slru => "SLRU",
            PolicyKind::Lfu => "LFU",
            PolicyKind::Lirs => "LIRS",
            PolicyKind::WTinyLfu => "W-TinyLFU",
            PolicyKind::S3Fifo => "S3-FIFO",
            PolicyKind::Sieve => "SIEVE",
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
        /// FIFO and SIEVE: by arrival.
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
        /// SLRU and W-TinyLFU: not hit since they came, by last use.
        Probation = "probation",
        /// SLRU and W-TinyLFU: hit again, by last use.
        Protected = "protected",
        /// W-TinyLFU: newcomers, by last use.
        Window = "window",
        /// S3-FIFO: newcomers, by arrival.
        Small = "small",
        /// S3-FIFO: those that were hit twice, by arrival there.
        Main = "main",
        /// S3-FIFO: left the small queue.
        Ghost = "ghost",
        /// LIRS: low inter-reference recency, by last use.
        Lir = "lir",
        /// LIRS: its queue Q of the others that are there.
        Hir = "hir",
    }
}

impl PolicyList {
    /// True when it remembers pages that left the pool: its items are page ids then, else frames.
    pub fn is_memory(self) -> bool {
        matches!(self, PolicyList::Retained | PolicyList::A1out | PolicyList::B1 | PolicyList::B2 | PolicyList::Ghost)
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
        /// Number: of so many it was drawn.
        Drawn = "drawn",
        /// The oldest on probation; number: their count.
        OnProbation = "on-probation",
        /// Number: how often it was used, by LFU's count.
        LeastUsed = "least-used",
        /// SIEVE's hand found no visited bit; number: entries it passed before.
        NotVisited = "not-visited",
        /// The oldest of S3-FIFO's small queue; number: its hits.
        FewHits = "few-hits",
        /// The oldest of S3-FIFO's main queue; number: the queue's length.
        NoHits = "no-hits",
        /// The front of LIRS's queue Q; number: its length.
        FrontOfQ = "front-of-q",
        /// Nothing of Q may go.
        BottomOfS = "bottom-of-s",
        /// W-TinyLFU's candidate was asked for more often; number: how often the victim was, as estimated.
        LostToCandidate = "lost-to-candidate",
        /// W-TinyLFU's candidate itself; number: how often it was asked for, as estimated.
        NotAdmitted = "not-admitted",
    }
}
