//! Numbers of variable length: seven bits a byte, the low ones first, the top bit says that more follow.

use super::Damage;

pub fn push(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Takes a number off the front of `bytes`.
pub fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        if shift == 63 && bits > 1 {
            return None;
        }
        value |= bits << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// Takes a length and as many bytes off the front.
pub fn take_bytes<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], Damage> {
    let length = take(bytes).ok_or("a length is cut off")?;
    let (taken, rest) = usize::try_from(length)
        .ok()
        .and_then(|length| bytes.split_at_checked(length))
        .ok_or("a length leads past the end")?;
    *bytes = rest;
    Ok(taken)
}

pub fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    push(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_wrote_and_nothing_longer() {
        let mut out = vec![];
        let numbers = [0, 1, 127, 128, 300, 1 << 35, u64::MAX >> 1, u64::MAX];
        numbers.iter().for_each(|number| push(&mut out, *number));
        let mut rest = &out[..];
        for number in numbers {
            assert_eq!(take(&mut rest), Some(number));
        }
        assert_eq!(take(&mut rest), None);
        assert_eq!(take(&mut &[0xff; 12][..]), None);
        assert_eq!(take(&mut &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2][..]), None);
        assert_eq!(out[..4], [0, 1, 127, 0x80]);
    }
}
