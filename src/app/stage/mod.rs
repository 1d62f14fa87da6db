//! The stage: the tree with its keys, the pool and the disk below it, drawn from a view at the playhead.
//!
//! ```text
//!   playhead 12.4 ──▶ step 12 at t = 0.4
//!                     step changes:  layout ─▶ scene ─▶ elements (Picture::show), once
//!                     t changes:     transforms of what moves (Picture::place), each frame
//!   zoom              keys ─▶ bars ─▶ bands (canvas), by what can be read and by how many shapes there are
//! ```
//!
//! Yew draws the frame around the picture: tools, strips, names. The picture itself is kept by [`picture`], because
//! nothing may be compared or built while things are in motion.

mod action;
mod canvas;
mod grid;
mod input;
mod markup;
mod picture;
mod strips;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlCanvasElement, KeyboardEvent, PointerEvent, ResizeObserver, WheelEvent};
use yew::prelude::*;

use self::action::action;
use self::canvas::Rows;
use self::picture::{Lens, Picture};
use self::strips::Strips;
use super::browser::{self, Frames};
use super::room::eye::Eye;
use super::room::hand::{Gesture, Hand, WheelListener, listen_to_wheel};
use super::room::svg;
use super::room::tools::{Tool, tools};
use super::room::{RoomProps, Under};
use crate::trace::{Event, Lane, PageId, Record};
use crate::view::camera::{Bounds, Camera, Size, within};
use crate::view::find::find;
use crate::view::metrics::Metrics;
use crate::view::scene::{self, Lod};
use crate::view::{bands, layout};

/// More shapes than this are drawn as bars.
const SHAPES_MAX: usize = 1200;
/// Smallest zoom at which keys are drawn, and smallest width in pixels of a page that is drawn as a bar.
const ZOOM_KEYS: f64 = 0.5;
const BAR_W_MIN: f64 = 9.0;
const MAP_MARGIN: f64 = 16.0;
/// Records of one frame in which a tree that came all at once is looked for.
const LOOK_BACK: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Drawn {
    Pages(Lod),
    Bands,
}

pub enum Msg {
    Frame(f64),
    Resized,
    Tool(Tool),
    Wheel(WheelEvent),
    Down(PointerEvent),
    Move(PointerEvent),
    Up(PointerEvent),
    Key(KeyboardEvent),
    Map(PointerEvent),
}

pub struct Stage {
    room: NodeRef,
    world: NodeRef,
    over: NodeRef,
    far: NodeRef,
    map: NodeRef,
    size: Size,
    eye: Eye,
    picture: Option<Picture>,
    step: Under,
    metrics: Metrics,
    drawn: Drawn,
    /// What has been laid out.
    laid_out: Bounds,
    hand: Hand,
    frames: Frames,
    observer: Option<(ResizeObserver, Closure<dyn FnMut()>)>,
    /// Listens to the wheel.
    wheel: Option<WheelListener>,
    map_shown: bool,
}

impl Component for Stage {
    type Message = Msg;
    type Properties = RoomProps;

