//! A page byte for byte: eight to a row, underlined by what they are, and the fields beside them.
//!
//! ```text
//!     0  3a 91 0c 5e  07 00 00 00   :..^....     checksum | lsn
//! ```
//!
//! Pointing at a byte lights its field and the other way round; the line below says what it is.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use yew::prelude::*;

use super::scroll::Scroll;
use crate::lab::{PageBytes, Region};

const PER_ROW: usize = 8;

#[derive(Properties, PartialEq)]
pub struct BytesProps {
    pub bytes: Rc<PageBytes>,
    /// The slot whose fields are listed besides the page's own.
    pub slot: Option<usize>,
}

pub enum BytesMsg {
    /// The mouse rests on a region, or on none.
    Point(Option<usize>),
    /// The mouse or the focus rests on a field: its bytes are to be seen.
    PointField(usize),
    /// A click: the region stays lit.
    Pin(Option<usize>),
}

pub struct PageBytesView {
    pointed: Option<usize>,
    pinned: Option<usize>,
    /// The region whose bytes are to be seen.
    sought: Option<usize>,
    /// Another slot was chosen: the bytes themselves are to be brought into sight.
    chosen: bool,
    says: NodeRef,
}

impl Component for PageBytesView {
    type Message = BytesMsg;
    type Properties = BytesProps;

    fn create(ctx: &Context<Self>) -> PageBytesView {
        let key = key_of_slot(ctx.props());
        PageBytesView { pointed: None, pinned: key, sought: key, chosen: key.is_some(), says: NodeRef::default() }
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &BytesProps) -> bool {
        self.pointed = None;
        let others = ctx.props().slot != old.slot;
        self.chosen |= others && ctx.props().slot.is_some();
        // Regions are numbered anew when the page has other bytes.
        if others || ctx.props().bytes.regions != old.bytes.regions {
            self.pinned = key_of_slot(ctx.props());
            self.sought = self.pinned;
        }
        true
    }

    fn update(&mut self, _: &Context<Self>, message: BytesMsg) -> bool {
        match message {
            BytesMsg::Point(region) => std::mem::replace(&mut self.pointed, region) != region,
            BytesMsg::PointField(region) => {
                self.pointed = Some(region);
                self.sought = Some(region);
                true
            }
            BytesMsg::Pin(region) => {
                self.pinned = if self.pinned == region { None } else { region };
                true
            }
        }
    }

