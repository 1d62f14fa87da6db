//! What must hold of a Paxos cluster at every step, checked by somebody who sees all its nodes.
//!
//! | property | how it is checked |
//! |---|---|
//! | validity | what an acceptor accepts was asked by a client; a sequence may have no-ops too |
//! | one value per ballot | per instance and ballot, all acceptors accept the same value |
//! | promises | no acceptor accepts a ballot lower than one it has promised, crashes or not |
//! | agreement | once a quorum has accepted a value, no quorum ever accepts another one |
//! | learning | what a node says is chosen has been accepted by a quorum |
//!
//! ```text
//!   instance 4   ballot 1.n1   x = 1   accepted by n1
//!                ballot 2.n3   x = 3   accepted by n2 n3     a quorum: chosen, whether anybody knows it or not
//!                ballot 3.n1   x = 1   accepted by n1 n2     a quorum: agreement does not hold
//! ```
//!
//! The watch is shown a node after each of its steps and looks at what it has just accepted and learned. What the watch
//! knows does not end with a node: a crash loses nothing of it.

use glassbase_trace::sorted::{SortedMap, SortedSet};
use std::any::Any;
use std::fmt;

use super::super::cluster;
use super::super::raft::entry::names;
use super::message::{Ballot, Proposal, Value, ValueId};
use super::options::Cast;
use super::{Acceptor, Decree, Multi, Options, Single};
use glassbase_trace::NodeId;

/// What can be violated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Property {
    Validity,
    OneValuePerBallot,
    Promises,
    Agreement,
    Learning,
}

/// A property that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub property: Property,
    pub node: NodeId,
    pub instance: u64,
    pub text: String,
}

impl Property {
    pub fn word(self) -> &'static str {
        match self {
            Property::Validity => "validity",
            Property::OneValuePerBallot => "one value per ballot",
            Property::Promises => "promises",
            Property::Agreement => "agreement",
            Property::Learning => "learning",
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.property.word(), self.text)
    }
}

/// A proposal that some have accepted.
#[derive(Clone, Debug)]
struct Ballots {
    ballot: Ballot,
    value: Value,
    by: Vec<NodeId>,
}

/// What is known of an instance.
#[derive(Clone, Debug, Default)]
struct Instance {
    /// The value that a quorum has accepted, and in which ballot.
    chosen: Option<(Ballot, Value)>,
    /// Proposals that may yet break something: all of them, until one is chosen; then those of other values.
    open: Vec<Ballots>,
}

/// Watches a cluster.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Given by the settings; whom it takes for acceptors is who accepts.
    options: Options,
    quorum: usize,
    asked: SortedSet<ValueId>,
    promised: SortedMap<NodeId, Ballot>,
    instances: SortedMap<u64, Instance>,
    /// Up to which instance a node's log was compared.
    learned: SortedMap<NodeId, u64>,
}

impl Watch {
    pub fn new(options: &Options) -> Watch {
        Watch {
            options: options.clone(),
            quorum: 0,
            asked: SortedSet::new(),
            promised: SortedMap::new(),
            instances: SortedMap::new(),
            learned: SortedMap::new(),
        }
    }

    /// The value that a quorum has accepted for an instance, whether anybody knows it or not.
    pub fn chosen(&self, instance: u64) -> Option<&Value> {
        self.instances.get(&instance)?.chosen.as_ref().map(|(_, value)| value)
    }

    /// For how many instances a value is chosen.
    pub fn chosen_count(&self) -> usize {
        self.instances.values().filter(|instance| instance.chosen.is_some()).count()
    }

    /// A node has crashed: what it comes up with is looked at anew.
    pub fn forget(&mut self, node: NodeId) {
        self.learned.remove(&node);
    }

    /// Looks at a node after a step of it.
    pub fn look(&mut self, id: NodeId, state: &dyn Any) -> Result<(), Violation> {
        if let Some(single) = state.downcast_ref::<Single>() {
            let learned = single.chosen().map_or(&[][..], std::slice::from_ref);
            self.compare(id, &single.cast, single.asked, &single.acceptor, (0, learned))
        } else if let Some(multi) = state.downcast_ref::<Multi>() {
            self.compare(id, &multi.cast, multi.asked, &multi.acceptor, (multi.cut(), multi.log()))
        } else {
            Ok(())
        }
    }

    fn compare(
        &mut self,
        id: NodeId,
        cast: &Cast,
        asked: ValueId,
        acceptor: &Acceptor,
        (cut, learned): (u64, &[Value]),
    ) -> Result<(), Violation> {
        self.quorum = cast.accept_quorum;
        if asked.is_some() {
            self.asked.insert(asked);
        }
        for proposal in acceptor.fresh() {
            self.accepts(id, proposal)?;
            self.keeps_promise(id, proposal)?;
        }
        let promised = self.promised.entry(id).or_default();
        *promised = acceptor.promised().max(*promised);
        let known = self.learned.get(&id).copied().unwrap_or(0);
        for (instance, value) in (cut + 1..).zip(learned).skip(known.saturating_sub(cut) as usize) {
            self.learns(id, instance, value)?;
        }
        self.learned.insert(id, cut + learned.len() as u64);
        Ok(())
    }

