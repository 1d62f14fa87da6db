//! The rules of the house, read from the sources: who may name whom, how long a file may be, what must be said about it.
#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::path::{Path, PathBuf};

/// A floor: where it lies, and which other floors it may name.
struct Floor {
    name: &'static str,
    folder: &'static str,
    may_name: &'static [&'static str],
}

const FLOORS: &[Floor] = &[
    Floor { name: "trace", folder: "src/engine/trace", may_name: &[] },
    Floor { name: "sim", folder: "src/engine/sim", may_name: &["trace"] },
    Floor { name: "storage", folder: "src/engine/storage", may_name: &["trace", "sim"] },
    Floor { name: "lab", folder: "src/lab", may_name: &["trace", "sim", "storage"] },
    Floor { name: "view", folder: "src/view", may_name: &["trace"] },
    Floor { name: "cli", folder: "src/cli", may_name: &["trace", "sim", "storage", "lab"] },
    Floor { name: "app", folder: "src/app", may_name: &["trace", "sim", "storage", "lab", "view", "js"] },
    Floor { name: "js", folder: "src/js.rs", may_name: &["trace", "sim", "storage", "lab", "view", "app"] },
];

/// Crates that are the browser; only `app` and `js` may name them.
const BROWSER: &[&str] = &["web_sys", "js_sys", "wasm_bindgen", "yew", "gloo", "wasm_bindgen_futures"];

/// Words of std whose answers differ from run to run, or from machine to machine.
const NOT_THE_SAME_EVERYWHERE: &[&str] = &[
    "HashMap",
    "HashSet",
    "SystemTime",
    "std::time::Instant",
    "getrandom",
    "std::thread",
    ".powf(",
    ".ln()",
    ".exp()",
];

/// Longest file, in lines.
const MAX_LINES: usize = 600;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Rust files at or below a path of the repository, in order.
fn sources(path: &str) -> Vec<PathBuf> {
    fn collect(path: &Path, found: &mut Vec<PathBuf>) {
        if path.is_dir() {
            let mut entries: Vec<PathBuf> = fs::read_dir(path).unwrap().flatten().map(|entry| entry.path()).collect();
            entries.sort();
            entries.iter().for_each(|entry| collect(entry, found));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path.to_path_buf());
        }
    }
    let mut found = Vec::new();
    collect(&root().join(path), &mut found);
    found
}

fn all_sources() -> Vec<PathBuf> {
    ["src", "tests", "benches"].into_iter().flat_map(sources).collect()
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// The lines of a file that are program, not comment, each with its number.
fn program(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim().to_string()));
    lines.filter(|(_, line)| !line.starts_with("//")).collect()
}

/// The names that follow `crate::`, as a floor's.
fn floors_named(line: &str) -> Vec<String> {
    let after = ["crate::", "glassbase_core::", "glassbase_engine::"];
    let parts = after.iter().flat_map(|path| line.split(path).skip(1));
    let first_words = parts.flat_map(|part| match part.strip_prefix('{') {
        Some(list) => list.split([',', '}']).map(|name| word_of(name.trim())).collect(),
        None => vec![word_of(part)],
    });
    first_words.filter(|word| FLOORS.iter().any(|floor| floor.name == word)).collect()
}

fn word_of(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

#[test]
fn no_floor_names_one_above_it() {
    let mut wrong = Vec::new();
    for floor in FLOORS {
        for path in sources(floor.folder) {
            for (number, line) in program(&path) {
                let strange = |name: &String| name != floor.name && !floor.may_name.contains(&name.as_str());
                for name in floors_named(&line).iter().filter(|name| strange(name)) {
                    wrong.push(format!("{}:{number}: {} may not name {name}", shown(&path), floor.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_page_names_the_browser() {
    let mut wrong = Vec::new();
    for floor in FLOORS.iter().filter(|floor| !["app", "js"].contains(&floor.name)) {
        for path in sources(floor.folder) {
            for (number, line) in program(&path) {
                for name in BROWSER.iter().filter(|name| line.contains(&format!("{name}::"))) {
                    wrong.push(format!("{}:{number}: {} may not name {name}", shown(&path), floor.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_folder_of_the_house_is_a_floor() {
    for folder in ["src", "src/engine"] {
        for entry in fs::read_dir(root().join(folder)).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
            let path = shown(&entry.path());
            assert!(path == "src/engine" || FLOORS.iter().any(|floor| floor.folder == path), "{path} has no rule");
        }
    }
}

#[test]
fn the_engine_is_the_same_everywhere() {
    let mut wrong = Vec::new();
    for floor in FLOORS.iter().filter(|floor| !["app", "js", "cli"].contains(&floor.name)) {
        for path in sources(floor.folder) {
            for (number, line) in program(&path) {
                for word in NOT_THE_SAME_EVERYWHERE.iter().filter(|word| line.contains(**word)) {
                    wrong.push(format!("{}:{number}: {word}", shown(&path)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut wrong = Vec::new();
    for path in all_sources() {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().count();
        if lines > MAX_LINES {
            wrong.push(format!("{} has {lines} lines; {MAX_LINES} are allowed", shown(&path)));
        }
        if !text.starts_with("//!") {
            wrong.push(format!("{} does not begin with what it is about (//!)", shown(&path)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_left_for_later() {
    let words =
        [["to", "do!("].concat(), ["unimple", "mented!("].concat(), ["TO", "DO"].concat(), ["FIX", "ME"].concat()];
    let mut wrong = Vec::new();
    for path in all_sources() {
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                wrong.push(format!("{}:{}: {}", shown(&path), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn unsafe_code_is_forbidden_in_every_package() {
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(
        workspace.contains("unsafe_code = \"forbid\""),
        "Cargo.toml: [workspace.lints.rust] unsafe_code = \"forbid\""
    );
    for package in ["Cargo.toml", "src/engine/Cargo.toml"] {
        let text = fs::read_to_string(root().join(package)).unwrap();
        assert!(text.contains("[lints]\nworkspace = true"), "{package} does not take the lints of the workspace");
    }
}

#[test]
fn what_a_person_types_never_meets_an_unwrap() {
    let mut wrong = Vec::new();
    for floor in FLOORS {
        for path in sources(floor.folder).iter().filter(|path| !path.ends_with("tests.rs")) {
            let before_tests = program(path).into_iter().take_while(|(_, line)| line != "#[cfg(test)]");
            for (number, line) in
                before_tests.filter(|(_, line)| line.contains(".unwrap()") || line.contains("panic!("))
            {
                wrong.push(format!("{}:{number}: {line}", shown(path)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
