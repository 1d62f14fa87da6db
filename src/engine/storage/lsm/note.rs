//! Numbered notes in a file of [records](super::record): the last whole one counts.

use super::record::{self, Damage, Reader};
use crate::StorageError;

const NOTE: u8 = 1;

/// What a file of notes holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// The last note and its number.
    pub note: Option<(u64, Vec<u8>)>,
    /// Up to here the file is whole.
    pub whole: u64,
}

/// A note as it stands in a file.
pub fn framed(number: u64, text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let start = record::begin(&mut bytes);
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.extend_from_slice(text);
    record::end(&mut bytes, start, NOTE, 0);
    bytes
}

/// Reads the notes of a file; damage names the file and the place.
pub fn last(bytes: &[u8], name: &str) -> Result<Notes, StorageError> {
    let damaged =
        |offset, what: &str| StorageError::DamagedFile { name: name.to_string(), offset, what: what.to_string() };
    let mut reader = Reader::new(bytes);
    let mut note = None;
    while let Some(record) = reader.next().map_err(|Damage { offset, what }| damaged(offset, what))? {
        let Some((number, text)) = record.payload.split_first_chunk::<8>().filter(|_| record.kind == NOTE) else {
            return Err(damaged(record.offset, "a record is no note"));
        };
        note = Some((u64::from_le_bytes(*number), text.to_vec()));
    }
    Ok(Notes { note, whole: reader.offset() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_whole_note_counts() {
        let bytes = [framed(7, b"one"), framed(8, b"two")].concat();
        let note = Some((8, b"two".to_vec()));
        assert_eq!(last(&bytes, "x"), Ok(Notes { note, whole: bytes.len() as u64 }));
        let cut = last(&bytes[..bytes.len() - 1], "x").unwrap();
        assert_eq!(cut, Notes { note: Some((7, b"one".to_vec())), whole: bytes.len() as u64 / 2 });
        assert_eq!(last(&[], "x"), Ok(Notes::default()));
        let mut damaged = bytes;
        damaged[15] ^= 1;
        assert!(matches!(last(&damaged, "x"), Err(StorageError::DamagedFile { offset: 0, .. })));
    }
}
