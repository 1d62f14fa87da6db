//! The protocol, message by message.

mod storms;

use super::super::puppet::Puppet;
use super::*;
use glassbase_sim::Generator;

const MS: u64 = 1_000_000;

fn cluster(count: u16, options: Options) -> Puppet {
    options.check().unwrap();
    let members: Vec<NodeId> = (1..=count).map(NodeId).collect();
    Puppet::new(count, move |me| node(me, &members, &options))
}

fn ask(puppet: &mut Puppet, to: u16, key: &str, call: Call) -> Answer {
    puppet.now_ns += MS;
    puppet.ask(1, NodeId(to), key, call, Consistency::Default);
    puppet.answers.last().unwrap().1.answer.clone()
}

fn put(puppet: &mut Puppet, to: u16, key: &str, value: &str) -> Answer {
    ask(puppet, to, key, Call::Put(Bytes::typed(value)))
}

fn get(puppet: &mut Puppet, to: u16, key: &str) -> Answer {
    ask(puppet, to, key, Call::Get)
}

fn change(puppet: &mut Puppet, to: u16, key: &str, call: MergeCall) -> Answer {
    ask(puppet, to, key, Call::Merge(Rc::new(call)))
}

fn value(text: &str) -> Answer {
    Answer::Value(Some(Bytes::typed(text)))
}

fn resolving(resolution: Resolution) -> Options {
    Options { resolution, ..Options::default() }
}

/// Lets every node tell what it has, until nothing changes any more.
fn exchange(puppet: &mut Puppet, count: u16) {
    for _ in 0..2 * count {
        for node in 1..=count {
            puppet.fire(NodeId(node), EXCHANGE);
        }
        puppet.settle();
    }
}

fn assert_alike(puppet: &Puppet, count: u16, what: &str) {
    let first = puppet.node::<MultiLeader>(NodeId(1));
    for node in 2..=count {
        let other = puppet.node::<MultiLeader>(NodeId(node));
        assert_eq!(first.have(), other.have(), "{what}: n1 and n{node}");
        assert_eq!(first.values(), other.values(), "{what}: n1 and n{node}");
    }
}

#[test]
fn two_leaders_meet_in_a_conflict() {
    let mut puppet = cluster(2, resolving(Resolution::LastWriteWins));
    puppet.skew_ns.insert(NodeId(1), 2_000 * MS as i64);
    assert_eq!(put(&mut puppet, 1, "title", "earlier"), Answer::Written);
    assert_eq!(put(&mut puppet, 2, "title", "later"), Answer::Written);
    assert_eq!((get(&mut puppet, 1, "title"), get(&mut puppet, 2, "title")), (value("earlier"), value("later")));
    puppet.settle();
    for node in 1..=2 {
        assert_eq!(get(&mut puppet, node, "title"), value("earlier"), "n1's clock is two seconds ahead");
        assert_eq!(puppet.node::<MultiLeader>(NodeId(node)).conflicts(), 1);
    }
    // What is written in the knowledge of both is no conflict, whatever its stamp.
    put(&mut puppet, 2, "title", "last");
    puppet.settle();
    assert_eq!(get(&mut puppet, 1, "title"), value("last"));
    assert_eq!(puppet.node::<MultiLeader>(NodeId(1)).conflicts(), 1);
    puppet.compare("multi_leader/transcripts/conflict.txt");
}

