//! The shapes of a drawing in the document: elements that stay as long as their shape is there.
//!
//! When a step begins, [`Picture::show`] makes the elements match the tween; only shapes that look different are written
//! anew. In between, [`Picture::place`] moves what moves, and touches nothing else.

use web_sys::{Element, SvgElement};

use super::markup::{self, Part};
use crate::app::room::svg::{children, create, set, set_number, translate};
use crate::trace::decimal::push_fixed;
use crate::view::Selection;
use crate::view::arrange::Place;
use crate::view::camera::{Camera, Size};
use crate::view::drawing::{Id, Kind, Layer, Marks, Shape};
use crate::view::tween::{At, Item, Tween, Way};

/// The elements of a shape.
struct Drawn {
    id: Id,
    group: Element,
    parts: Vec<(Part, Element)>,
    /// Its words for the mouse, if it has any.
    title: Option<Element>,
    shape: Shape,
    selected: bool,
    /// The tab key reaches it; known once it has been said.
    tab: Option<bool>,
    at: At,
}

/// The elements that a drawing is drawn with.
pub struct Picture {
    /// What is scaled and moved as one: the ground below the maps, and the rest above them.
    worlds: [Element; 2],
    layers: Vec<Element>,
    hatch: String,
    /// By id.
    drawn: Vec<Drawn>,
    tween: Tween,
    camera: Option<(Camera, Size)>,
    t: f64,
    /// The shape that the keyboard is at.
    pub focus: Option<Id>,
    hinted: Option<Selection>,
}

/// Nowhere yet: the next placing sets it all.
const NOWHERE: At = At {
    place: Place { x: f64::INFINITY, y: f64::INFINITY, w: f64::INFINITY, h: f64::INFINITY },
    opacity: -1.0,
    level: -1.0,
};

impl Picture {
    /// Makes the layers. `number` sets this plate apart from another on the page.
    pub fn new(ground: Element, world: Element, defs: &Element, number: u32) -> Picture {
        let mut hatch = String::from("hatch-");
        hatch.push_str(&markup::id_text(u64::from(number)));
        defs.set_inner_html(&markup::hatch_pattern(&hatch));
        let names = ["ground", "lines", "things", "signs", "flying"];
        let parents = names.iter().map(|name| if *name == "ground" { &ground } else { &world });
        let layers = parents.zip(names).map(|(parent, name)| create(parent, "g", name)).collect();
        Picture {
            worlds: [ground, world],
            layers,
            hatch,
            drawn: Vec::new(),
            tween: Tween::default(),
            camera: None,
            t: -1.0,
            focus: None,
            hinted: None,
        }
    }

    pub fn tween(&self) -> &Tween {
        &self.tween
    }

    /// The layer in which things are, for what else is to stand among them.
    pub fn things(&self) -> &Element {
        &self.layers[Layer::Things as usize]
    }

    /// Makes the elements match a step.
    pub fn show(&mut self, tween: Tween, selected: Option<Selection>) {
        self.drawn.retain(|drawn| {
            let stays = tween.item(drawn.id).is_some();
            if !stays {
                drawn.group.remove();
            }
            stays
        });
        let mut fresh = false;
        for item in &tween.items {
            fresh |= !self.show_item(item, selected);
        }
        if fresh {
            self.add(&tween, selected);
        }
        self.tween = tween;
        self.t = -1.0;
        self.rove();
    }

    fn place_of(&self, id: Id) -> Result<usize, usize> {
        self.drawn.binary_search_by_key(&id, |drawn| drawn.id)
    }

    /// Lets the element of an item look like it; false when there is none.
    fn show_item(&mut self, item: &Item, selected: Option<Selection>) -> bool {
        let shape = &item.shape;
        let Ok(index) = self.place_of(shape.id) else { return false };
        if self.drawn[index].shape.layer != shape.layer {
            self.drawn.remove(index).group.remove();
            return false;
        }
        self.drawn[index].change(shape, is_chosen(shape, selected), &self.hatch);
        true
    }

    /// Makes the elements that are not there yet. In a layer what is drawn later lies above what is drawn before, so each
    /// goes before the element of what is drawn next; what leaves lies above all.
    fn add(&mut self, tween: &Tween, selected: Option<Selection>) {
        let mut next: Vec<Option<Element>> = vec![None; self.layers.len()];
        let drawn = tween.order.iter().rev().filter_map(|id| tween.item(*id));
        let leaves = tween.items.iter().filter(|item| item.way == Way::Leaves);
        for item in leaves.chain(drawn) {
            let shape = &item.shape;
            let layer = shape.layer as usize;
            let index = match self.place_of(shape.id) {
                Ok(index) => index,
                Err(index) => {
                    let drawn = Drawn::new(&self.layers[layer], shape, is_chosen(shape, selected), &self.hatch);
                    if let Some(next) = &next[layer] {
                        let _ = self.layers[layer].insert_before(&drawn.group, Some(next));
                    }
                    self.drawn.insert(index, drawn);
                    index
                }
            };
            if item.way != Way::Leaves {
                next[layer] = Some(self.drawn[index].group.clone());
            }
        }
    }

