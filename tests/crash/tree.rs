//! The logged B+tree: transactions that split, merge, abort and overlap, checkpoints, pages written at any time.

use std::collections::BTreeMap;

use glassbase_core::sim::{Cx, Device, Disk, Generator};
use glassbase_core::storage::{CommitMode, Database, LogOptions, Options, Savepoint, TornPages};
use glassbase_core::trace::{Lsn, TxnId};

use crate::client::{Client, Map, Writes, apply};
use crate::harness::{Effort, Subject, Tried, crash_everywhere};

/// A transaction under way.
#[derive(Clone)]
struct Open {
    txn: TxnId,
    writes: Writes,
    savepoint: Option<(Savepoint, usize)>,
    /// Taking it back was begun and met an error: only an abort helps.
    broken: bool,
}

/// A database and a client that works with it at random.
#[derive(Clone)]
pub struct Workload {
    pub database: Database,
    generator: Generator,
    open: Vec<Open>,
    /// Where each commit stands in the log that is not certainly durable.
    commits: BTreeMap<u64, Lsn>,
    keys: u64,
    value_max: u64,
}

pub struct Case {
    pub name: &'static str,
    pub page_size: u32,
    pub keys: u64,
    pub value_max: u64,
    pub commit: CommitMode,
    pub torn_pages: TornPages,
    pub disk_pages: u32,
}

pub const CASES: &[Case] = &[
    Case {
        name: "small pages",
        page_size: 128,
        keys: 60,
        value_max: 30,
        commit: CommitMode::Sync,
        torn_pages: TornPages::Images,
        disk_pages: 0,
    },
    Case {
        name: "torn pages, images",
        page_size: 1024,
        keys: 40,
        value_max: 600,
        commit: CommitMode::Sync,
        torn_pages: TornPages::Images,
        disk_pages: 0,
    },
    Case {
        name: "torn pages, doublewrite",
        page_size: 1024,
        keys: 40,
        value_max: 600,
        commit: CommitMode::Sync,
        torn_pages: TornPages::Doublewrite,
        disk_pages: 0,
    },
    Case {
        name: "overflow, group commit",
        page_size: 256,
        keys: 30,
        value_max: 700,
        commit: CommitMode::Group { commits: 3, wait_ns: 2_000_000 },
        torn_pages: TornPages::Nothing,
        disk_pages: 0,
    },
    Case {
        name: "asynchronous commit",
        page_size: 128,
        keys: 40,
        value_max: 60,
        commit: CommitMode::Async { every_ns: 1_500_000 },
        torn_pages: TornPages::Images,
        disk_pages: 0,
    },
    Case {
        name: "little room",
        page_size: 256,
        keys: 200,
        value_max: 60,
        commit: CommitMode::Sync,
        torn_pages: TornPages::Images,
        disk_pages: 90,
    },
];

impl Case {
    pub fn start(&self, seed: u64) -> (Cx, Workload) {
        let mut cx = Cx::new(seed);
        cx.recorder.switch(false);
        let Case { page_size, disk_pages, commit, torn_pages, .. } = *self;
        let options = Options { page_size, frames: 8, disk_pages, device: Device::Nvme, ..Options::default() };
        let log = LogOptions { commit, torn_pages, segment_bytes: 2500, buffer_bytes: 300, checkpoint_bytes: 9000 };
        let database = Database::create(&mut cx, &options, &log).unwrap();
        let (generator, commits) = (Generator::new(seed, self.name), BTreeMap::new());
        (cx, Workload { database, generator, open: Vec::new(), commits, keys: self.keys, value_max: self.value_max })
    }
}

impl Workload {
    fn key(&mut self) -> Vec<u8> {
        self.generator.below(self.keys).to_be_bytes().to_vec()
    }

    fn value(&mut self) -> Vec<u8> {
        let length = self.generator.below(self.value_max + 1);
        // Long values are rare.
        let length = if self.generator.chance(0.7) { length / 8 } else { length };
        vec![self.generator.below(250) as u8 + 1; length as usize]
    }

    fn write(&mut self, cx: &mut Cx, index: usize) {
        let (key, value) = (self.key(), self.value());
        let delete = self.generator.chance(0.4);
        let open = &mut self.open[index];
        let done = match delete {
            true => self.database.delete(cx, open.txn, &key),
            false => self.database.put(cx, open.txn, &key, &value),
        };
        if done.is_ok() {
            open.writes.push((key, (!delete).then_some(value)));
        }
    }

