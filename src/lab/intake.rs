//! Files from outside: what a file is, and the keys in it.
//!
//! ```text
//!   name, bytes ──▶ a script      .gb, or its first line is `lab …`
//!                   a trace       its first line begins with `glassbase-trace`
//!                   keys          anything else: one a line; of .csv and .tsv the first column
//! ```
//!
//! Keys are read in slices, so that a page can go on answering meanwhile. Lines that are not UTF-8 are kept byte for
//! byte, as `0x…`.

use thiserror::Error;

use super::data::{self, Data};
use super::pool::trace_file::PageReader;
use super::script::{MAX_LINE, MAX_LINES};
use super::words;
use crate::trace::Bytes;
use crate::trace::bytes::hex;
use crate::trace::text::Fnv;

/// Largest file that is read, in bytes.
pub const MAX_FILE: u64 = 64 << 20;

/// What a file turned out to be.
#[derive(Clone, Debug)]
pub enum Opened {
    Script(String),
    /// The text of a trace, not read yet.
    Trace(String),
    Keys(KeyReader),
}

/// Why a file can't be used.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum IntakeError {
    #[error("\"{name}\" is empty")]
    Empty { name: String },
    #[error("\"{name}\" has {lines} lines and all of them are blank", lines = words::grouped(*.lines))]
    OnlyBlank { name: String, lines: u64 },
    #[error(
        "\"{name}\" has {mib} MiB; up to {} MiB can be opened: cut it into several files",
        MAX_FILE >> 20, mib = (*.bytes).div_ceil(1 << 20)
    )]
    TooLarge { name: String, bytes: u64 },
    #[error(
        "\"{name}\" has more than {lines} lines: cut it into several files", lines = words::grouped(MAX_LINES as u64)
    )]
    TooManyLines { name: String },
    #[error("\"{name}\": line {line} is \"{text}\", which is no page number: one number a line, or a column of them")]
    NoPageNumber { name: String, line: u64, text: String },
    #[error(
        "\"{name}\": line {line} is \"{text}\", which has no column {column} for its key: one key a line, or time, key and size"
    )]
    NoKey { name: String, line: u64, column: usize, text: String },
    #[error(
        "\"{name}\": line {line} is \"{text}\": one key a line is wanted, or columns parted by commas: key,size or time,key,size, or more of them below a line of their names"
    )]
    Shapeless { name: String, line: u64, text: String },
    #[error(
        "\"{name}\": line {line}: \"{text}\" is no size: a whole number of bytes from 1 to 4,000,000,000, or no column of sizes at all"
    )]
    NoSize { name: String, line: u64, text: String },
    #[error("\"{name}\" has more than {} accesses: cut it into several files", words::grouped(*.most))]
    TooManyAccesses { name: String, most: u64 },
    #[error(
        "\"{name}\" has {} different pages, and a file of the lab has {} at most", words::grouped(*.pages),
        words::grouped(*.most)
    )]
    TooManyPages { name: String, pages: u64, most: u64 },
    #[error("\"{name}\" is in UTF-16: save it as UTF-8 and open it again")]
    Utf16 { name: String },
    #[error("\"{name}\" is not text: it has zero bytes")]
    Binary { name: String },
    #[error("\"{name}\" is a {what} by its first line, but line {line} is not UTF-8")]
    NotUtf8 { name: String, what: &'static str, line: usize },
}

/// To be asked before a file is read at all.
pub fn check_size(name: &str, bytes: u64) -> Result<(), IntakeError> {
    match bytes {
        0 => Err(IntakeError::Empty { name: name.to_string() }),
        1..=MAX_FILE => Ok(()),
        _ => Err(IntakeError::TooLarge { name: name.to_string(), bytes }),
    }
}

