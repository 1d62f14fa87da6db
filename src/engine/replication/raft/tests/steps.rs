//! Raft step by step. What happens is beside, in `transcripts`.

use super::super::safety::{Property, Watch};
use super::*;

fn compare(puppet: &Puppet, name: &str) {
    puppet.compare(&format!("raft/transcripts/{name}.txt"));
}

/// Time-outs by which nobody is loyal to a leader any more.
fn wait(puppet: &mut Puppet) {
    puppet.now_ns += 1_000_000_000;
}

fn leads(puppet: &Puppet, id: NodeId) -> bool {
    puppet.node::<Raft>(id).is_leader()
}

fn ask_admin(puppet: &mut Puppet, to: NodeId, wish: Wish) {
    let admin = Admin { id: RequestId(1000), wish };
    puppet.hand(NodeId::client(9), to, Message::Admin(Rc::new(admin)).into());
}

#[test]
fn a_leader_is_elected() {
    let mut puppet = cluster(3, &Options::default());
    elect(&mut puppet, n(1));
    assert_eq!(puppet.node::<Raft>(n(2)).leader(), Some(n(1)));
    compare(&puppet, "election");
}

#[test]
fn votes_are_split_and_the_next_term_decides() {
    let mut puppet = cluster(4, &Options { pre_vote: false, ..Options::default() });
    wait(&mut puppet);
    puppet.fire(n(1), ELECTION);
    puppet.fire(n(2), ELECTION);
    for (from, to) in [(1, 3), (2, 4), (1, 4), (2, 3), (1, 2), (2, 1)] {
        puppet.deliver(n(from), n(to));
    }
    puppet.settle();
    assert!(!leads(&puppet, n(1)) && !leads(&puppet, n(2)));
    puppet.fire(n(2), ELECTION);
    puppet.settle();
    assert!(leads(&puppet, n(2)));
    compare(&puppet, "split-vote");
}

#[test]
fn a_pre_vote_protects_the_leader_from_one_who_was_away() {
    let run = |pre_vote| {
        let mut puppet = cluster(3, &Options { pre_vote, ..Options::default() });
        elect(&mut puppet, n(1));
        for _ in 0..3 {
            puppet.fire(n(3), ELECTION);
            settle_apart(&mut puppet, n(3));
        }
        puppet.fire(n(1), HEARTBEAT);
        puppet.settle();
        puppet
    };
    let puppet = run(true);
    assert!(leads(&puppet, n(1)));
    compare(&puppet, "pre-vote");
    let puppet = run(false);
    assert!(!leads(&puppet, n(1)), "its term is higher: the leader has to give way");
    compare(&puppet, "no-pre-vote");
}

#[test]
fn an_entry_is_replicated_and_committed() {
    let mut puppet = cluster(3, &Options { reads: Reads::Log, ..Options::default() });
    elect(&mut puppet, n(1));
    puppet.ask(1, n(2), "x", put("1"), Consistency::Default);
    assert_eq!(last_answer(&puppet), Answer::Redirect(Some(n(1))));
    puppet.ask(1, n(1), "x", put("1"), Consistency::Default);
    puppet.deliver(n(1), n(2));
    puppet.deliver(n(2), n(1));
    assert_eq!(last_answer(&puppet), Answer::Written);
    assert_eq!(value(&puppet, n(3), "x"), None, "it has not even got the entry");
    puppet.settle();
    let call = Call::CompareAndSet { expected: Some(Bytes::typed("1")), new: Bytes::typed("2") };
    puppet.ask(1, n(1), "x", call.clone(), Consistency::Default);
    puppet.settle();
    assert_eq!(last_answer(&puppet), Answer::Compared(true));
    puppet.ask(2, n(1), "x", call, Consistency::Default);
    puppet.settle();
    assert_eq!(last_answer(&puppet), Answer::Compared(false));
    puppet.ask(2, n(1), "x", Call::Get, Consistency::Default);
    puppet.settle();
    assert_eq!(last_answer(&puppet), Answer::Value(Some(Bytes::typed("2"))));
    puppet.fire(n(1), HEARTBEAT);
    puppet.settle();
    assert_eq!(value(&puppet, n(3), "x").as_deref(), Some("2"));
    compare(&puppet, "replication");
}

