//! Bloom filters: a table that does not have a key is skipped, most of the time, without reading it.
//!
//! Each key sets `probes` bits of an array; a key of which one bit is not set was never added (Bloom, "Space/Time
//! Trade-offs in Hash Coding with Allowable Errors", 1970). Two hashes suffice to make all probes: the i-th is
//! `h1 + i * h2` (Kirsch and Mitzenmacher, "Less Hashing, Same Performance: Building a Better Bloom Filter", 2006).
//!
//! ```text
//!   with b bits a key and k probes, of the keys never added (1 - e^(-k/b))^k pass
//!   the best k is b ln 2; it is a whole number, so the better of the two beside it is taken
//!
//!   stored:  bits … │ probes u8
//! ```
//!
//! The hash is MurmurHash64A (Appleby, "MurmurHash2", 2008); its halves are `h1` and `h2`. A probe is brought into the
//! array by a multiplication (Lemire, "Fast Random Integer Generation in an Interval", 2019), which needs no division.

use super::Damage;

/// More probes than this gain nothing that could be measured.
const PROBES_MAX: u32 = 30;

/// MurmurHash64A of a user key.
#[inline]
pub fn hash(key: &[u8]) -> u64 {
    murmur_hash_64a(key, 0)
}

#[inline(always)]
fn murmur_hash_64a(key: &[u8], seed: u64) -> u64 {
    const M: u64 = 0xc6a4_a793_5bd1_e995;
    let mut hash = seed ^ (key.len() as u64).wrapping_mul(M);
    let (eights, tail) = key.as_chunks::<8>();
    for eight in eights {
        let mut block = u64::from_le_bytes(*eight).wrapping_mul(M);
        block ^= block >> 47;
        hash = (hash ^ block.wrapping_mul(M)).wrapping_mul(M);
    }
    if !tail.is_empty() {
        let mut last = [0; 8];
        last[..tail.len()].copy_from_slice(tail);
        hash = (hash ^ u64::from_le_bytes(last)).wrapping_mul(M);
    }
    hash = (hash ^ hash >> 47).wrapping_mul(M);
    hash ^ hash >> 47
}

fn false_positives(bits_per_key: f64, probes: u32) -> f64 {
    let probes = f64::from(probes);
    libm::pow(1.0 - libm::exp(-probes / bits_per_key), probes)
}

/// The number of probes with which fewest keys pass that were never added; 0 without a filter.
pub fn probes(bits_per_key: f64) -> u32 {
    if bits_per_key <= 0.0 {
        return 0;
    }
    let best = (bits_per_key * std::f64::consts::LN_2).min(f64::from(PROBES_MAX));
    let below = (best as u32).max(1);
    let above = (below + 1).min(PROBES_MAX);
    if false_positives(bits_per_key, above) < false_positives(bits_per_key, below) { above } else { below }
}

/// Of the keys never added, the part that passes in theory; 1 without a filter.
pub fn expected_false_positives(bits_per_key: f64) -> f64 {
    match probes(bits_per_key) {
        0 => 1.0,
        probes => false_positives(bits_per_key, probes),
    }
}

/// The filter block for keys of these hashes; none where there would be no bit.
pub fn build(hashes: &[u64], bits_per_key: f64) -> Option<Vec<u8>> {
    let probes = probes(bits_per_key);
    if probes == 0 || hashes.is_empty() {
        return None;
    }
    let bits = libm::ceil(hashes.len() as f64 * bits_per_key).min(f64::from(u32::MAX - 8)) as u32;
    let bytes = bits.div_ceil(8) as usize;
    let mut filter = vec![0; bytes + 1];
    for hash in hashes {
        for bit in positions(*hash, bytes as u64 * 8, probes) {
            filter[bit / 8] |= 1 << (bit % 8);
        }
    }
    filter[bytes] = probes as u8;
    Some(filter)
}

/// The bits of a key.
#[inline(always)]
fn positions(hash: u64, bits: u64, probes: u32) -> impl Iterator<Item = usize> {
    let (mut probe, step) = (hash as u32, (hash >> 32) as u32 | 1);
    (0..probes).map(move |_| {
        let position = (u64::from(probe) * bits) >> 32;
        probe = probe.wrapping_add(step);
        position as usize
    })
}

