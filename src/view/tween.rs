//! What happens between two drawings: which shapes stay, move, come and go.
//!
//! ```text
//!   from   A B   D            A stays, B moves, D leaves, C arrives
//!   to     A   B   C
//!   t      0 ───────────▶ 1   D is gone at 0.6, C begins to be seen at 0.3
//! ```
//!
//! **Invariant:** at t = 1 exactly the shapes of the second drawing are seen, where it has them.

use super::arrange::Place;
use super::camera::{Bounds, within};
use super::drawing::{Drawing, Id, Marks, Shape, Step};
use super::map::Map;
use super::swarm::Swarm;
use super::time_span::TimeSpan;
use glassbase_trace::sorting::sort_by_key;

/// A shape on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// As it looks during the step: as in the second drawing, or in the first if it leaves.
    pub shape: Shape,
    pub from: Place,
    pub to: Place,
    pub opacity: (f64, f64),
    pub level: (f64, f64),
    pub way: Way,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Stays,
    Arrives,
    Leaves,
}

/// A shape at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct At {
    pub place: Place,
    pub opacity: f64,
    pub level: f64,
}

impl Item {
    pub fn moves(&self) -> bool {
        self.from != self.to || self.opacity.0 != self.opacity.1 || self.level.0 != self.level.1
    }

    /// Where it is at `t` of the step, from 0 to 1.
    pub fn at(&self, t: f64) -> At {
        let t = within(t, 0.0, 1.0);
        let eased = if self.shape.even { t } else { t * t * (3.0 - 2.0 * t) };
        let mix = |from: f64, to: f64| if eased >= 1.0 { to } else { from + (to - from) * eased };
        let place = Place {
            x: mix(self.from.x, self.to.x),
            y: mix(self.from.y, self.to.y),
            w: mix(self.from.w, self.to.w),
            h: mix(self.from.h, self.to.h),
        };
        // What leaves makes room before what comes is there; what flies is seen until it has arrived.
        let shown = match self.way {
            Way::Leaves => within(t / 0.6, 0.0, 1.0),
            Way::Arrives => within((t - 0.3) / 0.7, 0.0, 1.0),
            Way::Stays if self.opacity.1 < self.opacity.0 => within((t - 0.85) / 0.15, 0.0, 1.0),
            Way::Stays => within(t / 0.15, 0.0, 1.0),
        };
        let opacity =
            if shown >= 1.0 { self.opacity.1 } else { self.opacity.0 + (self.opacity.1 - self.opacity.0) * shown };
        At { place, opacity, level: mix(self.level.0, self.level.1) }
    }
}

/// A step, ready to be shown at any moment of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tween {
    /// By id.
    pub items: Vec<Item>,
    /// The items that move, come or go.
    pub moving: Vec<usize>,
    /// Ids in the order in which the lab drew them: the order of reading.
    pub order: Vec<Id>,
    pub maps: Vec<Map>,
    pub words: String,
    pub time: Option<TimeSpan>,
    pub swarm: Swarm,
    pub width: f64,
    pub height: f64,
    /// Where the action is.
    pub action: Option<Bounds>,
}

impl Tween {
    pub fn of(step: Step) -> Tween {
        let Step { from, to, swarm } = step;
        let order = to.shapes.iter().map(|shape| shape.id).collect();
        let action = action(&to);
        let (before, after) = (by_id(from.shapes), by_id(to.shapes));
        let mut items = Vec::with_capacity(after.len());
        let (mut before, mut after) = (before.into_iter().peekable(), after.into_iter().peekable());
        loop {
            let item = match (before.peek().map(|shape| shape.id), after.peek().map(|shape| shape.id)) {
                (None, None) => break,
                (Some(old), Some(new)) if old == new => {
                    before.next().zip(after.next()).map(|(old, new)| stays(&old, new))
                }
                (Some(old), new) if new.is_none_or(|new| old < new) => before.next().map(leaves),
                _ => after.next().map(arrives),
            };
            items.extend(item);
        }
        let moving = items.iter().enumerate().filter(|(_, item)| item.moves()).map(|(index, _)| index).collect();
        let Drawing { width, height, maps, words, time, .. } = to;
        Tween { items, moving, order, maps, words, time, swarm, width, height, action }
    }

    pub fn item(&self, id: Id) -> Option<&Item> {
        self.items.binary_search_by_key(&id, |item| item.shape.id).ok().map(|index| &self.items[index])
    }

    /// The whole picture.
    pub fn whole(&self) -> Bounds {
        Bounds { left: 0.0, top: 0.0, right: self.width.max(1.0), bottom: self.height.max(1.0) }
    }
}

/// Sorted by id, each id once: the first of two is the one.
fn by_id(mut shapes: Vec<Shape>) -> Vec<Shape> {
    sort_by_key(&mut shapes, |shape| shape.id);
    shapes.dedup_by_key(|shape| shape.id);
    shapes
}

fn stays(old: &Shape, shape: Shape) -> Item {
    let (from, to) = (old.place, shape.place);
    let opacity = (old.opacity, shape.opacity);
    let level = (old.level.or(shape.level).unwrap_or(0.0), shape.level.unwrap_or(0.0));
    // A text is as long as it is: only where it stands moves.
    let from =
        if matches!(shape.kind, super::drawing::Kind::Text(_)) { Place { w: to.w, h: to.h, ..from } } else { from };
    Item { shape, from, to, opacity, level, way: Way::Stays }
}