#[test]
fn a_request_that_comes_twice_is_done_once() {
    let mut puppet = cluster(3, &Options::default());
    elect(&mut puppet, n(1));
    let (id, context) = (RequestId(7), Bytes::from(&[][..]));
    let call = Call::CompareAndSet { expected: None, new: Bytes::typed("1") };
    let request = super::super::super::message::Request {
        id,
        key: Bytes::typed("x"),
        call,
        consistency: Consistency::Default,
        context,
    };
    let request = super::super::super::message::Message::Request(request.into());
    // Twice before it is committed: two entries, the second of which does nothing. Once more afterwards, and once at the
    // next leader.
    for _ in 0..2 {
        puppet.hand(NodeId::client(1), n(1), request.clone());
    }
    puppet.settle();
    puppet.hand(NodeId::client(1), n(1), request.clone());
    puppet.crash(n(1), 0);
    elect(&mut puppet, n(2));
    puppet.hand(NodeId::client(1), n(2), request);
    let answers: Vec<&Answer> = puppet.answers.iter().map(|(_, response)| &response.answer).collect();
    assert_eq!(answers, [&Answer::Compared(true); 4]);
    compare(&puppet, "retry");
}

#[test]
fn a_log_that_differs_is_backed_up_a_term_at_a_time() {
    let mut puppet = cluster(3, &Options::default());
    elect(&mut puppet, n(1));
    for text in ["1", "2", "3", "4"] {
        puppet.ask(1, n(1), "x", put(text), Consistency::Default);
    }
    puppet.lose(|_| true);
    // The others go on without it.
    wait(&mut puppet);
    puppet.fire(n(2), ELECTION);
    settle_apart(&mut puppet, n(1));
    for text in ["5", "6"] {
        puppet.ask(1, n(2), "x", put(text), Consistency::Default);
        settle_apart(&mut puppet, n(1));
    }
    assert_eq!((terms(&puppet, n(1)), terms(&puppet, n(2))), (vec![1, 1, 1, 1, 1], vec![1, 2, 2, 2]));
    puppet.fire(n(2), HEARTBEAT);
    puppet.settle();
    assert_eq!(terms(&puppet, n(1)), terms(&puppet, n(2)));
    let refused = puppet.answers.iter().filter(|(_, response)| matches!(response.answer, Answer::Unknown(_))).count();
    assert_eq!(refused, 4, "the old leader's clients are told that it is not known what became of their writes");
    compare(&puppet, "back-up");
}

/// Figure 8 of the paper, up to (d): what the watch says of it.
fn figure_8(commit_old_terms: bool) -> (Puppet, Option<safety::Violation>) {
    let options = Options { commit_old_terms, no_op: false, pre_vote: false, ..Options::default() };
    let mut puppet = cluster(5, &options);
    let mut watch = Watch::new();
    // (a) n1 leads term 2, its entry 2 reaches n2 alone.
    elect(&mut puppet, n(1));
    puppet.ask(1, n(1), "x", put("1"), Consistency::Default);
    puppet.settle();
    puppet.fire(n(1), HEARTBEAT);
    puppet.settle();
    puppet.crash(n(1), 0);
    puppet.start(n(1));
    elect(&mut puppet, n(1));
    puppet.ask(1, n(1), "x", put("2"), Consistency::Default);
    puppet.deliver(n(1), n(2));
    puppet.lose(|_| true);
    // (b) n1 crashes, n5 leads term 3 by the votes of n3 and n4, and has an entry of its own.
    puppet.crash(n(1), 0);
    elect(&mut puppet, n(5));
    puppet.ask(1, n(5), "x", put("3"), Consistency::Default);
    puppet.lose(|_| true);
    // (c) n5 crashes, n1 is back and leads term 4; entry 2 of term 2 comes to n3: it is on a majority.
    puppet.crash(n(5), 0);
    puppet.start(n(1));
    wait(&mut puppet);
    puppet.fire(n(1), ELECTION);
    puppet.settle();
    puppet.fire(n(1), ELECTION);
    settle_apart(&mut puppet, n(4));
    if !leads(&puppet, n(1)) {
        puppet.fire(n(1), ELECTION);
        settle_apart(&mut puppet, n(4));
    }
    assert_eq!(terms(&puppet, n(3)), [1, 2]);
    watch.look(n(1), puppet.node(n(1))).unwrap();
    // (d) n1 crashes again, n5 leads by the votes of n2, n3 and n4, and puts its entry in the place of theirs.
    puppet.crash(n(1), 0);
    watch.forget(n(1));
    puppet.start(n(5));
    wait(&mut puppet);
    while !leads(&puppet, n(5)) {
        puppet.fire(n(5), ELECTION);
        puppet.settle();
    }
    let found = watch.look(n(5), puppet.node(n(5))).err();
    puppet.settle();
    assert_eq!(terms(&puppet, n(3)), [1, 3]);
    (puppet, found)
}

