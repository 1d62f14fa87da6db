//! What is to happen in a run: settings of the lab, and deeds with their times. Plain data: it can be shortened, and it is
//! written as a script of the Raft lab that gives the same run.

use std::fmt::{self, Display, Formatter};

use glassbase_core::replication::cluster::{Action, Fault};
use glassbase_core::sim::Generator;
use glassbase_core::trace::NodeId;

/// Something that is done at some time.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    Put {
        client: u16,
        key: &'static str,
        value: u64,
        to: Option<u16>,
    },
    Get {
        client: u16,
        key: &'static str,
        level: &'static str,
        to: Option<u16>,
    },
    CompareAndSet {
        client: u16,
        key: &'static str,
        old: u64,
        new: u64,
    },
    Delete {
        client: u16,
        key: &'static str,
    },
    Fault(Action),
    /// A clock is set so far ahead, or behind.
    Clock {
        node: NodeId,
        off_ms: i64,
    },
    Add {
        client: u16,
        node: NodeId,
    },
    Remove {
        client: u16,
        node: NodeId,
    },
    Transfer {
        client: u16,
        node: NodeId,
    },
    /// Money from one account to another, by two-phase commit or as a saga.
    Pay {
        client: u16,
        payer: &'static str,
        payee: &'static str,
        amount: u64,
        saga: bool,
    },
    /// A flight, a hotel and a car.
    Book {
        client: u16,
        saga: bool,
    },
    /// An empty machine in the place of a node that is down; only where nobody counts on what it had.
    Replace(NodeId),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub at_ms: u64,
    pub deed: Deed,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub lab: &'static str,
    pub seed: u64,
    /// Settings of the lab, as a person writes them.
    pub settings: Vec<(&'static str, String)>,
    pub steps: Vec<Step>,
    /// From here on everything works; nothing, if that is not asked about.
    pub calm_ms: Option<u64>,
    pub end_ms: u64,
}

impl Display for Deed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let to = |to: &Option<u16>| to.map_or(String::new(), |node| format!(" to n{node}"));
        match self {
            Deed::Put { client, key, value, to: node } => write!(f, "put {key} {value} from c{client}{}", to(node)),
            Deed::Get { client, key, level, to: node } => {
                write!(f, "get {key} from c{client}{} level {level}", to(node))
            }
            Deed::CompareAndSet { client, key, old, new } => write!(f, "cas {key} {old} {new} from c{client}"),
            Deed::Delete { client, key } => write!(f, "delete {key} from c{client}"),
            Deed::Fault(action) => action_text(action, f),
            Deed::Clock { node, off_ms } => write!(f, "skew {node} {off_ms}ms"),
            Deed::Add { client, node } => write!(f, "add {node} from c{client}"),
            Deed::Remove { client, node } => write!(f, "remove {node} from c{client}"),
            Deed::Transfer { client, node } => write!(f, "transfer {node} from c{client}"),
            Deed::Replace(node) => write!(f, "replace {node}"),
            Deed::Pay { client, payer, payee, amount, saga } => {
                write!(f, "transfer {payer} {payee} {amount} as {} client c{client}", way(*saga))
            }
            Deed::Book { client, saga } => write!(f, "book as {} client c{client}", way(*saga)),
        }
    }
}

fn way(saga: bool) -> &'static str {
    if saga { "saga" } else { "two-phase" }
}

fn action_text(action: &Action, f: &mut Formatter<'_>) -> fmt::Result {
    match action {
        Action::Partition(sides) => {
            let list = |side: &Vec<NodeId>| side.iter().map(NodeId::to_string).collect::<Vec<_>>().join(" ");
            write!(f, "partition {}", sides.iter().map(list).collect::<Vec<_>>().join(" | "))
        }
        Action::Cut { from, to } => write!(f, "cut {from} {to} one-way"),
        Action::Mend { from, to } => write!(f, "mend {from} {to} one-way"),
        Action::Heal => write!(f, "heal"),
        Action::Crash(node) => write!(f, "crash {node}"),
        Action::Restart(node) => write!(f, "restart {node}"),
        Action::Expire { node, .. } => write!(f, "timeout {node}"),
        Action::Pause(node) => write!(f, "pause {node}"),
        Action::Resume(node) => write!(f, "resume {node}"),
        Action::Slow { node, times } => write!(f, "slow {node} {times}"),
        Action::Drift { node, ppm } if *ppm < 0 => write!(f, "drift {node} {} slow", -ppm / 10_000),
        Action::Drift { node, ppm } => write!(f, "drift {node} {}", ppm / 10_000),
        Action::Weather { loss, duplication, reordering } => {
            write!(f, "weather loss {loss} duplication {duplication} reordering {reordering}")
        }
        Action::Disk { node, after_operations, fault } => {
            let word = match fault {
                Fault::FlipBit => "flip-bit",
                Fault::DiskFull => "disk-full",
                Fault::WriteLost => "write-lost",
                Fault::WriteMisplaced => "write-misplaced",
                Fault::ReadFails => "read-fails",
            };
            write!(f, "disk {node} {word} after {after_operations}")
        }
        other => panic!("{other:?} is not planned"),
    }
}

