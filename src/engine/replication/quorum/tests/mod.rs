//! The protocol, message by message.

mod storms;

use super::super::puppet::Puppet;
use super::super::versions::Dot;
use super::super::{Answer, Call, Consistency, Message as Wired, Request, RequestId};
use super::*;
use glassbase_sim::Generator;
use glassbase_trace::Bytes;

const MS: u64 = 1_000_000;

fn cluster(count: u16, options: Options) -> Puppet {
    options.check(count).unwrap();
    let members: Vec<NodeId> = (1..=count).map(NodeId).collect();
    Puppet::new(count, move |me| node(me, &members, &options))
}

/// Without what goes on in the background.
fn quiet() -> Options {
    Options { anti_entropy_ns: 0, read_repair: ReadRepair::Off, hinted_handoff: false, ..Options::default() }
}

fn put(puppet: &mut Puppet, to: NodeId, key: &str, value: &str) -> RequestId {
    puppet.now_ns += MS;
    puppet.ask(1, to, key, Call::Put(Bytes::typed(value)), Consistency::Default)
}

fn get(puppet: &mut Puppet, to: NodeId, key: &str, consistency: Consistency) -> RequestId {
    puppet.now_ns += MS;
    puppet.ask(1, to, key, Call::Get, consistency)
}

fn answer(puppet: &Puppet, id: RequestId) -> Option<Answer> {
    puppet.answers.iter().rev().find(|(_, response)| response.id == id).map(|(_, response)| response.answer.clone())
}

fn value(text: &str) -> Option<Answer> {
    Some(Answer::Value(Some(Bytes::typed(text))))
}

/// The replicas of a key, then the others, of a cluster of `count`.
fn order(count: u16, key: &str) -> Vec<NodeId> {
    let members: Vec<NodeId> = (1..=count).map(NodeId).collect();
    let ring = Ring::new(&members, &Options::default());
    ring.order(ring.place(ring::token(&Bytes::typed(key))).0).collect()
}

/// Brings a context along.
fn ask_with(puppet: &mut Puppet, to: NodeId, key: &str, call: Call, context: Bytes) -> RequestId {
    puppet.now_ns += MS;
    let id = RequestId(1_000_000 + puppet.answers.len() as u64);
    let (key, consistency) = (Bytes::typed(key), Consistency::Default);
    puppet.hand(NodeId::client(1), to, Wired::Request(Request { id, key, call, consistency, context }.into()));
    id
}

fn last_context(puppet: &Puppet) -> Bytes {
    puppet.answers.last().unwrap().1.context.clone()
}

#[test]
fn two_of_three_do() {
    let mut puppet = cluster(5, quiet());
    let nodes = order(5, "cart");
    let outside = nodes[4];
    let id = put(&mut puppet, outside, "cart", "milk");
    assert_eq!(puppet.pending.len(), 3);
    for node in &nodes[..2] {
        assert_eq!(answer(&puppet, id), None);
        puppet.deliver(outside, *node);
        puppet.deliver(*node, outside);
    }
    assert_eq!(answer(&puppet, id), Some(Answer::Written));
    // The write to the third is still on its way: a read that asks all meets one that has it among any two.
    puppet.lose(|pending| pending.to == nodes[2]);
    let read = get(&mut puppet, nodes[2], "cart", Consistency::Quorum);
    assert_eq!(answer(&puppet, read), None);
    puppet.deliver(nodes[2], nodes[0]);
    puppet.deliver(nodes[0], nodes[2]);
    assert_eq!(answer(&puppet, read), value("milk"));
    let stale = get(&mut puppet, nodes[2], "cart", Consistency::One);
    assert_eq!(answer(&puppet, stale), Some(Answer::Value(None)), "one replica may be behind");
    puppet.compare("quorum/transcripts/two_of_three.txt");
}

#[test]
fn a_read_repairs_before_it_answers() {
    let mut puppet = cluster(3, Options { read_repair: ReadRepair::Blocking, ..quiet() });
    let nodes = order(3, "cart");
    put(&mut puppet, nodes[0], "cart", "milk");
    puppet.deliver(nodes[0], nodes[1]);
    puppet.lose(|_| true);
    let read = get(&mut puppet, nodes[2], "cart", Consistency::Default);
    puppet.deliver(nodes[2], nodes[1]);
    puppet.deliver(nodes[1], nodes[2]);
    assert_eq!(answer(&puppet, read), value("milk"), "it had the old version itself, and needs no message for that");
    let local = get(&mut puppet, nodes[2], "cart", Consistency::One);
    assert_eq!(answer(&puppet, local), value("milk"));
    puppet.compare("quorum/transcripts/repair_first.txt");
}

