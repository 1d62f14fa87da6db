//! How likely a read is stale, from the latencies alone: probabilistically bounded staleness.
//!
//! P. Bailis, S. Venkataraman, M. Franklin, J. Hellerstein, I. Stoica, "Probabilistically Bounded Staleness for Practical
//! Partial Quorums", 2012. Each message of a write and of a read has a latency of its own, by the model WARS:
//!
//! ```text
//!   coordinator ──W──▶ replica      the write                The write is acknowledged at the W-th smallest W + A.
//!   coordinator ◀──A── replica      its acknowledgement      The read begins t later, and waits for the R smallest
//!   coordinator ──R──▶ replica      the read                 R + S. It is stale if at each of those replicas the
//!   coordinator ◀──S── replica      its answer               read came before the write.
//! ```
//!
//! A trial gives not one answer but all: the time from which on its read would have been fresh. Sorted, these times are
//! the whole curve.
//!
//! In the paper the coordinator is apart. Here it may be one of the nodes, drawn for each request, so that a replica may be
//! the coordinator itself, which no message goes to; and clients count from their own answer, a message later. The model
//! knows one write, and messages that do not wait for each other: on links that keep the order of messages, with repairs,
//! or on nodes that are busy, what is measured differs from it.

use super::options::Options;
use glassbase_sim::Generator;
use glassbase_sim::network::Quality;

/// Draws the latency of a message to or from a replica (0 to N - 1), in nanoseconds.
pub type Draw<'a> = &'a dyn Fn(&mut Generator, u16) -> u64;

/// The latencies of the four messages, and of one between a client and its coordinator.
#[derive(Clone, Copy)]
pub struct Latencies<'a> {
    pub write: Draw<'a>,
    pub acknowledgement: Draw<'a>,
    pub read: Draw<'a>,
    pub answer: Draw<'a>,
    pub client: Draw<'a>,
}

/// N, R and W, and how many nodes there are of which one coordinates; 0: the coordinator is apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    pub replicas: u16,
    pub read: u16,
    pub write: u16,
    pub coordinators: u16,
}

/// The prediction for a cluster of so many nodes all of whose links are alike. A message that is free to be overtaken takes
/// a second time on top of the first, as [`glassbase_sim::network`] has it.
#[derive(Clone, Debug)]
pub struct OfCluster {
    setting: Setting,
    quality: Quality,
    trials: Trials,
}

impl OfCluster {
    pub fn new(options: &Options, nodes: u16, quality: &Quality, seed: u64) -> OfCluster {
        let Options { replicas, read, write, .. } = *options;
        let setting = Setting { replicas, read, write, coordinators: nodes };
        OfCluster { setting, quality: quality.clone(), trials: Trials::new(seed) }
    }

    /// So many trials more.
    pub fn run(&mut self, trials: u32) {
        let quality = &self.quality;
        let draw = |random: &mut Generator, _: u16| message_ns(quality, random);
        let latencies = Latencies { write: &draw, acknowledgement: &draw, read: &draw, answer: &draw, client: &draw };
        self.trials.run(self.setting, latencies, trials);
    }

    pub fn finish(self) -> Prediction {
        self.trials.finish()
    }
}

/// What the trials gave, sorted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prediction {
    /// How long after the write a read is fresh.
    fresh_ns: Vec<u64>,
    write_ns: Vec<u64>,
    read_ns: Vec<u64>,
}

/// Latencies as they were measured, drawn anew.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quantiles {
    sorted_ns: Vec<u64>,
}

impl Quantiles {
    pub fn new(mut measured_ns: Vec<u64>) -> Quantiles {
        measured_ns.sort_unstable();
        Quantiles { sorted_ns: measured_ns }
    }

    /// The latency that a share `at` (0 to 1) of them is not above; between two of them in proportion. 0 if there is none.
    pub fn at(&self, at: f64) -> u64 {
        let Some(last) = self.sorted_ns.len().checked_sub(1) else { return 0 };
        let within = if at > 0.0 { at.min(1.0) } else { 0.0 };
        let place = within * last as f64;
        let below = (place as usize).min(last);
        let (low, high) = (self.sorted_ns[below], self.sorted_ns[(below + 1).min(last)]);
        low + ((high - low) as f64 * (place - below as f64)) as u64
    }

    pub fn draw(&self, random: &mut Generator) -> u64 {
        self.at(random.unit())
    }
}

/// How long a message takes on such a link.
pub fn message_ns(quality: &Quality, random: &mut Generator) -> u64 {
    let is_free = quality.reordering > 0.0 && random.chance(quality.reordering);
    let again_ns = if is_free { quality.latency.sample(random) } else { 0 };
    quality.latency.sample(random).saturating_add(again_ns)
}

