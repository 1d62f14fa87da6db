//! Golden scripts: each gives the very trace that lies beside it, and the hash that the browser must come to as well.
//!
//! `UPDATE=1 cargo test --test golden` rewrites what lies beside the scripts; read the difference before you keep it.
#![cfg(not(target_arch = "wasm32"))]

mod scripts;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use glassbase_core::trace::Event;
use glassbase_core::trace::text::{hash, read_trace, write_trace};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts")
}

/// Compares with the file, or rewrites it. The error says what differs.
fn compare(path: &Path, found: &str) -> Result<(), String> {
    if std::env::var_os("UPDATE").is_some() {
        return fs::write(path, found).map_err(|error| error.to_string());
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == found {
        return Ok(());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let differs = expected.lines().zip(found.lines()).enumerate().find(|(_, (old, new))| old != new);
    Err(match differs {
        Some((index, (old, new))) => format!("{name}:{}:\n  was {old}\n  is  {new}", index + 1),
        None => format!("{name} has {} lines, now there are {}", expected.lines().count(), found.lines().count()),
    })
}

#[test]
fn every_script_gives_its_trace() {
    let mut wrong = Vec::new();
    for (name, text) in scripts::SCRIPTS {
        let session = scripts::run(text);
        let trace = write_trace(&session.script(), session.trace());
        assert_eq!(read_trace(&trace).map(|(_, trace)| trace).as_ref(), Ok(session.trace()), "{name} is not read back");
        wrong.extend(compare(&folder().join(format!("{name}.trace")), &trace).err());
        let problems: String = session.problems().iter().map(|problem| format!("{problem}\n")).collect();
        let path = folder().join(format!("{name}.problems"));
        if !problems.is_empty() || path.exists() {
            wrong.extend(compare(&path, &problems).err());
        }
    }
    assert!(wrong.is_empty(), "{}\nUPDATE=1 cargo test --test golden accepts all of it", wrong.join("\n"));
}

#[test]
fn hashes_are_those_that_the_browser_must_come_to() {
    let line = |(name, text): (String, &str)| format!("{name} {:016x}\n", hash(scripts::run(text).trace()));
    let hashes: String = scripts::all().into_iter().map(line).collect();
    compare(&folder().join("hashes.txt"), &hashes).unwrap();
}

#[test]
fn expectations_hold_but_where_a_script_is_about_their_failing() {
    for (name, text) in scripts::all() {
        let (held, failed) = scripts::run(text).expectations();
        if name == "lab/expectations-that-fail" {
            assert_eq!((held, failed), (0, 7));
        } else {
            assert_eq!(failed, 0, "{name}");
            assert!(
                held > 0 || name == "lab/unknown-lab" || name == "lab/comments-and-quotes",
                "{name} expects nothing"
            );
        }
    }
}

#[test]
fn presets_are_short_enough_to_be_watched() {
    for (name, text) in scripts::presets() {
        let session = scripts::run(text);
        assert!(session.problems().is_empty(), "{name}: {:?}", session.problems());
        assert!((80..3000).contains(&session.trace().len()), "{name} has {} records", session.trace().len());
    }
}

#[test]
fn every_lab_has_presets_of_its_own() {
    for lab in glassbase_core::lab::LABS {
        assert!(!lab.presets.is_empty(), "{} has no preset to open with", lab.name);
        for preset in lab.presets {
            let session = glassbase_core::lab::Session::new(preset.script);
            assert_eq!((session.lab().name, session.problems()), (lab.name, &[][..]), "{}", preset.name);
            assert_eq!(lab.presets.iter().filter(|other| other.name == preset.name).count(), 1, "{}", preset.name);
            let set = preset.compare.is_none_or(|(setting, _)| lab.setting(setting).is_some());
            assert!(set, "{} compares what is no setting of {}", preset.name, lab.name);
            for cure in preset.cures {
                let line = format!("lab {}\nset {} {}", lab.name, cure.setting, cure.value);
                let problems = glassbase_core::lab::Session::new(&line).problems().to_vec();
                assert_eq!(problems, [], "{}: {}", preset.name, cure.text);
            }
        }
    }
}

#[test]
fn a_preset_names_a_speed_that_the_page_has() {
    // Those of src/app/pace.rs, which is not compiled here.
    let speeds = ["0.1", "0.25", "0.5", "1", "2", "5", "10", "25", "100"];
    for preset in glassbase_core::lab::LABS.iter().flat_map(|lab| lab.presets) {
        assert!(speeds.contains(&preset.speed), "{}", preset.name);
    }
}

#[test]
fn a_few_keys_asked_for_most_often_stay_in_the_pool() {
    let presets = scripts::presets();
    let (_, text) = presets.iter().find(|(name, _)| name == "preset/zipf").unwrap();
    let session = scripts::run(text);
    let misses = |command: &str| {
        let span = session.commands().iter().find(|span| span.text == command).unwrap();
        let records = session.trace().iter().skip(span.records.start).take(span.records.len());
        records.filter(|record| matches!(record.event, Event::PoolMiss { .. })).count()
    };
    let (alike, skewed) = (misses("get-random 20 uniform"), misses("get-random 20 zipf"));
    assert!(skewed * 3 < alike * 2, "{skewed} and {alike} of 20 lookups went to the disk");
}

#[test]
fn the_list_of_scripts_is_the_directory() {
    let mut there = BTreeSet::new();
    for floor in fs::read_dir(folder()).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        for file in fs::read_dir(floor.path()).unwrap().flatten() {
            let name = format!("{}/{}", floor.file_name().display(), file.file_name().display());
            if let Some(name) = name.strip_suffix(".gb") {
                there.insert(name.to_string());
            } else {
                let script = file.path().with_extension("gb");
                assert!(script.exists(), "{name} belongs to no script");
            }
        }
    }
    let listed: BTreeSet<String> = scripts::SCRIPTS.iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(listed, there, "tests/scripts/mod.rs and the directory differ");
}
