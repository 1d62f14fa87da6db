//! A large cluster: a cell for each node, and above them in numbers what no single cell tells.
//!
//! ```text
//!   60 nodes · 312 messages on the way · 41,200 messages a second in all · 7 versions behind
//!   ■ up 52    ■ leads 1    ■ behind 4    ▨ paused or slow 2    ☒ down 1
//!   ■■■■■■■■■■■■■■■■■■■■■■■■
//!   ■■☒■■■■▨■■■■■■■■■■■■■■■■         a cell is a node: it is named when pointed at, inspected when clicked
//! ```

use super::words;
use crate::View;
use crate::arrange::{Place, SANS_W};
use crate::describe::grouped;
use crate::drawing::{Drawing, Id, Shape};
use crate::map::{Map, MapOf, cell};
use glassbase_trace::parts::ClusterState;
use glassbase_trace::parts::cluster::NodeState;
use glassbase_trace::{NodeId, NodeStatus};

const CELL_MAX: f64 = 26.0;
const SWATCH: f64 = 12.0;
const LINE_H: f64 = 20.0;

/// What a cell can be, and its words.
const KINDS: [(u8, &str); 5] = [
    (cell::FULL, "up"),
    (cell::FOUND, "leads"),
    (cell::MISS, "behind"),
    (cell::STALE, "paused or slow"),
    (cell::FAILED, "down"),
];

pub fn draw(d: &mut Drawing, view: &View, cluster: &ClusterState, place: Place, lit: impl Iterator<Item = NodeId>) {
    let behind = |node: &NodeState| node.detail.data.iter().filter(|datum| view.cluster_doing.is_behind(datum)).count();
    let versions: Vec<usize> = cluster.nodes.iter().map(|node| behind(node)).collect();
    let cells: Vec<u8> = cluster.nodes.iter().zip(&versions).map(|(node, behind)| of_node(node, *behind)).collect();
    let mut y = numbers(d, view, cluster, versions.iter().sum(), place);
    y = legend(d, &cells, Place { y, ..place });
    let area = Place { y, h: (place.bottom() - y).max(SWATCH), ..place };
    let lit = lit.filter_map(|node| u32::from(node.number()).checked_sub(1));
    let lit: Vec<u32> = lit.filter(|index| (*index as usize) < cells.len()).collect();
    let words = format!("{} Each cell is a node.", words::cluster(cluster));
    d.map(Map::in_room(Id::of("nodes", 1), area, cells, MapOf::Nodes, words, CELL_MAX).lit(lit));
}

fn of_node(node: &NodeState, behind: usize) -> u8 {
    match node.status {
        NodeStatus::Down => cell::FAILED,
        NodeStatus::Paused | NodeStatus::Slow => cell::STALE,
        NodeStatus::Up if node.detail.head.crowned => cell::FOUND,
        NodeStatus::Up if behind > 0 => cell::MISS,
        NodeStatus::Up => cell::FULL,
    }
}

/// What is true of all together; gives back where it ends.
fn numbers(d: &mut Drawing, view: &View, cluster: &ClusterState, behind: usize, place: Place) -> f64 {
    let passed_ns = view.time_ns.saturating_sub(view.cluster_doing.started_ns).max(1);
    let per_s = u128::from(cluster.counts.sent) * 1_000_000_000 / u128::from(passed_ns);
    let counted =
        |count: u64, one: &str, many: &str| format!("{} {}", grouped(count), if count == 1 { one } else { many });
    let said = [
        counted(cluster.nodes.len() as u64, "node", "nodes"),
        counted(cluster.flying.len() as u64, "message on the way", "messages on the way"),
        counted(u64::try_from(per_s).unwrap_or(u64::MAX), "message a second in all", "messages a second in all"),
        counted(behind as u64, "version behind", "versions behind"),
    ];
    wrapped(place, &said.map(|text| (text, 0.0)), |index, x, y, text| {
        let shape = Shape::text(Id::of("numbers", index as u64), x, y, text);
        d.add(if index == 0 { shape.class("title") } else { shape.class("label") });
    })
}

/// What the cells mean, and how many there are of each.
fn legend(d: &mut Drawing, cells: &[u8], place: Place) -> f64 {
    let count = |kind: u8| cells.iter().filter(|cell| **cell == kind).count() as u64;
    let said: Vec<(String, f64)> =
        KINDS.iter().map(|(kind, word)| (format!("{word} {}", grouped(count(*kind))), SWATCH + 5.0)).collect();
    wrapped(place, &said, |index, x, y, text| {
        let (kind, word) = KINDS[index];
        let swatch = Map {
            id: Id::of("legend", index as u64),
            x,
            y: y - SWATCH + 2.0,
            cell: SWATCH,
            gap: 0.0,
            columns: 1,
            cells: vec![kind],
            lit: Vec::new(),
            of: MapOf::Nothing,
            words: word.to_string(),
        };
        d.map(swatch);
        d.add(Shape::text(Id::of("legend-of", index as u64), x + SWATCH + 5.0, y, text).class("quiet"));
    })
}

/// Texts from left to right, on as many lines as they need, each with room before it; gives back where they end.
fn wrapped(place: Place, texts: &[(String, f64)], mut put: impl FnMut(usize, f64, f64, String)) -> f64 {
    let (mut x, mut y) = (place.x, place.y + 12.0);
    for (index, (text, before)) in texts.iter().enumerate() {
        let w = before + text.chars().count() as f64 * (SANS_W + 0.4);
        if x > place.x && x + w > place.right() {
            (x, y) = (place.x, y + LINE_H);
        }
        put(index, x, y, text.clone());
        x += w + 16.0;
    }
    y + LINE_H - 12.0 + 4.0
}
