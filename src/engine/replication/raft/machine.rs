//! The state machine: keys and values, and for each client the answers that it was given last.
//!
//! ```text
//!   shelf   d │ key         index ⁸ │ value               what the entries up to `applied` have made
//!           c │ client ²    (request ⁸ │ answer ¹ │ index ⁸)…
//!           m a             applied ⁸
//! ```
//!
//! It lies on the shelf all the time (Ongaro, "Consensus: Bridging Theory and Practice", 2014, section 5.2), so it is its
//! own snapshot: the log may be cut off at what is applied. Entry, answers and `applied` are written as one batch, so after
//! a crash each entry has been applied wholly or not at all. It needs no sync of its own: what a crash takes back is in the
//! log, and applied again.
//!
//! **Exactly once:** an entry whose request is among its client's answers changes nothing and is answered as before
//! (section 6.3). [`WINDOW`] answers are kept per client; a request older than those is not done, since nobody can tell
//! any more whether it was.

use glassbase_trace::sorted::SortedMap;
use std::fmt;

use super::super::message::{Answer, Call, Request, RequestId};
use super::entry::Reader;
use super::in_order;
use glassbase_storage::StorageError;
use glassbase_storage::lsm::WriteBatch;
use glassbase_trace::{Bytes, NodeId};

use super::super::shelf::Shelf;

/// Answers that are kept per client.
const WINDOW: usize = 8;

const APPLIED: &[u8] = b"ma";

/// A value, and the index of the entry that wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    pub value: Bytes,
    pub index: u64,
}

/// What a client was told of its latest requests, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    answers: Vec<(RequestId, Outcome, u64)>,
    /// The newest request whose answer is forgotten.
    forgotten: Option<RequestId>,
}

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Written,
    Compared(bool),
}

/// Keys, values and sessions.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Contents {
    pub data: SortedMap<Bytes, Cell>,
    pub sessions: SortedMap<NodeId, Session>,
}

/// The state machine of a node.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    pub contents: Contents,
    /// Index of the last entry that it has.
    pub applied: u64,
    batch: WriteBatch,
}

impl fmt::Debug for Contents {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (keys, clients) = (self.data.len(), self.sessions.len());
        formatter.debug_struct("Contents").field("keys", &keys).field("clients", &clients).finish()
    }
}

impl Outcome {
    pub fn answer(self) -> Answer {
        match self {
            Outcome::Written => Answer::Written,
            Outcome::Compared(found) => Answer::Compared(found),
        }
    }

    fn byte(self) -> u8 {
        match self {
            Outcome::Written => 0,
            Outcome::Compared(false) => 1,
            Outcome::Compared(true) => 2,
        }
    }
}