/// A filter to ask.
#[derive(Clone, Debug)]
pub struct Filter {
    bits: Vec<u8>,
    probes: u32,
}

impl Filter {
    pub fn read(block: &[u8]) -> Result<Filter, Damage> {
        match block.split_last() {
            Some((&probes, bits)) if !bits.is_empty() && bits.len() <= u32::MAX as usize / 8 => {
                if probes == 0 || u32::from(probes) > PROBES_MAX {
                    return Err("the filter's number of probes is none that is ever used");
                }
                Ok(Filter { bits: bits.to_vec(), probes: u32::from(probes) })
            }
            _ => Err("the filter has no bits"),
        }
    }

    /// False: a key of this hash was never added.
    #[inline]
    pub fn may_contain(&self, hash: u64) -> bool {
        let mut bits = positions(hash, self.bits.len() as u64 * 8, self.probes);
        bits.all(|bit| self.bits[bit / 8] & 1 << (bit % 8) != 0)
    }

    pub fn bytes(&self) -> usize {
        self.bits.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbase_sim::Generator;

    /// The check that SMHasher (Appleby) does: hashes of 0 to 255 bytes with seeds 256 to 1, hashed together.
    #[test]
    fn the_hash_gives_the_known_answer() {
        let key: Vec<u8> = (0..=255).collect();
        let hashes: Vec<u8> =
            (0..256).flat_map(|length| murmur_hash_64a(&key[..length], 256 - length as u64).to_le_bytes()).collect();
        assert_eq!(murmur_hash_64a(&hashes, 0) as u32, 0x1f0d_3804);
    }

    #[test]
    fn the_number_of_probes_is_the_better_of_two() {
        assert_eq!([0.0, 0.5, 1.0, 2.0, 5.0, 8.0, 10.0, 16.0].map(probes), [0, 1, 1, 1, 3, 6, 7, 11]);
        assert_eq!(probes(1000.0), PROBES_MAX);
        for tenths in 1..300 {
            let bits = f64::from(tenths) / 10.0;
            let best = (1..=PROBES_MAX).map(|probes| false_positives(bits, probes)).fold(1.0, f64::min);
            assert!(expected_false_positives(bits) <= best * 1.000001, "{bits}");
        }
        assert!((expected_false_positives(10.0) - 0.00819).abs() < 0.00001);
    }

    #[test]
    fn false_positives_are_as_many_as_in_theory() {
        let mut generator = Generator::new(11, "bloom");
        for bits_per_key in [1.0, 2.5, 5.0, 8.0, 10.0, 12.3] {
            let keys = 20_000u64;
            let hashes: Vec<u64> = (0..keys).map(|number| hash(&number.to_be_bytes())).collect();
            let filter = Filter::read(&build(&hashes, bits_per_key).unwrap()).unwrap();
            assert!(hashes.iter().all(|hash| filter.may_contain(*hash)));
            let asked = 400_000;
            let passed = (0..asked).filter(|_| {
                let other = keys + generator.below(1 << 60);
                filter.may_contain(hash(&other.to_be_bytes()))
            });
            let (found, theory) = (passed.count() as f64 / f64::from(asked), expected_false_positives(bits_per_key));
            assert!((found / theory - 1.0).abs() < 0.2, "{bits_per_key} bits: {found} for {theory}");
        }
    }

    #[test]
    fn tiny_filters_work_and_damaged_ones_are_refused() {
        for count in 1..20u64 {
            let hashes: Vec<u64> = (0..count).map(|number| hash(&number.to_be_bytes())).collect();
            let filter = Filter::read(&build(&hashes, 0.3).unwrap()).unwrap();
            assert!(hashes.iter().all(|hash| filter.may_contain(*hash)));
        }
        assert!(build(&[], 10.0).is_none() && build(&[1], 0.0).is_none());
        assert!(Filter::read(&[]).is_err() && Filter::read(&[7]).is_err());
        assert!(Filter::read(&[255, 0]).is_err() && Filter::read(&[255, 31]).is_err());
    }
}
