//! How a field of an event stands in a text trace, and is read from it.

use std::rc::Rc;

use super::bytes::{Bytes, quote, unquote};
use super::id::{FrameId, Lsn, Operation, Outcome, PageId, PageKind, SplitKind};
use super::state::EngineState;
use super::state_text;

/// A value that an event may carry. `read(write(x)) == x`.
pub trait Field: Sized {
    fn write(&self) -> String;
    /// Nothing when `text` is not of this kind.
    fn read(text: &str) -> Option<Self>;
}

macro_rules! number_fields {
    ($($number:ty),*) => {$(
        impl Field for $number {
            fn write(&self) -> String {
                self.to_string()
            }
            fn read(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )*};
}
number_fields!(u8, u16, u32, u64);

macro_rules! wrapped_fields {
    ($($wrapper:ident),*) => {$(
        impl Field for $wrapper {
            fn write(&self) -> String {
                self.0.to_string()
            }
            fn read(text: &str) -> Option<Self> {
                text.parse().ok().map($wrapper)
            }
        }
    )*};
}
wrapped_fields!(PageId, FrameId, Lsn);

macro_rules! word_fields {
    ($($words:ident),*) => {$(
        impl Field for $words {
            fn write(&self) -> String {
                self.word().to_string()
            }
            fn read(text: &str) -> Option<Self> {
                $words::from_word(text)
            }
        }
    )*};
}
word_fields!(Operation, Outcome, PageKind, SplitKind);

impl Field for bool {
    fn write(&self) -> String {
        if *self { "yes" } else { "no" }.to_string()
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
    fn write(&self) -> String {
        self.to_trace()
    }
    fn read(text: &str) -> Option<Self> {
        Bytes::from_trace(text)
    }
}

impl Field for Rc<str> {
    fn write(&self) -> String {
        quote(self)
    }
    fn read(text: &str) -> Option<Self> {
        unquote(text).map(Rc::from)
    }
}

impl Field for Rc<EngineState> {
    fn write(&self) -> String {
        state_text::write(self)
    }
    fn read(text: &str) -> Option<Self> {
        state_text::read(text).map(Rc::new)
    }
}
