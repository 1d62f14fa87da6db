//! A single decree step by step. What happens is beside, in `transcripts`.

use super::*;

fn single(puppet: &Puppet, id: NodeId) -> &Single {
    puppet.node::<Single>(id)
}

fn chosen(puppet: &Puppet, id: NodeId) -> Option<String> {
    single(puppet, id).chosen().map(Value::text)
}

#[test]
fn a_value_is_chosen_in_two_round_trips() {
    let mut puppet = cluster(3, &Options::single());
    ask(&mut puppet, 1, n(1), put("7"));
    puppet.settle();
    assert_eq!(last_answer(&puppet), Answer::Written);
    for id in [n(1), n(2), n(3)] {
        assert_eq!(chosen(&puppet, id).as_deref(), Some("x = 7"));
    }
    ask(&mut puppet, 2, n(3), put("8"));
    assert_eq!(last_answer(&puppet), Answer::Refused("another value was chosen"));
    ask(&mut puppet, 2, n(2), Call::Get);
    assert_eq!(last_answer(&puppet), Answer::Value(Some(Bytes::typed("7"))));
    compare(&puppet, "single");
}

#[test]
fn roles_lie_apart() {
    let roles = Roles { proposers: vec![n(1)], acceptors: vec![n(2), n(3), n(4)], learners: vec![n(5)] };
    let mut puppet = cluster(5, &Options { roles, ..Options::single() });
    ask(&mut puppet, 1, n(3), put("7"));
    assert_eq!(last_answer(&puppet), Answer::Redirect(Some(n(1))));
    ask(&mut puppet, 1, n(1), put("7"));
    puppet.settle();
    assert_eq!(last_answer(&puppet), Answer::Written);
    ask(&mut puppet, 2, n(2), Call::Get);
    assert_eq!(last_answer(&puppet), Answer::Redirect(Some(n(5))));
    ask(&mut puppet, 2, n(5), Call::Get);
    assert_eq!(last_answer(&puppet), Answer::Value(Some(Bytes::typed("7"))));
    assert_eq!(chosen(&puppet, n(2)), None, "an acceptor knows what it has accepted, not what is chosen");
    compare(&puppet, "roles");
}

/// n1's value is accepted by n1 alone when it falls silent; then n3 proposes. `meets`: n3's quorum has n1 in it.
fn one_has_accepted(meets: bool, options: &Options) -> Puppet {
    let mut puppet = cluster(3, options);
    ask(&mut puppet, 1, n(1), put("7"));
    puppet.deliver(n(1), n(2));
    puppet.deliver(n(2), n(1));
    puppet.lose(|_| true);
    assert!(single(&puppet, n(1)).acceptor().accepted(1).is_some());
    ask(&mut puppet, 2, n(3), put("8"));
    settle_apart(&mut puppet, &[if meets { n(2) } else { n(1) }]);
    puppet
}

#[test]
fn the_value_that_may_have_been_chosen_is_proposed_again() {
    let puppet = one_has_accepted(true, &Options::single());
    assert_eq!(chosen(&puppet, n(3)).as_deref(), Some("x = 7"));
    assert_eq!(last_answer(&puppet), Answer::Refused("another value was chosen"));
    compare(&puppet, "found");
}

#[test]
fn a_value_that_no_quorum_knows_of_is_not_chosen() {
    let mut puppet = one_has_accepted(false, &Options::single());
    assert_eq!(chosen(&puppet, n(3)).as_deref(), Some("x = 8"));
    // n1 tries again: it finds the other value.
    puppet.fire(n(1), RETRY);
    puppet.settle();
    assert_eq!(chosen(&puppet, n(1)).as_deref(), Some("x = 8"));
    assert_eq!(last_answer(&puppet), Answer::Refused("another value was chosen"));
    compare(&puppet, "not-chosen");
}

#[test]
fn of_two_accepted_values_the_higher_ballot_counts() {
    let mut puppet = cluster(5, &Options::single());
    // 1.n1 is accepted by n1 alone, 2.n5 by n5 alone, whose quorum was n3, n4, n5.
    ask(&mut puppet, 1, n(1), put("7"));
    settle_apart_of_phase(&mut puppet, n(1), &[n(2), n(3)]);
    ask(&mut puppet, 2, n(5), put("8"));
    settle_apart_of_phase(&mut puppet, n(5), &[n(3), n(4)]);
    let accepted = |puppet: &Puppet, id| single(puppet, id).acceptor().accepted(1).map(|one| one.value.text());
    assert_eq!(accepted(&puppet, n(1)).as_deref(), Some("x = 7"));
    assert_eq!(accepted(&puppet, n(5)).as_deref(), Some("x = 8"));
    // n2 asks n1, n2 and n5: both are told of.
    ask(&mut puppet, 3, n(2), put("9"));
    settle_apart(&mut puppet, &[n(3), n(4)]);
    assert_eq!(chosen(&puppet, n(2)).as_deref(), Some("x = 8"));
    compare(&puppet, "highest");
}

/// A proposer gets the promises of some others; of what it then asks to accept, nothing leaves it.
fn settle_apart_of_phase(puppet: &mut Puppet, proposer: NodeId, others: &[NodeId]) {
    for other in others {
        puppet.deliver(proposer, *other);
    }
    for other in others {
        puppet.deliver(*other, proposer);
    }
    puppet.lose(|_| true);
}

#[test]
fn a_learner_that_missed_it_asks() {
    let mut puppet = cluster(3, &Options::single());
    ask(&mut puppet, 1, n(1), put("7"));
    settle_apart(&mut puppet, &[n(3)]);
    ask(&mut puppet, 2, n(3), Call::Get);
    assert_eq!(last_answer(&puppet), Answer::Value(None), "it knows of none");
    puppet.settle();
    ask(&mut puppet, 2, n(3), Call::Get);
    assert_eq!(last_answer(&puppet), Answer::Value(Some(Bytes::typed("7"))));
    compare(&puppet, "late-learner");
}

