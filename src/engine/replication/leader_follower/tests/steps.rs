//! One step of the protocol after another, written down as transcripts.

use super::*;

/// Nodes 1 to `count`; the first one leads.
fn led(count: u16, options: &Options) -> Puppet {
    let members: Vec<NodeId> = (1..=count).map(NodeId).collect();
    let options = options.clone();
    options.check(count).unwrap();
    let mut puppet = Puppet::new(count, move |me| node(me, &members, &options));
    puppet.fire(n(1), SUSPECT);
    puppet.settle();
    assert!(replica(&puppet, n(1)).is_leader(), "{}", puppet.transcript);
    puppet.answers.clear();
    puppet
}

fn write(puppet: &mut Puppet, to: NodeId, key: &str, value: &str) {
    puppet.ask(1, to, key, put(value), Consistency::Default);
}

fn last_answer(puppet: &Puppet) -> Answer {
    puppet.answers.last().unwrap().1.answer.clone()
}

fn compare(puppet: &Puppet, name: &str) {
    puppet.compare(&format!("leader_follower/transcripts/{name}.txt"));
}

/// Nobody hears a node any more, and it hears nobody.
fn apart(puppet: &mut Puppet, away: NodeId) {
    for _ in 0..10_000 {
        puppet.lose(|pending| pending.from == away || pending.to == away);
        if puppet.pending.is_empty() {
            return;
        }
        puppet.deliver_at(0);
    }
    panic!("it does not come to rest");
}

/// The old leader is not heard, and `next` asks around.
fn fail_over(puppet: &mut Puppet, old: NodeId, next: NodeId) {
    puppet.now_ns += 1_000_000_000;
    puppet.fire(next, SUSPECT);
    apart(puppet, old);
    if puppet.timers(next).contains(&ASK) {
        puppet.fire(next, ASK);
        apart(puppet, old);
    }
}

fn has_the_same_log(puppet: &mut Puppet, nodes: &[u16]) {
    let end = replica(puppet, n(nodes[0])).end();
    let first = puppet.shelf(n(nodes[0])).read_log(0, usize::MAX).unwrap();
    for node in nodes {
        assert_eq!(replica(puppet, n(*node)).end(), end, "n{node}");
        let log = puppet.shelf(n(*node)).read_log(0, usize::MAX).unwrap();
        assert_eq!(log, first, "n{node} has the very bytes of n{}", nodes[0]);
    }
}

#[test]
fn a_new_cluster_is_led_by_its_first_node() {
    let puppet = led(3, &Options::default());
    compare(&puppet, "begin");
}

#[test]
fn asynchronous_is_done_before_anybody_has_it() {
    let mut puppet = led(3, &Options::default());
    write(&mut puppet, n(1), "x", "5");
    assert_eq!(last_answer(&puppet), Answer::Written);
    assert_eq!(replica(&puppet, n(2)).end(), 1);
    puppet.settle();
    has_the_same_log(&mut puppet, &[1, 2, 3]);
    compare(&puppet, "asynchronous");
}

#[test]
fn semi_synchronous_is_done_with_the_first_acknowledgement() {
    let mut puppet = led(3, &semi(1));
    write(&mut puppet, n(1), "x", "5");
    assert!(puppet.answers.is_empty());
    puppet.deliver(n(1), n(3));
    assert!(puppet.answers.is_empty());
    puppet.deliver(n(3), n(1));
    assert_eq!(last_answer(&puppet), Answer::Written);
    puppet.settle();
    compare(&puppet, "semi-synchronous");
}

#[test]
fn synchronous_is_done_when_everybody_has_it() {
    let mut puppet = led(3, &Options { mode: Mode::Synchronous, ..Options::default() });
    write(&mut puppet, n(1), "x", "5");
    apart(&mut puppet, n(3));
    assert!(puppet.answers.is_empty(), "n3 does not have it");
    // The next heartbeat shows n3 that something is missing.
    puppet.fire(n(1), HEARTBEAT);
    puppet.settle();
    assert_eq!(last_answer(&puppet), Answer::Written);
    has_the_same_log(&mut puppet, &[1, 2, 3]);
    compare(&puppet, "synchronous");
}

