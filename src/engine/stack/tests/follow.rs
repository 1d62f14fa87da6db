//! One request, from its client to the page and back.

use super::*;
use glassbase_trace::parts::stack::Follow;
use glassbase_trace::{SpanLayer, TierSource};

fn layers(follow: &Follow) -> Vec<SpanLayer> {
    let mut layers: Vec<SpanLayer> = Vec::new();
    for span in &follow.spans {
        if !layers.contains(&span.layer) {
            layers.push(span.layer);
        }
    }
    layers
}

/// A put and a get through all floors, under each protocol and over each store.
#[test]
fn a_request_is_followed_down_to_the_page() {
    let modes = leader_follower::Mode::SemiSynchronous { acknowledgements: 1 };
    for protocol in [raft(), leader_follower(modes), quorum()] {
        for shelf in [ShelfKind::Tree(Box::default()), ShelfKind::Lsm(Box::default())] {
            let mut bench = Bench::new(7, Options::new(shard(protocol.clone(), shelf.clone())));
            let start = bench.stack.state();
            let written = bench.told(TierOperation::Put, "x", Some("blue"));
            assert_eq!(written.fate, TierFate::Served, "{protocol:?}");
            let read = bench.told(TierOperation::Get, "x", None);
            assert_eq!((read.fate, read.row.value), (TierFate::Served, Some(Bytes::typed("blue"))));
            let state = bench.stack.state();
            let put = state.follow(written.request).unwrap();
            for layer in [SpanLayer::App, SpanLayer::Router, SpanLayer::Shard, SpanLayer::Node, SpanLayer::Log] {
                assert!(layers(put).contains(&layer), "{protocol:?} {shelf:?}: {layer:?} of {:#?}", put.spans);
            }
            let get = state.follow(read.request).unwrap();
            for layer in [SpanLayer::L1, SpanLayer::L2, SpanLayer::Shard, SpanLayer::Node] {
                assert!(layers(get).contains(&layer), "{protocol:?}: {layer:?} of {:#?}", get.spans);
            }
            let again = bench.told(TierOperation::Get, "x", None);
            let state = bench.stack.state();
            let again = state.follow(again.request).unwrap();
            assert_ne!(again.source, TierSource::Database, "the second read comes from a cache");
            for follow in &state.weave.follows {
                assert!(follow.ended_ns > 0);
                for (index, span) in follow.spans.iter().enumerate() {
                    assert!(span.parent as usize <= index.saturating_sub(1), "{index}: {span:?}");
                    assert!(span.to_ns >= span.from_ns && span.from_ns >= follow.began_ns, "{span:?}");
                }
            }
            let mut folded = start;
            bench.fold(&mut folded, 0);
            assert_eq!(folded, state);
        }
    }
}

/// The hops before the shards leave no gap: their times add up to what the client waited.
#[test]
fn the_hops_of_a_request_add_up() {
    let mut bench = Bench::new(3, Options::new(shard(raft(), ShelfKind::Tree(Box::default()))));
    let request = bench.told(TierOperation::Get, "y", None).request;
    let state = bench.stack.state();
    let follow = state.follow(request).unwrap();
    let hops: u64 = follow.spans[1..].iter().filter(|span| span.parent == 0).map(|s| s.to_ns - s.from_ns).sum();
    assert_eq!(hops, follow.ended_ns - follow.began_ns, "{:#?}", follow.spans);
}

/// What the trace says is read back from its text.
#[test]
fn a_trace_of_a_stack_is_read_back() {
    let mut bench = Bench::new(5, Options::new(shard(raft(), ShelfKind::Tree(Box::default()))));
    bench.told(TierOperation::Put, "a \"b\"", Some("c d"));
    bench.stack.add_shard(&mut bench.cx).unwrap();
    bench.run(300 * MS);
    let trace = &bench.cx.recorder.trace;
    assert!(trace.iter().any(|record| record.event.name() == "within"));
    let text = glassbase_trace::write_trace("", trace);
    assert_eq!(glassbase_trace::read_trace(&text).unwrap().1, *trace);
    let mut parts = glassbase_trace::Parts { stack: Some(Rc::new(bench.stack.state())), ..Default::default() };
    let word = glassbase_trace::plain::to_text(&*parts.stack.take().unwrap());
    assert_eq!(glassbase_trace::plain::from_text::<StackState>(&word), Some(bench.stack.state()));
}
