//! What is said in a log.
//!
//! The records are those of ARIES (Mohan, Haderle, Lindsay, Pirahesh and Schwarz, "ARIES: A Transaction Recovery Method
//! Supporting Fine-Granularity Locking and Partial Rollbacks Using Write-Ahead Logging", 1992). Each record of a
//! transaction names the one before it:
//!
//! ```text
//!   Begin ◀── Update ◀── Update ◀── Compensation ◀── Commit ◀── End
//!                           ▲             │ undo next
//!                 └─────────┼─────────────┘        a compensation takes an update back; it is never taken back itself
//! ```
//!
//! An operation that changes several pages, such as an insert that splits, is a *nested top action*: its updates are taken
//! back page by page only while it is incomplete. [`Body::ActionEnd`] completes it (the paper's dummy compensation record):
//! whoever undoes skips all of it, and if the operation itself is to be taken back, does so by key, because the record may
//! have moved to another page since (Lomet, "MLR: A Recovery Method for Multi-level Systems", 1992).

use crate::codec::{Reader, put_bytes, put_number};
use crate::page::{Edit, Value, put_record, read_record};
use glassbase_trace::id::{LogKind, TxnStatus};
use glassbase_trace::{Lsn, PageId, TxnId};

/// A record with its circumstances.
#[derive(Clone, Debug, PartialEq)]
pub struct Record<'a> {
    /// The transaction that it belongs to; 0: none.
    pub txn: TxnId,
    /// The transaction's record before this one; 0: none.
    pub prev: Lsn,
    pub body: Body<'a>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Body<'a> {
    Begin,
    /// A page was changed. `by_key`: this one record is a whole operation, to be undone by key.
    Update {
        page: PageId,
        by_key: bool,
        records: i8,
        edit: Edit<'a>,
        inverse: Option<Edit<'a>>,
    },
    /// A page was changed in order to take a record back; the next to take back is `undo_next`.
    Compensation {
        page: PageId,
        undo_next: Lsn,
        records: i8,
        edit: Edit<'a>,
    },
    /// The updates since `undo_next` are one operation, complete from here on.
    ActionEnd {
        undo_next: Lsn,
        records: i8,
        undo: KeyUndo<'a>,
        freed: PageId,
    },
    /// From here on the transaction will not be taken back. The overflow chains that it gave up are to be freed.
    Commit {
        chains: Vec<PageId>,
    },
    Abort,
    End,
    /// A page as it was before its first change since the last checkpoint.
    Image {
        page: PageId,
        before_hole: &'a [u8],
        hole: usize,
        behind_hole: &'a [u8],
    },
    CheckpointBegin {
        records: u64,
    },
    CheckpointEnd {
        begin: Lsn,
        next_txn: TxnId,
        dirty: Vec<(PageId, Lsn)>,
        transactions: Vec<Entry>,
    },
}

/// How an operation is taken back by key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum KeyUndo<'a> {
    /// The action is no operation on a key: nothing is to be done.
    Nothing,
    /// The key was inserted: remove it.
    Remove { key: &'a [u8] },
    /// The key was removed or its value replaced: put the old value back.
    Put { key: &'a [u8], value: Value<'a> },
}

/// A transaction as the transaction table has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub txn: TxnId,
    pub status: TxnStatus,
    /// Its first, its last record, and the next one to take back.
    pub first: Lsn,
    pub last: Lsn,
    pub undo_next: Lsn,
    /// Committed, but these overflow chains are still to be freed.
    pub chains: Vec<PageId>,
}

const KINDS: &[LogKind] = LogKind::ALL;

