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
    /// How the tables of a log-structured merge tree are merged.
    #[derive(Default)]
    CompactionPolicy {
        /// Each level is one sorted run, so many times as large as the one above.
        #[default]
        Leveled = "leveled",
        /// Each level has several runs, which become one run of the next level.
        SizeTiered = "size-tiered",
        /// Tiered, but the last level is one run.
        LazyLeveled = "lazy-leveled",
        /// Nothing is merged; the oldest tables are dropped when there are too many.
        Fifo = "fifo",
    }
}

words! {
    /// Why a compaction was chosen.
    CompactionReason {
        /// Level 0 has too many tables.
        Level0 = "level0",
        /// A level has too many bytes.
        Size = "size",
        /// A level has too many runs.
        Runs = "runs",
        /// All tables together have too many bytes.
        Room = "room",
        /// Tables are older than is asked for.
        Age = "age",
        /// Somebody asked for it.
        Asked = "asked",
    }
}

words! {
    /// Why writes have to wait.
    StallReason {
        Level0 = "level0",
        Memtables = "memtables",
        Pending = "pending",
    }
}

words! {
    /// What a write into a memtable does.
    WriteKind {
        Put = "put",
        Delete = "delete",
    }
}
