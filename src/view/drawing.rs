//! The vocabulary of pictures: what a lab's scene is made of, as plain data.
//!
//! ```text
//!   view before ─┐                       ┌─ from: Drawing ─┐
//!                ├─ a lab's draw(&Ask) ──┤                 ├─ Tween ── plate: elements by id
//!   view after  ─┘                       └─ to:   Drawing ─┘
//! ```
//!
//! A lab writes one function that turns a [`View`] into a [`Drawing`]; [`Step::of`] calls it for both ends of a step. A
//! shape of one [`Id`] in both is the same thing: it moves and grows from here to there. One that is only in the first
//! fades out, one that is only in the second fades in.
//!
//! A shape says what it *means* ([`Marks`]: dirty, pinned, durable), not what colour it has: the plate gives each meaning
//! its colour and its shape, everywhere the same (dirty is a corner, pinned a pin, durable a double line, and so on).
//!
//! **Invariant:** ids are unique in a drawing, every number is finite, and what can be selected has a title.
//! [`Drawing::problems`] says where that does not hold; every scene has a test that asks it.

use std::ops::{BitOr, BitOrAssign};

use super::arrange::Place;
use super::camera::Size;
use super::map::Map;
use super::swarm::Swarm;
use super::time_span::TimeSpan;
use super::{Selection, View};
use glassbase_trace::Record;

/// The identity of a shape: a word and a number, or several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(pub u64);

impl Id {
    /// `Id::of("frame", 3)`.
    pub const fn of(word: &str, number: u64) -> Id {
        // FNV-1a (Fowler, Noll, Vo): short, and apart enough for some thousand names.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut at = 0;
        while at < word.len() {
            hash = (hash ^ word.as_bytes()[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
            at += 1;
        }
        Id(hash).and(number)
    }

    /// A part of this thing: `Id::of("page", 7).and(slot)`.
    pub const fn and(self, number: u64) -> Id {
        // The last steps of splitmix64 (Steele, Lea, Flood, 2014): neighbours end up far apart.
        let mut mixed = self.0 ^ number.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Id(mixed ^ (mixed >> 31))
    }
}

/// What a shape means. The plate draws each with its colour and its own sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(pub u32);

impl Marks {
    pub const NONE: Marks = Marks(0);
    /// A filled dot.
    pub const HIT: Marks = Marks(1);
    /// A ring.
    pub const MISS: Marks = Marks(1 << 1);
    /// A corner notch.
    pub const DIRTY: Marks = Marks(1 << 2);
    /// A pin.
    pub const PINNED: Marks = Marks(1 << 3);
    /// A dashed outline in the colour of a miss: it is on its way out.
    pub const EVICTED: Marks = Marks(1 << 4);
    /// Written, not yet durable: an arrow down.
    pub const LOGGED: Marks = Marks(1 << 5);
    /// A double line.
    pub const DURABLE: Marks = Marks(1 << 6);
    /// A hatch: there, but not valid any more.
    pub const STALE: Marks = Marks(1 << 7);
    /// A cross.
    pub const FAILED: Marks = Marks(1 << 8);
    /// What the record is about: accent outline.
    pub const LIT: Marks = Marks(1 << 9);
    /// Where the action is: accent outline, strong; the camera follows it.
    pub const CURRENT: Marks = Marks(1 << 10);
    /// Less important: muted ink.
    pub const MUTED: Marks = Marks(1 << 11);
    /// A dashed outline: a place that is empty, or a thing that is only on the disk.
    pub const EMPTY: Marks = Marks(1 << 12);
    /// Filled with accent: found, answered, the one.
    pub const FOUND: Marks = Marks(1 << 13);
    /// A crown bar: the newest version, the root, the leader.
    pub const CROWNED: Marks = Marks(1 << 14);
    /// Struck through: deleted.
    pub const DELETED: Marks = Marks(1 << 15);

    pub const fn has(self, other: Marks) -> bool {
        self.0 & other.0 != 0
    }

    /// These marks when `is`, else none.
    pub const fn when(self, is: bool) -> Marks {
        if is { self } else { Marks::NONE }
    }

    /// Each mark, its class and its word for those who do not see it.
    pub const ALL: &'static [(Marks, &'static str)] = &[
        (Marks::HIT, "hit"),
        (Marks::MISS, "miss"),
        (Marks::DIRTY, "dirty"),
        (Marks::PINNED, "pinned"),
        (Marks::EVICTED, "evicted"),
        (Marks::LOGGED, "logged"),
        (Marks::DURABLE, "durable"),
        (Marks::STALE, "stale"),
        (Marks::FAILED, "failed"),
        (Marks::LIT, "lit"),
        (Marks::CURRENT, "current"),
        (Marks::MUTED, "muted"),
        (Marks::EMPTY, "empty"),
        (Marks::FOUND, "found"),
        (Marks::CROWNED, "crowned"),
        (Marks::DELETED, "deleted"),
    ];
}

