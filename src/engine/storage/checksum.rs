//! CRC-32C (Castagnoli), sixteen bytes at a time with sixteen tables ("slicing": Kounavis and Berry, "A Systematic Approach
//! to Building High Performance, Software-based, CRC Generators", 2005): the look-ups of one step do not wait for one
//! another, so longer steps are quicker.

use std::sync::LazyLock;

const POLYNOMIAL: u32 = 0x82f6_3b78;

const STEP: usize = 16;

type Tables = [[u32; 256]; STEP];

/// Computed when first asked for: as a constant they would be 16 KB that no compression makes smaller.
static TABLES: LazyLock<Box<Tables>> = LazyLock::new(tables);

fn tables() -> Box<Tables> {
    let mut tables = Box::new([[0u32; 256]; STEP]);
    for byte in 0..256 {
        let mut crc = byte as u32;
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
        }
        tables[0][byte] = crc;
    }
    for table in 1..STEP {
        for byte in 0..256 {
            let before = tables[table - 1][byte];
            tables[table][byte] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
        }
    }
    tables
}

/// What a word of eight bytes comes to; `first` is the table of its last byte.
#[inline(always)]
fn folded(tables: &Tables, first: usize, word: u64) -> u32 {
    let byte = |place: usize| (word >> (8 * place)) as u8 as usize;
    // Written out, because a loop stays one where code is made for size.
    tables[first + 7][byte(0)]
        ^ tables[first + 6][byte(1)]
        ^ tables[first + 5][byte(2)]
        ^ tables[first + 4][byte(3)]
        ^ tables[first + 3][byte(4)]
        ^ tables[first + 2][byte(5)]
        ^ tables[first + 1][byte(6)]
        ^ tables[first][byte(7)]
}

/// The CRC-32C of `bytes`.
pub fn crc32c(bytes: &[u8]) -> u32 {
    let tables: &Tables = &TABLES;
    let mut crc = !0u32;
    let (words, rest) = bytes.as_chunks::<8>();
    let (steps, single) = words.as_chunks::<2>();
    for [low, high] in steps {
        let (low, high) = (u64::from_le_bytes(*low), u64::from_le_bytes(*high));
        crc = folded(tables, 0, high) ^ folded(tables, 8, low ^ u64::from(crc));
    }
    for word in single {
        crc = folded(tables, 0, u64::from_le_bytes(*word) ^ u64::from(crc));
    }
    for byte in rest {
        crc = (crc >> 8) ^ tables[0][((crc ^ u32::from(*byte)) & 0xff) as usize];
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_known_answers() {
        // The check value of the CRC catalogue, and RFC 3720, appendix B.4.
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        let ascending: Vec<u8> = (0..32).collect();
        assert_eq!(crc32c(&ascending), 0x46dd_794e);
    }
}
