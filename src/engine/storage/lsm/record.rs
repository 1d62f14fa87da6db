//! Records in an append-only file: how the write log, the manifest and the control file are framed.
//!
//! ```text
//!   ┌──────┬────────┬─────────┬─────────┬─────────┬─────────┬──────┐
//!   │ kind │ length │ !length │ durable │ payload │ crc-32c │ 0xa5 │
//!   │ 1    │ 4      │ 4       │ 4       │ length  │ 4       │ 1    │
//!   └──────┴────────┴─────────┴─────────┴─────────┴─────────┴──────┘
//!     not 0                     │                   └─ of all that stands before it
//!                               └─ bytes of the file that were durable when this record was appended
//! ```
//!
//! **A torn end is no damage, and damage is no torn end.** What was appended and not synced when power failed may be
//! missing, cut, or have sectors of zeros; a reader stops there and takes what came before. What was synced and does not
//! read as it was written is damage, and an error. A record that does not check is torn when the file ends inside of it,
//! or when a sector's share of it is all zeros (the first and the last byte never are, so that only a whole sector can be).
//! But if a record behind it was written when this place was durable already, it is damage all the same.
//!
//! One case is left in which damage passes for a torn end: the last synced records of a file, one of which holds a whole
//! sector of zeros and is damaged elsewhere.

use crate::checksum::crc32c;
use glassbase_sim::SECTOR_BYTES;

/// Bytes in front of the payload, behind it, and both.
pub const HEADER_BYTES: usize = 13;
pub const TRAILER_BYTES: usize = 5;
pub const FRAME_BYTES: usize = HEADER_BYTES + TRAILER_BYTES;
/// Kind, length and complement: what a reader must have before it knows how long the record is.
const LENGTHS_BYTES: usize = 9;
const LAST_BYTE: u8 = 0xa5;

/// Begins a record at the end of `out`: leaves room for the header. The payload is appended next.
pub fn begin(out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER_BYTES]);
    start
}

/// Ends the record that begins at `start`.
pub fn end(out: &mut Vec<u8>, start: usize, kind: u8, durable: u64) {
    debug_assert!(kind != 0, "a record's first byte is not 0");
    let length = (out.len() - start - HEADER_BYTES) as u32;
    let record = &mut out[start..];
    record[0] = kind;
    record[1..5].copy_from_slice(&length.to_le_bytes());
    record[5..9].copy_from_slice(&(!length).to_le_bytes());
    record[9..13].copy_from_slice(&(durable as u32).to_le_bytes());
    let [a, b, c, d] = crc32c(record).to_le_bytes();
    out.extend_from_slice(&[a, b, c, d, LAST_BYTE]);
}

/// A record that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    pub offset: u64,
    pub kind: u8,
    durable: u32,
    pub payload: &'a [u8],
}

/// What does not check, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    pub offset: u64,
    pub what: &'static str,
}

/// Reads the records of a file in turn.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Why there is no record at a place.
enum Absent {
    /// The file ends inside of it.
    Cut,
    /// Its bytes do not check; as far as is known it is this long.
    Wrong(usize, &'static str),
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    /// Where the next record begins: after the last call gave none, the length up to which the file is whole.
    pub fn offset(&self) -> u64 {
        self.at as u64
    }

    /// True when the records end before the file does: its end is torn.
    pub fn is_torn(&self) -> bool {
        self.at < self.bytes.len()
    }

    /// The next record; none at the end of the whole ones.
    pub fn next(&mut self) -> Result<Option<Record<'a>>, Damage> {
        if self.at == self.bytes.len() {
            return Ok(None);
        }
        let absent = match parse(self.bytes, self.at) {
            Ok(record) => {
                self.at += FRAME_BYTES + record.payload.len();
                return Ok(Some(record));
            }
            Err(absent) => absent,
        };
        let offset = self.at as u64;
        match absent {
            Absent::Wrong(length, what) if !self.has_hole(length) => Err(Damage { offset, what }),
            _ if self.was_durable() => Err(Damage { offset, what: "a record is missing that had been made durable" }),
            _ => Ok(None),
        }
    }

