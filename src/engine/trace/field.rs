//! How a field of an event stands in a text trace, and is read from it.
//!
//! The table of events names some 130 fields, and this package is built for speed: what is inlined here would stand 130
//! times in the program. So a field is written through a `dyn` and read by a function of its own.

use std::cell::Cell;
use std::rc::Rc;

use super::Event;
use super::bytes::{Bytes, quote, unquote};
use super::decimal::{number, push_number};
use super::id::{
    BreakerState, DropCause, TierFate, TierKind, TierLook, TierOperation, TierSource, TierStatus, TierWait,
};
use super::id::{
    CellKind, FileId, FileNumber, FrameId, HeapKind, HeapOperation, Lsn, Operation, Outcome, PageId, PageKind,
};
use super::id::{DropReason, MessageId, NodeId, NodeStatus, RequestFate, VerdictKind};
use super::id::{LogKind, PageSource, RecoveryPass, SkipReason, TxnFate, TxnId, TxnStatus, WriteFate};
use super::id::{RowId, SplitKind, StoreTouch};
use super::parts::cluster::{Datum, NodeHead, NodeLog, Proof};
use super::parts::heap::HeapDetail;
use super::parts::lsm::VersionEdit;
use super::parts::lsm::{CompactionPolicy, CompactionReason, StallReason, WriteKind};
use super::parts::sharding::{KeyDot, MapState, QueryState, ShardState, StreamState, Survey};
use super::parts::stack::{GoalState, ShardPart};
use super::parts::{QuorumRun, TradeoffState};
use super::policy::{PolicyKind, PolicyList, VictimReason};
use super::state::{EngineState, PageBody, PageState};
use super::state_text;
use super::text::Words;

/// A value that an event may carry. What `write` appended, `read` reads.
pub trait Field {
    fn write(&self, out: &mut String);
    /// Nothing when `text` is not of this kind.
    fn read(text: &str) -> Option<Self>
    where
        Self: Sized;
    /// What stands in the place of a field that can't be read, until the event is thrown away.
    fn blank() -> Self
    where
        Self: Sized;
}

/// Appends ` name=text`.
#[inline(never)]
pub(super) fn push(out: &mut String, name: &str, field: &dyn Field) {
    out.push(' ');
    out.push_str(name);
    out.push('=');
    field.write(out);
}

/// Gives the text of the field of a name, if there is one.
pub type Texts<'a> = &'a dyn Fn(&str) -> Option<&'a str>;

/// The fields of an event that is read. An event has up to a dozen fields, and there are some two hundred events: were
/// each field a `Result`, every place would hold code for going back. So a field is always given, blank if need be, and
/// what was missing is asked once, at the end.
pub(super) struct Reading<'a> {
    texts: Texts<'a>,
    missing: Cell<Option<&'static str>>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(texts: Texts<'a>) -> Reading<'a> {
        Reading { texts, missing: Cell::new(None) }
    }

    /// The field called `name`.
    #[inline(never)]
    pub(super) fn field<T: Field>(&self, name: &'static str) -> T {
        (self.texts)(name).and_then(T::read).unwrap_or_else(|| {
            self.miss(name);
            T::blank()
        })
    }

    #[inline(never)]
    fn miss(&self, name: &'static str) {
        self.missing.set(self.missing.get().or(Some(name)));
    }

    /// The event, unless a field is missing or of the wrong kind: the error is the name of the first.
    pub(super) fn end<T>(&self, event: T) -> Result<T, &'static str> {
        self.missing.get().map_or(Ok(event), Err)
    }
}

macro_rules! number_fields {
    ($($number:ty),*) => {$(
        impl Field for $number {
            fn write(&self, out: &mut String) {
                push_number(out, u64::from(*self));
            }
            fn read(text: &str) -> Option<Self> {
                number(text)
            }
            fn blank() -> Self {
                0
            }
        }
    )*};
}
number_fields!(u8, u16, u32, u64);

macro_rules! wrapped_fields {
    ($($wrapper:ident),*) => {$(
        impl Field for $wrapper {
            fn write(&self, out: &mut String) {
                push_number(out, u64::from(self.0));
            }
            fn read(text: &str) -> Option<Self> {
                number(text).map($wrapper)
            }
            fn blank() -> Self {
                $wrapper(0)
            }
        }
    )*};
}
wrapped_fields!(PageId, FrameId, FileId, FileNumber, Lsn, TxnId, NodeId, MessageId);