    /// A node has accepted a proposal.
    fn accepts(&mut self, id: NodeId, proposal: &Proposal) -> Result<(), Violation> {
        let Proposal { ballot, instance, value } = proposal;
        let fails = |property, text| Err(Violation { property, node: id, instance: *instance, text });
        let is_known = match value.id() {
            None => self.options.decree == Decree::Multi,
            id => self.asked.contains(&id),
        };
        if !is_known {
            let text = format!("{id} accepted {} for instance {instance}, which nobody has asked for", value.text());
            return fails(Property::Validity, text);
        }
        let known = self.instances.entry(*instance).or_default();
        let chosen = known.chosen.as_ref().filter(|(_, chosen)| chosen.id() == value.id());
        if chosen.is_some() {
            return Ok(());
        }
        let at = known.open.iter().position(|open| open.ballot == *ballot).unwrap_or_else(|| {
            known.open.push(Ballots { ballot: *ballot, value: value.clone(), by: Vec::new() });
            known.open.len() - 1
        });
        let open = &mut known.open[at];
        if open.value.id() != value.id() {
            let (one, other, by) = (open.value.text(), value.text(), names(&open.by));
            let text = format!("ballot {ballot} has {one} for instance {instance} at {by}, and {other} at {id}");
            return fails(Property::OneValuePerBallot, text);
        }
        if !open.by.contains(&id) {
            open.by.push(id);
        }
        if open.by.len() < self.quorum {
            return Ok(());
        }
        if let Some((first, chosen)) = &known.chosen {
            let (by, value, chosen) = (names(&open.by), value.text(), chosen.text());
            let text = format!(
                "{by} have accepted {value} in ballot {ballot} for instance {instance}, for which ballot {first} had chosen {chosen}"
            );
            return fails(Property::Agreement, text);
        }
        known.chosen = Some((*ballot, value.clone()));
        known.open.retain(|open| open.value.id() != value.id());
        Ok(())
    }

    fn keeps_promise(&self, id: NodeId, proposal: &Proposal) -> Result<(), Violation> {
        let Proposal { ballot, instance, .. } = *proposal;
        let promised = self.promised.get(&id).copied().unwrap_or_default();
        if ballot >= promised {
            return Ok(());
        }
        let text = format!("{id} accepted ballot {ballot} for instance {instance} after it had promised {promised}");
        Err(Violation { property: Property::Promises, node: id, instance, text })
    }

    /// A node says that a value is chosen.
    fn learns(&mut self, id: NodeId, instance: u64, value: &Value) -> Result<(), Violation> {
        let chosen = self.chosen(instance);
        if chosen.is_some_and(|chosen| chosen.id() == value.id()) {
            return Ok(());
        }
        let value = value.text();
        let really = chosen
            .map_or("nothing is chosen there yet".to_string(), |chosen| format!("{} was chosen there", chosen.text()));
        let text = format!("{id} has learned {value} for instance {instance}, but {really}");
        Err(Violation { property: Property::Learning, node: id, instance, text })
    }
}

impl cluster::Watch for Watch {
    fn after(&mut self, node: NodeId, state: &dyn Any) -> Result<(), String> {
        self.look(node, state).map_err(|violation| violation.to_string())
    }

    fn crashed(&mut self, node: NodeId) {
        self.forget(node);
    }

    fn clone_box(&self) -> Box<dyn cluster::Watch> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::super::super::message::{Call, Consistency, Request, RequestId};
    use super::*;
    use glassbase_trace::Bytes;

    fn value(id: u64) -> Value {
        let (key, context) = (Bytes::typed("x"), Bytes::default());
        let (call, consistency) = (Call::Put(Bytes::number(id)), Consistency::Default);
        Value::Command(NodeId::client(1), Rc::new(Request { id: RequestId(id), key, call, consistency, context }))
    }

    fn proposal(round: u64, value: &Value) -> Proposal {
        Proposal { ballot: Ballot { round, node: NodeId(1) }, instance: 1, value: value.clone() }
    }

    /// Three acceptors; values 1 to 3 were asked for.
    fn watch(decree: Decree) -> Watch {
        let options = Options { decree, ..Options::default() };
        let asked = (1..=3).map(|id| value(id).id()).collect();
        Watch { quorum: 2, asked, ..Watch::new(&options) }
    }

    fn found(result: Result<(), Violation>) -> Option<Property> {
        result.err().map(|violation| violation.property)
    }

    #[test]
    fn each_property_can_be_violated() {
        let (one, two) = (value(1), value(2));
        let mut single = watch(Decree::Single);
        assert_eq!(found(single.accepts(NodeId(1), &proposal(1, &value(9)))), Some(Property::Validity));
        assert_eq!(found(single.accepts(NodeId(1), &proposal(1, &Value::Nothing))), Some(Property::Validity));
        assert_eq!(found(watch(Decree::Multi).accepts(NodeId(1), &proposal(1, &Value::Nothing))), None);

        assert_eq!(found(single.accepts(NodeId(1), &proposal(1, &one))), None);
        assert_eq!(found(single.accepts(NodeId(2), &proposal(1, &two))), Some(Property::OneValuePerBallot));
        assert_eq!(found(single.learns(NodeId(2), 1, &one)), Some(Property::Learning), "one of three has it");

        single.promised.insert(NodeId(2), Ballot { round: 5, node: NodeId(1) });
        assert_eq!(found(single.keeps_promise(NodeId(2), &proposal(4, &two))), Some(Property::Promises));
        assert_eq!(found(single.keeps_promise(NodeId(2), &proposal(5, &two))), None);

        assert_eq!(found(single.accepts(NodeId(3), &proposal(1, &one))), None);
        assert_eq!(single.chosen(1).map(Value::id), Some(one.id()));
        assert_eq!(found(single.learns(NodeId(2), 1, &one)), None);
        assert_eq!(found(single.learns(NodeId(2), 1, &two)), Some(Property::Learning));
        assert_eq!(found(single.accepts(NodeId(2), &proposal(6, &one))), None, "the same value again does no harm");
        assert_eq!(found(single.accepts(NodeId(2), &proposal(7, &two))), None, "one acceptor chooses nothing");
        assert_eq!(found(single.accepts(NodeId(3), &proposal(7, &two))), Some(Property::Agreement));
    }
}
