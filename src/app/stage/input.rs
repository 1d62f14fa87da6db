//! Hands on the stage: dragging, pinching, the wheel, the keyboard.
//!
//! A press that does not move is a click and selects. With the keyboard the focus walks over the pages: left and right
//! in a level, up to the parent, down to a child; Enter selects the page, and then one cell after the other.

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, KeyboardEvent, PointerEvent, WheelEvent};
use yew::Context;

use super::picture::hit;
use super::{Drawn, Msg, Stage};
use crate::trace::PageId;
use crate::view::camera::{Camera, within};
use crate::view::{Selection, scene};

/// A press that moves further than this is no click.
const CLICK_PX: f64 = 5.0;

/// A finger, or the mouse.
#[derive(Clone, Copy)]
struct Finger {
    id: i32,
    x: f64,
    y: f64,
}

/// What is being done with the pointer.
#[derive(Default)]
pub struct Hand {
    fingers: Vec<Finger>,
    travelled: f64,
    /// What was under the first finger when it came down.
    target: Option<JsValue>,
}

pub enum Gesture {
    Pan { dx: f64, dy: f64 },
    Pinch { factor: f64, x: f64, y: f64 },
}

impl Hand {
    fn moved(&mut self, finger: Finger) -> Option<Gesture> {
        let index = self.fingers.iter().position(|one| one.id == finger.id)?;
        let before = std::mem::replace(&mut self.fingers[index], finger);
        let (dx, dy) = (finger.x - before.x, finger.y - before.y);
        self.travelled += dx.abs() + dy.abs();
        match self.fingers[..] {
            [_] if self.travelled > CLICK_PX => Some(Gesture::Pan { dx, dy }),
            [one, two] => {
                let other = if index == 0 { two } else { one };
                let was = apart(before, other).max(1.0);
                let (x, y) = ((finger.x + other.x) / 2.0, (finger.y + other.y) / 2.0);
                Some(Gesture::Pinch { factor: apart(finger, other).max(1.0) / was, x, y })
            }
            _ => None,
        }
    }
}

fn apart(one: Finger, other: Finger) -> f64 {
    let (dx, dy) = (one.x - other.x, one.y - other.y);
    (dx * dx + dy * dy).sqrt()
}

/// Whether an event is about the tools or the map, which answer for themselves.
fn is_control(target: &JsValue) -> bool {
    let element = target.dyn_ref::<Element>();
    element.is_some_and(|element| element.closest(".stage-tools, .stage-map").ok().flatten().is_some())
}

impl Stage {
    fn finger(&self, event: &PointerEvent) -> Finger {
        let corner = self.room.cast::<Element>().map(|room| room.get_bounding_client_rect());
        let (left, top) = corner.map_or((0.0, 0.0), |corner| (corner.left(), corner.top()));
        let (x, y) = (f64::from(event.client_x()) - left, f64::from(event.client_y()) - top);
        Finger { id: event.pointer_id(), x, y }
    }

    pub fn pointer_down(&mut self, event: &PointerEvent) {
        let target: Option<JsValue> = event.target().map(JsValue::from);
        if event.button() != 0 || target.as_ref().is_some_and(is_control) {
            return;
        }
        // The focus stays where it is: arrow keys go on stepping through the trace after a click.
        event.prevent_default();
        if let Some(room) = self.room.cast::<Element>() {
            let _ = room.set_pointer_capture(event.pointer_id());
        }
        if self.hand.fingers.is_empty() {
            self.hand.travelled = 0.0;
            self.hand.target = target;
        }
        if self.hand.fingers.len() < 2 {
            let finger = self.finger(event);
            self.hand.fingers.push(finger);
        }
    }

    /// True when something moved.
    pub fn pointer_move(&mut self, event: &PointerEvent) -> bool {
        let finger = self.finger(event);
        match self.hand.moved(finger) {
            Some(gesture) => {
                self.gesture(gesture);
                true
            }
            None => false,
        }
    }

