//! Histories of which it is known whether they are linearizable: the kinds that Herlihy and Wing (1990) and Lowe (2017)
//! discuss, and what Jepsen finds in real systems.

use glassbase_core::history::judgement::{Judgement, Role, Ruling};
use glassbase_core::history::linearizable::{Limits, Model, Verdict, Violation, check, explains};
use glassbase_core::history::{History, text};

use super::drawn;

fn verdict(history: &History) -> Verdict {
    check(history, Model::Map, Limits::default()).unwrap().verdict
}

#[track_caller]
fn good(picture: &str) {
    let history = drawn(picture);
    match verdict(&history) {
        Verdict::Holds(points) => assert!(explains(&history, &points), "{points:?}"),
        other => panic!("{picture}\n{other:?}"),
    }
}

#[track_caller]
fn bad(picture: &str, reason: &str) -> Violation {
    let history = drawn(picture);
    match verdict(&history) {
        Verdict::Violated(violation) => {
            assert!(violation.reason.contains(reason), "{picture}\n{}", violation.reason);
            assert!(violation.is_smallest);
            *violation
        }
        other => panic!("{picture}\n{other:?}"),
    }
}

#[test]
fn histories_that_are_linearizable() {
    good("r--]");
    good("w1--]  r1--]");
    // A read may see a write that is under way, or not yet.
    good("w1-------]\n  r--] r1-]");
    // Two writes at a time: the readers settle the order, whichever it is.
    good("w1-----]  r2--]\nw2-----]  r2--]");
    good("w1-----]  r1--]\nw2-----]  r1--]");
    // A write that takes effect before its client hears of it, and one that does after its neighbour.
    good("w1---------------]\n   r1-]  w2-]  r2-]");
    good("w1--]  w2------------]\n        r1-] r1-] r2-]");
    // Without an answer: it never happened; it happened; it happened much later.
    good("w1--?\n       r--] r--]");
    good("w1--?\n       r1-] r1-]");
    good("w1--?\n       r--] w2-] r2-] r1-]");
    good("w1--] c12-?\n            r1-] r2-]");
    // What failed did not happen.
    good("w1--!\n       r--] r--]");
    good("w1--] c12-] c23-] r3-]");
    // Two compare-and-sets of the same value at a time: one of them finds another.
    good("w1--] c12---]\n      c13---x\n               r2-]");
    good("w1--] d-------]\n        r--] r--]");
}

#[test]
fn histories_that_are_not() {
    // A stale read.
    let violation =
        bad("w1--]  w2--]\n             r1--]", "returned 1, but 2 was written by client 0, and acknowledged");
    assert_eq!((violation.op.0, violation.part.len(), violation.prefix.len()), (2, 3, 2));
    bad("w1--]\n       r--]", "returned nothing, but 1 was written by client 0, and acknowledged, before it began");
    // Nobody wrote it; or only afterwards; or in vain.
    bad("w1--]  r7--]", "nobody wrote 7");
    bad("r1--]  w1--]", "1 was written only afterwards, by client 0");
    bad("w1--!\n       r1--]", "the only write of 1, by client 0, had failed");
    bad("w1--]  d---]\n             r1--]", "it was deleted by client 0, and that was acknowledged, before it began");
    // New, then old: the write is under way all the time.
    bad("w1----------------]\n    r1--]\n          r---]", "client 1 had found 1 before it began");
    bad(
        "w1-] w2-----------------]\n         r2--]\n               r1---]",
        "client 1 had found 2, which was written later",
    );
    // The same, told by a client of its own: a write at the same time, seen, unseen and seen again.
    bad("w1-------------------]\nw2-------------------]\n r1-]  r2-]  r1-]", "in every order of what came before");
    // Two compare-and-sets of one value.
    bad("w1--] c12---]\n      c13---]", "but");
    bad("w1--] c12---x", "found another value than 1, but in every order of what came before, the value was 1");
    bad("w1--]  w2--]\n             c13--]", "found 1 and wrote 3, but 2 was written by client 0");
    // A write without an answer happens at one moment, not twice.
    bad("w1--?\n      w2-] r1-] w3-] r1-]", "but");
}

