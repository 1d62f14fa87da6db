//! A judged history as a timeline can draw it: a lane for each client, a bar for each operation, the moments that explain
//! them, and what breaks the promise.
//!
//! ```text
//!   client 1   ├──•── write 1 ──┤
//!   client 2          ├──•── write 2 ──┤
//!   client 3                             ╞══ read: 1 ══╡  ◀ has no place
//!   faults        ▓▓▓▓ partition ▓▓▓▓
//! ```

use super::linearizable::{Report, Verdict, listed};
use super::{Call, FaultSpan, History, OpId, Operation, Outcome};
use glassbase_trace::Bytes;
use glassbase_trace::sorting::sort_by;

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    Holds,
    Violated,
    GaveUp,
}

/// What a bar is to the judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Plain,
    /// It is in the smallest part that proves the violation.
    Part,
    /// It breaks the promise.
    Failing,
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Acknowledged,
    /// A compare-and-set that found another value.
    Differs,
    Failed,
    Unknown,
}

/// An operation on the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    pub op: OpId,
    /// Index in [`Judgement::clients`].
    pub lane: usize,
    pub key: Bytes,
    /// "write 1", "read: nothing", "cas 1 to 2".
    pub label: String,
    pub begin_ns: u64,
    /// Nothing for one that never ended: it goes on to the edge.
    pub end_ns: Option<u64>,
    pub ending: Ending,
    /// The moment that explains it.
    pub point_ns: Option<u64>,
    pub role: Role,
}

/// A judged history, as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    pub ruling: Ruling,
    pub sentence: String,
    pub clients: Vec<u32>,
    /// One for each operation, in the order of the history.
    pub bars: Vec<Bar>,
    pub faults: Vec<FaultSpan>,
    /// Up to here all is explained. Nothing if that is to the end, or not known.
    pub until_ns: Option<u64>,
    pub end_ns: u64,
}

impl Judgement {
    /// The history without any judgement.
    fn plain(history: &History, ruling: Ruling, sentence: String) -> Judgement {
        let mut clients: Vec<u32> = history.operations.iter().map(|operation| operation.client).collect();
        sort_by(&mut clients, Ord::cmp);
        clients.dedup();
        let bars = history.iter().map(|(op, operation)| bar(op, operation, &clients)).collect();
        let (faults, end_ns) = (history.faults.clone(), history.end_ns());
        Judgement { ruling, sentence, clients, bars, faults, until_ns: None, end_ns }
    }

    /// A history that was checked for linearizability.
    pub fn of_report(history: &History, report: &Report) -> Judgement {
        match &report.verdict {
            Verdict::Holds(points) => {
                let mut judgement = Judgement::plain(history, Ruling::Holds, "linearizable".to_string());
                points.iter().for_each(|point| judgement.place(point.op, point.moment.time_ns));
                judgement
            }
            Verdict::GaveUp { why, .. } => Judgement::plain(history, Ruling::GaveUp, format!("gave up: {why}")),
            Verdict::Violated(violation) => {
                let sentence = format!("not linearizable: {}", violation.reason);
                let mut judgement = Judgement::plain(history, Ruling::Violated, sentence);
                violation.prefix.iter().for_each(|point| judgement.place(point.op, point.moment.time_ns));
                judgement.mark(&violation.part, Some(violation.op));
                judgement.until_ns = Some(violation.until.time_ns);
                judgement
            }
        }
    }

    /// A history that breaks a promise, as the operations `part` show; `failing` is the one that breaks it.
    pub fn of_violation(history: &History, part: &[OpId], failing: OpId, reason: &str) -> Judgement {
        let mut judgement = Judgement::plain(history, Ruling::Violated, reason.to_string());
        judgement.mark(part, Some(failing));
        let failing = history.operation(failing);
        judgement.until_ns = Some(failing.settled().unwrap_or(failing.invoked).time_ns);
        judgement
    }

    fn place(&mut self, op: OpId, time_ns: u64) {
        if let Some(bar) = self.bars.get_mut(op.index()) {
            bar.point_ns = Some(time_ns);
        }
    }

    fn mark(&mut self, part: &[OpId], failing: Option<OpId>) {
        for op in part {
            if let Some(bar) = self.bars.get_mut(op.index()) {
                bar.role = Role::Part;
            }
        }
        if let Some(bar) = failing.and_then(|op| self.bars.get_mut(op.index())) {
            bar.role = Role::Failing;
        }
    }
}

fn bar(op: OpId, operation: &Operation, clients: &[u32]) -> Bar {
    let ending = match operation.outcome() {
        Outcome::Done | Outcome::Found(_) => Ending::Acknowledged,
        Outcome::Differs => Ending::Differs,
        Outcome::Failed => Ending::Failed,
        Outcome::Unknown => Ending::Unknown,
    };
    Bar {
        op,
        lane: clients.binary_search(&operation.client).unwrap_or(0),
        key: operation.key.clone(),
        label: label(operation),
        begin_ns: operation.invoked.time_ns,
        end_ns: operation.settled().map(|moment| moment.time_ns.max(operation.invoked.time_ns)),
        ending,
        point_ns: None,
        role: Role::Plain,
    }
}

/// A few words for an operation: "write 1", "read: nothing".
pub fn label(operation: &Operation) -> String {
    let end = match operation.outcome() {
        Outcome::Failed => " (failed)",
        Outcome::Unknown => " (no answer)",
        Outcome::Differs => " (found another)",
        Outcome::Done | Outcome::Found(_) => "",
    };
    match (&operation.call, operation.outcome()) {
        (Call::Read, Outcome::Found(found)) => format!("read: {}", listed(found)),
        (Call::Read, _) => format!("read{end}"),
        (Call::Write(value), _) => format!("write {value}{end}"),
        (Call::Delete, _) => format!("delete{end}"),
        (Call::CompareAndSet { expected, new }, _) => {
            let expected = expected.as_ref().map_or("nothing".to_string(), Bytes::to_string);
            format!("cas {expected} to {new}{end}")
        }
    }
}