impl BitOr for Marks {
    type Output = Marks;
    fn bitor(self, other: Marks) -> Marks {
        Marks(self.0 | other.0)
    }
}

impl BitOrAssign for Marks {
    fn bitor_assign(&mut self, other: Marks) {
        self.0 |= other.0;
    }
}

/// Where a text stands at its point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anchor {
    #[default]
    Start,
    Middle,
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heads {
    None,
    End,
    Both,
}

/// What a shape is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A rounded box with a text in its middle. Its place is its place.
    Rect,
    /// A straight line from the place's corner over its width and height (which may be negative).
    Line(Heads),
    /// As a line, but bent: it leaves and arrives vertically.
    Curve(Heads),
    /// A text whose base line begins (or ends, or has its middle) at the place's corner. A width cuts it.
    Text(Anchor),
    /// A path in SVG's language, counted from the place's corner: curves of charts, brackets.
    Path(String),
    /// A disc around the place's corner, `w` wide.
    Dot,
}

/// What lies over what. In one layer nothing should overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Backgrounds, frames around groups.
    Ground,
    /// Lines between things.
    Lines,
    Things,
    /// Texts, dots.
    Signs,
    /// What flies over everything.
    Flying,
}

impl Layer {
    pub const COUNT: usize = 5;
}

/// One thing of a drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    pub id: Id,
    pub kind: Kind,
    pub place: Place,
    pub layer: Layer,
    /// Its style: see www/plate.css. "box", "slot", "panel", "chip", "bar", "title", "label", "quiet", "mono", "curve".
    pub class: &'static str,
    pub marks: Marks,
    pub text: String,
    /// Small, in the left upper corner of a box.
    pub note: String,
    /// How full: a gauge at the lower edge of a box.
    pub level: Option<f64>,
    pub opacity: f64,
    /// It moves as time does: not gently at both ends.
    pub even: bool,
    /// What a click on it selects; it can be reached by the keyboard then.
    pub target: Option<Selection>,
    /// What it is, in words: shown by the mouse, read out.
    pub title: String,
}

/// A shape is made in some three hundred places. It has 140 bytes, and the compiler takes a function that only copies them
/// for one that costs nothing: inlined, each place would hold loads and stores for every field, so no function here is.
impl Shape {
    #[inline(never)]
    fn new(id: Id, kind: Kind, place: Place, layer: Layer, class: &'static str) -> Shape {
        let (text, note, title) = (String::new(), String::new(), String::new());
        let marks = Marks::NONE;
        Shape {
            id,
            kind,
            place,
            layer,
            class,
            marks,
            text,
            note,
            level: None,
            opacity: 1.0,
            even: false,
            target: None,
            title,
        }
    }

    /// A box.
    #[inline(never)]
    pub fn rect(id: Id, place: Place) -> Shape {
        Shape::new(id, Kind::Rect, place, Layer::Things, "box")
    }

    /// A quiet frame around a group of things.
    #[inline(never)]
    pub fn panel(id: Id, place: Place) -> Shape {
        Shape::new(id, Kind::Rect, place, Layer::Ground, "panel")
    }

    /// A line of text.
    #[inline(never)]
    pub fn text(id: Id, x: f64, y: f64, text: impl Into<String>) -> Shape {
        let mut shape = Shape::new(id, Kind::Text(Anchor::Start), Place::point(x, y), Layer::Signs, "label");
        shape.text = text.into();
        shape
    }

    /// The title of a group of things.
    #[inline(never)]
    pub fn title_of(id: Id, x: f64, y: f64, text: impl Into<String>) -> Shape {
        Shape::text(id, x, y, text).class("title")
    }

    #[inline(never)]
    pub fn line(id: Id, from: (f64, f64), to: (f64, f64)) -> Shape {
        Shape::new(id, Kind::Line(Heads::None), Place::between(from, to), Layer::Lines, "line")
    }

    /// A line with a head at its end.
    #[inline(never)]
    pub fn arrow(id: Id, from: (f64, f64), to: (f64, f64)) -> Shape {
        Shape::new(id, Kind::Line(Heads::End), Place::between(from, to), Layer::Lines, "line")
    }

    /// A bent arrow: from the lower edge of something to the upper edge of something else.
    #[inline(never)]
    pub fn curve(id: Id, from: (f64, f64), to: (f64, f64)) -> Shape {
        Shape::new(id, Kind::Curve(Heads::End), Place::between(from, to), Layer::Lines, "line")
    }

