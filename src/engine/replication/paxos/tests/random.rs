//! Random schedules: messages arrive in any order, twice or never, timers go off whenever, nodes crash and come back. After
//! each step the watch looks at the node. What is broken on purpose has to be caught.

use std::any::Any;
use std::collections::BTreeMap;

use super::agreement::Property;
use super::*;
use glassbase_sim::Generator;

const NODES: u16 = 3;

struct World {
    puppet: Puppet,
    random: Generator,
    watch: Watch,
    decree: Decree,
}

impl World {
    fn new(seed: u64, options: &Options) -> World {
        let (random, watch) = (Generator::new(seed, "schedule"), Watch::new(options));
        World { puppet: cluster(NODES, options), random, watch, decree: options.decree }
    }

    fn any(&mut self) -> NodeId {
        NodeId(1 + self.random.below(u64::from(NODES)) as u16)
    }

    /// One step: which node it was of.
    fn step(&mut self) -> Option<NodeId> {
        match self.random.below(1000) {
            0..800 if !self.puppet.pending.is_empty() => Some(self.message()),
            800..880 => self.timer(),
            880..940 => {
                let (id, client) = (self.any(), 1 + self.random.below(3) as u16);
                if self.puppet.is_up(id) {
                    ask(&mut self.puppet, client, id, put("1"));
                }
                Some(id)
            }
            940..965 => {
                let (id, choice) = (self.any(), self.random.next_u64());
                if self.puppet.is_up(id) {
                    self.puppet.crash(id, choice);
                    self.watch.forget(id);
                }
                None
            }
            _ => {
                let down = (1..=NODES).map(NodeId).find(|id| !self.puppet.is_up(*id))?;
                self.puppet.start(down);
                Some(down)
            }
        }
    }

    fn message(&mut self) -> NodeId {
        let window = (self.puppet.pending.len() as u64).min(12);
        let at = self.random.below(window) as usize;
        let pending = self.puppet.pending[at].clone();
        match self.random.below(100) {
            0..8 => drop(self.puppet.pending.remove(at)),
            8..12 => self.puppet.pending.push(pending.clone()),
            _ => self.puppet.deliver_at(at),
        }
        pending.to
    }

    fn timer(&mut self) -> Option<NodeId> {
        let id = self.any();
        let (due_ns, timer) = self.puppet.next_timer(id).filter(|_| self.puppet.is_up(id))?;
        // Messages are fast beside time-outs, most of the time.
        if timer == ELECTION && self.random.below(3) > 0 {
            return None;
        }
        self.puppet.now_ns = self.puppet.now_ns.max(due_ns);
        self.puppet.fire(id, timer);
        Some(id)
    }

    /// The first violation in so many steps.
    fn run(&mut self, steps: u64) -> Option<Violation> {
        for _ in 0..steps {
            self.puppet.transcript.clear();
            let Some(id) = self.step().filter(|id| self.puppet.is_up(*id)) else { continue };
            let node: &dyn Any = match self.decree {
                Decree::Single => self.puppet.node::<Single>(id),
                Decree::Multi => self.puppet.node::<Multi>(id),
            };
            if let Err(violation) = self.watch.look(id, node) {
                return Some(violation);
            }
        }
        None
    }
}

#[test]
fn no_schedule_breaks_it() {
    for (decree, seeds, steps, least) in [(Decree::Single, 600, 300, 500), (Decree::Multi, 60, 3_000, 1_000)] {
        let mut chosen = 0;
        for seed in 0..seeds {
            let back_off_ns = [0, 20_000_000][seed as usize % 2];
            // Half of them cut their logs off all the time.
            let snapshot_entries = [1_000, 1, 3, 1_000][seed as usize % 4];
            let mut world = World::new(seed, &Options { decree, back_off_ns, snapshot_entries, ..Options::default() });
            assert_eq!(world.run(steps), None, "{decree:?}, seed {seed}");
            chosen += world.watch.chosen_count();
        }
        assert!(chosen > least, "{decree:?}: hardly anything was chosen: {chosen}");
    }
}

/// In how many of 200 schedules each property is found not to hold.
fn caught(options: &Options) -> BTreeMap<Property, u32> {
    let mut found = BTreeMap::new();
    for seed in 0..200 {
        if let Some(violation) = World::new(seed, options).run(500) {
            *found.entry(violation.property).or_default() += 1;
        }
    }
    found
}

#[test]
fn what_is_broken_on_purpose_is_caught() {
    for decree in [Decree::Single, Decree::Multi] {
        let fine = Options { decree, back_off_ns: 0, ..Options::default() };
        for (name, broken) in [
            ("forgets promises", Options { persist_promises: false, ..fine.clone() }),
            ("ignores what was accepted", Options { ignore_accepted: true, ..fine.clone() }),
            ("quorums too small", Options { prepare_quorum: 1, accept_quorum: 2, ..fine.clone() }),
            ("nothing is synced", Options { sync: false, ..fine.clone() }),
        ] {
            let found = caught(&broken);
            println!("{decree:?} {name}: {found:?}");
            assert!(!found.is_empty(), "{decree:?} {name}");
        }
    }
}
