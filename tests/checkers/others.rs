//! Session guarantees, regularity and convergence.

use std::collections::BTreeMap;

use glassbase_core::history::convergence::{FinalState, Kept, check_convergence};
use glassbase_core::history::regular::check_regular;
use glassbase_core::history::sessions::{Guarantee, SessionReport, check_sessions};
use glassbase_core::history::{Call, History, OpId, Operation, Outcome, Version};
use glassbase_core::sim::Generator;
use glassbase_core::trace::Bytes;

use super::drawn;

fn key(name: &str) -> Bytes {
    Bytes::typed(name)
}

/// A history, one operation behind another.
#[derive(Default)]
struct Script(History);

impl Script {
    fn write(&mut self, client: u32, name: &str, value: u64) -> OpId {
        let time_ns = self.0.operations.len() as u64 * 10;
        let op = self.0.invoke(time_ns, client, key(name), Call::Write(Bytes::number(value)));
        self.0.complete(time_ns + 5, op, Outcome::Done);
        op
    }

    fn delete(&mut self, client: u32, name: &str) -> OpId {
        let time_ns = self.0.operations.len() as u64 * 10;
        let op = self.0.invoke(time_ns, client, key(name), Call::Delete);
        self.0.complete(time_ns + 5, op, Outcome::Done);
        op
    }

    fn read(&mut self, client: u32, name: &str, found: &[u64]) -> OpId {
        let time_ns = self.0.operations.len() as u64 * 10;
        let op = self.0.invoke(time_ns, client, key(name), Call::Read);
        self.0.complete(time_ns + 5, op, Outcome::Found(found.iter().map(|value| Bytes::number(*value)).collect()));
        op
    }

    fn at(&mut self, op: OpId, replica: u32) {
        self.0.annotate(op, Some(replica), None);
    }

    fn version(&mut self, op: OpId, number: u64) {
        self.0.annotate(op, None, Some(Version { number, node: 0 }));
    }

    fn report(&self) -> SessionReport {
        check_sessions(&self.0).unwrap()
    }
}

#[track_caller]
fn breaks(script: &Script, guarantee: Guarantee, reason: &str) {
    let report = script.report();
    let counts = Guarantee::ALL.map(|guarantee| report.count(guarantee));
    assert!(report.count(guarantee) > 0, "{counts:?}");
    let told = report.violations.iter().find(|violation| violation.guarantee == guarantee).unwrap();
    assert_eq!(told.reason, reason);
    assert_eq!(counts.iter().sum::<u64>(), 1, "{counts:?}");
}

#[test]
fn a_client_that_does_not_find_what_it_wrote() {
    let mut script = Script::default();
    script.write(1, "x", 1);
    script.read(1, "x", &[]);
    breaks(&script, Guarantee::ReadYourWrites, "client 1 wrote 1 at x, and then it found nothing");
    let mut script = Script::default();
    script.write(2, "x", 1);
    script.write(1, "x", 2);
    script.read(1, "x", &[1]);
    breaks(&script, Guarantee::ReadYourWrites, "client 1 wrote 2 at x, and then it found 1");
    // Somebody else's write may have come later; of siblings one may be it.
    let mut script = Script::default();
    script.write(1, "x", 1);
    script.write(2, "x", 2);
    script.read(1, "x", &[2]);
    script.read(1, "x", &[1, 2]);
    assert!(script.report().holds());
}

#[test]
fn a_client_that_goes_back_in_time() {
    let mut script = Script::default();
    script.write(1, "x", 1);
    script.write(2, "x", 2);
    script.read(3, "x", &[2]);
    assert!(script.report().holds());
    script.read(4, "x", &[1]);
    assert!(script.report().holds(), "another session may lag behind");
    script.read(3, "x", &[1]);
    breaks(&script, Guarantee::MonotonicReads, "client 3 found 2 at x, and then 1, which it had left behind");
    // Two writes at a time: whichever is the newer, to find the first again is to go back.
    let mut script = Script::default();
    let first = script.0.invoke(0, 1, key("x"), Call::Write(Bytes::number(1)));
    let second = script.0.invoke(0, 2, key("x"), Call::Write(Bytes::number(2)));
    script.0.complete(1, first, Outcome::Done);
    script.0.complete(1, second, Outcome::Done);
    script.read(3, "x", &[1]);
    script.read(3, "x", &[2]);
    assert!(script.report().holds());
    script.read(3, "x", &[1]);
    breaks(&script, Guarantee::MonotonicReads, "client 3 found 2 at x, and then 1, which it had left behind");
}

#[test]
fn a_replica_that_has_the_later_write_and_not_the_earlier() {
    let mut script = Script::default();
    script.write(1, "x", 1);
    script.write(1, "y", 2);
    let read = script.read(2, "y", &[2]);
    script.at(read, 7);
    let other = script.read(2, "x", &[]);
    script.at(other, 8);
    assert!(script.report().holds(), "the other replica need not have either");
    let read = script.read(3, "x", &[]);
    script.at(read, 7);
    let reason =
        "client 1 wrote 1 at x and then wrote 2 at y; replica 7 showed the later one, and afterwards nothing at x";
    breaks(&script, Guarantee::MonotonicWrites, reason);
}