#[test]
fn without_acknowledgements_it_does_without_after_a_while() {
    let mut puppet = led(3, &Options { degrade_ns: 500_000_000, ..semi(1) });
    write(&mut puppet, n(1), "x", "5");
    puppet.lose(|_| true);
    puppet.now_ns += 600_000_000;
    puppet.fire(n(1), HEARTBEAT);
    assert_eq!(last_answer(&puppet), Answer::Written);
    write(&mut puppet, n(1), "x", "6");
    assert_eq!(puppet.answers.len(), 2, "and so are those after it");
    puppet.settle();
    write(&mut puppet, n(1), "x", "7");
    assert_eq!(puppet.answers.len(), 2, "a follower has caught up");
    puppet.settle();
    assert_eq!(puppet.answers.len(), 3);
    compare(&puppet, "degraded");
}

#[test]
fn the_most_advanced_follower_is_promoted() {
    let mut puppet = led(4, &Options::default());
    for value in ["1", "2", "3"] {
        write(&mut puppet, n(1), "x", value);
        puppet.lose(|pending| pending.to == n(2));
        if value == "3" {
            puppet.lose(|pending| pending.to == n(4));
        }
        apart(&mut puppet, n(2));
    }
    let ends: Vec<u64> = (1..=4).map(|node| replica(&puppet, n(node)).end()).collect();
    assert_eq!(ends, [4, 1, 4, 3]);
    puppet.crash(n(1), 0);
    // n2, which has the least, asks around and has n3 promoted.
    fail_over(&mut puppet, n(1), n(2));
    assert!(replica(&puppet, n(3)).is_leader());
    assert!(replica(&puppet, n(3)).lost().is_empty());
    puppet.settle();
    has_the_same_log(&mut puppet, &[3, 2, 4]);
    puppet.start(n(1));
    puppet.fire(n(3), HEARTBEAT);
    puppet.settle();
    has_the_same_log(&mut puppet, &[3, 1, 2, 4]);
    compare(&puppet, "failover");
}

#[test]
fn what_only_the_old_leader_had_is_taken_back_and_named() {
    let mut puppet = led(3, &Options::default());
    write(&mut puppet, n(1), "x", "1");
    puppet.settle();
    // n1 is alone, and does not know.
    write(&mut puppet, n(1), "x", "2");
    write(&mut puppet, n(1), "y", "3");
    assert_eq!(puppet.answers.len(), 3, "clients are told that all is done");
    fail_over(&mut puppet, n(1), n(2));
    assert!(replica(&puppet, n(2)).is_leader());
    write(&mut puppet, n(2), "x", "4");
    apart(&mut puppet, n(1));
    // The old leader is heard again, and refused.
    puppet.fire(n(1), HEARTBEAT);
    puppet.settle();
    assert!(!replica(&puppet, n(1)).is_leader());
    puppet.fire(n(2), HEARTBEAT);
    puppet.settle();
    has_the_same_log(&mut puppet, &[1, 2, 3]);
    assert_eq!(replica(&puppet, n(1)).lost(), ["x = 2 (entry 3)", "y = 3 (entry 4)"]);
    compare(&puppet, "lost-writes");
}

#[test]
fn without_fencing_two_lead() {
    let mut puppet = led(3, &Options { fencing: false, ..Options::default() });
    fail_over(&mut puppet, n(1), n(2));
    puppet.fire(n(1), HEARTBEAT);
    puppet.fire(n(2), HEARTBEAT);
    puppet.settle();
    assert!(replica(&puppet, n(1)).is_leader() && replica(&puppet, n(2)).is_leader());
    write(&mut puppet, n(1), "x", "1");
    write(&mut puppet, n(2), "x", "2");
    puppet.settle();
    assert_eq!(puppet.answers.len(), 2);
    // It led when its power failed, so it leads again.
    puppet.crash(n(1), 0);
    puppet.start(n(1));
    assert!(replica(&puppet, n(1)).is_leader());
    compare(&puppet, "split-brain");
}

