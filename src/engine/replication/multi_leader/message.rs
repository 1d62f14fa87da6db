//! What leaders send each other.

use std::rc::Rc;

use super::value::Value;
use crate::message::Wire;
use crate::versions::{Dot, VersionVector};
use crate::wording::counted;
use glassbase_trace::Bytes;

/// A change: the `dot.count`-th of its leader.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub dot: Dot,
    /// The changes that its leader had when it made it.
    pub after: VersionVector,
    pub key: Bytes,
    /// To be merged into what is there.
    pub value: Value,
    /// What was asked, for people.
    pub text: Rc<str>,
}

/// Everything that a node has.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub have: VersionVector,
    pub values: Vec<(Bytes, Value)>,
}

#[derive(Clone, Debug)]
pub enum Message {
    /// Changes; `more`: there are others that the receiver misses, and may ask for.
    Changes {
        changes: Rc<[Rc<Change>]>,
        more: bool,
    },
    /// Which changes the sender has.
    Have(Rc<VersionVector>),
    State(Rc<State>),
}

impl Change {
    pub fn length(&self) -> u32 {
        let mut bytes = Vec::new();
        self.value.encode(&mut bytes);
        (20 + self.key.len() + bytes.len()) as u32
    }
}

impl Wire for Message {
    fn kind(&self) -> &'static str {
        match self {
            Message::Changes { .. } => "changes",
            Message::Have(_) => "have",
            Message::State(_) => "state",
        }
    }

    fn bytes(&self) -> u32 {
        32 + match self {
            Message::Changes { changes, .. } => changes.iter().map(|change| change.length()).sum(),
            Message::Have(have) => have.to_bytes().len() as u32,
            Message::State(state) => {
                let mut bytes = Vec::new();
                state.values.iter().for_each(|(_, value)| value.encode(&mut bytes));
                (bytes.len() + state.values.iter().map(|(key, _)| key.len()).sum::<usize>()) as u32
            }
        }
    }

    fn text(&self) -> String {
        match self {
            Message::Changes { changes, .. } => match &changes[..] {
                [change] => format!("{}  {}", change.dot.text(), change.text),
                [first, .., last] => format!("{} to {}: {} changes", first.dot.text(), last.dot.text(), changes.len()),
                [] => "none".to_string(),
            },
            Message::Have(have) => have.text(),
            Message::State(state) => format!("{}, up to {}", counted(state.values.len(), "key"), state.have.text()),
        }
    }
}
