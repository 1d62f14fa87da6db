//! Sweeps as a person starts them: however the points are shared, whatever is interrupted, the table is the same bytes.
#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

struct Ended {
    out: String,
    err: String,
    code: i32,
}

fn command(args: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glassbase"));
    command.arg("sweep").args(args).current_dir(folder).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn sweep_of(args: &[&str], folder: &Path, input: &str) -> Ended {
    let mut child = command(args, folder).spawn().unwrap();
    // It may have ended already, having refused its arguments: then nobody reads.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { out: text(output.stdout), err: text(output.stderr), code: output.status.code().unwrap() }
}

fn sweep(args: &[&str], folder: &Path) -> Ended {
    sweep_of(args, folder, "")
}

/// An empty folder of its own for a test.
fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("sweep-{name}"));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// Two settings, a word of the script and seeds: 36 points, some of which fail what the script expects.
const TREES: &str = include_str!("sweep/trees.sweep");

/// A folder with the sweep of trees, and its table from one process.
fn trees(name: &str) -> (PathBuf, Vec<u8>) {
    let folder = folder(name);
    fs::write(folder.join("trees.sweep"), TREES).unwrap();
    let ended = sweep(&["trees.sweep", "--out", "whole.csv"], &folder);
    assert_eq!((ended.code, ended.out.as_str()), (1, "36 points, 30 ok, 6 failed; the table is in whole.csv\n"));
    let table = fs::read(folder.join("whole.csv")).unwrap();
    assert!(!folder.join("whole.csv.rows").exists(), "rows are of no use once the table is there");
    (folder, table)
}

#[test]
fn the_table_is_the_golden_one() {
    let (_, table) = trees("golden");
    let table = String::from_utf8(table).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sweep/trees.csv");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &table).unwrap();
    }
    assert_eq!(table, fs::read_to_string(path).unwrap());
}

#[test]
fn any_split_merges_to_the_same_bytes() {
    let (folder, table) = trees("split");
    assert_eq!(sweep(&["trees.sweep", "--out", "whole.parquet", "--quiet"], &folder).code, 1);
    let parquet = fs::read(folder.join("whole.parquet")).unwrap();
    for of in [1, 2, 3, 7, 16, 40] {
        let mut names: Vec<String> = Vec::new();
        for number in 1..=of {
            let name = format!("part-{number}-of-{of}.rows");
            let ended =
                sweep(&["trees.sweep", "--part", &format!("{number}/{of}"), "--out", &name, "--quiet"], &folder);
            assert!(ended.code <= 1, "{}", ended.err);
            names.push(name);
        }
        // The order in which they are named means nothing.
        names.reverse();
        let merge = |out: &str| {
            let mut args = vec!["trees.sweep", "--merge", "--quiet", "--out", out];
            args.extend(names.iter().map(String::as_str));
            assert_eq!(sweep(&args, &folder).code, 1);
            fs::read(folder.join(out)).unwrap()
        };
        assert!(merge("merged.csv") == table, "{of} parts");
        assert!(merge("merged.parquet") == parquet, "{of} parts");
    }
    // Parts of different splits that overlap, as long as no point is missing.
    let args =
        ["trees.sweep", "--merge", "part-1-of-2.rows", "part-3-of-7.rows", "part-2-of-2.rows", "--out", "mixed.csv"];
    assert_eq!(sweep(&args, &folder).code, 1);
    assert!(fs::read(folder.join("mixed.csv")).unwrap() == table);
    let missing = sweep(&["trees.sweep", "--merge", "part-1-of-3.rows", "part-2-of-3.rows"], &folder);
    assert_eq!(missing.code, 2);
    assert!(missing.err.contains("12 of 36 points have no row yet; the first is point 2 (order=4 "), "{}", missing.err);
}

#[test]
fn standard_input_and_output_serve_as_well() {
    let (folder, table) = trees("standard");
    let ended = sweep_of(&["-"], &folder, TREES);
    assert_eq!((ended.code, ended.out.as_bytes()), (1, &table[..]));
    assert_eq!(ended.err.lines().count(), 6, "{}", ended.err);
    let first = ended.err.lines().next().unwrap();
    assert_eq!(
        first,
        "point 3 (order=4 frames=8 count=2000 seed=1): failed: line 7: expect height <= 6: fails, found height = 7"
    );
    assert_eq!(sweep(&["trees.sweep", "--plan"], &folder).out.lines().nth(1), Some("points 36"));
}

