//! The workloads of the Yahoo! Cloud Serving Benchmark (Cooper, Silberstein, Tam, Ramakrishnan and Sears, "Benchmarking
//! Cloud Serving Systems with YCSB", 2010, table 2).
//!
//! ```text
//!   A   50 % read   50 % update        which record: Zipf         sessions
//!   B   95 % read    5 % update                      Zipf         photo tags
//!   C  100 % read                                    Zipf         profiles
//!   D   95 % read    5 % insert                      the newest   status updates
//!   E   95 % scan    5 % insert                      Zipf         threads; up to 100 records, every length alike
//!   F   50 % read   50 % read, change, write         Zipf         user records
//! ```
//!
//! Records are numbered as they are inserted; the number is scattered over all keys, so that neighbours in time, and the
//! records that are asked for most, do not stand side by side.

use crate::lab::keys::KeySource;
use crate::sim::Zipf;

pub const WORKLOADS: &[&str] = &["A", "B", "C", "D", "E", "F"];
pub const RECORDS: u64 = 1000;
/// The benchmark's exponent.
const EXPONENT: f64 = 0.99;
const SCAN_MOST: u64 = 100;
/// A prime, and a number below it: multiplied they reach every key once.
const KEYS: u64 = 999_983;
const STRIDE: u64 = 611_953;

/// What is to be done with which record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Read(u64),
    Update(u64),
    Insert(u64),
    Scan(u64, u64),
    ReadChangeWrite(u64),
}

#[derive(Clone, Debug)]
pub struct Workload {
    letter: u8,
    zipf: Zipf,
}

impl Workload {
    pub fn new(word: &str, records: u64) -> Workload {
        let letter = word.bytes().next().unwrap_or(b'A');
        Workload { letter, zipf: Zipf::new(records, EXPONENT) }
    }

    pub fn word(&self) -> &'static str {
        WORKLOADS[usize::from(self.letter - b'A').min(WORKLOADS.len() - 1)]
    }

    /// The next operation, when there are so many records.
    pub fn next(&self, records: u64, source: &mut KeySource) -> Operation {
        let rank = self.zipf.sample(source.generator()).min(records.max(1)) - 1;
        let share = source.number(100);
        match self.letter {
            b'A' if share > 50 => Operation::Update(rank),
            b'B' if share > 95 => Operation::Update(rank),
            b'D' | b'E' if share > 95 => Operation::Insert(records),
            b'D' => Operation::Read(records.saturating_sub(1 + rank)),
            b'E' => Operation::Scan(rank, source.number(SCAN_MOST)),
            b'F' if share > 50 => Operation::ReadChangeWrite(rank),
            _ => Operation::Read(rank),
        }
    }
}

/// The key of a record.
pub fn key(record: u64) -> [u8; 8] {
    (record % KEYS * STRIDE % KEYS + record / KEYS * KEYS).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Cx;

    #[test]
    fn records_have_keys_of_their_own() {
        let mut keys: Vec<[u8; 8]> = (0..20_000).map(key).collect();
        keys.sort_unstable();
        assert!(keys.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn shares_are_those_of_the_table() {
        for (word, writes, scans) in [("A", 50, 0), ("B", 5, 0), ("C", 0, 0), ("D", 5, 0), ("E", 5, 95), ("F", 50, 0)] {
            let (workload, mut source) = (Workload::new(word, 1000), KeySource::new(&Cx::new(1)));
            let (mut written, mut scanned) = (0, 0);
            for _ in 0..4000 {
                match workload.next(1000, &mut source) {
                    Operation::Update(_) | Operation::Insert(_) | Operation::ReadChangeWrite(_) => written += 1,
                    Operation::Scan(_, length) => {
                        assert!((1..=100).contains(&length));
                        scanned += 1;
                    }
                    Operation::Read(record) => assert!(record < 1000),
                }
            }
            let near = |count: i32, percent: i32| (count - 40 * percent).abs() < 120;
            assert!(near(written, writes) && near(scanned, scans), "{word}: {written} written, {scanned} scanned");
        }
    }
}
