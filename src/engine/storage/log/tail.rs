//! Where a log ends, and whether it ends there because of a crash or because it is damaged.
//!
//! What was written but not synced when the power failed may be there, may be missing, and may have holes: sectors that
//! hold zeros. So the first record that makes no sense is usually the end of the log. But it may also lie in the middle
//! of what was durable; to end the log there would quietly drop commits. Two things tell:
//!
//! ```text
//!   │ record │ record │ ##### │ record, synced up to here ▲ │      a later record says that this place was durable once:
//!                     ▲ damaged                                  damage, whatever it looks like
//!
//!   │ record │ record │ 00000 │ record, synced up to ▼ │          nothing says so, and there are zeros, or the file is
//!                     ▲ ends here                                short: a torn tail
//! ```
//!
//! And when neither holds, every sector was written and the bytes are wrong all the same: damage again.

use super::frame;
use glassbase_sim::SECTOR_BYTES;
use glassbase_trace::Lsn;

/// What follows the last good record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tail {
    /// Nothing: the file ends with the record.
    Clean,
    /// What a crash left of records that were never durable.
    Torn,
    Damaged {
        what: String,
    },
}

/// Follows the records of a file, which begins at LSN `start`, from offset `from` on. Returns the offset where the last
/// good one ends, and what comes then.
pub fn find_end(bytes: &[u8], start: u64, from: usize) -> (usize, Tail) {
    let mut at = from;
    while at < bytes.len() {
        let lsn = Lsn(start + at as u64);
        let rest = &bytes[at..];
        let (extent, what) = match frame::header(rest, lsn) {
            Ok(header) => match frame::body(rest, &header) {
                Ok(_) => {
                    at += header.frame_len();
                    continue;
                }
                Err(what) => (header.frame_len(), what),
            },
            Err(what) => (frame::FRAME_BYTES, what),
        };
        return (at, judge(bytes, start, at, extent, what));
    }
    (at, Tail::Clean)
}

fn judge(bytes: &[u8], start: u64, at: usize, extent: usize, what: String) -> Tail {
    if later_says_durable(bytes, start, at) || !is_torn(bytes, at, extent) {
        return Tail::Damaged { what };
    }
    Tail::Torn
}

/// True when a good record behind `at` was written when `at` was durable already.
fn later_says_durable(bytes: &[u8], start: u64, at: usize) -> bool {
    let later = (at + 1..bytes.len()).filter_map(|at| frame::header(&bytes[at..], Lsn(start + at as u64)).ok());
    later.into_iter().any(|header| header.synced.0 > start + at as u64)
}

/// True when a write that was cut short explains why the bytes from `at` on, `extent` of them, are no record: the file is
/// too short, or one of their sectors is zeros as far as it may belong to them.
pub fn is_torn(bytes: &[u8], at: usize, extent: usize) -> bool {
    if at + extent > bytes.len() {
        return true;
    }
    let sectors = at / SECTOR_BYTES..(at + extent).div_ceil(SECTOR_BYTES);
    sectors.into_iter().any(|sector| {
        let (first, past) = (sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES);
        bytes[first.max(at)..past.min(bytes.len())].iter().all(|byte| *byte == 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records of 100 bytes; each says that the log was durable up to `synced`.
    fn records(synced: &[u64]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for synced in synced {
            let start = frame::open(&mut bytes);
            bytes.resize(bytes.len() + 100 - frame::FRAME_BYTES, 9);
            frame::seal(&mut bytes, start, Lsn(1000 + start as u64), Lsn(*synced));
        }
        bytes
    }

    fn end_of(bytes: &[u8]) -> (usize, Tail) {
        find_end(bytes, 1000, 0)
    }

    #[test]
    fn whole_records_end_cleanly_and_half_ones_do_not_count() {
        let bytes = records(&[0, 0, 0]);
        assert_eq!(end_of(&bytes), (300, Tail::Clean));
        for length in 201..300 {
            assert_eq!(end_of(&bytes[..length]), (200, Tail::Torn));
        }
    }

    #[test]
    fn a_sector_of_zeros_is_a_hole_unless_a_later_record_says_that_it_was_durable() {
        let mut bytes = records(&[0; 20]);
        bytes[512..1024].fill(0);
        assert_eq!(end_of(&bytes), (500, Tail::Torn));
        let mut bytes = records(&[vec![0; 12], vec![2200; 8]].concat());
        bytes[512..1024].fill(0);
        assert!(matches!(end_of(&bytes), (500, Tail::Damaged { .. })));
    }

    #[test]
    fn a_changed_byte_is_damage_wherever_it_is() {
        let bytes = records(&[0; 12]);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            let (end, tail) = end_of(&damaged);
            assert_eq!(end, at / 100 * 100);
            assert!(matches!(tail, Tail::Damaged { .. }), "byte {at}");
        }
    }
}