impl Plan {
    /// The script that gives this run; `verdict` is what it has to come to: "safety violated".
    pub fn script(&self, comment: &str, verdict: &str) -> String {
        let mut text = format!("# {comment}\nlab {}\nseed {}\n", self.lab, self.seed);
        for (name, value) in &self.settings {
            text.push_str(&format!("set {name} {value}\n"));
        }
        for step in &self.steps {
            text.push_str(&format!("at {}ms {}\n", step.at_ms, step.deed));
        }
        text.push_str(&format!("run {}ms\ncheck\nexpect verdict {verdict}\n", self.end_ms));
        text
    }
}

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Partition,
    /// One node alone on its side.
    Lone,
    OneWay,
    Crash,
    /// Down for a moment only.
    Blink,
    /// All of them at once.
    Blackout,
    Pause,
    Slow,
    Clock,
    Drift,
    Weather,
    Disk(Fault),
}

/// Makes a plan, piece by piece.
pub struct Maker {
    pub random: Generator,
    pub nodes: u16,
    plan: Plan,
    values: u64,
}

const KEYS: [&str; 2] = ["x", "y"];
pub const CLIENTS: u16 = 3;

impl Maker {
    pub fn new(name: &str, seed: u64, nodes: u16) -> Maker {
        let settings = vec![("nodes", nodes.to_string())];
        let plan = Plan { lab: "raft", seed, settings, steps: Vec::new(), calm_ms: None, end_ms: 0 };
        Maker { random: Generator::new(seed, name), nodes, plan, values: 0 }
    }

    pub fn lab(&mut self, lab: &'static str) {
        self.plan.lab = lab;
    }

