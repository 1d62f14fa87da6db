//! A write batch: puts, deletes and range deletes that happen together or not at all.
//!
//! It is encoded as it will stand in the log and in the memtable, so that each takes it by one copy:
//!
//! ```text
//!   ┌────────────────┬───────┬──────────────────────────────────────────┬─────
//!   │ first sequence │ count │ kind │ key length │ key │ length │ value  │ …      lengths are varints; a delete has no value,
//!   │ 8              │ 4     │ 1    │            │     │        │        │        a range delete has its end there
//!   └────────────────┴───────┴──────────────────────────────────────────┴─────
//! ```
//!
//! The writes get consecutive sequence numbers from the first on.

use super::key::{Kind, Sequence};
use super::record;
use crate::codec::{Reader, put_bytes};

/// First sequence number and count.
const HEAD_BYTES: usize = 12;

#[derive(Clone, Debug)]
pub struct WriteBatch {
    /// Room for the record's frame, the head, the writes.
    bytes: Vec<u8>,
    count: u32,
    deletes: u32,
    range_deletes: u32,
    user_bytes: u64,
    /// Of the longest of each.
    key_bytes: usize,
    value_bytes: usize,
}

/// One write, as it lies in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write<'a> {
    pub kind: Kind,
    pub key: &'a [u8],
    /// The value of a put, the end of a range delete.
    pub value: &'a [u8],
}

impl<'a> Write<'a> {
    /// Most bytes that it takes when encoded.
    #[inline(always)]
    fn bytes_max(self) -> usize {
        1 + 5 + self.key.len() + 5 + self.value.len()
    }

    #[inline(always)]
    pub(super) fn encode(self, out: &mut Vec<u8>) {
        let Write { kind, key, value } = self;
        out.reserve(self.bytes_max());
        out.push(kind as u8);
        put_bytes(out, key);
        if kind != Kind::Delete {
            put_bytes(out, value);
        }
    }

    /// The next write; none where the bytes are none.
    #[inline(always)]
    pub(super) fn decode(reader: &mut Reader<'a>) -> Option<Write<'a>> {
        let kind = Kind::from_byte(reader.byte()?)?;
        let key = reader.bytes()?;
        let value = if kind == Kind::Delete { &[][..] } else { reader.bytes()? };
        Some(Write { kind, key, value })
    }
}

impl Default for WriteBatch {
    fn default() -> WriteBatch {
        let mut batch = WriteBatch::EMPTY;
        batch.clear();
        batch
    }
}

impl WriteBatch {
    /// One that takes no memory; to be cleared before use.
    pub(super) const EMPTY: WriteBatch = WriteBatch {
        bytes: Vec::new(),
        count: 0,
        deletes: 0,
        range_deletes: 0,
        user_bytes: 0,
        key_bytes: 0,
        value_bytes: 0,
    };

    pub fn new() -> WriteBatch {
        WriteBatch::default()
    }

    pub fn clear(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        record::begin(&mut bytes);
        bytes.extend_from_slice(&[0; HEAD_BYTES]);
        *self = WriteBatch { bytes, ..WriteBatch::EMPTY };
    }

    /// Number of writes.
    pub fn len(&self) -> u32 {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many of its writes delete a key, and how many a range.
    pub(super) fn deletes(&self) -> (u32, u32) {
        (self.deletes, self.range_deletes)
    }

    /// Bytes of its longest key, and of its longest value.
    pub(super) fn longest(&self) -> (usize, usize) {
        (self.key_bytes, self.value_bytes)
    }

    /// Keys and values that it holds.
    pub fn user_bytes(&self) -> u64 {
        self.user_bytes
    }

    #[inline]
    pub fn put(&mut self, key: &[u8], value: &[u8]) {
        self.push(Write { kind: Kind::Put, key, value });
    }

    pub fn delete(&mut self, key: &[u8]) {
        self.push(Write { kind: Kind::Delete, key, value: &[] });
    }

    /// Deletes the keys from `start` up to, not including, `end`.
    pub fn delete_range(&mut self, start: &[u8], end: &[u8]) {
        self.push(Write { kind: Kind::RangeDelete, key: start, value: end });
    }

    /// The writes in order.
    pub fn iter(&self) -> Writes<'_> {
        Writes { reader: Reader::new(&self.bytes[record::HEADER_BYTES + HEAD_BYTES..]), left: self.count }
    }

