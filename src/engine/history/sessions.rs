//! Session guarantees: what a client may rely on though replicas lag behind.
//!
//! Four of them (Terry, Demers, Petersen, Spreitzer, Theimer and Welch, "Session Guarantees for Weakly Consistent
//! Replicated Data", 1994):
//!
//! ```text
//!   read your writes      I wrote W.            Then what I read is W, or newer.
//!   monotonic reads       I read W.             Then what I read is W, or newer.
//!   monotonic writes      I wrote V, then W.    Whoever sees W sees V, or newer.
//!   writes follow reads   I read V, wrote W.    Whoever sees W sees V, or newer.
//! ```
//!
//! A session is a client. The first two are about what one session sees. The last two are about what an observer sees: a
//! replica, where the history says which one answered, because what a replica has seen it does not forget; else the
//! session that reads.
//!
//! What is newer is told by [`Writes`]; a violation is reported only where it is sure. Every value of a key is written once;
//! keys for which that does not hold are named and left out.

use glassbase_trace::sorted::SortedMap;
use glassbase_trace::sorted::SortedSet;

use super::linearizable::listed;
use super::writes::Writes;
use super::{History, HistoryError, OpId, Outcome};
use glassbase_trace::Bytes;
use glassbase_trace::sorting::sort_by;

/// What a session may rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guarantee {
    ReadYourWrites,
    MonotonicReads,
    MonotonicWrites,
    WritesFollowReads,
}

impl Guarantee {
    pub const ALL: [Guarantee; 4] = [
        Guarantee::ReadYourWrites,
        Guarantee::MonotonicReads,
        Guarantee::MonotonicWrites,
        Guarantee::WritesFollowReads,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Guarantee::ReadYourWrites => "read your writes",
            Guarantee::MonotonicReads => "monotonic reads",
            Guarantee::MonotonicWrites => "monotonic writes",
            Guarantee::WritesFollowReads => "writes follow reads",
        }
    }
}

/// An operation that breaks a guarantee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionViolation {
    pub guarantee: Guarantee,
    /// The client that was promised it.
    pub client: u32,
    /// What shows it, in the order in which the reason tells it; the last one is the operation that breaks it.
    pub ops: Vec<OpId>,
    pub reason: String,
}

/// What came of a check of the session guarantees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionReport {
    /// In the order in which they happened; not more than [`MAX_TOLD`] of them.
    pub violations: Vec<SessionViolation>,
    /// How many there are of each guarantee, in the order of [`Guarantee::ALL`].
    pub counts: [u64; 4],
    /// Keys to which a value was written twice.
    pub skipped: Vec<Bytes>,
    pub sessions: usize,
}

impl SessionReport {
    pub fn holds(&self) -> bool {
        self.counts.iter().all(|count| *count == 0)
    }

    pub fn count(&self, guarantee: Guarantee) -> u64 {
        self.counts[guarantee as usize]
    }
}

/// The most violations that a report tells.
pub const MAX_TOLD: usize = 100;

/// The most writes that an observer has to see for one key, and that are remembered.
const MAX_REQUIRED: usize = 16;

/// What one client has written and read so far.
#[derive(Default)]
struct Session<'a> {
    /// The newest acknowledged write of its own, by key.
    written: SortedMap<&'a Bytes, OpId>,
    /// The writes that its last read found, by key, and that read.
    seen: SortedMap<&'a Bytes, (Vec<OpId>, OpId)>,
    /// Writes that it once found, and something else after them.
    replaced: SortedSet<OpId>,
    /// What others must see of it: its writes and its reads, in their order.
    log: Vec<Dependency<'a>>,
}

/// A write that must be visible wherever later writes of a session are.
#[derive(Clone, Copy)]
struct Dependency<'a> {
    guarantee: Guarantee,
    key: &'a Bytes,
    write: OpId,
}

/// Somebody whose view only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Observer {
    Replica(u32),
    Session(u32),
}

/// What an observer has to see.
#[derive(Default)]
struct View<'a> {
    /// By key: the writes.
    required: SortedMap<&'a Bytes, Vec<Required>>,
    /// How much of each client's log is in it.
    taken: SortedMap<u32, usize>,
}

#[derive(Clone, Copy)]
struct Required {
    guarantee: Guarantee,
    write: OpId,
    /// The later write of the same session, and the read that found it.
    because: OpId,
    found_by: OpId,
    /// The event from which on it has to be seen.
    since: u32,
}