    /// Puts everything where it is at `t` of the step, as the camera sees it.
    pub fn place(&mut self, t: f64, camera: Camera, size: Size) {
        if self.camera != Some((camera, size)) {
            self.camera = Some((camera, size));
            let transform = world(camera, size);
            for world in &self.worlds {
                set(world, "transform", &transform);
            }
        }
        if self.t == t {
            return;
        }
        // Both are sorted by id and hold the same ones.
        if self.t < 0.0 {
            for (drawn, item) in self.drawn.iter_mut().zip(&self.tween.items) {
                drawn.place(item.at(t));
            }
        } else {
            for index in &self.tween.moving {
                if let (Some(drawn), Some(item)) = (self.drawn.get_mut(*index), self.tween.items.get(*index)) {
                    drawn.place(item.at(t));
                }
            }
        }
        self.t = t;
    }

    /// Hints at everything that stands for the same thing as what the pointer is over.
    pub fn hint(&mut self, over: Option<Selection>) {
        let before = std::mem::replace(&mut self.hinted, over);
        if before == over {
            return;
        }
        let concerned = |drawn: &&Drawn| drawn.shape.target.is_some() && [before, over].contains(&drawn.shape.target);
        for drawn in self.drawn.iter().filter(concerned) {
            let mut classes = markup::classes(&drawn.shape, drawn.selected);
            if drawn.shape.target == over {
                classes.push_str(" near");
            }
            set(&drawn.group, "class", &classes);
        }
    }

    /// Of all things that can be selected exactly one is reached by the tab key.
    pub fn rove(&mut self) {
        let picks = |drawn: &&Drawn| drawn.shape.target.is_some();
        let focus = self.focus.filter(|id| self.place_of(*id).is_ok_and(|index| picks(&&self.drawn[index])));
        let chosen = || self.drawn.iter().find(|drawn| drawn.selected).map(|drawn| drawn.id);
        let first = || self.targets().next().map(|item| item.shape.id);
        let at = focus.or_else(chosen).or_else(first);
        for drawn in self.drawn.iter_mut().filter(|drawn| drawn.shape.target.is_some()) {
            let wanted = Some(drawn.id) == at;
            if drawn.tab != Some(wanted) {
                drawn.tab = Some(wanted);
                set(&drawn.group, "tabindex", if wanted { "0" } else { "-1" });
            }
        }
    }

    /// The uppermost box at a point that can be selected.
    pub fn box_at(&self, (x, y): (f64, f64)) -> Option<Id> {
        let holds = |item: &&Item| {
            let (shape, place) = (&item.shape, item.to);
            let is_box = shape.kind == Kind::Rect && shape.layer != Layer::Ground && shape.opacity > 0.0;
            is_box && x >= place.x && x <= place.right() && y >= place.y && y <= place.bottom()
        };
        self.targets().filter(holds).last().map(|item| item.shape.id)
    }

    /// What can be selected, in the order of reading.
    fn targets(&self) -> impl Iterator<Item = &Item> {
        self.tween.order.iter().filter_map(|id| self.tween.item(*id)).filter(|item| item.shape.target.is_some())
    }

    /// What can be selected next to a thing, in a direction: the nearest, by distance and by how far it is aside.
    pub fn beside(&self, id: Id, (dx, dy): (f64, f64)) -> Option<Id> {
        let (x, y) = self.tween.item(id)?.to.center();
        let cost = |item: &&Item| {
            let (to_x, to_y) = item.to.center();
            let ahead = (to_x - x) * dx + (to_y - y) * dy;
            let aside = ((to_x - x) * dy + (to_y - y) * dx).abs();
            (ahead > 1.0).then_some(ahead + 2.5 * aside)
        };
        let reached = self.targets().filter(|item| item.shape.id != id).filter_map(|item| Some((cost(&item)?, item)));
        reached.min_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, item)| item.shape.id)
    }

    /// The first or the last of all that can be selected.
    pub fn outermost(&self, last: bool) -> Option<Id> {
        if last { self.targets().last() } else { self.targets().next() }.map(|item| item.shape.id)
    }

    pub fn focus_on(&mut self, id: Id) {
        self.focus = Some(id);
        self.rove();
        if let Ok(index) = self.place_of(id) {
            give_focus(&self.drawn[index].group);
        }
    }
}

fn is_chosen(shape: &Shape, selected: Option<Selection>) -> bool {
    shape.target.is_some() && shape.target == selected
}

pub fn give_focus(element: &Element) {
    use wasm_bindgen::JsCast;
    if let Some(element) = element.dyn_ref::<SvgElement>() {
        let _ = element.focus();
    }
}

