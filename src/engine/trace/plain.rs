//! Plain data as bytes, and as one word of a text trace.
//!
//! The parts of an engine's state (see [`parts`](super::parts)) are structs and enums without secrets. [`plain!`] declares
//! such a type and says how it is written: field after field, numbers as varints (seven bits a byte, low ones first), so a
//! small number is one byte.
//!
//! ```text
//!   struct  fields in order            Vec     count, then the items       Option  0, or 1 and the value
//!   enum    place in the list, fields  string  length, then UTF-8          f64     its bits, 8 bytes
//! ```
//!
//! **Invariant:** reading never panics, and takes memory in proportion to the bytes that are there: a count is believed
//! only as far as bytes follow, and types inside one another go [`DEEPEST`] levels at most.
//! **Invariant:** every value comes back as it was, bit for bit, the bits of an `f64` too.

use std::rc::Rc;

use super::base64;
use super::bytes::Bytes;
use super::field::Field;
use super::id::{
    BreakerState, DropCause, TierFate, TierKind, TierLook, TierOperation, TierSource, TierStatus, TierWait,
};
use super::id::{
    CellKind, FileId, FileNumber, FrameId, HeapKind, HeapOperation, Lsn, Operation, Outcome, PageId, PageKind,
};
use super::id::{DropReason, MessageId, NodeId, NodeStatus, RequestFate, VerdictKind};
use super::id::{LogKind, PageSource, RecoveryPass, SkipReason, TxnFate, TxnId, TxnStatus, WriteFate};
use super::id::{SpanLayer, SplitKind, StoreTouch};
use super::parts::lsm::{CompactionPolicy, CompactionReason, StallReason, WriteKind};
use super::policy::{PolicyKind, PolicyList};

/// Structs and enums inside one another that reading follows.
pub const DEEPEST: u32 = 64;

/// A value that is written as bytes and read from them.
pub trait Plain: Sized {
    fn encode(&self, out: &mut Vec<u8>);
    /// When what comes next is not of this kind, the input fails and the value is a blank one.
    fn decode(input: &mut Input) -> Self;
}

/// Bytes that are being read.
///
/// An input fails once and for good: what is read from then on is blank, zeros and empty lists, and whoever began to read
/// throws it away at the end. So no place between has to go back, and the code of a struct is one call a field.
#[derive(Debug)]
pub struct Input<'a> {
    rest: &'a [u8],
    depth: u32,
    failed: bool,
}

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8]) -> Input<'a> {
        Input { rest: bytes, depth: 0, failed: false }
    }

    /// Ends the reading: there is nothing left, and what is read is blank.
    #[inline(never)]
    pub fn fail(&mut self) {
        self.failed = true;
        self.rest = &[];
    }

    /// Whether all bytes were read, and were what they should be.
    pub fn is_read(&self) -> bool {
        !self.failed && self.rest.is_empty()
    }

    fn take(&mut self, count: usize) -> &'a [u8] {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            self.fail();
            return &[];
        };
        self.rest = rest;
        taken
    }

    /// A varint in its shortest form.
    #[inline(never)]
    pub fn number(&mut self) -> u64 {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let &[byte] = self.take(1) else { return 0 };
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits || (byte == 0 && shift > 0) {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return value;
            }
        }
        self.fail();
        0
    }

    /// A number up to `most`.
    #[inline(never)]
    pub fn number_within(&mut self, most: u64) -> u64 {
        let value = self.number();
        if value > most {
            self.fail();
            return 0;
        }
        value
    }

    /// The number of items that follow: each takes a byte at least, so there can't be more than bytes.
    fn count(&mut self) -> usize {
        self.number_within(self.rest.len() as u64) as usize
    }

    /// Reads what stands inside a struct or an enum.
    pub fn inside<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= DEEPEST {
            self.fail();
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }
}

/// Appends a varint.
#[inline(never)]
pub fn push_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A value as one word of a text trace.
pub fn to_text(value: &impl Plain) -> String {
    base64::encode(&to_bytes(value))
}

