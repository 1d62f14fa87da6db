//! The network between nodes: when a message arrives, if it does.
//!
//! ```text
//!   route(from, to, bytes) ── cut? ──▶ Lost(partition)
//!                          ── rule? ─▶ dropped, delayed, doubled: what somebody asked for
//!                          ── loss ──▶ Lost(loss)
//!                          └─ wait for the link (bandwidth) + latency, not before the message ahead ─▶ At(time)
//! ```
//!
//! Each link from one node to another has a [`Quality`]. Messages of one link arrive in the order in which they were sent,
//! as over one connection, but for those that are reordered: they take a time of their own and may be overtaken.
//!
//! **Invariant:** every message draws the same numbers, whatever becomes of it, so that a cut link changes nothing about
//! the messages on others.

mod latency;

use glassbase_trace::sorted::{SortedMap, SortedSet};

pub use latency::{LATENCY_MAX_NS, Latency};

use super::Generator;
use glassbase_trace::{DropReason, NodeId};

/// What a message is, to the network and to the trace.
pub trait Wire {
    /// A word: "append-entries".
    fn kind(&self) -> &'static str;
    /// How long it is, about.
    fn bytes(&self) -> u32;
    /// Its content in a few words, for people: "term 3, entries 4 to 6".
    fn text(&self) -> String;
}

/// What a link is like.
#[derive(Clone, Debug, PartialEq)]
pub struct Quality {
    pub latency: Latency,
    /// Share of messages that are lost, that arrive twice, that may be overtaken: from 0 to 1.
    pub loss: f64,
    pub duplication: f64,
    pub reordering: f64,
    /// 0: as much as one likes.
    pub bytes_per_s: u64,
}

impl Default for Quality {
    /// A local network: half a millisecond, give or take.
    fn default() -> Quality {
        let latency = Latency::Uniform { from_ns: 400_000, to_ns: 600_000 };
        Quality { latency, loss: 0.0, duplication: 0.0, reordering: 0.0, bytes_per_s: 0 }
    }
}

impl Quality {
    pub fn check(&self) -> Result<(), String> {
        for (name, share) in [("loss", self.loss), ("duplication", self.duplication), ("reordering", self.reordering)] {
            if !(0.0..=1.0).contains(&share) {
                return Err(format!("{name} is a share of the messages, from 0 to 1"));
            }
        }
        self.latency.check()
    }
}

/// What somebody wants done with the next messages of a kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Which messages: none means any.
    pub from: Option<NodeId>,
    pub to: Option<NodeId>,
    pub kind: Option<Box<str>>,
    pub action: RuleAction,
    /// How many more.
    pub left: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleAction {
    Drop,
    Delay { ns: u64 },
    Duplicate,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    At(u64),
    /// It arrives twice.
    Twice(u64, u64),
    /// It would have arrived at that time.
    Lost(DropReason, u64),
}

/// All links.
#[derive(Clone, Debug)]
pub struct Network {
    quality: Quality,
    /// Links that are not like the others.
    special: SortedMap<(NodeId, NodeId), Quality>,
    cut: SortedSet<(NodeId, NodeId)>,
    pub rules: Vec<Rule>,
    lines: Lines,
    random: Generator,
}

/// What is known of each link: until when it is busy sending, and when its latest message arrives.
#[derive(Clone, Debug, Default)]
struct Lines(Vec<Vec<(u64, u64)>>);

impl Lines {
    fn at(&mut self, from: NodeId, to: NodeId) -> &mut (u64, u64) {
        // Nodes and clients each count from 1: even places are nodes, odd ones clients.
        let place = |node: NodeId| usize::from(node.number()) * 2 + usize::from(node.is_client());
        let (from, to) = (place(from), place(to));
        if self.0.len() <= from {
            self.0.resize_with(from + 1, Vec::new);
        }
        let row = &mut self.0[from];
        if row.len() <= to {
            row.resize(to + 1, (0, 0));
        }
        &mut row[to]
    }
}

