//! Ranges: each shard has keys from one to another, in order.
//!
//! ```text
//!   ──0────────250────────500────────750──────▶      the only strategy that keeps neighbours together
//!        n1         n2         n3         n4
//! ```
//!
//! So a range query asks few shards, and keys that ascend, as ids and times do, all go to the last one.
//!
//! **Invariant:** spans ascend, and no two hold one key. There may be gaps between them, and where there are more shards
//! than numbers to share, some are empty.

use super::Placement;
use crate::error::ShardingError;
use crate::map::ClusterMap;
use glassbase_trace::bytes::show;
use glassbase_trace::{Bytes, NodeId};

/// Keys from one, which belongs to it, up to another, which does not (none: all that follow).
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub from: Bytes,
    pub to: Option<Bytes>,
    pub shard: NodeId,
}

impl Span {
    pub fn holds(&self, key: &[u8]) -> bool {
        *self.from <= *key && self.to.as_ref().is_none_or(|to| *key < **to)
    }

    /// Whether it has a key from `from` up to and including `to` (none: without end).
    pub fn meets(&self, from: Option<&[u8]>, to: Option<&[u8]>) -> bool {
        to.is_none_or(|to| *self.from <= *to)
            && from.is_none_or(|from| self.to.as_ref().is_none_or(|end| *from < **end))
    }

    /// "250 up to 500".
    pub fn text(&self) -> String {
        let from = if self.from.is_empty() { "the first key".to_string() } else { show(&self.from) };
        match &self.to {
            Some(to) => format!("{from} up to {}", show(to)),
            None => format!("{from} on"),
        }
    }
}

/// The shard whose span has the key.
#[derive(Clone, Copy, Debug)]
pub struct Range;

impl Placement for Range {
    fn place(&self, key: &[u8], map: &ClusterMap) -> Result<NodeId, ShardingError> {
        let spans = map.spans();
        if map.members().is_empty() {
            return Err(ShardingError::NoShards);
        }
        let behind = spans.partition_point(|span| *span.from <= *key);
        match behind.checked_sub(1).map(|at| &spans[at]).filter(|span| span.holds(key)) {
            Some(span) => Ok(span.shard),
            None => {
                let ranges = spans.iter().map(Span::text).collect::<Vec<_>>().join(", ");
                Err(ShardingError::OutsideRanges { key: Bytes::from(key), ranges })
            }
        }
    }
}

/// Spans over the numbers below `keys`, as alike as can be. The last one goes on without end unless `ends`.
pub fn even(shards: &[NodeId], keys: u64, ends: bool) -> Vec<Span> {
    let count = shards.len() as u64;
    let bound = |number: u64| Bytes::number((u128::from(keys) * u128::from(number) / u128::from(count.max(1))) as u64);
    let span = |(number, shard): (u64, &NodeId)| Span {
        from: if number == 0 { Bytes::default() } else { bound(number) },
        to: (number + 1 < count || ends).then(|| bound(number + 1)),
        shard: *shard,
    };
    (0..count).zip(shards).map(span).collect()
}

/// Pairs of shards between which keys go when one set of spans becomes another.
pub fn moves(before: &[Span], after: &[Span]) -> Vec<(NodeId, NodeId)> {
    let mut moves = Vec::new();
    for old in before {
        for new in after.iter().filter(|new| new.shard != old.shard) {
            let begins: &[u8] = std::cmp::max(&old.from, &new.from);
            if old.holds(begins) && new.holds(begins) {
                moves.push((old.shard, new.shard));
            }
        }
    }
    moves.sort_unstable();
    moves.dedup();
    moves
}
