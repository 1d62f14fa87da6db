//! Numbers and byte strings as they stand in files: a number takes seven bits a byte, low ones first, the eighth bit
//! saying that more follow (LEB128); a byte string is its length and its bytes.

use glassbase_trace::{Lsn, PageId, plain};

/// Appends a number.
#[inline]
pub fn put_number(out: &mut Vec<u8>, value: u64) {
    // Most are short.
    if value < 0x80 { out.push(value as u8) } else { plain::push_number(out, value) }
}

/// Appends a byte string.
#[inline]
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Reads what was put, in the same order. Every answer is `None` where the bytes end early or make no sense.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    /// Bytes read so far.
    pub fn position(&self) -> usize {
        self.at
    }

    /// What was not read yet.
    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    #[inline(always)]
    pub fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    #[inline(always)]
    pub fn number(&mut self) -> Option<u64> {
        match self.bytes.get(self.at) {
            Some(byte) if *byte < 0x80 => {
                self.at += 1;
                Some(u64::from(*byte))
            }
            _ => self.long_number(),
        }
    }

    #[inline(never)]
    fn long_number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return None;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    pub fn page(&mut self) -> Option<PageId> {
        self.number().and_then(|page| u32::try_from(page).ok()).map(PageId)
    }

    pub fn lsn(&mut self) -> Option<Lsn> {
        self.number().map(Lsn)
    }

    #[inline(always)]
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let end = self.at.checked_add(length)?;
        let bytes = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_bytes_are_read_back_and_never_past_the_end() {
        let mut out = Vec::new();
        let numbers = [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX];
        numbers.iter().for_each(|number| put_number(&mut out, *number));
        put_bytes(&mut out, b"ash");
        let mut reader = Reader::new(&out);
        assert!(numbers.iter().all(|number| reader.number() == Some(*number)));
        assert_eq!((reader.bytes(), reader.byte()), (Some(&b"ash"[..]), None));
        for length in 0..out.len() {
            let mut reader = Reader::new(&out[..length]);
            let read = (0..numbers.len()).all(|_| reader.number().is_some());
            assert!(!read || reader.bytes().is_none());
        }
        assert_eq!(Reader::new(&[0xff; 11]).number(), None, "longer than 64 bits");
        assert_eq!(Reader::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]).number(), None);
        assert_eq!(
            Reader::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]).bytes(),
            None
        );
    }
}