/// Tells what a file is. Keys are not read yet; [`KeyReader::step`] does.
pub fn open(name: &str, bytes: Vec<u8>) -> Result<Opened, IntakeError> {
    check_size(name, bytes.len() as u64)?;
    let name_owned = || name.to_string();
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(IntakeError::Utf16 { name: name_owned() });
    }
    let mut bytes = bytes;
    if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
        bytes.drain(..3);
    }
    let first = first_line(&bytes);
    if first.starts_with(b"glassbase-trace") {
        return utf8(name, "trace", bytes).map(Opened::Trace);
    }
    let extension = extension(name);
    let is_script = extension == "gb" || first.starts_with(b"lab ");
    if is_script {
        return utf8(name, "script", bytes).map(Opened::Script);
    }
    let separator = match extension.as_str() {
        "csv" => Some(',').map(|comma| if prefers_semicolon(first) { ';' } else { comma }),
        "tsv" => Some('\t'),
        _ => None,
    };
    let plain = matches!(extension.as_str(), "txt" | "csv" | "tsv" | "");
    if !plain && bytes.iter().take(4096).any(|byte| *byte == 0) {
        return Err(IntakeError::Binary { name: name_owned() });
    }
    Ok(Opened::Keys(KeyReader::new(name_owned(), bytes, separator)))
}

fn extension(name: &str) -> String {
    name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default()
}

/// The first line that is neither blank nor a comment.
fn first_line(bytes: &[u8]) -> &[u8] {
    let mut lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.find(|line| !line.is_empty() && !line.starts_with(b"#")).unwrap_or_default()
}

/// Spreadsheets of many countries part columns by semicolons.
fn prefers_semicolon(line: &[u8]) -> bool {
    line.contains(&b';') && !line.contains(&b',')
}

fn utf8(name: &str, what: &'static str, bytes: Vec<u8>) -> Result<String, IntakeError> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
        IntakeError::NotUtf8 { name: name.to_string(), what, line }
    })
}

/// What was found in a file of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub lines: u64,
    pub keys: u64,
    pub blank: u64,
    /// Keys that are there more than once, counted from their second time on.
    pub duplicates: u64,
    /// Lines that are not UTF-8, taken as raw bytes.
    pub raw: u64,
    /// Lines that are too long to be a key in any page, and the number of the first of them.
    pub too_long: u64,
    pub first_too_long: u64,
    /// The first line was taken for a header and left out.
    pub header: bool,
}

impl Report {
    /// One sentence for a person.
    pub fn sentence(&self, name: &str) -> String {
        let mut text = format!("{name}: {}", words::counted(self.keys, "key"));
        let mut add = |count: u64, what: &str| {
            if count > 0 {
                text.push_str(&format!(", {} {what}", words::grouped(count)));
            }
        };
        add(self.duplicates, "of them more than once");
        add(self.raw, "not in UTF-8 and kept as raw bytes");
        add(self.blank, if self.blank == 1 { "blank line passed over" } else { "blank lines passed over" });
        add(self.too_long, "too long for a key and left out");
        if self.too_long > 0 {
            text.push_str(&format!(" (the first is line {})", words::grouped(self.first_too_long)));
        }
        if self.header {
            text.push_str("; the first line looks like a header: left out");
        }
        text
    }
}

/// Longest line that is taken as a key: a quarter of the largest page. What a smaller page can't take, `import` tells.
const MAX_KEY: usize = 16384 / 4;

/// What the column of keys is called in files that name their columns.
const HEADERS: &[&str] = &["id", "key", "keys", "name", "uuid", "guid", "word"];

/// Reads keys from a file, slice by slice.
#[derive(Clone, Debug)]
pub struct KeyReader {
    name: String,
    bytes: Vec<u8>,
    at: usize,
    separator: Option<char>,
    keys: Data,
    hashes: Vec<u64>,
    /// Keys so far that are written as numbers, and whether the first is.
    numbers: u64,
    first_is_number: bool,
    report: Report,
}

impl KeyReader {
    fn new(name: String, bytes: Vec<u8>, separator: Option<char>) -> KeyReader {
        let (keys, hashes, report) = (Data::default(), Vec::new(), Report::default());
        KeyReader { name, bytes, at: 0, separator, keys, hashes, numbers: 0, first_is_number: false, report }
    }