#[test]
fn a_blocking_repair_waits_for_the_replica() {
    let mut puppet = cluster(3, Options { read_repair: ReadRepair::Blocking, ..quiet() });
    let nodes = order(3, "cart");
    put(&mut puppet, nodes[0], "cart", "milk");
    puppet.lose(|_| true);
    let read = get(&mut puppet, nodes[0], "cart", Consistency::Default);
    puppet.deliver(nodes[0], nodes[1]);
    puppet.deliver(nodes[1], nodes[0]);
    assert_eq!(answer(&puppet, read), None, "n2 does not have it yet");
    puppet.settle();
    assert_eq!(answer(&puppet, read), value("milk"));
    assert_eq!(puppet.node::<Quorum>(nodes[0]).repairs_sent(), 1);
    puppet.compare("quorum/transcripts/repair_waits.txt");
}

#[test]
fn a_read_repairs_in_the_background() {
    let mut puppet = cluster(3, Options { read_repair: ReadRepair::Background, ..quiet() });
    let nodes = order(3, "cart");
    put(&mut puppet, nodes[0], "cart", "milk");
    puppet.lose(|_| true);
    let read = get(&mut puppet, nodes[0], "cart", Consistency::One);
    assert_eq!(answer(&puppet, read), value("milk"));
    puppet.settle();
    for node in &nodes[1..] {
        let read = get(&mut puppet, *node, "cart", Consistency::One);
        assert_eq!(answer(&puppet, read), value("milk"));
        puppet.lose(|_| true);
    }
    puppet.compare("quorum/transcripts/repair_after.txt");
}

#[test]
fn a_stand_in_keeps_a_hint_and_hands_it_off() {
    let mut puppet = cluster(5, Options { sloppy: true, hinted_handoff: true, write: 3, ..quiet() });
    let nodes = order(5, "cart");
    puppet.crash(nodes[2], 0);
    let id = put(&mut puppet, nodes[0], "cart", "milk");
    puppet.settle();
    assert_eq!(answer(&puppet, id), None, "W = 3, and one of the three is down");
    puppet.now_ns += 100 * MS;
    puppet.fire(nodes[0], SWEEP);
    puppet.settle();
    assert_eq!(answer(&puppet, id), Some(Answer::Written), "{} stood in", nodes[3]);
    let holder = puppet.node::<Quorum>(nodes[3]);
    assert_eq!(holder.hints_held(), 1);
    // The hint outlives a crash of its keeper.
    puppet.crash(nodes[3], 7);
    puppet.start(nodes[3]);
    assert_eq!(puppet.node::<Quorum>(nodes[3]).hints_held(), 1);
    puppet.fire(nodes[3], PROBE);
    puppet.settle();
    assert_eq!(puppet.node::<Quorum>(nodes[3]).hints_held(), 1, "{} is still down", nodes[2]);
    puppet.start(nodes[2]);
    puppet.now_ns += 300 * MS;
    puppet.fire(nodes[3], PROBE);
    puppet.settle();
    assert_eq!(puppet.node::<Quorum>(nodes[3]).hints_held(), 0);
    let read = get(&mut puppet, nodes[2], "cart", Consistency::One);
    assert_eq!(answer(&puppet, read), value("milk"));
    puppet.compare("quorum/transcripts/hint.txt");
}

#[test]
fn a_strict_quorum_refuses_what_a_sloppy_one_takes() {
    for sloppy in [false, true] {
        let mut puppet = cluster(5, Options { sloppy, hinted_handoff: sloppy, ..quiet() });
        let nodes = order(5, "cart");
        puppet.crash(nodes[1], 0);
        puppet.crash(nodes[2], 0);
        let first = put(&mut puppet, nodes[0], "cart", "milk");
        for _ in 0..2 {
            puppet.settle();
            puppet.now_ns += 600 * MS;
            puppet.fire(nodes[0], SWEEP);
        }
        puppet.settle();
        let second = put(&mut puppet, nodes[0], "cart", "eggs");
        puppet.settle();
        if sloppy {
            assert_eq!(answer(&puppet, first), Some(Answer::Written));
            assert_eq!(answer(&puppet, second), Some(Answer::Written));
        } else {
            assert!(matches!(answer(&puppet, first), Some(Answer::Unknown(_))), "one replica has it");
            assert!(matches!(answer(&puppet, second), Some(Answer::Refused(_))), "nobody was asked");
        }
        let name = if sloppy { "sloppy" } else { "strict" };
        puppet.compare(&format!("quorum/transcripts/{name}.txt"));
    }
}

