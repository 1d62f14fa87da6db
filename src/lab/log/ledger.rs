//! What the client wrote down itself: what it asked for, and what it was told. After a crash the database is held against
//! it.
//!
//! ```text
//!   sure ────────▶ certain to be there: the commit was durable
//!   commits ─────▶ asked for, in the order of the log: a crash keeps the first few of them, from none to all
//!   open ────────▶ not asked for: nothing of it may be there after a crash
//! ```
//!
//! The log survives as a prefix, so of the commits that were not certain exactly a prefix survives. With synchronous and
//! group commit an acknowledged one is certain; with asynchronous commit it is once the log was synced behind it.

use crate::trace::sorted::SortedMap;
use std::rc::Rc;

use crate::lab::words::{counted, shown};
use crate::sim::Cx;
use crate::storage::{Database, Savepoint};
use crate::trace::{Bytes, ClientState, Event, Lsn, TxnFate, TxnId};

pub type Content = SortedMap<Bytes, Bytes>;
/// A key with its new value, or without one.
pub type Change = (Bytes, Option<Bytes>);

/// A transaction that has not ended.
#[derive(Clone, Debug)]
pub struct Open {
    pub name: String,
    pub txn: TxnId,
    pub changes: Vec<Change>,
    /// Name, place, and how many changes there were.
    pub savepoints: Vec<(String, Savepoint, usize)>,
}

/// A commit that was asked for and is not certain.
#[derive(Clone, Debug)]
struct Commit {
    txn: TxnId,
    /// The record of the commit stands behind this place in the log.
    behind: Lsn,
    told: bool,
    changes: Rc<Vec<Change>>,
}

/// What was found when the database was held against the notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    pub promised: u64,
    pub lost: u64,
    pub records: u64,
    pub problem: String,
}

#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// The notes as the trace shows them.
    pub notes: Rc<ClientState>,
    pub open: Vec<Open>,
    sure: Rc<Content>,
    commits: Vec<Commit>,
    begun: u64,
}

impl Ledger {
    /// Tells an event, and notes it.
    fn tell(&mut self, cx: &mut Cx, event: Event) {
        Rc::make_mut(&mut self.notes).fold(&event);
        // The client has power when the engine has none.
        cx.recorder.go_on();
        cx.emit(|| event);
    }

    /// A name for a transaction that has none.
    pub fn fresh_name(&self) -> String {
        format!("t{}", self.begun + 1)
    }

    pub fn begin(&mut self, cx: &mut Cx, txn: TxnId, name: String) {
        self.begun += 1;
        self.tell(cx, Event::ClientBegan { txn, name: name.as_str().into() });
        self.open.push(Open { name, txn, changes: Vec::new(), savepoints: Vec::new() });
    }

    /// The place of an open transaction: of a name, or the latest.
    pub fn find(&self, name: Option<&str>) -> Option<usize> {
        match name {
            Some(name) => self.open.iter().rposition(|open| open.name == name),
            None => self.open.len().checked_sub(1),
        }
    }

    pub fn changed(&mut self, cx: &mut Cx, index: usize, key: Bytes, value: Option<Bytes>) {
        let txn = self.open[index].txn;
        let (new, removed) = (value.clone().unwrap_or_else(|| Bytes::from(&[][..])), value.is_none());
        self.tell(cx, Event::ClientChanged { txn, key: key.clone(), value: new, removed });
        self.open[index].changes.push((key, value));
    }

    pub fn rolled_back(&mut self, cx: &mut Cx, index: usize, savepoint: usize) {
        let open = &mut self.open[index];
        open.savepoints.truncate(savepoint + 1);
        let left = open.savepoints[savepoint].2;
        open.changes.truncate(left);
        let txn = open.txn;
        self.tell(cx, Event::ClientTookBack { txn, changes: left as u32 });
    }

    pub fn aborted(&mut self, cx: &mut Cx, index: usize) {
        let txn = self.open.remove(index).txn;
        self.tell(cx, Event::ClientLearned { txn, fate: TxnFate::Aborted });
    }

    /// A commit is asked for; `behind` is the end of the log now.
    pub fn asked(&mut self, cx: &mut Cx, index: usize, behind: Lsn) {
        let Open { txn, changes, .. } = self.open.remove(index);
        self.tell(cx, Event::ClientLearned { txn, fate: TxnFate::Asked });
        self.commits.push(Commit { txn, behind, told: false, changes: Rc::new(changes) });
    }

    /// The client is told that a commit is done.
    pub fn told(&mut self, cx: &mut Cx, txn: TxnId) {
        if let Some(commit) = self.commits.iter_mut().find(|commit| commit.txn == txn && !commit.told) {
            commit.told = true;
            self.tell(cx, Event::ClientLearned { txn, fate: TxnFate::Told });
        }
    }

    /// Commits that were asked for, and that nobody was told of.
    pub fn waiting(&self) -> Vec<TxnId> {
        self.commits.iter().filter(|commit| !commit.told).map(|commit| commit.txn).collect()
    }

    /// What is durable up to here is certain.
    pub fn settle(&mut self, durable: Lsn) {
        let certain = self.commits.iter().take_while(|commit| commit.told && commit.behind < durable).count();
        self.make_sure(certain);
    }

    fn make_sure(&mut self, count: usize) {
        if count == 0 {
            return;
        }
        let sure = Rc::make_mut(&mut self.sure);
        self.commits.drain(..count).for_each(|commit| apply(sure, &commit.changes));
    }