#[test]
fn siblings_are_replaced_by_whoever_has_seen_them() {
    let mut puppet = cluster(2, resolving(Resolution::Siblings));
    put(&mut puppet, 1, "cart", "milk");
    put(&mut puppet, 2, "cart", "eggs");
    puppet.settle();
    let both: Rc<[Bytes]> = Rc::new([Bytes::typed("eggs"), Bytes::typed("milk")]);
    assert_eq!(get(&mut puppet, 1, "cart"), Answer::Siblings(both.clone()));
    let context = puppet.answers.last().unwrap().1.context.clone();
    let mut write = |id, value: &str, context: &Bytes| {
        let (key, call) = (Bytes::typed("cart"), Call::Put(Bytes::typed(value)));
        let (id, consistency, context) = (RequestId(id), Consistency::Default, context.clone());
        let request = Request { id, key, call, consistency, context };
        puppet.hand(NodeId::client(1), NodeId(2), Wired::Request(request.into()));
        puppet.settle();
    };
    write(100, "both", &context);
    write(101, "and tea", &context);
    let both: Rc<[Bytes]> = Rc::new([Bytes::typed("and tea"), Bytes::typed("both")]);
    assert_eq!(get(&mut puppet, 1, "cart"), Answer::Siblings(both), "the second had not seen the first");
    puppet.compare("multi_leader/transcripts/siblings.txt");
}

#[test]
fn rules_choose_the_same_everywhere() {
    let rules = [(Rule::Max, "20"), (Rule::Longest, "seventeen"), (Rule::Leader(NodeId(1)), "9")];
    for (rule, expected) in rules {
        let mut puppet = cluster(3, resolving(Resolution::Rule(rule)));
        put(&mut puppet, 1, "bid", "9");
        put(&mut puppet, 2, "bid", "20");
        put(&mut puppet, 3, "bid", "seventeen");
        puppet.settle();
        for node in 1..=3 {
            assert_eq!(get(&mut puppet, node, "bid"), value(expected), "{rule:?}");
        }
    }
}

#[test]
fn values_merge() {
    let mut puppet = cluster(2, resolving(Resolution::Merge));
    let member = |name: &str| Bytes::typed(name);
    change(&mut puppet, 1, "likes", MergeCall::Count(5));
    change(&mut puppet, 2, "likes", MergeCall::Count(-2));
    change(&mut puppet, 1, "cart", MergeCall::AddMember(member("milk")));
    change(&mut puppet, 1, "note", MergeCall::InsertText { at: 0, text: "cat".into() });
    puppet.settle();
    change(&mut puppet, 1, "cart", MergeCall::RemoveMember(member("milk")));
    change(&mut puppet, 2, "cart", MergeCall::AddMember(member("milk")));
    change(&mut puppet, 1, "user", MergeCall::SetField(member("name"), member("Ann")));
    change(&mut puppet, 2, "user", MergeCall::SetField(member("age"), member("30")));
    change(&mut puppet, 1, "note", MergeCall::InsertText { at: 2, text: "r".into() });
    change(&mut puppet, 2, "note", MergeCall::DeleteText { at: 0, count: 1 });
    puppet.settle();
    for node in 1..=2 {
        for (key, expected) in [("likes", "3"), ("cart", "{milk}"), ("user", "{age = 30, name = Ann}"), ("note", "art")]
        {
            assert_eq!(get(&mut puppet, node, key), value(expected));
        }
    }
    assert_alike(&puppet, 2, "merged");
    puppet.compare("multi_leader/transcripts/merge.txt");
}

#[test]
fn after_a_partition_each_sends_what_the_other_misses() {
    let mut puppet = cluster(2, resolving(Resolution::LastWriteWins));
    for round in 0..3 {
        put(&mut puppet, 1, &format!("left {round}"), "1");
        put(&mut puppet, 2, &format!("right {round}"), "2");
        puppet.lose(|_| true);
    }
    puppet.transcript.clear();
    puppet.fire(NodeId(1), EXCHANGE);
    puppet.fire(NodeId(2), EXCHANGE);
    puppet.settle();
    assert_alike(&puppet, 2, "after the partition");
    assert_eq!(puppet.node::<MultiLeader>(NodeId(1)).values().len(), 6);
    puppet.compare("multi_leader/transcripts/partition.txt");
}

