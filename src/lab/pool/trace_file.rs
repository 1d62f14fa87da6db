//! A file of page numbers: one a line, or a column of a CSV file.
//!
//! ```text
//!   7              # a comment           time,page,op        the first column that holds a number in
//!   3              7                     0.1,7,read          the first line below the heading... is "page", if one
//!   12                                   0.2,3,write         is called so, else the first with whole numbers
//! ```
//!
//! A file of accesses to keys may have sizes too, and words for keys:
//!
//! ```text
//!   time,key,size         key,size         cat                 the columns called so; without a heading, of three columns
//!   0.1,7,300             7,300            dog                 the last two, of two both, of one the key
//! ```
//!
//! It is read in slices. What is wrong is told with its line. Numbers that are too large for a file of the lab are put in
//! their order: the smallest is page 0, the next page 1.

use super::{ACCESSES_MAX, PAGES_MAX};
use crate::lab::data::{self, Data};
use crate::lab::eviction::{KEYS_MAX, SIZE_MAX};
use crate::lab::intake::IntakeError;
use crate::lab::words::{counted, grouped, shortened};
use crate::trace::decimal::number;
use crate::trace::text::Fnv;

/// What the column of page numbers may be called.
const HEADERS: &[&str] = &["page", "pages", "page_id", "pageid", "page_number", "block", "block_id", "lbn", "lba"];

/// What the columns of keys and of sizes may be called.
const KEY_HEADERS: &[&str] = &["key", "keys", "id", "obj_id", "object", "object_id", "page", "block", "url", "name"];
const SIZE_HEADERS: &[&str] = &["size", "bytes", "obj_size", "object_size", "length", "len", "value_size"];

/// Reads page numbers from a file, slice by slice.
#[derive(Clone, Debug)]
pub struct PageReader {
    name: String,
    bytes: Vec<u8>,
    at: usize,
    separator: Option<char>,
    /// The column that holds them, from 1, once it is known.
    column: Option<usize>,
    line: u64,
    /// The first line was a heading.
    header: bool,
    blank: u64,
    pages: Vec<u64>,
    /// What a file of keys has beyond one of pages.
    objects: Option<Objects>,
}

#[derive(Clone, Debug, Default)]
struct Objects {
    size_column: Option<usize>,
    /// As many as pages, if there is a column of sizes.
    sizes: Vec<u32>,
    has_words: bool,
}

/// What was read.
#[derive(Clone, Debug)]
pub struct PageFile {
    /// One page a line.
    pub data: Data,
    /// Pages that the lab's file must have.
    pub pages: u64,
    /// One sentence for a person.
    pub sentence: String,
    /// Bytes of all objects together, and of the largest, if the file has sizes.
    pub bytes: Option<(u64, u64)>,
}

impl PageFile {
    /// The settings of the eviction lab with which the accesses can be played: as many keys; and if there are sizes, room
    /// for a tenth of all bytes.
    pub fn settings(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some((all, largest)) = self.bytes {
            lines.extend(["set largest 1".to_string(), "set count bytes".to_string()]);
            lines.push(format!("set capacity {}", (all / 10).max(largest).max(1)));
        }
        lines.push(format!("set keys {}", self.pages));
        lines
    }
}

impl PageReader {
    pub fn new(name: String, bytes: Vec<u8>, separator: Option<char>) -> PageReader {
        let column = if separator.is_none() { Some(1) } else { None };
        PageReader {
            name,
            bytes,
            at: 0,
            separator,
            column,
            line: 0,
            header: false,
            blank: 0,
            pages: Vec::new(),
            objects: None,
        }
    }