    pub fn set(&mut self, name: &'static str, value: impl Display) {
        self.plan.settings.push((name, value.to_string()));
    }

    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.random.below(choices.len() as u64) as usize]
    }

    pub fn node(&mut self) -> NodeId {
        NodeId(1 + self.random.below(u64::from(self.nodes)) as u16)
    }

    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.random.below(to - from)
    }

    pub fn add(&mut self, at_ms: u64, deed: Deed) {
        self.plan.steps.push(Step { at_ms, deed });
    }

    pub fn put(&mut self, at_ms: u64, client: u16, key: &'static str, to: Option<u16>) {
        self.values += 1;
        let value = self.values;
        self.add(at_ms, Deed::Put { client, key, value, to });
    }

    /// Operations of all clients.
    pub fn operations(&mut self, count: u64, from_ms: u64, to_ms: u64, levels: &[&'static str]) {
        for _ in 0..count {
            let at_ms = self.between(from_ms, to_ms);
            let (client, key) = (1 + self.random.below(u64::from(CLIENTS)) as u16, self.one_of(&KEYS));
            let level = self.one_of(levels);
            let to = (self.random.below(4) == 0).then(|| self.node().0);
            match self.random.below(100) {
                0..45 => self.put(at_ms, client, key, to),
                45..80 => self.add(at_ms, Deed::Get { client, key, level, to }),
                80..95 => {
                    let old = self.random.below(self.values + 1);
                    self.values += 1;
                    let new = self.values;
                    self.add(at_ms, Deed::CompareAndSet { client, key, old, new });
                }
                _ => self.add(at_ms, Deed::Delete { client, key }),
            }
        }
    }

    /// Faults of these kinds, each over after a while.
    pub fn faults(&mut self, count: u64, from_ms: u64, to_ms: u64, kinds: &[Kind]) {
        for _ in 0..count {
            let begin_ms = self.between(from_ms, to_ms);
            let kind = self.one_of(kinds);
            let end_ms = (begin_ms + self.between(20, 600)).min(to_ms);
            self.fault(kind, begin_ms, end_ms);
        }
    }

    /// Three nodes in any order.
    pub fn shuffled(&mut self) -> [NodeId; 3] {
        let mut ids = [1, 2, 3].map(NodeId);
        self.random.shuffle(&mut ids);
        ids
    }

    pub fn fault(&mut self, kind: Kind, begin_ms: u64, end_ms: u64) {
        let (node, other) = (self.node(), self.node());
        let (begin, end) = match kind {
            Kind::Partition | Kind::Lone => {
                let mut ids: Vec<NodeId> = (1..=self.nodes).map(NodeId).collect();
                self.random.shuffle(&mut ids);
                let size = if kind == Kind::Lone { 1 } else { self.between(1, u64::from(self.nodes)) as usize };
                let rest = ids.split_off(size);
                (Action::Partition(vec![ids, rest]), Action::Heal)
            }
            Kind::OneWay if node == other => return,
            Kind::OneWay => (Action::Cut { from: node, to: other }, Action::Mend { from: node, to: other }),
            Kind::Crash => (Action::Crash(node), Action::Restart(node)),
            Kind::Blink => {
                self.add(begin_ms, Deed::Fault(Action::Crash(node)));
                let up_ms = begin_ms + self.between(1, 10);
                return self.add(up_ms, Deed::Fault(Action::Restart(node)));
            }
            Kind::Blackout => {
                for node in (1..=self.nodes).map(NodeId) {
                    self.add(begin_ms, Deed::Fault(Action::Crash(node)));
                    let up_ms = begin_ms + self.between(1, 200);
                    self.add(up_ms, Deed::Fault(Action::Restart(node)));
                }
                return;
            }
            Kind::Pause => (Action::Pause(node), Action::Resume(node)),
            Kind::Slow => {
                let times = self.between(2, 100);
                (Action::Slow { node, times }, Action::Slow { node, times: 1 })
            }
            Kind::Clock => {
                let off_ms = self.between(0, 2_000) as i64 - 1_000;
                return self.add(begin_ms, Deed::Clock { node, off_ms });
            }
            Kind::Drift => {
                let percent = self.between(0, 9) as i64 - 4;
                (Action::Drift { node, ppm: percent * 10_000 }, Action::Drift { node, ppm: 0 })
            }
            Kind::Weather => {
                let mut share = |most: u64| self.between(0, most) as f64 / 100.0;
                let (loss, duplication, reordering) = (share(30), share(30), share(50));
                (Action::Weather { loss, duplication, reordering }, calm_weather())
            }
            Kind::Disk(fault) => {
                let after_operations = self.random.below(30);
                (Action::Disk { node, after_operations, fault }, Action::Restart(node))
            }
        };
        self.add(begin_ms, Deed::Fault(begin));
        self.add(end_ms, Deed::Fault(end));
    }

    /// From here on everything works again, and each client writes after a while.
    pub fn calm(&mut self, at_ms: u64) {
        self.mend(at_ms);
        for client in 1..=CLIENTS {
            self.put(at_ms + 1_500 + 100 * u64::from(client), client, "x", None);
        }
        self.plan.calm_ms = Some(at_ms);
    }

    /// Everything works again.
    pub fn mend(&mut self, at_ms: u64) {
        self.add(at_ms, Deed::Fault(Action::Heal));
        self.add(at_ms, Deed::Fault(calm_weather()));
        for node in (1..=self.nodes).map(NodeId) {
            for action in [
                Action::Drift { node, ppm: 0 },
                Action::Slow { node, times: 1 },
                Action::Resume(node),
                Action::Restart(node),
            ] {
                self.add(at_ms, Deed::Fault(action));
            }
        }
        // A fault of a disk may be waiting for its moment still.
        for node in (1..=self.nodes).map(NodeId) {
            self.add(at_ms + 300, Deed::Fault(Action::Restart(node)));
            self.add(at_ms + 700, Deed::Fault(Action::Restart(node)));
        }
    }

    pub fn done(self, end_ms: u64) -> Plan {
        let mut plan = self.plan;
        plan.end_ms = end_ms;
        plan.steps.sort_by_key(|step| step.at_ms);
        plan
    }
}

fn calm_weather() -> Action {
    Action::Weather { loss: 0.0, duplication: 0.0, reordering: 0.0 }
}