/// Wherever the file of rows ends, the sweep goes on from there.
#[test]
fn rows_cut_anywhere_are_completed() {
    let folder = folder("cut");
    let tiny = "script\n| random {count}\nlet count 1 10 100\nmeasure records\nmeasure shown.leaf-fill\n";
    fs::write(folder.join("tiny.sweep"), tiny).unwrap();
    let table = sweep(&["tiny.sweep"], &folder).out;
    assert_eq!(table.lines().count(), 4);
    assert_eq!(sweep(&["tiny.sweep", "--part", "1/1", "--out", "all.rows", "--quiet"], &folder).code, 0);
    let rows = fs::read(folder.join("all.rows")).unwrap();
    for end in 0..=rows.len() {
        fs::write(folder.join("cut.csv.rows"), &rows[..end]).unwrap();
        let ended = sweep(&["tiny.sweep", "--out", "cut.csv", "--quiet"], &folder);
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "cut at {end}");
        assert!(fs::read(folder.join("cut.csv")).unwrap() == table.as_bytes(), "cut at {end}");
    }
}

#[test]
fn rows_that_are_damaged_or_of_another_sweep_are_told() {
    let (folder, _) = trees("damaged");
    assert_eq!(sweep(&["trees.sweep", "--part", "1/1", "--out", "all.rows", "--quiet"], &folder).code, 1);
    let rows = fs::read_to_string(folder.join("all.rows")).unwrap();
    let told = |rows: &str, text: &str| {
        fs::write(folder.join("bad.rows"), rows).unwrap();
        let ended = sweep(&["trees.sweep", "--merge", "bad.rows"], &folder);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""));
        assert!(ended.err.contains(text), "{}", ended.err);
    };
    let line = rows.lines().nth(4).unwrap();
    told(&rows.replace(line, &line.replacen(" ok ", " failed ", 1)), "bad.rows:5: this row is damaged");
    told("point,order\n", "bad.rows has no rows of a sweep");
    told("glassbase-sweep 1\nsweep 0000000000000000 points 36 part 1/1\n", "are of another sweep");
    // A file that no sweep wrote stays as it is.
    fs::write(folder.join("letter.csv.rows"), "Dear reader\n").unwrap();
    assert_eq!(sweep(&["trees.sweep", "--out", "letter.csv"], &folder).code, 2);
    assert_eq!(fs::read_to_string(folder.join("letter.csv.rows")).unwrap(), "Dear reader\n");
    // Rows of a sweep that was changed since, until somebody says so.
    fs::write(folder.join("more.sweep"), TREES.replace("1 to 3", "1 to 4")).unwrap();
    fs::copy(folder.join("all.rows"), folder.join("more.csv.rows")).unwrap();
    assert!(sweep(&["more.sweep", "--out", "more.csv"], &folder).err.contains("--fresh"));
    assert_eq!(sweep(&["more.sweep", "--out", "more.csv", "--fresh"], &folder).code, 1);
}

/// A process that is killed outright, again and again, and started anew each time.
#[test]
fn killed_and_resumed_gives_the_same_bytes() {
    let folder = folder("killed");
    fs::write(folder.join("slow.sweep"), include_str!("sweep/slow.sweep")).unwrap();
    assert_eq!(sweep(&["slow.sweep", "--out", "whole.csv", "--quiet"], &folder).code, 0);
    let rows = folder.join("killed.csv.rows");
    let lines = || fs::read(&rows).map_or(0, |bytes| bytes.iter().filter(|byte| **byte == b'\n').count());
    let mut kills = 0;
    for wanted in [3, 9, 17, 25] {
        let mut child = command(&["slow.sweep", "--out", "killed.csv", "--quiet"], &folder).spawn().unwrap();
        while lines() < wanted && child.try_wait().unwrap().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        child.kill().unwrap();
        kills += usize::from(!child.wait().unwrap().success());
    }
    assert!(kills >= 2, "the sweep was too quick to be killed");
    assert_eq!(sweep(&["slow.sweep", "--out", "killed.csv", "--quiet"], &folder).code, 0);
    assert!(fs::read(folder.join("killed.csv")).unwrap() == fs::read(folder.join("whole.csv")).unwrap());
}

