//! Hands on the stage: dragging, pinching, the wheel, the keyboard.
//!
//! A press that does not move is a click and selects. With the keyboard the focus walks over the pages: left and right
//! in a level, up to the parent, down to a child; Enter selects the page, and then one cell after the other.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, KeyboardEvent, PointerEvent, WheelEvent};
use yew::Context;

use super::picture::hit;
use super::{Drawn, Stage};
use crate::app::room::hand::{Finger, Gesture, Turn};
use crate::trace::PageId;
use crate::view::camera::{Camera, within};
use crate::view::{Selection, scene};

impl Stage {
    fn finger(&self, event: &PointerEvent) -> Finger {
        Finger::of(event, self.room.cast())
    }

    pub fn pointer_down(&mut self, event: &PointerEvent) {
        self.hand.down(event, self.room.cast());
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
        let Some(target) = self.hand.up(event, finger) else { return };
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

    pub fn wheel(&mut self, event: &WheelEvent) {
        let turn = Turn::of(event, self.room.cast());
        if turn.aside {
            self.gesture(Gesture::Pan { dx: -turn.across(), dy: 0.0 });
        } else {
            self.zoom(turn.factor(), turn.x, turn.y, false);
        }
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
            "0" => self.fit(),
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
