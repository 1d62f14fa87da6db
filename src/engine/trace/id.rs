//! Names of things: pages, frames, log positions, operations.

/// A page of the database file, by its position in it. Page 0 is the meta page, so 0 also stands for "no page" in links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageId(pub u32);

impl PageId {
    /// The link that leads nowhere.
    pub const NONE: PageId = PageId(0);
    /// The page that says where the root is.
    pub const META: PageId = PageId(0);

    pub fn is_none(self) -> bool {
        self.0 == 0
    }

    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A place for one page in the buffer pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameId(pub u32);

impl FrameId {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// An append-only file of a disk. Ids are never used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// Log sequence number: a position in the history of all page changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lsn(pub u64);

/// A file of a log-structured merge tree (log, manifest or table) by the number that the tree gave it; it never gives a
/// number twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileNumber(pub u64);

/// Declares an enum whose variants have a word each, which is how they stand in a text trace.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vmeta])* $variant),* }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }

            pub fn from_word(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$variant),)* _ => None }
            }
        }
    };
}

pub(crate) use words;

words! {
    /// What is asked of an index.
    Operation {
        Insert = "insert",
        Upsert = "upsert",
        Get = "get",
        Delete = "delete",
        Scan = "scan",
        BulkLoad = "bulk-load",
        Verify = "verify",
        Flush = "flush",
    }
}

words! {
    /// How an operation ended.
    Outcome {
        Inserted = "inserted",
        /// An insert found the key there already and changed nothing.
        Duplicate = "duplicate",
        Replaced = "replaced",
        Found = "found",
        Absent = "absent",
        Deleted = "deleted",
        Done = "done",
        Failed = "failed",
    }
}

words! {
    /// What a page is for.
    PageKind {
        Meta = "meta",
        Leaf = "leaf",
        Inner = "inner",
        Overflow = "overflow",
        Free = "free",
    }
}

words! {
    /// Where a page is split.
    SplitKind {
        /// In the middle, by bytes or by keys.
        Middle = "middle",
        /// At the right edge: keys come in ascending order, so the left page stays full.
        RightEdge = "right-edge",
    }
}

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
