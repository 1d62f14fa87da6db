//! A sequence of decrees step by step. What happens is beside, in `transcripts`.

use super::*;

fn multi(puppet: &Puppet, id: NodeId) -> &Multi {
    puppet.node::<Multi>(id)
}

/// A node becomes the leader, by everybody's promise.
fn elect(puppet: &mut Puppet, leader: NodeId) {
    puppet.fire(leader, ELECTION);
    puppet.settle();
    assert!(multi(puppet, leader).is_leader(), "{}", puppet.transcript);
}

fn log(puppet: &Puppet, id: NodeId) -> Vec<String> {
    multi(puppet, id).log().iter().map(Value::text).collect()
}

fn value(puppet: &Puppet, id: NodeId, key: &str) -> Option<String> {
    multi(puppet, id).contents().data.get(&Bytes::typed(key)).map(|cell| cell.value.to_string())
}

#[test]
fn a_leader_prepares_once_and_commands_take_one_round_trip() {
    let mut puppet = cluster(3, &Options::multi());
    elect(&mut puppet, n(1));
    ask(&mut puppet, 1, n(2), put("1"));
    assert_eq!(last_answer(&puppet), Answer::Redirect(Some(n(1))));
    ask(&mut puppet, 1, n(1), put("1"));
    puppet.deliver(n(1), n(2));
    puppet.deliver(n(2), n(1));
    assert_eq!(last_answer(&puppet), Answer::Written);
    assert!(log(&puppet, n(3)).is_empty(), "it has not even heard of it");
    puppet.settle();
    let call = Call::CompareAndSet { expected: Some(Bytes::typed("1")), new: Bytes::typed("2") };
    ask(&mut puppet, 1, n(1), call.clone());
    puppet.settle();
    assert_eq!(last_answer(&puppet), Answer::Compared(true));
    ask(&mut puppet, 2, n(1), call);
    puppet.settle();
    assert_eq!(last_answer(&puppet), Answer::Compared(false));
    ask(&mut puppet, 2, n(1), Call::Get);
    puppet.settle();
    assert_eq!(last_answer(&puppet), Answer::Value(Some(Bytes::typed("2"))));
    ask(&mut puppet, 2, n(1), Call::Delete);
    puppet.settle();
    puppet.fire(n(1), HEARTBEAT);
    puppet.settle();
    assert_eq!(log(&puppet, n(3)), ["x = 1", "x: 1 to 2", "x: 1 to 2", "read x", "delete x"]);
    assert_eq!(value(&puppet, n(3), "x"), None);
    let prepares = puppet.transcript.lines().filter(|line| line.contains("n1 → n2  prepare")).count();
    assert_eq!(prepares, 1);
    compare(&puppet, "sequence");
}

#[test]
fn commands_overtake_one_another_and_are_applied_in_order() {
    let mut puppet = cluster(3, &Options::multi());
    elect(&mut puppet, n(1));
    ask(&mut puppet, 1, n(1), put("1"));
    puppet.lose(|pending| pending.to == n(2) || pending.to == n(3));
    ask(&mut puppet, 2, n(1), put("2"));
    puppet.settle();
    assert!(puppet.answers.is_empty(), "instance 2 is chosen, but 1 is not");
    for _ in 0..2 {
        puppet.fire(n(1), HEARTBEAT);
        puppet.settle();
    }
    assert_eq!(puppet.answers.len(), 2, "the proposal was sent again");
    assert_eq!(log(&puppet, n(1)), ["x = 1", "x = 2"]);
    compare(&puppet, "gap");
}