struct Checker<'a> {
    history: &'a History,
    writes: Writes<'a>,
    sessions: SortedMap<u32, Session<'a>>,
    views: SortedMap<Observer, View<'a>>,
    /// How long the log of its client was when a write began.
    log_lengths: SortedMap<OpId, usize>,
    report: SessionReport,
}

/// Which session guarantees a history breaks.
pub fn check_sessions(history: &History) -> Result<SessionReport, HistoryError> {
    history.verify()?;
    let writes = Writes::of(history);
    let report = SessionReport { skipped: writes.ambiguous(), ..SessionReport::default() };
    let (sessions, views, log_lengths) = Default::default();
    let mut checker = Checker { history, writes, sessions, views, log_lengths, report };
    let mut events: Vec<(u32, OpId, bool)> = Vec::new();
    for (op, operation) in history.iter() {
        events.push((operation.invoked.order, op, false));
        events.extend(operation.settled().map(|moment| (moment.order, op, true)));
    }
    sort_by(&mut events, Ord::cmp);
    for (order, op, is_end) in events {
        let operation = history.operation(op);
        if checker.writes.is_ambiguous(&operation.key) {
            continue;
        }
        match (is_end, operation.outcome()) {
            (false, _) => checker.begin(op),
            (true, Outcome::Done) => checker.written(op),
            (true, Outcome::Found(found)) => checker.read(op, found, order),
            _ => {}
        }
    }
    checker.report.sessions = checker.sessions.len();
    Ok(checker.report)
}

impl<'a> Checker<'a> {
    fn begin(&mut self, op: OpId) {
        let operation = self.history.operation(op);
        let session = self.sessions.entry(operation.client).or_default();
        if operation.call.written().is_some() {
            self.log_lengths.insert(op, session.log.len());
        }
    }

    fn written(&mut self, op: OpId) {
        let operation = self.history.operation(op);
        let key = &operation.key;
        let session = self.sessions.entry(operation.client).or_default();
        let before = session.written.get(key).copied();
        let seen: Vec<OpId> = session.seen.get(key).map_or(Vec::new(), |(seen, _)| seen.clone());
        session.log.push(Dependency { guarantee: Guarantee::MonotonicWrites, key, write: op });
        let is_newest = before.is_none_or(|before| !self.writes.is_older(op, before));
        if is_newest {
            session.written.insert(key, op);
        }
        // Only versions can tell that a write is older than what its client had written or read before.
        if let Some(before) = before.filter(|_| !is_newest) {
            let reason =
                format!("{} and then {}, which counts as the older of the two", self.wrote(before), self.value(op));
            self.violated(Guarantee::MonotonicWrites, operation.client, vec![before, op], reason);
        }
        if let Some(seen) = seen.into_iter().find(|seen| Some(*seen) != before && self.writes.is_older(op, *seen)) {
            let (client, value) = (operation.client, self.value(seen));
            let reason = format!(
                "client {client} read {value} and then wrote {}, which counts as the older of the two",
                self.value(op)
            );
            self.violated(Guarantee::WritesFollowReads, client, vec![seen, op], reason);
        }
    }

    fn read(&mut self, op: OpId, found: &'a [Bytes], order: u32) {
        self.check_own(op, found);
        self.check_seen(op, found);
        self.check_required(op, found);
        let operation = self.history.operation(op);
        let key = &operation.key;
        let sources: Vec<OpId> = found.iter().filter_map(|value| self.writes.write_of(key, value)).collect();
        let session = self.sessions.entry(operation.client).or_default();
        for write in &sources {
            session.log.push(Dependency { guarantee: Guarantee::WritesFollowReads, key, write: *write });
        }
        for write in sources {
            self.take_over(op, write, order);
        }
    }

    /// Read your writes.
    fn check_own(&mut self, op: OpId, found: &[Bytes]) {
        let operation = self.history.operation(op);
        let session = self.sessions.entry(operation.client).or_default();
        if let Some(write) = session.written.get(&operation.key).copied()
            && self.writes.is_behind(&operation.key, found, write)
        {
            let reason = format!("{}, and then it found {}", self.wrote(write), listed(found));
            self.violated(Guarantee::ReadYourWrites, operation.client, vec![write, op], reason);
        }
    }