/// The inverse of [`to_text`]; nothing when the text is not such a value, or more than one.
pub fn from_text<T: Plain>(text: &str) -> Option<T> {
    from_bytes(&base64::decode(text)?)
}

pub fn to_bytes(value: &impl Plain) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    bytes
}

pub fn from_bytes<T: Plain>(bytes: &[u8]) -> Option<T> {
    let mut input = Input::new(bytes);
    let value = T::decode(&mut input);
    input.is_read().then_some(value)
}

/// A value of no bytes.
pub fn blank<T: Plain>() -> T {
    let mut input = Input::new(&[]);
    input.fail();
    T::decode(&mut input)
}

/// Declares plain structs and enums, any number of them. All fields are public; `Clone`, `Debug` and `PartialEq` are
/// derived, more may be asked for (`#[derive(Default)]`). A variant has named fields in braces, or none.
///
/// A type so declared may be a field of an event too.
macro_rules! plain {
    () => {};
    ($(#[$meta:meta])* struct $name:ident {
        $($(#[$field_meta:meta])* $field:ident : $type:ty),* $(,)?
    } $($rest:tt)*) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name { $($(#[$field_meta])* pub $field: $type),* }

        impl $crate::plain::Plain for $name {
            fn encode(&self, _out: &mut Vec<u8>) {
                $($crate::plain::Plain::encode(&self.$field, _out);)*
            }
            fn decode(input: &mut $crate::plain::Input) -> Self {
                input.inside(|_input| $name { $($field: $crate::plain::Plain::decode(_input)),* })
            }
        }
        $crate::plain::plain_field!($name);
        $crate::plain::plain! { $($rest)* }
    };
    ($(#[$meta:meta])* enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident $({
            $($(#[$field_meta:meta])* $field:ident : $type:ty),* $(,)?
        })?),* $(,)?
    } $($rest:tt)*) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub enum $name { $($(#[$variant_meta])* $variant $({ $($(#[$field_meta])* $field: $type),* })?),* }

        impl $crate::plain::Plain for $name {
            fn encode(&self, out: &mut Vec<u8>) {
                /// Places in the list, so that they are numbers here and below.
                enum Place { $($variant),* }
                match self {
                    $($name::$variant $({ $($field),* })? => {
                        $crate::plain::push_number(out, Place::$variant as u64);
                        $($($crate::plain::Plain::encode($field, out);)*)?
                    })*
                }
            }
            fn decode(input: &mut $crate::plain::Input) -> Self {
                enum Place { $($variant),* }
                let place = input.number();
                input.inside(|_input| match place {
                    $(place if place == Place::$variant as u64 => $name::$variant $({ $($field: $crate::plain::Plain::decode(_input)),* })?,)*
                    _ => {
                        _input.fail();
                        $crate::plain::Plain::decode(_input)
                    }
                })
            }
        }
        $crate::plain::plain_field!($name);
        $crate::plain::plain! { $($rest)* }
    };
}

/// Lets a plain type be a field of an event.
macro_rules! plain_field {
    ($name:ident) => {
        impl $crate::field::Field for $name {
            fn write(&self, out: &mut String) {
                out.push_str(&$crate::plain::to_text(self));
            }
            fn read(text: &str) -> Option<Self> {
                $crate::plain::from_text(text)
            }
            fn blank() -> Self {
                $crate::plain::blank()
            }
        }
    };
}

pub(crate) use {plain, plain_field};

macro_rules! plain_numbers {
    ($($number:ty),*) => {$(
        impl Plain for $number {
            fn encode(&self, out: &mut Vec<u8>) {
                push_number(out, u64::from(*self));
            }
            fn decode(input: &mut Input) -> Self {
                input.number_within(u64::from(<$number>::MAX)) as $number
            }
        }
    )*};
}
plain_numbers!(u8, u16, u32, u64);

macro_rules! plain_wrapped {
    ($($wrapper:ident),*) => {$(
        impl Plain for $wrapper {
            fn encode(&self, out: &mut Vec<u8>) {
                self.0.encode(out);
            }
            fn decode(input: &mut Input) -> Self {
                $wrapper(Plain::decode(input))
            }
        }
    )*};
}
plain_wrapped!(PageId, FrameId, Lsn, FileId, FileNumber, TxnId, NodeId, MessageId);

macro_rules! plain_words {
    ($($words:ident),*) => {$(
        impl Plain for $words {
            fn encode(&self, out: &mut Vec<u8>) {
                push_number(out, *self as u64);
            }
            fn decode(input: &mut Input) -> Self {
                $words::ALL[input.number_within($words::ALL.len() as u64 - 1) as usize]
            }
        }
    )*};
}
plain_words!(Operation, Outcome, PageKind, SplitKind, HeapKind, CellKind, HeapOperation);
plain_words!(LogKind, TxnStatus, RecoveryPass, SkipReason, PageSource, TxnFate, WriteFate);
plain_words!(NodeStatus, DropReason, RequestFate, VerdictKind);
plain_words!(PolicyKind, PolicyList);
plain_words!(BreakerState, DropCause, TierFate, TierKind, TierLook, TierOperation, TierSource, TierStatus, TierWait);

plain_words!(CompactionPolicy, CompactionReason, StallReason, WriteKind);
plain_words!(SpanLayer, StoreTouch);

impl Plain for bool {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn decode(input: &mut Input) -> Self {
        input.number_within(1) == 1
    }
}

impl Plain for f64 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_bits().to_le_bytes());
    }
    fn decode(input: &mut Input) -> Self {
        f64::from_bits(u64::from_le_bytes(input.take(8).try_into().unwrap_or_default()))
    }
}

#[inline(never)]
fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    push_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[inline(never)]
fn read_bytes<'a>(input: &mut Input<'a>) -> &'a [u8] {
    let count = input.count();
    input.take(count)
}

