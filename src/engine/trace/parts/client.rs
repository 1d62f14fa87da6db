//! What a client of a transactional store wrote down itself, and what stands on the disk below: the two things that a
//! crash is judged by.
//!
//! The client knows nothing of the engine. It notes what it asked for and what it was told; after a crash its notes are
//! held against what the database has.

use std::rc::Rc;

use crate::id::{Lsn, PageId, PageSource, TxnFate, TxnId};
use crate::plain::plain;
use crate::{Bytes, Event};

/// Transactions that the notes tell in detail, and changes of each.
const TRANSACTIONS_SHOWN: usize = 24;
const CHANGES_SHOWN: usize = 12;

plain! {
    /// The client's notes.
    #[derive(Default)]
    struct ClientState {
        /// The latest transactions, in the order in which they began.
        transactions: Vec<Rc<ClientTransaction>>,
        /// How many there were that were acknowledged, taken back, cut off by a crash, and lost after all.
        told: u64,
        aborted: u64,
        cut: u64,
        lost: u64,
        /// What the last comparison found, if nothing was done since.
        check: Option<Rc<ClientCheck>>,
    }

    /// A transaction as its client knows it.
    struct ClientTransaction {
        txn: TxnId,
        name: Rc<str>,
        fate: TxnFate,
        /// All changes that it made, and the first of them.
        count: u32,
        changes: Vec<ClientChange>,
    }

    /// A key and its new value; none: it was deleted.
    struct ClientChange {
        key: Bytes,
        value: Option<Bytes>,
    }

    /// The notes held against the database.
    struct ClientCheck {
        /// Transactions that are acknowledged and have to be there, and those that were acknowledged and lost, as they may be.
        promised: u64,
        lost: u64,
        records: u64,
        /// Empty: every transaction that had to be there is, and nothing else.
        problem: Rc<str>,
    }
}

impl ClientState {
    /// Changes what `event` says.
    pub fn fold(&mut self, event: &Event) {
        match event {
            Event::ClientBegan { txn, name } => self.begin(*txn, name),
            Event::ClientChanged { txn, key, value, removed } => {
                self.check = None;
                let value = (!removed).then(|| value.clone());
                self.edit(*txn, |noted| {
                    noted.count = noted.count.saturating_add(1);
                    if noted.changes.len() < CHANGES_SHOWN {
                        noted.changes.push(ClientChange { key: key.clone(), value });
                    }
                });
            }
            Event::ClientTookBack { txn, changes } => {
                self.check = None;
                self.edit(*txn, |noted| {
                    noted.count = *changes;
                    noted.changes.truncate(*changes as usize);
                });
            }
            Event::ClientLearned { txn, fate } => self.learn(*txn, *fate),
            Event::ClientChecked { promised, lost, records, problem } => {
                let (promised, lost, records, problem) = (*promised, *lost, *records, problem.clone());
                self.check = Some(Rc::new(ClientCheck { promised, lost, records, problem }));
            }
            Event::DiskCrashed { .. } | Event::PageDamaged { .. } => self.check = None,
            _ => {}
        }
    }

    fn begin(&mut self, txn: TxnId, name: &Rc<str>) {
        self.check = None;
        if self.transactions.len() >= TRANSACTIONS_SHOWN {
            let ended = |noted: &Rc<ClientTransaction>| !matches!(noted.fate, TxnFate::Open | TxnFate::Asked);
            let oldest = self.transactions.iter().position(ended).unwrap_or(0);
            self.transactions.remove(oldest);
        }
        let (name, fate) = (name.clone(), TxnFate::Open);
        self.transactions.push(Rc::new(ClientTransaction { txn, name, fate, count: 0, changes: Vec::new() }));
    }

    fn edit(&mut self, txn: TxnId, change: impl FnOnce(&mut ClientTransaction)) {
        // Ids begin again when a crash loses the last ones: the latest is meant.
        if let Some(noted) = self.transactions.iter_mut().rev().find(|noted| noted.txn == txn) {
            change(Rc::make_mut(noted));
        }
    }

    fn learn(&mut self, txn: TxnId, fate: TxnFate) {
        if fate == TxnFate::Lost {
            // What was never acknowledged is cut, not lost.
            self.told = self.told.saturating_sub(1);
        }
        let counter = match fate {
            TxnFate::Told => Some(&mut self.told),
            TxnFate::Aborted => Some(&mut self.aborted),
            TxnFate::Cut => Some(&mut self.cut),
            TxnFate::Lost => Some(&mut self.lost),
            TxnFate::Open | TxnFate::Asked => None,
        };
        if let Some(counter) = counter {
            *counter = counter.saturating_add(1);
        }
        self.edit(txn, |noted| noted.fate = fate);
    }
}

plain! {
    /// The disk's image of the pages.
    #[derive(Default)]
    struct MediumState {
        pages: Vec<MediumPage>,
    }

    /// A page as the disk has it.
    #[derive(Copy)]
    struct MediumPage {
        /// The LSN of what was written last, and of what survives a crash for certain.
        live: Lsn,
        durable: Lsn,
        /// It fails its checksum.
        damaged: bool,
    }
}

impl MediumState {
    /// Changes what `event` says; `newest` is the LSN of a page in its newest version.
    pub fn fold(&mut self, event: &Event, newest: impl Fn(PageId) -> Lsn) {
        match event {
            Event::DiskExtended { pages } => {
                let none = MediumPage { live: Lsn(0), durable: Lsn(0), damaged: false };
                self.pages.resize((*pages).min(1 << 20) as usize, none);
            }
            Event::DiskWritten { page } => {
                let live = newest(*page);
                self.edit(*page, |image| (image.live, image.damaged) = (live, false));
            }
            Event::PageRestored { page, lsn, source: PageSource::Doublewrite } => {
                self.edit(*page, |image| image.live = *lsn);
            }
            Event::DiskSynced { .. } => self.pages.iter_mut().for_each(|image| image.durable = image.live),
            Event::PageSurvived { page, lsn, damaged, .. } => {
                let (lsn, damaged) = (*lsn, *damaged);
                self.edit(*page, |image| *image = MediumPage { live: lsn, durable: lsn, damaged });
            }
            Event::PageDamaged { page, live, durable } => {
                self.edit(*page, |image| *image = MediumPage { live: *live, durable: *durable, damaged: true });
            }
            _ => {}
        }
    }

    fn edit(&mut self, page: PageId, change: impl FnOnce(&mut MediumPage)) {
        if let Some(image) = self.pages.get_mut(page.index()) {
            change(image);
        }
    }
}
