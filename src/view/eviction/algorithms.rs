//! Pseudocode, one for each policy. All have the same lines, so that two can be compared; what differs is what they say.

use super::super::View;
use super::super::pseudocode::Algorithm;
use glassbase_trace::{Event, PolicyKind, Record};

/// Lines of every algorithm.
const HIT: usize = 2;
const VICTIM: usize = 5;
const EVICTED: usize = 6;
const ADMITTED: usize = 7;

macro_rules! algorithm {
    ($name:literal, $title:literal, $hit:literal, $victim:literal, $evicted:literal, $admitted:literal) => {
        Algorithm {
            name: $name,
            title: $title,
            lines: &[
                "get(key):",
                "  if key is in the cache: (hit)",
                concat!("    ", $hit),
                "  else: (miss)",
                "    while there is no room:",
                concat!("      ", $victim),
                concat!("      evict victim", $evicted),
                concat!("    fetch key; ", $admitted),
            ],
        }
    };
}

/// In the order of [`PolicyKind`].
static ALGORITHMS: [Algorithm; 14] = [
    algorithm!("fifo", "FIFO", "nothing changes", "victim = oldest of queue", "", "queue.push(key)"),
    algorithm!("random", "Random", "nothing changes", "victim = any, drawn", "", "no order is kept"),
    algorithm!(
        "clock",
        "Clock",
        "bit[key] = 1",
        "while bit[hand]: bit[hand] = 0, hand goes on; victim = at hand",
        "",
        "bit[key] = 1"
    ),
    algorithm!("lru", "LRU", "move key to the newest end", "victim = the oldest end", "", "put key at the newest end"),
    algorithm!(
        "slru",
        "SLRU",
        "move key to protected; its oldest beyond 4/5 go to probation",
        "victim = oldest of probation, or else of protected",
        "",
        "put key on probation"
    ),
    algorithm!(
        "lfu",
        "LFU",
        "count[key] += 1; if the average is over 10: halve all",
        "victim = least recently used of those with the lowest count",
        "",
        "count[key] = 1"
    ),
    algorithm!(
        "lru-k",
        "LRU-K",
        "note the time in history[key]",
        "victim = the one whose K-th last use is furthest back",
        "; keep history[victim]",
        "take history[key] up again, note the time"
    ),
    algorithm!(
        "2q",
        "2Q",
        "if key is in Am: move it to the newest end",
        "victim = oldest of A1in if that is too long, else of Am",
        "; from A1in: remember it in A1out",
        "if it was in A1out: Am, else A1in"
    ),
    algorithm!(
        "arc",
        "ARC",
        "move key to the newest end of T2",
        "victim = oldest of T1 if that is over its target, else of T2",
        "; remember it in B1 or B2",
        "if it was in B1 or B2: move the target, T2; else T1"
    ),
    algorithm!(
        "lirs",
        "LIRS",
        "to the top of S; if HIR and in S: LIR, and the bottom LIR goes to Q; prune S",
        "victim = front of Q",
        "; it stays in S if it is there",
        "if it was in S: LIR, and the bottom LIR goes to Q; else S and Q"
    ),
    algorithm!(
        "w-tinylfu",
        "W-TinyLFU",
        "sketch.add(key); move it up in its list",
        "candidate = oldest of window; victim = main's, if the sketch has it less often, else candidate",
        "",
        "sketch.add(key); put it in the window; what is too much there goes on probation"
    ),
    algorithm!(
        "s3-fifo",
        "S3-FIFO",
        "hits[key] = min(hits[key] + 1, 3)",
        "small's oldest: to main if hit twice, else victim; main's oldest: round again if hit, else victim",
        "; from small: remember its name",
        "if its name is remembered: main, else small"
    ),
    algorithm!(
        "sieve",
        "SIEVE",
        "visited[key] = 1",
        "while visited[hand]: visited[hand] = 0, hand goes on; victim = at hand",
        "; the hand goes on",
        "put key at the newest end"
    ),
    algorithm!(
        "optimum",
        "Optimum",
        "nothing changes",
        "victim = the one that is used last, or never again",
        "",
        "see when it is used next"
    ),
];

/// What stands there before anything has run.
pub static FIRST: &Algorithm = &ALGORITHMS[PolicyKind::Lru as usize];

pub fn running(view: &View, record: &Record) -> Option<(&'static Algorithm, usize)> {
    use Event::*;
    let known = view.state.parts.replacement.as_ref()?;
    let is_hit = view.pool_doing.last_hit() && view.pool_doing.victim.is_none();
    let line = match &record.event {
        PoolHit { .. } => 1,
        PoolVictim { .. } | PolicyHandMoved { .. } => VICTIM,
        PoolEvicted { .. } => EVICTED,
        PolicyForgot { .. } | PolicyTarget { .. } => ADMITTED,
        PoolMiss { .. } | PoolResized { .. } | ObjectSized { .. } => ADMITTED,
        PolicyPlaced { list, .. } if list.is_memory() => EVICTED,
        PolicyPlaced { .. } | PolicyReferenced { .. } | PolicyTimes { .. } | PolicyCounted { .. } if is_hit => HIT,
        PolicySketched { .. } | PolicyAged {} | PolicyStacked { .. } | PolicyUnstacked { .. } if is_hit => HIT,
        PolicyCounted { count, .. } if known.policy == PolicyKind::Lfu && *count == 1 => ADMITTED,
        PolicyCounted { .. } | PolicyPointed { .. } => VICTIM,
        PolicyPlaced { .. } | PolicyReferenced { .. } | PolicyTimes { .. } | PolicySketched { .. } => ADMITTED,
        PolicyAged {} | PolicyStacked { .. } | PolicyUnstacked { .. } => ADMITTED,
        _ => return None,
    };
    Some((&ALGORITHMS[known.policy as usize], line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_has_its_own() {
        assert_eq!(ALGORITHMS.len(), PolicyKind::ALL.len());
        for (algorithm, policy) in ALGORITHMS.iter().zip(PolicyKind::ALL) {
            assert_eq!(algorithm.name, policy.word());
        }
    }
}
