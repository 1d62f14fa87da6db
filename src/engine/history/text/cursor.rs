//! A place in a text, and what both formats have in common: space, text in quotes, numbers, bounds.

use super::Wrong;

/// How deep lists and maps may stand in each other.
const MAX_DEPTH: u32 = 32;

/// The most data of one event.
const MAX_DATA: u32 = 100_000;

#[derive(Clone)]
pub struct Cursor<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
    data: u32,
    /// EDN: commas are space, and a semicolon begins a comment.
    pub is_edn: bool,
}

impl<'a> Cursor<'a> {
    pub fn new(text: &'a str) -> Cursor<'a> {
        // A byte order mark is not part of the text.
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Cursor { text, at, depth: 0, data: 0, is_edn: false }
    }

    pub fn at(&self) -> usize {
        self.at
    }

    pub fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    pub fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    /// Takes a letter if it is the next.
    pub fn take(&mut self, letter: char) -> bool {
        let is_next = self.peek() == Some(letter);
        self.at += if is_next { letter.len_utf8() } else { 0 };
        is_next
    }

    pub fn take_while(&mut self, goes_on: impl Fn(char) -> bool) -> &'a str {
        let rest = &self.text[self.at..];
        let length = rest.find(|letter| !goes_on(letter)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    pub fn skip_space(&mut self) {
        let is_edn = self.is_edn;
        loop {
            self.take_while(|letter| letter.is_whitespace() || (is_edn && letter == ','));
            if !is_edn || self.peek() != Some(';') {
                return;
            }
            self.take_while(|letter| letter != '\n');
        }
    }

    pub fn begin_event(&mut self) {
        (self.depth, self.data) = (0, 0);
    }

    /// Counts a datum of the event.
    pub fn count(&mut self) -> Result<(), Wrong> {
        self.data += 1;
        if self.data > MAX_DATA {
            let what = format!("one event has more than {MAX_DATA} parts");
            return Err(Wrong::new(self.at, what, "an event is one map of a few words"));
        }
        Ok(())
    }

    /// Goes into a list or map.
    pub fn go_in(&mut self) -> Result<(), Wrong> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let what = format!("lists and maps stand in each other more than {MAX_DEPTH} deep");
            return Err(Wrong::new(self.at, what, "an event is one map of a few words"));
        }
        Ok(())
    }

    pub fn go_out(&mut self) {
        self.depth -= 1;
    }

    /// A text in quotes, as both formats write it.
    pub fn quoted(&mut self) -> Result<String, Wrong> {
        let begin = self.at;
        self.take('"');
        let mut text = String::new();
        loop {
            text.push_str(self.take_while(|letter| letter != '"' && letter != '\\' && letter != '\n'));
            match self.next() {
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escaped()?),
                // A line in a text is allowed in EDN; a text that never ends is found at the end of the file.
                Some('\n') if self.is_edn => text.push('\n'),
                _ => return Err(Wrong::new(begin, "the text that begins here has no end", "write \" behind it")),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, Wrong> {
        let at = self.at - 1;
        Ok(match self.next() {
            Some(letter @ ('"' | '\\' | '/')) => letter,
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('u') => return self.code_point(at),
            _ => {
                return Err(Wrong::new(
                    at,
                    "this backslash stands before nothing that it can",
                    "write \\\\ for a backslash",
                ));
            }
        })
    }

    /// Four hex digits, or twice four for what does not fit into them.
    fn code_point(&mut self, at: usize) -> Result<char, Wrong> {
        let remedy = "write \\u and four hex digits, as in \\u00e9";
        let mut unit = || {
            let digits: String = (0..4).map_while(|_| self.next()).collect();
            let is_hex = digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            let value = if is_hex { u32::from_str_radix(&digits, 16).ok() } else { None };
            value.ok_or_else(|| Wrong::new(at, "\\u has no four hex digits behind it", remedy))
        };
        let mut value = unit()?;
        if (0xd800..0xdc00).contains(&value) {
            let is_pair = self.take('\\') && self.take('u');
            let low = if is_pair { self.code_unit() } else { None };
            let Some(low) = low.filter(|low| (0xdc00..0xe000).contains(low)) else {
                return Err(Wrong::new(at, "this is half of a character", "write its other half behind it"));
            };
            value = 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
        }
        char::from_u32(value).ok_or_else(|| Wrong::new(at, "there is no such character", remedy))
    }

    fn code_unit(&mut self) -> Option<u32> {
        let digits: String = (0..4).map_while(|_| self.next()).collect();
        if digits.len() == 4 { u32::from_str_radix(&digits, 16).ok() } else { None }
    }

    /// A number as it is written: digits, sign, point, exponent.
    pub fn number(&mut self) -> Result<String, Wrong> {
        let at = self.at;
        let text = self.take_while(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter));
        let digits = text.strip_prefix('-').unwrap_or(text);
        let digits = if self.is_edn { digits.strip_prefix('+').unwrap_or(digits) } else { digits };
        let digits = if self.is_edn { digits.trim_end_matches(['N', 'M']) } else { digits };
        if !is_number(digits) {
            return Err(Wrong::new(
                at,
                format!("\"{}\" is no number", shortened(text)),
                "write a number, or a text in quotes",
            ));
        }
        Ok(if text.starts_with('-') { format!("-{digits}") } else { digits.to_string() })
    }
}

/// Digits, perhaps a point and digits, perhaps an exponent.
fn is_number(text: &str) -> bool {
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    are_digits(whole) && are_digits(decimals) && are_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
}

/// Text as an error shows it.
pub fn shortened(text: &str) -> String {
    const SHOWN: usize = 40;
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_string(),
    }
}

/// Line and column of a byte, both from 1.
pub fn place(text: &str, at: usize) -> (u32, u32) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let line_begin = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    (line as u32, before[line_begin..].chars().count() as u32 + 1)
}