#[test]
fn a_leader_that_hears_nobody_serves_nobody() {
    let mut puppet = led(3, &Options { demote_ns: 200_000_000, ..Options::default() });
    puppet.now_ns += 100_000_000;
    puppet.fire(n(1), HEARTBEAT);
    puppet.settle();
    write(&mut puppet, n(1), "x", "1");
    assert_eq!(last_answer(&puppet), Answer::Written);
    puppet.lose(|_| true);
    puppet.now_ns += 250_000_000;
    write(&mut puppet, n(1), "x", "2");
    assert!(matches!(last_answer(&puppet), Answer::Refused(_)));
    puppet.fire(n(1), HEARTBEAT);
    assert!(!replica(&puppet, n(1)).is_leader());
    compare(&puppet, "demoted");
}

#[test]
fn a_follower_that_is_too_far_behind_gets_a_snapshot_in_pieces() {
    let options = Options { kept_batches: 3, chunk_records: 2, ..Options::default() };
    let mut puppet = led(3, &options);
    for number in 0..6 {
        write(&mut puppet, n(1), &format!("k{number}"), "1");
        apart(&mut puppet, n(3));
    }
    puppet.fire(n(1), HEARTBEAT);
    puppet.deliver(n(1), n(3));
    puppet.deliver(n(3), n(1));
    puppet.deliver(n(1), n(3));
    // Meanwhile something is written, which the snapshot does not have.
    write(&mut puppet, n(1), "k9", "2");
    puppet.settle();
    let ends: Vec<u64> = (1..=3).map(|node| replica(&puppet, n(node)).end()).collect();
    assert_eq!(ends, [8, 8, 8]);
    let read = |puppet: &mut Puppet, node| {
        let mut found = Vec::new();
        puppet.shelf(node).scan(None, None, 99, &mut |key, value| found.push((key.to_vec(), value.to_vec()))).unwrap();
        found
    };
    assert_eq!(read(&mut puppet, n(3)), read(&mut puppet, n(1)));
    compare(&puppet, "snapshot");
}

#[test]
fn a_snapshot_survives_a_follower_that_crashes_within() {
    let options = Options { kept_batches: 2, chunk_records: 1, ..Options::default() };
    let mut puppet = led(3, &options);
    for number in 0..6 {
        write(&mut puppet, n(1), &format!("k{number}"), "1");
        apart(&mut puppet, n(3));
    }
    for crash_after in 0..8 {
        puppet.fire(n(1), HEARTBEAT);
        puppet.fire(n(1), HEARTBEAT);
        for _ in 0..crash_after {
            if !puppet.pending.is_empty() {
                puppet.deliver_at(0);
            }
        }
        puppet.crash(n(3), crash_after);
        puppet.lose(|pending| pending.to == n(3));
        puppet.start(n(3));
    }
    for _ in 0..3 {
        puppet.fire(n(1), HEARTBEAT);
        puppet.settle();
    }
    assert_eq!(replica(&puppet, n(3)).end(), replica(&puppet, n(1)).end());
}

#[test]
fn a_request_that_is_sent_twice_is_done_once() {
    let mut puppet = led(3, &Options::default());
    let id = puppet.ask(1, n(1), "x", put("5"), Consistency::Default);
    puppet.ask(2, n(1), "x", put("6"), Consistency::Default);
    puppet.settle();
    fail_over(&mut puppet, n(1), n(2));
    let (key, call, context) = (Bytes::typed("x"), put("5"), Bytes::default());
    let again = crate::Request { id, key, call, consistency: Consistency::Default, context };
    puppet.hand(NodeId::client(1), n(2), AnyMessage::Request(again.into()));
    assert_eq!(last_answer(&puppet), Answer::Written);
    assert_eq!(replica(&puppet, n(2)).end(), 4, "two writes, and two leaders");
    puppet.ask(3, n(2), "x", Call::Get, Consistency::Leader);
    assert_eq!(last_answer(&puppet), Answer::Value(Some(Bytes::typed("6"))));
}