#[test]
fn figure_8_does_no_harm_under_the_rule() {
    let (puppet, found) = figure_8(false);
    assert_eq!(found, None);
    compare(&puppet, "figure-8");
}

#[test]
fn figure_8_loses_a_committed_entry_without_the_rule() {
    let (puppet, found) = figure_8(true);
    let found = found.unwrap();
    assert_eq!((found.property, found.index, found.nodes), (Property::LeaderCompleteness, 2, vec![n(5), n(1)]));
    compare(&puppet, "figure-8-broken");
}

#[test]
fn a_follower_that_is_far_behind_gets_a_snapshot() {
    let mut puppet = cluster(3, &Options { snapshot_entries: 6, kept_entries: 2, ..Options::default() });
    elect(&mut puppet, n(1));
    puppet.crash(n(3), 0);
    for number in 1..=8 {
        puppet.ask(1, n(1), ["x", "y"][number % 2], put(&number.to_string()), Consistency::Default);
        puppet.settle();
    }
    assert!(puppet.node::<Raft>(n(1)).log().start() > 0);
    puppet.start(n(3));
    puppet.fire(n(1), HEARTBEAT);
    puppet.settle();
    assert_eq!(puppet.node::<Raft>(n(3)).contents(), puppet.node::<Raft>(n(1)).contents());
    // What was installed is there after a crash, and so is the place where the log goes on.
    puppet.crash(n(3), 0);
    puppet.start(n(3));
    puppet.ask(1, n(1), "x", put("9"), Consistency::Default);
    puppet.settle();
    puppet.fire(n(1), HEARTBEAT);
    puppet.settle();
    assert_eq!(value(&puppet, n(3), "x").as_deref(), Some("9"));
    compare(&puppet, "snapshot");
}

#[test]
fn members_change_by_way_of_a_joint_configuration() {
    let mut puppet = cluster_of(4, 3, &Options::default());
    elect(&mut puppet, n(1));
    puppet.ask(1, n(1), "x", put("1"), Consistency::Default);
    puppet.settle();
    ask_admin(&mut puppet, n(1), Wish::Members { voters: vec![n(2), n(3), n(4)], learners: Vec::new() });
    puppet.settle();
    assert_eq!(last_answer(&puppet), Answer::Written);
    assert!(!leads(&puppet, n(1)), "it is not a member any more");
    for id in [2, 3, 4] {
        assert_eq!(*puppet.node::<Raft>(n(id)).configuration(), Configuration::of(&[n(2), n(3), n(4)]));
    }
    // The two that were there before do not decide without the new one, or each other.
    puppet.crash(n(2), 0);
    elect(&mut puppet, n(4));
    puppet.ask(1, n(4), "x", Call::Get, Consistency::Default);
    puppet.settle();
    assert_eq!(last_answer(&puppet), Answer::Value(Some(Bytes::typed("1"))));
    compare(&puppet, "members");
}

