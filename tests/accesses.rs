//! Files of accesses on the command line: what they give, and what is said of those that are wrong.
#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use glassbase_core::eviction::{CurveJob, PolicyOptions};
use glassbase_core::lab::world::DEFAULT_SEED;
use glassbase_core::trace::PolicyKind;

fn run(name: &str, content: &[u8], more: &[&str]) -> (i32, String, String) {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_glassbase"))
        .args(["run", name])
        .args(more)
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Keys and sizes that look like chance.
fn accesses(count: u32) -> Vec<(u32, u32)> {
    let mut state = 7u64;
    let draw = |_| {
        state = state * 48271 % 2_147_483_647;
        let key = (state % (1 + state % 300)) as u32;
        (key, 1 + key * 7919 % 100)
    };
    (0..count).map(draw).collect()
}

/// The table is golden; `UPDATE=1` writes it anew.
#[test]
fn every_policy_and_size_has_its_misses() {
    let lines: String =
        accesses(3000).iter().enumerate().map(|(time, (key, size))| format!("{time},{key},{size}\n")).collect();
    let (code, out, err) = run("sized.csv", format!("time,key,size\n{lines}").as_bytes(), &[]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/eviction/accesses.out");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&golden, &out).unwrap();
    }
    assert_eq!(out, fs::read_to_string(golden).unwrap());
}

#[test]
fn the_misses_are_those_of_the_library() {
    let keys: Vec<u32> = accesses(2000).iter().map(|(key, _)| *key).collect();
    let lines: String = keys.iter().map(|key| format!("{key}\n")).collect();
    let (code, out, _) = run("keys.txt", lines.as_bytes(), &["--set", "capacity=20"]);
    assert_eq!(code, 0, "{out}");
    let mut job = CurveJob::new(
        keys.into(),
        vec![20],
        PolicyKind::ALL,
        &PolicyOptions { seed: DEFAULT_SEED, ..PolicyOptions::default() },
    );
    while !job.step(10_000) {}
    for curve in &job.curves().curves {
        let row = out.lines().find(|line| {
            let mut words = line.split_whitespace();
            (words.next(), words.next()) == (Some(curve.policy.word()), Some("20"))
        });
        let words: Vec<&str> = row.unwrap().split_whitespace().collect();
        assert_eq!(words[2..4], ["2000", (2000 - curve.hits[0]).to_string().as_str()], "{row:?}");
    }
}

#[test]
fn files_that_are_wrong_are_refused_with_line_and_remedy() {
    for (name, content, said) in [
        ("empty.csv", "", "\"empty.csv\" is empty"),
        ("blank.txt", "\n\n", "all of them are blank"),
        ("columns.csv", "time,key,size\n1,7,9\n2\n", "line 3 is \"2\", which has no column 2"),
        ("negative.csv", "time,key,size\n1,7,-9\n", "line 2: \"-9\" is no size: a whole number of bytes"),
        ("zero.csv", "time,key,size\n1,7,0\n", "line 2: \"0\" is no size"),
    ] {
        let (code, out, err) = run(name, content.as_bytes(), &[]);
        assert_eq!((code, out.as_str()), (2, ""), "{name}: {err}");
        assert!(err.contains(said), "{name}: {err}");
    }
    let huge = "1\n".repeat(1_000_001);
    assert!(run("huge.txt", huge.as_bytes(), &[]).2.contains("more than 1,000,000 accesses: cut it"));
    let sized = "time,key,size\n1,7,900\n2,8,20\n";
    let (code, out, _) = run("above.csv", sized.as_bytes(), &["--set", "capacity=500"]);
    assert_eq!(code, 1);
    assert!(
        out.contains("data line 1: key 7 has 900 bytes, more than the whole cache (500): set capacity to 900"),
        "{out}"
    );
}