#[inline(never)]
fn read_str<'a>(input: &mut Input<'a>) -> &'a str {
    std::str::from_utf8(read_bytes(input)).unwrap_or_else(|_| {
        input.fail();
        ""
    })
}

impl Plain for Bytes {
    fn encode(&self, out: &mut Vec<u8>) {
        push_bytes(out, self);
    }
    fn decode(input: &mut Input) -> Self {
        Bytes::from(read_bytes(input))
    }
}

impl Plain for Rc<str> {
    fn encode(&self, out: &mut Vec<u8>) {
        push_bytes(out, self.as_bytes());
    }
    fn decode(input: &mut Input) -> Self {
        Rc::from(read_str(input))
    }
}

impl Plain for String {
    fn encode(&self, out: &mut Vec<u8>) {
        push_bytes(out, self.as_bytes());
    }
    fn decode(input: &mut Input) -> Self {
        read_str(input).to_string()
    }
}

impl<T: Plain> Plain for Rc<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        T::encode(self, out);
    }
    fn decode(input: &mut Input) -> Self {
        Rc::new(T::decode(input))
    }
}

impl<T: Plain> Plain for Option<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.is_some()));
        if let Some(value) = self {
            value.encode(out);
        }
    }
    fn decode(input: &mut Input) -> Self {
        bool::decode(input).then(|| input.inside(T::decode))
    }
}

impl<T: Plain> Plain for Vec<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        push_number(out, self.len() as u64);
        self.iter().for_each(|item| item.encode(out));
    }
    fn decode(input: &mut Input) -> Self {
        let count = input.count();
        // Grown item by item: a count alone takes no memory.
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(input.inside(T::decode));
            if input.failed {
                break;
            }
        }
        items
    }
}

impl<A: Plain, B: Plain> Plain for (A, B) {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
        self.1.encode(out);
    }
    fn decode(input: &mut Input) -> Self {
        (A::decode(input), B::decode(input))
    }
}