#[test]
fn an_answer_that_is_seen_without_its_question() {
    let mut script = Script::default();
    script.write(1, "question", 1);
    script.read(2, "question", &[1]);
    script.write(2, "answer", 2);
    script.read(3, "answer", &[2]);
    assert!(script.report().holds());
    script.read(3, "question", &[]);
    let reason = "client 2 read 1 at question and then wrote 2 at answer; client 3 found the later one, and afterwards \
                  nothing at question";
    breaks(&script, Guarantee::WritesFollowReads, reason);
}

#[test]
fn versions_are_the_order_where_there_are_any() {
    // The clock of the second writer is behind: its write loses, and that is no violation for those who read.
    let mut script = Script::default();
    let first = script.write(1, "x", 1);
    let second = script.write(2, "x", 2);
    script.version(first, 20);
    script.version(second, 10);
    script.read(2, "x", &[1]);
    assert!(script.report().holds());
    // A client whose own later write counts as older.
    let mut script = Script::default();
    let first = script.write(1, "x", 1);
    let second = script.write(1, "x", 2);
    script.version(first, 20);
    script.version(second, 10);
    breaks(
        &script,
        Guarantee::MonotonicWrites,
        "client 1 wrote 1 at x and then 2 at x, which counts as the older of the two",
    );
    let mut script = Script::default();
    let first = script.write(1, "x", 1);
    script.read(2, "x", &[1]);
    let second = script.write(2, "x", 2);
    script.version(first, 20);
    script.version(second, 10);
    let reason = "client 2 read 1 at x and then wrote 2 at x, which counts as the older of the two";
    breaks(&script, Guarantee::WritesFollowReads, reason);
}

#[test]
fn a_value_written_twice_is_not_judged() {
    let mut script = Script::default();
    script.write(1, "x", 1);
    script.write(2, "x", 1);
    script.read(1, "x", &[]);
    let report = script.report();
    assert_eq!((report.holds(), report.skipped, report.sessions), (true, vec![key("x")], 0));
}

/// Replicas that take over a common log at their own pace. A client that stays with one replica, which is where its writes
/// go too, gets all four guarantees; one that goes to any replica loses them.
fn lagging(is_sticky: bool, generator: &mut Generator) -> History {
    let mut script = Script::default();
    let mut log: Vec<(String, u64)> = Vec::new();
    let mut applied = [0usize; 3];
    for value in 0..300 {
        let client = generator.below(6) as u32;
        let replica = if is_sticky { client as usize % 3 } else { generator.below(3) as usize };
        let name = ["x", "y", "z"][generator.below(3) as usize];
        if generator.chance(0.3) {
            script.write(client, name, value);
            log.push((name.to_string(), value));
            // The replica that takes the write has all that comes before it.
            applied[replica] = log.len();
        } else {
            let last = log[..applied[replica]].iter().rev().find(|(other, _)| other == name);
            let op = script.read(client, name, &last.map(|(_, value)| *value).into_iter().collect::<Vec<u64>>());
            script.at(op, replica as u32);
        }
        let lucky = generator.below(3) as usize;
        applied[lucky] = (applied[lucky] + generator.below(3) as usize).min(log.len());
    }
    script.0
}

#[test]
fn sessions_that_stay_with_a_replica_keep_their_guarantees() {
    let mut generator = Generator::new(4, "sessions");
    let mut broken = [0; 4];
    for _ in 0..200 {
        let report = check_sessions(&lagging(true, &mut generator)).unwrap();
        assert!(report.holds(), "{:?}", report.violations);
        let report = check_sessions(&lagging(false, &mut generator)).unwrap();
        broken.iter_mut().zip(report.counts).for_each(|(sum, count)| *sum += count);
        // A replica takes the log over in order, so what it shows never lacks what came before.
        assert_eq!((report.count(Guarantee::MonotonicWrites), report.count(Guarantee::WritesFollowReads)), (0, 0));
    }
    assert!(broken[0] > 200 && broken[1] > 200, "{broken:?}");
}

#[track_caller]
fn regular(picture: &str, reason: Option<&str>) {
    let report = check_regular(&drawn(picture)).unwrap();
    assert!(report.several_writers.is_empty());
    match (&report.violations[..], reason) {
        ([], None) => {}
        ([violation], Some(reason)) => assert!(violation.reason.contains(reason), "{}", violation.reason),
        (found, _) => panic!("{picture}\n{found:?}"),
    }
}