    /// The same file read as page numbers.
    pub fn into_pages(self) -> PageReader {
        PageReader::new(self.name, self.bytes, self.separator)
    }

    /// How far the file is read: bytes done and in total.
    pub fn progress(&self) -> (usize, usize) {
        (self.at, self.bytes.len())
    }

    /// Reads up to `lines` lines; true when the file has been read to its end.
    pub fn step(&mut self, lines: usize) -> Result<bool, IntakeError> {
        for _ in 0..lines {
            if self.at >= self.bytes.len() {
                break;
            }
            let rest = &self.bytes[self.at..];
            let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            let line = rest[..length].to_vec();
            self.at += length + 1;
            self.report.lines += 1;
            if self.report.lines as usize > MAX_LINES {
                return Err(IntakeError::TooManyLines { name: self.name.clone() });
            }
            self.take_line(line.trim_ascii());
        }
        Ok(self.at >= self.bytes.len())
    }

    fn take_line(&mut self, line: &[u8]) {
        let text = match std::str::from_utf8(line) {
            _ if line.is_empty() => String::new(),
            Ok(text) => self.separator.map_or_else(|| text.to_string(), |mark| data::csv_column(text, 1, mark)),
            Err(_) => {
                self.report.raw += 1;
                hex(line)
            }
        };
        if text.is_empty() {
            self.report.blank += 1;
            return;
        }
        let key = Bytes::typed(&text);
        if key.len() > MAX_KEY || text.len() > MAX_LINE {
            self.report.too_long += 1;
            if self.report.too_long == 1 {
                self.report.first_too_long = self.report.lines;
            }
            return;
        }
        let is_number = looks_like_number(&text);
        self.numbers += u64::from(is_number);
        if self.report.keys == 0 {
            self.first_is_number = is_number;
        }
        let mut hash = Fnv::default();
        hash.update(&key);
        self.hashes.push(hash.value());
        self.keys.push(&text);
        self.report.keys += 1;
    }

    /// Leaves the first key out when it is the name of its column: a usual one, or a word above nothing but numbers.
    fn leave_header_out(&mut self) {
        let others = self.report.keys.saturating_sub(1);
        if self.separator.is_none() || others == 0 || self.first_is_number {
            return;
        }
        let first = self.keys.get(0).unwrap_or_default().to_ascii_lowercase();
        if self.numbers == others || HEADERS.contains(&first.as_str()) {
            self.keys = self.keys.iter().skip(1).collect();
            self.hashes.remove(0);
            self.report.keys = others;
            self.report.header = true;
        }
    }

    /// The keys, as data lines for `import`, and what was found.
    pub fn finish(mut self) -> Result<(Data, Report), IntakeError> {
        if self.report.keys == 0 && self.report.too_long == 0 {
            return Err(IntakeError::OnlyBlank { name: self.name, lines: self.report.lines });
        }
        self.leave_header_out();
        // Two keys with the same 64-bit hash are taken for one another; among two million that is one chance in ten million.
        self.hashes.sort_unstable();
        self.report.duplicates = self.hashes.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64;
        Ok((self.keys, self.report))
    }
}