    fn create(ctx: &Context<Self>) -> Stage {
        let link = ctx.link().clone();
        let step = Under::of(ctx.props());
        Stage {
            room: NodeRef::default(),
            world: NodeRef::default(),
            over: NodeRef::default(),
            far: NodeRef::default(),
            map: NodeRef::default(),
            size: Size::default(),
            eye: Eye::default(),
            picture: None,
            metrics: metrics(ctx.props()),
            step,
            drawn: Drawn::Pages(Lod::Keys),
            laid_out: Bounds::default(),
            hand: Hand::default(),
            frames: Frames::new(move |now_ms| link.send_message(Msg::Frame(now_ms))),
            observer: None,
            wheel: None,
            map_shown: false,
        }
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &RoomProps) -> bool {
        let props = ctx.props();
        let grown = props.timeline != old.timeline;
        let stepped = grown || props.step_index() != self.step.index;
        if grown {
            self.metrics = metrics(props);
            if !props.timeline.same_run(&old.timeline) {
                self.eye = Eye::looking_as(&self.eye);
            }
        }
        if stepped {
            let (before, whole) = (self.step.index, self.whole());
            self.step = Under::of(props);
            if self.whole() != whole && self.took_state_since(props, before) {
                self.eye.survey(self.whole(), self.size);
            }
            self.attend(ctx);
        }
        if props.find != old.find {
            self.look_for(ctx);
        }
        let shown = stepped || props.selected != old.selected || props.find != old.find;
        if shown {
            self.lay_out(ctx);
        }
        self.draw(ctx);
        shown || props.label != old.label || props.still != old.still || props.dark != old.dark
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Frame(now_ms) => return self.frame(ctx, now_ms),
            Msg::Resized => return self.resized(ctx),
            Msg::Tool(Tool::Fit) => self.fit(),
            Msg::Tool(Tool::Follow) => {
                self.eye.following = !self.eye.following;
                self.attend(ctx);
            }
            Msg::Tool(Tool::Zoom(factor)) => self.zoom(factor, self.size.width / 2.0, self.size.height / 2.0, true),
            Msg::Wheel(event) => self.wheel(&event),
            Msg::Down(event) => self.pointer_down(&event),
            Msg::Move(event) => {
                if !self.pointer_move(&event) {
                    return false;
                }
            }
            Msg::Up(event) => self.pointer_up(ctx, &event),
            Msg::Key(event) => self.key(ctx, &event),
            Msg::Map(event) => self.point_at_map(&event),
        }
        self.frames.request();
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let link = ctx.link();
        let bands = self.drawn == Drawn::Bands;
        let far_name = self.name();
        html! {
            <section class="stage" aria-label={props.label.clone().unwrap_or_else(|| "B+tree".to_string())}>
                if let Some(label) = &props.label { <p class="stage-label">{ label.clone() }</p> }
                <canvas ref={&self.map} class={classes!("stage-map", (!self.map_shown).then_some("off"))}
                    onpointerdown={link.callback(Msg::Map)} onpointermove={link.callback(Msg::Map)}
                    aria-hidden="true"></canvas>
                <div class="stage-room" ref={&self.room}
                    onpointerdown={link.callback(Msg::Down)} onpointermove={link.callback(Msg::Move)}
                    onpointerup={link.callback(Msg::Up)} onpointercancel={link.callback(Msg::Up)}
                    onkeydown={link.callback(Msg::Key)}>
                    <svg class={classes!("stage-tree", bands.then_some("off"))}>
                        <g ref={&self.world}></g>
                        <g class="stage-over" ref={&self.over} aria-hidden="true"></g>
                    </svg>
                    <canvas ref={&self.far} class={classes!("stage-far", (!bands).then_some("off"))}
                        tabindex={if bands { "0" } else { "-1" }} role="img" aria-label={far_name}></canvas>
                    { tools("Fit the whole tree", self.eye.following, link.callback(Msg::Tool)) }
                </div>
                <Strips view={self.step.after.clone()} record={self.step.record.clone()} selected={props.selected}
                    on_select={props.on_select.clone()} width={self.size.width} dark={props.dark} />
            </section>
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first {
            self.observe(ctx);
            let (room, link) = (self.room.cast::<Element>(), ctx.link().clone());
            let embed = ctx.props().embed;
            self.wheel =
                room.map(|room| listen_to_wheel(&room, embed, move |event| link.send_message(Msg::Wheel(event))));
            let (Some(world), Some(over)) = (self.world.cast::<Element>(), self.over.cast::<Element>()) else { return };
            self.picture = Some(Picture::new(world, over, self.metrics));
            if self.resized(ctx) {
                ctx.link().send_message(Msg::Resized);
            }
        }
        self.draw_canvases(ctx.props().dark);
    }

    fn destroy(&mut self, _: &Context<Self>) {
        if let Some((observer, _)) = &self.observer {
            observer.disconnect();
        }
    }
}

/// Sizes that fit at every position of the run.
fn metrics(props: &RoomProps) -> Metrics {
    Metrics::of(&props.timeline.view_at(usize::MAX))
}

impl Stage {
    fn whole(&self) -> Bounds {
        scene::bounds(&self.step.after, &self.metrics)
    }

    fn attend(&mut self, ctx: &Context<Self>) {
        if self.size.width < 1.0 {
            return;
        }
        let (whole, record) = (self.whole(), self.step.record.as_ref());
        self.eye.notice(record);
        let goal = match action(&self.step.after, record, &self.metrics).filter(|_| !self.eye.overview) {
            Some(action) => self.eye.goal.follow(whole, Some(action), self.size),
            None => Camera::fit(whole, self.size),
        };
        self.eye.follow(goal, ctx.props().still);
        if self.eye.is_moving() {
            self.frames.request();
        }
    }

