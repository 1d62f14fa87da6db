//! Where the parts of the picture stand.
//!
//! ```text
//!   12.5 ms            badges of the checkers          narrow: clients in a row above the ring
//!   c1            n1
//!   c2       n5        n2                              up to 15 nodes on an ellipse, as cards of the largest of
//!   c3         n4    n3                                four sizes at which no two touch; more: a map of cells
//!   ─────────────────────────────────
//!   c1  ──▭▭▭▭──────────│────                          the space-time diagram
//!   n1  ───╲────╱───────│────
//! ```
//!
//! Sizes are taken from the end of the run and from the room, so that nothing moves while it is played.

use crate::View;
use crate::arrange::{Place, in_column, in_row, sine_and_cosine};
use crate::camera::{Size, within};
use crate::drawing::{Ask, Face};
use glassbase_trace::NodeId;

/// More nodes than this are drawn as a map of cells.
pub const NODES_MAX: usize = 15;
/// More clients than this share a place.
const CLIENTS_MAX: usize = 8;
const WIDE: f64 = 640.0;
pub const HEAD_H: f64 = 30.0;
const GAP: f64 = 12.0;
/// What is kept free between two cards, for links and messages.
const APART: f64 = 16.0;
/// A room at least so high shows both the stage and the diagram.
const BOTH_MIN_H: f64 = 430.0;

/// How much a card says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    Large,
    Medium,
    Small,
    /// A value without its key.
    Mini,
    Tiny,
}

impl Grain {
    const ALL: [Grain; 5] = [Grain::Large, Grain::Medium, Grain::Small, Grain::Mini, Grain::Tiny];

    pub fn width(self) -> f64 {
        match self {
            Grain::Large => 208.0,
            Grain::Medium => 152.0,
            Grain::Small => 100.0,
            Grain::Mini => 66.0,
            Grain::Tiny => 58.0,
        }
    }

    /// Most keys that a card shows.
    pub fn keys_max(self) -> usize {
        match self {
            Grain::Large => 4,
            Grain::Medium => 2,
            Grain::Small | Grain::Mini => 1,
            Grain::Tiny => 0,
        }
    }

    /// Whether there is no room for anything beside the name.
    pub fn is_narrow(self) -> bool {
        matches!(self, Grain::Mini | Grain::Tiny)
    }

    /// Lines of text below the name. Where several clocks run side by side, each has its own.
    pub fn lines(self, shows: &Shows) -> usize {
        match self {
            Grain::Large | Grain::Medium if shows.clocks => CLOCK_LINES,
            Grain::Large => 2,
            _ => 1,
        }
    }

    /// Height of a cell of the log.
    pub fn cell(self) -> Size {
        match self {
            Grain::Large => Size { width: 20.0, height: 18.0 },
            Grain::Medium => Size { width: 17.0, height: 16.0 },
            Grain::Small => Size { width: 14.0, height: 14.0 },
            Grain::Mini | Grain::Tiny => Size { width: 8.0, height: 7.0 },
        }
    }

    fn height(self, shows: &Shows) -> f64 {
        let keys = shows.keys.min(self.keys_max()) as f64;
        let log = if shows.log { self.cell().height + 7.0 } else { 0.0 };
        let more = if self.keys_max() > 1 && keys > 0.0 && shows.keys > self.keys_max() { 14.0 } else { 0.0 };
        CARD_TOP + self.lines(shows) as f64 * LINE_H + log + keys * KEY_H + more + 6.0
    }
}

/// How far it is off, Lamport's, the vector, the hybrid one, the interval.
const CLOCK_LINES: usize = 5;
pub const CARD_TOP: f64 = 21.0;
pub const LINE_H: f64 = 15.0;
pub const KEY_H: f64 = 19.0;

/// What the nodes of a run have to show, at most.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shows {
    pub log: bool,
    pub keys: usize,
    /// Several clocks side by side.
    pub clocks: bool,
}

/// The rows and the span of the space-time diagram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rows {
    /// Without the names at its left and the axis above it.
    pub place: Place,
    pub row_h: f64,
    /// Left edge of the names.
    pub names: f64,
}

pub struct Plan {
    pub width: f64,
    pub head: Place,
    pub stage: Option<Place>,
    pub grain: Grain,
    pub shows: Shows,
    pub nodes: Vec<Place>,
    pub clients: Vec<Place>,
    pub client_count: usize,
    /// Where the map of a large cluster is.
    pub map: Option<Place>,
    pub diagram: Option<Rows>,
    pub height: f64,
}

