//! Histories as JSON.
//!
//! One object for each event, one behind another or in one list. It has the fields of Jepsen's events, and some more:
//!
//! ```text
//!   {"type":"invoke","process":3,"f":"write","key":"x","value":1,"time":120}
//!   {"type":"ok","process":3,"f":"write","time":240,"replica":2,"version":[7,0]}
//!   {"type":"fault","text":"partition 1 2 | 3","from":100,"to":900}
//!
//!   type      invoke; ok, fail (certainly did not happen), info (nobody knows), differs (a cas that found another value)
//!   process   the client, a number from 0
//!   f         read, write, cas, delete
//!   key       text or number; not there: there is one register
//!   value     write: what is written. cas: [expected, new]. read, at "ok": what was found, null for nothing
//!   values    read, at "ok": siblings, a list
//!   time      nanoseconds; the order of the events is that of the lines, whatever the times are
//!   error     with "info" or "fail": what happened, for a person to read
//!   replica, version   who answered, and the version (or [version, node]) that was written or found
//! ```
//!
//! Keys and values are text or whole numbers. Bytes that are neither are written as `{"hex":"ff01"}`.

use super::cursor::{Cursor, shortened};
use super::{Datum, Node, Wrong};
use crate::linearizable::Model;
use crate::{Call, History, HistoryError, OpId, Operation, Outcome};
use glassbase_trace::Bytes;
use glassbase_trace::bytes::quote;
use glassbase_trace::sorting::sort_by;

pub fn read(text: &str, model: Option<Model>) -> Result<History, HistoryError> {
    super::read_events(text, model, false, datum)
}

fn datum(cursor: &mut Cursor) -> Result<Node, Wrong> {
    cursor.skip_space();
    cursor.count()?;
    let at = cursor.at();
    let datum = match cursor.peek() {
        None => return Err(Wrong::new(at, "the text ends where something should be", "write a value")),
        Some('{') => map(cursor)?,
        Some('[') => list(cursor)?,
        Some('"') => Datum::Text(cursor.quoted()?),
        Some(letter) if letter == '-' || letter.is_ascii_digit() => Datum::Number(cursor.number()?),
        Some(letter) if letter.is_ascii_alphabetic() => word(cursor)?,
        Some(letter) => {
            let what = format!("JSON has no {letter:?} here");
            return Err(Wrong::new(
                at,
                what,
                "write an object, a list, a text in quotes, a number, true, false or null",
            ));
        }
    };
    Ok(Node { datum, at })
}

fn word(cursor: &mut Cursor) -> Result<Datum, Wrong> {
    let at = cursor.at();
    match cursor.take_while(|letter| letter.is_alphanumeric() || letter == '_') {
        "null" => Ok(Datum::Nothing),
        "true" => Ok(Datum::Truth(true)),
        "false" => Ok(Datum::Truth(false)),
        other => {
            let what = format!("JSON has no word {}", shortened(other));
            Err(Wrong::new(at, what, "write text in quotes; the words are true, false, null"))
        }
    }
}

fn list(cursor: &mut Cursor) -> Result<Datum, Wrong> {
    let mut items = Vec::new();
    inside(cursor, ']', |cursor| {
        items.push(datum(cursor)?);
        Ok(())
    })?;
    Ok(Datum::List(items))
}

fn map(cursor: &mut Cursor) -> Result<Datum, Wrong> {
    let mut entries = Vec::new();
    inside(cursor, '}', |cursor| {
        if cursor.peek() != Some('"') {
            return Err(Wrong::new(cursor.at(), "a field has no name", "write \"name\": before its value"));
        }
        let name = datum(cursor)?;
        cursor.skip_space();
        if !cursor.take(':') {
            return Err(Wrong::new(cursor.at(), "a field has no value", "write : and a value behind its name"));
        }
        entries.push((name, datum(cursor)?));
        Ok(())
    })?;
    Ok(Datum::Map(entries))
}

