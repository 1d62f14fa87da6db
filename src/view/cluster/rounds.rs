//! Rounds of questions: a node asks several others and waits until enough have answered.
//!
//! ```text
//!   n1 ─ read ─▶ n2, n3, n4        asked     ○ ○ ○
//!      ◀─ have ─ n3                          ○ ● ○
//!      ◀─ have ─ n2                          ● ● ○   and the note "read": R have answered
//! ```
//!
//! The questions of one kind that a node sends at one moment are a round. An answer is that to the oldest question of its
//! kind that its sender has not answered: so it is as long as links keep their order, and near enough when they do not.

use std::rc::Rc;

use super::tenor::says_no;
use glassbase_trace::NodeId;

/// What is asked, what is answered, and the note that enough have.
const PAIRS: &[(&str, &[&str], &str)] = &[
    ("read", &["have"], "read"),
    ("write", &["written"], "written"),
    ("vote-request", &["vote"], "elected"),
    ("pre-vote-request", &["pre-vote"], "pre-vote-won"),
    ("prepare", &["promise", "promised"], "majority-promised"),
    ("accept", &["accepted"], "chosen"),
];

/// Rounds that are remembered.
const ROUNDS_MAX: usize = 48;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    Awaited,
    Yes,
    No,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    pub node: NodeId,
    pub kind: Rc<str>,
    pub begun_ns: u64,
    /// Who was asked, and what it has answered.
    pub asked: Vec<(NodeId, Reply)>,
    /// Enough have answered.
    pub reached: bool,
}

/// The rounds of late, the newest last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rounds {
    rounds: Vec<Rc<Round>>,
}

/// Whether a message is an answer of a round.
pub fn is_answer(kind: &str) -> bool {
    PAIRS.iter().any(|(_, answers, _)| answers.contains(&kind))
}

impl Rounds {
    pub fn sent(&mut self, from: NodeId, to: NodeId, kind: &Rc<str>, ns: u64) {
        if from.is_client() || to.is_client() || !PAIRS.iter().any(|(asks, ..)| **asks == **kind) {
            return;
        }
        let same = |round: &Rc<Round>| round.node == from && round.kind == *kind && round.begun_ns == ns;
        match self.rounds.iter_mut().rev().find(|round| same(round)) {
            Some(round) => Rc::make_mut(round).asked.push((to, Reply::Awaited)),
            None => {
                if self.rounds.len() == ROUNDS_MAX {
                    self.rounds.remove(0);
                }
                let round = Round {
                    node: from,
                    kind: kind.clone(),
                    begun_ns: ns,
                    asked: vec![(to, Reply::Awaited)],
                    reached: false,
                };
                self.rounds.push(Rc::new(round));
            }
        }
    }

    /// An answer from `from` has come to `to`.
    pub fn answered(&mut self, from: NodeId, to: NodeId, kind: &str, text: &str) {
        let Some((asks, ..)) = PAIRS.iter().find(|(_, answers, _)| answers.contains(&kind)) else { return };
        let is_awaited = |round: &Round| round.asked.contains(&(from, Reply::Awaited));
        let waits = |round: &Round| round.node == to && *round.kind == **asks && is_awaited(round);
        let reply = if says_no(text) { Reply::No } else { Reply::Yes };
        if let Some(round) = self.rounds.iter_mut().find(|round| waits(round)) {
            for (node, known) in &mut Rc::make_mut(round).asked {
                if *node == from {
                    *known = reply;
                }
            }
        }
    }

    /// A node has noted that enough have answered.
    pub fn noted(&mut self, node: NodeId, topic: &str) {
        let Some((asks, ..)) = PAIRS.iter().find(|(_, _, reached)| *reached == topic) else { return };
        let waits = |round: &Round| round.node == node && *round.kind == **asks && !round.reached;
        if let Some(round) = self.rounds.iter_mut().find(|round| waits(round)) {
            Rc::make_mut(round).reached = true;
        }
    }

    /// The round that a node has begun last.
    pub fn latest(&self, node: NodeId) -> Option<&Round> {
        self.rounds.iter().rev().find(|round| round.node == node).map(|round| &**round)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_light_up_one_by_one_until_enough_have_come() {
        let mut rounds = Rounds::default();
        let n = NodeId;
        for to in 2..=4 {
            rounds.sent(n(1), n(to), &"read".into(), 5);
        }
        rounds.sent(n(2), n(1), &"have".into(), 6);
        rounds.answered(n(3), n(1), "have", "x = 1");
        let asked = |rounds: &Rounds| rounds.latest(n(1)).unwrap().asked.clone();
        assert_eq!(asked(&rounds), [(n(2), Reply::Awaited), (n(3), Reply::Yes), (n(4), Reply::Awaited)]);
        rounds.answered(n(3), n(1), "written", "");
        rounds.answered(n(2), n(1), "have", "no, not I");
        assert!(!rounds.latest(n(1)).unwrap().reached);
        rounds.noted(n(1), "read");
        assert!(rounds.latest(n(1)).unwrap().reached);
        assert_eq!(asked(&rounds), [(n(2), Reply::No), (n(3), Reply::Yes), (n(4), Reply::Awaited)]);
        assert!(rounds.latest(n(2)).is_none() && is_answer("have") && !is_answer("read"));
    }
}
