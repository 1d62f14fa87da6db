//! The same keys under five strategies, before and after a shard comes.

use std::rc::Rc;

use crate::sharding::ShardingError;
use crate::sharding::map::{Change, ClusterMap, MapOptions};
use crate::sharding::placement::survey::{Balance, Movement};
use crate::sharding::placement::{Strategy, theory};
use crate::trace::parts::sharding::{Survey, SurveyRow};
use crate::trace::{Bytes, NodeId};

/// What is compared: the strategies that spread keys by a hash, and the range.
const COMPARED: &[Strategy] =
    &[Strategy::Range, Strategy::Modulo, Strategy::Consistent, Strategy::Rendezvous, Strategy::Jump];

/// Numbers below `keys`, on `shards` shards and on one more.
pub fn survey(options: &MapOptions, keys: u64, shards: u16) -> Result<Survey, ShardingError> {
    let numbers: Vec<Bytes> = (0..keys).map(Bytes::number).collect();
    let all = || numbers.iter().map(|key| &**key);
    let mut rows = Vec::new();
    for strategy in COMPARED.iter().copied() {
        let options = MapOptions { strategy, keys, ends: false, ..options.clone() };
        let before = ClusterMap::new(options, shards)?;
        let new = NodeId(shards + 1);
        let change = match strategy {
            // The new shard takes the upper half of the last range.
            Strategy::Range => {
                let last = keys * (u64::from(shards) - 1) / u64::from(shards);
                Change::Split { at: Bytes::number((last + keys).div_ceil(2)), shard: new }
            }
            _ => Change::Add { shard: new, weight: 1 },
        };
        let after = before.changed(&change)?;
        let (movement, balance) = (Movement::of(&before, &after, all()), Balance::of(&after, all()));
        let expected = theory::moved(strategy, u64::from(shards), u64::from(shards) + 1);
        rows.push(SurveyRow {
            strategy: strategy.name().into(),
            counts: balance.counts.iter().map(|(_, count)| *count).collect(),
            moved: movement.moved,
            needless: movement.needless,
            expected: expected.map_or(-1.0, |share| share * keys as f64),
            deviation: balance.deviation(),
            theory: balance.expected(&after).unwrap_or(-1.0),
        });
    }
    Ok(Survey { keys, before: u64::from(shards), after: u64::from(shards) + 1, rows })
}

/// In words: what moves.
pub fn said(survey: &Rc<Survey>) -> String {
    let rows = survey.rows.iter().map(|row| format!("{} {}", row.strategy, row.moved)).collect::<Vec<_>>();
    let share = survey.keys / survey.after.max(1);
    format!(
        "With shard {} these many of {} keys move: {}. One shard's share is {share}.",
        survey.after,
        survey.keys,
        rows.join(", ")
    )
}