/// Digits, perhaps with a sign and a point.
fn looks_like_number(text: &str) -> bool {
    let bytes = text.trim_start_matches(['-', '+']).as_bytes();
    bytes.iter().any(u8::is_ascii_digit) && bytes.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(name: &str, bytes: &[u8]) -> (Vec<String>, Report) {
        let Ok(Opened::Keys(mut reader)) = open(name, bytes.to_vec()) else { panic!("{name} should be keys") };
        while !reader.step(1).unwrap() {}
        let (data, report) = reader.finish().unwrap();
        (data.iter().map(str::to_string).collect(), report)
    }

    #[test]
    fn keys_one_a_line() {
        let (found, report) = keys("words", b"\xef\xbb\xbfash\r\nelm \r\n\r\nash\n12\n");
        assert_eq!(found, ["ash", "elm", "ash", "12"]);
        assert_eq!((report.lines, report.blank, report.duplicates), (5, 1, 1));
        assert_eq!(report.sentence("words"), "words: 4 keys, 1 of them more than once, 1 blank line passed over");
    }

    #[test]
    fn the_first_column_of_csv() {
        assert_eq!(keys("a.csv", b"\"ash, grey\",1\nelm,2\n").0, ["ash, grey", "elm"]);
        assert_eq!(keys("a.CSV", b"ash;1\nelm;2").0, ["ash", "elm"]);
        assert_eq!(keys("a.tsv", b"ash\t1\nelm").0, ["ash", "elm"]);
        assert_eq!(keys("a.txt", b"ash,1\n").0, ["ash,1"]);
    }

    #[test]
    fn a_header_is_left_out_of_csv() {
        let (found, report) = keys("a.csv", b"id,name\n7,ash\n9,elm\n");
        assert_eq!(found, ["7", "9"]);
        assert_eq!(report.sentence("a.csv"), "a.csv: 2 keys; the first line looks like a header: left out");
        assert_eq!(keys("a.csv", b"customer,x\n7,ash\n-1.5,elm\n").0, ["7", "-1.5"]);
        assert_eq!(keys("a.csv", b"Name;age\nash;1\nelm;2").0, ["ash", "elm"]);
        assert_eq!(keys("a.csv", b"customer,x\n7,ash\nelm,1\n").0, ["customer", "7", "elm"]);
        assert_eq!(keys("a.csv", b"ash,x\n").0, ["ash"]);
        assert_eq!(keys("a.txt", b"id\n7\n9\n").0, ["id", "7", "9"]);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_kept() {
        let (found, report) = keys("latin1.txt", b"gr\xfcn\nash\n");
        assert_eq!(found, ["0x6772fc6e", "ash"]);
        assert_eq!(report.raw, 1);
        assert_eq!(&Bytes::typed(&found[0])[..], b"gr\xfcn");
    }

    #[test]
    fn keys_that_are_too_long_are_told() {
        let text = format!("ash\n{}\nelm\n", "x".repeat(MAX_KEY + 1));
        let (found, report) = keys("long.txt", text.as_bytes());
        assert_eq!(found, ["ash", "elm"]);
        assert_eq!((report.too_long, report.first_too_long), (1, 2));
        assert!(report.sentence("long.txt").ends_with("(the first is line 2)"));
    }

    #[test]
    fn scripts_and_traces_are_told_from_keys() {
        assert!(matches!(open("a.txt", b"# hello\n\nlab nowhere\n".to_vec()), Ok(Opened::Script(_))));
        assert!(matches!(open("a.gb", b"insert 1".to_vec()), Ok(Opened::Script(_))));
        assert!(matches!(open("a.txt", b"glassbase-trace 9\n".to_vec()), Ok(Opened::Trace(_))));
        assert!(matches!(open("words.txt", b"labour\n".to_vec()), Ok(Opened::Keys(_))));
        let error = open("a.gb", b"insert 1\ninsert \xff".to_vec()).unwrap_err();
        assert_eq!(error.to_string(), "\"a.gb\" is a script by its first line, but line 2 is not UTF-8");
    }

    #[test]
    fn files_that_cannot_be_used_are_told() {
        assert_eq!(open("a", Vec::new()).unwrap_err().to_string(), "\"a\" is empty");
        let Ok(Opened::Keys(mut reader)) = open("a", b"\n \r\n\n".to_vec()) else { panic!("keys") };
        while !reader.step(10).unwrap() {}
        assert_eq!(reader.finish().unwrap_err().to_string(), "\"a\" has 3 lines and all of them are blank");
        let large = check_size("a", 200 << 20).unwrap_err().to_string();
        assert_eq!(large, "\"a\" has 200 MiB; up to 64 MiB can be opened: cut it into several files");
        assert!(matches!(open("a.txt", vec![0xff, 0xfe, b'a', 0]), Err(IntakeError::Utf16 { .. })));
        assert!(matches!(open("a.png", vec![b'P', 0, b'\n']), Err(IntakeError::Binary { .. })));
    }
}
