//! The timeline as a picture: a row per layer with a dot per event, markers for what matters, the playhead.
//!
//! ```text
//!          split      split  root
//!   tree   · · ·  ·   · · ·   ·
//!   pool   ·· ·· · ·  ··  · ·  ·
//! ```
//!
//! Drawn on a canvas, anew only when the trace or the size changed; the playhead is an element that moves over it. When
//! there are more events than pixels, a column stands for all events that fall into it, the higher the more there are.

use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement, PointerEvent};
use yew::prelude::*;

use super::action::{Act, Action};
use super::browser::{self, Sizes};
use super::player::Move;
use crate::trace::{Event, Lane};
use crate::view::camera::within;
use crate::view::guide::{Dot, Tone, told};
use crate::view::markers::signs;
use crate::view::{MarkerKind, TimelineHandle};

const MARKER_HEIGHT: f64 = 14.0;
const LANE_HEIGHT: f64 = 13.0;
/// With more records than this, the picture of a growing trace is drawn only a few times a second.
const LONG: usize = 4000;
const LONG_EVERY_MS: f64 = 250.0;

#[derive(Properties, PartialEq)]
pub struct LanesProps {
    pub timeline: TimelineHandle,
    pub playhead: f64,
    /// How many records are shown: not more than up to a question that waits for its answer.
    pub shown: usize,
    /// What is under the playhead, in words.
    pub words: AttrValue,
    /// Changes with the colours.
    pub theme: u32,
    pub act: Act,
}

pub enum LanesMsg {
    Down(PointerEvent),
    Drag(PointerEvent),
    Up,
    Resized,
}

pub struct Lanes {
    track: NodeRef,
    canvas: NodeRef,
    head: NodeRef,
    dragging: bool,
    drawn: Option<(TimelineHandle, usize, u32, f64, f64)>,
    drawn_at_ms: f64,
    sizes: Option<Sizes>,
    /// Of the canvas. Asking for it makes the browser lay out the page at once, so it is asked only when it has changed.
    size: (f64, f64),
}

impl Component for Lanes {
    type Message = LanesMsg;
    type Properties = LanesProps;

    fn create(_: &Context<Self>) -> Lanes {
        Lanes {
            track: NodeRef::default(),
            canvas: NodeRef::default(),
            head: NodeRef::default(),
            dragging: false,
            drawn: None,
            drawn_at_ms: 0.0,
            sizes: None,
            size: (0.0, 0.0),
        }
    }

    fn update(&mut self, ctx: &Context<Self>, message: LanesMsg) -> bool {
        match message {
            LanesMsg::Down(event) if event.button() == 0 => {
                self.dragging = true;
                if let Some(track) = self.track.cast::<Element>() {
                    let _ = track.set_pointer_capture(event.pointer_id());
                }
                self.seek(ctx, &event);
            }
            LanesMsg::Drag(event) if self.dragging => self.seek(ctx, &event),
            LanesMsg::Up => self.dragging = false,
            LanesMsg::Resized => {
                self.measure();
                self.refresh(ctx.props());
            }
            _ => {}
        }
        false
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first {
            self.observe(ctx);
            self.measure();
        }
        self.refresh(ctx.props());
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let link = ctx.link();
        let length = props.timeline.len();
        let lanes = props.timeline.with(|timeline| timeline.lanes());
        html! {
            <div class={classes!("lanes", of_lanes(lanes.len()))}>
                <div class="lane-names" aria-hidden="true">
                    <span></span>
                    { for lanes.iter().map(|lane| html! { <span>{ lane.word() }</span> }) }
                </div>
                <div class="lane-track" ref={self.track.clone()} role="slider" tabindex="0" aria-label="Playhead"
                    aria-valuemin="0" aria-valuemax={length.to_string()}
                    aria-valuenow={(props.playhead as usize).to_string()} aria-valuetext={props.words.clone()}
                    onpointerdown={link.callback(LanesMsg::Down)} onpointermove={link.callback(LanesMsg::Drag)}
                    onpointerup={link.callback(|_| LanesMsg::Up)} onpointercancel={link.callback(|_| LanesMsg::Up)}>
                    <canvas ref={self.canvas.clone()}></canvas>
                    <div class="playhead" ref={self.head.clone()}></div>
                </div>
            </div>
        }
    }
}

impl Lanes {
    fn seek(&self, ctx: &Context<Self>, event: &PointerEvent) {
        let Some(track) = self.track.cast::<Element>() else { return };
        let place = track.get_bounding_client_rect();
        let part = (f64::from(event.client_x()) - place.left()) / place.width().max(1.0);
        let length = ctx.props().timeline.len() as f64;
        ctx.props().act.emit(Action::Move(Move::To(within((part * length).round(), 0.0, length))));
    }

