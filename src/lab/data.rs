//! Data lines: what stands below a command behind `| `, one key a line.
//!
//! ```text
//!   import
//!   | ash
//!   | beech
//! ```
//!
//! A million of them must fit, so they are one text and the ends of its lines.

use std::fmt;
use std::rc::Rc;

/// What a data line begins with.
pub const MARK: char = '|';

/// Lines of data; cheap to clone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Data(Rc<Lines>);

#[derive(Clone, Default, PartialEq, Eq)]
struct Lines {
    text: String,
    ends: Vec<u32>,
}

impl Data {
    pub fn len(&self) -> usize {
        self.0.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn get(&self, index: usize) -> Option<&str> {
        let end = *self.0.ends.get(index)? as usize;
        let start = if index == 0 { 0 } else { self.0.ends[index - 1] as usize };
        Some(&self.0.text[start..end])
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map_while(|index| self.get(index))
    }

    /// Adds a line. All lines together must stay below 4 GiB, which intake and parser see to.
    pub fn push(&mut self, line: &str) {
        let lines = Rc::make_mut(&mut self.0);
        lines.text.push_str(line);
        debug_assert!(lines.text.len() <= u32::MAX as usize);
        lines.ends.push(lines.text.len() as u32);
    }

    /// The first `count` lines.
    pub fn first(&self, count: usize) -> Data {
        self.iter().take(count).collect()
    }

    /// Writes the lines as they stand in a script, each behind a line end.
    pub fn write(&self, out: &mut String) {
        for line in self.iter() {
            out.push_str("\n| ");
            out.push_str(line);
        }
    }
}

impl<'a> FromIterator<&'a str> for Data {
    fn from_iter<I: IntoIterator<Item = &'a str>>(lines: I) -> Data {
        let mut data = Data::default();
        for line in lines {
            data.push(line);
        }
        data
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().take(10)).finish()
    }
}

/// The content of a line if it is a data line: what stands behind `|` and at most one blank.
pub fn content(line: &str) -> Option<&str> {
    let behind = line.strip_prefix(MARK)?;
    Some(behind.strip_prefix(' ').unwrap_or(behind))
}

/// Column `number` (from 1) of a line of comma-separated values; empty when there is none. Quotes may enclose a column
/// and are doubled inside it.
pub fn csv_column(line: &str, number: usize, separator: char) -> String {
    let mut column = String::new();
    let (mut current, mut quoted) = (1, false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '"' {
            if quoted && letters.peek() == Some(&'"') {
                letters.next();
                if current == number {
                    column.push('"');
                }
            } else {
                quoted = !quoted;
            }
        } else if letter == separator && !quoted {
            current += 1;
        } else if current == number {
            column.push(letter);
        }
        if current > number {
            break;
        }
    }
    column.trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_apart() {
        let data: Data = ["ash", "", "größe"].into_iter().collect();
        assert_eq!(data.iter().collect::<Vec<_>>(), ["ash", "", "größe"]);
        assert_eq!(data.first(1).iter().collect::<Vec<_>>(), ["ash"]);
        let mut text = "import".to_string();
        data.write(&mut text);
        assert_eq!(text, "import\n| ash\n| \n| größe");
    }

    #[test]
    fn content_stands_behind_the_mark() {
        assert_eq!(content("| ash"), Some("ash"));
        assert_eq!(content("|ash"), Some("ash"));
        assert_eq!(content("|  ash "), Some(" ash "));
        assert_eq!(content("|"), Some(""));
        assert_eq!(content("ash"), None);
    }

    #[test]
    fn columns_of_csv() {
        assert_eq!(csv_column("ash, 3 ,tree", 2, ','), "3");
        assert_eq!(csv_column("\"a, \"\"b\"\"\",c", 1, ','), "a, \"b\"");
        assert_eq!(csv_column("\"a, b\",c", 2, ','), "c");
        assert_eq!(csv_column("ash", 4, ','), "");
        assert_eq!(csv_column("", 1, ','), "");
    }
}
