//! What a shape consists of in the document, and how each part follows the shape's width and height.
//!
//! ```text
//!   ●note ──crown── ◥       ● hit  ○ miss  × failed      ◥ dirty
//!   │     label     │       crown bar: the newest        double line: durable
//!   ↓▬▬▬▬level▬▬▬▬▬⚲        ↓ logged     ⚲ pinned        hatch: stale
//! ```

use crate::app::room::svg::{attribute, digits, escaped, num, path};
use crate::view::arrange::Place;
use crate::view::camera::within;
use crate::view::drawing::{Anchor, Heads, Kind, Marks, Shape};

/// A part of a shape that depends on its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Body,
    /// The second line of what is durable.
    Inner,
    Hatch,
    Crown,
    Gauge,
    Level,
    /// Signs at corners.
    RightTop,
    RightBottom,
    LeftBottom,
    Label,
    /// Strikes the label through.
    Strike,
    Line,
    Dot,
    /// Depends on nothing.
    Fixed,
}

/// Height of a gauge.
const GAUGE_H: f64 = 3.0;
const RADIUS: f64 = 4.0;

/// The parts of a shape, in the order in which they stand in the document.
pub fn parts(shape: &Shape) -> Vec<Part> {
    let has = |marks: Marks| shape.marks.has(marks);
    match shape.kind {
        Kind::Rect => {
            let mut parts = vec![Part::Body];
            let wanted = [
                (has(Marks::STALE), Part::Hatch),
                (has(Marks::DURABLE), Part::Inner),
                (shape.level.is_some(), Part::Gauge),
                (shape.level.is_some(), Part::Level),
                (has(Marks::CROWNED), Part::Crown),
                (has(Marks::DIRTY), Part::RightTop),
                (has(Marks::PINNED), Part::RightBottom),
                (has(Marks::LOGGED), Part::LeftBottom),
                (has(Marks::HIT | Marks::MISS | Marks::FAILED), Part::Fixed),
                (!shape.note.is_empty(), Part::Fixed),
                (!shape.text.is_empty(), Part::Label),
                (has(Marks::DELETED), Part::Strike),
            ];
            parts.extend(wanted.iter().filter(|(is, _)| *is).map(|(_, part)| *part));
            parts
        }
        // What can be selected is hit beside its thin line too.
        Kind::Line(_) | Kind::Curve(_) if shape.target.is_some() => vec![Part::Line, Part::Line],
        Kind::Line(_) | Kind::Curve(_) => vec![Part::Line],
        Kind::Dot => vec![Part::Dot],
        Kind::Path(_) if shape.target.is_some() => vec![Part::Fixed, Part::Fixed],
        Kind::Text(_) | Kind::Path(_) => vec![Part::Fixed],
    }
}

/// Everything of the shape's group that does not depend on its size, each part an element.
pub fn inside(shape: &Shape, hatch: &str) -> String {
    let mut out = String::with_capacity(400);
    match &shape.kind {
        Kind::Rect => boxed(&mut out, shape, hatch),
        Kind::Line(_) | Kind::Curve(_) => {
            out.push_str("<path class=\"stroke\"/>");
            if shape.target.is_some() {
                out.push_str("<path class=\"reach\"/>");
            }
        }
        Kind::Dot => out.push_str("<circle class=\"body\"/>"),
        Kind::Path(d) => {
            path(&mut out, "stroke", d);
            if shape.target.is_some() {
                path(&mut out, "reach", d);
            }
        }
        Kind::Text(anchor) => {
            out.push_str(match anchor {
                Anchor::Start => "<text>",
                Anchor::Middle => "<text class=\"middle\">",
                Anchor::End => "<text class=\"end\">",
            });
            escaped(&mut out, &told(shape));
            out.push_str("</text>");
        }
    }
    out
}

