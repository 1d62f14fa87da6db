//! The plate: where every lab but the B+tree draws, from pictures that are plain data.
//!
//! ```text
//!   playhead 12.4 ──▶ step 12 at t = 0.4
//!                     step changes:  the lab's draw ─▶ Step ─▶ Tween ─▶ elements by id (Picture::show), once
//!                     t changes:     places of what moves (Picture::place), each frame
//!
//!   svg.plate-ground   frames around groups
//!   div.plate-maps     canvases: dense grids, the lines of a swarm
//!   svg.plate-things   lines, things, signs, what flies
//!   div.plate-maps     a canvas: what flies in a swarm
//! ```
//!
//! A drawing that finds room is shown whole. One that does not is shown at a size that can be read, and the camera
//! follows what is lit; the wheel scrolls it, fingers drag and pinch it.

mod deeds;
mod input;
mod maps;
mod markup;
mod picture;
mod swarms;

use std::cell::Cell;

use web_sys::{Element, KeyboardEvent, PointerEvent, WheelEvent};
use yew::prelude::*;

use self::deeds::{Looking, Stroke, looks};
use self::maps::Maps;
use self::picture::Picture;
use self::swarms::Swarms;
use super::browser::{Frames, Sizes};
use super::room::eye::Eye;
use super::room::hand::{Gesture, Hand, WheelListener, listen_to_wheel};
use super::room::tools::{Tool, tools};
use super::room::{RoomProps, Under};
use crate::view::camera::{Bounds, Camera, Size, within};
use crate::view::drawing::{Ask, Draw, Drawing, Look, Step};
use crate::view::tween::Tween;

/// A room of this size is drawn to at 1x; in a larger one everything is larger too.
const ROOM: Size = Size { width: 1500.0, height: 950.0 };
const GRAIN_MAX: f64 = 2.0;
/// What is kept free around a drawing, in pixels; and beside it for the tools, where there is room for both.
const MARGIN: f64 = 12.0;
const TOOLS_W: f64 = 40.0;
const TOOLS_ASIDE: f64 = 400.0;

pub enum Msg {
    Frame(f64),
    Resized,
    Tool(Tool),
    Wheel(WheelEvent),
    Down(PointerEvent),
    Move(PointerEvent),
    Up(PointerEvent),
    Key(KeyboardEvent),
    Look(Looking),
}

pub struct Plate {
    room: NodeRef,
    ground: NodeRef,
    world: NodeRef,
    defs: NodeRef,
    below: NodeRef,
    above: NodeRef,
    size: Size,
    eye: Eye,
    picture: Option<Picture>,
    maps: Maps,
    swarms: Swarms,
    step: Under,
    look: Look,
    /// What can be done to what is selected: words and lines of script.
    deeds: Vec<(String, String)>,
    stroke: Option<Stroke>,
    /// The hand is on the diagram of time.
    pulls_time: bool,
    /// The largest that the drawing of this run is, so that it does not shift while it grows.
    extent: Bounds,
    hand: Hand,
    frames: Frames,
    sizes: Option<Sizes>,
    wheel: Option<WheelListener>,
}

thread_local! {
    /// How many plates there have been: patterns need names of their own.
    static NUMBER: Cell<u32> = const { Cell::new(0) };
}

impl Component for Plate {
    type Message = Msg;
    type Properties = RoomProps;

