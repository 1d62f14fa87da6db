//! The picture: memory above, disk below, and what the client was told beside them.
//!
//! A record of the log is one thing all its life: it falls from the buffer to the disk. A page that is written flies from
//! its frame to its place on the disk. When the power fails, all that is in memory fades away.

use super::layout::{Layout, MARGIN, Shown};
use super::side::{client, tables, verdict};
use super::words::{kind, label, sentence};
use super::{Deed, names};
use crate::arrange::Place;
use crate::drawing::{Ask, Drawing, Id, Layer, Marks, Shape, Step, chip};
use crate::{Selection, View};
use glassbase_trace::{Event, Lane, LogKind, Lsn, PageId, TxnId};

pub fn draw(ask: &Ask) -> Step {
    let layout = Layout::of(ask);
    let mut step = Step::of(ask, |view| picture(view, ask, &layout));
    flights(&mut step, ask, &layout);
    step
}

/// Bars of different colours, one for a transaction; its name is there too.
const TONES: [&str; 6] = ["bar txn0", "bar txn1", "bar txn2", "bar txn3", "bar txn4", "bar txn5"];

/// The class of a transaction's bar.
pub fn tone(txn: TxnId) -> &'static str {
    if txn.0 == 0 { "bar" } else { TONES[(txn.0 % TONES.len() as u64) as usize] }
}

fn picture(view: &View, ask: &Ask, layout: &Layout) -> Drawing {
    let mut d = Drawing::new(ask.room.width.max(288.0), whole(view));
    verdict(&mut d, view, ask, layout);
    client(&mut d, view, layout);
    let event = ask.record.map(|record| &record.event);
    let touched = event.map_or([PageId::NONE; 2], Event::pages);
    let on_disk = event.is_some_and(|event| event.lane() == Lane::Disk || matches!(event, Event::PoolMiss { .. }));
    memory(&mut d, view, layout, touched);
    disk(&mut d, view, layout, if on_disk { touched } else { [PageId::NONE; 2] });
    let shown = layout.records(view);
    strip(&mut d, view, layout, &shown);
    arrows(&mut d, view, ask, &shown);
    // Some room below.
    d.height += MARGIN;
    d
}

fn whole(view: &View) -> String {
    let Some(log) = &view.state.parts.log else { return "There is no log.".to_string() };
    let told = view.state.parts.client.as_ref().map_or(0, |client| client.told);
    let state = match (view.log.crashed, log.pass) {
        (true, Some(pass)) => format!("Recovery is in {}. ", pass.word()),
        (true, None) => "The power failed, and memory is gone. ".to_string(),
        _ => String::new(),
    };
    format!(
        "{state}{} log records, durable up to {}; {} dirty pages, {} open transactions, {told} acknowledged.",
        log.records.len(),
        log.durable.0,
        log.dirty.len(),
        log.transactions.len()
    )
}

fn head(d: &mut Drawing, id: &str, place: Place, title: &str, quiet: &str, dead: bool) {
    d.add(Shape::panel(Id::of(id, 0), place).mark(Marks::STALE, dead));
    d.add(Shape::title_of(Id::of(id, 1), place.x + 10.0, place.y + 18.0, title));
    let aside = place.x + 18.0 + 9.4 * title.len() as f64;
    let room = (place.right() - aside - 8.0).max(1.0);
    d.add(Shape::text(Id::of(id, 2), aside, place.y + 18.0, quiet).class("quiet").room(room));
}

fn memory(d: &mut Drawing, view: &View, layout: &Layout, touched: [PageId; 2]) {
    let dead = view.log.crashed && view.state.parts.log.as_ref().is_some_and(|log| log.pass.is_none());
    let said = if dead { "gone: the power failed" } else { "gone when the power fails" };
    head(d, "memory", layout.memory, "Memory", said, dead);
    let (x, y) = layout.buffer_start();
    d.add(Shape::text(Id::of("memory", 3), x, y - 5.0, "log buffer").class("quiet"));
    d.add(Shape::text(Id::of("memory", 4), x, layout.frames_y, "buffer pool").class("quiet"));
    for index in 0..view.state.frames {
        let frame = glassbase_trace::FrameId(index);
        let Some(place) = layout.frame(frame) else { break };
        let id = Id::of("frame", u64::from(index));
        match view.state.pool.binary_search_by_key(&frame, |held| held.frame) {
            Ok(at) => {
                let held = view.state.pool[at];
                let lsn = view.page(held.page).map_or(0, |page| page.lsn.0);
                let dirty = if held.dirty { "dirty" } else { "clean" };
                let title = format!("Frame {index}: page {}, {dirty}, LSN {lsn}", held.page.0);
                let shape = Shape::rect(id.and(1 + u64::from(held.page.0)), place)
                    .label(format!("page {}", held.page.0))
                    .note(format!("{lsn}"))
                    .mark(Marks::DIRTY, held.dirty)
                    .mark(Marks::LIT, !held.page.is_none() && touched.contains(&held.page))
                    .mark(Marks::PINNED, held.pins > 0);
                d.add(shape.target(Selection::Frame(frame), title));
            }
            Err(_) => d.add(Shape::rect(id, place).class("slot").marks(Marks::EMPTY)),
        }
    }
    tables(d, view, layout);
}

