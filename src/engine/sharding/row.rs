//! How a shard keeps keys in its store.
//!
//! ```text
//!   v key              count, id, text      the value: how many writes there were, and the last of them
//!   l len key count    id                   the ledger: which write was the count-th
//!   d len key client   id, count            the client's last write of the key, so that one that comes twice is done once
//!   m …                                     what the shard knows of keys on their way
//! ```
//!
//! All rows of a key move with it. The ledger is what a checker reads: a write that was done twice is in it twice.

use glassbase_trace::{Bytes, NodeId};

/// A value, and the write that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub count: u64,
    pub id: u64,
    pub text: Bytes,
}

impl Record {
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.count.to_be_bytes().to_vec();
        bytes.extend(self.id.to_be_bytes());
        bytes.extend_from_slice(&self.text);
        bytes
    }

    pub fn of(bytes: &[u8]) -> Option<Record> {
        let (count, rest) = number(bytes)?;
        let (id, text) = number(rest)?;
        Some(Record { count, id, text: Bytes::from(text) })
    }
}

/// The number at the beginning of bytes, and what follows.
pub fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (eight, rest) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*eight), rest))
}

pub fn value(key: &[u8]) -> Vec<u8> {
    [b"v", key].concat()
}

fn of_key(kind: u8, key: &[u8]) -> Vec<u8> {
    let mut row = vec![kind];
    row.extend((key.len() as u16).to_be_bytes());
    row.extend_from_slice(key);
    row
}

/// The ledger's row for the `count`-th write of a key.
pub fn entry(key: &[u8], count: u64) -> Vec<u8> {
    let mut row = of_key(b'l', key);
    row.extend(count.to_be_bytes());
    row
}

/// A client's last write of a key.
pub fn done(key: &[u8], client: NodeId) -> Vec<u8> {
    let mut row = of_key(b'd', key);
    row.extend(client.0.to_be_bytes());
    row
}

/// What is known of keys that go to a shard (`o`), or come from one (`i`).
pub fn stream(way: u8, peer: NodeId) -> Vec<u8> {
    [&[b'm', way][..], &peer.0.to_be_bytes()].concat()
}

/// The key that a row belongs to; none for what belongs to the shard itself.
pub fn key_of(row: &[u8]) -> Option<&[u8]> {
    match row.split_first()? {
        (b'v', key) => Some(key),
        (b'l' | b'd', rest) => {
            let (len, rest) = rest.split_first_chunk::<2>()?;
            rest.get(..usize::from(u16::from_be_bytes(*len)))
        }
        _ => None,
    }
}

/// The count at the end of a ledger's row.
pub fn count_of(row: &[u8]) -> Option<u64> {
    match row.first()? {
        b'l' => row.last_chunk::<8>().map(|eight| u64::from_be_bytes(*eight)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_its_key() {
        for row in [value(b"k\0"), entry(b"k\0", 7), done(b"k\0", NodeId::client(3))] {
            assert_eq!(key_of(&row), Some(&b"k\0"[..]));
        }
        assert_eq!(key_of(&stream(b'o', NodeId(3))), None);
        assert_eq!((count_of(&entry(b"k", 7)), count_of(&value(b"k"))), (Some(7), None));
        let record = Record { count: 3, id: 9, text: Bytes::from(&b"x"[..]) };
        assert_eq!(Record::of(&record.to_bytes()), Some(record));
        assert_eq!(Record::of(b"short"), None);
    }
}