impl Body<'_> {
    pub fn kind(&self) -> LogKind {
        match self {
            Body::Begin => LogKind::Begin,
            Body::Update { .. } => LogKind::Update,
            Body::Compensation { .. } => LogKind::Compensation,
            Body::ActionEnd { .. } => LogKind::ActionEnd,
            Body::Commit { .. } => LogKind::Commit,
            Body::Abort => LogKind::Abort,
            Body::End => LogKind::End,
            Body::Image { .. } => LogKind::Image,
            Body::CheckpointBegin { .. } => LogKind::CheckpointBegin,
            Body::CheckpointEnd { .. } => LogKind::CheckpointEnd,
        }
    }

    /// The page that the record is about, or none.
    pub fn page(&self) -> PageId {
        match self {
            Body::Update { page, .. } | Body::Compensation { page, .. } | Body::Image { page, .. } => *page,
            _ => PageId::NONE,
        }
    }

    /// True when the record changes a page: page 0 is one too.
    pub fn changes_page(&self) -> bool {
        matches!(self, Body::Update { .. } | Body::Compensation { .. } | Body::Image { .. })
    }

    /// By how much it changes the number of records in the tree.
    pub fn records(&self) -> i8 {
        match self {
            Body::Update { records, .. } | Body::Compensation { records, .. } | Body::ActionEnd { records, .. } => {
                *records
            }
            _ => 0,
        }
    }

    /// The next record of the transaction to take back once this one, at `lsn`, is in the log.
    pub fn undo_next(&self, lsn: Lsn, before: Lsn) -> Lsn {
        match self {
            Body::Compensation { undo_next, .. } | Body::ActionEnd { undo_next, undo: KeyUndo::Nothing, .. } => {
                *undo_next
            }
            Body::Update { .. } | Body::ActionEnd { .. } => lsn,
            Body::Begin | Body::Commit { .. } => Lsn(0),
            _ => before,
        }
    }
}

impl<'a> Record<'a> {
    /// Appends a record that will stand at `lsn`.
    pub fn encode(&self, lsn: Lsn, out: &mut Vec<u8>) {
        put_head(out, self.body.kind(), self.txn, self.prev, lsn);
        match &self.body {
            Body::Begin | Body::Abort | Body::End => {}
            Body::Update { page, by_key, records, edit, inverse } => {
                put_number(out, page.0.into());
                out.push(u8::from(*by_key));
                out.push(*records as u8);
                edit.encode(out);
                match inverse {
                    Some(inverse) => inverse.encode(out),
                    None => out.push(0),
                }
            }
            Body::Compensation { page, undo_next, records, edit } => {
                put_number(out, page.0.into());
                put_number(out, undo_next.0);
                out.push(*records as u8);
                edit.encode(out);
            }
            Body::ActionEnd { undo_next, records, undo, freed } => {
                put_number(out, undo_next.0);
                out.push(*records as u8);
                undo.encode(out);
                put_number(out, freed.0.into());
            }
            Body::Commit { chains } => put_pages(out, chains),
            Body::Image { page, before_hole, hole, behind_hole } => {
                put_number(out, page.0.into());
                put_bytes(out, before_hole);
                put_number(out, *hole as u64);
                put_bytes(out, behind_hole);
            }
            Body::CheckpointBegin { records } => put_number(out, *records),
            Body::CheckpointEnd { begin, next_txn, dirty, transactions } => {
                put_number(out, begin.0);
                put_number(out, next_txn.0);
                put_number(out, dirty.len() as u64);
                for (page, first) in dirty {
                    put_number(out, page.0.into());
                    put_number(out, first.0);
                }
                put_number(out, transactions.len() as u64);
                transactions.iter().for_each(|entry| entry.encode(out));
            }
        }
    }