fn disk(d: &mut Drawing, view: &View, layout: &Layout, touched: [PageId; 2]) {
    head(d, "disk", layout.disk, "Disk", "survives, as far as it was synced", false);
    let (x, y) = layout.strip_start();
    let durable = view.state.parts.log.as_ref().map_or(0, |log| log.durable.0);
    let segments = view.state.parts.log.as_ref().map_or(0, |log| log.segments.len());
    let files = if segments == 1 { "1 file".to_string() } else { format!("{segments} files") };
    let said = format!("log, {files}, durable up to {durable}");
    d.add(Shape::text(Id::of("disk", 3), x, y - 9.0, said).class("quiet"));
    d.add(Shape::text(Id::of("disk", 4), x, layout.pages_y, "pages").class("quiet"));
    let Some(medium) = &view.state.parts.medium else { return };
    for (index, image) in medium.pages.iter().enumerate() {
        let page = PageId(index as u32);
        let Some(place) = layout.page(page) else { break };
        let newest = view.page(page).map_or(Lsn(0), |page| page.lsn);
        let volatile = image.live != image.durable;
        let stale = newest > image.live && !image.damaged;
        let how = match () {
            () if image.damaged => "damaged",
            () if volatile => "written, not durable",
            () if stale => "durable, older than in memory",
            () => "durable",
        };
        let shape = Shape::rect(Id::of("image", index as u64), place)
            .label(format!("page {index}"))
            .note(format!("{}", image.live.0))
            .mark(Marks::FAILED, image.damaged)
            .mark(Marks::LIT, !page.is_none() && touched.contains(&page))
            .mark(Marks::LOGGED | Marks::EMPTY, volatile && !image.damaged)
            .mark(Marks::STALE, stale)
            .mark(Marks::DURABLE, !volatile && !image.damaged);
        d.add(shape.target(Selection::Page(page), format!("Page {index} on the disk: {how}, LSN {}", image.live.0)));
    }
}

fn strip(d: &mut Drawing, view: &View, layout: &Layout, shown: &[Shown]) {
    let Some(log) = &view.state.parts.log else { return };
    // After a comparison the verdict is what matters.
    let compared = view.state.parts.client.as_ref().is_some_and(|client| client.check.is_some());
    let at = view.log.at.filter(|_| !compared).map(|(lsn, _)| lsn);
    let names = names(view);
    for Shown { record, place, buffered, lost } in shown {
        let id = Id::of("record", record.lsn.0);
        let durable = record.lsn < log.durable && !lost;
        let name = names.iter().find(|(txn, _)| *txn == record.txn).map_or("", |(_, name)| name);
        let note = if record.txn.0 == 0 { format!("{}", record.lsn.0) } else { format!("{} {}", name, record.lsn.0) };
        let shape = Shape::rect(id, *place)
            .class(class_of(record.kind))
            .label(label(record))
            .note(note)
            .mark(Marks::LOGGED | Marks::EMPTY, !buffered && !durable && !lost)
            .mark(Marks::FAILED | Marks::DELETED | Marks::MUTED, *lost)
            .mark(Marks::CROWNED, log.checkpoint == record.lsn && record.kind == LogKind::CheckpointBegin)
            .mark(Marks::CURRENT, at == Some(record.lsn));
        d.add(shape.target(Selection::Lsn(record.lsn), sentence(record, name)));
        let bar = Place::new(place.x, place.y + 4.0, 3.0, place.h - 8.0);
        d.add(Shape::rect(id.and(1), bar).class(tone(record.txn)).layer(Layer::Signs));
    }
    boundary(d, layout, log.durable, shown);
    for segment in &log.segments {
        let first = shown.iter().find(|shown| !shown.buffered && shown.record.lsn >= segment.start);
        if let Some(first) = first.filter(|first| first.record.lsn.0 <= segment.start.0 + 64) {
            let (x, y) = (first.place.x - 3.0, first.place.y);
            let line = Shape::line(Id::of("segment", segment.start.0), (x, y - 2.0), (x, y + first.place.h + 2.0));
            d.add(line.said(format!("A file of the log begins at {}", segment.start.0)));
        }
    }
}

