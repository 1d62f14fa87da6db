//! A storm: faults at random times, from a seed, all of which are over at its end.

use super::Fault;
use glassbase_sim::Generator;
use glassbase_trace::NodeId;

/// So many faults between two times, on shards n1 to n`shards`, as a schedule.
pub fn storm(seed: u64, shards: u16, faults: u64, from_ns: u64, to_ns: u64) -> Vec<(u64, Fault)> {
    let mut random = Generator::new(seed, "storm");
    let length_ns = to_ns.saturating_sub(from_ns).max(1);
    let mut schedule = Vec::new();
    for _ in 0..faults {
        let begins_ns = from_ns + random.below(length_ns);
        let ends_ns = (begins_ns + 1 + random.below(length_ns / 3 + 1)).min(to_ns);
        let shard = NodeId(random.below(u64::from(shards.max(1))) as u16 + 1);
        let other = NodeId(random.below(u64::from(shards.max(1))) as u16 + 1);
        let (begins, ends) = match random.below(5) {
            0 | 1 => (Fault::Crash(shard), Fault::Restart(shard)),
            2 => (Fault::Partition(vec![shard, other]), Fault::Heal),
            3 => (Fault::Slow(shard, 2 + random.below(30)), Fault::Slow(shard, 1)),
            _ => {
                let mut share = || random.below(30) as f64 / 100.0;
                let weather = Fault::Weather { loss: share(), duplication: share(), reordering: share() };
                (weather, Fault::Weather { loss: 0.0, duplication: 0.0, reordering: 0.0 })
            }
        };
        schedule.push((begins_ns, begins));
        schedule.push((ends_ns, ends));
    }
    schedule.push((to_ns, Fault::Heal));
    schedule.push((to_ns, Fault::Weather { loss: 0.0, duplication: 0.0, reordering: 0.0 }));
    for number in 1..=shards {
        schedule.push((to_ns, Fault::Slow(NodeId(number), 1)));
        // One that is up already refuses, and nothing happens.
        schedule.push((to_ns, Fault::Restart(NodeId(number))));
    }
    schedule.sort_by_key(|(at_ns, _)| *at_ns);
    schedule
}
