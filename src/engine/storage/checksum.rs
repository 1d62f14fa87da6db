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

/// The CRC-32C of `bytes`.
pub fn crc32c(bytes: &[u8]) -> u32 {
    let tables: &Tables = &TABLES;
    let mut crc = !0u32;
    let (steps, rest) = bytes.as_chunks::<STEP>();
    for step in steps {
        let [a, b, c, d, ..] = *step;
        let first = crc ^ u32::from_le_bytes([a, b, c, d]);
        let mut next = tables[STEP - 1][(first & 0xff) as usize]
            ^ tables[STEP - 2][(first >> 8 & 0xff) as usize]
            ^ tables[STEP - 3][(first >> 16 & 0xff) as usize]
            ^ tables[STEP - 4][(first >> 24) as usize];
        for place in 4..STEP {
            next ^= tables[STEP - 1 - place][usize::from(step[place])];
        }
        crc = next;
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