    fn commit(&mut self, cx: &mut Cx, client: &mut Client, index: usize) {
        let Open { txn, writes, .. } = self.open[index].clone();
        client.asked(txn.0, &writes);
        match self.database.commit(cx, txn) {
            Ok(_) => {
                drop(self.open.remove(index));
                // The commit record is somewhere before the end of the log.
                let end = self.database.log().map(|log| log.log.end()).unwrap_or_default();
                self.commits.insert(txn.0, end);
            }
            // The power is off: nobody knows whether it is in the log.
            Err(_) if self.database.needs_recovery() || self.is_off(cx) => {}
            Err(_) => client.refused(txn.0),
        }
        self.learn(client);
    }

    fn is_off(&mut self, cx: &mut Cx) -> bool {
        let name = "is the power off?";
        match self.database.disk_mut().create_file(cx, name) {
            Ok(file) => self.database.disk_mut().remove_file(cx, file).is_err(),
            Err(error) => error.to_string().contains("power"),
        }
    }

    /// A commit is certain to survive once the log is durable as far as it went when the commit was done; a synchronous
    /// one must be by then.
    fn learn(&mut self, client: &mut Client) {
        let Some(log) = self.database.log() else { return };
        let synchronous = log.options.commit == CommitMode::Sync;
        let durable = log.log.durable();
        let names: Vec<u64> = client.open().collect();
        for name in names {
            if self.commits.get(&name).is_some_and(|end| synchronous || *end <= durable) {
                self.commits.remove(&name);
                client.told(name);
            }
        }
    }

    /// Aborts a transaction. After an error it may be tried again.
    fn abort(&mut self, cx: &mut Cx, index: usize) {
        match self.database.abort(cx, self.open[index].txn) {
            Ok(()) => drop(self.open.remove(index)),
            Err(_) => self.open[index].broken = true,
        }
    }

    /// Aborts what could not be taken back as it should, or everything. It must work.
    pub fn abort_broken(&mut self, cx: &mut Cx, all: bool) -> Result<(), String> {
        for open in std::mem::take(&mut self.open) {
            if all || open.broken {
                // What meets a full disk goes on where it stopped.
                let first = self.database.abort(cx, open.txn);
                let again = first.or_else(|_| self.database.abort(cx, open.txn));
                again.map_err(|error| format!("abort: {error}"))?;
            } else {
                self.open.push(open);
            }
        }
        Ok(())
    }

    /// Puts records until the disk is full, a transaction each. False: it never was.
    pub fn fill(&mut self, cx: &mut Cx, client: &mut Client) -> bool {
        for key in 0..10_000u64 {
            let Ok(txn) = self.database.begin(cx) else { return true };
            self.open.push(Open { txn, writes: Vec::new(), savepoint: None, broken: false });
            let (key, value) = (key.to_be_bytes().to_vec(), vec![5; 100]);
            let done = self.database.put(cx, txn, &key, &value);
            if done.is_ok() {
                self.open[0].writes.push((key, Some(value)));
            }
            self.commit(cx, client, 0);
            if let Err(error) = done {
                assert!(error.to_string().contains("full"), "{error}");
                return true;
            }
        }
        false
    }

    /// Deletes half of the records, a transaction each; then one must go in again.
    pub fn empty(&mut self, cx: &mut Cx, client: &mut Client) -> Result<(), String> {
        let keys: Vec<Vec<u8>> = client.newest().keys().cloned().collect();
        for key in keys.into_iter().step_by(2) {
            let told = |error| format!("delete: {error}");
            let txn = self.database.begin(cx).map_err(told)?;
            self.open.push(Open { txn, writes: vec![(key.clone(), None)], savepoint: None, broken: false });
            self.database.delete(cx, txn, &key).map_err(told)?;
            self.commit(cx, client, 0);
        }
        self.database.checkpoint(cx).map_err(|error| format!("checkpoint: {error}"))?;
        let told = |error| format!("put after deleting: {error}");
        let txn = self.database.begin(cx).map_err(told)?;
        self.database.put(cx, txn, b"new", &[1; 50]).map_err(told)?;
        self.database.abort(cx, txn).map_err(told)
    }

