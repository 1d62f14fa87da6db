//! The text form of a trace: what the command line writes, the golden tests compare, and the page opens.
//!
//! ```text
//!   glassbase-trace 1                      format and version
//!   > lab btree                            the script, one line each behind "> "
//!   > insert 37
//!   0 - command-begun line=2 text="insert 37"
//!   0 0 operation-begun operation=insert key=37 value_len=0
//!   100 1 hit page=1 frame=0               time in ns, cause (a record's number or -), event, fields
//!   end 3 c0ffee…                          number of records, hash of all lines above
//! ```
//!
//! A node other than 0 stands as `@2` behind the cause. The last line tells a whole file from one cut short.

use std::fmt::Write;
use std::rc::Rc;

use thiserror::Error;

use super::decimal::{number, push_number};
use super::state::{EngineState, STATES_BYTES_MAX};
use super::{Event, NO_CAUSE, Record, Trace, state_text};

/// Version that this program writes, and the newest that it reads.
pub const VERSION: u32 = 1;

const MAGIC: &str = "glassbase-trace";

/// Why a text is not a trace.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextError {
    #[error("this is not a Glassbase trace: the first line must be `{MAGIC} {VERSION}`")]
    NotATrace,
    #[error("the trace has version {found}, this program reads up to {VERSION}: open it with a newer Glassbase")]
    NewerVersion { found: u32 },
    #[error("line {line}: {what}")]
    BadLine { line: usize, what: String },
    #[error("the trace is cut short: it ends after {records} records without its last line, `end …`")]
    CutShort { records: usize },
    #[error("the trace was altered: its last line says {written}, its content gives {computed}")]
    Altered { written: String, computed: String },
}

/// 64-bit FNV-1a (Fowler, Noll, Vo): small, the same everywhere, good enough to tell two traces apart.
#[derive(Clone, Copy, Debug)]
pub struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    pub fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    pub fn value(self) -> u64 {
        self.0
    }
}

/// The hash of a trace's records: equal traces, equal hash, natively and in the browser.
pub fn hash(trace: &Trace) -> u64 {
    let mut fnv = Fnv::default();
    let mut line = String::new();
    let mut previous = None;
    for record in trace.iter() {
        line.clear();
        write_record(&mut line, record, &mut previous);
        line.push('\n');
        fnv.update(line.as_bytes());
    }
    fnv.value()
}

/// Writes one record without its line end. `previous` is the last state of the records before, and then of this one.
fn write_record<'a>(out: &mut String, record: &'a Record, previous: &mut Option<&'a EngineState>) {
    push_number(out, record.time_ns);
    out.push(' ');
    match record.cause {
        NO_CAUSE => out.push('-'),
        cause => push_number(out, u64::from(cause)),
    }
    if record.node != 0 {
        out.push_str(" @");
        push_number(out, u64::from(record.node));
    }
    out.push(' ');
    out.push_str(record.event.name());
    if let Event::StateTaken { state } = &record.event {
        out.push_str(" state=");
        out.push_str(&state_text::write(state, previous.replace(state)));
    } else {
        record.event.write_fields(out);
    }
}

/// A whole trace file.
pub fn write_trace(script: &str, trace: &Trace) -> String {
    write_trace_within(script, trace, usize::MAX).unwrap_or_default()
}

/// A whole trace file, unless it is longer than `bytes_max`.
pub fn write_trace_within(script: &str, trace: &Trace, bytes_max: usize) -> Option<String> {
    let mut out = format!("{MAGIC} {VERSION}\n");
    for line in script.lines() {
        let _ = writeln!(out, "> {line}");
    }
    let mut previous = None;
    for record in trace.iter() {
        write_record(&mut out, record, &mut previous);
        out.push('\n');
        if out.len() > bytes_max {
            return None;
        }
    }
    let mut fnv = Fnv::default();
    fnv.update(out.as_bytes());
    let _ = writeln!(out, "end {} {:016x}", trace.len(), fnv.value());
    (out.len() <= bytes_max).then_some(out)
}