fn leaves(shape: Shape) -> Item {
    let (place, level) = (shape.place, shape.level.unwrap_or(0.0));
    Item { from: place, to: place, opacity: (shape.opacity, 0.0), level: (level, level), way: Way::Leaves, shape }
}

fn arrives(shape: Shape) -> Item {
    let (place, level) = (shape.place, shape.level.unwrap_or(0.0));
    Item { from: place, to: place, opacity: (0.0, shape.opacity), level: (level, level), way: Way::Arrives, shape }
}

/// Where the things are that are current, or else those that are lit.
fn action(drawing: &Drawing) -> Option<Bounds> {
    let around = |marks: Marks| {
        let shapes = drawing.shapes.iter().filter(|shape| shape.marks.has(marks)).map(|shape| shape.place.bounds());
        shapes.reduce(|one, other| one.with(other))
    };
    let in_maps = || {
        let cells =
            drawing.maps.iter().flat_map(|map| map.lit.iter().map(|cell| map.cell_place(*cell as usize).bounds()));
        cells.reduce(|one, other| one.with(other))
    };
    around(Marks::CURRENT).or_else(|| around(Marks::LIT)).or_else(in_maps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::chip;

    fn drawing(boxes: &[(u64, f64)]) -> Drawing {
        let mut drawing = Drawing::new(0.0, "Boxes.");
        for (number, x) in boxes {
            drawing.add(Shape::rect(Id::of("box", *number), Place::new(*x, 0.0, 10.0, 10.0)));
        }
        drawing
    }

    fn tween(from: &[(u64, f64)], to: &[(u64, f64)]) -> Tween {
        Tween::of(Step::between(drawing(from), drawing(to)))
    }

    #[test]
    fn shapes_stay_move_come_and_go() {
        let tween = tween(&[(1, 0.0), (2, 20.0), (4, 60.0)], &[(1, 0.0), (2, 40.0), (3, 80.0)]);
        let way = |number| tween.item(Id::of("box", number)).map(|item| (item.way, item.moves()));
        assert_eq!(way(1), Some((Way::Stays, false)));
        assert_eq!(way(2), Some((Way::Stays, true)));
        assert_eq!(way(3), Some((Way::Arrives, true)));
        assert_eq!(way(4), Some((Way::Leaves, true)));
        assert_eq!(tween.moving.len(), 3);
        assert_eq!(tween.order, [1, 2, 3].map(|number| Id::of("box", number)));
    }

    #[test]
    fn at_both_ends_it_is_the_drawings() {
        let boxes: Vec<(u64, f64)> = (0..200).map(|number| (number * 7 % 101, number as f64)).collect();
        let (from, to) = (&boxes[..80], &boxes[40..101]);
        let tween = tween(from, to);
        for (t, wanted) in [(0.0, from), (1.0, to)] {
            let seen: Vec<&Item> = tween.items.iter().filter(|item| item.at(t).opacity > 0.0).collect();
            assert_eq!(seen.len(), wanted.len());
            for (number, x) in wanted {
                let at = tween.item(Id::of("box", *number)).unwrap().at(t);
                assert_eq!((at.place, at.opacity), (Place::new(*x, 0.0, 10.0, 10.0), 1.0));
            }
        }
    }

    #[test]
    fn in_between_it_is_in_between() {
        let tween = tween(&[(1, 0.0)], &[(1, 100.0)]);
        let x = |t| tween.items[0].at(t).place.x;
        assert_eq!(x(0.5), 50.0);
        assert!((1..=10).all(|tenth| x(f64::from(tenth) / 10.0) > x(f64::from(tenth - 1) / 10.0)));
        assert!(x(0.1) < 10.0, "it begins gently");
    }

    #[test]
    fn what_flies_is_seen_on_its_way_and_gone_at_the_end() {
        let mut step = Step::between(drawing(&[]), drawing(&[]));
        step.flight(chip(Id(9), (0.0, 0.0), "row"), Place::new(100.0, 50.0, 30.0, 20.0));
        let tween = Tween::of(step);
        let seen = |t: f64| tween.items[0].at(t).opacity;
        assert_eq!((seen(0.0), seen(0.5), seen(0.84), seen(1.0)), (1.0, 1.0, 1.0, 0.0));
    }

    #[test]
    fn an_id_that_is_there_twice_does_no_harm() {
        let tween = tween(&[(1, 0.0), (1, 5.0)], &[(1, 9.0), (1, 7.0)]);
        assert_eq!(tween.items.len(), 1);
        assert_eq!(tween.items[0].at(1.0).place.x, 9.0);
    }

    #[test]
    fn the_action_is_what_is_current() {
        let mut to = drawing(&[(1, 0.0), (2, 50.0), (3, 90.0)]);
        to.shapes[1].marks = Marks::LIT;
        assert_eq!(Tween::of(Step::between(Drawing::default(), to.clone())).action.map(|at| at.left), Some(50.0));
        to.shapes[2].marks = Marks::CURRENT;
        assert_eq!(Tween::of(Step::between(Drawing::default(), to)).action.map(|at| at.left), Some(90.0));
    }
}