    #[inline(never)]
    pub fn path(id: Id, x: f64, y: f64, d: String) -> Shape {
        Shape::new(id, Kind::Path(d), Place::point(x, y), Layer::Lines, "curve")
    }

    #[inline(never)]
    pub fn dot(id: Id, x: f64, y: f64, radius: f64) -> Shape {
        let place = Place { x, y, w: 2.0 * radius, h: 2.0 * radius };
        Shape::new(id, Kind::Dot, place, Layer::Signs, "dot")
    }

    #[must_use]
    #[inline(never)]
    pub fn class(self, class: &'static str) -> Shape {
        Shape { class, ..self }
    }

    /// These marks besides those that it has.
    #[must_use]
    #[inline(never)]
    pub fn marks(self, marks: Marks) -> Shape {
        Shape { marks: self.marks | marks, ..self }
    }

    /// A mark if something is so.
    #[must_use]
    #[inline(never)]
    pub fn mark(self, marks: Marks, is: bool) -> Shape {
        self.marks(marks.when(is))
    }

    #[must_use]
    #[inline(never)]
    pub fn label(self, text: impl Into<String>) -> Shape {
        Shape { text: text.into(), ..self }
    }

    #[must_use]
    #[inline(never)]
    pub fn note(self, note: impl Into<String>) -> Shape {
        Shape { note: note.into(), ..self }
    }

    #[must_use]
    #[inline(never)]
    pub fn level(self, level: f64) -> Shape {
        Shape { level: Some(level), ..self }
    }

    #[must_use]
    #[inline(never)]
    pub fn opacity(self, opacity: f64) -> Shape {
        Shape { opacity, ..self }
    }

    /// Moves evenly.
    #[must_use]
    pub fn evenly(self) -> Shape {
        Shape { even: true, ..self }
    }

    #[must_use]
    #[inline(never)]
    pub fn layer(self, layer: Layer) -> Shape {
        Shape { layer, ..self }
    }

    #[must_use]
    #[inline(never)]
    pub fn anchor(self, anchor: Anchor) -> Shape {
        Shape { kind: Kind::Text(anchor), ..self }
    }

    /// The width that a text has: what is longer is cut.
    #[must_use]
    #[inline(never)]
    pub fn room(mut self, width: f64) -> Shape {
        self.place.w = width;
        self
    }

    #[must_use]
    #[inline(never)]
    pub fn heads(self, heads: Heads) -> Shape {
        let kind = match self.kind {
            Kind::Curve(_) => Kind::Curve(heads),
            _ => Kind::Line(heads),
        };
        Shape { kind, ..self }
    }

    /// What a click selects, and what it is in words.
    #[must_use]
    #[inline(never)]
    pub fn target(self, target: Selection, title: impl Into<String>) -> Shape {
        Shape { target: Some(target), title: title.into(), ..self }
    }

    /// What it is in words, for something that cannot be selected.
    #[must_use]
    #[inline(never)]
    pub fn said(self, title: impl Into<String>) -> Shape {
        Shape { title: title.into(), ..self }
    }
}

/// A picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawing {
    pub width: f64,
    pub height: f64,
    pub shapes: Vec<Shape>,
    pub maps: Vec<Map>,
    /// Where it is a diagram of time, which is zoomed and pulled by itself.
    pub time: Option<TimeSpan>,
    /// The whole of it in words, for those who do not see it: one or two sentences.
    pub words: String,
}

impl Drawing {
    pub fn new(width: f64, words: impl Into<String>) -> Drawing {
        Drawing { width, words: words.into(), ..Drawing::default() }
    }

    /// Adds a shape; the drawing grows to hold it.
    #[inline(never)]
    pub fn add(&mut self, shape: Shape) {
        let place = shape.place;
        let (right, bottom) = (place.x + place.w.max(0.0), place.y + place.h.max(0.0));
        let is_text = matches!(shape.kind, Kind::Text(_));
        self.width = self.width.max(if is_text { 0.0 } else { right });
        self.height = self.height.max(if is_text { place.y + 4.0 } else { bottom });
        self.shapes.push(shape);
    }

    pub fn extend(&mut self, shapes: impl IntoIterator<Item = Shape>) {
        shapes.into_iter().for_each(|shape| self.add(shape));
    }

    /// Adds a dense grid.
    pub fn map(&mut self, map: Map) {
        let place = map.place();
        self.width = self.width.max(place.right());
        self.height = self.height.max(place.bottom());
        self.maps.push(map);
    }

    /// An arrow from the nearest edge of one box to that of another.
    pub fn join(&mut self, id: Id, from: Place, to: Place) {
        let (start, end) = super::arrange::joint(from, to);
        self.add(Shape::arrow(id, start, end));
    }