    /// Whether a sector's share of the next `length` bytes is all zeros.
    fn has_hole(&self, length: usize) -> bool {
        let end = self.at.saturating_add(length).min(self.bytes.len());
        let mut from = self.at;
        while from < end {
            let to = ((from / SECTOR_BYTES + 1) * SECTOR_BYTES).min(end);
            if self.bytes[from..to].iter().all(|byte| *byte == 0) {
                return true;
            }
            from = to;
        }
        false
    }

    /// Whether any record further on says that this place was durable.
    fn was_durable(&self) -> bool {
        let places = self.at + 1..self.bytes.len();
        places.into_iter().any(|at| parse(self.bytes, at).is_ok_and(|record| record.durable as usize > self.at))
    }
}

fn parse(bytes: &[u8], at: usize) -> Result<Record<'_>, Absent> {
    let rest = &bytes[at..];
    let Some(header) = rest.first_chunk::<HEADER_BYTES>() else { return Err(Absent::Cut) };
    let field = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let (length, durable) = (field(1), field(9));
    if length != !field(5) {
        return Err(Absent::Wrong(LENGTHS_BYTES, "the length of a record does not agree with its complement"));
    }
    // A length may be anything: where addresses have 32 bits it must not go round.
    let frame_len = (length as usize).checked_add(FRAME_BYTES);
    let Some(record) = frame_len.and_then(|frame_len| rest.get(..frame_len)) else { return Err(Absent::Cut) };
    let (covered, trailer) = record.split_at(HEADER_BYTES + length as usize);
    let [a, b, c, d] = crc32c(covered).to_le_bytes();
    if header[0] == 0 || trailer != [a, b, c, d, LAST_BYTE] {
        return Err(Absent::Wrong(record.len(), "a record fails its checksum"));
    }
    Ok(Record { offset: at as u64, kind: header[0], durable, payload: &covered[HEADER_BYTES..] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(payloads: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for payload in payloads {
            let durable = bytes.len() as u64;
            let start = begin(&mut bytes);
            bytes.extend_from_slice(payload);
            end(&mut bytes, start, 7, durable);
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Result<(usize, bool), Damage> {
        let mut reader = Reader::new(bytes);
        let mut count = 0;
        while let Some(record) = reader.next()? {
            assert_eq!(record.kind, 7);
            count += 1;
        }
        Ok((count, reader.is_torn()))
    }

    #[test]
    fn what_was_written_is_read_and_a_cut_ends_it() {
        let bytes = file(&[b"one", b"", &[0; 700]]);
        assert_eq!(read(&bytes), Ok((3, false)));
        for length in 0..bytes.len() {
            let whole = usize::from(length >= 21) + usize::from(length >= 39);
            assert_eq!(read(&bytes[..length]), Ok((whole, ![0, 21, 39].contains(&length))), "{length}");
        }
    }

    #[test]
    fn every_flipped_bit_is_damage_and_no_torn_end() {
        // Zeros at every boundary, and shares of sectors of every length: but no sector of zeros.
        let numbers: Vec<u8> = (0..900u32).flat_map(|number| (number / 9 * 9).to_be_bytes()).collect();
        for size in 1..60 {
            let payloads: Vec<&[u8]> = numbers.chunks(size).take(2000 / (size + FRAME_BYTES)).collect();
            let bytes = file(&payloads);
            for bit in 0..bytes.len() * 8 {
                let mut bytes = bytes.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert!(read(&bytes).is_err(), "{size}: bit {bit}");
            }
        }
    }

    #[test]
    fn a_sector_of_zeros_is_torn_unless_it_was_durable() {
        let payload = [3; 200];
        let unsynced: Vec<u8> = {
            let mut bytes = Vec::new();
            for _ in 0..10 {
                let start = begin(&mut bytes);
                bytes.extend_from_slice(&payload);
                end(&mut bytes, start, 7, 0);
            }
            bytes
        };
        let mut torn = unsynced.clone();
        torn[512..1024].fill(0);
        assert_eq!(read(&torn), Ok((2, true)));
        let mut damaged = file(&[&payload[..]; 10]);
        damaged[512..1024].fill(0);
        let Err(damage) = read(&damaged) else { panic!("it was durable") };
        assert_eq!(damage.offset, 2 * 218);
    }
}
