//! Histories as text: read from JSON and from Jepsen's EDN, written as JSON.
//!
//! ```text
//!   {"type":"invoke","process":3,"f":"write","key":"x","value":1,"time":120}      JSON
//!   {:type :ok, :process 3, :f :write, :value ["x" 1], :time 240, :index 1}       EDN
//!        │ json, edn: text to data
//!        ▼
//!   Node  ──event──▶ History
//! ```
//!
//! A file is one event behind another, or one list of all of them. Each event is read, understood and forgotten before the
//! next, so memory goes with the history, not with the file's text.
//!
//! **Invariant:** whatever the text is, reading ends and never panics: depth and size of an event are bounded, and an error
//! names line and column, says what is wrong and what would be right.

mod cursor;
pub mod edn;
mod event;
mod fault;
pub mod json;
#[cfg(test)]
mod tests;

use super::linearizable::Model;
use super::{History, HistoryError};

/// What an event consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Datum {
    Nothing,
    Truth(bool),
    /// As it is written.
    Number(String),
    Text(String),
    /// A keyword of EDN without its colon, or a symbol.
    Word(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// A datum and the byte of the text at which it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    datum: Datum,
    at: usize,
}

/// What is wrong at a byte of the text.
struct Wrong {
    at: usize,
    what: String,
    remedy: String,
}

impl Wrong {
    fn new(at: usize, what: impl Into<String>, remedy: impl Into<String>) -> Wrong {
        Wrong { at, what: what.into(), remedy: remedy.into() }
    }
}

/// Reads a history in either format. Without a model, whether values stand in pairs with keys (`[k v]`) is told from the
/// first operation.
pub fn read(text: &str, model: Option<Model>) -> Result<History, HistoryError> {
    if is_json(text) { json::read(text, model) } else { edn::read(text, model) }
}

/// In JSON the first word stands in quotes; in EDN nothing of an event does.
fn is_json(text: &str) -> bool {
    let first = text.trim_start_matches(|letter: char| letter.is_whitespace() || "[{,".contains(letter)).chars().next();
    matches!(first, Some('"' | ']' | '}') | None)
}

/// Reads a history, given how to read one datum.
fn read_events(
    text: &str,
    model: Option<Model>,
    is_edn: bool,
    read: fn(&mut cursor::Cursor) -> Result<Node, Wrong>,
) -> Result<History, HistoryError> {
    let mut cursor = cursor::Cursor::new(text);
    cursor.is_edn = is_edn;
    // JSON has a field for the key, so a map need not stand in pairs there.
    let mut events = event::Events::new(model.filter(|model| is_edn || *model != Model::Map));
    let mut all = || {
        cursor.skip_space();
        let is_list = cursor.take('[');
        loop {
            cursor.skip_space();
            match cursor.peek() {
                None if is_list => {
                    return Err(Wrong::new(
                        cursor.at(),
                        "the list of events has no end",
                        "write ] behind the last one",
                    ));
                }
                None => return Ok(()),
                Some(']') if is_list => break,
                Some(_) => {}
            }
            cursor.begin_event();
            let node = read(&mut cursor)?;
            events.push(&node)?;
            cursor.skip_space();
            if is_list && cursor.take(',') {
                cursor.skip_space();
                if cursor.peek() == Some(']') {
                    return Err(Wrong::new(cursor.at(), "there is no event behind this comma", "take the comma away"));
                }
            }
        }
        cursor.take(']');
        cursor.skip_space();
        match cursor.peek() {
            None => Ok(()),
            Some(_) => Err(Wrong::new(
                cursor.at(),
                "there is something behind the list of events",
                "take it away, or put it into the list",
            )),
        }
    };
    let done = all();
    done.and_then(|()| events.finish(text.len())).map_err(|wrong| {
        let (line, column) = cursor::place(text, wrong.at);
        HistoryError::Text { line, column, what: wrong.what, remedy: wrong.remedy }
    })
}
