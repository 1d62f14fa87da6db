//! Verdict, passes, the client's notes, and the tables of ARIES.

use super::layout::{CLIENT_H, CLIENT_ROWS, Layout, ROW_H, TABLE_ROWS};
use super::names;
use crate::arrange::{MONO_W, Place, cut};
use crate::describe::{count, key};
use crate::drawing::{Anchor, Ask, Drawing, Id, Layer, Marks, Shape};
use crate::{Selection, View};
use glassbase_trace::parts::client::ClientTransaction;
use glassbase_trace::{RecoveryPass, TxnFate};

/// From one line of the verdict to the next.
const LINE_H: f64 = 17.0;
/// Characters of a value that the notes show.
const VALUE_CHARS: f64 = 10.0;

/// What has to be said of the whole, and how recovery goes on.
pub fn verdict(d: &mut Drawing, view: &View, ask: &Ask, layout: &Layout) {
    let Some(client) = &view.state.parts.client else { return };
    let pass = view.state.parts.log.as_ref().and_then(|log| log.pass);
    let owed = count(client.told, "transaction");
    let (text, marks, class) = match (&client.check, view.log.crashed, pass) {
        (Some(check), ..) if !check.problem.is_empty() => {
            (format!("Not so: {}", check.problem), Marks::FAILED, "verdict bad")
        }
        (Some(check), ..) if check.lost > 0 => (
            // The promise was kept, and yet a client was told of a commit that is gone: no reason for green.
            format!("{} lost that was acknowledged and not synced; all that was durable is there", check.lost),
            Marks::MISS,
            "verdict",
        ),
        (Some(_), ..) => {
            ("Every committed write is there, and nothing else is".to_string(), Marks::HIT, "verdict good")
        }
        (None, true, Some(RecoveryPass::Analysis)) => {
            ("Analysis: who was under way, and which pages were dirty?".to_string(), Marks::LIT, "verdict")
        }
        (None, true, Some(RecoveryPass::Redo)) => {
            ("Redo: what was logged is done again, by whomever it was".to_string(), Marks::LIT, "verdict")
        }
        (None, true, Some(RecoveryPass::Undo)) => {
            ("Undo: who did not commit is taken back".to_string(), Marks::LIT, "verdict")
        }
        (None, true, None) => {
            (format!("The power failed; the client was promised {owed}"), Marks::FAILED, "verdict bad")
        }
        (None, false, _) => (format!("The client was promised {owed} so far"), Marks::NONE, "verdict"),
    };
    let place = layout.verdict;
    let id = Id::of("verdict", 0);
    let looked_at = client.check.is_some() || (view.log.crashed && pass.is_none());
    let shape = Shape::rect(id, place).class(class).marks(marks).mark(Marks::CURRENT, looked_at);
    let lines = lines(&text, place.w - 40.0, if place.h > 40.0 { 2 } else { 1 });
    let first = place.y + place.h / 2.0 + 4.5 - (lines.len() as f64 - 1.0) * LINE_H / 2.0;
    for (number, line) in lines.into_iter().enumerate() {
        let y = first + number as f64 * LINE_H;
        let line = Shape::text(id.and(1 + number as u64), place.x + place.w / 2.0, y, line);
        d.add(line.class("title").anchor(Anchor::Middle));
    }
    d.add(shape.said(text));
    if ask.end.log.crashes > 0 {
        passes(d, view, layout);
    }
}

/// A text in at most so many lines; what finds no room is cut.
fn lines(text: &str, room: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let fits = |line: &String| (line.chars().count() + 1 + word.chars().count()) as f64 * MONO_W <= room;
        let last = lines.len();
        match lines.last_mut() {
            Some(line) if fits(line) || last == most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines.into_iter().map(|line| cut(&line, room, MONO_W)).collect()
}

fn passes(d: &mut Drawing, view: &View, layout: &Layout) {
    let doing = &view.log;
    let under_way = view.state.parts.log.as_ref().and_then(|log| log.pass);
    let order = |pass: RecoveryPass| RecoveryPass::ALL.iter().position(|other| *other == pass);
    let w = (layout.passes.w - 2.0 * 8.0) / 3.0;
    for (index, pass) in RecoveryPass::ALL.iter().enumerate() {
        let place = Place::new(layout.passes.x + index as f64 * (w + 8.0), layout.passes.y, w, layout.passes.h);
        let number = match pass {
            RecoveryPass::Analysis => doing.analyzed,
            RecoveryPass::Redo => doing.redone,
            RecoveryPass::Undo => doing.undone,
        };
        let current = under_way == Some(*pass);
        let reached = doing.crashed && doing.pass.is_some_and(|now| order(now) >= Some(index)) || number > 0;
        let text = if reached { format!("{} {number}", pass.word()) } else { pass.word().to_string() };
        let shape = Shape::rect(Id::of("pass", index as u64), place).label(text).said(help(*pass));
        d.add(shape.mark(Marks::FOUND, current).mark(Marks::MUTED, !reached && !current).mark(Marks::EMPTY, !reached));
    }
}

fn help(pass: RecoveryPass) -> &'static str {
    match pass {
        RecoveryPass::Analysis => "Analysis: reads the log from the last checkpoint, and fills the two tables",
        RecoveryPass::Redo => "Redo: does every logged change again that a page on the disk lacks",
        RecoveryPass::Undo => "Undo: takes back what transactions did that had not committed",
    }
}

pub fn fate(fate: TxnFate) -> (&'static str, Marks) {
    match fate {
        TxnFate::Open => ("open", Marks::EMPTY),
        TxnFate::Asked => ("commit asked", Marks::LOGGED | Marks::EMPTY),
        TxnFate::Told => ("acknowledged", Marks::DURABLE),
        TxnFate::Aborted => ("aborted", Marks::MUTED),
        TxnFate::Cut => ("cut off", Marks::MUTED),
        TxnFate::Lost => ("lost", Marks::FAILED),
    }
}

