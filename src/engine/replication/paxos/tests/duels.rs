//! Two proposers of a single decree overtake one another, in a cluster whose messages all take as long.

use std::rc::Rc;

use super::super::super::cluster::{self, Cluster};
use super::*;
use glassbase_sim::Cx;
use glassbase_sim::network::{Latency, Quality};

/// Clients 1 and 2 ask n1 and n2, the second so much later.
fn duel(seed: u64, back_off_ns: u64, apart_ns: u64, until_ns: u64) -> (Cluster, Cx) {
    let mut cx = Cx::new(seed);
    cx.recorder.switch(false);
    let latency = Latency::Fixed { ns: 5_000_000 };
    let options = Options { back_off_ns, ..Options::single() };
    let options = cluster::Options {
        quality: Quality { latency, ..Quality::default() },
        timeout_ns: 60_000_000_000,
        ..cluster::Options::new(Rc::new(options), 3)
    };
    let mut cluster = Cluster::new(&mut cx, options).unwrap();
    for number in [1, 2] {
        let (key, call) = (Bytes::typed("x"), put(&number.to_string()));
        cluster.ask(&mut cx, NodeId::client(number), &key, call, Consistency::Default, Some(n(number))).unwrap();
        cluster.run_until(&mut cx, u64::from(number) * apart_ns);
    }
    cluster.run_until(&mut cx, until_ns);
    (cluster, cx)
}

fn are_answered(cluster: &Cluster) -> bool {
    [1, 2].into_iter().all(|number| !cluster.is_waiting(NodeId::client(number)))
}

#[test]
fn without_back_off_nothing_is_ever_chosen() {
    let (cluster, _) = duel(1, 0, 5_000_000, 10_000_000_000);
    let rounds = cluster.state().nodes[2].detail.head.term;
    assert!(rounds > 100, "only {rounds} rounds");
    assert!(cluster.state().nodes.iter().all(|node| node.detail.head.committed == 0));
    assert!([1, 2].into_iter().all(|number| cluster.is_waiting(NodeId::client(number))));
    assert_eq!(cluster.violation(), None, "safe all the same");
}

#[test]
fn with_back_off_one_of_them_is_soon_alone() {
    for seed in 0..50 {
        let (cluster, _) = duel(seed, 20_000_000, 5_000_000, 2_000_000_000);
        assert!(are_answered(&cluster), "seed {seed}");
        assert_eq!(cluster.violation(), None);
        let done = cluster.state().counts.done;
        assert_eq!(done, 1, "seed {seed}: one of the two values is chosen");
    }
}

#[test]
fn a_duel_step_by_step() {
    let mut puppet = cluster(3, &Options { back_off_ns: 0, ..Options::single() });
    ask(&mut puppet, 1, n(1), put("1"));
    ask(&mut puppet, 2, n(2), put("2"));
    // All messages take as long: they arrive in the order in which they were sent.
    for _ in 0..36 {
        puppet.deliver_at(0);
    }
    let rounds = puppet.node::<Single>(n(3)).acceptor().promised().round;
    assert!(rounds >= 4, "{}", puppet.transcript);
    assert!(puppet.node::<Single>(n(3)).acceptor().accepted(1).is_none(), "it was always too late");
    compare(&puppet, "duel");
}
