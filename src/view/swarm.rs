//! Many small things at once, for a canvas: what is denser than elements can be.
//!
//! ```text
//!   motes     ● ○ ●      each goes from a place to a place during a step: messages on their way
//!   strokes   ╲ ╱ ╲      each stands where it is during a step: arrows of a diagram of time
//! ```
//!
//! A shape costs an element, its attributes and its words; these cost a few numbers. They have no words of their own: what
//! a click finds is told by the inspector, and [`Swarm::words`] tells of all together.

use super::Selection;
use super::camera::within;

/// The colour of a thing, by its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tint {
    Accent,
    Logged,
    Hit,
    Dirty,
    Failed,
    Muted,
}

/// A disc.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mote {
    pub from: (f64, f64),
    pub to: (f64, f64),
    /// At the beginning of the step, and at its end.
    pub opacity: (f64, f64),
    pub radius: f64,
    pub tint: Tint,
    /// A ring, not filled.
    pub hollow: bool,
    pub target: Selection,
}

impl Mote {
    /// Where it is at `t` of the step, and how much of it is seen: it moves evenly, and goes only when it has arrived.
    pub fn at(&self, t: f64) -> ((f64, f64), f64) {
        let t = within(t, 0.0, 1.0);
        let mix = |from: f64, to: f64| if t >= 1.0 { to } else { from + (to - from) * t };
        let gone = if self.opacity.1 < self.opacity.0 { (t - 0.85) / 0.15 } else { t / 0.15 };
        let opacity = self.opacity.0 + (self.opacity.1 - self.opacity.0) * within(gone, 0.0, 1.0);
        ((mix(self.from.0, self.to.0), mix(self.from.1, self.to.1)), opacity)
    }
}

/// A line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    pub from: (f64, f64),
    pub to: (f64, f64),
    pub opacity: f64,
    pub width: f64,
    pub tint: Tint,
    /// It ends in a cross.
    pub lost: bool,
    /// An arrow's head at its end.
    pub head: bool,
    pub target: Selection,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Swarm {
    pub motes: Vec<Mote>,
    pub strokes: Vec<Stroke>,
    pub words: String,
}

impl Swarm {
    pub fn is_empty(&self) -> bool {
        self.motes.is_empty() && self.strokes.is_empty()
    }

    /// What is at a point of the drawing, at `t` of the step: the nearest mote within `reach`, or else the nearest stroke.
    pub fn at(&self, point: (f64, f64), t: f64, reach: f64) -> Option<Selection> {
        let seen = self.motes.iter().map(|mote| (mote.at(t), mote)).filter(|((_, opacity), _)| *opacity > 0.0);
        let motes = seen.map(|((place, _), mote)| (distance(place, point) - mote.radius, mote.target));
        let strokes = || self.strokes.iter().map(|stroke| (aside(stroke.from, stroke.to, point), stroke.target));
        let nearest = |one: (f64, Selection), other: (f64, Selection)| if other.0 < one.0 { other } else { one };
        let mote = motes.reduce(nearest).filter(|(distance, _)| *distance <= reach);
        mote.or_else(|| strokes().reduce(nearest).filter(|(distance, _)| *distance <= reach)).map(|(_, target)| target)
    }
}

fn distance(one: (f64, f64), other: (f64, f64)) -> f64 {
    let (dx, dy) = (one.0 - other.0, one.1 - other.1);
    (dx * dx + dy * dy).sqrt()
}

/// How far a point is from a line between two.
fn aside(from: (f64, f64), to: (f64, f64), point: (f64, f64)) -> f64 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx * dx + dy * dy;
    let share = if length == 0.0 { 0.0 } else { ((point.0 - from.0) * dx + (point.1 - from.1) * dy) / length };
    let share = within(share, 0.0, 1.0);
    distance((from.0 + dx * share, from.1 + dy * share), point)
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbase_trace::MessageId;

    const MOTE: Mote = Mote {
        from: (0.0, 0.0),
        to: (100.0, 0.0),
        opacity: (1.0, 1.0),
        radius: 3.0,
        tint: Tint::Hit,
        hollow: false,
        target: Selection::Message(MessageId(1)),
    };

    #[test]
    fn a_mote_moves_evenly_and_goes_when_it_has_arrived() {
        assert_eq!(MOTE.at(0.25), ((25.0, 0.0), 1.0));
        let leaving = Mote { opacity: (1.0, 0.0), ..MOTE };
        assert_eq!(leaving.at(0.8), ((80.0, 0.0), 1.0));
        assert_eq!(leaving.at(1.0), ((100.0, 0.0), 0.0));
    }

    #[test]
    fn what_is_nearest_is_found_and_what_is_gone_is_not() {
        let stroke = Stroke {
            from: (0.0, 50.0),
            to: (100.0, 50.0),
            opacity: 1.0,
            width: 1.0,
            tint: Tint::Muted,
            lost: false,
            head: true,
            target: Selection::Message(MessageId(2)),
        };
        let leaving = Mote { opacity: (1.0, 0.0), target: Selection::Message(MessageId(3)), ..MOTE };
        let swarm = Swarm { motes: vec![MOTE, leaving], strokes: vec![stroke], words: String::new() };
        let found = |point, t| swarm.at(point, t, 6.0);
        assert_eq!(found((52.0, 4.0), 0.5), Some(Selection::Message(MessageId(1))));
        assert_eq!(found((70.0, 46.0), 0.5), Some(Selection::Message(MessageId(2))));
        assert_eq!(found((70.0, 25.0), 0.5), None);
        assert_eq!(found((100.0, 0.0), 1.0), Some(Selection::Message(MessageId(1))));
    }
}
