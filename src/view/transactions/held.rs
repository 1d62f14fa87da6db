//! From when to when a shard was prepared, and in doubt: read from what it noted.

use crate::cluster::Doing;
use glassbase_trace::{NodeId, NodeStatus};

/// A while in which a shard holds locks and may not let go of them by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub node: NodeId,
    pub from_ns: u64,
    pub until_ns: u64,
    /// It has begun to ask what became of it.
    pub doubt: bool,
}

/// What is open at a shard.
struct Open {
    node: NodeId,
    count: u64,
    from_ns: u64,
    doubt: bool,
}

/// The spans up to now, in no order.
pub fn spans(doing: &Doing, now_ns: u64) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    // A crash ends what is held: the memory of it is gone, the promise is not.
    let downs = doing.stretches.iter().filter(|stretch| stretch.status == NodeStatus::Down);
    let mut ends: Vec<(u64, NodeId)> = downs.map(|stretch| (stretch.from_ns, stretch.node)).collect();
    ends.sort_unstable_by(|one, other| other.cmp(one));
    for moment in doing.moments.iter() {
        while let Some((ns, node)) = ends.last().copied().filter(|(ns, _)| *ns <= moment.ns) {
            ends.pop();
            close(&mut open, &mut spans, node, ns);
        }
        match &*moment.topic {
            "votes-yes" | "in-doubt" => {
                begin(&mut open, &mut spans, moment.node, moment.ns, &*moment.topic == "in-doubt")
            }
            "asks" => begin_doubt(&mut open, &mut spans, moment.node, moment.ns),
            "booked" | "rolled-back" => {
                if let Some(held) = open.iter_mut().find(|held| held.node == moment.node) {
                    held.count -= 1;
                    if held.count == 0 {
                        close(&mut open, &mut spans, moment.node, moment.ns);
                    }
                }
            }
            _ => {}
        }
    }
    while let Some((ns, node)) = ends.pop() {
        close(&mut open, &mut spans, node, ns.min(now_ns));
    }
    let left = open.into_iter();
    spans.extend(left.map(|held| Span { node: held.node, from_ns: held.from_ns, until_ns: now_ns, doubt: held.doubt }));
    spans
}

fn begin(open: &mut Vec<Open>, spans: &mut Vec<Span>, node: NodeId, ns: u64, doubt: bool) {
    match open.iter_mut().find(|held| held.node == node) {
        Some(held) => held.count += 1,
        None => open.push(Open { node, count: 1, from_ns: ns, doubt: false }),
    }
    if doubt {
        begin_doubt(open, spans, node, ns);
    }
}

fn begin_doubt(open: &mut [Open], spans: &mut Vec<Span>, node: NodeId, ns: u64) {
    let Some(held) = open.iter_mut().find(|held| held.node == node && !held.doubt) else { return };
    if held.from_ns < ns {
        spans.push(Span { node, from_ns: held.from_ns, until_ns: ns, doubt: false });
    }
    (held.from_ns, held.doubt) = (ns, true);
}

fn close(open: &mut Vec<Open>, spans: &mut Vec<Span>, node: NodeId, ns: u64) {
    if let Some(at) = open.iter().position(|held| held.node == node) {
        let held = open.remove(at);
        spans.push(Span { node, from_ns: held.from_ns, until_ns: ns, doubt: held.doubt });
    }
}