#[test]
fn a_new_leader_ends_what_is_joint() {
    let mut puppet = cluster_of(5, 3, &Options::default());
    elect(&mut puppet, n(1));
    ask_admin(&mut puppet, n(1), Wish::Members { voters: vec![n(3), n(4), n(5)], learners: Vec::new() });
    while !puppet.node::<Raft>(n(3)).configuration().is_joint() {
        puppet.deliver_at(0);
    }
    puppet.lose(|_| true);
    puppet.crash(n(1), 0);
    elect(&mut puppet, n(3));
    puppet.fire(n(3), HEARTBEAT);
    puppet.settle();
    assert_eq!(*puppet.node::<Raft>(n(5)).configuration(), Configuration::of(&[n(3), n(4), n(5)]));
    compare(&puppet, "joint-left");
}

#[test]
fn a_learner_gets_the_log_and_has_no_vote() {
    let mut puppet = cluster_of(4, 3, &Options::default());
    elect(&mut puppet, n(1));
    ask_admin(&mut puppet, n(1), Wish::Members { voters: vec![n(1), n(2), n(3)], learners: vec![n(4)] });
    puppet.settle();
    assert_eq!(last_answer(&puppet), Answer::Written);
    puppet.ask(1, n(1), "x", put("1"), Consistency::Default);
    puppet.deliver(n(1), n(4));
    puppet.deliver(n(4), n(1));
    assert_eq!(last_answer(&puppet), Answer::Written, "that was the members' answer: a learner's does not count");
    assert_eq!(puppet.answers.len(), 1);
    puppet.settle();
    puppet.fire(n(1), HEARTBEAT);
    puppet.settle();
    assert_eq!(value(&puppet, n(4), "x").as_deref(), Some("1"));
    puppet.ask(1, n(4), "x", Call::Get, Consistency::Any);
    assert_eq!(last_answer(&puppet), Answer::Value(Some(Bytes::typed("1"))));
    let lines = puppet.transcript.lines().count();
    puppet.fire(n(4), ELECTION);
    assert_eq!(puppet.transcript.lines().count(), lines + 1, "it does not stand for election");
    compare(&puppet, "learner");
}

#[test]
fn leadership_is_handed_over() {
    let mut puppet = cluster(3, &Options { reads: Reads::Lease, ..Options::default() });
    elect(&mut puppet, n(1));
    puppet.ask(1, n(1), "x", put("1"), Consistency::Default);
    ask_admin(&mut puppet, n(1), Wish::Transfer(Some(n(3))));
    puppet.ask(1, n(1), "x", put("2"), Consistency::Default);
    assert!(matches!(last_answer(&puppet), Answer::Refused(_)));
    puppet.settle();
    assert!(leads(&puppet, n(3)));
    puppet.ask(1, n(3), "x", Call::Get, Consistency::ReadIndex);
    puppet.settle();
    assert_eq!(last_answer(&puppet), Answer::Value(Some(Bytes::typed("1"))));
    compare(&puppet, "transfer");
}

#[test]
fn a_transfer_that_fails_costs_the_lease() {
    let mut puppet = cluster(3, &Options::default());
    elect(&mut puppet, n(1));
    ask_admin(&mut puppet, n(1), Wish::Transfer(Some(n(3))));
    puppet.lose(|_| true);
    puppet.now_ns += 160_000_000;
    puppet.fire(n(1), PATIENCE);
    assert!(matches!(last_answer(&puppet), Answer::Unknown(_)));
    let answers = puppet.answers.len();
    puppet.ask(1, n(1), "x", Call::Get, Consistency::Lease);
    assert_eq!(puppet.answers.len(), answers, "the other may stand for election at any time: it has to ask");
    puppet.settle();
    assert_eq!(last_answer(&puppet), Answer::Value(None));
    compare(&puppet, "transfer-failed");
}

