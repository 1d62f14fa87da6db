//! The log of a node, in its shelf: records in order, each with what it changes beside it, in one batch.
//!
//! ```text
//!   shelf   l 1  prepared T1.1 alice −30        a record
//!           l 2  committed T1.1                 ┐ one batch: after a crash all of it is there, or nothing
//!           a alice = 70                        │ a balance
//!           s T1.1 0 = request 5, alice −30     ┘ a line of the statement of account
//! ```
//!
//! A record that is *forced* is durable before the call returns; others become durable with the next that is. How often a
//! protocol forces is what it costs.
//!
//! **Invariant:** after a crash the log is a prefix of what it was, and everything forced is in it.

use std::collections::VecDeque;
use std::rc::Rc;

use super::{Leg, Step, WorkId, listed};
use glassbase_storage::StorageError;
use glassbase_storage::codec::{Reader, put_bytes, put_number};
use glassbase_storage::lsm::WriteBatch;
use glassbase_trace::id::words;
use glassbase_trace::parts::cluster::{LogEntry, NodeLog};
use glassbase_trace::{Bytes, NodeId};

const RECORD: u8 = b'l';
const BALANCE: u8 = b'a';
const LINE: u8 = b's';

/// Records that are shown.
const SHOWN: usize = 48;

words! {
    /// What a record says.
    Entry {
        /// A coordinator starts: the number is its epoch.
        Epoch = "epoch",
        /// Without the presumption: votes are being collected.
        Collecting = "collecting",
        Commit = "commit",
        Abort = "abort",
        End = "end",
        /// A shard is ready to do either.
        Prepared = "prepared",
        Committed = "committed",
        Aborted = "aborted",
        SagaBegun = "saga",
        StepDone = "step done",
        Compensating = "compensating",
        StepUndone = "step undone",
        Stuck = "stuck",
        SagaEnded = "saga ended",
        /// At the shard: a step was done, taken back, or can't be done any more.
        Did = "did",
        Undid = "undid",
        Void = "void",
    }
}

/// A record of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub entry: Entry,
    pub work: WorkId,
    pub request: u64,
    /// A step of a saga; an epoch.
    pub number: u64,
    pub legs: Vec<Leg>,
    pub nodes: Vec<NodeId>,
}

impl Record {
    pub fn new(entry: Entry, work: WorkId) -> Record {
        Record { entry, work, request: 0, number: 0, legs: Vec::new(), nodes: Vec::new() }
    }

    pub fn numbered(self, number: u64) -> Record {
        Record { number, ..self }
    }

    fn encoded(&self) -> Vec<u8> {
        let mut out = vec![self.entry as u8];
        [self.work.0, self.request, self.number].iter().for_each(|number| put_number(&mut out, *number));
        put_number(&mut out, self.legs.len() as u64);
        for leg in &self.legs {
            put_bytes(&mut out, &leg.account);
            put_number(&mut out, leg.amount as u64);
        }
        put_number(&mut out, self.nodes.len() as u64);
        self.nodes.iter().for_each(|node| put_number(&mut out, u64::from(node.0)));
        out
    }

    fn decoded(bytes: &[u8]) -> Option<Record> {
        let mut reader = Reader::new(bytes);
        let entry = *Entry::ALL.get(usize::from(reader.byte()?))?;
        let (work, request, number) = (WorkId(reader.number()?), reader.number()?, reader.number()?);
        let (mut legs, mut nodes) = (Vec::new(), Vec::new());
        for _ in 0..reader.number()? {
            legs.push(Leg { account: reader.bytes()?.into(), amount: reader.number()? as i64 });
        }
        for _ in 0..reader.number()? {
            nodes.push(NodeId(u16::try_from(reader.number()?).ok()?));
        }
        Some(Record { entry, work, request, number, legs, nodes })
    }

    pub fn text(&self) -> String {
        let word = self.entry.word();
        let step = self.number + 1;
        match self.entry {
            Entry::Epoch => format!("epoch {}", self.number),
            Entry::StepDone | Entry::StepUndone => format!("{} {word} {step}", self.work),
            Entry::Compensating => format!("{} {word} from step {step}", self.work),
            Entry::Did | Entry::Undid | Entry::Void => {
                format!("{} {word} step {step} {}", self.work, listed(&self.legs))
            }
            Entry::Prepared | Entry::SagaBegun => format!("{} {word} {}", self.work, listed(&self.legs)),
            _ => format!("{} {word}", self.work),
        }
    }
}

/// The log of a node that is up.
#[derive(Clone, Debug, Default)]
pub struct Log {
    last: u64,
    durable: u64,
    shown: VecDeque<Rc<str>>,
    /// Records written, and how often the log was forced, since the node came up.
    pub written: u64,
    pub forced: u64,
}

