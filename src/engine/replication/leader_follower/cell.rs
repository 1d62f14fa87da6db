//! What is kept under a key, and what a client's session brings along.
//!
//! ```text
//!   shelf    e │ epoch number │ leader     ─▶ its first position                   one write when a leader begins
//!            d │ key                       ─▶ position, client, request, value     one write for each write of a client
//! ```
//!
//! Each entry of the log is one write to the shelf, so its position is the number that the store's log gives it. A cell says
//! which request wrote it: so a leader knows requests again that are sent twice. A deleted key leaves a cell without a value.

use crate::message::RequestId;
use glassbase_storage::StorageError;
use glassbase_storage::codec::{Reader, put_bytes, put_number};
use glassbase_trace::{Bytes, NodeId};

use super::epoch::{Epoch, Stamp};

const EPOCH: u8 = b'e';
const DATA: u8 = b'd';

/// What is kept under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Where the write stands in the log.
    pub position: u64,
    pub client: NodeId,
    pub request: RequestId,
    /// None: it is deleted.
    pub value: Option<Bytes>,
}

/// What an entry of the log says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    Begins(Epoch),
    Write(Bytes, Cell),
}

pub fn data_key(key: &[u8]) -> Vec<u8> {
    [&[DATA], key].concat()
}

pub fn epoch_record(epoch: Epoch, first: u64) -> (Vec<u8>, Vec<u8>) {
    let mut key = vec![EPOCH];
    key.extend_from_slice(&epoch.number.to_be_bytes());
    key.extend_from_slice(&epoch.leader.0.to_be_bytes());
    let mut value = Vec::new();
    put_number(&mut value, first);
    (key, value)
}

impl Cell {
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(16 + self.value.as_ref().map_or(0, |value| value.len()));
        put_number(&mut out, self.position);
        put_number(&mut out, self.client.0.into());
        put_number(&mut out, self.request.0);
        match &self.value {
            None => out.push(0),
            Some(value) => {
                out.push(1);
                put_bytes(&mut out, value);
            }
        }
        out
    }

    pub fn decode(bytes: &[u8]) -> Option<Cell> {
        let mut reader = Reader::new(bytes);
        let position = reader.number()?;
        let client = NodeId(u16::try_from(reader.number()?).ok()?);
        let request = RequestId(reader.number()?);
        let value = match reader.byte()? {
            0 => None,
            _ => Some(Bytes::from(reader.bytes()?)),
        };
        reader.rest().is_empty().then_some(Cell { position, client, request, value })
    }

    /// In a few words: "x = 5", "x deleted".
    pub fn text(&self, key: &Bytes) -> String {
        match &self.value {
            Some(value) => format!("{key} = {value}"),
            None => format!("{key} deleted"),
        }
    }
}

impl Entry {
    /// Reads a record of the shelf; the position of an epoch's beginning is given beside it.
    pub fn decode(key: &[u8], value: &[u8]) -> Result<(Entry, u64), StorageError> {
        let entry = match key.split_first() {
            Some((&DATA, key)) => {
                Cell::decode(value).map(|cell| (cell.position, Entry::Write(Bytes::from(key), cell))).map(swap)
            }
            Some((&EPOCH, key)) => begins(key, value),
            _ => None,
        };
        entry.ok_or_else(|| StorageError::DamagedFile {
            name: "replica".to_string(),
            offset: 0,
            what: format!("the record under {} makes no sense", Bytes::from(key)),
        })
    }

    pub fn text(&self) -> String {
        match self {
            Entry::Begins(epoch) => format!("{} leads", epoch.leader),
            Entry::Write(key, cell) => cell.text(key),
        }
    }
}

fn swap<A, B>((one, other): (A, B)) -> (B, A) {
    (other, one)
}

fn begins(key: &[u8], value: &[u8]) -> Option<(Entry, u64)> {
    let (number, node) = key.split_first_chunk::<8>()?;
    let leader = NodeId(u16::from_be_bytes(node.try_into().ok()?));
    let epoch = Epoch { number: u64::from_be_bytes(*number), leader };
    Some((Entry::Begins(epoch), Reader::new(value).number()?))
}

/// What a client brings along: the newest entry that it wrote, and the newest that it was shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Session {
    pub written: Stamp,
    pub seen: Stamp,
}

impl Session {
    pub fn encode(self) -> Bytes {
        let mut out = Vec::with_capacity(16);
        for Stamp { epoch, position } in [self.written, self.seen] {
            put_number(&mut out, epoch.number);
            put_number(&mut out, epoch.leader.0.into());
            put_number(&mut out, position);
        }
        Bytes::from(&out[..])
    }

    /// Bytes that are none are those of a session that begins.
    pub fn decode(bytes: &[u8]) -> Session {
        let mut reader = Reader::new(bytes);
        let mut stamp = || {
            let number = reader.number()?;
            let leader = NodeId(u16::try_from(reader.number()?).ok()?);
            Some(Stamp { epoch: Epoch { number, leader }, position: reader.number()? })
        };
        let (written, seen) = (stamp(), stamp());
        Session { written: written.unwrap_or_default(), seen: seen.unwrap_or_default() }
    }

    pub fn wrote(self, stamp: Stamp) -> Session {
        Session { written: self.written.max(stamp), ..self }
    }

    pub fn saw(self, stamp: Stamp) -> Session {
        Session { seen: self.seen.max(stamp), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_and_sessions_are_read_back() {
        let cell =
            Cell { position: 7, client: NodeId::client(2), request: RequestId(300), value: Some(Bytes::typed("a")) };
        let gone = Cell { value: None, ..cell.clone() };
        for cell in [cell, gone] {
            let bytes = cell.encode();
            assert_eq!(Cell::decode(&bytes), Some(cell.clone()));
            assert!((0..bytes.len()).all(|length| Cell::decode(&bytes[..length]).is_none()));
            let read = Entry::decode(&data_key(b"x"), &bytes).unwrap();
            assert_eq!(read, (Entry::Write(Bytes::from(&b"x"[..]), cell), 7));
        }
        let epoch = Epoch { number: 3, leader: NodeId(2) };
        let (key, value) = epoch_record(epoch, 9);
        assert_eq!(Entry::decode(&key, &value), Ok((Entry::Begins(epoch), 9)));
        assert!(Entry::decode(b"?", b"").is_err());
        let stamp = Stamp { epoch, position: 12 };
        let session = Session::default().wrote(stamp);
        assert_eq!(Session::decode(&session.encode()), session);
        assert_eq!(Session::decode(&[0xff; 3]), Session::default());
        assert_eq!(session.saw(stamp).seen, stamp);
    }
}
