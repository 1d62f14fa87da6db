//! Hands on the plate: dragging, pinching, the wheel, the keyboard.
//!
//! With the keyboard the focus walks from one thing that can be selected to the next one in the arrow's direction; Enter
//! selects. On a map the arrows go from cell to cell.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, KeyboardEvent, PointerEvent, WheelEvent};
use yew::Context;

use super::Plate;
use super::deeds::Looking;
use crate::app::room::hand::{Finger, Gesture, Turn};
use crate::app::room::tools::ZOOM_STEP;
use crate::view::Selection;
use crate::view::drawing::Id;

/// How near a click has to come to something small, in pixels.
const SWARM_REACH: f64 = 6.0;

/// The number that the nearest element around a target carries.
fn number(target: &JsValue, selector: &str, attribute: &str) -> Option<Id> {
    let element = target.dyn_ref::<Element>()?;
    element.closest(selector).ok().flatten()?.get_attribute(attribute)?.parse().ok().map(Id)
}

fn shape_at(target: &JsValue) -> Option<Id> {
    number(target, "[data-id].picks", "data-id")
}

fn map_at(target: &JsValue) -> Option<Id> {
    number(target, "[data-map]", "data-map")
}

impl Plate {
    fn finger(&self, event: &PointerEvent) -> Finger {
        Finger::of(event, self.room.cast())
    }

    /// Where it is in the drawing.
    fn point(&self, finger: Finger) -> (f64, f64) {
        self.eye.camera.point(finger.x, finger.y, self.size)
    }

    /// The thing under a finger. A text or a small mark on a box that can be selected stands for the box.
    fn shape_under(&self, target: Option<&JsValue>, finger: Finger) -> Option<Id> {
        target.and_then(shape_at).or_else(|| self.picture.as_ref()?.box_at(self.point(finger)))
    }

    pub fn pointer_down(&mut self, ctx: &Context<Self>, event: &PointerEvent) {
        let target: Option<JsValue> = event.target().map(JsValue::from);
        let finger = self.finger(event);
        let on_shape = self.shape_under(target.as_ref(), finger).is_some();
        self.pulls_time = !event.shift_key() && self.is_in_diagram(self.point(finger).1);
        self.begin_stroke(ctx, event, (finger.x, finger.y), on_shape);
        self.hand.down(event, self.room.cast());
    }

    /// True when something moved.
    pub fn pointer_move(&mut self, ctx: &Context<Self>, event: &PointerEvent) -> bool {
        let finger = self.finger(event);
        match self.hand.moved(finger) {
            Some(Gesture::Pan { .. }) if self.go_on_with_stroke((finger.x, finger.y)) => true,
            Some(Gesture::Pan { dx, .. }) if self.pulls_time => {
                self.look(ctx, Looking::Pulled(dx / self.eye.camera.zoom));
                true
            }
            Some(Gesture::Pinch { factor, x, y }) if self.pulls_time => {
                let (x, _) = self.eye.camera.point(x, y, self.size);
                self.look(ctx, Looking::Closer(factor, Some(x)));
                true
            }
            Some(gesture) => {
                self.drop_stroke();
                self.gesture(gesture);
                true
            }
            None => {
                let (x, y) = self.point(finger);
                self.maps.point_at(x, y);
                let target: Option<JsValue> = event.target().map(JsValue::from);
                let over = self.shape_under(target.as_ref(), finger).and_then(|id| self.target_of(id));
                if let Some(picture) = &mut self.picture {
                    picture.hint(over);
                }
                false
            }
        }
    }

    pub fn pointer_up(&mut self, ctx: &Context<Self>, event: &PointerEvent) {
        let finger = self.finger(event);
        let up = self.hand.up(event, finger);
        if up.is_none() && event.type_() == "pointerup" {
            return self.end_stroke(ctx);
        }
        self.drop_stroke();
        let Some(target) = up else { return };
        let shape = self.shape_under(target.as_ref(), finger);
        let selection = match shape {
            Some(id) => {
                if let Some(picture) = &mut self.picture {
                    picture.focus = Some(id);
                }
                self.target_of(id)
            }
            None => {
                let (x, y) = self.point(finger);
                if let Some(found) = self.in_swarm(ctx, (x, y)) {
                    return ctx.props().on_select.emit(Some(found));
                }
                if let Some(ns) = self.moment_at((x, y)) {
                    return ctx.props().on_moment.emit(ns);
                }
                self.maps.at(x, y).and_then(|(map, cell)| map.of.selection(cell))
            }
        };
        ctx.props().on_select.emit(selection);
    }