    /// Reads the record that stands at `lsn`. None: the bytes make no sense.
    pub fn decode(bytes: &'a [u8], lsn: Lsn) -> Option<Record<'a>> {
        let mut reader = Reader::new(bytes);
        let kind = *KINDS.get(usize::from(reader.byte()?))?;
        let txn = TxnId(reader.number()?);
        let prev = match reader.number()? {
            0 => Lsn(0),
            back => Lsn(lsn.0.checked_sub(back)?),
        };
        let body = decode_body(kind, &mut reader)?;
        reader.rest().is_empty().then_some(Record { txn, prev, body })
    }
}

/// What every body begins with.
fn put_head(out: &mut Vec<u8>, kind: LogKind, txn: TxnId, prev: Lsn, lsn: Lsn) {
    out.push(kind as u8);
    put_number(out, txn.0);
    put_number(out, if prev.0 == 0 { 0 } else { lsn.0 - prev.0 });
}

/// Appends an update: its edit and the inverse, given the page before it is done.
#[allow(clippy::too_many_arguments)]
pub fn put_update(
    out: &mut Vec<u8>,
    lsn: Lsn,
    txn: TxnId,
    prev: Lsn,
    page: PageId,
    (by_key, records): (bool, i8),
    edit: &Edit,
    before: &[u8],
) {
    put_head(out, LogKind::Update, txn, prev, lsn);
    put_number(out, page.0.into());
    out.push(u8::from(by_key));
    out.push(records as u8);
    edit.encode(out);
    edit.encode_inverse(before, out);
}

fn decode_body<'a>(kind: LogKind, reader: &mut Reader<'a>) -> Option<Body<'a>> {
    Some(match kind {
        LogKind::Begin => Body::Begin,
        LogKind::Abort => Body::Abort,
        LogKind::End => Body::End,
        LogKind::Update => Body::Update {
            page: reader.page()?,
            by_key: reader.byte()? != 0,
            records: reader.byte()? as i8,
            edit: Edit::decode(reader)??,
            inverse: Edit::decode(reader)?,
        },
        LogKind::Compensation => Body::Compensation {
            page: reader.page()?,
            undo_next: reader.lsn()?,
            records: reader.byte()? as i8,
            edit: Edit::decode(reader)??,
        },
        LogKind::ActionEnd => Body::ActionEnd {
            undo_next: reader.lsn()?,
            records: reader.byte()? as i8,
            undo: KeyUndo::decode(reader)?,
            freed: reader.page()?,
        },
        LogKind::Commit => Body::Commit { chains: read_pages(reader)? },
        LogKind::Image => Body::Image {
            page: reader.page()?,
            before_hole: reader.bytes()?,
            hole: reader.number()? as usize,
            behind_hole: reader.bytes()?,
        },
        LogKind::CheckpointBegin => Body::CheckpointBegin { records: reader.number()? },
        LogKind::CheckpointEnd => {
            let (begin, next_txn) = (reader.lsn()?, TxnId(reader.number()?));
            let pages = reader.number()?;
            let dirty = (0..pages).map(|_| Some((reader.page()?, reader.lsn()?))).collect::<Option<Vec<_>>>()?;
            let count = reader.number()?;
            let transactions = (0..count).map(|_| Entry::decode(reader)).collect::<Option<Vec<_>>>()?;
            Body::CheckpointEnd { begin, next_txn, dirty, transactions }
        }
    })
}

impl<'a> KeyUndo<'a> {
    fn encode(&self, out: &mut Vec<u8>) {
        match *self {
            KeyUndo::Nothing => out.push(0),
            KeyUndo::Remove { key } => {
                out.push(1);
                put_bytes(out, key);
            }
            KeyUndo::Put { key, value } => {
                out.push(2);
                put_record(out, key, value);
            }
        }
    }

    fn decode(reader: &mut Reader<'a>) -> Option<KeyUndo<'a>> {
        Some(match reader.byte()? {
            0 => KeyUndo::Nothing,
            1 => KeyUndo::Remove { key: reader.bytes()? },
            2 => {
                let (key, value) = read_record(reader)?;
                KeyUndo::Put { key, value }
            }
            _ => return None,
        })
    }
}

impl Entry {
    fn encode(&self, out: &mut Vec<u8>) {
        put_number(out, self.txn.0);
        out.push(self.status as u8);
        [self.first, self.last, self.undo_next].iter().for_each(|lsn| put_number(out, lsn.0));
        put_pages(out, &self.chains);
    }

