//! The log-structured merge tree: batches, range deletes, flushes and compactions under every policy, in slices beside the
//! writes.

use glassbase_core::sim::{Cx, Disk, Generator};
use glassbase_core::storage::lsm::{Background, Lsm, LsmOptions, OpenFailure, ScanBounds, SyncMode, WriteBatch};
use glassbase_core::trace::parts::lsm::CompactionPolicy;

use crate::client::{Client, Map, Writes};
use crate::harness::{Effort, Subject, Tried, crash_everywhere};

const KEYS: u64 = 40;

/// A tree, or what a crash left of it.
#[derive(Clone)]
enum Engine {
    Open(Box<Lsm>),
    Crashed(Box<Disk>),
}

#[derive(Clone)]
struct Workload {
    options: LsmOptions,
    engine: Engine,
    generator: Generator,
    /// Writes that were asked for, with the sequence number of their last.
    asked: Vec<(u64, u64)>,
    names: u64,
}

struct Case {
    name: &'static str,
    policy: CompactionPolicy,
    sync: SyncMode,
    background: Background,
    disk_pages: u32,
}

const CASES: &[Case] = &[
    Case {
        name: "leveled, each write synced",
        policy: CompactionPolicy::Leveled,
        sync: SyncMode::EachWrite,
        background: Background::Shared,
        disk_pages: 0,
    },
    Case {
        name: "leveled, asynchronous",
        policy: CompactionPolicy::Leveled,
        sync: SyncMode::Asynchronous,
        background: Background::Shared,
        disk_pages: 0,
    },
    Case {
        name: "size-tiered, groups",
        policy: CompactionPolicy::SizeTiered,
        sync: SyncMode::Group,
        background: Background::Shared,
        disk_pages: 0,
    },
    Case {
        name: "lazy-leveled, by hand",
        policy: CompactionPolicy::LazyLeveled,
        sync: SyncMode::Asynchronous,
        background: Background::Manual,
        disk_pages: 0,
    },
    Case {
        name: "first in, first out",
        policy: CompactionPolicy::Fifo,
        sync: SyncMode::EachWrite,
        background: Background::Shared,
        disk_pages: 0,
    },
    Case {
        name: "little room",
        policy: CompactionPolicy::Leveled,
        sync: SyncMode::EachWrite,
        background: Background::Shared,
        disk_pages: 20,
    },
];

impl Case {
    fn start(&self, seed: u64) -> (Cx, Workload) {
        let options = LsmOptions {
            policy: self.policy,
            sync: self.sync,
            background: self.background,
            disk_pages: self.disk_pages,
            page_size: 512,
            memtable_bytes: 1500,
            block_bytes: 200,
            level0_tables: 2,
            level0_slow: 4,
            level0_stop: 5,
            size_ratio: 3,
            level1_bytes: 2000,
            table_bytes: 900,
            group_writes: 4,
            slice_bytes: 700,
            manifest_bytes: 1500,
            cache_bytes: 4000,
            fifo_bytes: 6000,
            ..LsmOptions::default()
        };
        let mut cx = Cx::new(seed);
        cx.recorder.switch(false);
        let tree = Lsm::create(&mut cx, &options).unwrap();
        let generator = Generator::new(seed, self.name);
        (cx, Workload { options, engine: Engine::Open(Box::new(tree)), generator, asked: Vec::new(), names: 0 })
    }
}

impl Workload {
    fn tree(&mut self) -> Result<&mut Lsm, String> {
        match &mut self.engine {
            Engine::Open(tree) => Ok(tree),
            Engine::Crashed(_) => Err("it is not open".to_string()),
        }
    }

    fn key(&mut self) -> u64 {
        self.generator.below(KEYS)
    }

    /// A batch at random, and what it does.
    fn batch(&mut self) -> (WriteBatch, Writes) {
        let (mut batch, mut writes) = (WriteBatch::new(), Writes::new());
        let count = if self.generator.chance(0.3) { 1 + self.generator.below(5) } else { 1 };
        for _ in 0..count {
            let key = self.key();
            match self.generator.below(20) {
                0 => {
                    let past = key + self.generator.below(KEYS / 4);
                    batch.delete_range(&key.to_be_bytes(), &past.to_be_bytes());
                    writes.extend((key..past).map(|key| (key.to_be_bytes().to_vec(), None)));
                }
                1..=5 => {
                    batch.delete(&key.to_be_bytes());
                    writes.push((key.to_be_bytes().to_vec(), None));
                }
                _ => {
                    let most = if self.generator.chance(0.1) { 900 } else { 60 };
                    let length = self.generator.below(most);
                    let value = vec![self.generator.below(250) as u8 + 1; length as usize];
                    batch.put(&key.to_be_bytes(), &value);
                    writes.push((key.to_be_bytes().to_vec(), Some(value)));
                }
            }
        }
        (batch, writes)
    }