/// Two replicas compare a range of which they have the same but for some keys.
#[test]
fn hash_trees_find_what_differs() {
    let mut puppet = cluster(2, Options { replicas: 2, read: 1, write: 1, anti_entropy_ns: MS, ..quiet() });
    for number in 0..200 {
        put(&mut puppet, NodeId(1), &number.to_string(), "same");
    }
    puppet.settle();
    assert_eq!(puppet.node::<Quorum>(NodeId(1)).root(), puppet.node::<Quorum>(NodeId(2)).root());
    put(&mut puppet, NodeId(1), "17", "changed here");
    put(&mut puppet, NodeId(2), "29", "changed there");
    puppet.lose(|_| true);
    assert_ne!(puppet.node::<Quorum>(NodeId(1)).root(), puppet.node::<Quorum>(NodeId(2)).root());
    puppet.transcript.clear();
    let mut records = 0;
    for _ in 0..20 {
        if puppet.node::<Quorum>(NodeId(1)).root() == puppet.node::<Quorum>(NodeId(2)).root() {
            break;
        }
        puppet.fire(NodeId(1), COMPARE);
        while let Some(pending) = puppet.pending.first() {
            if let Wired::Quorum(Message::Leaves(leaves)) = &pending.message {
                records += leaves.items.len();
            }
            let (from, to) = (pending.from, pending.to);
            puppet.deliver(from, to);
        }
    }
    assert_eq!(puppet.node::<Quorum>(NodeId(1)).root(), puppet.node::<Quorum>(NodeId(2)).root());
    assert!(records < 20, "only what is in differing leaves is sent, not {records} of 200");
    for node in [1, 2] {
        for (key, text) in [("17", "changed here"), ("29", "changed there")] {
            let read = get(&mut puppet, NodeId(node), key, Consistency::One);
            assert_eq!(answer(&puppet, read), value(text));
        }
    }
    puppet.lose(|_| true);
    // A tree that is built from the shelf is the one that was kept in step with it.
    let before = puppet.node::<Quorum>(NodeId(2)).root();
    puppet.crash(NodeId(2), 3);
    puppet.start(NodeId(2));
    assert_eq!(puppet.node::<Quorum>(NodeId(2)).root(), before);
    puppet.compare("quorum/transcripts/trees.txt");
}

/// A replica misses a deletion; the others let its mark go before or after it hears of it.
#[test]
fn deleted_data_comes_back_if_the_grace_is_too_short() {
    for (grace_ms, comes_back) in [(10, true), (100_000, false)] {
        let options = Options { grace_ns: grace_ms * MS, read_repair: ReadRepair::Background, ..quiet() };
        let mut puppet = cluster(3, options);
        let nodes = order(3, "cart");
        put(&mut puppet, nodes[0], "cart", "milk");
        puppet.settle();
        puppet.ask(1, nodes[0], "cart", Call::Delete, Consistency::Default);
        puppet.lose(|pending| pending.to == nodes[2]);
        puppet.settle();
        let gone = get(&mut puppet, nodes[0], "cart", Consistency::One);
        assert_eq!(answer(&puppet, gone), Some(Answer::Value(None)));
        puppet.lose(|_| true);
        puppet.now_ns += 50 * MS;
        if comes_back {
            puppet.fire(nodes[0], PURGE);
            puppet.fire(nodes[1], PURGE);
            assert_eq!(puppet.node::<Quorum>(nodes[0]).tombstones(), 0);
        }
        get(&mut puppet, nodes[2], "cart", Consistency::All);
        puppet.settle();
        let read = get(&mut puppet, nodes[0], "cart", Consistency::Quorum);
        puppet.settle();
        assert_eq!(answer(&puppet, read), if comes_back { value("milk") } else { Some(Answer::Value(None)) });
        let name = if comes_back { "deletion_forgotten" } else { "deletion_kept" };
        puppet.compare(&format!("quorum/transcripts/{name}.txt"));
    }
}