    fn observe(&mut self, ctx: &Context<Self>) {
        let link = ctx.link().clone();
        let track = self.track.cast::<Element>();
        self.sizes = track.and_then(|track| Sizes::watch(&track, move || link.send_message(LanesMsg::Resized)));
    }

    fn measure(&mut self) {
        if let Some(canvas) = self.canvas.cast::<Element>() {
            self.size = (f64::from(canvas.client_width()), f64::from(canvas.client_height()));
        }
    }

    fn refresh(&mut self, props: &LanesProps) {
        let Some(canvas) = self.canvas.cast::<HtmlCanvasElement>() else { return };
        let (width, height) = self.size;
        if let Some(head) = self.head.cast::<Element>() {
            let part = props.playhead / (props.timeline.len().max(1) as f64);
            browser::set_style(&head, "transform", &format!("translateX({}px)", browser::tenths(part * width)));
        }
        let wanted = (props.timeline.clone(), props.shown, props.theme, width, height);
        let now = browser::now_ms();
        let too_soon = props.timeline.len() > LONG
            && now - self.drawn_at_ms < LONG_EVERY_MS
            && self.drawn.as_ref().is_some_and(|drawn| drawn.0.same_run(&props.timeline));
        if self.drawn.as_ref() == Some(&wanted) || too_soon || width < 1.0 {
            return;
        }
        self.drawn = Some(wanted);
        self.drawn_at_ms = now;
        Painter::paint(&canvas, width, height, props);
    }
}

/// The style sheet has a height for each number of lanes.
fn of_lanes(count: usize) -> &'static str {
    ["lanes-1", "lanes-1", "lanes-2", "lanes-3", "lanes-4", "lanes-5", "lanes-6", "lanes-7"][count.min(7)]
}

/// Draws the picture once.
struct Painter<'a> {
    canvas: &'a HtmlCanvasElement,
    shown: usize,
    context: &'a CanvasRenderingContext2d,
    width: f64,
    length: f64,
    lanes: Vec<Lane>,
}

