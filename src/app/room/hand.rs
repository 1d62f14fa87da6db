//! Hands: dragging, pinching, the wheel.
//!
//! A press that does not move is a click.

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, PointerEvent, WheelEvent};

/// A press that moves further than this is no click.
const CLICK_PX: f64 = 5.0;

/// A finger, or the mouse, in pixels of the room.
#[derive(Clone, Copy)]
pub struct Finger {
    id: i32,
    pub x: f64,
    pub y: f64,
}

impl Finger {
    pub fn of(event: &PointerEvent, room: Option<Element>) -> Finger {
        let (x, y) = point(f64::from(event.client_x()), f64::from(event.client_y()), room);
        Finger { id: event.pointer_id(), x, y }
    }
}

fn point(x: f64, y: f64, room: Option<Element>) -> (f64, f64) {
    let corner = room.map(|room| room.get_bounding_client_rect());
    let (left, top) = corner.map_or((0.0, 0.0), |corner| (corner.left(), corner.top()));
    (x - left, y - top)
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
    /// A finger comes down; one on the tools or the map is theirs.
    pub fn down(&mut self, event: &PointerEvent, room: Option<Element>) {
        let target: Option<JsValue> = event.target().map(JsValue::from);
        if event.button() != 0 || target.as_ref().is_some_and(is_control) {
            return;
        }
        // The focus stays where it is: arrow keys go on stepping through the trace after a click.
        event.prevent_default();
        if let Some(room) = &room {
            let _ = room.set_pointer_capture(event.pointer_id());
        }
        if self.fingers.is_empty() {
            self.travelled = 0.0;
            self.target = target;
        }
        if self.fingers.len() < 2 {
            self.fingers.push(Finger::of(event, room));
        }
    }

    pub fn moved(&mut self, finger: Finger) -> Option<Gesture> {
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

    /// A finger goes up. After a click: what was under it.
    pub fn up(&mut self, event: &PointerEvent, finger: Finger) -> Option<Option<JsValue>> {
        let count = self.fingers.len();
        self.fingers.retain(|one| one.id != finger.id);
        let clicked = count == 1 && self.fingers.is_empty() && self.travelled <= CLICK_PX;
        (clicked && event.type_() == "pointerup").then(|| self.target.take())
    }
}

fn apart(one: Finger, other: Finger) -> f64 {
    let (dx, dy) = (one.x - other.x, one.y - other.y);
    (dx * dx + dy * dy).sqrt()
}

/// Whether an event is about the tools or the map, which answer for themselves.
pub fn is_control(target: &JsValue) -> bool {
    let element = target.dyn_ref::<Element>();
    element.is_some_and(|element| element.closest(".stage-tools, .stage-map, .plate-deeds").ok().flatten().is_some())
}

/// What a turn of the wheel asks for.
pub struct Turn {
    pub x: f64,
    pub y: f64,
    /// Pixels to the right and down.
    pub dx: f64,
    pub dy: f64,
    /// As a pinch comes, or with Ctrl or Cmd.
    pub pinched: bool,
    /// With Shift, or a wheel that goes sideways.
    pub aside: bool,
}

impl Turn {
    pub fn of(event: &WheelEvent, room: Option<Element>) -> Turn {
        let (x, y) = point(f64::from(event.client_x()), f64::from(event.client_y()), room);
        // Lines and pages are worth so many pixels.
        let unit = match event.delta_mode() {
            WheelEvent::DOM_DELTA_LINE => 16.0,
            WheelEvent::DOM_DELTA_PAGE => 400.0,
            _ => 1.0,
        };
        let (dx, dy) = (event.delta_x() * unit, event.delta_y() * unit);
        let pinched = event.ctrl_key() || event.meta_key();
        Turn { x, y, dx, dy, pinched, aside: event.shift_key() || dx.abs() > dy.abs() }
    }

    /// How far it goes sideways.
    pub fn across(&self) -> f64 {
        if self.dx.abs() > self.dy.abs() { self.dx } else { self.dy }
    }

    /// How much larger or smaller it makes things.
    pub fn factor(&self) -> f64 {
        let change = (self.dy.abs() * 0.0025).min(0.5);
        if self.dy < 0.0 { 1.0 + change } else { 1.0 / (1.0 + change) }
    }
}

/// Listens to the wheel.
pub type WheelListener = Closure<dyn FnMut(WheelEvent)>;

/// By hand: what Yew listens with may not keep the browser from scrolling and zooming. Inside another page the wheel is
/// that page's; with Ctrl or Cmd, as a pinch comes too, it is the stage's.
pub fn listen_to_wheel(room: &Element, embed: bool, turned: impl Fn(WheelEvent) + 'static) -> WheelListener {
    let wheel = Closure::<dyn FnMut(WheelEvent)>::new(move |event: WheelEvent| {
        if !embed || event.ctrl_key() || event.meta_key() {
            event.prevent_default();
            turned(event);
        }
    });
    let _ = room.add_event_listener_with_callback("wheel", wheel.as_ref().unchecked_ref());
    wheel
}
