//! An entry of the log: a client's command, a configuration, or nothing; and how it lies on the shelf.
//!
//! ```text
//!   entry    term ⁸ │ kind ¹ │ nothing:        –
//!                            │ command:        client ² │ request ⁸ │ key │ call ¹ │ values
//!                            │ configuration:  voters │ old voters │ learners
//!   bytes    length ⁴ │ bytes            a list of nodes   count ² │ node ² each
//! ```
//!
//! Numbers are big-endian. Small raised figures are lengths in bytes.

use std::rc::Rc;

use super::super::message::{Call, Consistency, Request, RequestId};
use super::in_order;
use super::options::majority;
use glassbase_storage::StorageError;
use glassbase_trace::{Bytes, NodeId};

/// An entry of the log. Its index is its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub term: u64,
    pub payload: Payload,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    /// A new leader's first entry.
    Nothing,
    Command(NodeId, Rc<Request>),
    Configuration(Rc<Configuration>),
}

/// Who decides. While it is joint, each decision needs a majority of the voters and one of the old voters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    pub voters: Vec<NodeId>,
    /// C_old of a joint configuration; empty otherwise.
    pub old: Vec<NodeId>,
    /// They get the log and have no vote.
    pub learners: Vec<NodeId>,
}

impl Configuration {
    pub fn of(voters: &[NodeId]) -> Configuration {
        let mut voters = voters.to_vec();
        voters.sort_unstable();
        voters.dedup();
        Configuration { voters, ..Configuration::default() }
    }

    pub fn is_joint(&self) -> bool {
        !self.old.is_empty()
    }

    pub fn is_voter(&self, node: NodeId) -> bool {
        self.voters.contains(&node) || self.old.contains(&node)
    }

    /// Everybody who gets the log, each once.
    pub fn members(&self) -> Vec<NodeId> {
        let mut members = [&self.voters[..], &self.old[..], &self.learners[..]].concat();
        members.sort_unstable();
        members.dedup();
        members
    }

    /// Whether those who said yes decide.
    pub fn decides(&self, yes: impl Fn(NodeId) -> bool) -> bool {
        let has = |voters: &[NodeId]| voters.iter().filter(|node| yes(**node)).count() >= majority(voters);
        has(&self.voters) && (self.old.is_empty() || has(&self.old))
    }

    /// The highest number that a deciding set of nodes has reached.
    pub fn reached(&self, number: impl Fn(NodeId) -> u64) -> u64 {
        let of = |voters: &[NodeId]| {
            let mut numbers: Vec<u64> = voters.iter().map(|node| number(*node)).collect();
            numbers.sort_unstable();
            let at = numbers.len().saturating_sub(majority(voters));
            numbers.get(at).copied().unwrap_or(0)
        };
        if self.is_joint() { of(&self.voters).min(of(&self.old)) } else { of(&self.voters) }
    }

    pub fn text(&self) -> String {
        let mut text = names(&self.voters);
        if self.is_joint() {
            text = format!("{} and {text}", names(&self.old));
        }
        if !self.learners.is_empty() {
            text.push_str(&format!(", learning: {}", names(&self.learners)));
        }
        text
    }

    pub(super) fn encode(&self, bytes: &mut Vec<u8>) {
        for list in [&self.voters, &self.old, &self.learners] {
            bytes.extend((list.len() as u16).to_be_bytes());
            list.iter().for_each(|node| bytes.extend(node.0.to_be_bytes()));
        }
    }

    pub(super) fn decode(reader: &mut Reader) -> Result<Configuration, StorageError> {
        let configuration = Configuration { voters: reader.nodes()?, old: reader.nodes()?, learners: reader.nodes()? };
        // Nobody could ever decide anything.
        if configuration.voters.is_empty() {
            return Err(reader.damage("a configuration has no voter"));
        }
        Ok(configuration)
    }
}

/// "n1 n2 n3"
pub fn names(nodes: &[NodeId]) -> String {
    let mut text = String::new();
    for node in nodes {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&node.to_string());
    }
    text
}

impl Entry {
    /// "x = 1", without the term.
    pub fn text(&self) -> String {
        match &self.payload {
            Payload::Nothing => "no-op".to_string(),
            Payload::Configuration(configuration) => configuration.text(),
            Payload::Command(_, request) => command_text(request),
        }
    }

