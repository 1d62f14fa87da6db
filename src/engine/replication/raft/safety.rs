//! What must hold of a Raft cluster at every step, checked by somebody who sees all its nodes.
//!
//! The five properties of the paper (figure 3):
//!
//! | property | how it is checked |
//! |---|---|
//! | election safety | per term, the node that led it is remembered: no other may |
//! | leader append-only | while a node leads a term, nothing of its log is taken back |
//! | log matching | each entry has a digest of itself and all before it; per index and term there is one digest |
//! | leader completeness | a leader's digest is that of the committed log, as far as that was committed in earlier terms |
//! | state machine safety | whatever a node applies is the committed log |
//!
//! ```text
//!   index        1     2     3     4
//!   entry        a     b     c     d            digest of 3 = mix(digest of 2, term, c)
//!   digest       ●─────●─────●─────●            two logs with the same digest at 3 are the same up to 3
//!                            ▲
//!                            committed, in term 7: every leader of a later term has this digest at 3
//! ```
//!
//! The watch is shown a node after each of its steps and looks at what has changed: a step that changes nothing costs a few
//! comparisons. What it knows does not end with a node: a crash loses nothing of it.

use glassbase_trace::sorted::SortedMap;
use std::fmt;

use super::Raft;
use super::entry::{Entry, Payload};
use glassbase_trace::NodeId;

/// One of the five.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Property {
    ElectionSafety,
    LeaderAppendOnly,
    LogMatching,
    LeaderCompleteness,
    StateMachineSafety,
}

/// A property that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub property: Property,
    /// Those that are at odds; the one that was shown last is the first.
    pub nodes: Vec<NodeId>,
    pub index: u64,
    pub term: u64,
    pub text: String,
}

impl Property {
    pub fn word(self) -> &'static str {
        match self {
            Property::ElectionSafety => "election safety",
            Property::LeaderAppendOnly => "leader append-only",
            Property::LogMatching => "log matching",
            Property::LeaderCompleteness => "leader completeness",
            Property::StateMachineSafety => "state machine safety",
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.property.word(), self.text)
    }
}

/// What is known of a node's log.
#[derive(Clone, Debug, Default)]
struct Known {
    /// Index of the entry before the first one below, and the digests from there on: the base's first.
    start: u64,
    digests: Vec<u64>,
    taken_back: u64,
    leads: Option<u64>,
    applied: u64,
    committed: u64,
}

/// A committed entry.
#[derive(Clone, Copy, Debug)]
struct Committed {
    /// None if the entry was cut off before anybody was seen with it.
    digest: Option<u64>,
    /// The entry's own term, and the first term in which it was committed.
    term: u64,
    in_term: u64,
    by: NodeId,
}

/// Watches a cluster.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    nodes: SortedMap<NodeId, Known>,
    leaders: SortedMap<u64, NodeId>,
    /// Digest by index and term, and who was seen with it first.
    entries: SortedMap<(u64, u64), (u64, NodeId)>,
    /// From index 1 on.
    committed: Vec<Committed>,
}

impl Watch {
    pub fn new() -> Watch {
        Watch::default()
    }

    /// A node has crashed: what it comes up with is new.
    pub fn forget(&mut self, node: NodeId) {
        self.nodes.remove(&node);
    }

    /// How many entries are known to be committed.
    pub fn committed(&self) -> u64 {
        self.committed.len() as u64
    }

    /// Looks at a node after a step of it.
    pub fn look(&mut self, id: NodeId, node: &Raft) -> Result<(), Violation> {
        let mut known = self.nodes.remove(&id).unwrap_or_default();
        let result = self.compare(id, node, &mut known);
        self.nodes.insert(id, known);
        result
    }

    fn compare(&mut self, id: NodeId, node: &Raft, known: &mut Known) -> Result<(), Violation> {
        let term = node.term();
        let leads = node.is_leader().then_some(term);
        let was_leader = known.leads == leads && leads.is_some();
        if was_leader && (node.log.taken_back != known.taken_back || node.log.last_index() < known.last()) {
            let text = format!("{id} leads term {term} and took back entries of its log");
            return Err(violation(Property::LeaderAppendOnly, &[id], node.log.last_index(), term, text));
        }
        self.learn_log(id, node, known)?;
        // First what it was elected with: what it commits and applies rests on that.
        if let Some(term) = leads.filter(|_| !was_leader) {
            self.learn_leader(id, node, term, known)?;
        }
        if node.committed() > known.committed {
            self.learn_committed(id, node, known)?;
        }
        if node.applied() > known.applied {
            self.check_applied(id, node, known)?;
        }
        known.cut(node.log.start());
        known.leads = leads;
        Ok(())
    }

    /// Takes in what is new in a node's log: its end, and all of it where something was taken back.
    fn learn_log(&mut self, id: NodeId, node: &Raft, known: &mut Known) -> Result<(), Violation> {
        let log = &node.log;
        let (start, last) = (log.start(), log.last_index());
        if log.taken_back != known.taken_back || start < known.start || start > known.last() || known.digests.is_empty()
        {
            // The base is an entry that some log had, so its digest is known; the empty log's is 0.
            let base = self.entries.get(&(start, log.term(start).unwrap_or(0))).map_or(0, |(digest, _)| *digest);
            known.start = start;
            known.digests.clear();
            known.digests.push(base);
            known.taken_back = log.taken_back;
        }
        for index in known.last() + 1..=last {
            let Some(entry) = log.get(index) else { break };
            let digest = mix(known.digests[known.digests.len() - 1], entry);
            known.digests.push(digest);
            let (first, by) = *self.entries.entry((index, entry.term)).or_insert((digest, id));
            if first != digest {
                let term = entry.term;
                let text = format!("{id} and {by} have an entry {index} of term {term}, and differ there or before it");
                return Err(violation(Property::LogMatching, &[id, by], index, term, text));
            }
        }
        Ok(())
    }