/// A list as a field of an event.
impl<T: Plain> Field for Vec<T> {
    fn write(&self, out: &mut String) {
        out.push_str(&to_text(self));
    }
    fn read(text: &str) -> Option<Self> {
        from_text(text)
    }
    fn blank() -> Self {
        blank()
    }
}

/// What may be missing as a field of an event.
impl<T: Plain> Field for Option<T> {
    fn write(&self, out: &mut String) {
        out.push_str(&to_text(self));
    }
    fn read(text: &str) -> Option<Self> {
        from_text(text)
    }
    fn blank() -> Self {
        blank()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    plain! {
        /// A bit of everything.
        struct Sample {
            small: u8,
            large: u64,
            half: f64,
            yes: bool,
            word: Rc<str>,
            name: String,
            key: Bytes,
            pages: Vec<(PageId, Option<Lsn>)>,
            shapes: Vec<Rc<Shape>>,
        }

        enum Shape {
            Dot,
            Line { length: u32 },
            Group { inner: Vec<Shape> },
        }

        #[derive(Default)]
        struct Nothing {}
    }

    fn sample() -> Sample {
        Sample {
            small: 255,
            large: u64::MAX,
            half: -0.5,
            yes: true,
            word: "grün".into(),
            name: String::new(),
            key: Bytes::from(&[0, 255][..]),
            pages: vec![(PageId(u32::MAX), None), (PageId(0), Some(Lsn(128)))],
            shapes: vec![
                Rc::new(Shape::Dot),
                Rc::new(Shape::Group { inner: vec![Shape::Line { length: 300 }, Shape::Dot] }),
            ],
        }
    }

    #[test]
    fn everything_comes_back() {
        let sample = sample();
        assert_eq!(from_text(&to_text(&sample)), Some(sample.clone()));
        assert_eq!(from_bytes(&to_bytes(&Nothing {})), Some(Nothing {}));
        for number in [0, 1, 127, 128, 16_383, 16_384, u64::MAX >> 1, u64::MAX] {
            assert_eq!(from_bytes(&to_bytes(&number)), Some(number));
        }
        assert_eq!(to_bytes(&300u32), [0xac, 2]);
    }

    #[test]
    fn what_is_cut_or_too_long_or_too_large_is_refused() {
        let bytes = to_bytes(&sample());
        for length in 0..bytes.len() {
            assert_eq!(from_bytes::<Sample>(&bytes[..length]), None, "{length}");
        }
        assert_eq!(from_bytes::<u8>(&[1, 1]), None);
        assert_eq!(from_bytes::<u8>(&to_bytes(&256u64)), None);
        assert_eq!(from_bytes::<bool>(&[2]), None);
        assert_eq!(from_bytes::<Shape>(&[3]), None);
        assert_eq!(from_bytes::<u64>(&[0x80, 0]), None, "one number has one form");
        assert_eq!(from_bytes::<u64>(&[255, 255, 255, 255, 255, 255, 255, 255, 255, 2]), None);
        assert_eq!(from_bytes::<String>(&[1, 255]), None);
    }

    #[test]
    fn a_count_is_not_believed_and_depth_has_an_end() {
        let mut bytes = to_bytes(&u64::MAX);
        bytes.extend([0; 20]);
        assert_eq!(from_bytes::<Vec<u64>>(&bytes), None);
        assert_eq!(from_bytes::<Vec<Nothing>>(&bytes), None);
        assert_eq!(from_bytes::<Bytes>(&bytes), None);
        // A group in a group in a group …
        let deep: Vec<u8> = std::iter::repeat_n([2, 1], 100_000).flatten().chain([0]).collect();
        assert_eq!(from_bytes::<Shape>(&deep), None);
    }

    #[test]
    fn altered_bytes_are_read_or_refused() {
        let bytes = to_bytes(&sample());
        for place in 0..bytes.len() {
            for byte in 0..=255 {
                let mut altered = bytes.clone();
                altered[place] = byte;
                let _ = from_bytes::<Sample>(&altered);
            }
        }
    }
}