impl Painter<'_> {
    fn paint(canvas: &HtmlCanvasElement, width: f64, height: f64, props: &LanesProps) {
        let timeline = &props.timeline;
        let ratio = browser::window().device_pixel_ratio();
        canvas.set_width((width * ratio) as u32);
        canvas.set_height((height * ratio) as u32);
        let Ok(Some(context)) = canvas.get_context("2d") else { return };
        let Ok(context) = context.dyn_into::<CanvasRenderingContext2d>() else { return };
        let _ = context.scale(ratio, ratio);
        let lanes = timeline.with(|timeline| timeline.lanes());
        let painter = Painter {
            canvas,
            shown: props.shown,
            context: &context,
            width,
            length: timeline.len().max(1) as f64,
            lanes,
        };
        painter.rows(&browser::palette(canvas, "--hairline"));
        if timeline.len() as f64 <= width / 2.0 {
            painter.dots(timeline);
        } else {
            painter.columns(timeline);
        }
        painter.markers(timeline);
    }

    fn x(&self, position: f64) -> f64 {
        position / self.length * self.width
    }

    fn row(&self, lane: Lane) -> usize {
        self.lanes.iter().position(|other| *other == lane).unwrap_or(0)
    }

    fn row_y(index: usize) -> f64 {
        MARKER_HEIGHT + (index as f64 + 0.5) * LANE_HEIGHT
    }

    fn rows(&self, color: &str) {
        self.context.set_fill_style_str(color);
        for row in 0..self.lanes.len() {
            self.context.fill_rect(0.0, Self::row_y(row).round(), self.width, 1.0);
        }
    }

    fn dots(&self, timeline: &TimelineHandle) {
        let colors = Colors::of_canvas(self.canvas);
        let step = self.x(1.0);
        timeline.with(|timeline| {
            for (index, record) in timeline.trace().iter().take(self.shown).enumerate() {
                let (x, y) = (self.x(index as f64 + 0.5), Self::row_y(self.row(record.event.lane())) + 0.5);
                let (color, hollow) = colors.of(&record.event);
                let radius = within(step * 0.4, 1.0, 2.6);
                self.context.begin_path();
                let _ = self.context.arc(x, y, radius, 0.0, std::f64::consts::TAU);
                if hollow {
                    self.context.set_line_width(1.2);
                    self.context.set_stroke_style_str(color);
                    self.context.stroke();
                } else {
                    self.context.set_fill_style_str(color);
                    self.context.fill();
                }
            }
        });
    }

    /// A column per pixel and lane.
    fn columns(&self, timeline: &TimelineHandle) {
        let columns = self.width.ceil() as usize;
        let ink = browser::palette(self.canvas, "--muted");
        self.context.set_fill_style_str(&ink);
        let lanes = self.lanes.len();
        let mut counts = vec![0u32; columns * lanes];
        timeline.with(|timeline| {
            for (index, record) in timeline.trace().iter().take(self.shown).enumerate() {
                let column = (self.x(index as f64) as usize).min(columns - 1);
                counts[column * lanes + self.row(record.event.lane())] += 1;
            }
        });
        let most = f64::from(counts.iter().copied().max().unwrap_or(1).max(1));
        for (slot, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let height = 2.0 + (LANE_HEIGHT - 4.0) * (f64::from(*count) / most).sqrt();
            let y = Self::row_y(slot % lanes);
            self.context.fill_rect((slot / lanes) as f64, y - height / 2.0, 1.0, height);
        }
    }

    fn markers(&self, timeline: &TimelineHandle) {
        let colors = Colors::of_canvas(self.canvas);
        self.context.set_font("10px system-ui, sans-serif");
        self.context.set_text_baseline("middle");
        timeline.with(|timeline| {
            let markers = timeline.markers();
            let markers = &markers[..markers.partition_point(|marker| marker.position < self.shown)];
            let signs = signs(markers, |position| self.x(position as f64 + 0.5), self.width, timeline.len() < 2000);
            for sign in signs {
                self.marker(sign.x, sign.kind, &colors);
                if sign.worded {
                    let _ = self.context.fill_text(sign.kind.word(), sign.x + 6.0, MARKER_HEIGHT / 2.0);
                }
            }
        });
    }

    /// A shape for each kind: a split parts, a merge joins, a root is a bar on top, what went wrong is a cross.
    fn marker(&self, x: f64, kind: MarkerKind, colors: &Colors) {
        let context = self.context;
        let y = MARKER_HEIGHT / 2.0;
        let color = match kind {
            MarkerKind::Failure | MarkerKind::Crash | MarkerKind::Abort | MarkerKind::Stall => &colors.failed,
            MarkerKind::Fault | MarkerKind::Partition => &colors.failed,
            MarkerKind::Stale => &colors.stale,
            MarkerKind::Election => &colors.accent,
            MarkerKind::CommandBegun => &colors.edge,
            MarkerKind::Refusal => &colors.muted,
            MarkerKind::Flush | MarkerKind::Checkpoint | MarkerKind::Commit => &colors.logged,
            MarkerKind::Eviction => &colors.stale,
            _ => &colors.ink,
        };
        context.set_stroke_style_str(color);
        context.set_fill_style_str(color);
        context.set_line_width(1.3);
        let strokes: &[(f64, f64, f64, f64)] = match kind {
            MarkerKind::Split => &[(0.0, 3.5, -3.5, -3.5), (0.0, 3.5, 3.5, -3.5)],
            MarkerKind::Merge => &[(-3.5, -3.5, 0.0, 3.5), (3.5, -3.5, 0.0, 3.5), (0.0, 3.5, 0.0, 6.0)],
            MarkerKind::Borrow => &[(-3.5, 0.0, 3.5, 0.0), (1.0, -2.5, 3.5, 0.0), (1.0, 2.5, 3.5, 0.0)],
            MarkerKind::Move => &[(-3.5, -2.0, 3.5, -2.0), (1.0, -4.5, 3.5, -2.0), (1.0, 0.5, 3.5, -2.0)],
            MarkerKind::RootChange => &[(-3.5, -3.0, 3.5, -3.0), (0.0, -3.0, 0.0, 3.5)],
            MarkerKind::Failure | MarkerKind::Crash | MarkerKind::Abort => {
                &[(-3.0, -3.0, 3.0, 3.0), (-3.0, 3.0, 3.0, -3.0)]
            }
            MarkerKind::Eviction | MarkerKind::Commit | MarkerKind::Answer => &[(0.0, -1.5, 0.0, 1.5)],
            MarkerKind::Election => {
                &[(-3.5, 3.0, 3.5, 3.0), (-3.5, 3.0, -3.5, -3.0), (0.0, 3.0, 0.0, -3.0), (3.5, 3.0, 3.5, -3.0)]
            }
            MarkerKind::Fault => &[(-2.0, -3.5, -2.0, 3.5), (2.0, -3.5, 2.0, 3.5), (-4.0, 0.0, 4.0, 0.0)],
            MarkerKind::Partition => &[(-4.0, 0.0, -1.5, 0.0), (1.5, 0.0, 4.0, 0.0), (1.5, -3.5, -1.5, 3.5)],
            MarkerKind::Heal => &[(-4.0, 0.0, 4.0, 0.0)],
            MarkerKind::Refusal => &[(-3.5, 0.0, 3.5, 0.0), (-3.5, -3.0, -3.5, 3.0), (3.5, -3.0, 3.5, 3.0)],
            MarkerKind::Stale => &[(-3.5, 3.5, 0.0, -3.5), (0.0, -3.5, 3.5, 3.5), (3.5, 3.5, -3.5, 3.5)],
            MarkerKind::Flush => &[(0.0, -3.5, 0.0, 3.5), (-2.5, 1.0, 0.0, 3.5), (2.5, 1.0, 0.0, 3.5)],
            MarkerKind::Compaction => &[(-3.5, -3.5, 0.0, 0.0), (3.5, -3.5, 0.0, 0.0), (-3.5, 3.0, 3.5, 3.0)],
            MarkerKind::Checkpoint => &[(-2.0, -3.5, -2.0, 3.5), (2.0, -3.5, 2.0, 3.5)],
            MarkerKind::Analysis => &[(-3.5, -3.0, 2.5, -3.0), (-3.5, 0.0, 1.0, 0.0), (-3.5, 3.0, 3.5, 3.0)],
            MarkerKind::Redo => &[(-3.5, 0.0, 3.5, 0.0), (0.5, -3.0, 3.5, 0.0), (0.5, 3.0, 3.5, 0.0)],
            MarkerKind::Undo => &[(-3.5, 0.0, 3.5, 0.0), (-0.5, -3.0, -3.5, 0.0), (-0.5, 3.0, -3.5, 0.0)],
            MarkerKind::Stall => &[(-3.5, -3.5, 3.5, -3.5), (-3.5, 3.5, 3.5, 3.5), (0.0, -3.5, 0.0, 3.5)],
            MarkerKind::CommandBegun => &[(0.0, MARKER_HEIGHT / 2.0 - 2.0, 0.0, MARKER_HEIGHT / 2.0 + 4.0)],
        };
        context.begin_path();
        for (x0, y0, x1, y1) in strokes {
            context.move_to(x + x0, y + y0);
            context.line_to(x + x1, y + y1);
        }
        context.stroke();
    }
}