fn boxed(out: &mut String, shape: &Shape, hatch: &str) {
    let has = |marks: Marks| shape.marks.has(marks);
    // What can be selected is named by its title, which says it better than the texts inside.
    let silence = if shape.target.is_some() { " aria-hidden=\"true\">" } else { ">" };
    out.push_str("<rect class=\"body\"/>");
    if has(Marks::STALE) {
        out.push_str("<rect class=\"hatch\" fill=\"url(#");
        out.push_str(hatch);
        out.push_str(")\"/>");
    }
    if has(Marks::DURABLE) {
        out.push_str("<rect class=\"inner\"/>");
    }
    if shape.level.is_some() {
        out.push_str("<rect class=\"gauge\"/><rect class=\"level\"/>");
    }
    if has(Marks::CROWNED) {
        out.push_str("<rect class=\"crown\"/>");
    }
    if has(Marks::DIRTY) {
        path(out, "notch", "M-11 0H-4Q0 0 0 4V11Z");
    }
    if has(Marks::PINNED) {
        path(out, "pin", "M-7-13a2.4 2.4 0 1 1-.1 0M-7-8v5.5");
    }
    if has(Marks::LOGGED) {
        path(out, "arrow-down", "M7-12v8m-2.8-2.8L7-4l2.8-2.8");
    }
    let aside = if shape.note.is_empty() { 7.0 } else { 11.0 + 5.7 * shape.note.chars().count() as f64 };
    if has(Marks::FAILED) {
        sign(out, "cross", aside, "m-3-3l6 6m0-6l-6 6");
    } else if has(Marks::HIT) {
        sign(out, "dot-hit", aside, "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0");
    } else if has(Marks::MISS) {
        sign(out, "ring-miss", aside, "m-2.7 0a2.7 2.7 0 1 0 5.4 0a2.7 2.7 0 1 0-5.4 0");
    }
    if !shape.note.is_empty() {
        out.push_str("<text class=\"note\" x=\"5\" y=\"10.5\"");
        out.push_str(silence);
        escaped(out, &shape.note);
        out.push_str("</text> ");
    }
    if !shape.text.is_empty() {
        out.push_str("<text class=\"middle\"");
        out.push_str(silence);
        escaped(out, &told(shape));
        out.push_str("</text> ");
    }
    if has(Marks::DELETED) {
        out.push_str("<path class=\"strike\"/>");
    }
}

/// A sign in the left upper corner.
fn sign(out: &mut String, class: &str, x: f64, d: &str) {
    let mut whole = String::from("M");
    num(&mut whole, x);
    whole.push_str(" 7");
    whole.push_str(d);
    path(out, class, &whole);
}

/// A shape's text, as much of it as there is room for.
pub fn told(shape: &Shape) -> String {
    use crate::view::arrange::{MONO_W, SANS_W, cut};
    let width = if matches!(shape.kind, Kind::Rect) { shape.place.w - 6.0 } else { shape.place.w };
    if width <= 0.0 {
        return shape.text.clone();
    }
    let sans = matches!(shape.class, "title" | "label" | "quiet" | "panel");
    cut(&shape.text, width, if sans { SANS_W } else { MONO_W })
}

/// What the size of a shape makes of a part: attributes by name.
pub fn follow(part: Part, shape: &Shape, place: Place, level: f64, mut set: impl FnMut(&str, f64)) {
    let (w, h) = (place.w.max(0.0), place.h.max(0.0));
    let mut rect = |x: f64, y: f64, width: f64, height: f64, radius: f64| {
        for (name, value) in
            [("x", x), ("y", y), ("width", width.max(0.0)), ("height", height.max(0.0)), ("rx", radius)]
        {
            set(name, value);
        }
    };
    let radius = if shape.class == "bar" { 1.5 } else { RADIUS.min(h / 2.0).min(w / 2.0) };
    match part {
        Part::Body => rect(0.0, 0.0, w, h, radius),
        Part::Hatch => rect(1.0, 1.0, w - 2.0, h - 2.0, radius),
        Part::Inner => rect(2.5, 2.5, w - 5.0, h - 5.0, (radius - 2.0).max(0.0)),
        Part::Crown => rect(5.0, -4.0, w - 10.0, 2.5, 1.0),
        Part::Gauge => rect(5.0, h - GAUGE_H - 3.0, w - 10.0, GAUGE_H, GAUGE_H / 2.0),
        Part::Level => {
            let width = (w - 10.0) * level;
            rect(5.0, h - GAUGE_H - 3.0, if level > 0.0 { width.max(GAUGE_H) } else { 0.0 }, GAUGE_H, GAUGE_H / 2.0);
        }
        Part::Label => {
            set("x", w / 2.0);
            let below_note = if shape.note.is_empty() { 0.0 } else { within((38.0 - h) / 2.0 + 2.0, 0.0, 3.0) };
            set("y", h / 2.0 + if shape.level.is_some() { 2.0 } else { 4.2 } + below_note);
        }
        Part::Dot => set("r", w / 2.0),
        Part::RightTop | Part::RightBottom | Part::LeftBottom | Part::Line | Part::Strike | Part::Fixed => {}
    }
}

