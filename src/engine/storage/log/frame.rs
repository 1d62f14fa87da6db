//! How a record stands in a log file.
//!
//! ```text
//!   0     1          5     13       21       25         29
//!   ┌────┬──────────┬─────┬────────┬────────┬──────────┬──────────┬────┐
//!   │0xA7│header CRC│ LSN │ synced │ length │ body CRC │ body     │0x7A│
//!   └────┴──────────┴─────┴────────┴────────┴──────────┴──────────┴────┘
//! ```
//!
//! Both checksums are CRC-32C; that of the header covers what follows it up to the body. A record names its own LSN, so
//! bytes of an older log that lie where new ones should are not taken for new. `synced` is how far the log was durable
//! when the record was written: it tells damage from a crash (see [`super::tail`]). Its first and its last byte are never
//! zero, so a sector that was never written is not taken for the edge of a record.

use crate::checksum::crc32c;
use glassbase_trace::Lsn;

pub const HEADER_BYTES: usize = 29;
/// What a record takes beside its body.
pub const FRAME_BYTES: usize = HEADER_BYTES + 1;
/// The longest body: an overflow page, its log of a whole checkpoint, with room to spare.
const BODY_BYTES_MAX: usize = 1 << 28;

const FIRST: u8 = 0xA7;
const LAST: u8 = 0x7A;

/// A header that passed its checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub lsn: Lsn,
    pub synced: Lsn,
    pub body_len: usize,
    body_crc: u32,
}

impl Header {
    /// Bytes of the whole record.
    pub fn frame_len(&self) -> usize {
        FRAME_BYTES + self.body_len
    }
}

/// Leaves room for a header; [`seal`] fills it once the body is there.
pub fn open(out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.resize(start + HEADER_BYTES, 0);
    start
}

/// Ends the record that [`open`] began at `start`. Returns its length.
pub fn seal(out: &mut Vec<u8>, start: usize, lsn: Lsn, synced: Lsn) -> usize {
    let body_len = out.len() - start - HEADER_BYTES;
    debug_assert!(body_len <= BODY_BYTES_MAX, "a record has at most {BODY_BYTES_MAX} bytes");
    let body_crc = crc32c(&out[start + HEADER_BYTES..]);
    let header = &mut out[start..start + HEADER_BYTES];
    header[0] = FIRST;
    header[5..13].copy_from_slice(&lsn.0.to_le_bytes());
    header[13..21].copy_from_slice(&synced.0.to_le_bytes());
    header[21..25].copy_from_slice(&(body_len as u32).to_le_bytes());
    header[25..29].copy_from_slice(&body_crc.to_le_bytes());
    let header_crc = crc32c(&header[5..]);
    header[1..5].copy_from_slice(&header_crc.to_le_bytes());
    out.push(LAST);
    FRAME_BYTES + body_len
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

/// The header of the record at `lsn`, whose bytes come first in `bytes`; the error says what is wrong.
pub fn header(bytes: &[u8], lsn: Lsn) -> Result<Header, String> {
    let Some(header) = bytes.get(..HEADER_BYTES) else {
        return Err(format!("{} bytes are no record", bytes.len()));
    };
    if header[0] != FIRST || u32_at(header, 1) != crc32c(&header[5..]) {
        return Err("the header of the record fails its checksum".to_string());
    }
    let found = u64_at(header, 5);
    if found != lsn.0 {
        return Err(format!("the record says that it is number {found}, not {}", lsn.0));
    }
    let body_len = u32_at(header, 21) as usize;
    if body_len > BODY_BYTES_MAX {
        return Err(format!("the record says that it has {body_len} bytes"));
    }
    Ok(Header { lsn, synced: Lsn(u64_at(header, 13)), body_len, body_crc: u32_at(header, 25) })
}

/// The body of the record of a header, which comes first in `bytes`.
pub fn body<'a>(bytes: &'a [u8], header: &Header) -> Result<&'a [u8], String> {
    let frame = bytes.get(..header.frame_len()).ok_or("the file ends within the record")?;
    let body = &frame[HEADER_BYTES..frame.len() - 1];
    if frame[frame.len() - 1] != LAST || crc32c(body) != header.body_crc {
        return Err("the record fails its checksum".to_string());
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(body: &[u8], lsn: u64) -> Vec<u8> {
        let mut out = Vec::new();
        let start = open(&mut out);
        out.extend_from_slice(body);
        assert_eq!(seal(&mut out, start, Lsn(lsn), Lsn(7)), FRAME_BYTES + body.len());
        out
    }

    #[test]
    fn a_record_is_read_back_at_its_own_place_alone() {
        let bytes = record(b"insert 37", 4711);
        let header = header(&bytes, Lsn(4711)).unwrap();
        assert_eq!((header.synced, header.frame_len()), (Lsn(7), bytes.len()));
        assert_eq!(body(&bytes, &header), Ok(&b"insert 37"[..]));
        assert!(super::header(&bytes, Lsn(4712)).unwrap_err().contains("4711"));
    }

    #[test]
    fn every_changed_byte_and_every_missing_one_is_noticed() {
        let bytes = record(b"insert 37", 4711);
        let read = |bytes: &[u8]| header(bytes, Lsn(4711)).and_then(|header| body(bytes, &header).map(<[u8]>::to_vec));
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                assert!(read(&damaged).is_err(), "byte {at}, bit {bit}");
            }
            assert!(read(&bytes[..at]).is_err());
        }
        assert!(read(&bytes).is_ok());
    }
}