    /// Reads keys, and sizes if there are any.
    pub fn of_objects(mut self) -> PageReader {
        if self.separator.is_none() {
            let mut lines = self.bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
            let first = lines.find(|line| !line.is_empty() && !line.starts_with(b"#"));
            self.separator = first.filter(|line| line.contains(&b',')).map(|_| ',');
        }
        self.column = self.separator.is_none().then_some(1);
        self.objects = Some(Objects::default());
        self
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
            let line = String::from_utf8_lossy(rest[..length].trim_ascii()).into_owned();
            self.at += length + 1;
            self.line += 1;
            self.take_line(&line)?;
        }
        Ok(self.at >= self.bytes.len())
    }

    fn take_line(&mut self, line: &str) -> Result<(), IntakeError> {
        if line.is_empty() || line.starts_with('#') {
            self.blank += 1;
            return Ok(());
        }
        if self.objects.is_some() {
            return self.take_object(line);
        }
        let column = match self.column {
            Some(column) => column,
            None => match self.find_column(line) {
                Some(column) => column,
                // A heading that says nothing: the line below it will.
                None if !self.header && is_heading(line) => {
                    self.header = true;
                    return Ok(());
                }
                None => return Err(self.no_number(line)),
            },
        };
        let newly = self.column.replace(column).is_none();
        let text = match self.separator {
            Some(separator) => data::csv_column(line, column, separator),
            None => line.to_string(),
        };
        match number::<u64>(&text) {
            Some(page) if self.pages.len() as u64 == ACCESSES_MAX => {
                let _ = page;
                Err(IntakeError::TooManyAccesses { name: self.name.clone(), most: ACCESSES_MAX })
            }
            Some(page) => {
                self.pages.push(page);
                Ok(())
            }
            None if self.pages.is_empty()
                && !self.header
                && is_heading(&text)
                && (newly || self.separator.is_none()) =>
            {
                self.header = true;
                Ok(())
            }
            None => Err(self.no_number(&text)),
        }
    }

    /// A line of a file of keys.
    fn take_object(&mut self, line: &str) -> Result<(), IntakeError> {
        let separator = self.separator;
        let columns = |column| separator.map_or_else(|| line.to_string(), |mark| data::csv_column(line, column, mark));
        let lower = |column| columns(column).trim().to_ascii_lowercase();
        let known = self.column.is_some() && (separator.is_some() || self.header || !self.pages.is_empty());
        if !known {
            let called = |names: &[&str]| (1..=64).find(|column| names.contains(&lower(*column).as_str()));
            let count =
                separator.map_or(1, |_| (1..=64).take_while(|column| !columns(*column).trim().is_empty()).count());
            let (key, size) = match (called(KEY_HEADERS), called(SIZE_HEADERS)) {
                (Some(key), size) => {
                    self.header = true;
                    (key, size)
                }
                (None, _) if count > 3 => return Err(self.shapeless(line)),
                (None, _) if count == 3 => (2, Some(3)),
                (None, _) => (1, (count == 2).then_some(2)),
            };
            self.column = Some(key);
            self.objects.get_or_insert_default().size_column = size;
            if self.header {
                return Ok(());
            }
        }
        let text = columns(self.column.unwrap_or(1)).trim().to_string();
        if text.is_empty() {
            let (name, column) = (self.name.clone(), self.column.unwrap_or(1));
            return Err(IntakeError::NoKey { name, line: self.line, column, text: shortened(line, 40) });
        }
        // Numbers side by side are columns that nothing parts, or a whole trace on one line.
        if separator.is_none() && text.split_whitespace().nth(1).is_some() {
            return Err(self.shapeless(line));
        }
        if self.pages.len() as u64 == ACCESSES_MAX {
            return Err(IntakeError::TooManyAccesses { name: self.name.clone(), most: ACCESSES_MAX });
        }
        let size = self.objects.as_ref().and_then(|objects| objects.size_column).map(columns);
        let objects = self.objects.get_or_insert_default();
        if let Some(size) = size {
            let bytes = number::<u64>(size.trim()).filter(|bytes| (1..=SIZE_MAX).contains(bytes));
            let wrong = || IntakeError::NoSize { name: self.name.clone(), line: self.line, text: shortened(&size, 40) };
            objects.sizes.push(bytes.ok_or_else(wrong)? as u32);
        }
        self.pages.push(number::<u64>(&text).unwrap_or_else(|| {
            objects.has_words = true;
            let mut hash = Fnv::default();
            hash.update(text.as_bytes());
            // Never so small as to be taken for a number of the lab's.
            hash.value() | 1 << 63
        }));
        Ok(())
    }

    /// The column that is called so, or else the first that is a whole number.
    fn find_column(&self, line: &str) -> Option<usize> {
        let separator = self.separator?;
        let columns = (1..=64).map(|column| (column, data::csv_column(line, column, separator)));
        let columns: Vec<(usize, String)> = columns.collect();
        let called = |text: &str| HEADERS.contains(&text.to_ascii_lowercase().as_str());
        let named = columns.iter().find(|(_, text)| called(text));
        named.or_else(|| columns.iter().find(|(_, text)| number::<u64>(text).is_some())).map(|(column, _)| *column)
    }

    fn shapeless(&self, line: &str) -> IntakeError {
        IntakeError::Shapeless { name: self.name.clone(), line: self.line, text: shortened(line, 40) }
    }

    fn no_number(&self, text: &str) -> IntakeError {
        IntakeError::NoPageNumber { name: self.name.clone(), line: self.line, text: shortened(text, 40) }
    }

    /// The accesses, as data lines for `accesses`.
    pub fn finish(self) -> Result<PageFile, IntakeError> {
        if self.pages.is_empty() {
            return Err(IntakeError::OnlyBlank { name: self.name, lines: self.line });
        }
        let mut known = self.pages.clone();
        known.sort_unstable();
        known.dedup();
        let largest = known.last().copied().unwrap_or(0);
        let most = if self.objects.is_some() { KEYS_MAX } else { PAGES_MAX };
        let renumbered = largest >= most;
        if renumbered && known.len() as u64 > most {
            return Err(IntakeError::TooManyPages { name: self.name, pages: known.len() as u64, most });
        }
        let place = |page: u64| if renumbered { known.partition_point(|other| *other < page) as u64 } else { page };
        let mut data = Data::default();
        let what = if self.objects.is_some() { "key" } else { "page" };
        let sizes = self.objects.as_ref().map_or(&[][..], |objects| &objects.sizes);
        let mut first = vec![0; if sizes.is_empty() { 0 } else { known.len() }];
        let mut changed = 0u64;
        for (index, page) in self.pages.iter().enumerate() {
            let place = place(*page);
            let Some(size) = sizes.get(index) else {
                data.push(&place.to_string());
                continue;
            };
            let held = &mut first[known.partition_point(|other| other < page)];
            if *held == 0 {
                *held = *size;
            }
            changed += u64::from(held != size);
            data.push(&format!("{place},{held}"));
        }
        let largest_size = first.iter().copied().max().map(u64::from);
        let bytes = largest_size.map(|largest| (first.iter().map(|size| u64::from(*size)).sum(), largest));
        let (accesses, different) = (grouped(self.pages.len() as u64), counted(known.len() as u64, what));
        let mut sentence = format!("{}: {accesses} accesses to {different}", self.name);
        if renumbered {
            sentence.push_str(", which are numbered anew in their order");
        }
        if changed > 0 {
            sentence.push_str(&format!(
                "; {} of them say another size of their key than its first, which holds",
                grouped(changed)
            ));
        }
        if self.header {
            sentence.push_str("; the first line looks like a heading: left out");
        }
        let pages = if renumbered { known.len() as u64 } else { largest + 1 };
        Ok(PageFile { data, pages, sentence, bytes })
    }
}