    #[inline]
    pub(super) fn push(&mut self, write: Write) {
        let Write { kind, key, value } = write;
        write.encode(&mut self.bytes);
        self.count += 1;
        self.deletes += u32::from(kind == Kind::Delete);
        self.range_deletes += u32::from(kind == Kind::RangeDelete);
        self.user_bytes += (key.len() + value.len()) as u64;
        self.key_bytes = self.key_bytes.max(key.len());
        self.value_bytes = self.value_bytes.max(value.len());
    }

    /// The whole record for the log. It is valid until the batch is changed.
    pub(super) fn seal(&mut self, kind: u8, first: Sequence, durable: u64) -> &[u8] {
        self.payload(first);
        record::end(&mut self.bytes, 0, kind, durable);
        &self.bytes
    }

    /// The batch as a log has it between its frames, when its first write has the number `first`.
    pub fn payload(&mut self, first: Sequence) -> &[u8] {
        let payload = &mut self.bytes[record::HEADER_BYTES..];
        payload[..8].copy_from_slice(&first.to_le_bytes());
        payload[8..HEAD_BYTES].copy_from_slice(&self.count.to_le_bytes());
        payload
    }

    /// Reads what a log has between its frames: the number of the first write, and the batch. None: it is no batch.
    pub fn of_payload(payload: &[u8]) -> Option<(Sequence, WriteBatch)> {
        let (first, writes) = Writes::of_record(payload)?;
        let mut batch = WriteBatch::new();
        writes.for_each(|write| batch.push(write));
        Some((first, batch))
    }

    /// Makes room for more writes again.
    pub(super) fn unseal(&mut self) {
        self.bytes.truncate(self.bytes.len() - record::TRAILER_BYTES);
    }
}

/// The writes of a batch, and of a log record. Ends early at bytes that are none.
#[derive(Clone, Debug)]
pub struct Writes<'a> {
    reader: Reader<'a>,
    left: u32,
}

impl<'a> Writes<'a> {
    /// The first sequence number and the writes of a log record; none when it is not a batch from end to end.
    pub(super) fn of_record(payload: &'a [u8]) -> Option<(Sequence, Writes<'a>)> {
        let (first, rest) = payload.split_first_chunk::<8>()?;
        let (count, rest) = rest.split_first_chunk::<4>()?;
        let writes = Writes { reader: Reader::new(rest), left: u32::from_le_bytes(*count) };
        let mut all = writes.clone();
        all.by_ref().for_each(drop);
        (all.left == 0 && all.reader.rest().is_empty()).then_some((u64::from_le_bytes(*first), writes))
    }

    /// The bytes of the writes still to come.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.reader.rest()
    }

    /// Writes still to come.
    pub fn left(&self) -> u32 {
        self.left
    }
}

impl<'a> Iterator for Writes<'a> {
    type Item = Write<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<Write<'a>> {
        if self.left == 0 {
            return None;
        }
        let write = Write::decode(&mut self.reader)?;
        self.left -= 1;
        Some(write)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_gives_back_the_batch_and_nothing_that_is_cut() {
        let mut batch = WriteBatch::new();
        batch.put(b"ash", &[7; 300]);
        batch.delete(b"");
        batch.delete_range(b"b", b"f");
        assert_eq!((batch.len(), batch.user_bytes()), (3, 305));
        let writes: Vec<Write> = batch.iter().collect();
        assert_eq!(writes[1], Write { kind: Kind::Delete, key: b"", value: b"" });
        assert_eq!(writes[2], Write { kind: Kind::RangeDelete, key: b"b", value: b"f" });
        let mut sealed = batch.clone();
        let bytes = sealed.seal(2, 99, 0).to_vec();
        let record = record::Reader::new(&bytes).next().unwrap().unwrap();
        let (first, read) = Writes::of_record(record.payload).unwrap();
        assert_eq!((first, read.collect::<Vec<_>>()), (99, writes));
        for length in 0..record.payload.len() {
            assert!(Writes::of_record(&record.payload[..length]).is_none(), "{length}");
        }
        sealed.unseal();
        sealed.put(b"x", b"y");
        assert_eq!(sealed.iter().count(), 4);
        batch.clear();
        assert!(batch.is_empty() && batch.iter().next().is_none());
    }
}
