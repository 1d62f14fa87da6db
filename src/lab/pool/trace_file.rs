//! A file of page numbers: one a line, or a column of a CSV file.
//!
//! ```text
//!   7              # a comment           time,page,op        the first column that holds a number in
//!   3              7                     0.1,7,read          the first line below the heading... is "page", if one
//!   12                                   0.2,3,write         is called so, else the first with whole numbers
//! ```
//!
//! It is read in slices. What is wrong is told with its line. Numbers that are too large for a file of the lab are put in
//! their order: the smallest is page 0, the next page 1.

use super::{ACCESSES_MAX, PAGES_MAX};
use crate::lab::data::{self, Data};
use crate::lab::intake::IntakeError;
use crate::lab::words::{counted, grouped, shortened};
use crate::trace::decimal::number;

/// What the column of page numbers may be called.
const HEADERS: &[&str] = &["page", "pages", "page_id", "pageid", "page_number", "block", "block_id", "lbn", "lba"];

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
}

impl PageReader {
    pub fn new(name: String, bytes: Vec<u8>, separator: Option<char>) -> PageReader {
        let column = if separator.is_none() { Some(1) } else { None };
        PageReader { name, bytes, at: 0, separator, column, line: 0, header: false, blank: 0, pages: Vec::new() }
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
        let column = match self.column {
            Some(column) => column,
            None => match self.find_column(line) {
                Some(column) => column,
                // A heading that says nothing: the line below it will.
                None if !self.header => {
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
            None if self.pages.is_empty() && !self.header && (newly || self.separator.is_none()) => {
                self.header = true;
                Ok(())
            }
            None => Err(self.no_number(&text)),
        }
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
        let renumbered = largest >= PAGES_MAX;
        if renumbered && known.len() as u64 > PAGES_MAX {
            return Err(IntakeError::TooManyPages { name: self.name, pages: known.len() as u64, most: PAGES_MAX });
        }
        let place = |page: u64| if renumbered { known.partition_point(|other| *other < page) as u64 } else { page };
        let mut data = Data::default();
        self.pages.iter().for_each(|page| data.push(&place(*page).to_string()));
        let (accesses, different) = (grouped(self.pages.len() as u64), counted(known.len() as u64, "page"));
        let mut sentence = format!("{}: {accesses} accesses to {different}", self.name);
        if renumbered {
            sentence.push_str(", which are numbered anew in their order");
        }
        if self.header {
            sentence.push_str("; the first line looks like a heading: left out");
        }
        let pages = if renumbered { known.len() as u64 } else { largest + 1 };
        Ok(PageFile { data, pages, sentence })
    }
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
        assert!(read("\n\n", None).unwrap_err().contains("blank"));
        let many: String = (0..=ACCESSES_MAX).map(|_| "1\n").collect();
        assert!(read(&many, None).unwrap_err().contains("more than 1,000,000 accesses"));
    }

    #[test]
    fn large_numbers_are_put_in_their_order() {
        let (pages, count, sentence) = read("99999999999\n5\n700000\n5\n", None).unwrap();
        assert_eq!((pages.join(" "), count), ("2 0 1 0".to_string(), 3));
        assert!(sentence.ends_with("numbered anew in their order"), "{sentence}");
    }
}
