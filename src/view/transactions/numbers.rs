//! The numbers beside the picture: what transactions cost, and who is held up.

use crate::View;
use crate::measures::{Measure, Unit};
use glassbase_trace::RequestFate;
use glassbase_trace::parts::cluster::NodeHead;

/// Sum of a fact over all nodes that tell it.
pub fn sum(view: &View, name: &str) -> Option<i64> {
    let number = |head: &NodeHead| -> Option<i64> {
        head.facts.iter().find(|fact| *fact.name == *name).and_then(|fact| fact.value.parse().ok())
    };
    let told: Vec<i64> = view.cluster()?.nodes.iter().filter_map(|node| number(&node.detail.head)).collect();
    (!told.is_empty()).then(|| told.iter().sum())
}

fn facts(view: &View, name: &str) -> Option<f64> {
    let nodes = &view.cluster()?.nodes;
    Some(nodes.iter().flat_map(|node| &node.detail.head.facts).filter(|fact| *fact.name == *name).count() as f64)
}

fn counted(view: &View, of: fn(&glassbase_trace::parts::cluster::ClusterCounts) -> u64) -> Option<f64> {
    view.cluster().map(|cluster| of(&cluster.counts) as f64)
}

pub const MEASURES: &[Measure] = &[
    Measure {
        name: "money",
        label: "Money on the shards",
        unit: Unit::Count,
        help: "What the accounts of all shards that are up hold together.",
        of: |view| sum(view, "money").map(|sum| sum as f64),
    },
    Measure {
        name: "in-doubt",
        label: "In doubt",
        unit: Unit::Count,
        help: "Transactions that a shard has promised and whose outcome it asks for.",
        of: |view| facts(view, "in doubt"),
    },
    Measure {
        name: "held-up",
        label: "Held up",
        unit: Unit::Count,
        help: "Transactions and readers that wait for an account that is locked.",
        of: |view| facts(view, "waits"),
    },
    Measure {
        name: "forced",
        label: "Forced writes",
        unit: Unit::Count,
        help: "How often logs were made durable, since their nodes came up.",
        of: |view| sum(view, "forced").map(|sum| sum as f64),
    },
    Measure {
        name: "records",
        label: "Log records",
        unit: Unit::Count,
        help: "Records written to logs, since their nodes came up.",
        of: |view| sum(view, "written").map(|sum| sum as f64),
    },
    Measure {
        name: "messages",
        label: "Messages sent",
        unit: Unit::Count,
        help: "Messages that went into the network, those of clients included.",
        of: |view| counted(view, |counts| counts.sent),
    },
    Measure {
        name: "dropped",
        label: "Dropped",
        unit: Unit::Count,
        help: "Messages that did not arrive.",
        of: |view| counted(view, |counts| counts.dropped),
    },
    Measure {
        name: "done",
        label: "Done",
        unit: Unit::Count,
        help: "Orders that were done.",
        of: |view| counted(view, |counts| counts.done),
    },
    Measure {
        name: "failed",
        label: "Refused",
        unit: Unit::Count,
        help: "Orders of which nothing is left: aborted, or taken back.",
        of: |view| counted(view, |counts| counts.failed),
    },
    Measure {
        name: "unknown",
        label: "Unknown",
        unit: Unit::Count,
        help: "Orders whose clients do not know what became of them, or that are stuck.",
        of: |view| counted(view, |counts| counts.unknown),
    },
    Measure {
        name: "latency-mean",
        label: "Latency mean",
        unit: Unit::Nanoseconds,
        help: "What an order took on average, over all that were done.",
        of: |view| {
            let counts = view.cluster()?.counts;
            (counts.done > 0).then(|| counts.latency_ns as f64 / counts.done as f64)
        },
    },
    Measure {
        name: "waiting",
        label: "Clients that wait",
        unit: Unit::Count,
        help: "Orders that have no answer yet.",
        of: |view| {
            let requests = &view.cluster()?.requests;
            Some(requests.iter().filter(|request| request.fate == RequestFate::Open).count() as f64)
        },
    },
];
