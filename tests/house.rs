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
    Floor { name: "eviction", folder: "src/engine/cache/eviction", may_name: &["trace", "sim"] },
    Floor { name: "storage", folder: "src/engine/storage", may_name: &["trace", "sim", "eviction"] },
    Floor { name: "history", folder: "src/engine/history", may_name: &["trace", "sim"] },
    Floor { name: "replication", folder: "src/engine/replication", may_name: &["trace", "sim", "storage", "history"] },
    Floor { name: "sharding", folder: "src/engine/sharding", may_name: &["trace", "sim", "storage", "history"] },
    Floor { name: "cache", folder: "src/engine/cache", may_name: &["trace", "sim", "storage", "eviction"] },
    Floor {
        name: "stack",
        folder: "src/engine/stack",
        may_name: &["trace", "sim", "storage", "history", "replication", "sharding", "cache"],
    },
    Floor {
        name: "bench",
        folder: "src/engine/bench",
        may_name: &["trace", "sim", "eviction", "storage", "history", "replication", "sharding", "cache", "stack"],
    },
    Floor {
        name: "lab",
        folder: "src/lab",
        may_name: &["trace", "sim", "eviction", "storage", "history", "replication", "sharding", "cache", "stack"],
    },
    Floor { name: "view", folder: "src/view", may_name: &["trace"] },
    Floor { name: "export", folder: "src/export", may_name: &["trace", "lab", "view"] },
    Floor {
        name: "cli",
        folder: "src/cli",
        may_name: &["trace", "sim", "storage", "history", "lab", "view", "export"],
    },
    Floor {
        name: "app",
        folder: "src/app",
        may_name: &["trace", "sim", "storage", "history", "lab", "view", "export", "js"],
    },
    Floor { name: "js", folder: "src/js", may_name: &["trace", "sim", "storage", "history", "lab", "view", "app"] },
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

/// The files of a floor, without those of floors in its folder.
fn own_sources(floor: &Floor) -> Vec<PathBuf> {
    let others = FLOORS.iter().filter(|other| other.name != floor.name && !floor.folder.starts_with(other.folder));
    let others: Vec<PathBuf> = others.map(|other| root().join(other.folder)).collect();
    sources(floor.folder).into_iter().filter(|path| !others.iter().any(|other| path.starts_with(other))).collect()
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

/// Where a path may begin. The floors of the engine are packages of their own.
const ROOTS: &[&str] = &[
    "crate",
    "glassbase_core",
    "glassbase_engine",
    "glassbase_trace",
    "glassbase_sim",
    "glassbase_eviction",
    "glassbase_storage",
    "glassbase_history",
    "glassbase_replication",
    "glassbase_cache",
    "glassbase_sharding",
    "glassbase_stack",
    "glassbase_view",
    "super",
    "self",
];

/// The module that a file is: `src/engine/trace/text.rs` is `trace::text`.
fn module_of(path: &str) -> Vec<String> {
    let inner = path.trim_start_matches("src/").trim_start_matches("engine/").trim_end_matches(".rs");
    // A package in the folder of another is a floor of its own.
    let inner = if inner.starts_with("cache/eviction") { inner.trim_start_matches("cache/") } else { inner };
    inner.trim_end_matches("/mod").trim_end_matches("/lib").split('/').map(str::to_string).collect()
}

/// The statements of a file that name modules, each with the number of its first line: a `use` up to its semicolon, and
/// any other line as it stands. What is inside the test module is told by a flag.
fn statements(text: &str) -> Vec<(usize, bool, String)> {
    let mut found: Vec<(usize, bool, String)> = Vec::new();
    let (mut open, mut in_tests) = (false, false);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        in_tests |= line == "#[cfg(test)]";
        if line.starts_with("//") {
            continue;
        }
        match found.last_mut().filter(|_| open) {
            Some((_, _, statement)) => statement.push_str(line),
            None => found.push((index + 1, in_tests, line.to_string())),
        }
        let is_use = open || ["use ", "pub use ", "pub(crate) use "].iter().any(|word| line.starts_with(word));
        open = is_use && !line.contains(';');
    }
    found
}

