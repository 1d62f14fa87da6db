//! Jump consistent hash: no table at all, and as even as modulo (Lamping and Veach, "A Fast, Minimal Memory, Consistent
//! Hash Algorithm", 2014).
//!
//! As buckets are added one by one, a key jumps into the new one, number `b`, with probability `1 / (b + 1)`. The function
//! draws straight where the next jump goes, so there are about `ln n` steps. The price: buckets are numbered without gaps,
//! and only the last one can go. To remove another one, those behind it take the numbers before theirs, and their keys move.

use super::Placement;
use crate::error::ShardingError;
use crate::hash::hash;
use crate::map::ClusterMap;
use glassbase_trace::NodeId;

/// The shard whose number is the key's bucket.
#[derive(Clone, Copy, Debug)]
pub struct Jump;

/// The bucket of a key among `buckets`, which are at least one.
#[inline]
pub fn jump(mut key: u64, buckets: u32) -> u32 {
    let (mut bucket, mut next) = (0, 0);
    while next < i64::from(buckets) {
        bucket = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        let drawn = (key >> 33) + 1;
        next = ((bucket + 1) as f64 * ((1u64 << 31) as f64 / drawn as f64)) as i64;
    }
    bucket as u32
}

impl Placement for Jump {
    fn place(&self, key: &[u8], map: &ClusterMap) -> Result<NodeId, ShardingError> {
        let members = map.members();
        if members.is_empty() {
            return Err(ShardingError::NoShards);
        }
        Ok(members[jump(hash(key), members.len() as u32) as usize].shard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUCKETS: [u32; 7] = [1, 2, 5, 11, 100, 1024, 100_001];

    /// Answers of the program that is printed in the paper, compiled and run.
    const ANSWERS: &[(u64, [u32; 7])] = &[
        (0, [0, 0, 0, 0, 0, 0, 0]),
        (1, [0, 0, 0, 6, 55, 549, 94_075]),
        (7, [0, 0, 0, 0, 97, 97, 20_139]),
        (256, [0, 1, 3, 3, 16, 520, 86_422]),
        (3_735_928_559, [0, 1, 3, 5, 87, 285, 64_244]),
        (10_863_919_174_838_991, [0, 1, 1, 6, 21, 830, 76_756]),
        (2_016_238_256_797_177_309, [0, 1, 3, 3, 3, 863, 39_755]),
        (1_673_758_223_894_951_030, [0, 1, 2, 5, 61, 820, 75_305]),
        (18_446_744_073_709_551_615, [0, 1, 2, 10, 92, 313, 18_311]),
    ];

    #[test]
    fn it_is_the_published_function() {
        for (key, answers) in ANSWERS {
            assert_eq!(BUCKETS.map(|buckets| jump(*key, buckets)), *answers, "key {key}");
        }
        let all = (0..100_000u64).fold(0u64, |sum, key| {
            let bucket = jump(key.wrapping_mul(0x9e37_79b9_7f4a_7c15), (key % 997) as u32 + 1);
            sum.wrapping_mul(31).wrapping_add(u64::from(bucket))
        });
        assert_eq!(all, 16_768_180_681_814_748_527, "a hundred thousand answers, folded");
    }

    #[test]
    fn a_key_stays_or_goes_into_the_new_bucket() {
        for key in 0..2000 {
            let hash = crate::hash::mix(key);
            for buckets in 1..40 {
                let (before, after) = (jump(hash, buckets), jump(hash, buckets + 1));
                assert!(after == before || after == buckets);
            }
        }
    }
}