    fn create(ctx: &Context<Self>) -> Plate {
        let link = ctx.link().clone();
        Plate {
            room: NodeRef::default(),
            ground: NodeRef::default(),
            world: NodeRef::default(),
            defs: NodeRef::default(),
            below: NodeRef::default(),
            above: NodeRef::default(),
            size: Size::default(),
            eye: Eye::default(),
            picture: None,
            maps: Maps::default(),
            swarms: Swarms::default(),
            step: Under::of(ctx.props()),
            look: Look::default(),
            deeds: Vec::new(),
            stroke: None,
            pulls_time: false,
            extent: Bounds::default(),
            hand: Hand::default(),
            frames: Frames::new(move |now_ms| link.send_message(Msg::Frame(now_ms))),
            sizes: None,
            wheel: None,
        }
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &RoomProps) -> bool {
        let props = ctx.props();
        let grown = props.timeline != old.timeline || props.beside != old.beside;
        if grown && !props.timeline.same_run(&old.timeline) {
            self.eye = Eye::looking_as(&self.eye);
            self.extent = Bounds::default();
        }
        let stepped = grown || props.step_index() != self.step.index;
        if stepped {
            self.step = Under::of(props);
            self.let_go_of_time();
        }
        if grown {
            self.survey(ctx);
        }
        if stepped || props.selected != old.selected {
            self.show(ctx);
        }
        if stepped {
            self.attend(ctx);
        }
        self.draw(ctx);
        let deeds = (stepped || props.selected != old.selected) && self.read_deeds(ctx);
        // What Yew draws is the frame around the picture.
        deeds || props.selected != old.selected || props.label != old.label || props.title != old.title
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        let was_following = self.eye.following;
        match msg {
            Msg::Frame(now_ms) => {
                self.frames.arrived();
                let moving = self.eye.ease(now_ms, ctx.props().still);
                self.draw(ctx);
                if moving {
                    self.frames.request();
                }
                return false;
            }
            Msg::Resized => {
                self.resized(ctx);
                return false;
            }
            Msg::Tool(Tool::Fit) => self.fit(),
            Msg::Tool(Tool::Follow) => {
                self.eye.following = !self.eye.following;
                self.attend(ctx);
            }
            Msg::Tool(Tool::Zoom(factor)) => self.zoom(factor, self.size.width / 2.0, self.size.height / 2.0, true),
            Msg::Wheel(event) => self.wheel(ctx, &event),
            Msg::Down(event) => self.pointer_down(ctx, &event),
            Msg::Move(event) => {
                if !self.pointer_move(ctx, &event) {
                    return false;
                }
            }
            Msg::Up(event) => self.pointer_up(ctx, &event),
            Msg::Key(event) => self.key(ctx, &event),
            Msg::Look(looking) => {
                self.look(ctx, looking);
                self.frames.request();
                return true;
            }
        }
        self.frames.request();
        // Of what Yew draws only one button depends on what happens here.
        self.eye.following != was_following
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let link = ctx.link();
        let name = props.label.clone().unwrap_or_else(|| props.title.to_string());
        html! {
            <section class="stage plate" aria-label={name}>
                if let Some(label) = &props.label { <p class="stage-label">{ label.clone() }</p> }
                <div class="stage-room" ref={&self.room}
                    onpointerdown={link.callback(Msg::Down)} onpointermove={link.callback(Msg::Move)}
                    onpointerup={link.callback(Msg::Up)} onpointercancel={link.callback(Msg::Up)}
                    onkeydown={link.callback(Msg::Key)}>
                    <svg class="plate-ground" aria-hidden="true"><g ref={&self.ground}></g></svg>
                    <div class="plate-maps" ref={&self.below}></div>
                    <svg class="plate-things"><defs ref={&self.defs}></defs><g ref={&self.world} role="group"></g></svg>
                    <div class="plate-maps" ref={&self.above}></div>
                    { tools("Fit the whole picture", self.eye.following, link.callback(Msg::Tool)) }
                    if props.timeline.guide().has_time { { looks(self.look, link.callback(|msg| msg)) } }
                    { self.deeds_bar(ctx) }
                </div>
            </section>
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if !first {
            return;
        }
        let cast = |node: &NodeRef| node.cast::<Element>();
        let (Some(ground), Some(world), Some(defs), Some(room)) =
            (cast(&self.ground), cast(&self.world), cast(&self.defs), cast(&self.room))
        else {
            return;
        };
        let number = NUMBER.get();
        NUMBER.set(number + 1);
        self.picture = Some(Picture::new(ground, world, &defs, number));
        let link = ctx.link().clone();
        self.sizes = Sizes::watch(&room, move || link.send_message(Msg::Resized));
        let link = ctx.link().clone();
        let turned = move |event| link.send_message(Msg::Wheel(event));
        self.wheel = Some(listen_to_wheel(&room, ctx.props().embed || ctx.props().scrolls, turned));
        self.resized(ctx);
    }
}

/// How much larger than life things are drawn in a room of this size.
fn grain(size: Size) -> f64 {
    within((size.width / ROOM.width).min(size.height / ROOM.height), 1.0, GRAIN_MAX)
}

impl Plate {
    fn room(&self) -> Size {
        let grain = grain(self.size);
        let inner = |length: f64| ((length - 2.0 * MARGIN) / grain).max(1.0);
        Size { width: inner(self.size.width), height: inner(self.size.height) }
    }

    fn step_drawn(&self, ctx: &Context<Self>, draw: Draw, at_end: bool) -> Step {
        let props = ctx.props();
        let end = props.timeline.view_at(usize::MAX);
        let (before, after) = if at_end { (&end, &end) } else { (&self.step.before, &self.step.after) };
        let record = if at_end { None } else { self.step.record.as_ref() };
        let beside = props.beside.as_ref().map(|beside| beside.view_at(usize::MAX));
        let (room, selected, look) = (self.room(), props.selected, self.look);
        draw(&Ask { before, after, end: &end, beside: beside.as_deref(), record, room, selected, look })
    }

    /// Measures the drawing at the end of the run.
    fn survey(&mut self, ctx: &Context<Self>) {
        if let Some(draw) = self.draws(ctx) {
            let Drawing { width, height, .. } = self.step_drawn(ctx, draw, true).to;
            self.extent = Bounds { left: 0.0, top: 0.0, right: width, bottom: height };
        }
    }