    /// Whether the tree came all at once in one of the few records since `before`.
    fn took_state_since(&self, props: &RoomProps, before: Option<usize>) -> bool {
        let (first, past) = (before.map_or(0, |index| index + 1), self.step.index.map_or(0, |index| index + 1));
        let is_taken =
            |record: &Record| matches!(record.event, Event::StateTaken { .. }) || record.event.lane() == Lane::Tree;
        let last = props.timeline.with(|timeline| {
            let few = first.max(past.saturating_sub(LOOK_BACK))..past;
            few.rev().filter_map(|index| timeline.record(index).cloned()).find(is_taken)
        });
        last.is_some_and(|record| matches!(record.event, Event::StateTaken { .. }))
    }

    /// Shows where the key that is looked for stands.
    fn look_for(&mut self, ctx: &Context<Self>) {
        let Some(found) = ctx.props().find.as_ref().and_then(|key| find(&self.step.after, key)) else { return };
        if let Some(place) = scene::place(&self.step.after.shape(), found.page, &self.metrics) {
            self.eye.following = false;
            self.eye.go_to(place, self.whole(), self.size);
            self.frames.request();
        }
    }

    fn frame(&mut self, ctx: &Context<Self>, now_ms: f64) -> bool {
        self.frames.arrived();
        if self.eye.ease(now_ms, ctx.props().still) {
            self.frames.request();
        }
        let changed = self.refresh(ctx);
        self.draw(ctx);
        self.draw_canvases(ctx.props().dark);
        changed
    }

    /// Lays out anew when the camera has left what was laid out, or sees it from another distance.
    fn refresh(&mut self, ctx: &Context<Self>) -> bool {
        let seen = self.eye.camera.sees(self.size);
        let left = seen.left < self.laid_out.left || seen.right > self.laid_out.right;
        let map_shown = self.map_wanted();
        let changed = self.wanted() != self.drawn && self.wanted_after_weighing() != self.drawn;
        let map_changed = map_shown != self.map_shown;
        self.map_shown = map_shown;
        if left || changed {
            self.lay_out(ctx);
        }
        changed || map_changed
    }

    /// How closely the camera's distance lets the tree be drawn.
    fn wanted(&self) -> Drawn {
        let zoom = self.eye.camera.zoom;
        if zoom * self.metrics.page_w < BAR_W_MIN {
            Drawn::Bands
        } else if zoom < ZOOM_KEYS {
            Drawn::Pages(Lod::Bars)
        } else {
            Drawn::Pages(Lod::Keys)
        }
    }

    /// As [`Stage::wanted`], unless that has been found to be too much to draw.
    fn wanted_after_weighing(&self) -> Drawn {
        match self.wanted() {
            Drawn::Pages(Lod::Keys) if self.drawn == Drawn::Pages(Lod::Bars) => {
                let heavy = self.picture.as_ref().is_some_and(|picture| picture.weight() * 2 > SHAPES_MAX);
                Drawn::Pages(if heavy { Lod::Bars } else { Lod::Keys })
            }
            wanted => wanted,
        }
    }

    /// Lays the step out and makes the elements match.
    fn lay_out(&mut self, ctx: &Context<Self>) {
        if self.size.width < 1.0 {
            return;
        }
        self.drawn = self.wanted();
        self.map_shown = self.map_wanted();
        let seen = self.eye.camera.sees(self.size);
        self.laid_out = seen.grown(seen.width() * 0.25);
        let Drawn::Pages(mut lod) = self.drawn else { return };
        let props = ctx.props();
        let found = props.find.as_ref().and_then(|key| find(&self.step.after, key));
        let found = found.filter(|found| found.there).map(|found| (found.page, found.slot));
        let mut stage = scene::Stage {
            before: &self.step.before,
            after: &self.step.after,
            record: self.step.record.as_ref(),
            metrics: self.metrics,
            seen: self.laid_out,
            lod,
            selected: props.selected,
            found,
        };
        let mut scene = layout::scene(&stage);
        if lod == Lod::Keys && scene.weight() > SHAPES_MAX {
            lod = Lod::Bars;
            stage.lod = lod;
            scene = layout::scene(&stage);
        }
        self.drawn = Drawn::Pages(lod);
        if let Some(picture) = &mut self.picture {
            picture.show(scene, self.metrics, lod, self.eye.camera.x);
        }
    }

