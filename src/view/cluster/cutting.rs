//! A line drawn across the stage, as a command: what it separates is partitioned.
//!
//! ```text
//!   n1   ╱  n2          the links n1–n2, n1–n3 and n4–n2, n4–n3 are crossed: every link between two groups
//!       ╱               ▶  partition n1 n4 | n2 n3
//!   n4 ╱    n3          some links only                 ▶  cut n1 n2
//! ```

use glassbase_trace::NodeId;

type Point = (f64, f64);

/// The lines of script for a stroke; nothing when it crosses no link.
pub fn line(nodes: &[(NodeId, Point)], stroke: (Point, Point)) -> Option<String> {
    let crossed = |one: Point, other: Point| crosses((one, other), stroke);
    let mut cut = Vec::new();
    for (index, (one, at)) in nodes.iter().enumerate() {
        let others = nodes[index + 1..].iter().filter(|(_, other)| crossed(*at, *other));
        cut.extend(others.map(|(other, _)| (*one, *other)));
    }
    let left: Vec<NodeId> = nodes.iter().filter(|(_, at)| side(stroke, *at) > 0.0).map(|(node, _)| *node).collect();
    let right: Vec<NodeId> = nodes.iter().filter(|(_, at)| side(stroke, *at) <= 0.0).map(|(node, _)| *node).collect();
    if cut.is_empty() {
        None
    } else if cut.len() == left.len() * right.len() {
        let (first, second) = if left.first() < right.first() { (left, right) } else { (right, left) };
        Some(format!("partition {} | {}", names(&first), names(&second)))
    } else {
        let lines: Vec<String> = cut.iter().map(|(one, other)| format!("cut {one} {other}")).collect();
        Some(lines.join("\n"))
    }
}

fn names(nodes: &[NodeId]) -> String {
    nodes.iter().map(NodeId::to_string).collect::<Vec<_>>().join(" ")
}

/// On which side of a line a point is.
fn side((from, to): (Point, Point), at: Point) -> f64 {
    (to.0 - from.0) * (at.1 - from.1) - (to.1 - from.1) * (at.0 - from.0)
}

/// Whether two pieces of lines cross.
fn crosses(one: (Point, Point), other: (Point, Point)) -> bool {
    let apart = |line: (Point, Point), ends: (Point, Point)| side(line, ends.0) * side(line, ends.1) < 0.0;
    apart(one, other) && apart(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stroke_through_all_links_between_two_groups_parts_them() {
        let nodes =
            [(NodeId(1), (0.0, 0.0)), (NodeId(2), (10.0, 0.0)), (NodeId(3), (10.0, 10.0)), (NodeId(4), (0.0, 10.0))];
        assert_eq!(line(&nodes, ((5.0, -2.0), (5.0, 12.0))).unwrap(), "partition n1 n4 | n2 n3");
        assert_eq!(line(&nodes, ((4.0, 1.0), (4.0, -1.0))).unwrap(), "cut n1 n2");
        assert_eq!(line(&nodes, ((20.0, 1.0), (30.0, 1.0))), None);
        assert_eq!(line(&nodes, ((4.0, 4.0), (-4.0, -4.0))), None, "no link is crossed by a stroke along it");
    }
}
