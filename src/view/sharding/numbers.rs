//! The numbers beside the picture: how even shards are, how much moved, how fast requests are.

use super::sharding;
use crate::View;
use crate::cluster::percentile;
use crate::measures::{Measure, Unit};
use glassbase_trace::parts::ShardingState;

/// The busiest of something, in shares of the mean.
fn peak(view: &View, of: impl Fn(&ShardingState) -> Vec<u64>) -> Option<f64> {
    let counts = of(sharding(view)?);
    let (most, sum) = (counts.iter().max().copied()?, counts.iter().sum::<u64>());
    (sum > 0).then(|| most as f64 * counts.len() as f64 / sum as f64)
}

fn sum(view: &View, of: impl Fn(&ShardingState) -> u64) -> Option<f64> {
    sharding(view).map(|state| of(state) as f64)
}

pub const MEASURES: &[Measure] = &[
    Measure {
        name: "latency-p50",
        label: "Latency p50",
        unit: Unit::Nanoseconds,
        help: "Half of the latest 512 operations took no longer than this.",
        of: |view| percentile(view, 50),
    },
    Measure {
        name: "latency-p99",
        label: "Latency p99",
        unit: Unit::Nanoseconds,
        help: "99 of 100 of the latest 512 operations took no longer than this.",
        of: |view| percentile(view, 99),
    },
    Measure {
        name: "keys",
        label: "Keys",
        unit: Unit::Count,
        help: "Keys on all shards.",
        of: |view| sum(view, |state| state.shards.iter().map(|shard| shard.keys).sum()),
    },
    Measure {
        name: "fullest",
        label: "Fullest shard",
        unit: Unit::Factor,
        help: "Keys of the fullest shard, in shares of the mean: 1 is as even as can be.",
        of: |view| peak(view, |state| state.shards.iter().map(|shard| shard.keys).collect()),
    },
    Measure {
        name: "hottest",
        label: "Hottest shard",
        unit: Unit::Factor,
        help: "Of the latest 200 requests: those at the hottest shard, in shares of the mean.",
        of: |view| peak(view, |state| state.shards.iter().map(|shard| shard.heat).collect()),
    },
    Measure {
        name: "moved",
        label: "Keys moved",
        unit: Unit::Count,
        help: "Keys that were handed over by the change under way, or the last one.",
        of: |view| sum(view, |state| state.streams.iter().map(|stream| stream.keys).sum()),
    },
    Measure {
        name: "bounced",
        label: "Bounced",
        unit: Unit::Count,
        help: "Requests that came to a shard which did not have their key.",
        of: |view| sum(view, |state| state.shards.iter().map(|shard| shard.bounced).sum()),
    },
    Measure {
        name: "fan-out",
        label: "Shards asked",
        unit: Unit::Count,
        help: "Shards that the last range query asked.",
        of: |view| sharding(view)?.query.as_ref().map(|query| query.parts.len() as f64),
    },
    Measure {
        name: "messages",
        label: "Messages sent",
        unit: Unit::Count,
        help: "Messages that went into the network.",
        of: |view| view.cluster().map(|cluster| cluster.counts.sent as f64),
    },
];
