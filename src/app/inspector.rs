//! What was clicked on the stage, down to the bytes: what the lab's guide says of it, or else a page or a frame.

use std::fmt::Write;
use std::rc::Rc;

use yew::prelude::*;

use super::action::{Act, Action, on};
use super::bytes::PageBytesView;
use crate::lab::PageBytes;
use crate::trace::{PageBody, PageId, PageState};
use crate::view::describe::grouped;
use crate::view::facts::{FactTable, Facts, Said};
use crate::view::guide::told;
use crate::view::{Guide, Selection, TimelineHandle, View};

/// Slots listed around the chosen one; a page of 16 KiB may have a thousand.
const SLOTS_MAX: usize = 48;
const DUMP_ROW: usize = 8;

#[derive(PartialEq)]
pub struct InspectorProps {
    pub timeline: TimelineHandle,
    pub position: usize,
    pub selected: Option<Selection>,
    pub bytes: BytesShown,
    pub act: Act,
}

/// The bytes of the selected page, as far as they are at hand.
#[derive(Clone, PartialEq)]
pub enum BytesShown {
    /// The run moves; bytes are looked up when it rests.
    Moving,
    /// A recorded trace has no engine that could be asked.
    Recorded,
    None,
    There(Rc<PageBytes>),
}

pub fn inspector(props: &InspectorProps) -> Html {
    let view = props.timeline.view_at(props.position);
    let guide = props.timeline.guide();
    let facts = props.selected.and_then(|selected| match selected {
        // A click on a verdict goes back to what it is about, before the checker spoke.
        Selection::Verdict(_) => {
            facts_of(guide, &view, selected).or_else(|| facts_of(guide, &props.timeline.view_at(usize::MAX), selected))
        }
        _ => facts_of(guide, &view, selected),
    });
    let content = match props.selected {
        None => html! { <p class="quiet">{ guide.invitation }</p> },
        Some(_) if facts.is_some() => facts.map_or(Html::default(), |facts| of_facts(props, &facts)),
        Some(Selection::Page(page)) => of_page(props, &view, page, None),
        Some(Selection::Cell { page, slot }) => of_page(props, &view, page, Some(usize::from(slot))),
        Some(Selection::Frame(frame)) => match view.state.pool.iter().find(|place| place.frame == frame) {
            Some(place) => of_page(props, &view, place.page, None),
            None => {
                html! { <><h2>{ format!("Frame {}", frame.0) }</h2><p class="quiet">{ "Empty: it holds no page here." }</p></> }
            }
        },
        Some(_) => html! { <p class="quiet">{ "It does not exist at this point of the run." }</p> },
    };
    html! { <div class="pane" tabindex="0" role="region" aria-label="Inspector"><div class="inspect pad">{ content }</div></div> }
}

/// What the guides say of a thing, that of the run's lab first.
fn facts_of(guide: &'static Guide, view: &View, selected: Selection) -> Option<Facts> {
    (guide.inspect)(view, selected).or_else(|| told(|guide| (guide.inspect)(view, selected)))
}

/// The page whose bytes are to be shown for a selection.
pub fn page_of(guide: &'static Guide, view: &View, selected: Selection) -> Option<PageId> {
    match (facts_of(guide, view, selected), selected) {
        (Some(facts), _) => facts.page,
        (None, Selection::Page(page) | Selection::Cell { page, .. }) => Some(page),
        (None, Selection::Frame(frame)) => {
            view.state.pool.iter().find(|place| place.frame == frame).map(|place| place.page)
        }
        (None, _) => None,
    }
}

fn of_facts(props: &InspectorProps, facts: &Facts) -> Html {
    let rows = facts.rows.iter().map(|(name, value)| fact(name, said(props, value)));
    let bytes_of =
        facts.page.map(|page| html! { <><h3>{ "Bytes" }</h3>{ bytes(props, page, facts.slot.map(usize::from)) }</> });
    html! {
        <>
            <h2>{ &facts.title }</h2>
            <dl class="facts">{ for rows }</dl>
            { for facts.tables.iter().map(|one| table(props, one)) }
            { for bytes_of }
            { for facts.bytes.iter().map(|(offset, bytes)| dump(*offset, bytes)) }
        </>
    }
}