impl Log {
    /// Reads the log; what is there after a start is durable.
    pub fn open(step: &mut Step) -> Result<(Log, Vec<Record>), StorageError> {
        let records = records(step.shelf)?;
        let mut log = Log { last: records.len() as u64, durable: records.len() as u64, ..Log::default() };
        records.iter().for_each(|record| log.show(record));
        Ok((log, records))
    }

    fn show(&mut self, record: &Record) {
        if self.shown.len() == SHOWN {
            self.shown.pop_front();
        }
        self.shown.push_back(record.text().into());
    }

    /// Writes a record, and what it changes.
    pub fn write(
        &mut self,
        step: &mut Step,
        record: &Record,
        changes: impl FnOnce(&mut WriteBatch),
    ) -> Result<(), StorageError> {
        let mut batch = WriteBatch::new();
        self.last += 1;
        batch.put(&keyed(RECORD, &[self.last]), &record.encoded());
        changes(&mut batch);
        step.shelf.write(&mut batch)?;
        self.written += 1;
        self.show(record);
        Ok(())
    }

    /// Makes durable what was written.
    pub fn force(&mut self, step: &mut Step) -> Result<(), StorageError> {
        step.shelf.sync()?;
        self.forced += 1;
        self.durable = self.last;
        Ok(())
    }

    pub fn durable(&self) -> u64 {
        self.durable
    }

    pub fn described(&self) -> NodeLog {
        let entry = |text: &Rc<str>| LogEntry { term: 0, text: text.clone() };
        NodeLog { first: self.last - self.shown.len() as u64 + 1, entries: self.shown.iter().map(entry).collect() }
    }
}

fn keyed(kind: u8, numbers: &[u64]) -> Vec<u8> {
    let mut key = vec![kind];
    numbers.iter().for_each(|number| key.extend_from_slice(&number.to_be_bytes()));
    key
}

fn damaged(what: &str) -> StorageError {
    StorageError::DamagedFile { name: "log of the node".to_string(), offset: 0, what: what.to_string() }
}

/// A key without its kind, and its value.
type Kept = (Vec<u8>, Vec<u8>);

/// All that a shelf has under keys of a kind.
fn all(shelf: &mut glassbase_storage::Shelf, kind: u8) -> Result<Vec<Kept>, StorageError> {
    let mut found = Vec::new();
    let to = [kind + 1];
    shelf
        .scan(Some(&[kind]), Some(&to), u64::MAX, &mut |key, value| found.push((key[1..].to_vec(), value.to_vec())))?;
    Ok(found)
}

/// The records of the log in a shelf.
pub fn records(shelf: &mut glassbase_storage::Shelf) -> Result<Vec<Record>, StorageError> {
    let found = all(shelf, RECORD)?;
    found.iter().map(|(_, value)| Record::decoded(value).ok_or_else(|| damaged("a record makes no sense"))).collect()
}

/// Puts a balance.
pub fn put_balance(batch: &mut WriteBatch, account: &Bytes, balance: i64) {
    let mut key = vec![BALANCE];
    key.extend_from_slice(account);
    batch.put(&key, &balance.to_be_bytes());
}

/// The balances in a shelf.
pub fn balances(shelf: &mut glassbase_storage::Shelf) -> Result<Vec<(Bytes, i64)>, StorageError> {
    let number = |value: &[u8]| value.try_into().map(i64::from_be_bytes).map_err(|_| damaged("a balance is no number"));
    all(shelf, BALANCE)?.iter().map(|(name, value)| Ok((Bytes::from(&name[..]), number(value)?))).collect()
}

/// A line of the statement of account: what was done to it, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub request: u64,
    pub work: WorkId,
    pub leg: Leg,
}

/// Puts a line; `place` tells the lines of one piece of work apart.
pub fn put_line(batch: &mut WriteBatch, place: u64, line: &Line) {
    let mut value = Vec::new();
    put_number(&mut value, line.request);
    put_bytes(&mut value, &line.leg.account);
    put_number(&mut value, line.leg.amount as u64);
    batch.put(&keyed(LINE, &[line.work.0, place]), &value);
}

/// The lines in a shelf.
pub fn lines(shelf: &mut glassbase_storage::Shelf) -> Result<Vec<Line>, StorageError> {
    let line = |(key, value): &Kept| {
        let work = WorkId(u64::from_be_bytes(key.get(..8)?.try_into().ok()?));
        let mut reader = Reader::new(value);
        let request = reader.number()?;
        let leg = Leg { account: reader.bytes()?.into(), amount: reader.number()? as i64 };
        Some(Line { request, work, leg })
    };
    all(shelf, LINE)?.iter().map(|found| line(found).ok_or_else(|| damaged("a line makes no sense"))).collect()
}