/// A heading has letters; what has none is a number gone wrong.
fn is_heading(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, separator: Option<char>) -> Result<(Vec<String>, u64, String), String> {
        let mut reader = PageReader::new("a.csv".into(), text.as_bytes().to_vec(), separator);
        loop {
            match reader.step(1) {
                Ok(true) => break,
                Ok(false) => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        let file = reader.finish().map_err(|error| error.to_string())?;
        Ok((file.data.iter().map(str::to_string).collect(), file.pages, file.sentence))
    }

    #[test]
    fn one_number_a_line() {
        let (pages, count, sentence) = read("7\n\n# twelve\r\n 12 \n7", None).unwrap();
        assert_eq!((pages, count), (vec!["7".to_string(), "12".into(), "7".into()], 13));
        assert_eq!(sentence, "a.csv: 3 accesses to 2 pages");
        assert_eq!(read("page\n3\n", None).unwrap().0, ["3"]);
    }

    #[test]
    fn a_column_of_csv() {
        assert_eq!(read("time,page\n0,7\n1,3\n", Some(',')).unwrap().0, ["7", "3"]);
        assert_eq!(read("read,5\nwrite,6\n", Some(',')).unwrap().0, ["5", "6"]);
        assert_eq!(read("what;who\nx;5\ny;6\n", Some(';')).unwrap().0, ["5", "6"]);
    }

    #[test]
    fn what_is_no_number_is_told_with_its_line() {
        assert_eq!(
            read("3\n4\nx5\n", None).unwrap_err(),
            "\"a.csv\": line 3 is \"x5\", which is no page number: one number a line, or a column of them"
        );
        assert!(read("a,b\nc,d\n", Some(',')).unwrap_err().contains("line 2"));
        assert!(read("-1\n3\n5\n", None).unwrap_err().contains("line 1 is \"-1\", which is no page number"));
        assert!(read("\n\n", None).unwrap_err().contains("blank"));
        let many: String = (0..=ACCESSES_MAX).map(|_| "1\n").collect();
        assert!(read(&many, None).unwrap_err().contains("more than 1,000,000 accesses"));
    }

    /// The data lines, the bytes of all objects and of the largest, and what is said.
    type Read = (String, Option<(u64, u64)>, String);

    fn read_objects(name: &str, text: &str) -> Result<Read, String> {
        let separator = name.ends_with("csv").then_some(',');
        let mut reader = PageReader::new(name.into(), text.as_bytes().to_vec(), separator).of_objects();
        while !reader.step(7).map_err(|error| error.to_string())? {}
        let file = reader.finish().map_err(|error| error.to_string())?;
        Ok((file.data.iter().collect::<Vec<_>>().join(" "), file.bytes, file.sentence))
    }

    #[test]
    fn keys_and_their_sizes() {
        let read = |name: &str, text: &str| read_objects(name, text).unwrap();
        assert_eq!(read("a.txt", "7\n3\n7\n").0, "7 3 7");
        assert_eq!(read("a.csv", "time,key,size\n0.1,7,300\n0.2,3,20\n").0, "7,300 3,20");
        assert_eq!(read("a.csv", "0.1,7,300\n0.2,3,20\n0.3,7,300").1, Some((320, 300)));
        assert_eq!(read("a.txt", "7,300\n3,20\n").0, "7,300 3,20");
        let (lines, bytes, sentence) = read("a.csv", "op,size,id\nget,5,b\nget,6,b\nget,9,7\n");
        assert_eq!((lines.as_str(), bytes), ("1,5 1,5 0,9", Some((14, 9))));
        assert!(sentence.contains("3 accesses to 2 keys, which are numbered anew"), "{sentence}");
        assert!(sentence.contains("1 of them say another size"), "{sentence}");
    }

    #[test]
    fn files_of_keys_that_are_wrong_are_told_with_their_line_and_a_remedy() {
        let wrong = |name: &str, text: &str| read_objects(name, text).unwrap_err();
        assert!(
            wrong("a.csv", "time,key,size\n1,7,-5\n").contains("line 2: \"-5\" is no size: a whole number of bytes")
        );
        assert!(wrong("a.csv", "time,key,size\n1,7,9\n2,7\n").contains("line 3: \"\" is no size"));
        assert!(wrong("a.csv", "time,key,size\n1,7,9\n2\n").contains("line 3 is \"2\", which has no column 2"));
        assert!(wrong("a.txt", "\n# nothing\n").contains("blank"));
        assert!(wrong("a.txt", "1 2 3 4\n").contains("line 1 is \"1 2 3 4\": one key a line"));
        assert!(wrong("a.csv", "0,5,0,1\n10,3,0,2\n").contains("or time,key,size"));
        let many = "1\n".repeat(ACCESSES_MAX as usize + 1);
        assert!(wrong("a.txt", &many).contains("more than 1,000,000 accesses"));
    }

    #[test]
    fn large_numbers_are_put_in_their_order() {
        let (pages, count, sentence) = read("99999999999\n5\n700000\n5\n", None).unwrap();
        assert_eq!((pages.join(" "), count), ("2 0 1 0".to_string(), 3));
        assert!(sentence.ends_with("numbered anew in their order"), "{sentence}");
    }
}