    fn transact(&mut self, cx: &mut Cx, client: &mut Client) {
        let index = self.generator.below(self.open.len() as u64) as usize;
        match self.generator.below(20) {
            0..=11 => self.write(cx, index),
            12 => {
                let open = &mut self.open[index];
                open.savepoint =
                    self.database.savepoint(cx, open.txn).ok().map(|savepoint| (savepoint, open.writes.len()));
            }
            13 => {
                let open = &mut self.open[index];
                if let Some((savepoint, count)) = open.savepoint {
                    match self.database.rollback_to(cx, savepoint) {
                        Ok(()) => open.writes.truncate(count),
                        Err(_) => open.broken = true,
                    }
                }
            }
            14 | 15 => self.abort(cx, index),
            _ => self.commit(cx, client, index),
        }
    }
}

impl Subject for Workload {
    fn step(&mut self, cx: &mut Cx, client: &mut Client) {
        let more = if self.open.is_empty() { 0.6 } else { 0.1 };
        if self.open.len() < 3 && self.generator.chance(more) {
            if let Ok(txn) = self.database.begin(cx) {
                self.open.push(Open { txn, writes: Vec::new(), savepoint: None, broken: false });
            }
        } else if self.open.is_empty() || self.generator.chance(0.12) {
            let done = match self.generator.below(8) {
                0 => self.database.checkpoint(cx),
                1 => self.database.flush(cx),
                2 => self.database.sync(cx).map(drop),
                3 => self.database.poll(cx).map(drop),
                _ => self.database.write_pages(cx, 2).map(drop),
            };
            drop(done);
            self.learn(client);
        } else {
            self.transact(cx, client);
        }
    }

    fn disk(&mut self) -> &mut Disk {
        self.database.disk_mut()
    }

    fn crash(&mut self, cx: &mut Cx, choice: u64) {
        self.database.crash_seeded(cx, choice);
        self.open.clear();
    }

    fn recover(&mut self, cx: &mut Cx) -> Result<(), String> {
        self.database.recover(cx).map_err(|error| format!("recovery: {error}"))
    }

    fn expected(&self, client: &Client) -> Map {
        let mut map = client.newest().clone();
        self.open.iter().for_each(|open| apply(&mut map, &open.writes));
        map
    }

    fn contents(&mut self, cx: &mut Cx) -> Result<Map, String> {
        let mut map = Map::new();
        let mut visit = |key: &[u8], value: &[u8]| drop(map.insert(key.to_vec(), value.to_vec()));
        let scanned = self.database.scan(cx, None, None, false, u64::MAX, &mut visit);
        scanned.map(|_| map).map_err(|error| format!("scan: {error}"))
    }

    fn verify(&mut self, cx: &mut Cx) -> Result<(), String> {
        self.database.verify(cx).problem.map_or(Ok(()), |problem| Err(format!("verify: {problem}")))
    }

    fn go_on(&mut self, cx: &mut Cx) -> Result<(), String> {
        let before = self.contents(cx)?;
        let work = |workload: &mut Workload, cx: &mut Cx| {
            let txn = workload.database.begin(cx)?;
            for key in 0..workload.keys {
                workload.database.put(cx, txn, &key.to_be_bytes(), &[9; 20])?;
            }
            workload.database.abort(cx, txn)
        };
        match work(self, cx) {
            Err(error) if !error.to_string().contains("full") => return Err(format!("after recovery: {error}")),
            Err(_) => return Ok(()),
            Ok(()) => {}
        }
        self.verify(cx)?;
        if self.contents(cx)? == before { Ok(()) } else { Err("an abort after recovery changed something".to_string()) }
    }
}

#[test]
fn every_commit_survives_a_crash_anywhere() {
    let factor = Tried::effort();
    let mut tried = Tried::default();
    for case in CASES {
        for seed in 0..factor {
            let (cx, workload) = case.start(seed);
            let effort = Effort { steps: 500, outcomes: 2, every: 101 };
            let before = tried.points;
            tried.add(crash_everywhere(case.name, cx, workload, effort));
            println!("  {}: {}", case.name, tried.points - before);
        }
    }
    tried.report("logged B+tree", 10_000 * factor);
}