impl Network {
    pub fn new(seed: u64, quality: Quality) -> Network {
        let (special, cut) = (SortedMap::new(), SortedSet::new());
        let random = Generator::new(seed, "network");
        Network { quality, special, cut, rules: Vec::new(), lines: Lines::default(), random }
    }

    pub fn quality(&self, from: NodeId, to: NodeId) -> &Quality {
        self.special.get(&(from, to)).unwrap_or(&self.quality)
    }

    /// What all links are like that are not special.
    pub fn set_quality(&mut self, quality: Quality) {
        self.quality = quality;
    }

    /// What one link is like, in one direction.
    pub fn set_link(&mut self, from: NodeId, to: NodeId, quality: Quality) {
        self.special.insert((from, to), quality);
    }

    /// Cuts a link in one direction.
    pub fn cut(&mut self, from: NodeId, to: NodeId) {
        self.cut.insert((from, to));
    }

    pub fn mend(&mut self, from: NodeId, to: NodeId) {
        self.cut.remove(&(from, to));
    }

    /// All links are whole again.
    pub fn heal(&mut self) {
        self.cut.clear();
    }

    pub fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        !self.cut.is_empty() && self.cut.contains(&(from, to))
    }

    /// The links that are cut, in order.
    pub fn cuts(&self) -> impl Iterator<Item = (NodeId, NodeId)> {
        self.cut.iter().copied()
    }

    /// What becomes of a message that leaves at `sent_ns`.
    pub fn route(&mut self, sent_ns: u64, from: NodeId, to: NodeId, bytes: u32, kind: &'static str) -> Fate {
        let Network { quality, special, cut, rules, lines, random } = self;
        let quality = if special.is_empty() { &*quality } else { special.get(&(from, to)).unwrap_or(quality) };
        let is_chance = |share: f64, random: &mut Generator| share > 0.0 && random.chance(share);
        let mut takes_ns = quality.latency.sample(random);
        let is_lost = is_chance(quality.loss, random);
        let mut is_twice = is_chance(quality.duplication, random);
        let is_free = is_chance(quality.reordering, random);
        let again_ns = if is_twice || is_free { quality.latency.sample(random) } else { 0 };
        let line = lines.at(from, to);
        let leaves_ns = sent_ns.max(line.0);
        if quality.bytes_per_s > 0 {
            let sending_ns = u128::from(bytes) * 1_000_000_000 / u128::from(quality.bytes_per_s);
            takes_ns = takes_ns.saturating_add(sending_ns as u64);
            line.0 = leaves_ns.saturating_add(sending_ns as u64);
        }
        let mut is_dropped = false;
        if !rules.is_empty()
            && let Some(action) = take_rule(rules, from, to, kind)
        {
            match action {
                RuleAction::Drop => is_dropped = true,
                RuleAction::Delay { ns } => takes_ns = takes_ns.saturating_add(ns),
                RuleAction::Duplicate => is_twice = true,
            }
        }
        let due_ns = leaves_ns.saturating_add(takes_ns);
        if !cut.is_empty() && cut.contains(&(from, to)) {
            return Fate::Lost(DropReason::Partition, due_ns);
        }
        if is_dropped || is_lost {
            return Fate::Lost(if is_dropped { DropReason::Asked } else { DropReason::Loss }, due_ns);
        }
        if is_free {
            return Fate::At(due_ns.saturating_add(again_ns));
        }
        let due_ns = due_ns.max(line.1);
        line.1 = due_ns;
        if is_twice { Fate::Twice(due_ns, due_ns.saturating_add(again_ns)) } else { Fate::At(due_ns) }
    }
}