    fn write(&mut self, cx: &mut Cx, client: &mut Client) {
        let (mut batch, writes) = self.batch();
        self.names += 1;
        let name = self.names;
        client.asked(name, &writes);
        let Ok(tree) = self.tree() else { return };
        match tree.write(cx, &mut batch) {
            Ok(()) => {
                let sequence = tree.sequence();
                self.asked.push((name, sequence));
            }
            // Nobody knows whether it is in the log.
            Err(error) if error.to_string().contains("power") => {}
            Err(_) => client.refused(name),
        }
    }

    /// What is durable survives for certain.
    fn learn(&mut self, client: &mut Client) {
        let Ok(durable) = self.tree().map(|tree| tree.durable_sequence()) else { return };
        self.asked.retain(|(name, sequence)| {
            let survives = *sequence <= durable;
            if survives {
                client.told(*name);
            }
            !survives
        });
    }
}

impl Subject for Workload {
    fn step(&mut self, cx: &mut Cx, client: &mut Client) {
        if self.options.policy == CompactionPolicy::Fifo {
            client.may_forget();
        }
        let draw = self.generator.below(40);
        if draw >= 12 {
            self.write(cx, client);
            return self.learn(client);
        }
        let release = self.generator.chance(0.5);
        let Ok(tree) = self.tree() else { return };
        let done = match draw {
            0 => tree.flush(cx),
            1 => tree.compact(cx),
            2 => tree.sync(cx),
            3 | 4 => match tree.snapshots().first().copied().filter(|_| release) {
                Some(sequence) => tree.release_snapshot(cx, sequence),
                None => {
                    tree.snapshot(cx);
                    Ok(())
                }
            },
            _ => tree.work(cx).map(drop),
        };
        drop(done);
        self.learn(client);
    }

    fn disk(&mut self) -> &mut Disk {
        match &mut self.engine {
            Engine::Open(tree) => tree.disk_mut(),
            Engine::Crashed(disk) => disk,
        }
    }

    fn crash(&mut self, cx: &mut Cx, choice: u64) {
        let mut disk = self.disk().clone();
        disk.crash_seeded(cx, choice);
        self.engine = Engine::Crashed(Box::new(disk));
        self.asked.clear();
    }

    fn recover(&mut self, cx: &mut Cx) -> Result<(), String> {
        let disk = self.disk().clone();
        match Lsm::open(cx, &self.options, disk) {
            Ok(tree) => {
                self.engine = Engine::Open(Box::new(tree));
                Ok(())
            }
            Err(OpenFailure { error, disk }) => {
                self.engine = Engine::Crashed(disk);
                Err(format!("recovery: {error}"))
            }
        }
    }

    fn expected(&self, client: &Client) -> Map {
        client.newest().clone()
    }

    fn contents(&mut self, cx: &mut Cx) -> Result<Map, String> {
        let mut map = Map::new();
        let mut visit = |key: &[u8], value: &[u8]| drop(map.insert(key.to_vec(), value.to_vec()));
        let scanned = self.tree()?.scan(cx, ScanBounds::default(), u64::MAX, None, &mut visit);
        scanned.map(|_| map).map_err(|error| format!("scan: {error}"))
    }

    fn verify(&mut self, cx: &mut Cx) -> Result<(), String> {
        self.tree()?.verify(cx).problem.map_or(Ok(()), |problem| Err(format!("verify: {problem}")))
    }

    fn go_on(&mut self, cx: &mut Cx) -> Result<(), String> {
        let mut expected = self.contents(cx)?;
        let mut work = |workload: &mut Workload, cx: &mut Cx| -> Result<(), String> {
            for key in 0..KEYS {
                let (key, value) = (key.to_be_bytes(), vec![9; 20]);
                workload.tree()?.put(cx, &key, &value).map_err(|error| error.to_string())?;
                expected.insert(key.to_vec(), value);
            }
            workload.tree()?.compact(cx).map_err(|error| error.to_string())
        };
        match work(self, cx) {
            Err(error) if !error.contains("full") => return Err(format!("after recovery: {error}")),
            _ => {}
        }
        self.verify(cx)?;
        if self.contents(cx)? == expected { Ok(()) } else { Err("writes after recovery went astray".to_string()) }
    }
}

#[test]
fn every_durable_write_survives_a_crash_anywhere() {
    let factor = Tried::effort();
    let mut tried = Tried::default();
    for case in CASES {
        for seed in 0..factor {
            let (cx, workload) = case.start(seed);
            let effort = Effort { steps: 260, outcomes: 2, every: 101 };
            let before = tried.points;
            tried.add(crash_everywhere(case.name, cx, workload, effort));
            println!("  {}: {}", case.name, tried.points - before);
        }
    }
    tried.report("LSM tree", 10_000 * factor);
}