    fn rendered(&mut self, _: &Context<Self>, _: bool) {
        if std::mem::take(&mut self.chosen)
            && let Some(says) = self.says.cast::<web_sys::Element>()
        {
            says.scroll_into_view_with_bool(false);
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let link = ctx.link();
        let regions = &props.bytes.regions;
        let lit = self.pointed.or(self.pinned).filter(|index| *index < regions.len());
        let rows = props.bytes.bytes.len().div_ceil(PER_ROW);
        let bytes = props.bytes.clone();
        let row = Callback::from(move |index: usize| byte_row(&bytes, index, lit));
        let focus = self.sought.and_then(|index| regions.get(index)).map(|region| region.range.start / PER_ROW);
        let slot = lit.and_then(|index| regions[index].slot).or(props.slot);
        let fields = regions.iter().enumerate().filter(|(_, region)| region.slot.is_none() || region.slot == slot);
        html! {
            <>
                <div onmouseover={link.callback(|event: MouseEvent| BytesMsg::Point(region_of(&event)))}
                    onmouseleave={link.callback(|_| BytesMsg::Point(None))}
                    onclick={link.callback(|event: MouseEvent| BytesMsg::Pin(region_of(&event)))}>
                    <Scroll count={rows} row_height={18.0} class="bytes" label="Bytes of the page" {focus} {row} />
                </div>
                <p class="says" ref={self.says.clone()}>{ lit.map_or("Point at a byte or a field.".to_string(), |index| sentence(&regions[index])) }</p>
                <ul class="fields">{ for fields.map(|(index, region)| self.field(ctx, index, region, lit)) }</ul>
            </>
        }
    }
}

impl PageBytesView {
    fn field(&self, ctx: &Context<Self>, index: usize, region: &Region, lit: Option<usize>) -> Html {
        let link = ctx.link();
        html! {
            <li key={index}>
                <button type="button" aria-pressed={if lit == Some(index) { "true" } else { "false" }}
                    onclick={link.callback(move |_: MouseEvent| BytesMsg::Pin(Some(index)))}
                    onmouseenter={link.callback(move |_: MouseEvent| BytesMsg::PointField(index))}
                    onmouseleave={link.callback(|_: MouseEvent| BytesMsg::Point(None))}
                    onfocus={link.callback(move |_: FocusEvent| BytesMsg::PointField(index))}
                    onblur={link.callback(|_: FocusEvent| BytesMsg::Point(None))}>
                    <span class={classes!("swatch", class_of(region.label))}></span>
                    <span class="quiet mono">{ region.range.start }</span>
                    <span>{ region.label }</span>
                    <span class="value mono" title={region.value.clone()}>{ &region.value }</span>
                </button>
            </li>
        }
    }
}

fn key_of_slot(props: &BytesProps) -> Option<usize> {
    let slot = props.slot?;
    let is_key = |region: &Region| region.slot == Some(slot) && region.label.contains("key");
    props.bytes.regions.iter().position(|region| is_key(region) && !region.label.contains("length"))
}

fn sentence(region: &Region) -> String {
    let last = region.range.end.saturating_sub(1);
    let slot = region.slot.map_or(String::new(), |slot| format!(" of slot {slot}"));
    let value = if region.value.is_empty() { String::new() } else { format!(": {}", region.value) };
    let place = if last <= region.range.start {
        format!("Byte {last}")
    } else {
        format!("Bytes {} to {last}", region.range.start)
    };
    format!("{place}: {}{slot}{value}", region.label)
}

/// The region that the mouse is on: written into the element when it was drawn.
fn region_of(event: &MouseEvent) -> Option<usize> {
    let element = event.target()?.dyn_into::<web_sys::Element>().ok()?;
    element.get_attribute("data-region")?.parse().ok()
}

fn class_of(label: &str) -> &'static str {
    const CLASSES: &[(&str, &str)] = &[
        ("length", "region-length"),
        ("checksum", "region-checksum"),
        ("lsn", "region-lsn"),
        ("slot", "region-slot"),
        ("key", "region-key"),
        ("value", "region-value"),
        ("child", "region-link"),
        ("next", "region-link"),
        ("prev", "region-link"),
        ("overflow", "region-link"),
        ("root", "region-link"),
        ("free space", "region-free"),
        ("unused", "region-free"),
        ("gap", "region-free"),
    ];
    CLASSES.iter().find(|(word, _)| label.contains(word)).map_or("region-header", |(_, class)| class)
}

fn byte_row(page: &PageBytes, row: usize, lit: Option<usize>) -> Html {
    let start = row * PER_ROW;
    let end = (start + PER_ROW).min(page.bytes.len());
    let mut runs = Vec::new();
    let mut at = start;
    while at < end {
        let region = page.regions.iter().position(|region| region.range.contains(&at));
        let mut past = at + 1;
        while past < end && region == page.regions.iter().position(|region| region.range.contains(&past)) {
            past += 1;
        }
        let class = region.map_or("region-free", |index| class_of(page.regions[index].label));
        let is_lit = region.is_some() && region == lit;
        runs.push(html! {
            <span class={classes!("run", class, is_lit.then_some("lit"))} data-region={region.map(|index| index.to_string())}>
                { hex(&page.bytes[at..past]) }
            </span>
        });
        at = past;
    }
    let letters: String = page.bytes[start..end].iter().map(|byte| letter(*byte)).collect();
    html! {
        <li class="byte-row" key={row}>
            <span class="offset">{ start }</span>{ for runs }<span class="letters" aria-hidden="true">{ letters }</span>
        </li>
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::new();
    for (index, byte) in bytes.iter().enumerate() {
        let _ = write!(text, "{}{byte:02x}", if index == 0 { "" } else { " " });
    }
    text
}

fn letter(byte: u8) -> char {
    if byte.is_ascii_graphic() { byte as char } else { '\u{b7}' }
}