/// The action of the first rule that a message falls under; a rule that is used up goes.
#[cold]
fn take_rule(rules: &mut Vec<Rule>, from: NodeId, to: NodeId, kind: &str) -> Option<RuleAction> {
    let is_it = |rule: &Rule| {
        rule.from.is_none_or(|node| node == from)
            && rule.to.is_none_or(|node| node == to)
            && rule.kind.as_deref().is_none_or(|word| word == kind)
    };
    let at = rules.iter().position(is_it)?;
    let action = rules[at].action;
    rules[at].left = rules[at].left.saturating_sub(1);
    if rules[at].left == 0 {
        rules.remove(at);
    }
    Some(action)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: NodeId = NodeId(1);
    const B: NodeId = NodeId(2);

    fn fates(quality: Quality, count: usize) -> Vec<Fate> {
        let mut network = Network::new(3, quality);
        (0..count).map(|index| network.route(index as u64, A, B, 100, "ping")).collect()
    }

    #[test]
    fn messages_of_a_link_arrive_in_order_unless_reordered() {
        let wide = Latency::Uniform { from_ns: 0, to_ns: 1_000_000 };
        let times = |reordering: f64| -> Vec<u64> {
            let quality = Quality { latency: wide.clone(), reordering, ..Quality::default() };
            let at = |fate: Fate| if let Fate::At(time) = fate { time } else { panic!("{fate:?}") };
            fates(quality, 200).into_iter().map(at).collect()
        };
        assert!(times(0.0).is_sorted());
        assert!(!times(0.3).is_sorted());
    }

    #[test]
    fn shares_are_what_they_say() {
        let share = |fates: &[Fate], is: fn(&Fate) -> bool| fates.iter().filter(|fate| is(fate)).count();
        let lost = fates(Quality { loss: 0.25, ..Quality::default() }, 4000);
        assert!((900..1100).contains(&share(&lost, |fate| matches!(fate, Fate::Lost(DropReason::Loss, _)))));
        let twice = fates(Quality { duplication: 0.5, ..Quality::default() }, 4000);
        assert!((1900..2100).contains(&share(&twice, |fate| matches!(fate, Fate::Twice(..)))));
    }

    #[test]
    fn a_cut_link_changes_nothing_on_others_and_is_cut_one_way() {
        let run = |cut: bool| {
            let mut network = Network::new(1, Quality { loss: 0.2, ..Quality::default() });
            if cut {
                network.cut(A, B);
            }
            let there: Vec<Fate> = (0..50).map(|time| network.route(time, A, B, 1, "x")).collect();
            let back: Vec<Fate> = (0..50).map(|time| network.route(time, B, A, 1, "x")).collect();
            (there, back)
        };
        let ((_, whole), (there, back)) = (run(false), run(true));
        assert!(there.iter().all(|fate| matches!(fate, Fate::Lost(DropReason::Partition, _))));
        assert_eq!(whole, back);
    }

    #[test]
    fn a_narrow_link_makes_messages_wait() {
        let quality = Quality { latency: Latency::Fixed { ns: 10 }, bytes_per_s: 1_000_000_000, ..Quality::default() };
        let mut network = Network::new(1, quality);
        assert_eq!(network.route(0, A, B, 100, "x"), Fate::At(110));
        assert_eq!(network.route(0, A, B, 100, "x"), Fate::At(210));
        assert_eq!(network.route(0, B, A, 100, "x"), Fate::At(110), "the other way is free");
    }

    #[test]
    fn a_rule_is_for_so_many_messages_of_its_kind() {
        let mut network = Network::new(1, Quality { latency: Latency::Fixed { ns: 10 }, ..Quality::default() });
        let (to, kind) = (Some(B), Some("vote".into()));
        network.rules.push(Rule { from: None, to, kind, action: RuleAction::Drop, left: 1 });
        assert_eq!(network.route(0, A, B, 1, "append"), Fate::At(10));
        assert_eq!(network.route(0, A, B, 1, "vote"), Fate::Lost(DropReason::Asked, 10));
        assert_eq!(network.route(0, A, B, 1, "vote"), Fate::At(10));
        assert!(network.rules.is_empty());
    }
}