    pub fn pointer_up(&mut self, ctx: &Context<Self>, event: &PointerEvent) {
        let finger = self.finger(event);
        let count = self.hand.fingers.len();
        self.hand.fingers.retain(|one| one.id != finger.id);
        let clicked = count == 1 && self.hand.fingers.is_empty() && self.hand.travelled <= CLICK_PX;
        if !clicked || event.type_() != "pointerup" {
            return;
        }
        let target = self.hand.target.take();
        let selection = match self.drawn {
            Drawn::Bands => self.page_from_afar(finger.x, finger.y).map(Selection::Page),
            Drawn::Pages(_) => target.as_ref().and_then(hit).map(|(page, slot)| match slot {
                Some(slot) => Selection::Cell { page, slot },
                None => Selection::Page(page),
            }),
        };
        if let (Some(Selection::Page(page) | Selection::Cell { page, .. }), Some(picture)) =
            (selection, &mut self.picture)
        {
            picture.focus = Some(page);
        }
        ctx.props().on_select.emit(selection);
    }

    /// By hand: what Yew listens with may not keep the browser from scrolling and zooming. Inside another page the
    /// wheel is that page's; with Ctrl or Cmd, as a pinch comes too, it is the stage's.
    pub fn listen_to_wheel(&mut self, ctx: &Context<Self>) {
        let Some(room) = self.room.cast::<Element>() else { return };
        let (link, embed) = (ctx.link().clone(), ctx.props().embed);
        let wheel = Closure::<dyn FnMut(WheelEvent)>::new(move |event: WheelEvent| {
            if !embed || event.ctrl_key() || event.meta_key() {
                event.prevent_default();
                link.send_message(Msg::Wheel(event));
            }
        });
        let _ = room.add_event_listener_with_callback("wheel", wheel.as_ref().unchecked_ref());
        self.wheel = Some(wheel);
    }

    pub fn wheel(&mut self, event: &WheelEvent) {
        let corner = self.room.cast::<Element>().map(|room| room.get_bounding_client_rect());
        let (left, top) = corner.map_or((0.0, 0.0), |corner| (corner.left(), corner.top()));
        let (x, y) = (f64::from(event.client_x()) - left, f64::from(event.client_y()) - top);
        // Lines and pages are worth so many pixels.
        let unit = match event.delta_mode() {
            WheelEvent::DOM_DELTA_LINE => 16.0,
            WheelEvent::DOM_DELTA_PAGE => 400.0,
            _ => 1.0,
        };
        let (dx, dy) = (event.delta_x() * unit, event.delta_y() * unit);
        if event.shift_key() || dx.abs() > dy.abs() {
            let across = if dx.abs() > dy.abs() { dx } else { dy };
            self.gesture(Gesture::Pan { dx: -across, dy: 0.0 });
            return;
        }
        let change = (dy.abs() * 0.0025).min(0.5);
        self.zoom(if dy < 0.0 { 1.0 + change } else { 1.0 / (1.0 + change) }, x, y, false);
    }

    /// Zooms around a point of the stage; `eased` for what is one press and not a movement of the hand.
    pub fn zoom(&mut self, factor: f64, x: f64, y: f64, eased: bool) {
        let whole = self.whole();
        let least = Camera::fit(whole, self.size).zoom * 0.8;
        let from = if eased { self.eye.goal } else { self.eye.camera };
        let camera = from.zoomed(factor, x, y, self.size, least).held(whole, self.size);
        self.eye.following = false;
        self.eye.goal = camera;
        if !eased {
            self.eye.camera = camera;
        }
    }

    pub fn point_at_map(&mut self, event: &PointerEvent) {
        if event.type_() == "pointermove" && event.buttons() & 1 == 0 {
            return;
        }
        event.prevent_default();
        let whole = self.whole();
        let share = within(f64::from(event.offset_x()) / self.map_size().width, 0.0, 1.0);
        let camera = Camera { x: whole.left + share * whole.width(), ..self.eye.goal };
        self.eye.take(camera.held(whole, self.size));
    }

