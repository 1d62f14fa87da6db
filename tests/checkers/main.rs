//! The checkers of histories, beside histories that are known to be good and bad, and beside naive checkers.
#![cfg(not(target_arch = "wasm32"))]

mod generate;
mod known;
mod linearizable;
mod others;

use glassbase_core::history::text;
use glassbase_core::history::{Call, History, OpId, Outcome};
use glassbase_core::trace::Bytes;

/// A history as a picture: a line for each client, an operation from its first letter's column to the bracket's.
///
/// ```text
///   w1---]   write 1        r1--]  read: 1       r--]  read: nothing
///   c12--]   cas 1 to 2     d---]  delete        w1--?  no answer     w1--!  failed    c12-x  found another
/// ```
pub fn drawn(picture: &str) -> History {
    let mut events: Vec<(usize, u32, bool, String)> = Vec::new();
    for (client, line) in picture.lines().filter(|line| !line.trim().is_empty()).enumerate() {
        let mut begin = None;
        for (column, letter) in line.char_indices() {
            match (begin, letter) {
                (None, ' ') => {}
                (None, _) => begin = Some(column),
                (Some(first), ']' | '?' | '!' | 'x') => {
                    let word = format!("{}{letter}", line[first..column].trim_end_matches('-'));
                    events.push((first, client as u32, false, word.clone()));
                    events.push((column, client as u32, true, word));
                    begin = None;
                }
                (Some(_), _) => {}
            }
        }
        assert!(begin.is_none(), "{line}: an operation has no end");
    }
    // Where an end and a beginning stand in one column, they overlap.
    events.sort_by_key(|(column, client, is_end, _)| (*column, *is_end, *client));
    let mut history = History::new();
    let mut open: Vec<Option<OpId>> = vec![None; picture.lines().count()];
    for (column, client, is_end, word) in events {
        let time_ns = column as u64;
        let digit = |at: usize| {
            word[at..].chars().next().filter(char::is_ascii_digit).map(|digit| Bytes::number(digit as u64 - 48))
        };
        if !is_end {
            let call = match &word[..1] {
                "r" => Call::Read,
                "w" => Call::Write(digit(1).unwrap()),
                "c" => Call::CompareAndSet { expected: digit(1), new: digit(2).unwrap() },
                "d" => Call::Delete,
                other => panic!("{other} is no operation"),
            };
            open[client as usize] = Some(history.invoke(time_ns, client, Bytes::default(), call));
            continue;
        }
        let op = open[client as usize].take().unwrap();
        let outcome = match (&word[word.len() - 1..], &history.operation(op).call) {
            ("?", _) => Outcome::Unknown,
            ("!", _) => Outcome::Failed,
            ("x", _) => Outcome::Differs,
            (_, Call::Read) => Outcome::Found(digit(1).into_iter().collect()),
            _ => Outcome::Done,
        };
        history.complete(time_ns, op, outcome);
    }
    history.verify().unwrap();
    history
}

#[test]
fn a_picture_is_a_history() {
    let history = drawn("  w1---]  r1-]\n    r--]  c12-?");
    let text = text::json::write(&history);
    assert_eq!(text.lines().count(), 8, "{text}");
    assert!(history.operations[0].invoked.order < history.operations[1].invoked.order);
    assert!(history.operations[0].precedes(&history.operations[2]));
    assert!(!history.operations[0].precedes(&history.operations[1]));
}