#[test]
fn a_new_leader_proposes_what_it_finds_and_fills_the_gaps() {
    let mut puppet = cluster(3, &Options::multi());
    elect(&mut puppet, n(1));
    ask(&mut puppet, 1, n(1), put("1"));
    puppet.settle();
    // Of instances 2 to 4, n2 hears of 2 and 4: 2 is chosen, 3 is known to n1 alone, 4 is chosen.
    ask(&mut puppet, 1, n(1), put("2"));
    puppet.deliver(n(1), n(2));
    puppet.lose(|pending| pending.from == n(1));
    ask(&mut puppet, 2, n(1), put("3"));
    puppet.lose(|pending| pending.from == n(1));
    ask(&mut puppet, 3, n(1), put("4"));
    puppet.deliver(n(1), n(2));
    puppet.crash(n(1), 0);
    puppet.lose(|_| true);
    elect(&mut puppet, n(3));
    assert_eq!(log(&puppet, n(3)), ["x = 1", "x = 2", "no-op", "x = 4"]);
    ask(&mut puppet, 4, n(3), put("5"));
    puppet.settle();
    assert_eq!(last_answer(&puppet), Answer::Written);
    // n1 comes back: what it has accepted alone gives way.
    puppet.start(n(1));
    puppet.fire(n(3), HEARTBEAT);
    puppet.settle();
    puppet.fire(n(3), HEARTBEAT);
    puppet.settle();
    assert_eq!(log(&puppet, n(1)), ["x = 1", "x = 2", "no-op", "x = 4", "x = 5"]);
    assert_eq!(value(&puppet, n(1), "x").as_deref(), Some("5"));
    compare(&puppet, "new-leader");
}

#[test]
fn a_leader_that_is_overtaken_tells_its_clients_that_it_does_not_know() {
    let mut puppet = cluster(3, &Options::multi());
    elect(&mut puppet, n(1));
    ask(&mut puppet, 1, n(1), put("1"));
    puppet.lose(|_| true);
    // The others hear nothing of it, and elect another.
    puppet.fire(n(2), ELECTION);
    settle_apart(&mut puppet, &[n(1)]);
    assert!(multi(&puppet, n(2)).is_leader());
    assert!(multi(&puppet, n(1)).is_leader(), "there may be two at a time: only one can have anything chosen");
    ask(&mut puppet, 2, n(2), put("2"));
    settle_apart(&mut puppet, &[n(1)]);
    assert_eq!(last_answer(&puppet), Answer::Written);
    ask(&mut puppet, 3, n(1), Call::Get);
    let answers = puppet.answers.len();
    puppet.settle();
    assert!(!multi(&puppet, n(1)).is_leader());
    let unknown =
        puppet.answers[answers..].iter().filter(|(_, told)| matches!(told.answer, Answer::Unknown(_))).count();
    assert_eq!(unknown, 2);
    puppet.fire(n(2), HEARTBEAT);
    puppet.settle();
    assert_eq!(log(&puppet, n(1)), log(&puppet, n(2)));
    compare(&puppet, "overtaken");
}

#[test]
fn a_node_that_was_away_fetches_what_it_lacks() {
    let mut puppet = cluster(3, &Options::multi());
    elect(&mut puppet, n(1));
    for number in 1..=70 {
        ask(&mut puppet, 1, n(1), put(&number.to_string()));
        settle_apart(&mut puppet, &[n(3)]);
    }
    puppet.transcript.clear();
    puppet.fire(n(1), HEARTBEAT);
    puppet.settle();
    assert_eq!(multi(&puppet, n(3)).log().len(), 70);
    assert_eq!(multi(&puppet, n(3)).contents(), multi(&puppet, n(1)).contents());
    // Unsynced, so a crash may take it back; the acceptors know it.
    puppet.crash(n(3), 5);
    puppet.start(n(3));
    puppet.fire(n(1), HEARTBEAT);
    puppet.settle();
    assert_eq!(multi(&puppet, n(3)).log().len(), 70);
    compare(&puppet, "fetch");
}