#[test]
fn who_misses_more_than_is_kept_is_sent_all() {
    let mut puppet = cluster(2, Options { log_kept: 3, ..resolving(Resolution::LastWriteWins) });
    for round in 0..9 {
        put(&mut puppet, 1, &format!("left {round}"), "1");
        put(&mut puppet, 2, "right", &round.to_string());
        puppet.lose(|_| true);
    }
    exchange(&mut puppet, 2);
    assert!(puppet.transcript.contains(" state "), "{}", puppet.transcript);
    assert_alike(&puppet, 2, "after the state");
    put(&mut puppet, 1, "more", "1");
    puppet.settle();
    assert_alike(&puppet, 2, "and it goes on");
    puppet.compare("multi_leader/transcripts/state.txt");
}

#[test]
fn a_change_waits_for_what_its_writer_knew() {
    for causal in [true, false] {
        let mut puppet = cluster(3, Options { causal, ..Options::default() });
        put(&mut puppet, 1, "question", "why?");
        puppet.deliver(NodeId(1), NodeId(2));
        put(&mut puppet, 2, "answer", "because");
        puppet.deliver(NodeId(2), NodeId(3));
        let seen = get(&mut puppet, 3, "answer");
        assert_eq!(seen, if causal { Answer::Value(None) } else { value("because") });
        puppet.settle();
        assert_eq!(get(&mut puppet, 3, "answer"), value("because"));
        let name = if causal { "causal" } else { "not_causal" };
        puppet.compare(&format!("multi_leader/transcripts/{name}.txt"));
    }
}

#[test]
fn in_a_ring_and_in_a_star_changes_are_passed_on() {
    for (topology, messages) in [(Topology::AllToAll, 4), (Topology::Ring, 4), (Topology::Star, 4)] {
        let mut puppet = cluster(5, Options { topology, ..Options::default() });
        put(&mut puppet, 2, "x", "1");
        puppet.settle();
        assert_alike(&puppet, 5, "passed on");
        let sent = puppet.transcript.lines().filter(|line| line.contains('→') && line.contains("changes")).count();
        assert_eq!(sent, messages, "{topology:?}");
    }
}

#[test]
fn gathered_changes_go_together() {
    let mut puppet = cluster(2, Options { gather_ns: 50 * MS, ..Options::default() });
    put(&mut puppet, 1, "x", "1");
    put(&mut puppet, 1, "y", "2");
    assert!(puppet.pending.is_empty());
    puppet.fire(NodeId(1), SEND);
    assert_eq!(puppet.pending.len(), 1);
    puppet.settle();
    assert_alike(&puppet, 2, "gathered");
    puppet.compare("multi_leader/transcripts/gathered.txt");
}

#[test]
fn who_does_not_lead_says_who_does() {
    let mut puppet = cluster(3, Options { leaders: 2, ..Options::default() });
    assert_eq!(put(&mut puppet, 3, "x", "1"), Answer::Redirect(Some(NodeId(1))));
    assert_eq!(put(&mut puppet, 2, "x", "1"), Answer::Written);
    puppet.settle();
    assert_eq!(get(&mut puppet, 3, "x"), value("1"));
    let compare = Call::CompareAndSet { expected: None, new: Bytes::typed("1") };
    assert!(matches!(ask(&mut puppet, 1, "x", compare), Answer::Refused(_)));
    assert!(matches!(change(&mut puppet, 1, "x", MergeCall::Count(1)), Answer::Refused(_)));
    puppet.compare("multi_leader/transcripts/redirect.txt");
}

#[test]
fn a_client_does_not_read_what_is_older_than_what_it_has_written() {
    let mut puppet = cluster(2, Options::default());
    put(&mut puppet, 1, "x", "1");
    let context = puppet.answers.last().unwrap().1.context.clone();
    let (key, call, consistency) = (Bytes::typed("x"), Call::Get, Consistency::ReadYourWrites);
    let request = Rc::new(Request { id: RequestId(77), key, call, consistency, context });
    puppet.hand(NodeId::client(1), NodeId(2), Wired::Request(request.clone()));
    assert_eq!(puppet.answers.last().unwrap().1.answer, Answer::Redirect(Some(NodeId(1))), "who wrote it has it");
    puppet.settle();
    puppet.hand(NodeId::client(1), NodeId(2), Wired::Request(request));
    assert_eq!(puppet.answers.last().unwrap().1.answer, value("1"));
    puppet.compare("multi_leader/transcripts/behind.txt");
}