#[test]
fn a_follower_sends_writers_to_the_leader_and_compares_nothing() {
    let mut puppet = led(3, &Options::default());
    write(&mut puppet, n(2), "x", "5");
    assert_eq!(last_answer(&puppet), Answer::Redirect(Some(n(1))));
    let create = Call::CompareAndSet { expected: None, new: Bytes::typed("1") };
    puppet.ask(1, n(1), "x", create.clone(), Consistency::Default);
    assert_eq!(last_answer(&puppet), Answer::Compared(true));
    puppet.ask(1, n(1), "x", create, Consistency::Default);
    assert_eq!(last_answer(&puppet), Answer::Compared(false));
    puppet.ask(1, n(1), "x", Call::Delete, Consistency::Default);
    puppet.ask(1, n(1), "x", Call::Get, Consistency::Default);
    assert_eq!(last_answer(&puppet), Answer::Value(None));
    let long = "k".repeat(65);
    puppet.ask(1, n(1), &long, put("1"), Consistency::Default);
    assert!(matches!(last_answer(&puppet), Answer::Refused(_)));
}

/// Asks with what the client was given before.
fn read_with(puppet: &mut Puppet, to: NodeId, consistency: Consistency, context: Bytes) -> usize {
    let before = puppet.answers.len();
    let id = super::super::RequestId(9_000 + puppet.answers.len() as u64 + puppet.transcript.len() as u64);
    let request = crate::Request { id, key: Bytes::typed("x"), call: Call::Get, consistency, context };
    puppet.hand(NodeId::client(7), to, AnyMessage::Request(request.into()));
    puppet.answers.len() - before
}

#[test]
fn reads_go_where_their_promise_can_be_kept() {
    let mut puppet = led(3, &Options::default());
    write(&mut puppet, n(1), "x", "1");
    puppet.settle();
    write(&mut puppet, n(1), "x", "2");
    let mine = puppet.answers.last().unwrap().1.context.clone();
    let old = Answer::Value(Some(Bytes::typed("1")));
    let new = Answer::Value(Some(Bytes::typed("2")));
    // n2 does not have the second write yet.
    assert_eq!(read_with(&mut puppet, n(2), Consistency::Any, mine.clone()), 1);
    assert_eq!(last_answer(&puppet), old);
    assert_eq!(read_with(&mut puppet, n(2), Consistency::Leader, mine.clone()), 1);
    assert_eq!(last_answer(&puppet), Answer::Redirect(Some(n(1))));
    assert_eq!(read_with(&mut puppet, n(2), Consistency::Monotonic, mine.clone()), 1);
    assert_eq!(last_answer(&puppet), old, "it has read nothing yet");
    // Its own write it has to see: the read waits.
    assert_eq!(read_with(&mut puppet, n(2), Consistency::ReadYourWrites, mine.clone()), 0);
    puppet.deliver(n(1), n(2));
    assert_eq!(last_answer(&puppet), new);
    let seen = puppet.answers.last().unwrap().1.context.clone();
    // What was seen at n2 has to be seen at n3; it waits in vain, and is sent to the leader.
    assert_eq!(read_with(&mut puppet, n(3), Consistency::Monotonic, seen.clone()), 0);
    assert_eq!(read_with(&mut puppet, n(3), Consistency::Causal, seen), 0);
    puppet.now_ns += 200_000_000;
    puppet.fire(n(3), WAIT);
    assert_eq!(last_answer(&puppet), Answer::Redirect(Some(n(1))));
    // n3 had all at time 0, and nothing since.
    assert_eq!(read_with(&mut puppet, n(3), Consistency::BoundedStaleness { age_ns: 500_000_000 }, mine.clone()), 1);
    assert_eq!(last_answer(&puppet), old);
    assert_eq!(read_with(&mut puppet, n(3), Consistency::BoundedStaleness { age_ns: 100_000_000 }, mine), 1);
    assert_eq!(last_answer(&puppet), Answer::Redirect(Some(n(1))));
    compare(&puppet, "reads");
}

#[test]
fn the_leader_shows_nothing_that_a_failover_may_take_back() {
    let mut puppet = led(3, &semi(1));
    write(&mut puppet, n(1), "x", "1");
    puppet.settle();
    write(&mut puppet, n(1), "x", "2");
    let before = puppet.answers.len();
    puppet.ask(2, n(1), "x", Call::Get, Consistency::Leader);
    assert_eq!(puppet.answers.len(), before, "the second write is not done yet");
    puppet.ask(3, n(1), "x", Call::Get, Consistency::Any);
    assert_eq!(last_answer(&puppet), Answer::Value(Some(Bytes::typed("2"))));
    puppet.settle();
    assert_eq!(puppet.answers.len(), before + 3);
}
