//! The hash that places keys and shards.
//!
//! A key's bytes are mixed to 64 bits in which every bit depends on every byte, so that equal shares of the numbers are
//! equal shares of the keys. It is part of the format: a shard that hashes otherwise looks for keys in the wrong place.

/// 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Mixes 64 bits: the last steps of splitmix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators",
/// 2014). No two numbers give the same.
#[inline]
pub fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(GOLDEN);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The place of a key among 2^64: eight bytes are mixed as one number, others are first gathered by FNV-1a (Fowler, Noll,
/// Vo).
#[inline]
pub fn hash(key: &[u8]) -> u64 {
    if let Ok(eight) = <[u8; 8]>::try_from(key) {
        return mix(u64::from_be_bytes(eight));
    }
    let gathered = key
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    mix(gathered)
}

/// A number that belongs to two others, in this order.
#[inline]
pub fn pair(first: u64, second: u64) -> u64 {
    mix(mix(first) ^ second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_of_a_key_turns_half_of_the_hash() {
        let turned = |key: &[u8], other: &[u8]| (hash(key) ^ hash(other)).count_ones();
        let mut all = 0;
        for bit in 0..64 {
            all += turned(&7u64.to_be_bytes(), &(7u64 ^ (1 << bit)).to_be_bytes());
        }
        assert!((1900..2200).contains(&all), "{all} of 4096 bits");
        assert!(turned(b"user:1", b"user:2") > 16);
        assert_ne!(pair(1, 2), pair(2, 1));
    }
}
