//! Whether a sharded cluster has lost a write, or done one twice: from what clients saw and what the stores hold.
//!
//! ```text
//!   what clients saw   write 17 of x was number 3        read of x: number 3, write 17        write 18: no answer
//!   the ledger of x    1: write 4   2: write 9   3: write 17
//! ```
//!
//! It knows nothing of maps, moves or messages. The ledger of a key is the order of its writes; everything that a client
//! was told has to fit into it, and into the order in which things happened.

use std::ops::Bound;

use glassbase_trace::bytes::show;
use glassbase_trace::sorted::{SortedMap, SortedSet};
use glassbase_trace::{Bytes, NodeId};

/// What a client was told of a write or a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The write was the so-manieth of its key.
    Written { count: u64 },
    /// Nobody knows whether it was, or will be, done.
    Unknown,
    /// It was refused before anything was sent: certainly not done.
    Refused,
    /// There were so many writes, and this was the last; 0: there was none.
    Found { count: u64, id: u64 },
}

/// One operation on one key. Moments count everything that clients do and are told.
#[derive(Clone, Debug, PartialEq)]
pub struct Noted {
    pub id: u64,
    pub key: Bytes,
    pub began: u64,
    pub ended: u64,
    /// When the client was told, in virtual time.
    pub ended_ns: u64,
    pub seen: Seen,
}

/// A range that was read whole: the keys in it with their counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Swept {
    pub id: u64,
    pub from: Option<Bytes>,
    pub to: Option<Bytes>,
    pub began: u64,
    pub ended: u64,
    pub rows: Vec<(Bytes, u64)>,
}

/// An entry of a ledger as a shard has it: key, number, write.
pub type Entry = (Bytes, u64, u64);

/// What is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub text: String,
    /// When the client was told what does not hold, if it is about an answer.
    pub at_ns: Option<u64>,
}

impl Problem {
    fn of_stores(text: String) -> Option<Problem> {
        Some(Problem { text, at_ns: None })
    }

    fn of_answer(noted: &Noted, text: String) -> Option<Problem> {
        Some(Problem { text, at_ns: Some(noted.ended_ns) })
    }
}

/// The first thing that is wrong, in words; nothing: all writes are there, once.
pub fn problem(noted: &[Noted], swept: &[Swept], stores: &[(NodeId, Vec<Entry>)]) -> Option<Problem> {
    let mut ledgers: SortedMap<Bytes, (NodeId, Vec<u64>)> = SortedMap::new();
    for (shard, entries) in stores {
        for (key, count, id) in entries {
            let (owner, ledger) = ledgers.entry(key.clone()).or_insert_with(|| (*shard, Vec::new()));
            if owner != shard {
                return Problem::of_stores(format!("key {} is on {owner} and on {shard}", show(key)));
            }
            if *count != ledger.len() as u64 + 1 {
                let expected = ledger.len() + 1;
                return Problem::of_stores(format!(
                    "the ledger of {} on {shard} has no entry {expected}: a write is lost",
                    show(key)
                ));
            }
            ledger.push(*id);
        }
    }
    doubled(&ledgers).or_else(|| fits(noted, &ledgers)).or_else(|| in_order(noted)).or_else(|| complete(noted, swept))
}

/// A write that is in a ledger twice.
fn doubled(ledgers: &SortedMap<Bytes, (NodeId, Vec<u64>)>) -> Option<Problem> {
    for (key, (shard, ledger)) in ledgers {
        let mut known = SortedSet::new();
        if let Some(id) = ledger.iter().find(|id| !known.insert(**id)) {
            return Problem::of_stores(format!("write {id} of {} was done twice on {shard}", show(key)));
        }
    }
    None
}

/// Whether each answer is what the ledger says.
fn fits(noted: &[Noted], ledgers: &SortedMap<Bytes, (NodeId, Vec<u64>)>) -> Option<Problem> {
    let mut done: Vec<u64> = ledgers.values().flat_map(|(_, ledger)| ledger).copied().collect();
    done.sort_unstable();
    for op in noted {
        let Noted { id, key, seen, .. } = op;
        let at = |count: u64| {
            let ledger = ledgers.get(key).map(|(_, ledger)| &ledger[..]).unwrap_or_default();
            count.checked_sub(1).and_then(|place| ledger.get(place as usize)).copied()
        };
        let key = show(key);
        match seen {
            Seen::Written { count } if at(*count) != Some(*id) => {
                let there = at(*count).map_or("nothing".to_string(), |other| format!("write {other}"));
                return Problem::of_answer(
                    op,
                    format!(
                        "write {id} to key {key} was acknowledged as number {count} of that key, where {there} is now: it is lost"
                    ),
                );
            }
            Seen::Found { count, id: found } if *count > 0 && at(*count) != Some(*found) => {
                return Problem::of_answer(
                    op,
                    format!("read {id} of {key} found write {found} as number {count}, which it is not"),
                );
            }
            Seen::Refused if done.binary_search(id).is_ok() => {
                return Problem::of_answer(op, format!("write {id} of {key} was refused, and is there"));
            }
            _ => {}
        }
    }
    None
}