/// Seen by two readers in different orders: each is right for itself.
#[test]
fn two_readers_that_do_not_agree() {
    let violation = bad("w1------]\nw2------]\n           r1-]\n               r2-]", "");
    assert_eq!(violation.part.len(), 4, "two writes and two reads");
}

/// What does not matter is not in the smallest part.
#[test]
fn the_smallest_part_is_small() {
    let picture = "
w1-] w2-] w3-] w4-] w5-] w6-] w7-] w8-] w9-]  r9-]
 r1-]      r3-]      r5-]      r7-]
     r2-]      r4-]      r6-]                    r8-]
";
    let violation = bad(picture, "returned 8, but 9 was written");
    let history = drawn(picture);
    let labels: Vec<String> =
        violation.part.iter().map(|op| glassbase_core::history::judgement::label(history.operation(*op))).collect();
    assert_eq!(labels, ["write 8", "write 9", "read: 8"]);
    // Everything before is explained.
    assert_eq!(violation.prefix.len(), history.operations.len() - 1);
}

/// A lock service as etcd's test has it: five clients on one register, a time-out, a partition, and a leader that does not
/// know that it is none any more.
const ETCD: &str = r#"
{:type :invoke, :f :write, :value 1, :process 0, :time 100, :index 0}
{:type :ok, :f :write, :value 1, :process 0, :time 200, :index 1}
{:type :info, :f :start-partition, :value nil, :process :nemesis, :time 210, :index 2}
{:type :info, :f :start-partition, :value "n1 | n2 n3", :process :nemesis, :time 220, :index 3}
{:type :invoke, :f :cas, :value [1 2], :process 1, :time 230, :index 4}
{:type :invoke, :f :write, :value 3, :process 2, :time 240, :index 5}
{:type :ok, :f :cas, :value [1 2], :process 1, :time 300, :index 6}
{:type :info, :f :write, :value 3, :process 2, :time 340, :error :timeout, :index 7}
{:type :invoke, :f :read, :value nil, :process 3, :time 350, :index 8}
{:type :ok, :f :read, :value READ, :process 3, :time 360, :index 9}
{:type :info, :f :stop-partition, :value nil, :process :nemesis, :time 370, :index 10}
{:type :info, :f :stop-partition, :value nil, :process :nemesis, :time 380, :index 11}
"#;

#[test]
fn a_leader_that_was_cut_off_gives_a_stale_read() {
    let judged = |read: &str| {
        let history = text::read(&ETCD.replace("READ", read), None).unwrap();
        let report = check(&history, Model::of(&history), Limits::default()).unwrap();
        (Judgement::of_report(&history, &report), history)
    };
    // The write without an answer may have happened or not.
    for read in ["2", "3"] {
        let (judgement, _) = judged(read);
        assert_eq!(judgement.ruling, Ruling::Holds);
        assert!(judgement.bars.iter().all(|bar| bar.point_ns.is_some() || bar.end_ns.is_none()));
    }
    let (judgement, history) = judged("1");
    assert_eq!(judgement.ruling, Ruling::Violated);
    assert_eq!(
        judgement.sentence,
        "not linearizable: the read by client 3 returned 1, but 2 was written by client 1, and acknowledged, before it began"
    );
    let roles: Vec<Role> = judgement.bars.iter().map(|bar| bar.role).collect();
    assert_eq!(roles, [Role::Part, Role::Part, Role::Plain, Role::Failing]);
    assert_eq!((judgement.until_ns, judgement.faults.len(), judgement.clients.len()), (Some(360), 1, 4));
    assert_eq!(judgement.faults, history.faults);
}

#[test]
fn a_model_has_its_calls() {
    let history = drawn("w1--] c12-] d--]");
    assert_eq!(Model::of(&history), Model::Map);
    let error = check(&history, Model::CasRegister, Limits::default()).unwrap_err();
    assert!(error.to_string().contains("a cas-register can't do what operation 2 asks for"), "{error}");
    assert!(check(&history, Model::Register, Limits::default()).unwrap_err().to_string().contains("operation 1"));
    assert_eq!(Model::of(&drawn("w1--] c12-]")), Model::CasRegister);
    assert_eq!(Model::of(&drawn("w1--]")), Model::Register);
}