    fn draw(&mut self, ctx: &Context<Self>) {
        let t = self.step.t(ctx.props());
        let Drawn::Pages(lod) = self.drawn else { return };
        let lens = self.lens(lod);
        if let Some(picture) = &mut self.picture {
            picture.place(t, lens);
        }
    }

    fn lens(&self, lod: Lod) -> Lens {
        let (camera, size) = (self.eye.camera, self.size);
        match lod {
            Lod::Keys => Lens { camera, size, down: camera.zoom, y: camera.y },
            // Bars use the whole height of the stage.
            Lod::Bars => {
                let whole = self.whole();
                let down = within((size.height - 40.0) / whole.height().max(1.0), camera.zoom, 1.0);
                Lens { camera, size, down, y: whole.center().1 }
            }
        }
    }

    fn draw_canvases(&self, dark: bool) {
        if self.drawn == Drawn::Bands
            && let Some(canvas) = self.far.cast::<HtmlCanvasElement>()
        {
            canvas::bands(&canvas, &self.step.after, self.eye.camera, self.size, &self.metrics, dark);
        }
        if self.map_shown
            && let Some(canvas) = self.map.cast::<HtmlCanvasElement>()
        {
            let seen = self.eye.camera.sees(self.size);
            let size = self.map_size();
            browser::set_style(&canvas, "width", &svg::pixels(size.width));
            browser::set_style(&canvas, "height", &svg::pixels(size.height));
            canvas::map(&canvas, &self.step.after, self.whole(), seen, size, &self.metrics, dark);
        }
    }

    /// The map is there when the tree is too wide to be read as a whole.
    fn map_wanted(&self) -> bool {
        Camera::is_wide(self.whole(), self.size)
    }

    fn map_size(&self) -> Size {
        let levels = self.step.after.shape().height() as f64;
        Size { width: (self.size.width - 2.0 * MAP_MARGIN).max(20.0), height: (levels * 8.0 + 2.0).min(60.0) }
    }

    fn observe(&mut self, ctx: &Context<Self>) {
        let Some(room) = self.room.cast::<Element>() else { return };
        let link = ctx.link().clone();
        let callback = Closure::<dyn FnMut()>::new(move || link.send_message(Msg::Resized));
        if let Ok(observer) = ResizeObserver::new(callback.as_ref().unchecked_ref()) {
            observer.observe(&room);
            self.observer = Some((observer, callback));
        }
    }

    fn resized(&mut self, ctx: &Context<Self>) -> bool {
        let Some(room) = self.room.cast::<Element>() else { return false };
        let size = Size { width: f64::from(room.client_width()), height: f64::from(room.client_height()) };
        if size == self.size {
            return false;
        }
        self.size = size;
        self.attend(ctx);
        // A new size is no movement: the picture is simply there.
        self.eye.camera = self.eye.goal;
        self.lay_out(ctx);
        self.draw(ctx);
        true
    }

    /// The tree in words.
    fn name(&self) -> String {
        let tally = &self.step.after.tally;
        let mut name = String::from("The tree from afar: ");
        name.push_str(&crate::view::describe::grouped(u64::from(tally.leaf_pages)));
        name.push_str(" leaf pages below ");
        name.push_str(&crate::view::describe::grouped(u64::from(tally.inner_pages)));
        name.push_str(" inner pages. Zoom in to read them.");
        name
    }

    /// The page under a point of the bands.
    fn page_from_afar(&self, x: f64, y: f64) -> Option<PageId> {
        let shape = self.step.after.shape();
        let level = Rows::of(shape.height(), self.size).level_at(y)?;
        let seen = self.eye.camera.sees(self.size);
        let column = (seen.left + x / self.eye.camera.zoom) / self.metrics.pitch();
        bands::page_at(&shape, level, column)
    }

    fn fit(&mut self) {
        self.eye.following = false;
        self.eye.goal = Camera::fit(self.whole(), self.size);
    }

    fn gesture(&mut self, gesture: Gesture) {
        match gesture {
            Gesture::Pan { dx, dy } => {
                let camera = self.eye.camera.panned(dx, dy).held(self.whole(), self.size);
                self.eye.take(camera);
            }
            Gesture::Pinch { factor, x, y } => self.zoom(factor, x, y, false),
        }
    }
}