impl Plan {
    pub fn of(ask: &Ask) -> Plan {
        let views = [ask.before, ask.after, ask.end];
        let most = |of: &dyn Fn(&View) -> usize| views.iter().map(|view| of(view)).max().unwrap_or(0);
        let nodes = most(&|view| view.cluster().map_or(0, |cluster| cluster.nodes.len()));
        let client_count = most(&|view| view.cluster().map_or(0, |cluster| usize::from(cluster.clients)));
        let any = |of: &dyn Fn(Shows) -> bool| most(&|view| usize::from(of(shows(view)))) > 0;
        let shows = Shows {
            log: any(&|shows| shows.log),
            keys: most(&|view| shows(view).keys),
            clocks: any(&|shows| shows.clocks),
        };
        let width = ask.room.width.max(240.0);
        let height = ask.room.height.max(240.0);
        let face = match ask.look.face {
            Face::Both if height < BOTH_MIN_H => Face::Stage,
            face => face,
        };
        let mut plan = Plan {
            width,
            head: Place::new(0.0, 0.0, width, HEAD_H),
            stage: None,
            grain: Grain::Tiny,
            shows,
            nodes: Vec::new(),
            clients: Vec::new(),
            client_count,
            map: None,
            diagram: None,
            height,
        };
        let rows = (nodes.min(NODES_MAX) + client_count.min(CLIENTS_MAX)).max(1);
        let diagram_h = match face {
            Face::Both => AXIS_H + rows as f64 * within(height * 0.36 / rows as f64, 15.0, 30.0),
            Face::Stage => 0.0,
            Face::Time => (height - HEAD_H).max(AXIS_H + rows as f64 * 15.0),
        };
        let mut below = HEAD_H;
        if face != Face::Time {
            let stage_h = height - HEAD_H - diagram_h - if diagram_h > 0.0 { GAP } else { 0.0 };
            let stage = plan.set_stage(nodes, Place::new(0.0, HEAD_H, width, stage_h.max(150.0)));
            below = stage.bottom() + GAP;
        }
        if face != Face::Stage {
            plan.set_diagram(rows, Place::new(0.0, below, width, diagram_h));
        }
        plan.height = plan.height.max(plan.diagram.map_or(below - GAP, |rows| rows.place.bottom()));
        plan
    }

    /// Clients and nodes; gives back the stage, which is higher than wished where the nodes need that.
    fn set_stage(&mut self, nodes: usize, mut stage: Place) -> Place {
        let wide = self.width >= WIDE;
        let shown = self.client_count.min(CLIENTS_MAX);
        let mut ring = stage;
        if shown > 0 && wide {
            let size = Size { width: CLIENT_W, height: CLIENT_H };
            let step = within((stage.h + 8.0) / shown as f64 - CLIENT_H, 6.0, 26.0);
            let all = shown as f64 * (CLIENT_H + step) - step;
            let top = stage.y + ((stage.h - all) / 2.0).max(0.0);
            self.clients = (0..shown).map(|index| in_column((0.0, top), size, step, index)).collect();
            ring = stage.cut_left(CLIENT_W + 40.0).1;
        } else if shown > 0 {
            let gap = 5.0;
            let w = ((self.width - gap * (shown as f64 - 1.0)) / shown as f64).min(CLIENT_W);
            let size = Size { width: w, height: SMALL_CLIENT_H };
            self.clients = (0..shown).map(|index| in_row((0.0, stage.y), size, gap, index)).collect();
            ring = stage.cut_top(SMALL_CLIENT_H + 18.0).1;
        }
        if nodes > NODES_MAX {
            self.map = Some(ring);
        } else {
            let grown = self.ring(nodes, ring);
            stage.h += grown;
        }
        self.stage = Some(stage);
        stage
    }

    /// Puts the cards on an ellipse; gives back how much higher it had to be.
    fn ring(&mut self, nodes: usize, place: Place) -> f64 {
        let place = place.inset(4.0);
        let mut grown = 0.0;
        loop {
            let place = Place { h: place.h + grown, ..place };
            for grain in Grain::ALL {
                let size = Size { width: grain.width(), height: grain.height(&self.shows) };
                let cards = on_ellipse(place, size, nodes);
                if are_apart(&cards, place) || (grain == Grain::Tiny && grown > 400.0) {
                    (self.grain, self.nodes) = (grain, cards);
                    return grown;
                }
            }
            grown += 24.0;
        }
    }

    fn set_diagram(&mut self, rows: usize, place: Place) {
        let (names_w, place) = (NAMES_W, place.cut_top(AXIS_H).1);
        let place = Place { h: place.h.max(rows as f64 * 15.0), ..place };
        let (_, lines) = place.cut_left(names_w);
        self.diagram = Some(Rows { place: lines, row_h: place.h / rows as f64, names: place.x });
    }