/// The paths that a tree of names stands for: `a::{b, c::d}` for `a::b` and `a::c::d`.
fn branches(tree: &str) -> Vec<String> {
    let Some((stem, rest)) = tree.split_once('{') else { return vec![tree.trim().to_string()] };
    let (mut depth, mut begun, mut parts) = (0, 0, Vec::new());
    for (at, letter) in rest.char_indices() {
        match letter {
            '{' => depth += 1,
            ',' | '}' if depth == 0 => {
                parts.push(&rest[begun..at]);
                begun = at + 1;
                if letter == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    let inside = parts.into_iter().filter(|part| !part.trim().is_empty()).flat_map(branches);
    inside.map(|branch| format!("{}{branch}", stem.trim())).collect()
}

/// The paths of a statement that begin at one of [`ROOTS`].
fn paths(statement: &str) -> Vec<String> {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut found = Vec::new();
    for root in ROOTS {
        for (at, _) in statement.match_indices(&format!("{root}::")) {
            let before = statement[..at].chars().next_back();
            if before.is_some_and(|letter| is_name(letter) || letter == ':') {
                continue;
            }
            let path = &statement[at..];
            let single = path.find(|letter| !is_name(letter) && letter != ':').unwrap_or(path.len());
            let is_tree = path[single..].starts_with('{') && path[..single].ends_with("::");
            found.extend(if is_tree { branches(path) } else { vec![path[..single].to_string()] });
        }
    }
    found
}

/// Whether a floor is a package of its own.
fn is_package(floor: &Floor) -> bool {
    root().join(floor.folder).join("Cargo.toml").exists()
}

/// The floor that a path leads to, seen from `module`.
fn floor_named(path: &str, floor: &Floor, module: &[String], in_tests: bool) -> Option<&'static Floor> {
    let mut at: Vec<&str> = module.iter().map(String::as_str).collect();
    let is_package = is_package(floor);
    if in_tests {
        at.push("tests");
    }
    for name in path.split("::") {
        match name {
            "crate" if is_package => at.truncate(1),
            "crate" | "glassbase_core" | "glassbase_engine" => at.clear(),
            name if ROOTS.contains(&name) && name.starts_with("glassbase_") => {
                at = vec![name.trim_start_matches("glassbase_")];
            }
            "super" => drop(at.pop()),
            "self" => {}
            name => at.push(name),
        }
    }
    FLOORS.iter().find(|floor| at.first() == Some(&floor.name))
}

/// What the file at `path` names that its floor may not.
fn strange_names(floor: &Floor, path: &str, text: &str) -> Vec<String> {
    let module = module_of(path);
    let mut wrong = Vec::new();
    for (number, in_tests, statement) in statements(text) {
        for name in paths(&statement) {
            if let Some(other) = floor_named(&name, floor, &module, in_tests)
                && other.name != floor.name
                && !floor.may_name.contains(&other.name)
            {
                wrong.push(format!("{path}:{number}: {} may not name {} ({name})", floor.name, other.name));
            }
        }
    }
    wrong
}

#[test]
fn no_floor_names_one_above_it() {
    let mut wrong = Vec::new();
    for floor in FLOORS {
        for path in own_sources(floor) {
            wrong.extend(strange_names(floor, &shown(&path), &fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_name_from_above_is_found_however_it_is_written() {
    let floor = |name| FLOORS.iter().find(|floor| floor.name == name).unwrap();
    let found = |name, path, text| strange_names(floor(name), path, text).len();
    for text in [
        "use crate::app::App;",
        "use crate::{\n    sim::Cx,\n    app::{App,\n    Player},\n};",
        "use super::super::app;",
        "use super::{step::Step, super::app::App};",
        "    let app = crate::app::App::new(text);",
        "fn run(view: &super::super::view::View) {}",
        "pub use self::super::super::app::App;",
        "#[cfg(test)]\nmod tests {\n    use super::super::super::app;\n}",
    ] {
        assert!(found("lab", "src/lab/text.rs", text) > 0, "{text}");
    }
    for text in ["use glassbase_sim::Cx;", "    let cx = glassbase_sim::Cx::new(1);", "use super::super::sim::Cx;"] {
        assert!(found("trace", "src/engine/trace/text.rs", text) > 0, "{text}");
    }
    for text in [
        "use crate::Event;",
        "use crate::sim::is_a_module_of_this_package;",
        "use super::super::trace;",
        "// use glassbase_sim::Cx;",
        "use super::{\n    state::Cell,\n    text,\n};",
        "#[cfg(test)]\nmod tests {\n    use super::super::text;\n}",
        "let superb::lab = lab::superb;",
    ] {
        assert_eq!(found("trace", "src/engine/trace/text.rs", text), 0, "{text}");
    }
    assert_eq!(found("lab", "src/lab/btree/mod.rs", "use super::super::{storage::Tree, view::View};"), 1);
    assert_eq!(found("view", "src/view/mod.rs", "use super::{trace::Event, sim::Cx, lab};"), 2);
    assert_eq!(found("app", "src/app/mod.rs", "use super::{trace::Event, cli};"), 1);
}

#[test]
fn a_package_depends_on_those_below_it() {
    for floor in FLOORS.iter().filter(|floor| is_package(floor)) {
        let text = fs::read_to_string(root().join(floor.folder).join("Cargo.toml")).unwrap();
        let dependencies = text.lines().filter(|line| line.starts_with("glassbase-"));
        for name in dependencies.filter_map(|line| line.trim_start_matches("glassbase-").split(' ').next()) {
            assert!(floor.may_name.contains(&name), "{} may not depend on {name}", floor.name);
        }
    }
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
            assert!(
                path == "src/engine" || FLOORS.iter().any(|floor| Path::new(floor.folder).starts_with(&path)),
                "{path} has no rule"
            );
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

/// `make test` leaves documentation tests out: a compilation for each, where a unit test is one more function.
#[test]
fn what_stands_fenced_in_a_comment_is_text() {
    for path in all_sources() {
        let text = fs::read_to_string(&path).unwrap();
        let mut is_open = false;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_start();
            let Some(comment) = line.strip_prefix("//!").or_else(|| line.strip_prefix("///")) else { continue };
            let Some(kind) = comment.trim().strip_prefix("```") else { continue };
            let place = format!("{}:{}", shown(&path), number + 1);
            assert!(
                is_open || matches!(kind, "text" | "ignore" | "sh" | "js"),
                "{place}: say ```text: nothing compiles it"
            );
            is_open = !is_open;
        }
    }
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
    let packages = FLOORS.iter().filter(|floor| root().join(floor.folder).join("Cargo.toml").exists());
    for package in ["", "src/engine"].into_iter().chain(packages.map(|floor| floor.folder)) {
        let package = root().join(package).join("Cargo.toml");
        let package = shown(&package);
        let text = fs::read_to_string(root().join(&package)).unwrap();
        assert!(text.contains("[lints]\nworkspace = true"), "{package} does not take the lints of the workspace");
    }
}

/// Files that are compiled for tests alone.
fn is_for_tests(path: &Path) -> bool {
    path.ends_with("tests.rs")
        || path.ends_with("puppet.rs")
        || path.components().any(|part| part.as_os_str() == "tests")
}

#[test]
fn what_a_person_types_never_meets_an_unwrap() {
    let mut wrong = Vec::new();
    for floor in FLOORS {
        for path in sources(floor.folder).iter().filter(|path| !is_for_tests(path)) {
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

/// `.expect(` in the program: for what our own code sees to, never for what a person types. One more is one to think
/// about.
const EXPECTS: &[(&str, usize)] = &[
    ("src/app/browser.rs", 2),
    ("src/app/room/svg.rs", 1),
    ("src/engine/storage/page/edit.rs", 1),
    ("src/engine/storage/page/mod.rs", 1),
    ("src/engine/storage/pager.rs", 1),
    ("src/engine/storage/pool.rs", 1),
    ("src/engine/storage/tree/split.rs", 1),
    ("src/lab/world.rs", 1),
];

#[test]
fn every_expect_is_one_that_was_thought_about() {
    let mut wrong = Vec::new();
    for path in sources("src").iter().filter(|path| !is_for_tests(path) && !path.ends_with("bench.rs")) {
        let before_tests = program(path).into_iter().take_while(|(_, line)| line != "#[cfg(test)]");
        let count: usize = before_tests
            .map(|(_, line)| line.matches(".expect(\"").count() + usize::from(line.ends_with(".expect(")))
            .sum();
        let name = shown(path);
        let allowed = EXPECTS.iter().find(|(listed, _)| *listed == name).map_or(0, |(_, count)| *count);
        if count != allowed {
            wrong.push(format!("{name} has {count} of .expect(, {allowed} are listed"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