#[test]
fn a_clock_that_is_ahead_wins_over_a_later_write() {
    let mut puppet = cluster(3, quiet());
    puppet.skew_ns.insert(NodeId(2), 2_000 * MS as i64);
    put(&mut puppet, NodeId(2), "cart", "earlier");
    puppet.settle();
    let later = put(&mut puppet, NodeId(1), "cart", "later");
    puppet.settle();
    assert_eq!(answer(&puppet, later), Some(Answer::Written));
    let read = get(&mut puppet, NodeId(3), "cart", Consistency::All);
    puppet.settle();
    assert_eq!(answer(&puppet, read), value("earlier"), "the write that was acknowledged last is lost");
    puppet.compare("quorum/transcripts/clock_ahead.txt");
}

#[test]
fn concurrent_carts_are_siblings_until_somebody_merges_them() {
    let mut puppet = cluster(3, Options { resolution: Resolution::Dotted, ..quiet() });
    let bytes = |text: &str| Call::Put(Bytes::typed(text));
    ask_with(&mut puppet, NodeId(1), "cart", bytes("milk"), Bytes::default());
    puppet.lose(|_| true);
    ask_with(&mut puppet, NodeId(2), "cart", bytes("eggs"), Bytes::default());
    puppet.lose(|_| true);
    let read = ask_with(&mut puppet, NodeId(3), "cart", Call::Get, Bytes::default());
    puppet.settle();
    let read_all = get(&mut puppet, NodeId(3), "cart", Consistency::All);
    puppet.settle();
    let both: Rc<[Bytes]> = Rc::new([Bytes::typed("eggs"), Bytes::typed("milk")]);
    assert_eq!(answer(&puppet, read_all), Some(Answer::Siblings(both)));
    assert!(answer(&puppet, read).is_some());
    let context = last_context(&puppet);
    ask_with(&mut puppet, NodeId(3), "cart", bytes("milk and eggs"), context.clone());
    puppet.settle();
    let merged = get(&mut puppet, NodeId(1), "cart", Consistency::All);
    puppet.settle();
    assert_eq!(answer(&puppet, merged), value("milk and eggs"));
    // Whoever deletes what it has read does not delete what it has not read.
    ask_with(&mut puppet, NodeId(1), "cart", Call::Delete, context);
    puppet.settle();
    let left = get(&mut puppet, NodeId(2), "cart", Consistency::All);
    puppet.settle();
    assert_eq!(answer(&puppet, left), value("milk and eggs"));
    puppet.compare("quorum/transcripts/siblings.txt");
}

#[test]
fn only_a_replica_coordinates_a_dotted_write() {
    let mut puppet = cluster(5, Options { resolution: Resolution::Dotted, ..quiet() });
    let nodes = order(5, "cart");
    puppet.crash(nodes[0], 0);
    let id = put(&mut puppet, nodes[4], "cart", "milk");
    puppet.settle();
    assert_eq!(answer(&puppet, id), None);
    puppet.now_ns += 100 * MS;
    puppet.fire(nodes[4], SWEEP);
    puppet.settle();
    assert_eq!(answer(&puppet, id), Some(Answer::Written), "the next replica took it");
    let read = get(&mut puppet, nodes[4], "cart", Consistency::Quorum);
    puppet.settle();
    assert_eq!(answer(&puppet, read), value("milk"));
    puppet.compare("quorum/transcripts/forward.txt");
}

#[test]
fn a_local_quorum_asks_its_own_data_centre() {
    let data_centres: Rc<[u8]> = Rc::new([0, 0, 0, 1, 1, 1]);
    let mut puppet = cluster(6, Options { replicas: 6, read: 4, write: 4, data_centres, ..quiet() });
    let id = puppet.ask(1, NodeId(1), "cart", Call::Put(Bytes::typed("milk")), Consistency::LocalQuorum);
    puppet.deliver(NodeId(1), NodeId(5));
    puppet.deliver(NodeId(5), NodeId(1));
    assert_eq!(answer(&puppet, id), None, "n5 is elsewhere");
    puppet.deliver(NodeId(1), NodeId(2));
    puppet.deliver(NodeId(2), NodeId(1));
    assert_eq!(answer(&puppet, id), Some(Answer::Written));
    puppet.compare("quorum/transcripts/local_quorum.txt");
}