    /// What does not hold of the drawing: an id twice, a number that is none, something to select without words.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut ids: Vec<(Id, usize)> = self.shapes.iter().enumerate().map(|(at, shape)| (shape.id, at)).collect();
        ids.sort_unstable();
        for pair in ids.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            let said = |at: usize| {
                format!("{:?} \"{}\" at {:?}", self.shapes[at].kind, self.shapes[at].text, self.shapes[at].place)
            };
            problems.push(format!("the same id twice: {} and {}", said(pair[0].1), said(pair[1].1)));
        }
        for shape in &self.shapes {
            if !shape.place.is_finite()
                || !shape.opacity.is_finite()
                || shape.level.is_some_and(|level| !level.is_finite())
            {
                problems.push(format!("a number that is none: {shape:?}"));
            }
            if shape.target.is_some() && shape.title.is_empty() {
                problems.push(format!("something to select without words: {shape:?}"));
            }
        }
        problems.extend(
            self.maps.iter().filter(|map| map.words.is_empty()).map(|map| format!("a map without words: {:?}", map.id)),
        );
        if self.words.is_empty() {
            problems.push("a drawing without words".to_string());
        }
        problems
    }
}

/// What a scene is drawn from.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    pub before: &'a View,
    pub after: &'a View,
    /// The view at the end of the run: sizes taken from it fit all the way, so that nothing jumps.
    pub end: &'a View,
    /// The end of the run that stands beside this one in a comparison: both are drawn to one scale.
    pub beside: Option<&'a View>,
    /// What happens between the two.
    pub record: Option<&'a Record>,
    /// The room on the stage, in the units of the drawing. One that is not larger needs no scrolling.
    pub room: Size,
    pub selected: Option<Selection>,
    pub look: Look,
}

/// How a person looks at a picture that has a stage and a diagram of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    pub face: Face,
    /// How much closer than usual the diagram shows time.
    pub zoom: f64,
    /// Where a person has pulled the diagram to; else it goes with the playhead.
    pub from_ns: Option<u64>,
}

impl Default for Look {
    fn default() -> Look {
        Look { face: Face::Both, zoom: 1.0, from_ns: None }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    Stage,
    Both,
    Time,
}

/// A step of a trace as two pictures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    pub from: Drawing,
    pub to: Drawing,
    /// What is too many for shapes.
    pub swarm: Swarm,
}

impl Step {
    pub fn between(from: Drawing, to: Drawing) -> Step {
        Step { from, to, swarm: Swarm::default() }
    }

    /// The same function for both ends.
    pub fn of(ask: &Ask, draw: impl Fn(&View) -> Drawing) -> Step {
        Step::between(draw(ask.before), draw(ask.after))
    }

    /// A thing that goes from one place to another during this step, and is not there otherwise: a row on its way to a
    /// page, a page on its way to the disk.
    pub fn flight(&mut self, chip: Shape, to: Place) {
        let chip = chip.layer(Layer::Flying);
        let arrived = Shape { place: to, opacity: 0.0, ..chip.clone() };
        self.from.shapes.push(chip);
        self.to.shapes.push(arrived);
    }
}

/// A chip that flies: a small box around a text, its middle at `x`, `y`.
pub fn chip(id: Id, (x, y): (f64, f64), text: impl Into<String>) -> Shape {
    let text = text.into();
    let w = text.chars().count() as f64 * super::arrange::MONO_W + 14.0;
    let place = Place { x: x - w / 2.0, y: y - 10.0, w, h: 20.0 };
    Shape::rect(id, place).class("chip").label(text).layer(Layer::Flying)
}

/// Draws a step.
pub type Draw = fn(&Ask) -> Step;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_by_word_and_by_number() {
        let mut ids: Vec<Id> = (0..2000).flat_map(|number| [Id::of("frame", number), Id::of("page", number)]).collect();
        ids.extend((0..50).flat_map(|page| (0..50).map(move |slot| Id::of("page", page).and(slot))));
        ids.sort_unstable();
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn a_drawing_grows_with_what_is_in_it_and_says_what_is_wrong() {
        let mut drawing = Drawing::new(10.0, "A frame.");
        drawing.add(Shape::rect(Id::of("frame", 1), Place { x: 5.0, y: 5.0, w: 40.0, h: 20.0 }));
        assert_eq!((drawing.width, drawing.height), (45.0, 25.0));
        assert!(drawing.problems().is_empty());
        let twice = Shape { target: Some(Selection::Entry(3)), ..Shape::text(Id::of("frame", 1), f64::NAN, 1.0, "a") };
        drawing.add(twice);
        assert_eq!(drawing.problems().len(), 3);
    }
}