    /// Monotonic reads.
    fn check_seen(&mut self, op: OpId, found: &[Bytes]) {
        let operation = self.history.operation(op);
        let (key, client) = (&operation.key, operation.client);
        let sources: Vec<OpId> = found.iter().filter_map(|value| self.writes.write_of(key, value)).collect();
        let session = self.sessions.entry(client).or_default();
        let (before, earlier) = session.seen.get(key).cloned().unwrap_or((Vec::new(), op));
        let is_behind = before.iter().any(|write| self.writes.is_behind(key, found, *write));
        // One value after another and then the first again: whichever is the newer, one of the steps went back.
        let goes_back = matches!(&sources[..], [source] if session.replaced.contains(source));
        if is_behind || goes_back {
            let told = self.history.operation(earlier);
            let first = match told.outcome() {
                Outcome::Found(found) => listed(found),
                _ => String::new(),
            };
            let of = if key.is_empty() { String::new() } else { format!(" at {key}") };
            let reason =
                format!("client {client} found {first}{of}, and then {}, which it had left behind", listed(found));
            self.violated(Guarantee::MonotonicReads, client, vec![earlier, op], reason);
            return;
        }
        if let ([old], [new]) = (&before[..], &sources[..])
            && old != new
        {
            session.replaced.insert(*old);
        }
        if !sources.is_empty() || found.is_empty() {
            session.seen.insert(key, (sources, op));
        }
    }

    /// Monotonic writes and writes follow reads, as far as this read shows them.
    fn check_required(&mut self, op: OpId, found: &[Bytes]) {
        let operation = self.history.operation(op);
        let Some(view) = self.views.get(&observer(self.history, op)) else { return };
        let required = view.required.get(&operation.key).map_or(&[][..], |required| required);
        let is_missing = |required: &&Required| {
            required.since < operation.invoked.order && self.writes.is_behind(&operation.key, found, required.write)
        };
        let missing: Vec<Required> = required.iter().filter(is_missing).copied().collect();
        for guarantee in [Guarantee::MonotonicWrites, Guarantee::WritesFollowReads] {
            let Some(missing) = missing.iter().find(|missing| missing.guarantee == guarantee) else { continue };
            let writer = self.history.operation(missing.because).client;
            let did = if guarantee == Guarantee::MonotonicWrites { "wrote" } else { "read" };
            let place = match observer(self.history, op) {
                Observer::Replica(replica) => format!("replica {replica} showed"),
                Observer::Session(client) => format!("client {client} found"),
            };
            let reason = format!(
                "client {writer} {did} {} and then wrote {}; {place} the later one, and afterwards {}{}",
                self.value(missing.write),
                self.value(missing.because),
                listed(found),
                if operation.key.is_empty() { String::new() } else { format!(" at {}", operation.key) },
            );
            let ops = vec![missing.write, missing.because, missing.found_by, op];
            self.violated(guarantee, writer, ops, reason);
        }
    }

    /// A read found a write: from now on its observer must see all that the write depends on.
    fn take_over(&mut self, read: OpId, write: OpId, since: u32) {
        let writer = self.history.operation(write).client;
        let observer = observer(self.history, read);
        if observer == Observer::Session(writer) {
            return;
        }
        let length = self.log_lengths.get(&write).copied().unwrap_or(0);
        let view = self.views.entry(observer).or_default();
        let taken = view.taken.entry(writer).or_default();
        let Some(session) = self.sessions.get(&writer).filter(|_| *taken < length) else { return };
        for dependency in &session.log[*taken..length] {
            let required = view.required.entry(dependency.key).or_default();
            required.retain(|other| {
                other.guarantee != dependency.guarantee || !self.writes.is_older(other.write, dependency.write)
            });
            if required.len() < MAX_REQUIRED {
                let Dependency { guarantee, write: needed, .. } = *dependency;
                required.push(Required { guarantee, write: needed, because: write, found_by: read, since });
            }
        }
        *taken = length;
    }

    /// "client 1 wrote 2 at x".
    fn wrote(&self, write: OpId) -> String {
        format!("client {} wrote {}", self.history.operation(write).client, self.value(write))
    }

    /// "2 at x".
    fn value(&self, write: OpId) -> String {
        let operation = self.history.operation(write);
        let value = operation.call.written().flatten().map_or("nothing".to_string(), Bytes::to_string);
        if operation.key.is_empty() { value } else { format!("{value} at {}", operation.key) }
    }

    fn violated(&mut self, guarantee: Guarantee, client: u32, ops: Vec<OpId>, reason: String) {
        self.report.counts[guarantee as usize] += 1;
        if self.report.violations.len() < MAX_TOLD {
            self.report.violations.push(SessionViolation { guarantee, client, ops, reason });
        }
    }
}

/// Whose view a read belongs to.
fn observer(history: &History, read: OpId) -> Observer {
    let operation = history.operation(read);
    operation.replica.map_or(Observer::Session(operation.client), Observer::Replica)
}