macro_rules! word_fields {
    ($($words:ident),*) => {$(
        impl Field for $words {
            fn write(&self, out: &mut String) {
                out.push_str(self.word());
            }
            fn read(text: &str) -> Option<Self> {
                $words::from_word(text)
            }
            fn blank() -> Self {
                $words::ALL[0]
            }
        }
    )*};
}
word_fields!(Operation, Outcome, PageKind, SplitKind, HeapKind, CellKind, HeapOperation);
word_fields!(LogKind, TxnStatus, RecoveryPass, SkipReason, PageSource, TxnFate, WriteFate);
word_fields!(NodeStatus, DropReason, RequestFate, VerdictKind);
word_fields!(BreakerState, DropCause, TierFate, TierKind, TierLook, TierOperation, TierSource, TierStatus, TierWait);
word_fields!(PolicyKind, PolicyList, VictimReason);

word_fields!(StoreTouch);
word_fields!(CompactionPolicy, CompactionReason, StallReason, WriteKind);

impl Field for bool {
    fn write(&self, out: &mut String) {
        out.push_str(if *self { "yes" } else { "no" });
    }
    fn read(text: &str) -> Option<Self> {
        match text {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        }
    }
    fn blank() -> Self {
        false
    }
}

impl Field for Bytes {
    fn write(&self, out: &mut String) {
        out.push_str(&self.to_trace());
    }
    fn read(text: &str) -> Option<Self> {
        Bytes::from_trace(text)
    }
    fn blank() -> Self {
        Bytes::default()
    }
}

impl Field for Rc<str> {
    fn write(&self, out: &mut String) {
        out.push_str(&quote(self));
    }
    fn read(text: &str) -> Option<Self> {
        unquote(text).map(Rc::from)
    }
    fn blank() -> Self {
        Rc::from("")
    }
}

impl Field for Rc<PageState> {
    fn write(&self, out: &mut String) {
        let mut text = String::new();
        state_text::write_page(&mut text, self);
        out.push_str(&quote(&text));
    }
    fn read(text: &str) -> Option<Self> {
        state_text::read_page(&unquote(text)?).map(Rc::new)
    }
    fn blank() -> Self {
        Rc::new(PageState { page: PageId::NONE, lsn: Lsn(0), used: 0, body: PageBody::Meta })
    }
}

/// An event inside another stands as its name and its fields, in quotes. There is one level: what is inside has nothing inside.
impl Field for Rc<Event> {
    fn write(&self, out: &mut String) {
        let mut text = self.name().to_string();
        self.write_fields(&mut text);
        out.push_str(&quote(&text));
    }
    fn read(text: &str) -> Option<Self> {
        let text = unquote(text)?;
        let mut words = Words { rest: &text };
        let name = words.next().filter(|name| !matches!(*name, "within" | "state-taken"))?;
        let fields: Vec<(&str, &str)> = words.filter_map(|word| word.split_once('=')).collect();
        let lookup = |wanted: &str| fields.iter().find(|(field, _)| *field == wanted).map(|(_, value)| *value);
        Event::from_fields(name, &lookup).ok().flatten().map(Rc::new)
    }
    fn blank() -> Self {
        Rc::new(Event::StreamsCleared {})
    }
}

impl Field for RowId {
    fn write(&self, out: &mut String) {
        push_number(out, u64::from(self.page.0));
        out.push('.');
        push_number(out, u64::from(self.slot));
    }
    fn read(text: &str) -> Option<Self> {
        RowId::parse(text)
    }
    fn blank() -> Self {
        RowId::NONE
    }
}

macro_rules! shared_fields {
    ($($shared:ident),*) => {$(
        impl Field for Rc<$shared> {
            fn write(&self, out: &mut String) {
                (**self).write(out);
            }
            fn read(text: &str) -> Option<Self> {
                $shared::read(text).map(Rc::new)
            }
            fn blank() -> Self {
                Rc::new($shared::blank())
            }
        }
    )*};
}
shared_fields!(NodeHead, NodeLog, Datum, Proof, HeapDetail, VersionEdit, QuorumRun, TradeoffState);
shared_fields!(MapState, ShardState, StreamState, KeyDot, Survey, QueryState, GoalState, ShardPart);

impl Field for Rc<EngineState> {
    fn write(&self, out: &mut String) {
        out.push_str(&state_text::write(self, None));
    }
    fn read(text: &str) -> Option<Self> {
        state_text::read(text, None).map(Rc::new)
    }
    fn blank() -> Self {
        Rc::default()
    }
}