/// The transform under which a camera sees the drawing.
fn world(camera: Camera, size: Size) -> String {
    let mut transform =
        translate(size.width / 2.0 - camera.x * camera.zoom, size.height / 2.0 - camera.y * camera.zoom);
    transform.push_str(" scale(");
    push_fixed(&mut transform, camera.zoom, 4);
    transform.push(')');
    transform
}

impl Drawn {
    fn new(layer: &Element, shape: &Shape, selected: bool, hatch: &str) -> Drawn {
        let group = create(layer, "g", &markup::classes(shape, selected));
        set(&group, "data-id", &markup::id_text(shape.id.0));
        let is_silent = !matches!(shape.kind, Kind::Text(_)) && shape.text.is_empty() && shape.target.is_none();
        if is_silent {
            set(&group, "aria-hidden", "true");
        }
        let mut drawn = Drawn {
            id: shape.id,
            group,
            parts: Vec::new(),
            title: None,
            shape: shape.clone(),
            selected,
            tab: None,
            at: NOWHERE,
        };
        drawn.write(hatch);
        drawn.name();
        drawn
    }

    /// Looks like another shape of its identity, touching only what is different.
    fn change(&mut self, shape: &Shape, selected: bool, hatch: &str) {
        let old = &self.shape;
        let anew = old.kind != shape.kind
            || old.marks.0 & SIGNS.0 != shape.marks.0 & SIGNS.0
            || old.text.is_empty() != shape.text.is_empty()
            || old.note != shape.note
            || old.level.is_some() != shape.level.is_some()
            || old.target.is_some() != shape.target.is_some();
        // Texts change far more often than anything else.
        let retold = !shape.text.is_empty() && (old.text != shape.text || old.place.w != shape.place.w);
        let restyled = old.class != shape.class || old.marks != shape.marks || self.selected != selected;
        let renamed = old.title != shape.title || old.target != shape.target || self.selected != selected || anew;
        if !(anew || retold || restyled || renamed || old.place != shape.place || old.opacity != shape.opacity) {
            return;
        }
        self.shape = shape.clone();
        self.selected = selected;
        if restyled || renamed {
            set(&self.group, "class", &markup::classes(shape, selected));
        }
        if anew {
            self.write(hatch);
        } else if retold {
            self.retell();
        }
        if renamed {
            self.name();
        }
    }

    fn write(&mut self, hatch: &str) {
        self.group.set_inner_html(&markup::inside(&self.shape, hatch));
        self.parts = markup::parts(&self.shape).into_iter().zip(children(&self.group)).collect();
        self.title = None;
        self.at = NOWHERE;
    }

    /// The same elements with another text.
    fn retell(&self) {
        let is_text = matches!(self.shape.kind, Kind::Text(_));
        let told = self.parts.iter().find(|(part, _)| is_text || *part == Part::Label);
        if let Some((_, element)) = told {
            element.set_text_content(Some(&markup::told(&self.shape)));
        }
    }

    /// Its words: a title for the mouse, a name and a role for those who do not see it.
    fn name(&mut self) {
        let shape = &self.shape;
        match &self.title {
            Some(title) if shape.title.is_empty() => {
                title.remove();
                self.title = None;
            }
            Some(title) => title.set_text_content(Some(&shape.title)),
            None if shape.title.is_empty() => {}
            None => {
                let title = create(&self.group, "title", "");
                title.set_text_content(Some(&shape.title));
                self.title = Some(title);
            }
        }
        // The title is also its name; the texts inside are silent then.
        if shape.target.is_some() {
            set(&self.group, "role", "button");
            set(&self.group, "aria-pressed", if self.selected { "true" } else { "false" });
        } else {
            self.tab = None;
            for name in ["role", "aria-pressed", "tabindex"] {
                let _ = self.group.remove_attribute(name);
            }
        }
    }

    fn place(&mut self, at: At) {
        if self.at == at {
            return;
        }
        if (self.at.place.x, self.at.place.y) != (at.place.x, at.place.y) {
            set(&self.group, "transform", &translate(at.place.x, at.place.y));
        }
        if self.at.opacity != at.opacity {
            set_number(&self.group, "opacity", at.opacity);
        }
        let resized = (self.at.place.w, self.at.place.h) != (at.place.w, at.place.h);
        if resized || self.at.level != at.level {
            for (part, element) in self.parts.iter().filter(|(part, _)| resized || *part == Part::Level) {
                markup::follow(*part, &self.shape, at.place, at.level, |name, value| set_number(element, name, value));
                if let Some((name, value)) = markup::follow_text(*part, &self.shape, at.place) {
                    set(element, name, &value);
                }
            }
        }
        self.at = at;
    }
}

/// The marks that have a part of their own; the others are told by class alone.
const SIGNS: Marks = Marks(
    Marks::HIT.0
        | Marks::MISS.0
        | Marks::DIRTY.0
        | Marks::PINNED.0
        | Marks::LOGGED.0
        | Marks::DURABLE.0
        | Marks::STALE.0
        | Marks::FAILED.0
        | Marks::CROWNED.0
        | Marks::DELETED.0,
);
