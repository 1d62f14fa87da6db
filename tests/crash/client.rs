//! What a client knows of an engine: what it asked for, and what it was told.
//!
//! Commits come in an order. Those that were acknowledged must survive; of those that were not, the first few may be
//! there, each of them whole:
//!
//! ```text
//!   commits    1   2   3   4   5
//!   told       ✓   ✓   ✓   -   -         allowed after a crash: 1-3, 1-4, 1-5
//! ```

use std::collections::{BTreeMap, VecDeque};

pub type Map = BTreeMap<Vec<u8>, Vec<u8>>;
/// Keys with their new values; none: removed.
pub type Writes = Vec<(Vec<u8>, Option<Vec<u8>>)>;

#[derive(Clone, Default)]
pub struct Client {
    /// Everything that must be there, then what may be there after each further commit.
    states: VecDeque<Map>,
    /// Commits that made `states[1..]`, by a name.
    names: VecDeque<u64>,
    /// The engine forgets what is old on its own, so records may be missing.
    forgets: bool,
}

impl Client {
    pub fn new() -> Client {
        Client { states: VecDeque::from([Map::new()]), names: VecDeque::new(), forgets: false }
    }

    /// The engine may drop records, as long as what it has is right.
    pub fn may_forget(&mut self) {
        self.forgets = true;
    }

    /// A commit was asked for.
    pub fn asked(&mut self, name: u64, writes: &Writes) {
        let mut state = self.newest().clone();
        apply(&mut state, writes);
        self.states.push_back(state);
        self.names.push_back(name);
    }

    /// The commit was refused: it is as if it had not been asked for. It is the newest.
    pub fn refused(&mut self, name: u64) {
        assert_eq!(self.names.pop_back(), Some(name));
        self.states.pop_back();
    }

    /// The commit is durable, and so are all before it.
    pub fn told(&mut self, name: u64) {
        if let Some(index) = self.names.iter().position(|known| *known == name) {
            self.names.drain(..=index);
            self.states.drain(..=index);
        }
    }

    /// The commits that nobody was told of yet.
    pub fn open(&self) -> impl Iterator<Item = u64> {
        self.names.iter().copied()
    }

    /// All commits, as if there had been no crash.
    pub fn newest(&self) -> &Map {
        &self.states[self.states.len() - 1]
    }

    /// Whether what was found is a state, or all of it that the engine has not forgotten.
    pub fn agrees(&self, state: &Map, found: &Map) -> bool {
        state == found || self.forgets && found.iter().all(|(key, value)| state.get(key) == Some(value))
    }

    /// Whether this may be there after a crash.
    pub fn allows(&self, found: &Map) -> Result<(), String> {
        if self.states.iter().any(|state| self.agrees(state, found)) {
            return Ok(());
        }
        let must = &self.states[0];
        let missing: Vec<_> = must.iter().filter(|(key, value)| found.get(*key) != Some(value)).collect();
        let strange: Vec<_> = found.iter().filter(|(key, value)| must.get(*key) != Some(value)).collect();
        let keys = |pairs: &[(&Vec<u8>, &Vec<u8>)]| {
            pairs
                .iter()
                .take(5)
                .map(|(key, value)| format!("{key:?} ({} bytes)", value.len()))
                .collect::<Vec<_>>()
                .join(", ")
        };
        Err(format!(
            "{} records where {} must be, {} commits open; missing or other: {}; beyond: {}",
            found.len(),
            must.len(),
            self.names.len(),
            keys(&missing),
            keys(&strange)
        ))
    }
}

pub fn apply(map: &mut Map, writes: &Writes) {
    for (key, value) in writes {
        match value {
            Some(value) => drop(map.insert(key.clone(), value.clone())),
            None => drop(map.remove(key)),
        }
    }
}