    /// The place of a node or a client on the stage; of one that has none of its own: where it is meant.
    pub fn place(&self, node: NodeId) -> Option<Place> {
        let index = usize::from(node.number().checked_sub(1)?);
        if node.is_client() {
            return self.clients.get(index).or(self.clients.last()).copied();
        }
        self.nodes.get(index).copied()
    }

    /// The row of a node or a client in the diagram: clients first.
    pub fn row(&self, node: NodeId) -> Option<usize> {
        let index = usize::from(node.number().checked_sub(1)?);
        let clients = self.client_count.min(CLIENTS_MAX);
        match node.is_client() {
            true => (clients > 0).then(|| index.min(clients - 1)),
            false => (index < NODES_MAX).then_some(clients + index),
        }
    }

    /// Whether a place stands for several clients.
    pub fn is_shared(&self, client: usize) -> bool {
        self.client_count > CLIENTS_MAX && client + 1 == CLIENTS_MAX
    }

    pub fn is_wide(&self) -> bool {
        self.width >= WIDE
    }
}

pub const AXIS_H: f64 = 30.0;
pub const NAMES_W: f64 = 30.0;
const CLIENT_W: f64 = 124.0;
pub const CLIENT_H: f64 = 40.0;
const SMALL_CLIENT_H: f64 = 26.0;

fn shows(view: &View) -> Shows {
    let nodes = view.cluster().map_or(&[][..], |cluster| &cluster.nodes);
    Shows {
        log: nodes.iter().any(|node| !node.detail.log.entries.is_empty()),
        keys: nodes.iter().map(|node| node.detail.data.len()).max().unwrap_or(0),
        clocks: nodes.iter().any(|node| node.detail.head.facts.iter().any(|fact| &*fact.name == "Lamport")),
    }
}

/// Cards around an ellipse, the first at the top; two stand side by side.
fn on_ellipse(place: Place, size: Size, count: usize) -> Vec<Place> {
    let (x, y) = place.center();
    let (rx, ry) = ((place.w - size.width) / 2.0, (place.h - size.height) / 2.0);
    // Wider than that, links would be long without saying more.
    let rx = rx.min(ry.max(60.0) * 2.6).max(0.0);
    let start = if count == 2 { 0.5 } else { 0.75 };
    let place_of = |index: usize| sine_and_cosine(start + index as f64 / count.max(1) as f64);
    // With an odd number the lowest do not reach the lower end: all are drawn apart until they do.
    let lowest = (0..count).map(|index| place_of(index).0).fold(-1.0, f64::max);
    let one = |index: usize| {
        let (sin, cos) = place_of(index);
        let sin = if lowest > 0.1 { (sin + 1.0) / (lowest + 1.0) * 2.0 - 1.0 } else { sin };
        let (dx, dy) = if count == 1 { (0.0, 0.0) } else { (cos * rx, sin * ry.max(0.0)) };
        Place::new((x + dx - size.width / 2.0).round(), (y + dy - size.height / 2.0).round(), size.width, size.height)
    };
    (0..count).map(one).collect()
}

fn are_apart(cards: &[Place], room: Place) -> bool {
    let inside = |card: &Place| {
        let (fits_w, fits_h) = (card.w <= room.w + 1.0, card.h <= room.h + 1.0);
        fits_w && fits_h
    };
    let apart = |one: &Place, other: &Place| {
        one.right() + APART <= other.x
            || other.right() + APART <= one.x
            || one.bottom() + APART <= other.y
            || other.bottom() + APART <= one.y
    };
    let pairs = cards.iter().enumerate().all(|(index, one)| cards[..index].iter().all(|other| apart(one, other)));
    cards.iter().all(inside) && pairs
}

/// Where a line from the middle of a box towards a point leaves the box.
pub fn edge(place: Place, (x, y): (f64, f64)) -> (f64, f64) {
    let (cx, cy) = place.center();
    let (dx, dy) = (x - cx, y - cy);
    let across = if dx == 0.0 { f64::INFINITY } else { place.w / 2.0 / dx.abs() };
    let down = if dy == 0.0 { f64::INFINITY } else { place.h / 2.0 / dy.abs() };
    let share = across.min(down).min(1.0);
    (cx + dx * share, cy + dy * share)
}

/// The way of a message from one box to another: on the right hand of its travel, so that both directions are apart.
pub fn way(from: Place, to: Place, aside: f64) -> ((f64, f64), (f64, f64)) {
    let (start, end) = (edge(from, to.center()), edge(to, from.center()));
    let (dx, dy) = (end.0 - start.0, end.1 - start.1);
    let length = (dx * dx + dy * dy).sqrt().max(1.0);
    let (ox, oy) = (-dy / length * aside, dx / length * aside);
    ((start.0 + ox, start.1 + oy), (end.0 + ox, end.1 + oy))
}
