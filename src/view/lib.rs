//! Folds a trace into what can be drawn, as plain data. Knows `trace` alone.
//!
//! A [`View`] is a point of a trace: the engine as it was after so many records, and what was going on. Its first part,
//! `state`, is the same plain data that the engine gives of itself; its second part is what a picture, a caption and a
//! line of pseudocode need besides: the operation and how far its search has come, the split that is under way, the
//! last answer.
//!
//! ```text
//!   Trace ──fold──▶ View ──shape──▶ order of the pages ──layout──▶ places ──stage──▶ picture
//!              │      ├──caption────▶ one sentence
//!         checkpoints ├──pseudocode─▶ the line that runs
//!        (Timeline)   └──measures───▶ numbers and charts
//! ```
//!
//! Every lab draws from the same view. The B+tree has a stage of its own ([`scene`], [`layout`], [`motion`]); the others
//! describe pictures in one vocabulary ([`drawing`], [`arrange`], [`map`], [`tween`]), and a [`guide`] names what is theirs.
//!
//! **Invariant:** `View::apply` over a whole trace gives the state that the engine gives of itself.
//! **Invariant:** no trace makes it panic. Traces come from files, so every slot and page is checked before it is used.

pub mod activity;
pub mod arrange;
pub mod bands;
pub mod camera;
pub mod caption;
pub mod cluster;
pub mod describe;
pub mod drawing;
mod eviction;
pub mod facts;
pub mod find;
mod fold;
mod fold_pool;
pub mod guide;
pub mod layout;
pub mod log;
pub mod lsm;
pub mod map;
pub mod markers;
pub mod measures;
pub mod metrics;
pub mod motion;
pub mod pages;
pub mod pool;
pub mod pseudocode;
pub mod scene;
pub mod shape;
pub mod sharding;
pub mod stack;
pub mod swarm;
pub mod tally;
#[cfg(test)]
mod tests;
pub mod tiers;
pub mod time_span;
pub mod timeline;
pub mod transactions;
pub mod tween;

pub use activity::{Answer, Carried, Change, Command, OperationView, Step, Unlinked, Verification};
pub use caption::caption;
pub use describe::describe;
pub use guide::{GUIDES, Guide};
pub use markers::{Marker, MarkerKind};
pub use measures::{MEASURES, Measure, Series};
pub use pseudocode::{Algorithm, running};
pub use shape::{Node, Shape};
pub use tally::Tally;
pub use timeline::{Timeline, TimelineHandle};

use std::rc::Rc;

use glassbase_trace::parts::{ClusterState, HeapState, LogState, LsmState, ReplacementState, TiersState};
use glassbase_trace::{EngineState, Event, FrameId, Lsn, MessageId, NodeId, PageId, PageState, Record};

/// Most pages that a fold follows, against a damaged trace that claims four thousand million.
pub const PAGES_MAX: usize = 1 << 20;

/// What a person pointed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    Page(PageId),
    /// A slot of a page: a key of a tree, a row of a heap file.
    Cell {
        page: PageId,
        slot: u16,
    },
    /// A part of a page that is no slot: a field of its header, its free space.
    Field {
        page: PageId,
        field: u8,
    },
    Frame(FrameId),
    /// A record of the log.
    Lsn(Lsn),
    Transaction(u64),
    /// A file by its number: a sorted table, a segment of the log.
    File(u64),
    /// A block of a file.
    Block {
        file: u64,
        block: u32,
    },
    /// An entry of a memtable, by its sequence number.
    Entry(u64),
    /// A place in a list that a replacement policy keeps: which list, and how far from its head.
    Listed {
        list: u8,
        index: u32,
    },
    /// A node of a cluster, or a client.
    Node(NodeId),
    /// A message, on its way or arrived.
    Message(MessageId),
    /// An operation of a client.
    Request(u64),
    /// The link between two nodes.
    Link(NodeId, NodeId),
    /// What a checker says, by its place in the list.
    Verdict(u8),
    /// A replica of a shard; node 0: the shard as a whole.
    Replica(NodeId, NodeId),
    /// A span of a request that is followed, by its place in the list.
    Span(u64, u32),
}