/// The palette, read once for a picture.
struct Colors {
    ink: String,
    muted: String,
    edge: String,
    hit: String,
    miss: String,
    dirty: String,
    stale: String,
    pinned: String,
    logged: String,
    failed: String,
    accent: String,
}

impl Colors {
    fn of_canvas(canvas: &HtmlCanvasElement) -> Colors {
        let [ink, muted, edge, accent, hit, miss, dirty, stale, pinned, logged, failed] = [
            "--ink", "--muted", "--edge", "--accent", "--hit", "--miss", "--dirty", "--stale", "--pinned", "--logged",
            "--failed",
        ]
        .map(|name| browser::palette(canvas, name));
        Colors { ink, muted, edge, hit, miss, dirty, stale, pinned, logged, failed, accent }
    }

    fn tone(&self, tone: Tone) -> &str {
        match tone {
            Tone::Ink => &self.ink,
            Tone::Muted => &self.muted,
            Tone::Accent => &self.accent,
            Tone::Hit => &self.hit,
            Tone::Miss => &self.miss,
            Tone::Dirty => &self.dirty,
            Tone::Pinned => &self.pinned,
            Tone::Logged => &self.logged,
            Tone::Stale => &self.stale,
            Tone::Failed => &self.failed,
        }
    }

    /// The colour of an event, and whether it is a ring instead of a dot.
    fn of(&self, event: &Event) -> (&str, bool) {
        if let Some((tone, dot)) = told(|guide| (guide.tone)(event)) {
            return (self.tone(tone), dot == Dot::Ring);
        }
        match event {
            Event::PoolHit { .. } => (&self.hit, false),
            Event::PoolMiss { .. } => (&self.miss, true),
            Event::PoolDirtied { .. } => (&self.dirty, false),
            Event::PoolEvicted { .. } => (&self.stale, true),
            Event::PoolFlushed { .. } | Event::DiskWritten { .. } => (&self.logged, false),
            Event::FileAppended { .. } => (&self.logged, false),
            Event::DiskSynced { .. } | Event::FileSynced { .. } => (&self.logged, true),
            Event::PoolUnpinned { .. } => (&self.pinned, true),
            Event::PoolCreated { .. } => (&self.pinned, false),
            Event::DiskRead { .. } | Event::FileRead { .. } => (&self.miss, false),
            Event::Refused { .. } => (&self.muted, true),
            Event::ExpectationFailed { .. } => (&self.failed, false),
            Event::DiskFault { .. } | Event::DiskCrashed { .. } => (&self.failed, false),
            Event::CommandBegun { .. } | Event::Comment { .. } | Event::CommandEnded { .. } => (&self.muted, false),
            _ => (&self.ink, false),
        }
    }
}