    fn learn_committed(&mut self, id: NodeId, node: &Raft, known: &mut Known) -> Result<(), Violation> {
        for index in self.committed() + 1..=node.committed() {
            let digest = known.digest(index);
            let term = node.log.term(index).unwrap_or(0);
            self.committed.push(Committed { digest, term, in_term: node.term(), by: id });
            self.check_later_leaders(id, index)?;
        }
        known.committed = node.committed();
        Ok(())
    }

    /// An entry was committed in a term: whoever leads a later one already has it.
    fn check_later_leaders(&self, id: NodeId, index: u64) -> Result<(), Violation> {
        let committed = self.committed[index as usize - 1];
        for (other, known) in &self.nodes {
            let Some(term) = known.leads.filter(|term| *term > committed.in_term) else { continue };
            if known.start < index && committed.digest.is_some() && known.digest(index) != committed.digest {
                return Err(self.incomplete(*other, term, index, id));
            }
        }
        Ok(())
    }

    /// What was applied is what is committed.
    fn check_applied(&mut self, id: NodeId, node: &Raft, known: &mut Known) -> Result<(), Violation> {
        let applied = node.applied();
        let first = (known.applied + 1).max(known.start);
        known.applied = applied;
        for index in first.max(1)..=applied.min(self.committed()) {
            let committed = self.committed[index as usize - 1];
            if known.digest(index).zip(committed.digest).is_some_and(|(own, committed)| own != committed) {
                let by = committed.by;
                let own = node.log.term(index).unwrap_or(0);
                let text = format!(
                    "{id} applied an entry {index} of term {own}, {by} had one of term {} there that was committed",
                    committed.term
                );
                return Err(violation(Property::StateMachineSafety, &[id, by], index, own, text));
            }
        }
        Ok(())
    }

    fn learn_leader(&mut self, id: NodeId, node: &Raft, term: u64, known: &Known) -> Result<(), Violation> {
        let other = *self.leaders.entry(term).or_insert(id);
        if other != id {
            let text = format!("{id} and {other} both lead term {term}");
            return Err(violation(Property::ElectionSafety, &[id, other], node.log.last_index(), term, text));
        }
        // Terms of commits ascend with the index. Equal digests at the last place mean equal logs up to it.
        let count = self.committed.partition_point(|committed| committed.in_term < term);
        let Some(last) = count.checked_sub(1).map(|at| self.committed[at]) else { return Ok(()) };
        let is_missing = |index: u64| {
            let digest = self.committed[index as usize - 1].digest;
            digest.is_some() && known.digest(index) != digest
        };
        if (count as u64) < known.start || known.digest(count as u64) == last.digest {
            return Ok(());
        }
        let missing = (known.start.max(1)..=count as u64).find(|index| is_missing(*index));
        let Some(index) = missing else { return Ok(()) };
        Err(self.incomplete(id, term, index, self.committed[index as usize - 1].by))
    }

    fn incomplete(&self, leader: NodeId, term: u64, index: u64, by: NodeId) -> Violation {
        let committed = self.committed[index as usize - 1];
        let text = format!(
            "{leader} leads term {term} without entry {index} of term {}, which {by} committed in term {}",
            committed.term, committed.in_term
        );
        violation(Property::LeaderCompleteness, &[leader, by], index, term, text)
    }
}

impl Known {
    fn last(&self) -> u64 {
        self.start + (self.digests.len() as u64).saturating_sub(1)
    }

    /// Forgets what the node has cut off its log. What it committed in the same step was looked at before.
    fn cut(&mut self, start: u64) {
        if start > self.start {
            self.digests.drain(..((start - self.start) as usize).min(self.digests.len()));
            self.start = start;
        }
    }

    fn digest(&self, index: u64) -> Option<u64> {
        self.digests.get(index.checked_sub(self.start)? as usize).copied()
    }
}

fn violation(property: Property, nodes: &[NodeId], index: u64, term: u64, text: String) -> Violation {
    Violation { property, nodes: nodes.to_vec(), index, term, text }
}

/// A digest of an entry and all before it. A request's number is never given twice, so it stands for its content.
fn mix(before: u64, entry: &Entry) -> u64 {
    let mut digest = step(before ^ 0x9e37_79b9_7f4a_7c15, entry.term);
    match &entry.payload {
        Payload::Nothing => {}
        Payload::Command(client, request) => {
            digest = step(digest, 1 + u64::from(client.0));
            digest = step(digest, request.id.0);
        }
        Payload::Configuration(configuration) => {
            for list in [&configuration.voters, &configuration.old, &configuration.learners] {
                digest = step(digest, list.len() as u64);
                digest = list.iter().fold(digest, |digest, node| step(digest, u64::from(node.0)));
            }
        }
    }
    digest
}

/// Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014): the finalizer of SplitMix64.
fn step(digest: u64, word: u64) -> u64 {
    let mut z = digest.rotate_left(17).wrapping_add(word).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