/// Whether what came later saw what was there before.
fn in_order(noted: &[Noted]) -> Option<Problem> {
    let mut events: Vec<(u64, bool, &Noted)> = Vec::new();
    for op in noted {
        events.push((op.began, false, op));
        events.push((op.ended, true, op));
    }
    events.sort_unstable_by_key(|(moment, ends, _)| (*moment, *ends));
    // How far each key was known to be when an operation began. Reads of the pieces of a salted key begin together.
    let mut known: SortedMap<&Bytes, u64> = SortedMap::new();
    let mut at_begin: SortedMap<(u64, &Bytes), u64> = SortedMap::new();
    for (_, ends, op) in events {
        if !ends {
            at_begin.insert((op.began, &op.key), known.get(&op.key).copied().unwrap_or(0));
            continue;
        }
        let before = at_begin.get(&(op.began, &op.key)).copied().unwrap_or(0);
        let count = match op.seen {
            Seen::Written { count } if count <= before => {
                let key = show(&op.key);
                return Problem::of_answer(
                    op,
                    format!("write {} of {key} is number {count}, after {before} were there", op.id),
                );
            }
            Seen::Found { count, .. } if count < before => {
                let key = show(&op.key);
                return Problem::of_answer(
                    op,
                    format!("read {} of {key} found {count} writes, after {before} were there", op.id),
                );
            }
            Seen::Written { count } | Seen::Found { count, .. } => count,
            Seen::Unknown | Seen::Refused => continue,
        };
        let most = known.entry(&op.key).or_insert(0);
        *most = (*most).max(count);
    }
    None
}