impl Prediction {
    /// So many trials. The same seed gives the same answer.
    pub fn new(setting: Setting, latencies: Latencies, trials: u32, seed: u64) -> Prediction {
        let mut all = Trials::new(seed);
        all.run(setting, latencies, trials);
        all.finish()
    }

    /// How likely a read is stale that begins so long after the write was acknowledged.
    pub fn stale(&self, after_ns: u64) -> f64 {
        let fresh = self.fresh_ns.partition_point(|from_ns| *from_ns <= after_ns);
        (self.fresh_ns.len() - fresh) as f64 / self.fresh_ns.len().max(1) as f64
    }

    /// How long after the write a share `at` (0 to 1) of the reads is fresh.
    pub fn fresh_after(&self, at: f64) -> u64 {
        quantile(&self.fresh_ns, at)
    }

    pub fn write_latency(&self, at: f64) -> u64 {
        quantile(&self.write_ns, at)
    }

    pub fn read_latency(&self, at: f64) -> u64 {
        quantile(&self.read_ns, at)
    }
}

/// The smallest that a share `at` of the sorted ones is not above.
fn quantile(sorted: &[u64], at: f64) -> u64 {
    let rank = libm::ceil(at * sorted.len() as f64) as usize;
    let last = sorted.len().saturating_sub(1);
    sorted.get(rank.saturating_sub(1).min(last)).copied().unwrap_or(0)
}

/// Trials under way: they may be run in slices.
#[derive(Clone, Debug)]
struct Trials {
    random: Generator,
    trial: Trial,
    /// Not sorted yet.
    found: Prediction,
}

impl Trials {
    fn new(seed: u64) -> Trials {
        let (trial, found) = Default::default();
        Trials { random: Generator::new(seed, "staleness"), trial, found }
    }

    fn run(&mut self, setting: Setting, latencies: Latencies, trials: u32) {
        for _ in 0..trials {
            self.trial.run(setting, latencies, &mut self.random);
            self.found.fresh_ns.push(self.trial.fresh_ns);
            self.found.write_ns.push(self.trial.write_ns);
            self.found.read_ns.push(self.trial.read_ns);
        }
    }

    fn finish(mut self) -> Prediction {
        let found = &mut self.found;
        for times in [&mut found.fresh_ns, &mut found.write_ns, &mut found.read_ns] {
            times.sort_unstable();
        }
        self.found
    }
}

#[derive(Clone, Debug, Default)]
struct Trial {
    /// For each replica: when the write comes, and when the acknowledgement of it.
    writes: Vec<u64>,
    acknowledged: Vec<u64>,
    /// For each replica: when the answer comes, and when the read came.
    reads: Vec<(u64, u64, u16)>,
    fresh_ns: u64,
    write_ns: u64,
    read_ns: u64,
}

