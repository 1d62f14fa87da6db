//! The trace: what the engine did, as plain data.
//!
//! Every floor above this one tells what it does by emitting an [`Event`]: a page was found in the pool, a record
//! went into slot 3 of page 12, eleven cells moved from page 12 to page 19. An event together with when, where and
//! why it happened is a [`Record`]; the sequence of all records of a run is its [`Trace`].
//!
//! ```text
//!   engine ──emit──▶ Recorder ──push──▶ Trace ──fold──▶ View ──draw──▶ picture
//!                    (on / off)         │
//!                                       └──text──▶ file, golden test, list on the page
//! ```
//!
//! **Invariant:** an event carries all that is needed to redraw from it: a reader of the trace never asks the engine.
//! **Invariant:** this floor knows no other.
//!
//! - [`event`]: the vocabulary, one table.
//! - [`id`], [`bytes`]: the plain values that events are made of.
//! - [`decimal`]: numbers written and read.
//! - [`state`], [`parts`]: a whole engine as plain data, for what was done with recording off.
//! - [`plain`], [`base64`]: plain data as bytes, and as one word of a text.
//! - [`sorted`], [`sorting`]: maps in order, and one sort for all that is short: for the size of the code.
//! - [`recorder`]: switch, cause, byte capture.
//! - [`text`]: the text form, written and read.

pub mod base64;
pub mod bytes;
pub mod decimal;
pub mod event;
pub mod field;
pub mod id;
pub mod parts;
pub mod plain;
pub mod policy;
pub mod recorder;
pub mod sorted;
pub mod sorting;
pub mod state;
pub mod state_text;
pub mod text;
mod touched;

pub use bytes::Bytes;
pub use event::{Event, Lane};
pub use id::{BreakerState, DropCause, TierFate, TierKind, TierLook, TierOperation, TierSource, TierStatus, TierWait};
pub use id::{
    CellKind, FileId, FileNumber, FrameId, HeapKind, HeapOperation, Lsn, Operation, Outcome, PageId, PageKind,
};
pub use id::{DropReason, MessageId, NodeId, NodeStatus, RequestFate, VerdictKind};
pub use id::{LogKind, PageSource, RecoveryPass, SkipReason, TxnFate, TxnId, TxnStatus, WriteFate};
pub use id::{RowId, SpanLayer, SplitKind, StoreTouch};
pub use parts::ShardingState;
pub use parts::StackState;
pub use parts::TiersState;
pub use parts::replacement::TARGET_ONE;
pub use parts::{ClientState, ClusterState, HeapState, LogState, LsmState, MediumState, Parts, ReplacementState};
pub use policy::{PolicyKind, PolicyList, VictimReason};
pub use recorder::{Capture, Recorder};
pub use state::{Cells, Counters, EngineState, FrameState, PageBody, PageState};
pub use text::{TextError, TraceReader, read_trace, write_trace};

use std::rc::Rc;

/// An event with its circumstances.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Virtual time at which it happened.
    pub time_ns: u64,
    /// Index in the trace of the record that led to this one; [`NO_CAUSE`] for what a person asked for.
    pub cause: u32,
    /// The node (server) on which it happened; 0 while there is one.
    pub node: u16,
    pub event: Event,
}

impl Record {
    /// Whether both tell the same. The words of the text form are compared: an `==` for each of the events would be ten
    /// kilobytes of code. Whole states are the same only if they are one: what stands elsewhere is another, even if equal.
    pub fn tells_as(&self, other: &Record) -> bool {
        let head = |record: &Record| (record.time_ns, record.cause, record.node, record.event.name());
        let words = |record: &Record| {
            let mut words = String::new();
            record.event.write_fields(&mut words);
            words
        };
        head(self) == head(other)
            && match (&self.event, &other.event) {
                (Event::StateTaken { state }, Event::StateTaken { state: others }) => Rc::ptr_eq(state, others),
                _ => words(self) == words(other),
            }
    }
}

/// The cause of a record that nothing in the trace led to.
pub const NO_CAUSE: u32 = u32::MAX;

const CHUNK: usize = 4096;

/// A sequence of records that is cheap to clone: full chunks are shared, only the last, open one is copied.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    sealed: Vec<Rc<Vec<Record>>>,
    open: Vec<Record>,
}

impl Trace {
    pub fn new() -> Trace {
        Trace::default()
    }

    pub fn len(&self) -> usize {
        self.sealed.len() * CHUNK + self.open.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn push(&mut self, record: Record) {
        self.open.push(record);
        if self.open.len() == CHUNK {
            let full = std::mem::replace(&mut self.open, Vec::with_capacity(CHUNK));
            self.sealed.push(Rc::new(full));
        }
    }

    pub fn get(&self, index: usize) -> Option<&Record> {
        match self.sealed.get(index / CHUNK) {
            Some(chunk) => chunk.get(index % CHUNK),
            None => self.open.get(index.checked_sub(self.sealed.len() * CHUNK)?),
        }
    }

    /// The records from `start` (clamped to the end) on.
    pub fn iter_from(&self, start: usize) -> impl Iterator<Item = &Record> {
        (start..self.len()).map_while(|index| self.get(index))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Record> {
        self.iter_from(0)
    }

    /// Forgets everything from `length` on.
    pub fn truncate(&mut self, length: usize) {
        if length >= self.len() {
            return;
        }
        let chunk = length / CHUNK;
        if chunk < self.sealed.len() {
            self.open = self.sealed[chunk].to_vec();
            self.sealed.truncate(chunk);
        }
        self.open.truncate(length % CHUNK);
        debug_assert_eq!(self.len(), length);
    }
}

impl PartialEq for Trace {
    fn eq(&self, other: &Trace) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(count: usize) -> Trace {
        let mut trace = Trace::new();
        for index in 0..count {
            let event = Event::CommandEnded { line: index as u32 };
            trace.push(Record { time_ns: 0, cause: NO_CAUSE, node: 0, event });
        }
        trace
    }

    #[test]
    fn reads_back_across_chunks() {
        let trace = numbered(CHUNK * 2 + 5);
        assert_eq!(trace.len(), CHUNK * 2 + 5);
        for index in [0, CHUNK - 1, CHUNK, CHUNK * 2 + 4] {
            assert_eq!(trace.get(index).unwrap().event, Event::CommandEnded { line: index as u32 });
        }
        assert!(trace.get(CHUNK * 2 + 5).is_none());
        assert_eq!(trace.iter_from(CHUNK * 2).count(), 5);
    }

    #[test]
    fn records_that_tell_the_same() {
        let record = |line, event| Record { time_ns: 7, cause: line, node: 0, event };
        let ended = |line| Event::CommandEnded { line };
        assert!(record(1, ended(3)).tells_as(&record(1, ended(3))));
        assert!(!record(1, ended(3)).tells_as(&record(2, ended(3))));
        assert!(!record(1, ended(3)).tells_as(&record(1, ended(4))));
        let state = Rc::new(EngineState::default());
        let taken = |state: &Rc<EngineState>| record(1, Event::StateTaken { state: state.clone() });
        assert!(taken(&state).tells_as(&taken(&state)));
        assert!(!taken(&state).tells_as(&taken(&Rc::default())));
    }

    #[test]
    fn truncates_inside_and_between_chunks() {
        for length in [0, 1, CHUNK, CHUNK + 1, CHUNK * 2 + 4] {
            let mut trace = numbered(CHUNK * 2 + 5);
            trace.truncate(length);
            assert_eq!(trace, numbered(length));
        }
    }
}
