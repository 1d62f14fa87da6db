//! What can be done on a plate besides looking: to the selected thing by buttons, across links by a stroke; and which half of a
//! picture with a diagram of time is shown.
//!
//! A stroke begins on empty ground above the diagram. With Shift it moves the picture, as it does everywhere else. The
//! diagram of time is pulled from any place in it; a click on its ground goes to that moment.

use wasm_bindgen::JsValue;
use web_sys::{Element, MouseEvent};
use yew::prelude::*;

use super::{Msg, Plate};
use crate::app::room::hand::is_control;
use crate::app::room::svg::{create, num, set};
use crate::trace::NodeId;
use crate::trace::sorting::sort_by_key;
use crate::view::Selection;
use crate::view::drawing::{Face, Kind, Look};
use crate::view::time_span::TimeSpan;

type Point = (f64, f64);

/// A shorter stroke was none.
const STROKE_MIN: f64 = 12.0;
const ZOOM_MAX: f64 = 4000.0;
/// One press on a button.
const ZOOM_STEP: f64 = 2.0;

/// A change of how the diagram of time is looked at.
#[derive(Clone, Copy, PartialEq)]
pub enum Looking {
    At(Face),
    /// This much closer; the moment at a place stays there, or else the diagram goes with the playhead.
    Closer(f64, Option<f64>),
    /// Pulled to the right by so much.
    Pulled(f64),
}

/// A line being drawn across the stage.
pub struct Stroke {
    from: Point,
    to: Point,
    element: Element,
}

impl Plate {
    /// A finger comes down at a point of the room: on empty ground it may begin a stroke.
    pub fn begin_stroke(&mut self, ctx: &Context<Self>, event: &web_sys::PointerEvent, (x, y): Point, on_shape: bool) {
        // A second finger makes a pinch of it.
        self.drop_stroke();
        let target: Option<JsValue> = event.target().map(JsValue::from);
        let control = target.as_ref().is_some_and(is_control);
        let asks = ctx.props().timeline.guide().cutting.is_some() && !ctx.props().embed;
        if !asks || on_shape || control || event.shift_key() || event.button() != 0 || !event.is_primary() {
            return;
        }
        let at = self.eye.camera.point(x, y, self.size);
        if self.is_in_diagram(at.1) {
            return;
        }
        let Some(world) = self.world.cast::<Element>() else { return };
        let element = create(&world, "path", "cutting-line");
        self.stroke = Some(Stroke { from: at, to: at, element });
    }

    /// True when the movement was a stroke's.
    pub fn go_on_with_stroke(&mut self, (x, y): Point) -> bool {
        let at = self.eye.camera.point(x, y, self.size);
        let Some(stroke) = &mut self.stroke else { return false };
        stroke.to = at;
        let mut d = String::from("M");
        for (number, gap) in [(stroke.from.0, " "), (stroke.from.1, "L"), (at.0, " "), (at.1, "")] {
            num(&mut d, number);
            d.push_str(gap);
        }
        set(&stroke.element, "d", &d);
        true
    }

    pub fn drop_stroke(&mut self) -> Option<(Point, Point)> {
        let stroke = self.stroke.take()?;
        stroke.element.remove();
        let (dx, dy) = (stroke.to.0 - stroke.from.0, stroke.to.1 - stroke.from.1);
        (dx * dx + dy * dy > STROKE_MIN * STROKE_MIN).then_some((stroke.from, stroke.to))
    }

    /// A stroke is drawn: what it crosses is cut.
    pub fn end_stroke(&mut self, ctx: &Context<Self>) {
        let Some(stroke) = self.drop_stroke() else { return };
        let (Some(cutting), Some(picture)) = (ctx.props().timeline.guide().cutting, &self.picture) else { return };
        let is_node = |target| match target {
            Some(Selection::Node(node)) if !NodeId::is_client(node) => Some(node),
            _ => None,
        };
        let boxes = picture.tween().items.iter().filter(|item| item.shape.kind == Kind::Rect);
        let mut nodes: Vec<(NodeId, Point)> =
            boxes.filter_map(|item| Some((is_node(item.shape.target)?, item.to.center()))).collect();
        sort_by_key(&mut nodes, |(node, _)| *node);
        if let Some(lines) = cutting(&nodes, stroke) {
            ctx.props().on_lines.emit(lines);
        }
    }

    /// The diagram of time in the drawing.
    pub fn time(&self) -> Option<TimeSpan> {
        self.picture.as_ref()?.tween().time
    }

    /// Whether a height in the drawing is in the diagram of time.
    pub fn is_in_diagram(&self, y: f64) -> bool {
        self.time().is_some_and(|time| y >= time.top)
    }

    /// The moment at a place in the diagram of time.
    pub fn moment_at(&self, (x, y): Point) -> Option<u64> {
        self.time().filter(|time| y >= time.top && x >= time.left).map(|time| time.at(x))
    }

    /// The diagram stays where it was pulled to until the playhead goes out of it.
    pub fn let_go_of_time(&mut self) {
        if self.time().is_none_or(|time| !time.sees(self.step.after.time_ns)) {
            self.look.from_ns = None;
        }
    }