    /// Nothing as long as there is no room to draw in.
    fn draws(&self, ctx: &Context<Self>) -> Option<Draw> {
        ctx.props().timeline.guide().draw.filter(|_| self.size.width >= 1.0)
    }

    /// Makes the elements match the step under the playhead.
    fn show(&mut self, ctx: &Context<Self>) {
        let Some(draw) = self.draws(ctx) else { return };
        let tween = Tween::of(self.step_drawn(ctx, draw, false));
        let selected = ctx.props().selected;
        let cast = |node: &NodeRef| node.cast::<Element>();
        let (Some(picture), Some(below), Some(above), Some(world)) =
            (&mut self.picture, cast(&self.below), cast(&self.above), cast(&self.world))
        else {
            return;
        };
        super::room::svg::set(&world, "aria-label", &tween.words);
        self.maps.show(&tween.maps, selected, &below, picture.things());
        self.swarms.show(&tween.swarm, &below, &above);
        picture.show(tween, selected);
    }

    fn draw(&mut self, ctx: &Context<Self>) {
        let props = ctx.props();
        if let Some(picture) = &mut self.picture {
            let t = self.step.t(props);
            picture.place(t, self.eye.camera, self.size);
            self.swarms.place(&picture.tween().swarm, t, self.eye.camera, self.size, props.dark);
        }
        let zooms = self.eye.camera.zoom != self.eye.goal.zoom;
        self.maps.place(self.eye.camera, self.size, zooms, props.dark);
    }

    /// The whole picture.
    fn whole(&self) -> Bounds {
        let now = self.picture.as_ref().map(|picture| picture.tween().whole());
        now.map_or(self.extent, |now| now.with(self.extent))
    }

    fn fitted(&self) -> Camera {
        Camera::frame(self.whole(), self.size, MARGIN, grain(self.size))
    }

    fn attend(&mut self, ctx: &Context<Self>) {
        if self.size.width < 1.0 {
            return;
        }
        self.eye.notice(self.step.record.as_ref());
        let action = self.picture.as_ref().and_then(|picture| picture.tween().action);
        let goal = self.eye.goal.attend(self.whole(), action, self.size, MARGIN, grain(self.size));
        self.eye.follow(goal, ctx.props().still);
        if self.eye.is_moving() {
            self.frames.request();
        }
    }

    fn resized(&mut self, ctx: &Context<Self>) {
        let Some(room) = self.room.cast::<Element>() else { return };
        // The room as it is laid out: a picture of it may be shown smaller.
        let (width, height) = (f64::from(room.client_width()), f64::from(room.client_height()));
        let tools = if width > TOOLS_ASIDE { TOOLS_W } else { 0.0 };
        // Where there is no room beside it, the tools of time stand below.
        let narrow = super::browser::media_matches("(max-width: 700px)");
        let below = if narrow && ctx.props().timeline.guide().has_time { TOOLS_W } else { 0.0 };
        let size = Size { width: width - tools, height: height - below };
        if size == self.size {
            return;
        }
        self.size = size;
        self.survey(ctx);
        self.show(ctx);
        self.attend(ctx);
        // A new size is no movement: the picture is simply there.
        self.eye.camera = self.eye.goal;
        self.draw(ctx);
    }

    fn fit(&mut self) {
        self.eye.following = false;
        self.eye.goal = self.fitted();
    }

    /// Zooms around a point of the room; `eased` for what is one press and not a movement of the hand.
    fn zoom(&mut self, factor: f64, x: f64, y: f64, eased: bool) {
        let from = if eased { self.eye.goal } else { self.eye.camera };
        let camera = from.zoomed(factor, x, y, self.size, self.fitted().zoom * 0.8).held(self.whole(), self.size);
        self.eye.following = false;
        self.eye.goal = camera;
        if !eased {
            self.eye.camera = camera;
        }
    }

    fn gesture(&mut self, gesture: Gesture) {
        match gesture {
            Gesture::Pan { dx, dy } => {
                let camera = self.eye.camera.panned(dx, dy).kept(self.whole(), self.size, MARGIN);
                self.eye.take(camera);
            }
            Gesture::Pinch { factor, x, y } => self.zoom(factor, x, y, false),
        }
    }

    /// Goes to a place that is not seen.
    fn bring_into_sight(&mut self, place: Bounds) {
        let seen = self.eye.goal.sees(self.size);
        if place.left < seen.left || place.right > seen.right || place.top < seen.top || place.bottom > seen.bottom {
            let (x, y) = place.center();
            self.eye.following = false;
            self.eye.goal = Camera { x, y, ..self.eye.goal }.kept(self.whole(), self.size, MARGIN);
            self.frames.request();
        }
    }
}
