//! Random schedules: messages arrive in any order, twice or never, timers go off whenever, nodes crash and come back. After
//! each step the watch looks at the node. What is broken on purpose has to be caught.

use super::super::safety::{Property, Watch};
use super::*;
use glassbase_sim::Generator;

/// What a schedule may do, besides delivering messages and firing timers.
struct World {
    puppet: Puppet,
    random: Generator,
    watch: Watch,
    /// What somebody had when so many entries were applied.
    contents: BTreeMap<u64, Contents>,
    nodes: u16,
    admin: bool,
}

impl World {
    fn new(seed: u64, nodes: u16, options: &Options) -> World {
        let puppet = cluster_of(nodes, nodes.min(3), options);
        World {
            puppet,
            random: Generator::new(seed, "schedule"),
            watch: Watch::new(),
            contents: BTreeMap::new(),
            nodes,
            admin: nodes > 3,
        }
    }

    fn any(&mut self) -> NodeId {
        NodeId(1 + self.random.below(u64::from(self.nodes)) as u16)
    }

    /// One step: which node it was of.
    fn step(&mut self) -> Option<NodeId> {
        let puppet = &mut self.puppet;
        if puppet.transcript.len() > 1 << 20 {
            puppet.transcript.clear();
        }
        match self.random.below(1000) {
            0..700 if !puppet.pending.is_empty() => {
                let window = (puppet.pending.len() as u64).min(12);
                let at = self.random.below(window) as usize;
                let pending = puppet.pending[at].clone();
                match self.random.below(100) {
                    0..8 => drop(puppet.pending.remove(at)),
                    8..12 => puppet.pending.push(pending.clone()),
                    _ => puppet.deliver_at(at),
                }
                Some(pending.to)
            }
            700..960 => {
                let id = self.any();
                let due = self.puppet.next_timer(id);
                let (due_ns, timer) = due.filter(|_| self.puppet.is_up(id))?;
                // Messages are fast beside time-outs, most of the time.
                if timer == ELECTION && self.random.below(3) > 0 {
                    return None;
                }
                self.puppet.now_ns = self.puppet.now_ns.max(due_ns);
                self.puppet.fire(id, timer);
                Some(id)
            }
            960..985 => {
                let (id, client) = (self.any(), 1 + self.random.below(3) as u16);
                let key = ["x", "y"][self.random.below(2) as usize];
                let up = self.puppet.is_up(id);
                if up {
                    self.puppet.ask(client, id, key, put("1"), Consistency::Default);
                }
                Some(id)
            }
            985..988 if self.admin => {
                let voters: Vec<NodeId> =
                    (1..=self.nodes).map(NodeId).filter(|_| self.random.below(100) < 60).collect();
                let wish = match self.random.below(3) {
                    0 => Wish::Transfer(None),
                    _ => Wish::Members { voters, learners: Vec::new() },
                };
                let id = self.any();
                let admin = Admin { id: RequestId(1 << 40 | self.random.below(1 << 30)), wish };
                if self.puppet.is_up(id) {
                    self.puppet.hand(NodeId::client(9), id, Message::Admin(Rc::new(admin)).into());
                }
                Some(id)
            }
            988..996 => {
                let (id, choice) = (self.any(), self.random.next_u64());
                if self.puppet.is_up(id) {
                    self.puppet.crash(id, choice);
                    self.watch.forget(id);
                } else {
                    self.puppet.start(id);
                }
                Some(id)
            }
            _ => {
                let down = (1..=self.nodes).map(NodeId).find(|id| !self.puppet.is_up(*id))?;
                self.puppet.start(down);
                Some(down)
            }
        }
    }

    /// The first violation in so many steps.
    fn run(&mut self, steps: u64) -> Option<safety::Violation> {
        for _ in 0..steps {
            let Some(id) = self.step() else { continue };
            if !self.puppet.is_up(id) {
                continue;
            }
            let node = self.puppet.node::<Raft>(id);
            if let Err(violation) = self.watch.look(id, node) {
                return Some(violation);
            }
            let same = self.contents.entry(node.applied()).or_insert_with(|| node.contents().clone());
            assert!(same == node.contents(), "two nodes have {} entries applied, and differ", node.applied());
        }
        None
    }
}

fn small() -> Options {
    Options { max_entries: 3, snapshot_entries: 12, kept_entries: 4, ..Options::default() }
}

#[test]
fn no_schedule_breaks_it() {
    let mut committed = 0;
    for seed in 0..60 {
        for nodes in [3, 5] {
            let pre_vote = seed % 2 == 0;
            let mut world = World::new(seed, nodes, &Options { pre_vote, ..small() });
            let found = world.run(3_000);
            assert_eq!(found, None, "seed {seed}, {nodes} nodes\n{}", tail(&world.puppet));
            committed += world.watch.committed();
        }
    }
    assert!(committed > 5_000, "hardly anything was committed: {committed}");
}

fn tail(puppet: &Puppet) -> String {
    let lines: Vec<&str> = puppet.transcript.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}

/// In how many of 200 schedules a property is found not to hold.
fn caught(options: &Options, nodes: u16) -> BTreeMap<Property, u32> {
    let mut found = BTreeMap::new();
    for seed in 0..200 {
        let options = options.clone();
        let mut world = World::new(seed, nodes, &options);
        if let Some(violation) = world.run(3_000) {
            *found.entry(violation.property).or_default() += 1;
        }
    }
    found
}

#[test]
fn what_is_not_synced_is_caught() {
    let found = caught(&Options { sync: false, ..small() }, 3);
    assert!(!found.is_empty(), "{found:?}");
}

#[test]
fn the_commit_of_old_terms_is_caught() {
    let options = Options { commit_old_terms: true, max_entries: 1, pre_vote: false, ..small() };
    let found = caught(&options, 3);
    assert!(!found.is_empty(), "{found:?}");
}
