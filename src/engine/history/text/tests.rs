//! Reading and writing: what is right is understood, what is wrong is told with its place, nothing panics.

use super::*;
use crate::{Call, OpId, Operation, Outcome, Version};
use glassbase_sim::Generator;
use glassbase_trace::Bytes;

const JEPSEN: &str = r#"
; a comment
{:type :invoke, :f :read, :value nil, :process 0, :time 10, :index 0}
{:type :info, :f :start-partition, :value nil, :process :nemesis, :time 12, :index 1}
{:type :invoke, :f :write, :value 3, :process 1, :time 20, :index 2}
{:type :info, :f :start-partition, :value [:isolated {"n1" #{"n2"}}], :process :nemesis, :time 22, :index 3}
{:type :ok, :f :read, :value nil, :process 0, :time 30, :index 4}
{:type :invoke, :f :cas, :value [3 4], :process 0, :time 40, :index 5}
{:type :info, :f :write, :value 3, :process 1, :time 50, :error :timeout, :index 6}
{:type :fail, :f :cas, :value [3 4], :process 0, :time 60, :index 7}
#jepsen.history.Op{:type :invoke, :f :read, :value nil, :process 6, :time 65, :index 8} #_ {:type :nothing}
{:type :info, :f :stop-partition, :value nil, :process :nemesis, :time 70, :index 9}
{:type :info, :f :stop-partition, :value "healed", :process :nemesis, :time 75, :index 10}
{:type :ok, :f :read, :value 3, :process 6, :time 80, :index 11}
"#;

fn number(value: u64) -> Bytes {
    Bytes::number(value)
}

#[test]
fn a_history_of_jepsen_is_understood() {
    let history = read(JEPSEN, None).unwrap();
    let call = |index: usize| &history.operations[index].call;
    let outcome = |index: usize| history.operations[index].outcome();
    assert_eq!(history.operations.len(), 4);
    assert_eq!((call(0), outcome(0)), (&Call::Read, &Outcome::Found(vec![])));
    assert_eq!((call(1), outcome(1)), (&Call::Write(number(3)), &Outcome::Unknown));
    assert_eq!(history.operations[1].note, "timeout");
    assert_eq!(call(2), &Call::CompareAndSet { expected: Some(number(3)), new: number(4) });
    assert_eq!(outcome(2), &Outcome::Failed);
    assert_eq!((history.operations[3].client, outcome(3)), (6, &Outcome::Found(vec![number(3)])));
    assert_eq!(history.faults.len(), 1);
    assert_eq!((history.faults[0].begin_ns, history.faults[0].end_ns), (12, Some(75)));
    assert_eq!(history.faults[0].text, "start-partition [isolated {n1 [n2]}]");
    assert_eq!(history.verify(), Ok(()));
}

#[test]
fn one_vector_and_maps_of_many_keys_are_understood() {
    let text = "[{:type :invoke :f :read :value [7 nil] :process 0} {:type :ok :f :read :value [7 \"a\"] :process 0}
        {:type :invoke :f :cas :value [:k [nil 2]] :process 0} {:type :ok :f :cas :value [:k [nil 2]] :process 0}]";
    for model in [None, Some(Model::Map)] {
        let history = read(text, model).unwrap();
        assert_eq!(history.operations[0].key, number(7));
        assert_eq!(history.operations[0].outcome(), &Outcome::Found(vec![Bytes::typed("a")]));
        assert_eq!(history.operations[1].key, Bytes::typed("k"));
        assert_eq!(history.operations[1].call, Call::CompareAndSet { expected: None, new: number(2) });
    }
    let cas = "{:type :invoke :f :cas :value [1 2] :process 0}";
    assert_eq!(read(cas, None).unwrap().operations[0].key, Bytes::default());
}

/// A history with everything in it that one can have.
fn random_history(generator: &mut Generator) -> History {
    let mut history = History::new();
    let mut open: Vec<Option<OpId>> = vec![None; 4];
    let keyed = generator.chance(0.5);
    let value = |generator: &mut Generator| match generator.below(5) {
        0 => Bytes::from(&[0xff, generator.below(256) as u8][..]),
        1 => Bytes::from("a \"quoted\" é\u{1f980}\\".as_bytes()),
        2 => Bytes::from(&b"12"[..]),
        3 => Bytes::from(&b"line\nbreak"[..]),
        _ => number(generator.below(1000)),
    };
    let mut time_ns = 0;
    for _ in 0..generator.below(60) + 1 {
        time_ns += generator.below(50);
        let client = generator.below(4) as usize;
        let Some(op) = open[client].take() else {
            let key = if keyed { value(generator) } else { Bytes::default() };
            let call = match generator.below(4) {
                0 => Call::Read,
                1 => Call::Write(value(generator)),
                2 => {
                    let expected = Some(value(generator)).filter(|_| generator.chance(0.7));
                    Call::CompareAndSet { expected, new: value(generator) }
                }
                _ => Call::Delete,
            };
            open[client] = Some(history.invoke(time_ns, client as u32, key, call));
            continue;
        };
        let outcome = match (generator.below(4), &history.operation(op).call) {
            (0, _) => Outcome::Unknown,
            (1, _) => Outcome::Failed,
            (2, Call::CompareAndSet { .. }) => Outcome::Differs,
            (_, Call::Read) => Outcome::Found((0..generator.below(4)).map(|_| value(generator)).collect()),
            _ => Outcome::Done,
        };
        history.complete(time_ns, op, outcome);
        if generator.chance(0.3) {
            let version = Version { number: generator.next_u64(), node: generator.below(9) as u32 };
            history.annotate(op, Some(generator.below(9) as u32), Some(version));
            history.operations[op.index()].note = "a \"note\"".to_string();
        }
    }
    if generator.chance(0.5) {
        let fault = history.begin_fault(3, "partition 1 | 2");
        history.begin_fault(5, "crash 2");
        history.end_fault(9, fault);
    }
    history
}

#[test]
fn what_is_written_is_read_again() {
    let mut generator = Generator::new(1, "history text");
    for _ in 0..500 {
        let history = random_history(&mut generator);
        let text = json::write(&history);
        let again = read(&text, None).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(again, history, "{text}");
        let list = format!("[{}]", text.trim_end().replace("}\n{", "},\n{"));
        assert_eq!(json::read(&list, Some(Model::Map)).unwrap_or_else(|error| panic!("{error}\n{list}")), history);
    }
}

#[track_caller]
fn says(text: &str, model: Option<Model>, expected: &str) {
    let error = read(text, model).unwrap_err().to_string();
    assert!(error.starts_with(expected), "{error}\ninstead of\n{expected}");
    let (_, remedy) = error.split_once("; ").unwrap();
    assert!(!remedy.is_empty());
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let invoke = "{:type :invoke :f :read :process 0}\n";
    for (behind, expected) in [
        ("{:type :ok :f :read", "2:1: what is opened here is never closed; write } at its end"),
        ("{:type :okay :process 0}", "2:8: there is no type okay; there are: invoke, ok"),
        ("{:type :ok :process 1}", "2:1: process 1 ends an operation that it never began"),
        ("{:type :ok}", "2:1: this event has no process"),
        ("{:process 0}", "2:1: this event has no type"),
        ("{:type :invoke :f :read :process 0}", "2:1: process 0 begins an operation, and its last one (operation 0)"),
        ("{:type :invoke :f :append :process 1}", "2:19: there is no operation append; there are: read, write, cas"),
        ("{:type :invoke :f :write :process 1}", "2:1: this write writes nothing"),
        ("{:type :invoke :f :write :value {:a 1} :process 1}", "2:33: a map is no value"),
        ("{:type :invoke :f :write :value [1 2] :process 1}", "2:33: a list is no value"),
        ("{:type :invoke :f :cas :value 2 :process 1}", "2:31: a cas needs the value that it expects and the new one"),
        ("{:type :invoke :f :read :process -1}", "2:34: process is not a whole number from 0"),
        ("{:type :invoke :f :read :process 1 :time 1.5}", "2:42: time is not a whole number"),
        ("{:type}", "2:1: the last word of this map has no value"),
        ("  é 7", "2:3: this is no event"),
        ("{:a 12x}", "2:5: \"12x\" is no number"),
        ("{:a \"b", "2:5: the text that begins here has no end"),
        ("]", "2:1: ] closes nothing"),
        ("{:type :ok :process 0 :version [1]}", "2:32: a version is a number, or a number and a node"),
    ] {
        says(&format!("{invoke}{behind}"), None, expected);
    }
    says(invoke, Some(Model::Map), "1:1: there is no key here");
    says("", None, "1:1: there is no operation in it");
    says("[]", None, "1:3: there is no operation in it");
    says("[{:type :invoke :f :read :process 0}", None, "1:37: the list of events has no end");
    says("[{:type :invoke :f :read :process 0}] 7", None, "1:39: there is something behind the list");
    for (text, expected) in [
        (r#"{"type":"invoke","process":0,"f":"write","value":tru}"#, "1:50: JSON has no word tru"),
        (r#"{"type":"invoke" "process":0}"#, "1:18: a comma or } is missing"),
        (r#"{"type":"invoke", process:0}"#, "1:19: a field has no name"),
        (r#"{"type" "invoke"}"#, "1:9: a field has no value"),
        (r#"{"type":"\ud800"}"#, "1:10: this is half of a character"),
        (r#"{"type":"\u12"}"#, "1:10: \\u has no four hex digits"),
        (r#"{"type":"\q"}"#, "1:10: this backslash"),
        (r#"{"type":"invoke","process":0,"f":"write","value":{"hex":"0"}}"#, "1:57: these are no hex digits"),
    ] {
        says(text, None, expected);
    }
}

#[test]
fn a_hostile_text_is_an_error() {
    for text in [
        "[".repeat(1 << 20),
        "{".repeat(1 << 20),
        "(".repeat(1 << 20),
        "#_".repeat(1 << 20),
        "#a ".repeat(1 << 20),
        "{\"a\":".repeat(1 << 18),
        format!("{{:a [{}]}}", "1 ".repeat(1 << 20)),
        format!("{{\"a\":[{}1]}}", "1,".repeat(1 << 20)),
        "\"".repeat(1001),
        "\\".repeat(1001),
    ] {
        for model in [None, Some(Model::Map)] {
            assert!(read(&text, model).is_err());
            assert!(json::read(&text, model).is_err());
            assert!(edn::read(&text, model).is_err());
        }
    }
}

/// Damaged histories: read to an end, whatever comes of it; if they are histories, they can be checked.
#[test]
fn a_damaged_text_never_panics() {
    let mut generator = Generator::new(2, "history text");
    let letters: Vec<char> = "{}[]()\"\\:,#_;^-+.eE0123456789 \nnil é\u{1f980}uad8:".chars().collect();
    let (mut read_well, mut refused) = (0, 0);
    for round in 0..4_000 {
        let history = random_history(&mut generator);
        let text = if round % 2 == 0 { json::write(&history) } else { JEPSEN.to_string() };
        let mut damaged: Vec<char> = text.chars().collect();
        for _ in 0..1 + generator.below(3) {
            let at = generator.below(damaged.len() as u64) as usize;
            let letter = letters[generator.below(letters.len() as u64) as usize];
            match generator.below(4) {
                0 => damaged[at] = letter,
                1 => damaged.insert(at, letter),
                2 => drop(damaged.remove(at)),
                _ => damaged.truncate(at + 1),
            }
        }
        let damaged: String = damaged.into_iter().collect();
        for result in [read(&damaged, None), json::read(&damaged, None), edn::read(&damaged, Some(Model::Map))] {
            match result {
                Ok(history) => {
                    read_well += 1;
                    assert!(
                        history
                            .operations
                            .iter()
                            .all(|operation: &Operation| !operation.call.is_read() || operation.call == Call::Read)
                    );
                    let limits = crate::linearizable::Limits { steps: 100_000, memory_bytes: 1 << 20 };
                    let _ = crate::linearizable::check(&history, Model::of(&history), limits);
                }
                Err(HistoryError::Text { line, column, what, remedy }) => {
                    refused += 1;
                    assert!(line >= 1 && column >= 1 && !what.is_empty() && !remedy.is_empty());
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
    assert!(read_well > 500 && refused > 500, "{read_well} read, {refused} refused");
}