#[test]
fn what_is_known_outlives_a_crash() {
    let mut puppet = cluster(3, &Options::single());
    ask(&mut puppet, 1, n(1), put("7"));
    puppet.settle();
    for id in [n(1), n(2), n(3)] {
        puppet.crash(id, 0);
    }
    for id in [n(1), n(2), n(3)] {
        puppet.start(id);
    }
    ask(&mut puppet, 1, n(2), put("8"));
    puppet.settle();
    assert_eq!(last_answer(&puppet), Answer::Refused("another value was chosen"));
    for id in [n(1), n(2), n(3)] {
        assert_eq!(single(&puppet, id).acceptor().accepted(1).unwrap().value.text(), "x = 7");
    }
}

/// n2 promises 2.n3 to n3 and crashes; then n1's proposal of ballot 1.n1 comes to it.
fn promise_again(persist_promises: bool) -> (Puppet, Watch, Option<Violation>) {
    let options = Options { persist_promises, ..Options::single() };
    let mut puppet = cluster(3, &options);
    let mut watch = Watch::new(&options);
    let look = |puppet: &Puppet, watch: &mut Watch, id| watch.look(id, puppet.node::<Single>(id)).err();
    ask(&mut puppet, 1, n(1), put("7"));
    look(&puppet, &mut watch, n(1));
    puppet.deliver(n(1), n(2));
    puppet.deliver(n(2), n(1));
    look(&puppet, &mut watch, n(1));
    // n3 has heard of ballot 1.n1 and prepares a higher one, with n2.
    puppet.deliver(n(1), n(3));
    ask(&mut puppet, 2, n(3), put("8"));
    look(&puppet, &mut watch, n(3));
    puppet.deliver(n(3), n(2));
    look(&puppet, &mut watch, n(2));
    puppet.crash(n(2), 0);
    watch.forget(n(2));
    puppet.start(n(2));
    look(&puppet, &mut watch, n(2));
    // The proposal of 1.n1 was on its way.
    puppet.deliver(n(1), n(2));
    let mut found = look(&puppet, &mut watch, n(2));
    // The promise was on its way too: n3 knows of nothing accepted.
    puppet.deliver(n(2), n(3));
    look(&puppet, &mut watch, n(3));
    puppet.deliver(n(3), n(2));
    found = look(&puppet, &mut watch, n(2)).or(found);
    (puppet, watch, found)
}

#[test]
fn a_promise_outlives_a_crash() {
    let (puppet, watch, found) = promise_again(true);
    assert_eq!(found, None);
    assert_eq!(watch.chosen(1).map(Value::text).as_deref(), Some("x = 8"));
    compare(&puppet, "promise-kept");
}

#[test]
fn a_promise_that_is_forgotten_lets_two_values_be_chosen() {
    let (puppet, watch, found) = promise_again(false);
    assert_eq!(watch.chosen(1).map(Value::text).as_deref(), Some("x = 7"), "by n1 and n2");
    assert_eq!(found.map(|found| found.property), Some(agreement::Property::Agreement));
    compare(&puppet, "promise-forgotten");
}

#[test]
fn quorums_that_do_not_meet_choose_two_values() {
    let options = Options { prepare_quorum: 1, accept_quorum: 2, ..Options::single() };
    let mut puppet = cluster(3, &options);
    let mut watch = Watch::new(&options);
    let mut found = None;
    for (client, id, text) in [(1, n(1), "7"), (2, n(3), "8")] {
        ask(&mut puppet, client, id, put(text));
        // Of what n1 and n3 say, only n2 hears, and what it says comes to both.
        for other in [id, n(2), id] {
            found = found.or(watch.look(other, puppet.node::<Single>(other)).err());
            puppet.lose(|pending| {
                (pending.from, pending.to) == (n(1), n(3)) || (pending.from, pending.to) == (n(3), n(1))
            });
            while let Some(at) = puppet.pending.iter().position(|pending| pending.to == n(2) || other == n(2)) {
                let to = puppet.pending[at].to;
                puppet.deliver_at(at);
                found = found.or(watch.look(to, puppet.node::<Single>(to)).err());
            }
        }
    }
    puppet.settle();
    for id in [n(1), n(2), n(3)] {
        found = found.or(watch.look(id, puppet.node::<Single>(id)).err());
    }
    assert_eq!(found.map(|found| found.property), Some(agreement::Property::Agreement), "{}", puppet.transcript);
    assert_ne!(chosen(&puppet, n(1)), chosen(&puppet, n(3)));
    compare(&puppet, "small-quorum");
}

#[test]
fn a_proposer_that_ignores_what_was_accepted_is_caught() {
    let options = Options { ignore_accepted: true, ..Options::single() };
    let mut puppet = cluster(3, &options);
    let mut watch = Watch::new(&options);
    let mut found = None;
    for (client, id, text) in [(1, n(1), "7"), (2, n(3), "8")] {
        ask(&mut puppet, client, id, put(text));
        while !puppet.pending.is_empty() {
            // n3 is away at first, so that it does not learn.
            if client == 1 {
                puppet.lose(|pending| pending.to == n(3));
            }
            let Some(to) = puppet.pending.first().map(|pending| pending.to) else { break };
            found = found.or(watch.look(id, puppet.node::<Single>(id)).err());
            puppet.deliver_at(0);
            found = found.or(watch.look(to, puppet.node::<Single>(to)).err());
        }
    }
    assert_eq!(found.map(|found| found.property), Some(agreement::Property::Agreement), "{}", puppet.transcript);
    compare(&puppet, "ignored");
}