impl Session {
    fn remember(&mut self, id: RequestId, outcome: Outcome, index: u64) {
        let at = self.answers.partition_point(|(known, ..)| *known < id);
        self.answers.insert(at, (id, outcome, index));
        if self.answers.len() > WINDOW {
            self.forgotten = Some(self.answers.remove(0).0);
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = self.forgotten.map_or(0, |id| id.0 + 1).to_be_bytes().to_vec();
        for (id, outcome, index) in &self.answers {
            bytes.extend(id.0.to_be_bytes());
            bytes.push(outcome.byte());
            bytes.extend(index.to_be_bytes());
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Session, StorageError> {
        let mut reader = Reader::new(bytes, "session");
        let mut session = Session { forgotten: reader.u64()?.checked_sub(1).map(RequestId), answers: Vec::new() };
        while !reader.is_over() {
            let id = RequestId(reader.u64()?);
            let outcome = match reader.u8()? {
                0 => Outcome::Written,
                1 => Outcome::Compared(false),
                2 => Outcome::Compared(true),
                kind => return Err(reader.damage(&format!("there is no answer {kind}"))),
            };
            session.answers.push((id, outcome, reader.u64()?));
        }
        Ok(session)
    }
}

impl Contents {
    /// Length in a message, about.
    pub fn bytes(&self) -> u32 {
        let data: usize = self.data.iter().map(|(key, cell)| 16 + key.len() + cell.value.len()).sum();
        let sessions: usize = self.sessions.values().map(|session| 10 + 17 * session.answers.len()).sum();
        (data + sessions) as u32
    }

    /// What became of a request that was applied: its answer and its entry's index. None: it was not, or not that one knows.
    pub fn outcome(&self, client: NodeId, id: RequestId) -> Option<(Outcome, u64)> {
        let session = self.sessions.get(&client)?;
        session.answers.iter().find(|(known, ..)| *known == id).map(|(_, outcome, index)| (*outcome, *index))
    }

    /// Whether the answer to a request would be forgotten already.
    pub fn is_forgotten(&self, client: NodeId, id: RequestId) -> bool {
        self.sessions.get(&client).and_then(|session| session.forgotten).is_some_and(|forgotten| id <= forgotten)
    }

    pub fn read(&self, key: &Bytes) -> (Answer, u64) {
        let cell = self.data.get(key);
        (Answer::Value(cell.map(|cell| cell.value.clone())), cell.map_or(0, |cell| cell.index))
    }
}

impl Machine {
    /// What the shelf has.
    pub fn load(shelf: &mut Shelf) -> Result<Machine, StorageError> {
        let mut machine = Machine::default();
        if let Some(bytes) = shelf.get(APPLIED)? {
            machine.applied = Reader::new(&bytes, "applied index").u64()?;
        }
        let mut damage = None;
        let contents = &mut machine.contents;
        shelf.scan(Some(b"c"), Some(b"e"), u64::MAX, &mut |key, value| {
            if let Err(error) = contents.take_in(key, value) {
                damage.get_or_insert(error);
            }
        })?;
        damage.map_or(Ok(machine), Err)
    }

    /// Applies the entry at `index`, which is the next one. A request that was done before is not done again. The answer,
    /// and the index of the entry that it is about.
    pub fn apply(
        &mut self,
        shelf: &mut Shelf,
        index: u64,
        command: Option<(NodeId, &Request)>,
    ) -> Result<Option<(Answer, u64)>, StorageError> {
        self.applied = index;
        let answer = command.map(|(client, request)| self.perform(index, client, request));
        self.batch.put(APPLIED, &index.to_be_bytes());
        shelf.write(&mut self.batch)?;
        self.batch.clear();
        Ok(answer)
    }

    fn perform(&mut self, index: u64, client: NodeId, request: &Request) -> (Answer, u64) {
        if !request.call.writes() {
            return self.contents.read(&request.key);
        }
        if let Some((outcome, index)) = self.contents.outcome(client, request.id) {
            return (outcome.answer(), index);
        }
        if self.contents.is_forgotten(client, request.id) {
            return (Answer::Unknown("the request is too old to know whether it was done"), 0);
        }
        let outcome = self.change(index, request);
        let session = self.contents.sessions.entry(client).or_default();
        session.remember(request.id, outcome, index);
        let [high, low] = client.0.to_be_bytes();
        self.batch.put(&[b'c', high, low], &session.encode());
        (outcome.answer(), index)
    }

    fn change(&mut self, index: u64, request: &Request) -> Outcome {
        match &request.call {
            Call::Put(value) => self.set(index, &request.key, value),
            Call::Delete => {
                self.contents.data.remove(&request.key);
                self.batch.delete(&data_key(&request.key));
                Outcome::Written
            }
            Call::CompareAndSet { expected, new } => {
                let found = self.contents.data.get(&request.key).map(|cell| &cell.value) == expected.as_ref();
                if found {
                    self.set(index, &request.key, new);
                }
                Outcome::Compared(found)
            }
            Call::Merge(call) => {
                let old = self.contents.data.get(&request.key).map(|cell| &cell.value);
                match in_order::changed(old, call) {
                    Some(value) => self.set(index, &request.key, &value),
                    None => Outcome::Compared(false),
                }
            }
            // It does not come here: reads are done above.
            Call::Get => Outcome::Written,
        }
    }

    fn set(&mut self, index: u64, key: &Bytes, value: &Bytes) -> Outcome {
        self.contents.data.insert(key.clone(), Cell { value: value.clone(), index });
        self.batch.put(&data_key(key), &cell_bytes(index, value));
        Outcome::Written
    }

    /// Takes a snapshot in the place of all that it has: into `batch`, so that the log changes with it.
    pub fn replace(&mut self, batch: &mut WriteBatch, contents: &Contents, applied: u64) {
        for key in self.contents.data.keys() {
            batch.delete(&data_key(key));
        }
        for client in self.contents.sessions.keys() {
            let [high, low] = client.0.to_be_bytes();
            batch.delete(&[b'c', high, low]);
        }
        self.contents = contents.clone();
        self.applied = applied;
        for (key, cell) in &contents.data {
            batch.put(&data_key(key), &cell_bytes(cell.index, &cell.value));
        }
        for (client, session) in &contents.sessions {
            let [high, low] = client.0.to_be_bytes();
            batch.put(&[b'c', high, low], &session.encode());
        }
        batch.put(APPLIED, &applied.to_be_bytes());
    }
}

impl Contents {
    /// A record of the shelf.
    fn take_in(&mut self, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        match key {
            [b'd', key @ ..] => {
                let mut reader = Reader::new(value, "value");
                let index = reader.u64()?;
                let value = Bytes::from(&value[reader.at..]);
                self.data.insert(Bytes::from(key), Cell { value, index });
            }
            [b'c', high, low] => {
                self.sessions.insert(NodeId(u16::from_be_bytes([*high, *low])), Session::decode(value)?);
            }
            _ => {}
        }
        Ok(())
    }
}

fn data_key(key: &Bytes) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + key.len());
    bytes.push(b'd');
    bytes.extend_from_slice(key);
    bytes
}

fn cell_bytes(index: u64, value: &Bytes) -> Vec<u8> {
    let mut bytes = index.to_be_bytes().to_vec();
    bytes.extend_from_slice(value);
    bytes
}
