//! Below the tree: the frames of the buffer pool, and the pages of the file on the disk.

use std::rc::Rc;

use web_sys::{HtmlCanvasElement, MouseEvent};
use yew::prelude::*;

use super::grid::{Grid, Strip};
use crate::app::browser;
use crate::app::room::svg::{digits, pixels};
use crate::trace::{Event as Happened, FrameId, FrameState, PageId, Record};
use crate::view::camera::Size;
use crate::view::describe::grouped;
use crate::view::{Selection, View};

/// More frames than this are not drawn one by one.
const FRAMES_SHOWN: u32 = 40;

#[derive(Properties)]
pub struct StripsProps {
    pub view: Rc<View>,
    /// What the step under the playhead does.
    pub record: Option<Record>,
    pub selected: Option<Selection>,
    pub on_select: Callback<Option<Selection>>,
    pub width: f64,
    /// Changes with the page's colours.
    pub dark: bool,
}

impl PartialEq for StripsProps {
    fn eq(&self, other: &StripsProps) -> bool {
        Rc::ptr_eq(&self.view, &other.view)
            && match (&self.record, &other.record) {
                (Some(record), Some(others)) => record.tells_as(others),
                (record, others) => record.is_none() && others.is_none(),
            }
            && self.selected == other.selected
            && self.width == other.width
            && self.dark == other.dark
    }
}

pub struct Strips {
    pool: NodeRef,
    disk: NodeRef,
    pool_strip: Strip,
    disk_strip: Strip,
}

impl Component for Strips {
    type Message = ();
    type Properties = StripsProps;

    fn create(_: &Context<Self>) -> Strips {
        Strips {
            pool: NodeRef::default(),
            disk: NodeRef::default(),
            pool_strip: Strip::default(),
            disk_strip: Strip::default(),
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        html! { <div class="strips">{ self.pool(props) }{ self.disk(props) }</div> }
    }

    fn rendered(&mut self, ctx: &Context<Self>, _: bool) {
        let props = ctx.props();
        if let Some(element) = self.disk.cast::<HtmlCanvasElement>() {
            let size = strip_size(&element, props.view.state.pages.len(), props.width);
            let [one, other] = props.record.as_ref().map_or([PageId::NONE; 2], disk_pages);
            let selected = match props.selected {
                Some(Selection::Page(page) | Selection::Cell { page, .. }) => page,
                _ => PageId::NONE,
            };
            self.disk_strip.disk(&element, &props.view, [one, other, selected], size, props.dark);
        }
        if let Some(element) = self.pool.cast::<HtmlCanvasElement>() {
            let size = strip_size(&element, props.view.state.frames as usize, props.width);
            let touched = props.record.as_ref().and_then(touched_frame);
            let selected = match props.selected {
                Some(Selection::Frame(frame)) => Some(frame),
                _ => None,
            };
            self.pool_strip.pool(&element, &props.view, [touched, selected], size, props.dark);
        } else {
            // The next canvas will be another one.
            self.pool_strip = Strip::default();
        }
    }
}

/// The frame that a record finds a page in, or reads one into.
fn touched_frame(record: &Record) -> Option<FrameId> {
    match &record.event {
        Happened::PoolHit { frame, .. } | Happened::PoolMiss { frame, .. } => Some(*frame),
        _ => None,
    }
}

/// The pages that a record reads from the disk or writes to it.
fn disk_pages(record: &Record) -> [PageId; 2] {
    match &record.event {
        Happened::DiskRead { .. } | Happened::DiskWritten { .. } => record.event.pages(),
        _ => [PageId::NONE; 2],
    }
}

fn strip_width(width: f64) -> f64 {
    (width - 32.0).max(40.0)
}

/// Gives a canvas the size that `count` things need: one row, or whatever more rows may ever need. A height that changed
/// with every few pages would lay out the tree above anew each time.
fn strip_size(element: &HtmlCanvasElement, count: usize, width: f64) -> Size {
    let width = strip_width(width);
    let size = Size { width, height: Grid::of(count, width).room_height() + 2.0 };
    browser::set_style(element, "width", &pixels(size.width));
    browser::set_style(element, "height", &pixels(size.height));
    size
}

impl Strips {
    /// The frames of the pool: one by one, or as a grid when they are many.
    fn pool(&self, props: &StripsProps) -> Html {
        let state = &props.view.state;
        let said = pool_said(&props.view);
        let frames = if state.frames > FRAMES_SHOWN {
            let mut name = String::from("Buffer pool: ");
            name.push_str(&said);
            let (on_select, width, count) = (props.on_select.clone(), strip_width(props.width), state.frames as usize);
            let pick = Callback::from(move |event: MouseEvent| {
                let (x, y) = (f64::from(event.offset_x()), f64::from(event.offset_y()));
                if let Some(frame) = Grid::of(count, width).at(x, y, count) {
                    on_select.emit(Some(Selection::Frame(FrameId(frame))));
                }
            });
            html! { <canvas ref={&self.pool} class="disk" role="img" aria-label={name} onclick={pick}></canvas> }
        } else {
            let frames = (0..state.frames).map(|number| {
                let held = state.pool.binary_search_by_key(&FrameId(number), |frame| frame.frame).ok();
                frame(props, FrameId(number), held.map(|index| state.pool[index]))
            });
            html! { <ul class="frames" aria-label="Frames of the buffer pool">{ for frames }</ul> }
        };
        html! {
            <div class="strip">
                <p class="strip-name"><b>{ "Pool" }</b><span>{ said }</span></p>
                { frames }
            </div>
        }
    }