#[test]
fn a_node_that_was_away_for_too_long_is_sent_the_data() {
    let mut puppet = cluster(3, &Options { snapshot_entries: 4, ..Options::multi() });
    elect(&mut puppet, n(1));
    for number in 1..=9 {
        ask(&mut puppet, 1, n(1), put(&number.to_string()));
        settle_apart(&mut puppet, &[n(3)]);
    }
    assert_eq!(multi(&puppet, n(1)).cut(), 6);
    assert_eq!(log(&puppet, n(1)), ["x = 7", "x = 8", "x = 9"]);
    assert!(multi(&puppet, n(1)).acceptor().accepted(6).is_none(), "nor is kept what was accepted");
    puppet.transcript.clear();
    puppet.fire(n(1), HEARTBEAT);
    puppet.settle();
    assert_eq!(multi(&puppet, n(3)).contents(), multi(&puppet, n(1)).contents());
    // What a crash leaves goes on from there: unsynced or not, the cut is never before the data.
    for choice in 0..20 {
        puppet.crash(n(3), choice);
        puppet.start(n(3));
        puppet.fire(n(1), HEARTBEAT);
        puppet.settle();
        assert_eq!(value(&puppet, n(3), "x").as_deref(), Some("9"));
    }
    puppet.transcript.truncate(puppet.transcript.find("n3 crashes").unwrap());
    compare(&puppet, "snapshot");
}

/// An acceptor that has forgotten what it had accepted promises nothing to who asks about it: the values would be lost.
#[test]
fn a_candidate_that_lacks_what_is_cut_off_gets_data_instead_of_a_promise() {
    let mut puppet = cluster(3, &Options { snapshot_entries: 4, ..Options::multi() });
    elect(&mut puppet, n(1));
    for number in 1..=6 {
        ask(&mut puppet, 1, n(1), put(&number.to_string()));
        settle_apart(&mut puppet, &[n(3)]);
    }
    puppet.fire(n(1), HEARTBEAT);
    settle_apart(&mut puppet, &[n(3)]);
    puppet.crash(n(1), 0);
    assert!(multi(&puppet, n(2)).cut() > 0);
    puppet.transcript.clear();
    puppet.fire(n(3), ELECTION);
    puppet.settle();
    assert!(!multi(&puppet, n(3)).is_leader());
    assert_eq!(value(&puppet, n(3), "x"), value(&puppet, n(2), "x"));
    elect(&mut puppet, n(3));
    ask(&mut puppet, 1, n(3), Call::Get);
    puppet.settle();
    assert_eq!(last_answer(&puppet), Answer::Value(Some(Bytes::typed("6"))));
    compare(&puppet, "candidate-behind");
}

#[test]
fn roles_lie_apart_in_a_sequence() {
    let roles = Roles { proposers: vec![n(1), n(2)], acceptors: vec![n(3), n(4), n(5)], learners: vec![n(6)] };
    let mut puppet = cluster(6, &Options { roles, ..Options::multi() });
    assert!(puppet.timers(n(3)).is_empty() && puppet.timers(n(6)).is_empty(), "only proposers want to lead");
    elect(&mut puppet, n(2));
    ask(&mut puppet, 1, n(6), put("1"));
    assert_eq!(last_answer(&puppet), Answer::Redirect(Some(n(2))));
    ask(&mut puppet, 1, n(2), put("1"));
    puppet.settle();
    assert_eq!(last_answer(&puppet), Answer::Written);
    puppet.fire(n(2), HEARTBEAT);
    puppet.settle();
    puppet.ask(1, n(6), "x", Call::Get, Consistency::Any);
    assert_eq!(last_answer(&puppet), Answer::Value(Some(Bytes::typed("1"))));
    compare(&puppet, "sequence-roles");
}

#[test]
fn a_request_that_comes_twice_is_done_once() {
    let mut puppet = cluster(3, &Options::multi());
    elect(&mut puppet, n(1));
    let (id, context) = (RequestId(7), Bytes::default());
    let call = Call::CompareAndSet { expected: None, new: Bytes::typed("1") };
    let (key, consistency) = (Bytes::typed("x"), Consistency::Default);
    let request = super::super::super::message::Request { id, key, call, consistency, context };
    let request = super::super::super::message::Message::Request(request.into());
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
}