fn said(props: &InspectorProps, said: &Said) -> Html {
    match said {
        Said::Plain(text) => html! { <>{ text }</> },
        Said::Link(text, to) => {
            let onclick = on::<MouseEvent>(&props.act, Action::Select(Some(*to)));
            html! { <button type="button" {onclick}>{ text }</button> }
        }
    }
}

fn table(props: &InspectorProps, table: &FactTable) -> Html {
    let rows = table.rows.iter().enumerate().map(|(index, row)| {
        let class = (table.chosen == Some(index)).then_some("chosen");
        html! { <tr {class}>{ for row.iter().map(|cell| html! { <td class="mono">{ said(props, cell) }</td> }) }</tr> }
    });
    html! {
        <>
            <h3>{ &table.title }</h3>
            <table class="slots">
                <thead><tr>{ for table.heads.iter().map(|head| html! { <th scope="col">{ *head }</th> }) }</tr></thead>
                <tbody>{ for rows }</tbody>
            </table>
        </>
    }
}

/// Bytes that the view has itself, eight to a row.
fn dump(offset: u64, bytes: &[u8]) -> Html {
    let mut text = String::new();
    for (row, part) in bytes.chunks(DUMP_ROW).enumerate() {
        let _ = write!(text, "{:6}  ", offset + (row * DUMP_ROW) as u64);
        for byte in part {
            let _ = write!(text, "{byte:02x} ");
        }
        (part.len()..DUMP_ROW).for_each(|_| text.push_str("   "));
        text.push(' ');
        text.extend(part.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' }));
        text.push('\n');
    }
    html! { <><h3>{ "Bytes" }</h3><pre class="dump">{ text }</pre></> }
}

fn of_page(props: &InspectorProps, view: &View, page: PageId, slot: Option<usize>) -> Html {
    let Some(state) = view.page(page) else {
        let words = format!("Page {} does not exist at this point of the run.", page.0);
        return html! { <p class="quiet">{ words }</p> };
    };
    html! {
        <>
            <h2>{ format!("Page {}, {}", page.0, kind(view, state)) }</h2>
            <dl class="facts">{ for facts(props, view, state) }</dl>
            { slots(props, state, slot) }
            <h3>{ "Bytes" }</h3>
            { bytes(props, page, slot) }
        </>
    }
}

fn kind(view: &View, state: &PageState) -> String {
    let root = if view.state.root == state.page && !state.page.is_none() { ", the root" } else { "" };
    match &state.body {
        PageBody::Meta => "meta page: it says where the root is".to_string(),
        PageBody::Leaf { .. } => format!("leaf{root}"),
        PageBody::Inner { .. } => format!("inner page{root}"),
        PageBody::Overflow { .. } => "overflow: part of a long value".to_string(),
        PageBody::Free { .. } => "free".to_string(),
    }
}

fn fact(name: &'static str, value: Html) -> Html {
    html! { <><dt>{ name }</dt><dd>{ value }</dd></> }
}

fn facts(props: &InspectorProps, view: &View, state: &PageState) -> Vec<Html> {
    let words = |text: String| html! { <>{ text }</> };
    let mut facts = vec![fact("LSN", words(state.lsn.0.to_string()))];
    if let Some(cells) = state.cells() {
        let most = view.keys_max().map_or(String::new(), |most| format!(" of at most {most}"));
        facts.push(fact("keys", words(format!("{}{most}", cells.len()))));
        let capacity = view.state.capacity.max(1);
        let share = u64::from(state.used) * 100 / u64::from(capacity);
        let used = format!("{} of {} bytes, {share} %", grouped(u64::from(state.used)), grouped(u64::from(capacity)));
        facts.push(fact("used", words(used)));
    }
    match &state.body {
        PageBody::Meta => facts.push(fact("root", page_link(props, view.state.root))),
        PageBody::Leaf { prev, next, .. } => {
            facts.push(fact("leaf before", page_link(props, *prev)));
            facts.push(fact("leaf after", page_link(props, *next)));
        }
        PageBody::Inner { level, leftmost, .. } => {
            facts.push(fact("level above leaves", words(level.to_string())));
            facts.push(fact("leftmost child", page_link(props, *leftmost)));
        }
        PageBody::Overflow { next, length } => {
            facts.push(fact("bytes of the value", words(length.to_string())));
            facts.push(fact("next of the chain", page_link(props, *next)));
        }
        PageBody::Free { next } => facts.push(fact("next free page", page_link(props, *next))),
    }
    facts.push(fact("where", words(whereabouts(view, state.page))));
    facts
}

fn whereabouts(view: &View, page: PageId) -> String {
    let durable = if view.state.unsynced.contains(&page) { "; written, not yet synced" } else { "" };
    match view.state.pool.iter().find(|frame| frame.page == page) {
        Some(frame) => {
            let dirty = if frame.dirty { "dirty" } else { "clean" };
            let pins = match frame.pins {
                0 => String::new(),
                1 => ", pinned once".to_string(),
                pins => format!(", pinned {pins} times"),
            };
            format!("in the pool, frame {}, {dirty}{pins}{durable}", frame.frame.0)
        }
        None => format!("on the disk only{durable}"),
    }
}

fn page_link(props: &InspectorProps, page: PageId) -> Html {
    if page.is_none() {
        return html! { <>{ "none" }</> };
    }
    let onclick = on::<MouseEvent>(&props.act, Action::Select(Some(Selection::Page(page))));
    html! { <button type="button" {onclick}>{ format!("page {}", page.0) }</button> }
}

fn slots(props: &InspectorProps, state: &PageState, chosen: Option<usize>) -> Html {
    let Some(cells) = state.cells().filter(|cells| !cells.is_empty()) else { return Html::default() };
    let inner = matches!(state.body, PageBody::Inner { .. });
    let first = chosen.unwrap_or(0).saturating_sub(SLOTS_MAX / 2).min(cells.len().saturating_sub(SLOTS_MAX));
    let past = (first + SLOTS_MAX).min(cells.len());
    let rows = (first..past).map(|slot| {
        let cell = cells.cell(slot);
        let value = if inner || !cell.link.is_none() {
            page_link(props, cell.link)
        } else {
            html! { <>{ format!("{} bytes", cell.value_len) }</> }
        };
        let select = Action::Select(Some(Selection::Cell { page: state.page, slot: slot as u16 }));
        html! {
            <tr key={slot} class={(chosen == Some(slot)).then_some("chosen")}>
                <td>{ slot }</td>
                <td class="mono"><button type="button" onclick={on::<MouseEvent>(&props.act, select)}>
                    { crate::trace::bytes::show(cells.key(slot)) }
                </button></td>
                <td>{ value }</td>
            </tr>
        }
    });
    let title = if past - first < cells.len() {
        format!("Slots {first} to {} of {}", past - 1, cells.len())
    } else {
        "Slots".to_string()
    };
    html! {
        <>
            <h3>{ title }</h3>
            <table class="slots">
                <thead><tr><th scope="col">{ "slot" }</th><th scope="col">{ "key" }</th>
                    <th scope="col">{ if inner { "child to its right" } else { "value" } }</th></tr></thead>
                <tbody>{ for rows }</tbody>
            </table>
        </>
    }
}

fn bytes(props: &InspectorProps, page: PageId, slot: Option<usize>) -> Html {
    match &props.bytes {
        BytesShown::There(bytes) => html! { <PageBytesView key={page.0} bytes={bytes.clone()} {slot} /> },
        BytesShown::Moving => html! { <p class="quiet">{ "The bytes are shown when the run rests." }</p> },
        BytesShown::Recorded => {
            html! { <p class="quiet">{ "This is a recorded trace: there is no engine to ask for bytes. Fork to run its script." }</p> }
        }
        BytesShown::None => html! { <p class="quiet">{ "The page has no bytes of its own at this point." }</p> },
    }
}