    /// Length in a message, about.
    pub fn bytes(&self) -> u32 {
        match &self.payload {
            Payload::Nothing => 9,
            Payload::Configuration(configuration) => 15 + 2 * configuration.members().len() as u32,
            Payload::Command(_, request) => command_bytes(request),
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = self.term.to_be_bytes().to_vec();
        match &self.payload {
            Payload::Nothing => bytes.push(0),
            Payload::Command(client, request) => {
                bytes.push(1);
                encode_command(*client, request, &mut bytes);
            }
            Payload::Configuration(configuration) => {
                bytes.push(2);
                configuration.encode(&mut bytes);
            }
        }
        bytes
    }

    pub(super) fn decode(bytes: &[u8], index: u64) -> Result<Entry, StorageError> {
        let mut reader = Reader { bytes, at: 0, what: "log entry", number: index };
        let term = reader.u64()?;
        let payload = match reader.u8()? {
            0 => Payload::Nothing,
            1 => {
                let (client, request) = decode_command(&mut reader)?;
                Payload::Command(client, request)
            }
            2 => Payload::Configuration(Rc::new(Configuration::decode(&mut reader)?)),
            kind => return Err(reader.damage(&format!("there is no kind {kind}"))),
        };
        reader.end()?;
        Ok(Entry { term, payload })
    }
}

/// A command as a log shows it: "x = 1".
pub(crate) fn command_text(request: &Request) -> String {
    let key = &request.key;
    match &request.call {
        Call::Put(value) => format!("{key} = {value}"),
        Call::CompareAndSet { expected: Some(expected), new } => format!("{key}: {expected} to {new}"),
        Call::CompareAndSet { expected: None, new } => format!("{key}: none to {new}"),
        Call::Get => format!("read {key}"),
        Call::Delete => format!("delete {key}"),
        Call::Merge(_) => request.text(),
    }
}

/// Length of a command in a message, about.
pub(crate) fn command_bytes(request: &Request) -> u32 {
    let values = match &request.call {
        Call::Put(value) => value.len(),
        Call::CompareAndSet { expected, new } => new.len() + expected.as_ref().map_or(0, |value| value.len()),
        Call::Get | Call::Delete | Call::Merge(_) => 0,
    };
    24 + (request.key.len() + values) as u32
}

/// Writes whose command it is, and what it says.
pub(crate) fn encode_command(client: NodeId, request: &Request, bytes: &mut Vec<u8>) {
    bytes.extend(client.0.to_be_bytes());
    bytes.extend(request.id.0.to_be_bytes());
    put_bytes(bytes, &request.key);
    encode_call(&request.call, bytes);
}

pub(crate) fn decode_command(reader: &mut Reader) -> Result<(NodeId, Rc<Request>), StorageError> {
    let client = NodeId(reader.u16()?);
    let id = RequestId(reader.u64()?);
    let key = Bytes::from(reader.bytes()?);
    let call = decode_call(reader)?;
    let (consistency, context) = (Consistency::Default, Bytes::from(&[][..]));
    Ok((client, Rc::new(Request { id, key, call, consistency, context })))
}

fn encode_call(call: &Call, bytes: &mut Vec<u8>) {
    match call {
        Call::Get => bytes.push(0),
        Call::Put(value) => {
            bytes.push(1);
            put_bytes(bytes, value);
        }
        Call::Delete => bytes.push(2),
        Call::CompareAndSet { expected, new } => {
            bytes.push(if expected.is_some() { 4 } else { 3 });
            put_bytes(bytes, new);
            if let Some(expected) = expected {
                put_bytes(bytes, expected);
            }
        }
        Call::Merge(call) => {
            bytes.push(5);
            in_order::encode(call, bytes);
        }
    }
}

fn decode_call(reader: &mut Reader) -> Result<Call, StorageError> {
    Ok(match reader.u8()? {
        0 => Call::Get,
        1 => Call::Put(Bytes::from(reader.bytes()?)),
        2 => Call::Delete,
        3 => Call::CompareAndSet { expected: None, new: Bytes::from(reader.bytes()?) },
        4 => {
            let new = Bytes::from(reader.bytes()?);
            Call::CompareAndSet { expected: Some(Bytes::from(reader.bytes()?)), new }
        }
        5 => Call::Merge(Rc::new(in_order::decode(reader)?)),
        kind => return Err(reader.damage(&format!("there is no operation {kind}"))),
    })
}

pub(super) fn put_bytes(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend((bytes.len() as u32).to_be_bytes());
    to.extend(bytes);
}

/// Reads what was encoded. Damage is an error that says where.
pub(crate) struct Reader<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
    /// What is read, and its number, for the error.
    pub what: &'static str,
    pub number: u64,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8], what: &'static str) -> Reader<'a> {
        Reader { bytes, at: 0, what, number: 0 }
    }

    pub fn damage(&self, what: &str) -> StorageError {
        let name = format!("of the node ({} {})", self.what, self.number);
        StorageError::DamagedFile { name, offset: self.at as u64, what: what.to_string() }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], StorageError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some(taken) = rest.get(..count) else { return Err(self.damage("it ends too early")) };
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], StorageError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub fn u8(&mut self) -> Result<u8, StorageError> {
        Ok(self.array::<1>()?[0])
    }

    pub fn u16(&mut self) -> Result<u16, StorageError> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub fn u64(&mut self) -> Result<u64, StorageError> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    pub fn bytes(&mut self) -> Result<&'a [u8], StorageError> {
        let length = u32::from_be_bytes(self.array()?);
        self.take(length as usize)
    }

    pub fn nodes(&mut self) -> Result<Vec<NodeId>, StorageError> {
        let count = self.u16()?;
        (0..count).map(|_| Ok(NodeId(self.u16()?))).collect()
    }

    pub fn is_over(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub fn end(&self) -> Result<(), StorageError> {
        if self.is_over() { Ok(()) } else { Err(self.damage("something follows its end")) }
    }
}