    fn disk(&self, props: &StripsProps) -> Html {
        let state = &props.view.state;
        let pages = state.pages.len();
        let mut said = plural(pages as u64, "page");
        if !state.unsynced.is_empty() {
            said.push_str(", ");
            said.push_str(&grouped(state.unsynced.len() as u64));
            said.push_str(" not durable");
        }
        let pick = {
            let (on_select, width) = (props.on_select.clone(), strip_width(props.width));
            Callback::from(move |event: MouseEvent| {
                let at = Grid::of(pages, width).at(f64::from(event.offset_x()), f64::from(event.offset_y()), pages);
                if let Some(page) = at {
                    on_select.emit(Some(Selection::Page(PageId(page))));
                }
            })
        };
        let name = {
            let mut name = String::from("Disk: ");
            name.push_str(&said);
            name
        };
        html! {
            <div class="strip">
                <p class="strip-name"><b>{ "Disk" }</b><span>{ said }</span>
                    if !state.unsynced.is_empty() { <i class="key-unsynced" aria-hidden="true"></i> }
                </p>
                <canvas ref={&self.disk} class="disk" role="img" aria-label={name} onclick={pick}></canvas>
            </div>
        }
    }
}

/// What there is to say about the pool as a whole.
fn pool_said(view: &View) -> String {
    let state = &view.state;
    let mut said = grouped(state.pool.len() as u64);
    said.push_str(" of ");
    said.push_str(&plural(u64::from(state.frames), "frame"));
    let dirty = state.pool.iter().filter(|frame| frame.dirty).count();
    if dirty > 0 {
        said.push_str(", ");
        said.push_str(&grouped(dirty as u64));
        said.push_str(" dirty");
    }
    said
}

fn frame(props: &StripsProps, number: FrameId, held: Option<FrameState>) -> Html {
    let Some(state) = held else {
        return html! { <li key={number.0} class="frame empty"><span class="hidden">{ "empty frame" }</span></li> };
    };
    let mut classes = String::from("frame");
    let mut name = String::from("Frame ");
    digits(&mut name, u64::from(number.0));
    name.push_str(": page ");
    digits(&mut name, u64::from(state.page.0));
    let touched = props.record.as_ref().and_then(|record| touch(record, number));
    let selected = props.selected == Some(Selection::Frame(number));
    for (is, class, word) in [
        (state.dirty, " dirty", ", dirty"),
        (state.pins > 0, " pinned", ", pinned"),
        (selected, " selected", ", selected"),
        (touched == Some("hit"), " hit", ", hit"),
        (touched == Some("miss"), " miss", ", miss"),
    ] {
        if is {
            classes.push_str(class);
            name.push_str(word);
        }
    }
    let on_select = props.on_select.clone();
    let onclick = Callback::from(move |_: MouseEvent| on_select.emit(Some(Selection::Frame(number))));
    let mut label = String::new();
    digits(&mut label, u64::from(state.page.0));
    html! {
        <li key={number.0}>
            <button type="button" class={classes} aria-label={name.clone()} title={name} {onclick}>{ label }</button>
        </li>
    }
}

fn touch(record: &Record, number: FrameId) -> Option<&'static str> {
    match &record.event {
        Happened::PoolHit { frame, .. } if *frame == number => Some("hit"),
        Happened::PoolMiss { frame, .. } if *frame == number => Some("miss"),
        _ => None,
    }
}

fn plural(number: u64, thing: &str) -> String {
    let mut text = grouped(number);
    text.push(' ');
    text.push_str(thing);
    if number != 1 {
        text.push('s');
    }
    text
}
