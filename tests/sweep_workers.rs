//! Sweeps shared out by others: Dask and GNU parallel, each with two workers on this machine, against one process.
//!
//! They need programs that are not Rust's, which `make test` gets (`need_sweep_workers` in `.ci/setup.sh`); so they are a stage
//! of their own there, and left out of a plain `cargo test`, which says so.
#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const GLASSBASE: &str = env!("CARGO_BIN_EXE_glassbase");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder of its own with the sweep of trees, and the table that one process makes of it.
fn trees(name: &str, table: &str) -> (PathBuf, Vec<u8>) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("workers-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::copy(root().join("tests/sweep/trees.sweep"), folder.join("trees.sweep")).unwrap();
    let alone = format!("alone-{table}");
    let ended = Command::new(GLASSBASE)
        .args(["sweep", "trees.sweep", "--quiet", "--out", &alone])
        .current_dir(&folder)
        .status()
        .unwrap();
    assert_eq!(ended.code(), Some(1), "some points fail what their script expects");
    let bytes = fs::read(folder.join(alone)).unwrap();
    (folder, bytes)
}

#[test]
#[ignore = "needs Dask, which make test gets"]
fn dask_with_two_workers_makes_the_same_table() {
    let python = root().join("target/dask/bin/python");
    assert!(python.exists(), "Dask is not here; `make test` puts it into target/dask");
    for table in ["trees.csv", "trees.parquet"] {
        let (folder, alone) = trees("dask", table);
        let output = Command::new(&python)
            .arg(root().join("tests/sweep/dask_sweep.py"))
            .args(["trees.sweep", table, "--parts", "7", "--workers", "2", "--glassbase", GLASSBASE])
            .current_dir(&folder)
            .output()
            .unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(1), "{err}");
        assert!(out.starts_with("7 parts by 2 workers\n36 points, 30 ok, 6 failed; "), "{out}");
        assert!(fs::read(folder.join(table)).unwrap() == alone, "{table} is another table");
    }
}

/// The line stands in the README; the test takes it from there.
#[test]
#[ignore = "needs GNU parallel, which make test gets"]
fn parallel_with_two_workers_makes_the_same_table() {
    let there =
        Command::new("parallel").arg("--version").output().is_ok_and(|known| known.stdout.starts_with(b"GNU parallel"));
    assert!(there, "GNU parallel is not here; `make test` gets it, and so does: apt-get install parallel");
    let (folder, alone) = trees("parallel", "trees.csv");
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let line = readme.lines().find(|line| line.contains("| parallel ")).expect("the README has the line");
    let merge = readme.lines().find(|line| line.contains("--merge")).expect("the README has the line");
    let path = std::env::var("PATH").unwrap_or_default();
    let folder_of_program = Path::new(GLASSBASE).parent().unwrap().display();
    let bash = |line: &str| {
        let mut bash = Command::new("bash");
        bash.args(["-c", line]).env("PATH", format!("{folder_of_program}:{path}")).env("HOME", &folder);
        bash.current_dir(&folder).output().unwrap()
    };
    // Its exit code is the number of parts with points that are not ok.
    let shared = bash(line);
    let parts = fs::read_dir(&folder)
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "rows"));
    assert_eq!(parts.count(), 16, "{}", String::from_utf8_lossy(&shared.stderr));
    let merged = bash(merge);
    assert_eq!(merged.status.code(), Some(1), "{}", String::from_utf8_lossy(&merged.stderr));
    assert!(fs::read(folder.join("trees.csv")).unwrap() == alone);
}