#[test]
fn a_read_waits_for_a_round_that_began_after_it() {
    let mut puppet = cluster(3, &Options::default());
    elect(&mut puppet, n(1));
    puppet.ask(1, n(1), "x", put("1"), Consistency::Default);
    puppet.settle();
    puppet.ask(1, n(1), "x", Call::Get, Consistency::ReadIndex);
    // The next one comes while the round is under way, and waits for the one after it.
    puppet.ask(2, n(1), "x", Call::Get, Consistency::ReadIndex);
    let before = puppet.answers.len();
    puppet.deliver(n(1), n(2));
    puppet.deliver(n(2), n(1));
    assert_eq!(puppet.answers.len(), before + 1);
    puppet.settle();
    assert_eq!(puppet.answers.len(), before + 2);
    // An old leader, cut off, does not answer.
    puppet.ask(1, n(1), "x", Call::Get, Consistency::ReadIndex);
    settle_apart(&mut puppet, n(1));
    assert_eq!(puppet.answers.len(), before + 2);
    compare(&puppet, "read-index");
}

/// The leader has a lease and is cut off; the others elect another, who writes. What the old one reads.
fn old_lease(puppet: &mut Puppet) -> Option<Answer> {
    elect(puppet, n(1));
    puppet.ask(1, n(1), "x", put("1"), Consistency::Default);
    puppet.settle();
    puppet.fire(n(1), HEARTBEAT);
    puppet.settle();
    let before = puppet.answers.len();
    puppet.ask(1, n(1), "x", Call::Get, Consistency::Lease);
    assert_eq!(puppet.answers.len(), before + 1, "at once");
    puppet.skew_ns.insert(n(2), 2_000_000_000);
    puppet.skew_ns.insert(n(3), 2_000_000_000);
    puppet.fire(n(2), ELECTION);
    settle_apart(puppet, n(1));
    assert!(leads(puppet, n(2)));
    puppet.ask(1, n(2), "x", put("2"), Consistency::Default);
    settle_apart(puppet, n(1));
    assert_eq!(last_answer(puppet), Answer::Written);
    let before = puppet.answers.len();
    puppet.ask(2, n(1), "x", Call::Get, Consistency::Lease);
    puppet.answers.get(before).map(|(_, response)| response.answer.clone())
}

#[test]
fn a_lease_read_is_stale_when_clocks_jump() {
    let mut puppet = cluster(3, &Options { pre_vote: false, ..Options::default() });
    assert_eq!(old_lease(&mut puppet), Some(Answer::Value(Some(Bytes::typed("1")))), "2 was written and acknowledged");
    compare(&puppet, "lease-skew");
}

#[test]
fn a_lease_ends_before_others_may_vote() {
    let options = Options::default();
    let mut puppet = cluster(3, &options);
    elect(&mut puppet, n(1));
    puppet.fire(n(1), HEARTBEAT);
    puppet.settle();
    // At its last moment it is good, and nobody votes for another.
    puppet.now_ns += options.lease_ns() - 1;
    puppet.ask(1, n(1), "x", Call::Get, Consistency::Lease);
    assert_eq!(puppet.answers.len(), 1);
    puppet.fire(n(2), ELECTION);
    settle_apart(&mut puppet, n(1));
    assert!(!leads(&puppet, n(2)));
    puppet.now_ns += 1;
    puppet.ask(1, n(1), "x", Call::Get, Consistency::Lease);
    assert_eq!(puppet.answers.len(), 1, "it is over: asks the others");
    puppet.settle();
    assert_eq!(puppet.answers.len(), 2);
    compare(&puppet, "lease");
}

/// n3 votes for n1 in term 1, crashes, and is asked by n2 in the same term.
fn vote_again(persist_vote: bool) -> (Puppet, bool) {
    let mut puppet = cluster(3, &Options { persist_vote, pre_vote: false, ..Options::default() });
    wait(&mut puppet);
    puppet.fire(n(1), ELECTION);
    puppet.fire(n(2), ELECTION);
    puppet.deliver(n(1), n(3));
    puppet.deliver(n(3), n(1));
    assert!(leads(&puppet, n(1)));
    puppet.crash(n(3), 0);
    puppet.start(n(3));
    wait(&mut puppet);
    puppet.deliver(n(2), n(3));
    puppet.deliver(n(3), n(2));
    let both = leads(&puppet, n(1)) && leads(&puppet, n(2));
    (puppet, both)
}