/// What stands between brackets, apart by commas.
fn inside(
    cursor: &mut Cursor,
    close: char,
    mut item: impl FnMut(&mut Cursor) -> Result<(), Wrong>,
) -> Result<(), Wrong> {
    let begin = cursor.at();
    cursor.next();
    cursor.go_in()?;
    cursor.skip_space();
    if !cursor.take(close) {
        loop {
            cursor.skip_space();
            item(cursor)?;
            cursor.skip_space();
            if cursor.take(close) {
                break;
            }
            if cursor.peek().is_none() {
                let what = "what is opened here is never closed";
                return Err(Wrong::new(begin, what, format!("write {close} at its end")));
            }
            if !cursor.take(',') {
                let what = format!("a comma or {close} is missing");
                return Err(Wrong::new(
                    cursor.at(),
                    what,
                    format!("write , before the next, or {close} behind the last"),
                ));
            }
        }
    }
    cursor.go_out();
    Ok(())
}

/// A history as JSON, one event a line.
pub fn write(history: &History) -> String {
    let mut events: Vec<(u32, OpId, bool)> = Vec::new();
    for (op, operation) in history.iter() {
        events.push((operation.invoked.order, op, false));
        events.extend(operation.completed.as_ref().map(|end| (end.moment.order, op, true)));
    }
    sort_by(&mut events, Ord::cmp);
    let mut text = String::new();
    for fault in &history.faults {
        text.push_str(&format!("{{\"type\":\"fault\",\"text\":{},\"from\":{}", quote(&fault.text), fault.begin_ns));
        text.push_str(&fault.end_ns.map(|end| format!(",\"to\":{end}")).unwrap_or_default());
        text.push_str("}\n");
    }
    for (_, op, is_end) in events {
        let operation = history.operation(op);
        write_event(&mut text, operation, is_end);
    }
    text
}

fn write_event(text: &mut String, operation: &Operation, is_end: bool) {
    let kind = match operation.outcome() {
        _ if !is_end => "invoke",
        Outcome::Done | Outcome::Found(_) => "ok",
        Outcome::Differs => "differs",
        Outcome::Failed => "fail",
        Outcome::Unknown => "info",
    };
    let f = match operation.call {
        Call::Read => "read",
        Call::Write(_) => "write",
        Call::CompareAndSet { .. } => "cas",
        Call::Delete => "delete",
    };
    text.push_str(&format!("{{\"type\":\"{kind}\",\"process\":{},\"f\":\"{f}\"", operation.client));
    if !operation.key.is_empty() {
        text.push_str(&format!(",\"key\":{}", value(&operation.key)));
    }
    text.push_str(&if is_end { answer(operation.outcome()) } else { argument(&operation.call) });
    let moment = operation.completed.as_ref().filter(|_| is_end).map_or(operation.invoked, |end| end.moment);
    text.push_str(&format!(",\"time\":{}", moment.time_ns));
    // What is known of an operation stands in its last event.
    if is_end == operation.completed.is_some() {
        text.push_str(&annotations(operation));
    }
    text.push_str("}\n");
}

fn argument(call: &Call) -> String {
    match call {
        Call::Read | Call::Delete => String::new(),
        Call::Write(written) => format!(",\"value\":{}", value(written)),
        Call::CompareAndSet { expected, new } => {
            format!(",\"value\":[{},{}]", expected.as_ref().map_or("null".to_string(), value), value(new))
        }
    }
}

fn answer(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Found(found) => match &found[..] {
            [] => ",\"value\":null".to_string(),
            [one] => format!(",\"value\":{}", value(one)),
            several => {
                let values: Vec<String> = several.iter().map(value).collect();
                format!(",\"values\":[{}]", values.join(","))
            }
        },
        _ => String::new(),
    }
}

fn annotations(operation: &Operation) -> String {
    let mut text = String::new();
    if !operation.note.is_empty() {
        text.push_str(&format!(",\"error\":{}", quote(&operation.note)));
    }
    if let Some(replica) = operation.replica {
        text.push_str(&format!(",\"replica\":{replica}"));
    }
    if let Some(version) = operation.version {
        text.push_str(&format!(",\"version\":[{},{}]", version.number, version.node));
    }
    text
}

/// A key or value, so that reading gives the same bytes.
fn value(bytes: &Bytes) -> String {
    match bytes.to_trace() {
        raw if raw.starts_with("0x") => format!("{{\"hex\":\"{}\"}}", &raw[2..]),
        text => text,
    }
}
