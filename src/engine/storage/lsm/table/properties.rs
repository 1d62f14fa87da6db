//! What a table says about itself.

use super::Damage;
use crate::codec::{Reader, put_bytes, put_number};
use crate::lsm::key::{InternalKey, KeyRef, Sequence};

/// Counts, bounds and age of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Properties {
    /// Puts and deletes.
    pub entries: u64,
    /// The deletes among them.
    pub deletes: u64,
    /// Pieces of range deletes.
    pub range_deletes: u64,
    pub data_blocks: u64,
    /// Keys with their stamps, and values, as they were before prefix compression.
    pub raw_key_bytes: u64,
    pub raw_value_bytes: u64,
    pub smallest_sequence: Sequence,
    pub largest_sequence: Sequence,
    /// Virtual time at which the table was finished.
    pub created_ns: u64,
    /// The first key. Range deletes count: theirs is the start.
    pub smallest: InternalKey,
    /// The last key. The end of a range delete, which is not deleted itself, has the stamp
    /// [`Stamp::FIRST`](crate::lsm::key::Stamp::FIRST) and so sorts before that user key's versions.
    pub largest: InternalKey,
}

impl Properties {
    pub fn write(&self, out: &mut Vec<u8>) {
        for number in [
            self.entries,
            self.deletes,
            self.range_deletes,
            self.data_blocks,
            self.raw_key_bytes,
            self.raw_value_bytes,
            self.smallest_sequence,
            self.largest_sequence,
            self.created_ns,
        ] {
            put_number(out, number);
        }
        for bound in [&self.smallest, &self.largest] {
            let mut encoded = Vec::new();
            bound.as_ref().encode(&mut encoded);
            put_bytes(out, &encoded);
        }
    }

    pub fn read(bytes: &[u8]) -> Result<Properties, Damage> {
        let mut reader = Reader::new(bytes);
        let mut number = || reader.number().ok_or("a number of the properties is cut off");
        Ok(Properties {
            entries: number()?,
            deletes: number()?,
            range_deletes: number()?,
            data_blocks: number()?,
            raw_key_bytes: number()?,
            raw_value_bytes: number()?,
            smallest_sequence: number()?,
            largest_sequence: number()?,
            created_ns: number()?,
            smallest: bound(&mut reader)?,
            largest: bound(&mut reader)?,
        })
    }
}

fn bound(reader: &mut Reader) -> Result<InternalKey, Damage> {
    let bytes = reader.bytes().ok_or("a bound of the table is cut off")?;
    let key = KeyRef::decode(bytes).ok_or("a bound of the table is no internal key")?;
    Ok(key.to_owned())
}