#[test]
fn there_is_no_compare_and_set() {
    let mut puppet = cluster(3, quiet());
    let call = Call::CompareAndSet { expected: None, new: Bytes::typed("1") };
    let id = puppet.ask(1, NodeId(1), "lock", call, Consistency::All);
    assert!(matches!(answer(&puppet, id), Some(Answer::Refused(why)) if why.contains("consensus")));
}

#[test]
fn a_request_that_is_asked_again_keeps_its_stamp() {
    let mut puppet = cluster(3, quiet());
    let ask = |puppet: &mut Puppet, number, text: &str| {
        puppet.now_ns += MS;
        let (key, context, consistency) = (Bytes::typed("cart"), Bytes::default(), Consistency::Default);
        let request = Request { id: RequestId(number), key, call: Call::Put(Bytes::typed(text)), consistency, context };
        puppet.hand(NodeId::client(1), NodeId(1), Wired::Request(request.into()));
        puppet.settle();
    };
    ask(&mut puppet, 7, "first");
    ask(&mut puppet, 8, "second");
    ask(&mut puppet, 7, "first");
    let read = get(&mut puppet, NodeId(2), "cart", Consistency::All);
    puppet.settle();
    assert_eq!(answer(&puppet, read), value("second"));
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let good = Options::default();
    assert_eq!(good.check(3), Ok(()));
    let bad = [
        Options { replicas: 4, ..good.clone() },
        Options { read: 0, ..good.clone() },
        Options { write: 4, ..good.clone() },
        Options { data_centres: Rc::new([1]), ..good.clone() },
        Options { sloppy: true, hinted_handoff: false, ..good.clone() },
        Options { suspect_ns: 2_000 * MS, ..good.clone() },
    ];
    for options in bad {
        assert!(options.check(3).is_err(), "{options:?}");
    }
}

/// Records in any order, any number of times, come to the same.
#[test]
fn records_merge_in_any_order() {
    use super::super::versions::{Dot, Siblings, Stamp, VersionVector};
    use super::record::{Held, Record};
    for seed in 0..300 {
        let mut random = Generator::new(seed, "records");
        let stamped = seed % 2 == 0;
        let mut last = Siblings::default();
        let mut records: Vec<Record> = Vec::new();
        for count in 1..=6u64 {
            let stamp = Stamp { clock_ns: random.below(3), node: NodeId(random.below(2) as u16) };
            let held = (random.below(3) > 0).then(|| Bytes::number(random.below(3)));
            if stamped {
                records.push(Record::stamped(stamp, held.as_deref()));
            } else {
                let context = if random.below(2) == 0 { last.context() } else { VersionVector::default() };
                let mut next = if random.below(2) == 0 { last.clone() } else { Siblings::default() };
                next.update(Dot { node: NodeId(count as u16), count }, context, Held { stamp, value: held });
                records.push(Record::dotted(&next));
                last = next;
            }
        }
        let fold = |records: &[Record]| records.iter().cloned().fold(None, |sum, one| Record::newest(sum, Some(one)));
        let once = fold(&records);
        for _ in 0..5 {
            let mut again = records.clone();
            again.extend_from_slice(&records[..3]);
            random.shuffle(&mut again);
            assert_eq!(fold(&again), once, "seed {seed}");
        }
        for record in &records {
            assert_eq!(Record::from_bytes(record.bytes()).as_ref(), Some(record));
        }
    }
}

/// Messages are lost, come late and out of order; nodes crash. When all is well again, hash trees make all replicas alike.
#[test]
fn replicas_come_to_be_alike() {
    for seed in 0..60 {
        let resolution = if seed % 2 == 0 { Resolution::Dotted } else { Resolution::CoordinatorClock };
        let mut random = Generator::new(seed, "alike");
        let mut puppet = cluster(3, Options { anti_entropy_ns: MS, resolution, ..Options::default() });
        for _ in 0..80 {
            let (node, key) = (NodeId(1 + random.below(3) as u16), random.below(8).to_string());
            match random.below(6) {
                0 => drop(puppet.ask(1, node, &key, Call::Delete, Consistency::One)),
                1 => drop(get(&mut puppet, node, &key, Consistency::One)),
                2 => {
                    puppet.crash(node, random.next_u64());
                    puppet.pending.retain(|pending| pending.to != node);
                    puppet.start(node);
                }
                _ => drop(put(&mut puppet, node, &key, &random.below(100).to_string())),
            }
            for _ in 0..random.below(4) {
                if !puppet.pending.is_empty() {
                    let at = random.below(puppet.pending.len() as u64) as usize;
                    let pending = puppet.pending.remove(at);
                    if random.below(3) > 0 {
                        puppet.hand(pending.from, pending.to, pending.message);
                    }
                }
            }
        }
        puppet.settle();
        for _ in 0..60 {
            for node in 1..=3 {
                puppet.fire(NodeId(node), COMPARE);
            }
            puppet.settle();
        }
        let roots: Vec<u64> = (1..=3).map(|node| puppet.node::<Quorum>(NodeId(node)).root()).collect();
        assert!(roots[0] == roots[1] && roots[1] == roots[2], "seed {seed}");
        let shown = |node| puppet.node::<Quorum>(NodeId(node)).replica.shown.clone();
        assert!(!shown(1).is_empty() && shown(1) == shown(2) && shown(2) == shown(3), "seed {seed}");
    }
}