impl Trial {
    fn run(&mut self, setting: Setting, latencies: Latencies, random: &mut Generator) {
        self.writes.clear();
        self.acknowledged.clear();
        self.reads.clear();
        // Replicas are the first of the nodes; whoever coordinates need not send to itself.
        let coordinator = |random: &mut Generator| match setting.coordinators {
            0 => u64::MAX,
            nodes => random.below(u64::from(nodes)),
        };
        let (writer, reader) = (coordinator(random), coordinator(random));
        for replica in 0..setting.replicas {
            let to = |here: u64, draw: Draw, random: &mut Generator| match u64::from(replica) == here {
                true => 0,
                false => draw(random, replica),
            };
            let write = to(writer, latencies.write, random);
            self.writes.push(write);
            self.acknowledged.push(write.saturating_add(to(writer, latencies.acknowledgement, random)));
            let read = to(reader, latencies.read, random);
            let answer = read.saturating_add(to(reader, latencies.answer, random));
            self.reads.push((answer, read, replica));
        }
        self.acknowledged.sort_unstable();
        self.reads.sort_unstable();
        let nth = |count: u16| usize::from(count.clamp(1, setting.replicas.max(1))) - 1;
        let written_ns = self.acknowledged.get(nth(setting.write)).copied().unwrap_or(0);
        let waited = &self.reads[..(nth(setting.read) + 1).min(self.reads.len())];
        let read_ns = waited.last().map_or(0, |read| read.0);
        // The client hears of the write, and its read comes to the coordinator: both take a message.
        let (heard_ns, asks_ns) = ((latencies.client)(random, 0), (latencies.client)(random, 0));
        let fresh = waited.iter().map(|(_, read, replica)| {
            let asked_ns = read.saturating_add(written_ns).saturating_add(heard_ns).saturating_add(asks_ns);
            self.writes[usize::from(*replica)].saturating_sub(asked_ns)
        });
        self.fresh_ns = fresh.min().unwrap_or(0);
        self.write_ns = written_ns.saturating_add((latencies.client)(random, 0)).saturating_add(heard_ns);
        self.read_ns = read_ns.saturating_add(asks_ns).saturating_add((latencies.client)(random, 0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: f64 = 1_000_000.0;

    fn setting(replicas: u16, read: u16, write: u16) -> Setting {
        Setting { replicas, read, write, coordinators: 0 }
    }

    fn exponential(random: &mut Generator, _: u16) -> u64 {
        (-libm::log(1.0 - random.unit()) * 10.0 * MS) as u64
    }

    fn none(_: &mut Generator, _: u16) -> u64 {
        0
    }

    fn drawn(random: &mut Generator, _: u16) -> u64 {
        random.below(1 << 40)
    }

    /// Writes take an exponential time of 10 ms in the mean; reads come at once, and which replica answers first is drawn.
    const MEMORYLESS: Latencies =
        Latencies { write: &exponential, acknowledgement: &none, read: &none, answer: &drawn, client: &none };

    #[test]
    fn overlapping_quorums_are_never_stale() {
        for (n, r, w) in [(1, 1, 1), (3, 2, 2), (3, 1, 3), (3, 3, 1), (5, 3, 3), (5, 2, 4)] {
            let all = Latencies { acknowledgement: &exponential, read: &exponential, ..MEMORYLESS };
            for latencies in [MEMORYLESS, all] {
                let prediction = Prediction::new(setting(n, r, w), latencies, 2_000, 1);
                assert_eq!(prediction.stale(0), 0.0, "N {n}, R {r}, W {w}");
            }
        }
    }

    #[test]
    fn a_read_at_once_misses_with_the_chance_of_drawing_others() {
        // C(N - W, R) / C(N, R): none of the R that answer is one of the W that have it.
        for (n, r, w, chance) in [(3, 1, 1, 2.0 / 3.0), (3, 1, 2, 1.0 / 3.0), (3, 2, 1, 1.0 / 3.0), (5, 2, 2, 0.3)] {
            let prediction = Prediction::new(setting(n, r, w), MEMORYLESS, 100_000, 2);
            assert!((prediction.stale(0) - chance).abs() < 0.006, "N {n}, R {r}, W {w}: {}", prediction.stale(0));
        }
    }

    #[test]
    fn with_memoryless_writes_the_chance_falls_exponentially() {
        // R = W = 1: the replica drawn is not the first with (N - 1) / N, and then has its write within t with 1 - e^(-t/10 ms).
        for n in [2, 3, 5] {
            let prediction = Prediction::new(setting(n, 1, 1), MEMORYLESS, 100_000, 3);
            for ms in [0.0, 5.0, 10.0, 20.0, 40.0] {
                let chance = (f64::from(n) - 1.0) / f64::from(n) * libm::exp(-ms / 10.0);
                let found = prediction.stale((ms * MS) as u64);
                assert!((found - chance).abs() < 0.006, "N {n}, {ms} ms: {found} for {chance}");
            }
        }
    }

    #[test]
    fn with_fixed_latencies_all_is_known() {
        let near = |_: &mut Generator, replica: u16| if replica == 0 { 1_000 } else { 50_000 };
        let latencies = Latencies { write: &near, acknowledgement: &near, read: &none, answer: &near, client: &none };
        let prediction = Prediction::new(setting(3, 1, 1), latencies, 100, 4);
        assert_eq!(
            (prediction.stale(0), prediction.write_latency(0.5), prediction.read_latency(0.99)),
            (0.0, 2_000, 1_000)
        );
        // The reader is near another replica: it is stale until the write has come there.
        let elsewhere = |_: &mut Generator, replica: u16| if replica == 1 { 1_000 } else { 50_000 };
        let latencies = Latencies { answer: &elsewhere, ..latencies };
        let prediction = Prediction::new(setting(3, 1, 1), latencies, 100, 4);
        assert_eq!((prediction.stale(47_999), prediction.stale(48_000)), (1.0, 0.0));
        assert_eq!(prediction.fresh_after(0.999), 48_000);
    }

    #[test]
    fn quantiles_give_back_what_was_measured() {
        let quantiles = Quantiles::new(vec![30, 10, 20]);
        assert_eq!([0.0, 0.25, 0.5, 1.0].map(|at| quantiles.at(at)), [10, 15, 20, 30]);
        assert_eq!(Quantiles::default().at(0.5), 0);
        let mut random = Generator::new(5, "quantiles");
        let mean = (0..10_000).map(|_| quantiles.draw(&mut random)).sum::<u64>() / 10_000;
        assert!((19..=21).contains(&mean), "{mean}");
    }
}
