//! The changes of keys that the records of a transaction stand for: logical decoding of a physical log.
//!
//! ```text
//!   Begin │ Update by key: insert ash │ Update, Update, …, ActionEnd "undo: remove oak" │ Commit
//!             ash = 1                    oak = 2: the value is in one of the updates
//! ```
//!
//! The log tells of pages, so that recovery can repeat what happened on them. A follower has other pages. But every operation
//! on a key is there too, because it is taken back by key: an update says of which key it is, and so does the end of an
//! action; the new value is in the record that put it into a leaf, or in the overflow pages that were written before.
//! (PostgreSQL's logical decoding gets row changes out of its log in the same way.)

use std::collections::BTreeMap;

use super::record::{Body, KeyUndo, Record};
use crate::codec::{Reader, put_bytes, put_number};
use crate::page::{Edit, Value};
use crate::tree::key_undo;
use glassbase_trace::{Lsn, PageId};

/// A change of a key: its new value; none: it was removed.
pub type KeyChange = (Vec<u8>, Option<Vec<u8>>);

/// Appends a record of the log to those of a transaction.
pub fn push_record(out: &mut Vec<u8>, lsn: Lsn, body: &[u8]) {
    put_number(out, lsn.0);
    put_bytes(out, body);
}

/// What was written since the last operation on a key was complete.
#[derive(Default)]
struct Decoder<'a> {
    changes: Vec<KeyChange>,
    written: Vec<(&'a [u8], Value<'a>)>,
    /// The part of a value that each overflow page has, and the next page.
    parts: BTreeMap<PageId, (PageId, &'a [u8])>,
}

/// The changes that records stand for which were put together by [`push_record`], in order; otherwise what is wrong.
pub fn changes_of(records: &[u8]) -> Result<Vec<KeyChange>, &'static str> {
    let mut reader = Reader::new(records);
    let mut decoder = Decoder::default();
    while !reader.rest().is_empty() {
        let record = reader.lsn().zip(reader.bytes()).and_then(|(lsn, body)| Record::decode(body, lsn));
        decoder.take(record.ok_or("a record makes no sense")?.body)?;
    }
    Ok(decoder.changes)
}

impl<'a> Decoder<'a> {
    fn take(&mut self, body: Body<'a>) -> Result<(), &'static str> {
        match body {
            Body::Update { page, by_key, edit, inverse, .. } => {
                match edit {
                    Edit::InsertRecord { key, value, .. } | Edit::ReplaceRecord { key, value, .. } if by_key => {
                        return self.change(key, Some(value));
                    }
                    Edit::InsertRecord { key, value, .. } | Edit::ReplaceRecord { key, value, .. } => {
                        self.written.push((key, value));
                    }
                    Edit::WriteOverflow { next, part, .. } => drop(self.parts.insert(page, (next, part))),
                    _ if by_key => match key_undo(&edit, &inverse) {
                        Some(KeyUndo::Put { key, .. }) => return self.change(key, None),
                        _ => return Err("an update says nothing of a key"),
                    },
                    _ => {}
                }
                Ok(())
            }
            Body::ActionEnd { undo, .. } => {
                let written = std::mem::take(&mut self.written);
                let found = |key: &[u8]| written.iter().rev().find(|(known, _)| *known == key).map(|(_, value)| *value);
                match undo {
                    KeyUndo::Nothing => Ok(()),
                    KeyUndo::Remove { key } => match found(key) {
                        None => Err("a key was inserted whose value is not there"),
                        value => self.change(key, value),
                    },
                    KeyUndo::Put { key, .. } => self.change(key, found(key)),
                }
            }
            _ => Ok(()),
        }
    }

    fn change(&mut self, key: &[u8], value: Option<Value>) -> Result<(), &'static str> {
        let value = match value {
            None => None,
            Some(Value::Inline(bytes)) => Some(bytes.to_vec()),
            Some(Value::Overflow(first)) => Some(self.value_of(first)?),
        };
        self.changes.push((key.to_vec(), value));
        Ok(())
    }

    fn value_of(&self, first: PageId) -> Result<Vec<u8>, &'static str> {
        let mut value = Vec::new();
        let mut page = first;
        for _ in 0..=self.parts.len() {
            if page.is_none() {
                return Ok(value);
            }
            let (next, part) = self.parts.get(&page).ok_or("a part of a value is not there")?;
            value.extend_from_slice(part);
            page = *next;
        }
        Err("the parts of a value are a loop")
    }
}