    /// What of a swarm is at a point of the drawing.
    fn in_swarm(&self, ctx: &Context<Self>, point: (f64, f64)) -> Option<Selection> {
        let swarm = &self.picture.as_ref()?.tween().swarm;
        swarm.at(point, self.step.t(ctx.props()), SWARM_REACH / self.eye.camera.zoom)
    }

    fn target_of(&self, id: Id) -> Option<Selection> {
        self.picture.as_ref()?.tween().item(id)?.shape.target
    }

    /// What is larger than the room is scrolled by the wheel, and zoomed as by a pinch; what is not is zoomed.
    pub fn wheel(&mut self, ctx: &Context<Self>, event: &WheelEvent) {
        let turn = Turn::of(event, self.room.cast());
        let (x, y) = self.eye.camera.point(turn.x, turn.y, self.size);
        if self.is_in_diagram(y) {
            let zoom = self.eye.camera.zoom;
            return self.look(
                ctx,
                match turn.aside {
                    true => Looking::Pulled(-turn.across() / zoom),
                    false => Looking::Closer(turn.factor(), Some(x)),
                },
            );
        }
        let (whole, camera) = (self.whole(), self.eye.camera);
        let larger = whole.height() * camera.zoom > self.size.height + 1.0;
        if turn.aside {
            self.gesture(Gesture::Pan { dx: -turn.across(), dy: 0.0 });
        } else if larger && !turn.pinched {
            self.gesture(Gesture::Pan { dx: 0.0, dy: -turn.dy });
        } else {
            self.zoom(turn.factor(), turn.x, turn.y, false);
        }
    }

    pub fn key(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let target: Option<JsValue> = event.target().map(JsValue::from);
        let (shape, map) = (target.as_ref().and_then(shape_at), target.as_ref().and_then(map_at));
        if shape.is_none() && map.is_none() {
            return;
        }
        let (x, y) = (self.size.width / 2.0, self.size.height / 2.0);
        match event.key().as_str() {
            "+" | "=" => self.zoom(ZOOM_STEP, x, y, true),
            "-" => self.zoom(1.0 / ZOOM_STEP, x, y, true),
            "0" => self.fit(),
            key => {
                let done = match (shape, map) {
                    (Some(id), _) => self.key_on_shape(ctx, key, id),
                    (None, Some(id)) => self.key_on_map(ctx, key, id),
                    (None, None) => false,
                };
                if !done {
                    return;
                }
            }
        }
        event.prevent_default();
        event.stop_propagation();
    }

    fn key_on_shape(&mut self, ctx: &Context<Self>, key: &str, id: Id) -> bool {
        let Some(picture) = &mut self.picture else { return false };
        let next = match key {
            "ArrowLeft" => picture.beside(id, (-1.0, 0.0)),
            "ArrowRight" => picture.beside(id, (1.0, 0.0)),
            "ArrowUp" => picture.beside(id, (0.0, -1.0)),
            "ArrowDown" => picture.beside(id, (0.0, 1.0)),
            "Home" => picture.outermost(false),
            "End" => picture.outermost(true),
            "Enter" | " " => {
                let target = self.target_of(id);
                ctx.props().on_select.emit(target);
                return true;
            }
            _ => return false,
        };
        if let Some(next) = next {
            let place = picture.tween().item(next).map(|item| item.to.bounds());
            picture.focus_on(next);
            if let Some(place) = place {
                self.bring_into_sight(place);
            }
        }
        true
    }

    fn key_on_map(&mut self, ctx: &Context<Self>, key: &str, id: Id) -> bool {
        let Some(map) = self.maps.named(id) else { return false };
        let last = (map.cells.len().max(1) - 1) as i64;
        let columns = map.columns as i64;
        let chosen = ctx.props().selected.and_then(|selected| map.of.index(selected)).map(i64::from);
        let start = map.lit.first().map_or(0, |lit| i64::from(*lit));
        let cell = match (key, chosen) {
            ("Enter" | " ", None) => start,
            ("ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown", None) => start,
            ("ArrowLeft", Some(at)) => at - 1,
            ("ArrowRight", Some(at)) => at + 1,
            ("ArrowUp", Some(at)) => at - columns,
            ("ArrowDown", Some(at)) => at + columns,
            ("Home", _) => 0,
            ("End", _) => last,
            _ => return false,
        };
        if (0..=last).contains(&cell) {
            let place = map.cell_place(cell as usize).bounds();
            let selection = map.of.selection(cell as u32);
            self.bring_into_sight(place);
            ctx.props().on_select.emit(selection);
        }
        true
    }
}
