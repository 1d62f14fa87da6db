//! Keys as they are stored and as they are shown.
//!
//! A key is a byte string and is ordered as one. A person types numbers and words, so both have a byte form that keeps
//! their order: a number is its eight big-endian bytes, a word its UTF-8.
//!
//! ```text
//!   typed        bytes                      shown   in a trace
//!   37           00 00 00 00 00 00 00 25    37      37
//!   ash          61 73 68                   ash     "ash"
//!   0xff01       ff 01                      0xff01  0xff01
//! ```
//!
//! A word of eight letters and the number of the same bytes are one key: `database` and 7233190438144930661 are.

use std::borrow::Borrow;
use std::fmt::{self, Write};
use std::ops::Deref;
use std::rc::Rc;

/// A shared byte string.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(Rc<[u8]>);

impl Bytes {
    pub fn number(value: u64) -> Bytes {
        Bytes::from(&value.to_be_bytes()[..])
    }

    /// What a person means by `text`: a decimal number without leading zeros, `0x` and hex digits, or a word.
    pub fn typed(text: &str) -> Bytes {
        if let Some(value) = canonical_number(text) {
            return Bytes::number(value);
        }
        if let Some(bytes) = text.strip_prefix("0x").and_then(hex_bytes) {
            return Bytes::from(&bytes[..]);
        }
        Bytes::from(text.as_bytes())
    }

    /// How a trace writes it: read back by [`Bytes::from_trace`] without loss.
    pub fn to_trace(&self) -> String {
        match Shown::of(self) {
            Shown::Number(value) => value.to_string(),
            Shown::Text(text) => quote(text),
            Shown::Raw(bytes) => hex(bytes),
        }
    }

    pub fn from_trace(text: &str) -> Option<Bytes> {
        if text.starts_with('"') {
            return unquote(text).map(|text| Bytes::from(text.as_bytes()));
        }
        if let Some(digits) = text.strip_prefix("0x") {
            return hex_bytes(digits).map(|bytes| Bytes::from(&bytes[..]));
        }
        canonical_number(text).map(Bytes::number)
    }
}

/// The three ways in which bytes are shown.
enum Shown<'a> {
    Number(u64),
    Text(&'a str),
    Raw(&'a [u8]),
}

impl Shown<'_> {
    fn of(bytes: &[u8]) -> Shown<'_> {
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.is_empty() && !text.chars().any(char::is_control) => Shown::Text(text),
            _ => match <[u8; 8]>::try_from(bytes) {
                Ok(eight) => Shown::Number(u64::from_be_bytes(eight)),
                Err(_) => Shown::Raw(bytes),
            },
        }
    }
}

/// Writes bytes as a person reads them: no quotes around words.
pub fn show(bytes: &[u8]) -> String {
    match Shown::of(bytes) {
        Shown::Number(value) => value.to_string(),
        Shown::Text(text) => text.to_string(),
        Shown::Raw(bytes) => hex(bytes),
    }
}

/// A decimal number as a person or this module writes it: digits, no leading zero, at most `u64::MAX`.
pub fn canonical_number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let leading_zero = text.len() > 1 && text.starts_with('0');
    if digits && !leading_zero { text.parse().ok() } else { None }
}

pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + bytes.len() * 2);
    text.push_str("0x");
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    text
}

/// Bytes from an even number of hex digits.
pub fn hex_bytes(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    digits.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// Puts text between quotes; backslash, quote and control characters are escaped.
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", c as u32);
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The inverse of [`quote`]; nothing when the text is not properly quoted.
pub fn unquote(quoted: &str) -> Option<String> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    if quoted.len() < 2 {
        return None;
    }
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return None,
            '\\' => match chars.next()? {
                'n' => text.push('\n'),
                'u' => {
                    let digits: String = chars.by_ref().take(4).collect();
                    text.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                }
                c => text.push(c),
            },
            c => text.push(c),
        }
    }
    Some(text)
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Bytes {
        Bytes(Rc::from(bytes))
    }
}

impl Default for Bytes {
    fn default() -> Bytes {
        Bytes::from(&[][..])
    }
}

/// Bytes are hashed and ordered as the slice is, so a map of them is asked with a slice.
impl Borrow<[u8]> for Bytes {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl Deref for Bytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&show(self))
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_trace())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_keep_their_order() {
        assert!(Bytes::typed("9") < Bytes::typed("10"));
        assert!(Bytes::typed("ash") < Bytes::typed("beech"));
        assert_eq!(Bytes::typed("database"), Bytes::typed("7233190438144930661"));
        assert_eq!(Bytes::typed("007"), Bytes::from(&b"007"[..]));
        assert_eq!(Bytes::typed("0xff01"), Bytes::from(&[0xff, 1][..]));
    }

    #[test]
    fn trace_form_is_lossless() {
        let samples: [&[u8]; 8] =
            [b"", b"ash", b"database", b"a \"b\" \\ c", &[0, 1], &[0; 8], &[255; 8], "grün".as_bytes()];
        for sample in samples {
            let bytes = Bytes::from(sample);
            assert_eq!(Bytes::from_trace(&bytes.to_trace()), Some(bytes.clone()), "{}", bytes.to_trace());
        }
        assert_eq!(Bytes::from_trace("\"open"), None);
        assert_eq!(Bytes::from_trace("0x0"), None);
        assert_eq!(Bytes::from_trace("\""), None);
    }
}