/// Reads a trace file: the script and the records.
pub fn read_trace(text: &str) -> Result<(String, Trace), TextError> {
    let mut reader = TraceReader::new(text)?;
    reader.step(usize::MAX)?;
    Ok((reader.script, reader.trace))
}

/// Reads a trace file piece by piece, so that a page can go on answering meanwhile.
#[derive(Debug)]
pub struct TraceReader<T> {
    text: T,
    offset: usize,
    line: usize,
    /// Of all lines up to the present one.
    fnv: Fnv,
    /// The last state, which the next one refers to, and what all of them take.
    previous: Option<Rc<EngineState>>,
    states_bytes: usize,
    pub script: String,
    /// The records read so far: not to be trusted before the end was reached.
    pub trace: Trace,
}

impl<T: AsRef<str>> TraceReader<T> {
    /// Looks at the first line only.
    pub fn new(text: T) -> Result<TraceReader<T>, TextError> {
        check_header(text.as_ref())?;
        let (script, trace) = (String::new(), Trace::new());
        Ok(TraceReader {
            text,
            offset: 0,
            line: 0,
            fnv: Fnv::default(),
            previous: None,
            states_bytes: 0,
            script,
            trace,
        })
    }

    /// Bytes read, and bytes in total.
    pub fn progress(&self) -> (usize, usize) {
        (self.offset, self.text.as_ref().len())
    }

    /// Reads up to `lines` lines; true when the last line was reached and fits to what stands above it.
    pub fn step(&mut self, lines: usize) -> Result<bool, TextError> {
        for line in self.text.as_ref()[self.offset..].split_inclusive('\n').take(lines) {
            let bare = line.trim_end_matches(['\n', '\r']);
            self.line += 1;
            if self.line == 1 {
            } else if let Some(command) = bare.strip_prefix('>') {
                self.script.push_str(command.strip_prefix(' ').unwrap_or(command));
                self.script.push('\n');
            } else if let Some(end) = bare.strip_prefix("end ") {
                return check_end(end, self.fnv, self.trace.len()).map(|()| true);
            } else {
                let bad_line = |what| TextError::BadLine { line: self.line, what };
                let record = read_record(bare, self.previous.as_deref()).map_err(bad_line)?;
                if let Event::StateTaken { state } = &record.event {
                    self.states_bytes += state.bytes_beyond(self.previous.as_deref());
                    // A run ends at the first state beyond the limit.
                    if self.states_bytes > 2 * STATES_BYTES_MAX {
                        let mib = STATES_BYTES_MAX >> 19;
                        return Err(bad_line(format!("the states up to here take more than {mib} MiB of memory")));
                    }
                    self.previous = Some(state.clone());
                }
                self.trace.push(record);
            }
            self.fnv.update(line.as_bytes());
            self.offset += line.len();
        }
        let ended = self.offset >= self.text.as_ref().len();
        if ended { Err(TextError::CutShort { records: self.trace.len() }) } else { Ok(false) }
    }
}

fn check_header(text: &str) -> Result<(), TextError> {
    let first = text.lines().next().unwrap_or_default();
    let version = first.strip_prefix(MAGIC).and_then(|rest| number::<u32>(rest.trim()));
    match version {
        None | Some(0) => Err(TextError::NotATrace),
        Some(found) if found > VERSION => Err(TextError::NewerVersion { found }),
        Some(_) => Ok(()),
    }
}

fn check_end(end: &str, fnv: Fnv, records: usize) -> Result<(), TextError> {
    let computed = format!("{records} {:016x}", fnv.value());
    if end == computed { Ok(()) } else { Err(TextError::Altered { written: end.to_string(), computed }) }
}

