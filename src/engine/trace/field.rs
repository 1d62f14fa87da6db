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
                write_number(u64::from(*self))
            }
            fn read(text: &str) -> Option<Self> {
                read_number(text)?.try_into().ok()
            }
        }
    )*};
}
number_fields!(u8, u16, u32, u64);

macro_rules! wrapped_fields {
    ($($wrapper:ident),*) => {$(
        impl Field for $wrapper {
            fn write(&self) -> String {
                self.0.write()
            }
            fn read(text: &str) -> Option<Self> {
                Field::read(text).map($wrapper)
            }
        }
    )*};
}
wrapped_fields!(PageId, FrameId, Lsn);

macro_rules! word_fields {
    ($($words:ident),*) => {$(
        impl Field for $words {
            #[inline(never)]
            fn write(&self) -> String {
                self.word().to_string()
            }
            #[inline(never)]
            fn read(text: &str) -> Option<Self> {
                $words::from_word(text)
            }
        }
    )*};
}
word_fields!(Operation, Outcome, PageKind, SplitKind);

/// Two functions for all numbers of all events: inlined a hundred times they would be a tenth of the page's engine.
#[inline(never)]
fn write_number(number: u64) -> String {
    number.to_string()
}

#[inline(never)]
fn read_number(text: &str) -> Option<u64> {
    text.parse().ok()
}

impl Field for bool {
    #[inline(never)]
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
    #[inline(never)]
    fn write(&self) -> String {
        self.to_trace()
    }
    #[inline(never)]
    fn read(text: &str) -> Option<Self> {
        Bytes::from_trace(text)
    }
}

impl Field for Rc<str> {
    #[inline(never)]
    fn write(&self) -> String {
        quote(self)
    }
    #[inline(never)]
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
