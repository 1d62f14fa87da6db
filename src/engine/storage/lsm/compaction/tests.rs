//! Policies against known answers: this version, that choice.

use super::*;
use glassbase_trace::parts::lsm::{PlacedTable, VersionEdit};

/// A version from lines "level run: table smallest largest bytes, …".
fn version(lines: &[&str]) -> Version {
    let mut edit = VersionEdit::default();
    for line in lines {
        let (place, tables) = line.split_once(": ").unwrap();
        let (level, run) = place.split_once(' ').unwrap();
        for table in tables.split(", ") {
            let words: Vec<&str> = table.split(' ').collect();
            let table = TableState {
                file: FileNumber(words[0].parse().unwrap()),
                smallest: Bytes::from(words[1].as_bytes()),
                largest: Bytes::from(words[2].as_bytes()),
                bytes: words[3].parse().unwrap(),
                ..TableState::default()
            };
            let (level, run) = (level.parse().unwrap(), run.parse().unwrap());
            edit.added.push(PlacedTable { level, run, table: Rc::new(table) });
        }
    }
    Version::default().apply(&edit).unwrap()
}

fn options(policy: CompactionPolicy) -> LsmOptions {
    let (level0_tables, size_ratio) = (3, 3);
    LsmOptions { policy, level0_tables, size_ratio, level1_bytes: 100, fifo_bytes: 100, ..LsmOptions::default() }
}

/// The choice as text: "level→output_level place: inputs".
fn shown(compaction: Option<Compaction>) -> String {
    let Some(compaction) = compaction else { return "nothing".into() };
    let Compaction { level, output_level, output, reason, inputs, cursor } = compaction;
    let inputs: Vec<String> = inputs.iter().map(|(level, file)| format!("{level}/{}", file.0)).collect();
    let output = match output {
        Output::NewRun => "new".into(),
        Output::Into(run) => format!("into {run}"),
        Output::Nothing => "drop".into(),
    };
    let cursor = cursor.map_or(String::new(), |key| format!(", then behind {key}"));
    format!("{level} to {output_level} {output} ({}): {}{cursor}", reason.word(), inputs.join(" "))
}

fn choice(policy: CompactionPolicy, lines: &[&str]) -> String {
    shown(pick(&version(lines), &options(policy), 0))
}

#[test]
fn leveled() {
    let choice = |lines: &[&str]| choice(CompactionPolicy::Leveled, lines);
    assert_eq!(choice(&[]), "nothing");
    assert_eq!(choice(&["0 1: 1 a m 10", "0 2: 2 b z 10"]), "nothing");
    // All of level 0 overlaps, and so do two of the three tables below.
    let lines = ["0 1: 1 b f 10", "0 2: 2 e m 10", "0 3: 3 a c 10", "1 7: 7 a c 9, 8 d n 9, 9 o z 9"];
    assert_eq!(choice(&lines), "0 to 1 into 7 (level0): 0/3 0/2 0/1 1/7 1/8");
    // The oldest overlaps the newest, and none the one between.
    assert_eq!(choice(&["0 1: 1 a d 10", "0 2: 2 p q 10", "0 3: 3 c f 10"]), "0 to 1 new (level0): 0/3 0/1");
    // Level 1 is over its 100 bytes: the first table, since there is no cursor.
    let lines = ["1 7: 7 a c 60, 8 d n 60", "2 3: 4 b c 50, 5 e f 50, 6 x y 50"];
    assert_eq!(choice(&lines), "1 to 2 into 3 (size): 1/7 2/4, then behind c");
    assert_eq!(choice(&["1 7: 7 a c 60, 8 d n 40"]), "nothing");
    // Behind the cursor, and round again.
    let mut cursored = version(&lines);
    cursored.levels[1].cursor = Some(Bytes::from(&b"c"[..]));
    let options = options(CompactionPolicy::Leveled);
    assert_eq!(shown(pick(&cursored, &options, 0)), "1 to 2 into 3 (size): 1/8 2/5, then behind n");
    cursored.levels[1].cursor = Some(Bytes::from(&b"n"[..]));
    assert_eq!(shown(pick(&cursored, &options, 0)), "1 to 2 into 3 (size): 1/7 2/4, then behind c");
    // Level 0 at 3 of 3 against level 1 at 240 of 100: the worse goes first.
    let lines = ["0 1: 1 a b 9", "0 2: 2 a b 9", "0 3: 3 a b 9", "1 4: 4 c d 240", "2 5: 5 x y 9"];
    assert_eq!(choice(&lines), "1 to 2 into 5 (size): 1/4, then behind d");
    let lines = ["0 1: 1 a b 9", "0 2: 2 a b 9", "0 3: 3 a b 9", "1 4: 4 c d 100"];
    assert_eq!(choice(&lines), "0 to 1 into 4 (level0): 0/3 0/2 0/1");
    // Level 2 may have 300 bytes; the deepest level is never too large.
    assert_eq!(choice(&["2 4: 4 c d 301"]), "2 to 3 new (size): 2/4, then behind d");
    assert_eq!(choice(&["6 4: 4 c d 999999"]), "nothing");
}

