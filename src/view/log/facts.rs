//! What a record, a transaction or a page is made of.

use super::side::{changes, fate};
use super::{name_of, names};
use crate::facts::{FactTable, Facts, Said};
use crate::{Selection, View};
use glassbase_trace::{Lsn, PageBody, PageId, PageKind};

pub fn inspect(view: &View, selection: Selection) -> Option<Facts> {
    view.state.parts.client.as_ref()?;
    match selection {
        Selection::Lsn(lsn) => record(view, lsn),
        Selection::Transaction(number) => transaction(view, number),
        Selection::Page(page) => of_page(view, page),
        _ => None,
    }
}

fn place(lsn: Lsn) -> Said {
    if lsn.0 == 0 { Said::from("none") } else { Said::Link(lsn.0.to_string(), Selection::Lsn(lsn)) }
}

fn record(view: &View, lsn: Lsn) -> Option<Facts> {
    let log = view.state.parts.log.as_ref()?;
    let lost = view.log.volatile.iter().find(|record| record.lsn == lsn).filter(|_| view.log.crashed);
    let record = log.records.iter().find(|record| record.lsn == lsn).or(lost)?;
    let stands = match () {
        () if record.lsn < log.durable => "durable",
        () if record.lsn < log.written => "written, not durable",
        () if lost.is_some() => "lost in the crash",
        () => "in memory",
    };
    let mut facts = Facts::new(format!("Log record {}", lsn.0)).row("kind", record.kind.word()).row("stands", stands);
    if record.txn.0 > 0 {
        let name = name_of(view, record.txn);
        facts = facts.link("transaction", name, Selection::Transaction(record.txn.0));
        facts = facts.row("record before", place(record.prev)).row("undo next", place(record.undo_next));
    }
    if !record.page.is_none() {
        facts = facts.link("page", format!("page {}", record.page.0), Selection::Page(record.page));
    }
    if !record.text.is_empty() {
        facts = facts.row("says", record.text.to_string());
    }
    let file = log.segments.iter().rfind(|segment| segment.start <= lsn);
    if let Some(file) = file {
        facts = facts.row("file", format!("from {}, byte {} of it", file.start.0, lsn.0 - file.start.0));
    }
    Some(facts.row("bytes", record.length.to_string()))
}

fn transaction(view: &View, number: u64) -> Option<Facts> {
    let log = view.state.parts.log.as_ref()?;
    let client = view.state.parts.client.as_ref()?;
    let noted = client.transactions.iter().rfind(|noted| noted.txn.0 == number);
    let entry = log.transactions.iter().find(|entry| entry.txn.0 == number);
    let records: Vec<Vec<Said>> = log
        .records
        .iter()
        .filter(|record| record.txn.0 == number)
        .map(|record| {
            vec![
                place(record.lsn),
                Said::from(record.kind.word()),
                Said::from(record.text.to_string()),
                place(record.undo_next),
            ]
        })
        .collect();
    if noted.is_none() && entry.is_none() && records.is_empty() {
        return None;
    }
    let name = noted.map_or_else(|| number.to_string(), |noted| noted.name.to_string());
    let mut facts = Facts::new(format!("Transaction {name}")).row("engine's number", number.to_string());
    if let Some(noted) = noted {
        facts = facts.row("the client was told", fate(noted.fate).0).row("its changes", changes(noted));
    }
    facts = match entry {
        Some(entry) => {
            let facts = facts.row("in the table", entry.status.word()).row("first record", place(entry.first));
            facts.row("last record", place(entry.last)).row("undo next", place(entry.undo_next))
        }
        None => facts.row("in the table", "no"),
    };
    let heads = vec!["LSN", "kind", "says", "undo next"];
    Some(facts.table(FactTable { title: "Its records".to_string(), heads, rows: records, chosen: None }))
}

/// A page here and there: in memory, on the disk, in the table, in the log. Its bytes stand below.
fn of_page(view: &View, page: PageId) -> Option<Facts> {
    let log = view.state.parts.log.as_ref()?;
    let newest = view.page(page)?;
    let held = view.state.pool.iter().find(|held| held.page == page);
    let image = view.state.parts.medium.as_ref().and_then(|medium| medium.pages.get(page.index()));
    let mut facts = Facts::new(format!("Page {}", page.0)).row("kind", kind_of(&newest.body).word());
    facts = match held {
        Some(held) => {
            let dirty = if held.dirty { "dirty" } else { "clean" };
            facts.row("in memory", format!("frame {}, {dirty}, LSN {}", held.frame.0, newest.lsn.0))
        }
        None => facts.row("in memory", "no"),
    };
    if let Some(image) = image {
        let how = if image.damaged { ", fails its checksum" } else { "" };
        facts = facts.row("on the disk", format!("LSN {}{how}", image.live.0));
        facts = facts.row("survives a crash", format!("LSN {}", image.durable.0));
    }
    if let Some(entry) = log.dirty.iter().find(|entry| entry.page == page) {
        facts = facts.row("redo starts at", place(entry.first));
    }
    let names = names(view);
    let records = log.records.iter().filter(|record| record.page == page && !page.is_none()).map(|record| {
        let name = names.iter().find(|(txn, _)| *txn == record.txn).map_or("", |(_, name)| name.as_str());
        vec![place(record.lsn), Said::from(name), Said::from(record.kind.word()), Said::from(record.text.to_string())]
    });
    let table = FactTable {
        title: "Its records in the log".to_string(),
        heads: vec!["LSN", "of", "kind", "says"],
        rows: records.collect(),
        chosen: None,
    };
    Some(facts.table(table).of_page(page, None))
}

fn kind_of(body: &PageBody) -> PageKind {
    match body {
        PageBody::Meta => PageKind::Meta,
        PageBody::Leaf { .. } => PageKind::Leaf,
        PageBody::Inner { .. } => PageKind::Inner,
        PageBody::Overflow { .. } => PageKind::Overflow,
        PageBody::Free { .. } => PageKind::Free,
    }
}