    /// The power failed: what was open will not be there.
    pub fn crashed(&mut self, cx: &mut Cx) {
        Rc::make_mut(&mut self.notes).check = None;
        for Open { txn, .. } in std::mem::take(&mut self.open) {
            self.tell(cx, Event::ClientLearned { txn, fate: TxnFate::Cut });
        }
    }

    /// The database was recovered: which of the uncertain commits are there? `may_lose`: acknowledged ones may be missing.
    pub fn recovered(&mut self, cx: &mut Cx, found: Result<Content, String>, may_lose: bool) -> Findings {
        let least =
            if may_lose { 0 } else { self.commits.iter().rposition(|commit| commit.told).map_or(0, |at| at + 1) };
        let problem = match &found {
            Ok(found) => match self.prefix_that_is(found, least) {
                Some(count) => {
                    self.resolve(cx, count);
                    String::new()
                }
                None => {
                    let problem = self.difference(found, least);
                    self.resolve(cx, least);
                    problem
                }
            },
            Err(problem) => problem.clone(),
        };
        self.say(cx, found.map_or(0, |found| found.len() as u64), problem)
    }

    /// Holds the database, as it is in use, against the notes.
    pub fn check(&mut self, cx: &mut Cx, found: Result<Content, String>) -> Findings {
        let mut expected = (*self.sure).clone();
        self.commits.iter().for_each(|commit| apply(&mut expected, &commit.changes));
        self.open.iter().for_each(|open| apply(&mut expected, &open.changes));
        let problem = match &found {
            Ok(found) if *found == expected => String::new(),
            Ok(found) => first_difference(&expected, found),
            Err(problem) => problem.clone(),
        };
        self.say(cx, found.map_or(0, |found| found.len() as u64), problem)
    }

    fn say(&mut self, cx: &mut Cx, records: u64, problem: String) -> Findings {
        let (promised, lost) = (self.notes.told, self.notes.lost);
        self.tell(cx, Event::ClientChecked { promised, lost, records, problem: problem.as_str().into() });
        Findings { promised, lost, records, problem }
    }

    /// How many of the uncertain commits make what was found, the most if there are several numbers.
    fn prefix_that_is(&self, found: &Content, least: usize) -> Option<usize> {
        let mut content = (*self.sure).clone();
        let mut fits = (least == 0 && content == *found).then_some(0);
        for (index, commit) in self.commits.iter().enumerate() {
            apply(&mut content, &commit.changes);
            if index + 1 >= least && content == *found {
                fits = Some(index + 1);
            }
        }
        fits
    }

    fn difference(&self, found: &Content, least: usize) -> String {
        let mut expected = (*self.sure).clone();
        self.commits[..least].iter().for_each(|commit| apply(&mut expected, &commit.changes));
        first_difference(&expected, found)
    }

    /// The first so many uncertain commits are there for good; the others are lost.
    fn resolve(&mut self, cx: &mut Cx, count: usize) {
        let kept: Vec<TxnId> =
            self.commits[..count].iter().filter(|commit| !commit.told).map(|commit| commit.txn).collect();
        self.make_sure(count);
        for txn in kept {
            self.tell(cx, Event::ClientLearned { txn, fate: TxnFate::Told });
        }
        for commit in std::mem::take(&mut self.commits) {
            let fate = if commit.told { TxnFate::Lost } else { TxnFate::Cut };
            self.tell(cx, Event::ClientLearned { txn: commit.txn, fate });
        }
    }

    pub fn approx_bytes(&self) -> usize {
        self.sure.len() * 96 + self.commits.len() * 200
    }
}

fn apply(content: &mut Content, changes: &[Change]) {
    for (key, value) in changes {
        match value {
            Some(value) => _ = content.insert(key.clone(), value.clone()),
            None => _ = content.remove(key),
        }
    }
}

/// What is wrong, the first of it in words.
fn first_difference(expected: &Content, found: &Content) -> String {
    let wrong = |(key, value): &(&Bytes, &Bytes)| found.get(*key) != Some(*value);
    let missing = expected.iter().filter(wrong).count() as u64;
    let extra = found.keys().filter(|key| !expected.contains_key(*key)).count() as u64;
    if let Some((key, value)) = expected.iter().find(wrong) {
        let (key, value) = (shown(key), shown(value));
        let more = if missing > 1 { format!(", and {} more", counted(missing - 1, "record")) } else { String::new() };
        return format!("key {key} should be there with the value {value}, and is not{more}");
    }
    let first = found.keys().find(|key| !expected.contains_key(*key)).map_or(String::new(), |key| shown(key));
    format!("key {first} is there, and no committed transaction put it there ({} in all)", counted(extra, "record"))
}

/// Everything that a database holds, read aside: it takes no time and is not recorded.
pub fn content_of(database: &Database) -> Result<Content, String> {
    let mut aside = Cx::new(0);
    aside.recorder.switch(false);
    let mut copy = database.clone();
    let mut content = Content::new();
    let mut visit = |key: &[u8], value: &[u8]| _ = content.insert(key.into(), value.into());
    match copy.scan(&mut aside, None, None, false, u64::MAX, &mut visit) {
        Ok(_) => {}
        Err(error) => return Err(error.to_string()),
    }
    match copy.verify(&mut aside).problem {
        Some(problem) => Err(problem),
        None => Ok(content),
    }
}