#[test]
fn a_message_is_short() {
    assert!(size_of::<Wired>() <= 48, "{}", size_of::<Wired>());
}

/// The dots that stand in what a node keeps of a key.
fn dots(puppet: &mut Puppet, at: NodeId, key: &str) -> Vec<Dot> {
    let replica = puppet.node::<Quorum>(at).replica.clone();
    let record = replica.get(puppet.shelf(at), &Bytes::typed(key)).unwrap().unwrap();
    record.siblings().unwrap().versions.iter().map(|version| version.dot).collect()
}

/// Machines come and go in the place of one node, whose clock jumps to and fro, and whose power fails in between: each write
/// has a dot of its own.
#[test]
fn no_dot_is_given_twice_whatever_becomes_of_machine_and_clock() {
    let options = Options { resolution: Resolution::Dotted, replicas: 1, read: 1, write: 1, ..quiet() };
    let machines = Rc::new(std::cell::Cell::new(0));
    let machine = machines.clone();
    let mut puppet = Puppet::new(1, move |me| on_machine(me, &[me], &options, machine.get()));
    let (node, mut random) = (NodeId(1), Generator::new(7, "machines"));
    let mut given = std::collections::BTreeSet::new();
    for round in 0..400_u64 {
        let skew_ns = random.below(2_000 * MS) as i64 - 1_000 * MS as i64;
        puppet.skew_ns.insert(node, skew_ns);
        let id = put(&mut puppet, node, "cart", "milk");
        if machines.get() == 32 {
            // All names of the place are used up: it writes nothing rather than write under a name that was used.
            assert!(matches!(answer(&puppet, id), Some(Answer::Refused(_))), "{round}");
            break;
        }
        assert_eq!(answer(&puppet, id), Some(Answer::Written));
        let last = dots(&mut puppet, node, "cart").into_iter().filter(|dot| !given.contains(dot)).collect::<Vec<_>>();
        assert_eq!(last.len(), 1, "round {round}: {last:?}");
        given.extend(last);
        match random.below(8) {
            0 => {
                puppet.crash(node, random.next_u64());
                machines.set(machines.get() + 1);
                puppet.join(node);
            }
            1 | 2 => {
                puppet.crash(node, random.next_u64());
                puppet.start(node);
            }
            _ => {}
        }
    }
    assert_eq!(machines.get(), 32);
    assert!(given.len() > 200, "{}", given.len());
}

/// What the machine before had is not taken for known because the new one counts further.
#[test]
fn a_new_machine_does_not_replace_what_it_never_saw() {
    let options = Options { resolution: Resolution::Dotted, write: 1, ..quiet() };
    let machines = Rc::new(std::cell::Cell::new(0));
    let (machine, members) = (machines.clone(), [NodeId(1), NodeId(2), NodeId(3)]);
    let mut puppet = Puppet::new(3, move |me| on_machine(me, &members, &options, machine.get()));
    // n1 takes a write that only n2 hears of, and is replaced by a machine whose clock is ahead.
    put(&mut puppet, NodeId(1), "cart", "milk");
    puppet.deliver(NodeId(1), NodeId(2));
    puppet.lose(|_| true);
    puppet.crash(NodeId(1), 0);
    machines.set(1);
    puppet.skew_ns.insert(NodeId(1), 5_000 * MS as i64);
    puppet.join(NodeId(1));
    put(&mut puppet, NodeId(1), "cart", "eggs");
    puppet.settle();
    assert_eq!(dots(&mut puppet, NodeId(2), "cart").len(), 2);
}