    pub fn look(&mut self, ctx: &Context<Self>, looking: Looking) {
        match looking {
            Looking::At(face) => {
                self.look.face = face;
                self.extent = Default::default();
                self.survey(ctx);
            }
            Looking::Closer(factor, x) => {
                let Some(time) = self.time() else { return };
                let held = self.look.from_ns.map(|_| time.left + time.width / 2.0);
                let place = x.or(held);
                let (factor, from_ns) = time.closer(factor, place.unwrap_or(time.left));
                self.look.zoom = (self.look.zoom * factor).min(ZOOM_MAX);
                self.look.from_ns = place.map(|_| from_ns);
            }
            Looking::Pulled(dx) => {
                let Some(time) = self.time() else { return };
                self.look.from_ns = Some(time.pulled(dx));
            }
        }
        self.show(ctx);
        self.attend(ctx);
        self.draw(ctx);
    }

    /// Reads what can be done to what is selected; true when that is something else than before.
    pub fn read_deeds(&mut self, ctx: &Context<Self>) -> bool {
        let props = ctx.props();
        let selected = props.selected.filter(|_| !props.embed);
        let deeds = selected.map(|selected| (props.timeline.guide().actions)(&self.step.after, selected));
        let deeds = deeds.unwrap_or_default();
        let changed = deeds != self.deeds;
        self.deeds = deeds;
        changed
    }

    /// The buttons for the selected thing.
    pub fn deeds_bar(&self, ctx: &Context<Self>) -> Html {
        if self.deeds.is_empty() {
            return Html::default();
        }
        let name = match ctx.props().selected {
            Some(Selection::Node(node)) => node.to_string(),
            Some(Selection::Message(message)) => format!("message {}", message.0),
            Some(Selection::Link(from, to)) => format!("{from} – {to}"),
            Some(Selection::Replica(shard, NodeId(0))) => format!("s{}", shard.0),
            Some(Selection::Replica(shard, node)) => format!("s{}{node}", shard.0),
            _ => String::new(),
        };
        let button = |(text, line): &(String, String)| {
            let (lines, act) = (line.clone(), ctx.props().on_lines.clone());
            let onclick = Callback::from(move |_: MouseEvent| act.emit(lines.clone()));
            html! { <button type="button" class="line" title={line.clone()} {onclick}>{ text }</button> }
        };
        let selected = ctx.props().selected;
        let door = selected.and_then(|selected| (ctx.props().timeline.guide().door)(&self.step.after, selected));
        let door = door.map(|(behind, says)| {
            let open = ctx.props().on_door.clone();
            let title = format!("Look into {behind}");
            let onclick = Callback::from(move |_: MouseEvent| open.emit(behind.clone()));
            html! { <button type="button" class="line" {title} {onclick}>{ says }</button> }
        });
        html! {
            <div class="plate-deeds" role="toolbar" aria-label={format!("What to do to {name}")}>
                <span class="mono">{ &name }</span>
                { for self.deeds.iter().map(button) }
                { for door }
            </div>
        }
    }
}

/// The buttons of a picture with a diagram of time.
pub fn looks(look: Look, act: Callback<Msg>) -> Html {
    let tool = |name: &'static str, icon: &'static str, asks: Looking, pressed: Option<bool>| {
        let pressed = pressed.map(|pressed| if pressed { "true" } else { "false" });
        html! {
            <button type="button" class="tool" aria-label={name} title={name} aria-pressed={pressed}
                onclick={act.reform(move |_: MouseEvent| Msg::Look(asks))}>
                <svg viewBox="0 0 18 18" aria-hidden="true"><path d={icon}/></svg>
            </button>
        }
    };
    let face = |name, icon, face: Face| tool(name, icon, Looking::At(face), Some(look.face == face));
    html! {
        <div class="stage-tools time-tools" role="group" aria-label="Stage and time">
            { face("Stage alone", "M9 3v0M9 5a2 2 0 1 0 0-4a2 2 0 1 0 0 4M4 15a2 2 0 1 0 0-4a2 2 0 1 0 0 4M14 15a2 2 0 1 0 0-4a2 2 0 1 0 0 4M8 5L5 11M10 5l3 6M6 13h6", Face::Stage) }
            { face("Stage and space-time diagram", "M9 6a2 2 0 1 0 0-4a2 2 0 1 0 0 4M2 9h14M2 12h14M2 15h14M5 9l3 6", Face::Both) }
            { face("Space-time diagram alone", "M2 4h14M2 9h14M2 14h14M4 4l4 5M9 9l4 5", Face::Time) }
            if look.face != Face::Stage {
                { tool("Closer in time", "M2 9h14M5 5v8M13 5v8M9 6v6M6 9h6", Looking::Closer(ZOOM_STEP, None), None) }
                { tool("Further in time", "M2 9h14M5 5v8M13 5v8", Looking::Closer(1.0 / ZOOM_STEP, None), None) }
            }
        </div>
    }
}