/// What a Parquet file has, as the comma-separated table writes it.
fn as_csv(path: &Path) -> String {
    let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
    let fields = reader.metadata().file_metadata().schema().get_fields().iter();
    let names: Vec<&str> = fields.map(|field| field.name()).collect();
    let mut text = names.join(",");
    for row in reader.get_row_iter(None).unwrap() {
        text.push('\n');
        let row = row.unwrap();
        let cells = row.get_column_iter().map(|(_, cell)| match cell {
            Field::ULong(number) => number.to_string(),
            Field::Double(number) => number.to_string(),
            Field::Str(text) => text.clone(),
            Field::Null => String::new(),
            other => panic!("a column of another type: {other:?}"),
        });
        text.push_str(&cells.collect::<Vec<_>>().join(","));
    }
    text.push('\n');
    text
}

#[test]
fn parquet_has_what_the_other_table_has() {
    let (folder, table) = trees("parquet");
    assert_eq!(sweep(&["trees.sweep", "--out", "whole.parquet", "--quiet"], &folder).code, 1);
    assert_eq!(as_csv(&folder.join("whole.parquet")), String::from_utf8(table).unwrap());
    // Texts, decimals, and measures that are missing where settings do not go together.
    let mixed = "script\n| lab cap\n| run 100ms\nset system cp ap\nset nodes 1 3\nset loss 0 0.5\nmeasure sent\nmeasure shown.latency-p50\n";
    fs::write(folder.join("mixed.sweep"), mixed).unwrap();
    for out in ["mixed.csv", "mixed.parquet"] {
        let ended = sweep(&["mixed.sweep", "--out", out, "--quiet"], &folder);
        assert!(ended.code <= 1, "{}", ended.err);
    }
    assert_eq!(as_csv(&folder.join("mixed.parquet")), fs::read_to_string(folder.join("mixed.csv")).unwrap());
}

/// A point is a script like any other.
#[test]
fn a_point_is_the_script_that_is_printed() {
    let (folder, table) = trees("point");
    let script = sweep(&["trees.sweep", "--script", "35"], &folder).out;
    assert!(script.starts_with("# Trees.\nlab btree\nset order 64\nset frames 32\nseed 3\n"), "{script}");
    let row = String::from_utf8(table).unwrap().lines().last().unwrap().to_string();
    let height = row.split(',').nth(5).unwrap();
    fs::write(folder.join("point.gb"), format!("{script}expect height = {height}\n")).unwrap();
    let mut run = Command::new(env!("CARGO_BIN_EXE_glassbase"));
    assert!(run.args(["run", "point.gb", "--quiet"]).current_dir(&folder).status().unwrap().success());
    assert_eq!(sweep(&["trees.sweep", "--script", "36"], &folder).code, 2);
}