/// Whether a range that was read whole has every key that was there before, once.
///
/// Time goes forward once: queries in the order in which they began, and operations in that in which they ended.
fn complete(noted: &[Noted], swept: &[Swept]) -> Option<Problem> {
    let mut queries: Vec<&Swept> = swept.iter().collect();
    queries.sort_unstable_by_key(|query| query.began);
    let mut ended: Vec<&Noted> = noted.iter().collect();
    ended.sort_unstable_by_key(|op| op.ended);
    let mut ended = ended.into_iter().peekable();
    // How many writes of each key were known of when the query began.
    let mut known: SortedMap<&Bytes, u64> = SortedMap::new();
    for Swept { id, from, to, began, rows, .. } in queries {
        if let Some(pair) = rows.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
            return Problem::of_stores(format!("query {id} has key {} twice, or out of order", show(&pair[1].0)));
        }
        while let Some(op) = ended.next_if(|op| op.ended < *began) {
            if let Seen::Written { count } | Seen::Found { count, .. } = op.seen {
                let most = known.entry(&op.key).or_insert(0);
                *most = (*most).max(count);
            }
        }
        let from = from.as_ref().map_or(Bound::Unbounded, Bound::Included);
        let to = to.as_ref().map_or(Bound::Unbounded, Bound::Included);
        let mut found = rows.iter().peekable();
        for (key, count) in known.range::<&Bytes>((from.as_ref(), to.as_ref())) {
            while found.next_if(|(other, _)| other < *key).is_some() {}
            let found = found.peek().filter(|(other, _)| other == *key).map_or(0, |(_, found)| *found);
            if found < *count {
                let key = show(key);
                return Problem::of_stores(format!(
                    "query {id} found {found} writes of {key}, after {count} were there"
                ));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Bytes {
        Bytes::from(&b"x"[..])
    }

    fn op(id: u64, began: u64, ended: u64, seen: Seen) -> Noted {
        Noted { id, key: key(), began, ended, ended_ns: 10 * ended, seen }
    }

    fn stores(ids: &[u64]) -> Vec<(NodeId, Vec<Entry>)> {
        vec![(NodeId(1), (1..).zip(ids).map(|(count, id)| (key(), count, *id)).collect())]
    }

    #[test]
    fn a_good_history_has_no_problem() {
        let noted = [
            op(1, 1, 3, Seen::Written { count: 1 }),
            op(2, 2, 9, Seen::Unknown),
            op(3, 4, 5, Seen::Found { count: 1, id: 1 }),
            op(4, 6, 7, Seen::Written { count: 3 }),
            op(5, 8, 10, Seen::Refused),
        ];
        let swept = [Swept { id: 6, from: None, to: None, began: 11, ended: 12, rows: vec![(key(), 3)] }];
        assert_eq!(problem(&noted, &swept, &stores(&[1, 2, 4])), None);
    }

    #[test]
    fn each_kind_of_wrong_is_found() {
        let written = |id, began, ended, count| op(id, began, ended, Seen::Written { count });
        let said = |noted: &[Noted], ids: &[u64]| problem(noted, &[], &stores(ids)).unwrap().text;
        assert!(said(&[written(1, 1, 2, 1)], &[]).contains("lost"));
        assert!(said(&[written(1, 1, 2, 1)], &[7]).contains("where write 7 is now: it is lost"));
        assert!(said(&[], &[4, 4]).contains("done twice"));
        assert!(said(&[op(4, 1, 2, Seen::Refused)], &[4]).contains("refused, and is there"));
        assert!(said(&[written(1, 3, 4, 1), written(2, 1, 2, 2)], &[1, 2]).contains("after 2 were there"));
        let stale = op(3, 5, 6, Seen::Found { count: 0, id: 0 });
        assert!(said(&[written(1, 1, 2, 1), stale], &[1]).contains("found 0 writes"));
        let mut twice = stores(&[1]);
        twice.push((NodeId(2), twice[0].1.clone()));
        assert!(problem(&[], &[], &twice).unwrap().text.contains("on n1 and on n2"));
        assert!(problem(&[], &[], &[(NodeId(1), vec![(key(), 2, 9)])]).unwrap().text.contains("no entry 1"));
        let swept = [Swept { id: 6, from: None, to: None, began: 11, ended: 12, rows: Vec::new() }];
        assert!(problem(&[written(1, 1, 2, 1)], &swept, &stores(&[1])).unwrap().text.contains("query 6"));
        // An answer that does not hold was given at a moment.
        let at_ns = |noted: &[Noted]| problem(noted, &[], &stores(&[])).unwrap().at_ns;
        assert_eq!(at_ns(&[op(1, 1, 2, Seen::Unknown), written(2, 3, 4, 1)]), Some(40));
    }

    #[test]
    fn queries_are_held_against_what_was_known_when_they_began() {
        let key = |number: u64| Bytes::number(number);
        let written = |id, number, began, count| {
            let seen = Seen::Written { count };
            Noted { id, key: key(number), began, ended: began + 1, ended_ns: 0, seen }
        };
        let noted = [written(1, 3, 1, 1), written(2, 5, 3, 1), written(3, 3, 5, 2), written(4, 9, 7, 1)];
        let query = |id, from, to, began, rows: &[(u64, u64)]| {
            let rows = rows.iter().map(|(number, count)| (key(*number), *count)).collect();
            Swept { id, from: Some(key(from)), to: Some(key(to)), began, ended: began + 1, rows }
        };
        let good = [
            query(9, 0, 9, 9, &[(3, 2), (5, 1), (9, 1)]),
            query(8, 0, 4, 9, &[(3, 2)]),
            query(7, 3, 5, 5, &[(3, 1), (5, 1)]),
            query(6, 4, 9, 3, &[(5, 1)]),
            query(5, 0, 9, 0, &[]),
        ];
        assert_eq!(complete(&noted, &good), None);
        let said = |query: Swept| complete(&noted, &[good[0].clone(), query]).unwrap().text;
        assert_eq!(said(query(8, 0, 4, 9, &[(3, 1)])), "query 8 found 1 writes of 3, after 2 were there");
        assert_eq!(said(query(8, 5, 9, 5, &[(9, 1)])), "query 8 found 0 writes of 5, after 1 were there");
        assert_eq!(said(query(8, 3, 3, 3, &[])), "query 8 found 0 writes of 3, after 1 were there");
        assert!(said(query(8, 0, 9, 9, &[(3, 2), (3, 2)])).contains("twice"));
    }

    #[test]
    fn a_long_history_is_judged_at_once() {
        // Each write with each query, or each refusal with each ledger, would be billions of comparisons.
        let count: u64 = 40_000;
        let mut noted: Vec<Noted> = Vec::new();
        let mut swept = Vec::new();
        for number in 0..count {
            let (id, began) = (3 * number + 1, 6 * number);
            let seen = Seen::Written { count: 1 };
            noted.push(Noted { id, key: Bytes::number(number), began, ended: began + 1, ended_ns: 0, seen });
            let seen = Seen::Refused;
            noted.push(Noted { id: id + 1, key: key(), began: began + 2, ended: began + 3, ended_ns: 0, seen });
            let rows = vec![(Bytes::number(number), 1)];
            let (from, to) = (Some(Bytes::number(number)), Some(Bytes::number(number + 50)));
            swept.push(Swept { id: id + 2, from, to, began: began + 4, ended: began + 5, rows });
        }
        let entries = (0..count).map(|number| (Bytes::number(number), 1, 3 * number + 1)).collect();
        assert_eq!(problem(&noted, &swept, &[(NodeId(1), entries)]), None);
    }
}