/// The line up to which the log survives.
fn boundary(d: &mut Drawing, layout: &Layout, durable: Lsn, shown: &[Shown]) {
    let last = shown.iter().rfind(|shown| !shown.buffered && !shown.lost && shown.record.lsn < durable);
    let (x, top, bottom) = match last {
        Some(last) => (last.place.right() + 3.0, last.place.y - 4.0, last.place.bottom() + 4.0),
        None => {
            let (x, y) = layout.strip_start();
            (x - 3.0, y - 4.0, y + 36.0)
        }
    };
    let line = Shape::line(Id::of("durable", 0), (x, top), (x, bottom)).layer(Layer::Signs);
    d.add(line.marks(Marks::LIT).said(format!("The log is durable up to here: {}", durable.0)));
}

fn class_of(kind: LogKind) -> &'static str {
    match kind {
        LogKind::Commit => "box commit",
        LogKind::Compensation | LogKind::Abort => "box undo",
        LogKind::Image => "box image",
        LogKind::CheckpointBegin | LogKind::CheckpointEnd => "box checkpoint",
        LogKind::Begin | LogKind::End | LogKind::ActionEnd => "slot",
        LogKind::Update => "box",
    }
}

/// From the record that is looked at to its transaction's record before it, and to what is to be undone next.
fn arrows(d: &mut Drawing, view: &View, ask: &Ask, shown: &[Shown]) {
    let undoing = view.log.at.filter(|(_, deed)| *deed == Deed::Undone).map(|(lsn, _)| lsn);
    let lsn = match ask.selected {
        Some(Selection::Lsn(lsn)) => Some(lsn),
        Some(Selection::Transaction(txn)) => {
            shown.iter().rfind(|shown| shown.record.txn.0 == txn).map(|shown| shown.record.lsn)
        }
        _ => undoing,
    };
    let find = |lsn: Lsn| shown.iter().find(|shown| shown.record.lsn == lsn);
    let Some(mut from) = lsn.and_then(find) else { return };
    let chain = matches!(ask.selected, Some(Selection::Transaction(_)));
    for step in 0..if chain { 64 } else { 1 } {
        let record = from.record;
        let jumps = record.undo_next.0 > 0 && record.undo_next < record.lsn && record.undo_next != record.prev;
        if let Some(to) = jumps.then(|| find(record.undo_next)).flatten() {
            let arrow = link(Id::of("undo-next", step), from.place, to.place);
            d.add(arrow.marks(Marks::STALE).said(format!("Undo next: {}", record.undo_next.0)));
        }
        let Some(to) = (record.prev.0 > 0).then(|| find(record.prev)).flatten() else { break };
        let arrow = link(Id::of("prev", step), from.place, to.place).marks(Marks::LIT);
        d.add(arrow.said(format!("The transaction's record before: {}", record.prev.0)));
        from = to;
    }
}

fn link(id: Id, from: Place, to: Place) -> Shape {
    let (start, end) = if (from.y - to.y).abs() < 1.0 {
        ((from.x, from.y + from.h * 0.7), (to.right(), to.y + to.h * 0.7))
    } else if from.y > to.y {
        (from.top_middle(), to.bottom_middle())
    } else {
        (from.bottom_middle(), to.top_middle())
    };
    Shape::arrow(id, start, end).layer(Layer::Flying)
}

/// What goes from memory to the disk and back.
fn flights(step: &mut Step, ask: &Ask, layout: &Layout) {
    let Some(record) = ask.record else { return };
    let frame_of = |view: &View, page: PageId| {
        let held = view.state.pool.iter().find(|held| held.page == page);
        held.and_then(|held| layout.frame(held.frame))
    };
    let go = |step: &mut Step, from: Place, to: Place, text: String| {
        let shape = chip(Id::of("flight", 0), from.center(), text);
        let (x, y) = to.center();
        let place = Place::new(x - shape.place.w / 2.0, y - shape.place.h / 2.0, shape.place.w, shape.place.h);
        step.flight(shape, place);
    };
    match &record.event {
        Event::DiskWritten { page } => {
            if let (Some(from), Some(to)) = (frame_of(ask.before, *page), layout.page(*page)) {
                go(step, from, to, format!("page {}", page.0));
            }
        }
        Event::PoolMiss { page, frame } => {
            if let (Some(from), Some(to)) = (layout.page(*page), layout.frame(*frame)) {
                go(step, from, to, format!("page {}", page.0));
            }
        }
        Event::RecordRedone { lsn, page } => {
            let shown = layout.records(ask.before);
            let from = shown.iter().find(|shown| shown.record.lsn == *lsn);
            if let (Some(from), Some(to)) = (from, frame_of(ask.after, *page)) {
                go(step, from.place, to, kind(from.record.kind).to_string());
            }
        }
        _ => {}
    }
}