#[test]
fn what_is_wrong_with_a_sweep_is_told_with_its_place() {
    let folder = folder("wrong");
    fs::write(folder.join("leaves.gb"), "lab btree\nset order 4\ninsert 1\nlab lsm\nput 1 2\n").unwrap();
    fs::write(folder.join("typo.gb"), "lab btree\n# {count} keys\ninset {count}\n").unwrap();
    let good = "script\n| lab btree\n| random {count}\nlet count 10\nmeasure height\n";
    for (text, told) in [
        (
            good.replace("measure height", "measure heigth"),
            "standard input:5:9: the lab btree has no number \"heigth\"; did you mean \"height\"?",
        ),
        (good.replace("measure height", "measure shown.hieght"), "did you mean \"shown.height\"?"),
        (good.replace("measure height", "measure height at n1"), "standard input:5:9: "),
        (good.replace("measure height", ""), "the sweep measures nothing"),
        (
            good.replace("measure height", "measure height\nmeasure height"),
            "standard input:6:9: there is a column \"height\" already",
        ),
        (
            good.replace("measure height", "mesure height"),
            "standard input:5:1: a sweep has no \"mesure\"; did you mean \"measure\"?",
        ),
        (format!("{good}set oder 4 8\n"), "standard input:6:5: there is no setting \"oder\"; did you mean \"order\"?"),
        (format!("{good}set order 4 1000\n"), "standard input:6:13: "),
        (format!("{good}set order from 4 to 1000\n"), "standard input:6:16: 65 is out of range"),
        (format!("{good}set order\n"), "standard input:6:5: order has no values; write a list"),
        (format!("{good}set order 4\nset order 8\n"), "standard input:7:5: there is a column \"order\" already"),
        (format!("{good}let size 4\n"), "standard input:6:5: nothing in the script says {size}"),
        (format!("{good}seeds 1 two\n"), "standard input:6:9: "),
        (
            format!("{good}seeds from 1 to 1000000000000\n"),
            "standard input:6:7: this range has 1,000,000,000,000 values",
        ),
        (
            format!("{good}seeds from 1 to 100000\nset order from 4 to 64\n"),
            "standard input:7:5: with this the sweep has 6,100,000 points",
        ),
        (format!("{good}| insert 3\n"), "standard input:6:1: this line belongs to no script"),
        (format!("{good}script x.gb\n"), "standard input:6:1: the sweep has a script already"),
        (
            good.replace("random {count}", "rando {count}"),
            "standard input:3:3: there is no command \"rando\"; did you mean \"random\"?",
        ),
        ("measure height\n".to_string(), "the sweep has no script"),
        ("script nowhere.gb\nmeasure height\n".to_string(), "standard input:1:8: nowhere.gb can't be read"),
        ("preset textbok\nmeasure height\n".to_string(), "did you mean \"textbook\"?"),
        ("script leaves.gb\nset order 4\nmeasure height\n".to_string(), "leaves.gb:2:1: this sets order again"),
        (
            "script leaves.gb\nset frames 8\nmeasure height\n".to_string(),
            "leaves.gb:4:1: the script of a sweep stays in the lab",
        ),
        (
            "script typo.gb\nset order 4\nlet count 1\nmeasure height\n".to_string(),
            "typo.gb:3:1: there is no command \"inset\"",
        ),
        ("script \"x\nmeasure height\n".to_string(), "standard input:1:8: the quote that opens here does not close"),
    ] {
        let ended = sweep_of(&["-"], &folder, &text);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{text}");
        assert!(ended.err.contains(told), "{text}\n{}", ended.err);
    }
    fs::write(folder.join("image.sweep"), [0xff, 0xfe, 0]).unwrap();
    assert!(sweep(&["image.sweep"], &folder).err.contains("not UTF-8"));
    assert_eq!(sweep(&["nowhere.sweep"], &folder).code, 2);
}

/// Numbers of every lab, by name: the list that help prints is the one that a sweep takes, and no name means two things.
#[test]
fn a_point_that_leaves_the_lab_is_impossible() {
    let folder = folder("labs");
    let text = "script\n| lab {where}\n| random 10\nlet where btree lsm\nmeasure height\n";
    let ended = sweep_of(&["-", "--quiet"], &folder, text);
    let rows: Vec<&str> = ended.out.lines().collect();
    assert!(rows[1].contains("ok") && rows[2].contains("impossible"), "{}\n{}", ended.out, ended.err);
}

#[test]
fn every_number_that_help_lists_is_measured() {
    use glassbase_core::export::measures::{Source, of_lab};
    use glassbase_core::lab::LABS;
    let folder = folder("measures");
    for lab in LABS {
        let measures = of_lab(lab);
        let mut text = format!("script\n| lab {}\n", lab.name);
        for measure in &measures {
            assert_eq!(measures.iter().filter(|other| other.name == measure.name).count(), 1, "{}", measure.name);
            text.push_str(&format!("measure {}\n", measure.name));
        }
        let ended = sweep_of(&["-"], &folder, &text);
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{}", lab.name);
        let header: Vec<&str> = ended.out.lines().next().unwrap().split(',').collect();
        assert_eq!(
            header[1..=measures.len()],
            measures.iter().map(|measure| measure.name.as_str()).collect::<Vec<_>>()
        );
        let values: Vec<&str> = ended.out.lines().nth(1).unwrap().split(',').collect();
        let expected =
            measures.iter().zip(&values[1..]).filter(|(measure, _)| matches!(measure.source, Source::Expected));
        let (there, missing): (Vec<_>, Vec<_>) = expected.partition(|(_, value)| !value.is_empty());
        // Of some there is nothing to tell before a command asked for it.
        assert!(there.len() >= missing.len(), "{}: {missing:?}", lab.name);
    }
}