#[test]
fn a_regular_register_is_old_only_during_a_write() {
    regular("w1--] w2--------------]\n       r2-] r1-] r2-] r1-]", None);
    regular("w1--]  w2--]\n              r1--]", Some("of 2 by client 0, had been acknowledged"));
    regular("w1--]\n       r--]", Some("of 1 by client 0, had been acknowledged"));
    regular("  w1--]\nr--]", None);
    regular("  w1--]\nr1--]", None);
    regular("r1--]  w1--]", Some("nobody had begun to write that"));
    // Without an answer it may still happen.
    regular("w1--?  w2--]\n              r1-] r2-] r1-]", None);
    regular("w1--]  w2--!\n              r1-]  r2-]", Some("of 1 by client 0"));
    regular("w1--] d---]\n             r--] r1-]", Some("the delete by client 0"));
    let several = check_regular(&drawn("w1----]\n  w2----]\n         r1-]")).unwrap();
    assert_eq!((several.several_writers.len(), several.reads), (1, 0));
}

/// What is linearizable and has one writer is regular.
#[test]
fn a_linearizable_register_is_regular() {
    let mut generator = Generator::new(5, "regular");
    let shape = super::generate::Shape { operations: 120, clients: 6, keys: 0, values: 0, unknown: 0.1 };
    let (mut looked_at, mut caught) = (0, 0);
    for _ in 0..200 {
        let mut history = super::generate::linearizable(&shape, &mut generator);
        // One client writes: what all else wrote is taken out, with those who found it.
        let is_cas = |op: &Operation| matches!(op.call, Call::CompareAndSet { .. });
        let strange = history.operations.iter().filter(|op| op.client != 0 || is_cas(op));
        let values: Vec<Bytes> = strange.filter_map(|op| op.call.written().flatten().cloned()).collect();
        history.operations.retain(|op| {
            let found =
                matches!(op.outcome(), Outcome::Found(found) if found.iter().any(|value| values.contains(value)));
            !found && !is_cas(op) && (op.client == 0 || op.call.is_read())
        });
        let report = check_regular(&history).unwrap();
        looked_at += report.reads;
        assert_eq!(report.violations, []);
        if let Some(planted) = super::generate::plant_stale_read(&mut history, &mut generator) {
            let report = check_regular(&history).unwrap();
            caught += 1;
            assert_eq!(report.violations.iter().map(|violation| violation.read).collect::<Vec<_>>(), [planted]);
        }
    }
    assert!(looked_at > 500 && caught > 50, "{looked_at} reads, {caught} planted");
}

fn holding(name: &str, values: &[u64]) -> FinalState {
    BTreeMap::from([(key(name), values.iter().map(|value| Bytes::number(*value)).collect())])
}

#[test]
fn replicas_agree_in_the_end_and_nothing_is_lost() {
    let mut script = Script::default();
    let first = script.write(1, "x", 1);
    script.write(2, "x", 2);
    let report = |states: &[(u32, FinalState)]| check_convergence(&script.0, states, Kept::Newest).unwrap();
    assert!(report(&[(1, holding("x", &[2])), (2, holding("x", &[2]))]).holds());
    assert!(report(&[(1, holding("x", &[1, 2])), (2, holding("x", &[2, 1]))]).holds(), "siblings have no order");
    let diverged = report(&[(1, holding("x", &[2])), (2, holding("x", &[1]))]);
    assert_eq!(diverged.diverged[0].reason, "at x replica 1 holds 2, replica 2 holds 1");
    assert_eq!(
        diverged.lost[0].reason,
        "2, which client 2 wrote at x, was acknowledged and is lost: replica 2 holds 1"
    );
    let gone = report(&[(1, FinalState::new()), (2, FinalState::new())]);
    assert_eq!((gone.diverged.len(), gone.lost.len(), gone.lost[0].write), (0, 2, first));
}

/// The wrong clock wins: with versions the later write is overwritten as the system says, without them it is lost.
#[test]
fn a_write_that_loses_to_a_wrong_clock() {
    let mut script = Script::default();
    let first = script.write(1, "x", 1);
    let second = script.write(2, "x", 2);
    let states = [(1, holding("x", &[1]))];
    assert_eq!(check_convergence(&script.0, &states, Kept::Newest).unwrap().lost[0].write, second);
    script.version(first, 20);
    script.version(second, 10);
    assert!(check_convergence(&script.0, &states, Kept::Newest).unwrap().holds());
}

/// A delete takes the sibling that it knew; an older one that it did not know stays, and that is no loss.
#[test]
fn a_sibling_that_a_delete_knew() {
    let mut script = Script::default();
    script.write(1, "x", 1);
    let second = script.write(2, "x", 2);
    script.delete(2, "x");
    let states = [(1, holding("x", &[1]))];
    let lost = |kept| check_convergence(&script.0, &states, kept).unwrap().lost;
    assert!(lost(Kept::Newest).iter().any(|lost| lost.write == second), "one order has no place for the older write");
    assert_eq!(lost(Kept::Siblings), []);
}