/// Reads one record; `previous` is the last state before it. The error says what is wrong.
fn read_record(line: &str, previous: Option<&EngineState>) -> Result<Record, String> {
    let mut words = Words::of(line);
    let time_ns = words.next().and_then(number).ok_or("a record begins with its time in ns")?;
    let cause = match words.next() {
        Some("-") => NO_CAUSE,
        Some(word) => number(word).ok_or_else(|| format!("`{word}` is no cause: a record's number or `-`"))?,
        None => return Err("the cause is missing: a record's number or `-`".to_string()),
    };
    let mut name = words.next().ok_or("the event is missing")?;
    let mut node = 0;
    if let Some(digits) = name.strip_prefix('@') {
        node = number(digits).ok_or_else(|| format!("`{name}` is no node"))?;
        name = words.next().ok_or("the event is missing")?;
    }
    let fields: Vec<(&str, &str)> = words.filter_map(|word| word.split_once('=')).collect();
    let lookup = |wanted: &str| fields.iter().find(|(field, _)| *field == wanted).map(|(_, value)| *value);
    let event = if name == "state-taken" {
        let state = lookup("state").and_then(|text| state_text::read(text, previous));
        state.map(|state| Some(Event::StateTaken { state: Rc::new(state) })).ok_or("state")
    } else {
        Event::from_fields(name, &lookup)
    };
    match event {
        Ok(Some(event)) => Ok(Record { time_ns, cause, node, event }),
        Ok(None) => Err(format!("there is no event `{name}`")),
        Err(field) => Err(format!("event `{name}`: field `{field}` is missing or malformed")),
    }
}

/// The fields of an event by their names; what is quoted in a text trace is given as it is.
pub fn fields(event: &Event) -> Vec<(String, String)> {
    let mut line = String::new();
    event.write_fields(&mut line);
    let pairs = Words { rest: &line }.filter_map(|word| word.split_once('='));
    pairs
        .map(|(name, text)| (name.to_string(), super::bytes::unquote(text).unwrap_or_else(|| text.to_string())))
        .collect()
}

/// Words parted by blanks; blanks between quotes do not part.
pub struct Words<'a> {
    pub(super) rest: &'a str,
}

impl<'a> Words<'a> {
    pub fn of(rest: &'a str) -> Words<'a> {
        Words { rest }
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.rest.trim_start_matches(' ');
        if text.is_empty() {
            return None;
        }
        let (mut quoted, mut escaped) = (false, false);
        let end = text.bytes().position(|byte| {
            let was_escaped = escaped;
            escaped = quoted && byte == b'\\' && !was_escaped;
            if byte == b'"' && !was_escaped {
                quoted = !quoted;
            }
            byte == b' ' && !quoted
        });
        let (word, rest) = text.split_at(end.unwrap_or(text.len()));
        self.rest = rest;
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bytes, Lsn, PageId};

    fn sample() -> Trace {
        let mut trace = Trace::new();
        let text = "say \"hi there\" \\".into();
        trace.push(Record { time_ns: 0, cause: NO_CAUSE, node: 0, event: Event::CommandBegun { line: 1, text } });
        let event = Event::RecordInserted {
            page: PageId(3),
            slot: 2,
            key: Bytes::typed("ash tree"),
            value_len: 9,
            overflow: PageId::NONE,
            used: 31,
            lsn: Lsn(7),
        };
        trace.push(Record { time_ns: 150, cause: 0, node: 2, event });
        trace
    }

    #[test]
    fn a_trace_file_is_read_back_whole() {
        let text = write_trace("lab btree\ninsert 1", &sample());
        assert_eq!(read_trace(&text), Ok(("lab btree\ninsert 1\n".to_string(), sample())));
        let mut reader = TraceReader::new(text).unwrap();
        while !reader.step(1).unwrap() {}
        assert_eq!((reader.script.as_str(), reader.trace), ("lab btree\ninsert 1\n", sample()));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told() {
        let text = write_trace("lab btree", &sample());
        assert_eq!(read_trace("hello"), Err(TextError::NotATrace));
        assert_eq!(read_trace(&text.replacen("trace 1", "trace 9", 1)), Err(TextError::NewerVersion { found: 9 }));
        let cut = &text[..text.find("end ").unwrap()];
        assert_eq!(read_trace(cut), Err(TextError::CutShort { records: 2 }));
        assert!(matches!(read_trace(&text.replacen("used=31", "used=32", 1)), Err(TextError::Altered { .. })));
        let bad = text.replacen("record-inserted", "record-eaten", 1);
        assert!(matches!(read_trace(&bad), Err(TextError::BadLine { line: 4, .. })));
    }
}