    fn decode(reader: &mut Reader) -> Option<Entry> {
        Some(Entry {
            txn: TxnId(reader.number()?),
            status: *TxnStatus::ALL.get(usize::from(reader.byte()?))?,
            first: reader.lsn()?,
            last: reader.lsn()?,
            undo_next: reader.lsn()?,
            chains: read_pages(reader)?,
        })
    }
}

fn put_pages(out: &mut Vec<u8>, pages: &[PageId]) {
    put_number(out, pages.len() as u64);
    pages.iter().for_each(|page| put_number(out, page.0.into()));
}

fn read_pages(reader: &mut Reader) -> Option<Vec<PageId>> {
    let count = reader.number()?;
    (0..count).map(|_| reader.page()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbase_trace::PageKind;

    fn bodies() -> Vec<Body<'static>> {
        let page = PageId(7);
        let edit = Edit::InsertRecord { slot: 3, key: b"ash", value: Value::Inline(b"tree") };
        let entry = Entry {
            txn: TxnId(5),
            status: TxnStatus::Committed,
            first: Lsn(100),
            last: Lsn(300),
            undo_next: Lsn(0),
            chains: vec![PageId(8), PageId(9)],
        };
        vec![
            Body::Begin,
            Body::Update { page, by_key: true, records: 1, edit, inverse: Some(Edit::RemoveCell { slot: 3 }) },
            Body::Update {
                page,
                by_key: false,
                records: 0,
                edit: Edit::Format { kind: PageKind::Leaf, level: 0, next: PageId(1), prev: PageId(2) },
                inverse: None,
            },
            Body::Compensation { page, undo_next: Lsn(400), records: -1, edit: Edit::RemoveCell { slot: 3 } },
            Body::ActionEnd { undo_next: Lsn(400), records: 0, undo: KeyUndo::Nothing, freed: page },
            Body::ActionEnd { undo_next: Lsn(4), records: 1, undo: KeyUndo::Remove { key: b"ash" }, freed: PageId(0) },
            Body::ActionEnd {
                undo_next: Lsn(4),
                records: 0,
                undo: KeyUndo::Put { key: b"ash", value: Value::Overflow(page) },
                freed: PageId(0),
            },
            Body::Commit { chains: vec![PageId(8)] },
            Body::Abort,
            Body::End,
            Body::Image { page, before_hole: b"head", hole: 100, behind_hole: b"cells" },
            Body::CheckpointBegin { records: 12 },
            Body::CheckpointEnd {
                begin: Lsn(90),
                next_txn: TxnId(6),
                dirty: vec![(PageId(0), Lsn(20)), (page, Lsn(50))],
                transactions: vec![entry],
            },
        ]
    }

    #[test]
    fn every_record_is_read_back_and_no_part_of_one_is() {
        let mut kinds = Vec::new();
        for (index, body) in bodies().into_iter().enumerate() {
            kinds.push(body.kind());
            let record = Record { txn: TxnId(index as u64), prev: Lsn(if index % 3 == 0 { 0 } else { 420 }), body };
            let mut bytes = Vec::new();
            record.encode(Lsn(500), &mut bytes);
            assert_eq!(Record::decode(&bytes, Lsn(500)).as_ref(), Some(&record));
            for length in 0..bytes.len() {
                assert_eq!(Record::decode(&bytes[..length], Lsn(500)), None, "{record:?}, {length} bytes");
            }
            bytes.push(0);
            assert_eq!(Record::decode(&bytes, Lsn(500)), None, "{record:?} and a byte");
        }
        kinds.dedup();
        assert_eq!(kinds.len(), LogKind::ALL.len(), "every kind");
    }

    #[test]
    fn changed_bytes_are_another_record_or_none_and_never_a_panic() {
        for body in bodies() {
            let record = Record { txn: TxnId(1), prev: Lsn(420), body };
            let mut bytes = Vec::new();
            record.encode(Lsn(500), &mut bytes);
            for at in 0..bytes.len() {
                for bit in 0..8 {
                    bytes[at] ^= 1 << bit;
                    let _ = Record::decode(&bytes, Lsn(500));
                    bytes[at] ^= 1 << bit;
                }
            }
        }
    }
}