/// What can be drawn at one point of a trace: the engine as it was, and what was going on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// Folded from the events; equal to the state taken from the engine.
    pub state: EngineState,
    pub time_ns: u64,
    /// How many records have been folded.
    pub position: usize,
    /// Sums over all pages, kept as they change.
    pub tally: Tally,
    pub command: Option<Command>,
    /// The operation under way, or the last one until the next begins.
    pub operation: Option<OperationView>,
    /// Changes of structure under way, the innermost last.
    pub changes: Vec<Change>,
    /// Pages that came from a split and have no link from above yet.
    pub unlinked: Vec<Unlinked>,
    /// Separators on their way up.
    pub carried: Vec<Carried>,
    /// A page above the root that will be the root.
    pub crown: Option<PageId>,
    /// The page of the tree at which something happened last.
    pub attention: PageId,
    /// What the last command answered.
    pub answer: Option<Answer>,
    pub comment: Option<Rc<str>>,
    /// Expectations that held, and that failed.
    pub held: u32,
    pub failed: u32,
    pub last_failure: Option<Rc<str>>,
    pub verified: Option<Verification>,
    pub fault: Option<Rc<str>>,
    /// What is going on in a log and in recovery.
    pub log: log::Doing,
    /// What is going on in a heap file.
    pub pages: pages::Doing,
    /// What goes on in a log-structured merge tree.
    pub lsm: lsm::Doing,
    /// The accesses to the pool of the last moments, where its policy is shown.
    pub pool_doing: pool::Doing,
    /// What has happened in a cluster: messages, operations, faults.
    pub cluster_doing: cluster::Doing,
    shape: shape::CachedShape,
}

impl View {
    /// Goes on by one record, the trace's `index`-th.
    pub fn apply(&mut self, index: usize, record: &Record) {
        let oddities = self.oddities();
        self.activity_before(index, record);
        self.log.follow(&self.state, &record.event, record.time_ns);
        let taken = matches!(record.event, Event::StateTaken { .. });
        let heap = if taken { self.state.parts.heap.clone() } else { None };
        self.fold(&record.event);
        for guide in GUIDES {
            (guide.fold)(&mut self.state, &record.event);
        }
        self.pages.apply(heap.as_deref(), &self.state, record);
        self.lsm.apply(&self.state, &record.event);
        self.pool_doing.apply(record, self.state.parts.replacement.is_some());
        self.cluster_doing.apply(&self.state, index, record);
        if let Some(tiers) = &mut self.state.parts.tiers {
            Rc::make_mut(tiers).fold(&record.event, record.time_ns);
        }
        if let Some(stack) = &mut self.state.parts.stack {
            Rc::make_mut(stack).fold(&record.event, record.time_ns);
        }
        self.activity_after(record);
        self.reshape(&record.event, oddities);
        self.time_ns = self.time_ns.max(record.time_ns);
        self.position = index + 1;
    }

    /// The parts of the engine besides pages, pool and disk, as far as it has them.
    pub fn heap(&self) -> Option<&HeapState> {
        self.state.parts.heap.as_deref()
    }

    pub fn replacement(&self) -> Option<&ReplacementState> {
        self.state.parts.replacement.as_deref()
    }

    pub fn log(&self) -> Option<&LogState> {
        self.state.parts.log.as_deref()
    }

    pub fn lsm(&self) -> Option<&LsmState> {
        self.state.parts.lsm.as_deref()
    }

    pub fn cluster(&self) -> Option<&ClusterState> {
        self.state.parts.cluster.as_deref()
    }

    pub fn tiers(&self) -> Option<&TiersState> {
        self.state.parts.tiers.as_deref()
    }

    pub fn page(&self, page: PageId) -> Option<&PageState> {
        self.state.pages.get(page.index()).map(|page| &**page)
    }

    /// The key at a slot of a page, if both are there.
    pub fn key(&self, page: PageId, slot: usize) -> Option<&[u8]> {
        let cells = self.page(page)?.cells()?;
        (slot < cells.len()).then(|| cells.key(slot))
    }

    /// The children of an inner page: the leftmost, then one to the right of each key.
    pub fn child(&self, page: PageId, index: usize) -> Option<PageId> {
        self.page(page).and_then(|page| tally::child(page, index))
    }

    /// Whether the page is in the buffer pool.
    pub fn in_pool(&self, page: PageId) -> bool {
        self.state.pool.iter().any(|frame| frame.page == page)
    }

    /// Most keys of a page, when the tree has an order; nothing when bytes decide.
    pub fn keys_max(&self) -> Option<u32> {
        (self.state.order > 0).then(|| self.state.order - 1)
    }
}
