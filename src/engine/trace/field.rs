//! How a field of an event stands in a text trace, and is read from it.
//!
//! The table of events names some 130 fields, and this package is built for speed: what is inlined here would stand 130
//! times in the program. So a field is written through a `dyn` and read by a function of its own.

use std::rc::Rc;

use super::bytes::{Bytes, quote, unquote};
use super::decimal::{number, push_number};
use super::id::{
    CellKind, FileId, FileNumber, FrameId, HeapKind, HeapOperation, Lsn, Operation, Outcome, PageId, PageKind,
};
use super::id::{DropReason, MessageId, NodeId, NodeStatus, RequestFate, VerdictKind};
use super::id::{LogKind, PageSource, RecoveryPass, SkipReason, TxnFate, TxnId, TxnStatus, WriteFate};
use super::id::{RowId, SplitKind};
use super::parts::cluster::{Datum, NodeHead, NodeLog};
use super::parts::heap::HeapDetail;
use super::parts::lsm::VersionEdit;
use super::parts::lsm::{CompactionPolicy, CompactionReason, StallReason, WriteKind};
use super::policy::{PolicyKind, PolicyList, VictimReason};
use super::state::{EngineState, PageState};
use super::state_text;

/// A value that an event may carry. What `write` appended, `read` reads.
pub trait Field {
    fn write(&self, out: &mut String);
    /// Nothing when `text` is not of this kind.
    fn read(text: &str) -> Option<Self>
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

/// The field called `name`; the error is the name.
#[inline(never)]
pub(super) fn find<T: Field>(texts: Texts, name: &'static str) -> Result<T, &'static str> {
    texts(name).and_then(T::read).ok_or(name)
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
        }
    )*};
}
word_fields!(Operation, Outcome, PageKind, SplitKind, HeapKind, CellKind, HeapOperation);
word_fields!(LogKind, TxnStatus, RecoveryPass, SkipReason, PageSource, TxnFate, WriteFate);
word_fields!(NodeStatus, DropReason, RequestFate, VerdictKind);
word_fields!(PolicyKind, PolicyList, VictimReason);

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
}

impl Field for Bytes {
    fn write(&self, out: &mut String) {
        out.push_str(&self.to_trace());
    }
    fn read(text: &str) -> Option<Self> {
        Bytes::from_trace(text)
    }
}

impl Field for Rc<str> {
    fn write(&self, out: &mut String) {
        out.push_str(&quote(self));
    }
    fn read(text: &str) -> Option<Self> {
        unquote(text).map(Rc::from)
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
}

impl Field for Rc<HeapDetail> {
    fn write(&self, out: &mut String) {
        Field::write(&**self, out);
    }
    fn read(text: &str) -> Option<Self> {
        Field::read(text).map(Rc::new)
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
        }
    )*};
}
shared_fields!(NodeHead, NodeLog, Datum);

impl Field for Rc<VersionEdit> {
    fn write(&self, out: &mut String) {
        (**self).write(out);
    }
    fn read(text: &str) -> Option<Self> {
        VersionEdit::read(text).map(Rc::new)
    }
}

impl Field for Rc<EngineState> {
    fn write(&self, out: &mut String) {
        out.push_str(&state_text::write(self, None));
    }
    fn read(text: &str) -> Option<Self> {
        state_text::read(text, None).map(Rc::new)
    }
}