#[test]
fn size_tiered() {
    let choice = |lines: &[&str]| choice(CompactionPolicy::SizeTiered, lines);
    assert_eq!(choice(&["0 1: 1 a m 10", "0 2: 2 b z 10", "1 3: 3 a z 999"]), "nothing");
    let lines = ["0 4: 4 a m 10", "0 5: 5 p z 10", "0 6: 6 b c 10", "1 3: 3 a z 30"];
    assert_eq!(choice(&lines), "0 to 1 new (runs): 0/6 0/5 0/4");
    let lines = ["1 3: 3 a f 30, 4 g z 30", "1 5: 5 a z 30", "1 6: 6 b c 30", "2 1: 1 a z 90"];
    assert_eq!(choice(&lines), "1 to 2 new (runs): 1/6 1/5 1/3 1/4");
    assert_eq!(choice(&["6 1: 1 a b 1", "6 2: 2 a b 1", "6 3: 3 a b 1"]), "6 to 6 new (runs): 6/3 6/2 6/1");
}

#[test]
fn lazy_leveled() {
    let choice = |lines: &[&str]| choice(CompactionPolicy::LazyLeveled, lines);
    let level0 = ["0 4: 4 a m 10", "0 5: 5 p z 10", "0 6: 6 b c 10"];
    assert_eq!(choice(&level0), "0 to 1 new (runs): 0/6 0/5 0/4");
    // Level 1 is the last: what comes is merged with its run.
    assert_eq!(choice(&[&level0[..], &["1 3: 3 a z 30"]].concat()), "0 to 1 new (runs): 0/6 0/5 0/4 1/3");
    // Level 1 is not the last: its runs stand side by side.
    assert_eq!(choice(&[&level0[..], &["1 3: 3 a z 30", "2 1: 1 a z 90"]].concat()), "0 to 1 new (runs): 0/6 0/5 0/4");
    let lines = ["1 3: 3 a z 30", "1 5: 5 a z 30", "1 6: 6 b c 30", "2 1: 1 a k 90, 2 l z 90"];
    assert_eq!(choice(&lines), "1 to 2 new (runs): 1/6 1/5 1/3 2/1 2/2");
    // The last level is too large for its place.
    assert_eq!(choice(&["1 3: 3 a f 60, 4 g z 60"]), "1 to 2 new (size): 1/3 1/4");
    assert_eq!(choice(&["0 1: 1 a b 9", "2 3: 3 a f 300"]), "nothing");
    // Two runs in what is the last level now.
    assert_eq!(choice(&["1 3: 3 a f 40", "1 4: 4 a f 70"]), "1 to 1 new (runs): 1/4 1/3");
}

#[test]
fn fifo() {
    let lines = ["0 1: 1 a m 40", "0 2: 2 b z 40", "0 3: 3 b z 50"];
    assert_eq!(choice(CompactionPolicy::Fifo, &lines), "0 to 0 drop (room): 0/1");
    assert_eq!(choice(CompactionPolicy::Fifo, &lines[..2]), "nothing");
    assert_eq!(choice(CompactionPolicy::Fifo, &["0 3: 3 b z 500"]), "nothing");
    let mut aged = version(&lines[..2]);
    let options = LsmOptions { fifo_age_ns: 1000, ..options(CompactionPolicy::Fifo) };
    assert_eq!(shown(pick(&aged, &options, 1000)), "nothing");
    let mut newer = (*aged.levels[0].runs[0]).clone();
    newer.tables = vec![Rc::new(TableState { created_ns: 500, ..(*newer.tables[0]).clone() })];
    aged.levels[0].runs[0] = Rc::new(newer);
    assert_eq!(shown(pick(&aged, &options, 1200)), "0 to 0 drop (age): 0/1");
    assert_eq!(shown(pick(&aged, &options, 1600)), "0 to 0 drop (age): 0/2 0/1");
}

#[test]
fn everything_goes_into_one_run() {
    let version = version(&["0 4: 4 a m 10", "1 3: 3 a f 30, 5 g z 30", "3 1: 1 a z 90"]);
    for policy in [CompactionPolicy::Leveled, CompactionPolicy::SizeTiered, CompactionPolicy::LazyLeveled] {
        assert_eq!(shown(everything(&version, &options(policy))), "0 to 3 new (asked): 0/4 1/3 1/5 3/1");
    }
    assert_eq!(everything(&version, &options(CompactionPolicy::Fifo)), None);
    assert_eq!(everything(&Version::default(), &options(CompactionPolicy::Leveled)), None);
}

#[test]
fn pending_is_what_is_over_the_limits() {
    let lines = ["0 4: 4 a m 10", "0 5: 5 p z 10", "0 6: 6 b c 10", "1 3: 3 a z 130", "2 1: 1 a z 320"];
    let pending = |policy| pending_bytes(&version(&lines), &options(policy));
    assert_eq!(pending(CompactionPolicy::Leveled), 30 + 30 + 20);
    assert_eq!(pending(CompactionPolicy::SizeTiered), 30);
    assert_eq!(pending(CompactionPolicy::Fifo), 0);
}

#[test]
fn a_span_reaches_from_the_first_key_to_the_last() {
    let version = version(&["0 4: 4 c m 10", "0 5: 5 b d 10"]);
    let range = span(version.levels[0].tables()).unwrap();
    assert_eq!((&range.smallest[..], &range.largest[..], range.open_ended), (&b"b"[..], &b"m"[..], false));
    let table =
        |open_ended| Rc::new(TableState { largest: Bytes::from(&b"m"[..]), open_ended, ..TableState::default() });
    for (first, second) in [(true, false), (false, true), (false, false)] {
        assert!(!span([&table(first), &table(second)]).unwrap().open_ended);
    }
    assert!(span([&table(true), &table(true)]).unwrap().open_ended);
}