fn random_call(random: &mut Generator, resolution: Resolution) -> (String, Call) {
    let name = |random: &mut Generator| Bytes::number(random.below(3));
    if resolution != Resolution::Merge || random.below(4) == 0 {
        let value = Bytes::number(random.below(50));
        let call = if random.below(5) == 0 { Call::Delete } else { Call::Put(value) };
        return (format!("key {}", random.below(3)), call);
    }
    let at = random.below(6) as u32;
    let (key, call) = match random.below(7) {
        0 => ("count", MergeCall::Count(random.below(9) as i64 - 4)),
        1 => ("set", MergeCall::AddMember(name(random))),
        2 => ("set", MergeCall::RemoveMember(name(random))),
        3 => ("map", MergeCall::SetField(name(random), Bytes::number(random.below(9)))),
        4 => ("map", MergeCall::RemoveField(name(random))),
        5 => ("text", MergeCall::InsertText { at, text: "ab".into() }),
        _ => ("text", MergeCall::DeleteText { at, count: 2 }),
    };
    (key.to_string(), Call::Merge(Rc::new(call)))
}

/// Messages are lost, doubled, and come in any order; nodes crash. After everything was exchanged all are alike.
#[test]
fn all_come_to_be_alike() {
    let resolutions = [
        Resolution::LastWriteWins,
        Resolution::Siblings,
        Resolution::Merge,
        Resolution::Rule(Rule::Max),
        Resolution::Rule(Rule::Leader(NodeId(2))),
    ];
    let mut conflicts = 0;
    for seed in 0..90 {
        let mut random = Generator::new(seed, "alike");
        let resolution = resolutions[seed as usize % resolutions.len()];
        let topology = [Topology::AllToAll, Topology::Ring, Topology::Star][random.below(3) as usize];
        let (log_kept, causal) = ([2, 1_000][random.below(2) as usize], random.below(2) == 0);
        let mut puppet = cluster(4, Options { resolution, topology, log_kept, causal, ..Options::default() });
        for _ in 0..60 {
            let node = 1 + random.below(4) as u16;
            match random.below(8) {
                0 => {
                    puppet.crash(NodeId(node), random.next_u64());
                    puppet.pending.retain(|pending| pending.to != NodeId(node));
                    puppet.start(NodeId(node));
                }
                1 => puppet.fire(NodeId(node), EXCHANGE),
                _ => {
                    let (key, call) = random_call(&mut random, resolution);
                    ask(&mut puppet, node, &key, call);
                }
            }
            for _ in 0..random.below(5) {
                if !puppet.pending.is_empty() {
                    let at = random.below(puppet.pending.len() as u64) as usize;
                    let pending = match random.below(4) {
                        0 => puppet.pending[at].clone(),
                        _ => puppet.pending.remove(at),
                    };
                    if random.below(4) > 0 {
                        puppet.hand(pending.from, pending.to, pending.message);
                    }
                }
            }
            puppet.transcript.clear();
        }
        puppet.settle();
        exchange(&mut puppet, 4);
        assert_alike(&puppet, 4, &format!("seed {seed}, {resolution:?}, {topology:?}"));
        conflicts += puppet.node::<MultiLeader>(NodeId(1)).conflicts();
        // What is on the shelf is what is in memory.
        let before = puppet.node::<MultiLeader>(NodeId(3)).values().clone();
        puppet.crash(NodeId(3), 0);
        puppet.start(NodeId(3));
        assert_eq!(*puppet.node::<MultiLeader>(NodeId(3)).values(), before);
    }
    assert!(conflicts > 100, "{conflicts}");
}

#[test]
fn settings_that_cannot_work_are_refused() {
    assert_eq!(Options::default().check(), Ok(()));
    assert!(Options { exchange_ns: 0, ..Options::default() }.check().is_err());
    assert!(Options { log_kept: 0, ..Options::default() }.check().is_err());
}
