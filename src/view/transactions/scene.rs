//! The picture: the space-time diagram, and beside each line the log of its node.
//!
//! ```text
//!   31.2 ms                                  money 300 of 300 · money: holds
//!   c1 ──▭ transfer ▭──────────┃────────   ┐ transfer 30 from alice to bob
//!   n1 ────╲──────╱─────╲──────┃────────   │ coordinator     T1.1 commit ║
//!   n2 ─────╲▓▓▓▓╱▓▓▓▓▓▓▓╲─────┃────────   │ in doubt        T1.1 prepared ║     alice 100 locked
//!   n3 ──────╲▓▓╱─────────╳────┃────────   ┘ ▓ between its vote and the outcome
//! ```
//!
//! The diagram and the head are those of all clusters (`view::cluster`); where there is no room for logs beside the lines, or
//! a person wants the stage, the whole picture is.

use super::panel;
use crate::View;
use crate::arrange::Place;
use crate::camera::within;
use crate::cluster::plan::{AXIS_H, Grain, HEAD_H, NAMES_W, Plan, Rows, Shows};
use crate::cluster::{scene, spacetime, words};
use crate::drawing::{Ask, Drawing, Face, Id, Layer, Shape, Step};
use glassbase_trace::NodeId;

/// Room that is wide enough for logs beside the lines, and a row that is high enough for one.
const WIDE: f64 = 760.0;
const ROW_MIN: f64 = 44.0;
const ROW_MAX: f64 = 118.0;
const GAP: f64 = 14.0;

pub fn draw(ask: &Ask) -> Step {
    match Beside::of(ask) {
        Some(beside) => {
            let cone = scene::cone(ask);
            let crowd = scene::Crowd::of(ask, &beside.plan);
            Step::of(ask, |view| {
                let words = view.cluster().map_or("There is no cluster yet.".to_string(), words::cluster);
                let mut d = Drawing::new(beside.plan.width, words);
                scene::head(&mut d, &beside.plan, view);
                held(&mut d, ask, &beside, view);
                spacetime::draw(&mut d, ask, &beside.plan, crowd, view, cone.as_ref());
                panels(&mut d, &beside, view);
                (d.width, d.height) = (beside.plan.width, beside.plan.height);
                d
            })
        }
        None => scene::draw(ask),
    }
}

/// Where diagram and logs stand.
struct Beside {
    plan: Plan,
    rows: Rows,
    left: f64,
}

impl Beside {
    /// Nothing where there is no room for it.
    fn of(ask: &Ask) -> Option<Beside> {
        let views = [ask.before, ask.after, ask.end];
        let most = |of: &dyn Fn(&View) -> usize| views.iter().map(|view| of(view)).max().unwrap_or(0);
        let nodes = most(&|view| view.cluster().map_or(0, |cluster| cluster.nodes.len()));
        let client_count = most(&|view| view.cluster().map_or(0, |cluster| usize::from(cluster.clients)));
        let (width, count) = (ask.room.width, nodes + client_count);
        let row_h = (ask.room.height - HEAD_H - AXIS_H) / count.max(1) as f64;
        if ask.look.face != Face::Both || width < WIDE || row_h < ROW_MIN || client_count > 8 {
            return None;
        }
        let row_h = within(row_h, ROW_MIN, ROW_MAX);
        let diagram_w = (width * 0.56).round();
        let place = Place::new(NAMES_W, HEAD_H + AXIS_H, diagram_w - NAMES_W, row_h * count as f64);
        let rows = Rows { place, row_h, names: 0.0 };
        let plan = Plan {
            width,
            head: Place::new(0.0, 0.0, width, HEAD_H),
            stage: None,
            grain: Grain::Tiny,
            shows: Shows::default(),
            nodes: Vec::new(),
            clients: Vec::new(),
            client_count,
            map: None,
            diagram: Some(rows),
            height: place.bottom(),
        };
        Some(Beside { plan, rows, left: diagram_w + GAP })
    }

    /// The room beside the line of a node or a client.
    fn panel(&self, node: NodeId) -> Option<Place> {
        let y = self.rows.place.y + self.plan.row(node)? as f64 * self.rows.row_h;
        Some(Place::new(self.left, y + 2.0, self.plan.width - self.left - 1.0, self.rows.row_h - 4.0))
    }
}

fn panels(d: &mut Drawing, beside: &Beside, view: &View) {
    let Some(cluster) = view.cluster() else { return };
    for client in (1..=cluster.clients).map(NodeId::client) {
        if let Some(place) = beside.panel(client) {
            panel::client(d, cluster, client, place);
        }
    }
    for (number, node) in words::numbered(cluster) {
        if let Some(place) = beside.panel(number) {
            panel::node(d, number, node, place);
        }
    }
}

/// While a shard has promised and does not know the outcome, its line is thick: it holds locks, and can't let go.
fn held(d: &mut Drawing, ask: &Ask, beside: &Beside, view: &View) {
    let window = spacetime::Window::of(ask, view.time_ns);
    let Rows { place, row_h, .. } = beside.rows;
    for span in super::held::spans(&view.cluster_doing, view.time_ns) {
        let Some(row) = beside.plan.row(span.node) else { continue };
        let left = within(window.share(span.from_ns), 0.0, 1.0) * place.w + place.x;
        let right = within(window.share(span.until_ns), 0.0, 1.0) * place.w + place.x;
        if right - left < 0.5 {
            continue;
        }
        let y = place.y + (row as f64 + 0.5) * row_h;
        let bar = Place::new(left, y - 6.0, right - left, 12.0);
        let (class, word) = if span.doubt { ("held doubt", "is in doubt") } else { ("held", "is prepared") };
        let id = Id::of("held", span.from_ns).and(u64::from(span.node.0)).and(u64::from(span.doubt));
        let said = format!("{} {word} from {} on: it holds locks", span.node, words::time(span.from_ns));
        d.add(Shape::rect(id, bar).class(class).layer(Layer::Ground).said(said));
    }
}