/// What the client wrote down.
pub fn client(d: &mut Drawing, view: &View, layout: &Layout) {
    let place = layout.client;
    d.add(Shape::panel(Id::of("client", 0), place));
    d.add(Shape::title_of(Id::of("client", 1), place.x + 10.0, place.y + 18.0, "The client's own notes"));
    let Some(client) = &view.state.parts.client else { return };
    let rows = (((place.h - 30.0) / (CLIENT_H + 6.0)).max(1.0) as usize).min(CLIENT_ROWS);
    let skipped = client.transactions.len().saturating_sub(rows);
    for (row, noted) in client.transactions.iter().skip(skipped).enumerate() {
        let y = place.y + 28.0 + row as f64 * (CLIENT_H + 6.0);
        let id = Id::of("noted", noted.txn.0).and((skipped + row) as u64 * u64::from(view.log.crashes > 0));
        one(d, id, Place::new(place.x + 8.0, y, place.w - 16.0, CLIENT_H), noted);
    }
}

fn one(d: &mut Drawing, id: Id, place: Place, noted: &ClientTransaction) {
    let (word, marks) = fate(noted.fate);
    let changes = changes(noted);
    let title = format!("Transaction {}, {word}: {changes}", noted.name);
    let shape = Shape::rect(id, place).class("slot").marks(marks);
    d.add(shape.target(Selection::Transaction(noted.txn.0), title));
    let gone = matches!(noted.fate, TxnFate::Aborted | TxnFate::Cut | TxnFate::Lost);
    let name = Shape::text(id.and(1), place.x + 16.0, place.y + 17.0, noted.name.to_string()).class("title");
    d.add(name.room(place.w - 120.0));
    let fate = Shape::text(id.and(2), place.right() - 9.0, place.y + 17.0, word).class("quiet").anchor(Anchor::End);
    d.add(fate.mark(Marks::FAILED, noted.fate == TxnFate::Lost));
    let text = Shape::text(id.and(3), place.x + 16.0, place.y + 34.0, changes).class("mono").room(place.w - 26.0);
    d.add(text.mark(Marks::MUTED, gone));
    let tone = super::scene::tone(noted.txn);
    let bar = Place::new(place.x + 6.0, place.y + 8.0, 3.0, place.h - 16.0);
    d.add(Shape::rect(id.and(4), bar).class(tone).layer(Layer::Signs));
}

/// `10=ash 20=beech -30`.
pub fn changes(noted: &ClientTransaction) -> String {
    let one = |change: &glassbase_trace::parts::client::ClientChange| match &change.value {
        Some(value) => format!("{}={}", key(&change.key), cut(&key(value), VALUE_CHARS, 1.0)),
        None => format!("\u{2212}{}", key(&change.key)),
    };
    let mut text: Vec<String> = noted.changes.iter().map(one).collect();
    if noted.count as usize > noted.changes.len() {
        text.push(format!("and {} more", noted.count as usize - noted.changes.len()));
    }
    if text.is_empty() { "nothing yet".to_string() } else { text.join(" ") }
}

/// The transaction table and the dirty-page table.
pub fn tables(d: &mut Drawing, view: &View, layout: &Layout) {
    let Some(log) = &view.state.parts.log else { return };
    let names = names(view);
    let name = |txn: glassbase_trace::TxnId| {
        let found = names.iter().find(|(known, _)| *known == txn);
        found.map_or_else(|| txn.0.to_string(), |(_, name)| name.clone())
    };
    let open = log.transactions.iter().map(|entry| {
        let text = format!("{} {} {}", name(entry.txn), entry.status.word(), entry.last.0);
        let title = format!("{text} is its last record, {} the next to undo", entry.undo_next.0);
        (entry.txn.0, text, Selection::Transaction(entry.txn.0), title)
    });
    table(d, "transactions", (layout.transactions, layout.table_w), "Transaction table", open.collect());
    let dirty = log.dirty.iter().map(|entry| {
        let text = format!("page {} from {}", entry.page.0, entry.first.0);
        let title = format!("Page {} is dirty: redo starts at {}", entry.page.0, entry.first.0);
        (u64::from(entry.page.0), text, Selection::Page(entry.page), title)
    });
    table(d, "dirty", (layout.dirty, layout.table_w), "Dirty-page table", dirty.collect());
}

fn table(
    d: &mut Drawing,
    word: &str,
    ((x, y), w): ((f64, f64), f64),
    title: &str,
    rows: Vec<(u64, String, Selection, String)>,
) {
    d.add(Shape::text(Id::of(word, 0), x, y + 8.0, title).class("quiet").room(w));
    let line = y + 14.0;
    d.add(Shape::line(Id::of(word, 1), (x, line), (x + w, line)).class("line"));
    let count = rows.len();
    let shown = if count > TABLE_ROWS { TABLE_ROWS - 1 } else { TABLE_ROWS };
    for (row, (number, text, target, title)) in rows.into_iter().take(shown).enumerate() {
        let place = Place::new(x, line + 4.0 + row as f64 * ROW_H, w, ROW_H - 2.0);
        let shape =
            Shape::rect(Id::of(word, 2).and(number), place).class("entry").label(cut(&text, place.w - 6.0, MONO_W));
        d.add(shape.target(target, title));
    }
    if count > TABLE_ROWS {
        let y = line + 4.0 + (TABLE_ROWS as f64 - 0.3) * ROW_H;
        d.add(Shape::text(Id::of(word, 3), x + 4.0, y, format!("and {} more", count - shown)).class("quiet"));
    }
}