/// What the size of a shape makes of a part: its transform or its path, and which of the two.
pub fn follow_text(part: Part, shape: &Shape, place: Place) -> Option<(&'static str, String)> {
    let Place { w, h, .. } = place;
    let moved = |x: f64, y: f64| Some(("transform", crate::app::room::svg::translate(x, y)));
    match part {
        Part::RightTop => moved(w, 0.0),
        Part::RightBottom => moved(w, h),
        Part::LeftBottom => moved(0.0, h),
        Part::Strike => {
            let mut d = String::from("M5 ");
            num(&mut d, h / 2.0);
            d.push('H');
            num(&mut d, w - 5.0);
            Some(("d", d))
        }
        Part::Line => Some(("d", line(&shape.kind, w, h))),
        _ => None,
    }
}

/// The path of a line from 0, 0 to its end.
fn line(kind: &Kind, w: f64, h: f64) -> String {
    let mut d = String::from("M0 0");
    let heads = match kind {
        Kind::Curve(heads) => {
            d.push('C');
            for number in [0.0, h * 0.5, w, h * 0.5, w, h] {
                num(&mut d, number);
                d.push(' ');
            }
            *heads
        }
        Kind::Line(heads) => {
            point(&mut d, 'L', w, h);
            *heads
        }
        _ => Heads::None,
    };
    let length = (w * w + h * h).sqrt();
    if length < 8.0 || heads == Heads::None {
        return d;
    }
    // A bent line arrives from above or from below.
    let (ux, uy) = if matches!(kind, Kind::Curve(_)) { (0.0, h.signum()) } else { (w / length, h / length) };
    head(&mut d, (w, h), (ux, uy));
    if heads == Heads::Both {
        head(&mut d, (0.0, 0.0), (-ux, -uy));
    }
    d
}

/// An arrow's head at a point, for a line that comes in a direction.
fn head(d: &mut String, (x, y): (f64, f64), (ux, uy): (f64, f64)) {
    let (back, aside) = (5.0, 3.2);
    point(d, 'M', x - back * ux - aside * uy, y - back * uy + aside * ux);
    point(d, 'L', x, y);
    point(d, 'L', x - back * ux + aside * uy, y - back * uy - aside * ux);
}

fn point(d: &mut String, command: char, x: f64, y: f64) {
    d.push(command);
    num(d, x);
    d.push(' ');
    num(d, y);
}

/// The classes of a shape's group.
pub fn classes(shape: &Shape, selected: bool) -> String {
    let mut classes = String::from("shape ");
    classes.push_str(shape.class);
    for (mark, word) in Marks::ALL {
        if shape.marks.has(*mark) {
            classes.push(' ');
            classes.push_str(word);
        }
    }
    for (is, word) in [(shape.target.is_some(), " picks"), (selected, " selected")] {
        if is {
            classes.push_str(word);
        }
    }
    classes
}

/// The pattern of stale things.
pub fn hatch_pattern(id: &str) -> String {
    let mut out = String::from("<pattern id=\"");
    out.push_str(id);
    out.push('"');
    attribute(&mut out, "width", 6.0);
    attribute(&mut out, "height", 6.0);
    out.push_str(
        " patternUnits=\"userSpaceOnUse\"><path class=\"hatching\" d=\"M-1 1l2-2M0 6l6-6M5 7l2-2\"/></pattern>",
    );
    out
}

/// An id as it stands in the document.
pub fn id_text(id: u64) -> String {
    let mut text = String::with_capacity(20);
    digits(&mut text, id);
    text
}