    pub fn key(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let target: Option<JsValue> = event.target().map(JsValue::from);
        let at = target.as_ref().and_then(hit).map(|(page, _)| page);
        let from_afar = self.drawn == Drawn::Bands && target.as_ref().is_some_and(is_far);
        if at.is_none() && !from_afar {
            return;
        }
        let (middle_x, middle_y) = (self.size.width / 2.0, self.size.height / 2.0);
        match event.key().as_str() {
            "+" | "=" => self.zoom(1.4, middle_x, middle_y, true),
            "-" => self.zoom(1.0 / 1.4, middle_x, middle_y, true),
            "0" => {
                self.eye.following = false;
                self.eye.fit(self.whole(), self.size);
            }
            key => {
                let done = match at {
                    Some(page) => self.key_on_page(ctx, key, page),
                    None => self.key_from_afar(key),
                };
                if !done {
                    return;
                }
            }
        }
        event.prevent_default();
        event.stop_propagation();
    }

    fn key_from_afar(&mut self, key: &str) -> bool {
        let step = self.size.width * 0.2;
        match key {
            "ArrowLeft" => self.gesture(Gesture::Pan { dx: step, dy: 0.0 }),
            "ArrowRight" => self.gesture(Gesture::Pan { dx: -step, dy: 0.0 }),
            "Enter" => self.zoom(4.0, self.size.width / 2.0, self.size.height / 2.0, true),
            _ => return false,
        }
        true
    }

    fn key_on_page(&mut self, ctx: &Context<Self>, key: &str, page: PageId) -> bool {
        let shape = self.step.after.shape();
        let Some(node) = shape.node(page) else { return false };
        let next = match key {
            "ArrowLeft" => shape.beside(node, -1),
            "ArrowRight" => shape.beside(node, 1),
            "ArrowUp" => shape.parent(node),
            "ArrowDown" => shape.below(node),
            "Enter" | " " => {
                self.select_next(ctx, page);
                return true;
            }
            _ => return false,
        };
        if let Some(next) = next.map(|next| next.page) {
            self.walk_to(ctx, next);
        }
        true
    }

    /// The page itself, then its cells one after the other.
    fn select_next(&self, ctx: &Context<Self>, page: PageId) {
        let cells = self.step.after.page(page).and_then(|page| page.cells()).map_or(0, |cells| cells.len());
        let next = match ctx.props().selected {
            Some(Selection::Page(selected)) if selected == page && cells > 0 => Selection::Cell { page, slot: 0 },
            Some(Selection::Cell { page: selected, slot }) if selected == page && usize::from(slot) + 1 < cells => {
                Selection::Cell { page, slot: slot + 1 }
            }
            _ => Selection::Page(page),
        };
        ctx.props().on_select.emit(Some(next));
    }

    fn walk_to(&mut self, ctx: &Context<Self>, page: PageId) {
        let Some(place) = scene::place(&self.step.after.shape(), page, &self.metrics) else { return };
        let seen = self.eye.camera.sees(self.size);
        let inner = place.top < 0.0;
        if !inner && (place.left < seen.left || place.right > seen.right) {
            self.eye.following = false;
            let camera = Camera { x: (place.left + place.right) / 2.0, ..self.eye.goal };
            self.eye.take(camera);
            self.lay_out(ctx);
            self.draw(ctx);
        }
        let Some(picture) = &mut self.picture else { return };
        picture.focus = Some(page);
        picture.rove();
        if let Some(element) = picture.element(page).and_then(|element| element.dyn_ref::<web_sys::SvgElement>()) {
            let _ = element.focus();
        }
    }
}

fn is_far(target: &JsValue) -> bool {
    target.dyn_ref::<Element>().is_some_and(|element| element.matches(".stage-far").unwrap_or(false))
}
