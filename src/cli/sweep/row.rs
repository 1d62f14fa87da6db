//! What comes of a point, and the file that keeps it: rows, added as they are done.
//!
//! ```text
//!   glassbase-sweep 1
//!   sweep 9f3c… points 120 part 3/16
//!   2 ok 3 0.75 - c0ffee…            point, outcome, a number for each measure (- for none), check
//! ```
//!
//! A row is written whole when its point is done, and its check covers it and the sweep. So whoever is killed loses the
//! point under way at most: the end of a file that does not check is cut off, and its point is done again. A row that is damaged
//! farther up is an error that names its line.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write;

use super::axis::Kind;
use super::plan::Plan;
use crate::trace::text::Fnv;

/// Largest file of rows, in bytes.
const FILE_MAX: u64 = 1 << 30;

/// How a point ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Ok,
    /// An expectation of the script did not hold.
    Failed,
    /// A command was refused.
    Refused,
    /// The settings of the point do not go together, so nothing was measured.
    Impossible,
}

impl Outcome {
    pub const ALL: [Outcome; 4] = [Outcome::Ok, Outcome::Failed, Outcome::Refused, Outcome::Impossible];

    pub fn word(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Failed => "failed",
            Outcome::Refused => "refused",
            Outcome::Impossible => "impossible",
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Cell {
    Nothing,
    Whole(u64),
    Real(f64),
}

impl Cell {
    /// As text that gives the very number again: the shortest there is.
    pub fn text(self) -> String {
        match self {
            Cell::Nothing => String::new(),
            Cell::Whole(number) => number.to_string(),
            Cell::Real(number) => number.to_string(),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Row {
    pub outcome: Outcome,
    pub cells: Vec<Cell>,
}

/// Rows by point.
pub type Rows = BTreeMap<u64, Row>;

/// A share of the points: those whose numbers leave `number - 1` when divided by `of`, so that what is slow is shared evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub number: u64,
    pub of: u64,
}

impl Part {
    pub const WHOLE: Part = Part { number: 1, of: 1 };

    /// `3/16`.
    pub fn read(text: &str) -> Option<Part> {
        let (number, of) = text.split_once('/')?;
        let part = Part { number: number.parse().ok()?, of: of.parse().ok()? };
        (1..=part.of).contains(&part.number).then_some(part)
    }

    pub fn points(self, plan: &Plan) -> impl Iterator<Item = u64> + use<> {
        (self.number - 1..plan.points).step_by(usize::try_from(self.of).unwrap_or(usize::MAX))
    }
}

/// The line of a row.
fn line(plan: &Plan, point: u64, row: &Row) -> String {
    let mut line = format!("{point} {}", row.outcome.word());
    for cell in &row.cells {
        let text = cell.text();
        // Writing to a string cannot fail.
        let _ = write!(line, " {}", if text.is_empty() { "-" } else { &text });
    }
    let check = check(plan, &line);
    let _ = writeln!(line, " {check:016x}");
    line
}

fn check(plan: &Plan, line: &str) -> u64 {
    let mut fnv = Fnv::default();
    fnv.update(&plan.fingerprint.to_be_bytes());
    fnv.update(line.as_bytes());
    fnv.value()
}

/// The row of a line; nothing if it is not whole.
fn read_line(plan: &Plan, line: &str) -> Option<(u64, Row)> {
    let (bare, written) = line.rsplit_once(' ')?;
    if u64::from_str_radix(written, 16) != Ok(check(plan, bare)) || written.len() != 16 {
        return None;
    }
    let mut words = bare.split(' ');
    let point = words.next()?.parse().ok().filter(|point| *point < plan.points)?;
    let word = words.next()?;
    let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.word() == word)?;
    let cells = plan.measured.iter().map(|measured| match (words.next()?, measured.kind()) {
        ("-", _) => Some(Cell::Nothing),
        (text, Kind::Whole) => text.parse().ok().map(Cell::Whole),
        (text, _) => text.parse().ok().map(Cell::Real),
    });
    let cells = cells.collect::<Option<Vec<Cell>>>()?;
    words.next().is_none().then_some((point, Row { outcome, cells }))
}

/// What a file of rows begins with.
fn header(plan: &Plan, part: Part) -> String {
    let (number, of) = (part.number, part.of);
    format!("glassbase-sweep 1\nsweep {:016x} points {} part {number}/{of}\n", plan.fingerprint, plan.points)
}

/// Reads the rows of a file, of whatever part; and how many bytes of it are whole.
pub fn read(plan: &Plan, path: &str, rows: &mut Rows) -> Result<usize, String> {
    let unreadable = |error| format!("glassbase: {path} can't be read: {error}");
    if fs::metadata(path).map_err(unreadable)?.len() > FILE_MAX {
        return Err(format!("glassbase: {path} has more than {} MiB, which no sweep's rows have", FILE_MAX >> 20));
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    let head = header(plan, Part::WHOLE);
    let (first, second) = head.split_at("glassbase-sweep 1\n".len());
    let of_sweep = second.split(" part ").next().unwrap_or_default();
    let mut lines =
        bytes.split_inclusive(|byte| *byte == b'\n').map(|line| std::str::from_utf8(line).unwrap_or("\u{0}\n"));
    let begins = lines.next().unwrap_or_default();
    if !first.starts_with(begins) {
        return Err(format!("glassbase: {path} has no rows of a sweep; name another file"));
    }
    let told = lines.next().unwrap_or_default();
    if !told.ends_with('\n') {
        // Killed while it wrote the first lines: there is nothing in it yet.
        return Ok(0);
    }
    if !told.starts_with(of_sweep) {
        return Err(format!(
            "glassbase: the rows in {path} are of another sweep, or the sweep, its script or the program has changed \
             since; remove the file, or begin anew with --fresh"
        ));
    }
    let mut whole = begins.len() + told.len();
    let mut torn = None;
    for (index, line) in lines.enumerate() {
        let place = || format!("{path}:{}", index + 3);
        if let Some(before) = torn.take() {
            return Err(format!(
                "glassbase: {before}: this row is damaged; take the line out, and its point is done again"
            ));
        }
        match line.strip_suffix('\n').and_then(|line| read_line(plan, line)) {
            None => torn = Some(place()),
            Some((point, row)) => {
                let differs = rows
                    .get(&point)
                    .is_some_and(|known| self::line(plan, point, known) != self::line(plan, point, &row));
                if differs {
                    return Err(format!(
                        "glassbase: {}: point {point} has another row elsewhere; one of them is of another program",
                        place()
                    ));
                }
                rows.insert(point, row);
                whole += line.len();
            }
        }
    }
    Ok(whole)
}

/// A file of rows that is added to.
pub struct Journal {
    file: File,
    path: String,
}

impl Journal {
    /// Goes on with a file, whose rows are read, or begins one.
    pub fn open(plan: &Plan, path: &str, part: Part, fresh: bool, rows: &mut Rows) -> Result<Journal, String> {
        let unwritable = |error| format!("glassbase: {path} can't be written: {error}");
        if fresh && fs::exists(path).map_err(unwritable)? {
            fs::remove_file(path).map_err(unwritable)?;
        }
        let is_there = fs::metadata(path).is_ok_and(|known| known.len() > 0);
        let whole = if is_there { read(plan, path, rows)? } else { 0 };
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(unwritable)?;
        file.set_len(whole as u64).map_err(unwritable)?;
        let mut journal = Journal { file, path: path.to_string() };
        if whole == 0 {
            journal.write(&header(plan, part))?;
        }
        Ok(journal)
    }

    pub fn add(&mut self, plan: &Plan, point: u64, row: &Row) -> Result<(), String> {
        self.write(&line(plan, point, row))
    }

    /// One write for a line, so that it is there whole or is cut off.
    fn write(&mut self, text: &str) -> Result<(), String> {
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.flush());
        written.map_err(|error| format!("glassbase: {} can't be written: {error}; what is in it stays", self.path))
    }
}
