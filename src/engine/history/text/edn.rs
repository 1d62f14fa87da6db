//! Histories as Jepsen writes them, in EDN.
//!
//! ```text
//!   {:type :invoke, :process 0, :f :cas, :value [1 2], :time 3218, :index 4}
//!   {:type :info, :process :nemesis, :f :start-partition, :value nil, :time 3300, :index 5}
//!   {:type :ok, :process 0, :f :cas, :value [1 2], :time 4120, :index 6}
//! ```
//!
//! One map behind another, or one vector of all. Where the test has many keys, a value is a pair of key and value:
//! `:value [k v]`, and `[k [expected new]]` for a compare-and-set. What a process that is no number does (`:nemesis`) are
//! faults.
//!
//! Read are: nil, true, false, numbers, text, characters, keywords, symbols, lists, vectors, sets, maps; a tag is passed over
//! and what it stands before is read; `#_` and what stands behind it is passed over.

use super::cursor::{Cursor, shortened};
use super::{Datum, Node, Wrong};
use crate::linearizable::Model;
use crate::{History, HistoryError};

pub fn read(text: &str, model: Option<Model>) -> Result<History, HistoryError> {
    super::read_events(text, model, true, datum)
}

/// Letters that end a keyword, symbol or tag.
fn is_delimiter(letter: char) -> bool {
    letter.is_whitespace() || "()[]{}\",;".contains(letter)
}

fn datum(cursor: &mut Cursor) -> Result<Node, Wrong> {
    loop {
        cursor.skip_space();
        cursor.count()?;
        let at = cursor.at();
        if let Some(datum) = try_datum(cursor)? {
            return Ok(Node { datum, at });
        }
    }
}

/// The next datum; nothing if it was one to pass over.
fn try_datum(cursor: &mut Cursor) -> Result<Option<Datum>, Wrong> {
    let at = cursor.at();
    let letter = cursor.peek();
    Ok(Some(match letter {
        None => return Err(Wrong::new(at, "the text ends where something should be", "write a value")),
        Some('[') => Datum::List(items(cursor, ']')?),
        Some('(') => Datum::List(items(cursor, ')')?),
        Some('{') => map(cursor)?,
        Some('"') => Datum::Text(cursor.quoted()?),
        Some('#') => return hash(cursor),
        Some('\\') => {
            cursor.next();
            let first = cursor.next().map(String::from).unwrap_or_default();
            Datum::Text(first + cursor.take_while(|letter| !is_delimiter(letter)))
        }
        Some(':') => {
            cursor.next();
            Datum::Word(cursor.take_while(|letter| !is_delimiter(letter)).to_string())
        }
        Some(')' | ']' | '}') => {
            let what = format!("{} closes nothing", letter.unwrap_or(' '));
            return Err(Wrong::new(at, what, "take it away, or write what is missing before it"));
        }
        Some('^' | '`' | '~' | '@' | '\'') => {
            let what = format!("{:?} begins nothing that is data", letter.unwrap_or(' '));
            return Err(Wrong::new(at, what, "write a map as {:type :invoke, :process 0, :f :read}"));
        }
        Some(first) => number_or_symbol(cursor, first)?,
    }))
}

fn number_or_symbol(cursor: &mut Cursor, first: char) -> Result<Datum, Wrong> {
    let mut ahead = cursor.clone();
    ahead.next();
    let is_signed = (first == '-' || first == '+') && ahead.peek().is_some_and(|letter| letter.is_ascii_digit());
    if first.is_ascii_digit() || is_signed {
        return Ok(Datum::Number(cursor.number()?));
    }
    let at = cursor.at();
    match cursor.take_while(|letter| !is_delimiter(letter)) {
        "" => Err(Wrong::new(at, format!("EDN has no {first:?} here"), "take it away")),
        "nil" => Ok(Datum::Nothing),
        "true" => Ok(Datum::Truth(true)),
        "false" => Ok(Datum::Truth(false)),
        symbol => Ok(Datum::Word(symbol.to_string())),
    }
}

/// Sets, tags, and what is to be passed over.
fn hash(cursor: &mut Cursor) -> Result<Option<Datum>, Wrong> {
    cursor.next();
    match cursor.peek() {
        Some('{') => Ok(Some(Datum::List(items(cursor, '}')?))),
        Some('_') => {
            cursor.next();
            cursor.go_in()?;
            datum(cursor)?;
            cursor.go_out();
            Ok(None)
        }
        _ => {
            let at = cursor.at();
            let tag = cursor.take_while(|letter| !is_delimiter(letter));
            if tag.is_empty() {
                return Err(Wrong::new(at, "# has no tag behind it", "take it away"));
            }
            cursor.go_in()?;
            let tagged = datum(cursor)?;
            cursor.go_out();
            Ok(Some(tagged.datum))
        }
    }
}

fn items(cursor: &mut Cursor, close: char) -> Result<Vec<Node>, Wrong> {
    let begin = cursor.at();
    cursor.next();
    cursor.go_in()?;
    let mut items = Vec::new();
    loop {
        cursor.skip_space();
        if cursor.take(close) {
            break;
        }
        if cursor.peek().is_none() {
            let what = "what is opened here is never closed";
            return Err(Wrong::new(begin, what, format!("write {close} at its end")));
        }
        cursor.count()?;
        let at = cursor.at();
        items.extend(try_datum(cursor)?.map(|datum| Node { datum, at }));
    }
    cursor.go_out();
    Ok(items)
}

fn map(cursor: &mut Cursor) -> Result<Datum, Wrong> {
    let begin = cursor.at();
    let mut items = items(cursor, '}')?.into_iter();
    let mut entries = Vec::new();
    while let Some(name) = items.next() {
        let Some(value) = items.next() else {
            let what = format!("the last word of this map has no value: {}", shortened(&format!("{:?}", name.datum)));
            return Err(Wrong::new(begin, what, "a map is names and values in turn"));
        };
        entries.push((name, value));
    }
    Ok(Datum::Map(entries))
}