#[test]
fn a_vote_outlives_a_crash() {
    let (puppet, both) = vote_again(true);
    assert!(!both);
    compare(&puppet, "vote-kept");
}

#[test]
fn a_vote_that_is_forgotten_makes_two_leaders() {
    let (puppet, both) = vote_again(false);
    assert!(both);
    let mut watch = Watch::new();
    watch.look(n(1), puppet.node(n(1))).unwrap();
    let found = watch.look(n(2), puppet.node(n(2))).unwrap_err();
    assert_eq!((found.property, found.term), (Property::ElectionSafety, 1));
    compare(&puppet, "vote-forgotten");
}

#[test]
fn damage_on_the_shelf_is_told() {
    for (key, bytes) in [
        (&b"mv"[..], &[1, 2][..]),
        (b"ms", &[0; 30]),
        (b"ma", &[0]),
        (b"ma", &[0, 0, 0, 0, 0, 0, 0, 1]),
        (b"l\0\0\0\0\0\0\0\x01", &[0, 0, 0, 0, 0, 0, 0, 1, 0]),
        (b"l\0\0\0\0\0\0\0\x05", &[0; 9]),
        (b"l\0\0\0\0\0\0\0\x01", &[0; 8]),
        (b"l\0\0\0\0\0\0\0\x01", &[9; 40]),
        (b"dx", &[1]),
        (b"c\x80\x01", &[1, 2, 3]),
    ] {
        let mut shelf = Shelf::memory();
        shelf.put(key, bytes).unwrap();
        let mut raft = Raft::new(n(1), &[n(1)], &Options::default());
        assert!(raft.load(&mut shelf).is_err_and(|error| error.is_damage()), "{key:?}");
    }
}

#[test]
fn what_is_kept_is_read_back() {
    let request = |call| {
        let (id, key, context) = (RequestId(3), Bytes::typed("x"), Bytes::from(&[][..]));
        let request =
            super::super::super::message::Request { id, key, call, consistency: Consistency::Default, context };
        Payload::Command(NodeId::client(2), Rc::new(request))
    };
    let (one, two) = (Bytes::typed("one"), Bytes::typed("2"));
    let joint = Configuration { voters: vec![n(1), n(2)], old: vec![n(1)], learners: vec![n(7)] };
    for payload in [
        Payload::Nothing,
        Payload::Configuration(Rc::new(joint)),
        request(Call::Get),
        request(Call::Put(one.clone())),
        request(Call::Delete),
        request(Call::CompareAndSet { expected: None, new: one.clone() }),
        request(Call::CompareAndSet { expected: Some(one), new: two }),
    ] {
        let entry = Entry { term: 5, payload };
        let bytes = entry.encode();
        assert_eq!(Entry::decode(&bytes, 1).unwrap(), entry);
        for length in 0..bytes.len() {
            assert!(Entry::decode(&bytes[..length], 1).is_err(), "{entry:?} cut to {length}");
        }
    }
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let fine = Options::default();
    assert_eq!(fine.check(), Ok(()));
    for bad in [
        Options { heartbeat_ns: 0, ..fine.clone() },
        Options { election_ns: fine.heartbeat_ns, ..fine.clone() },
        Options { election_ns: u64::MAX, ..fine.clone() },
        Options { drift_percent: 100, ..fine.clone() },
        Options { max_entries: 0, ..fine.clone() },
        Options { kept_entries: 1_000, ..fine.clone() },
    ] {
        assert!(bad.check().is_err(), "{bad:?}");
    }
}

#[test]
fn messages_are_small() {
    assert!(size_of::<super::super::super::message::Message>() <= 48);
}
