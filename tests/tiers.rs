//! What the presets of cache tiers promise: each way to fail is seen, and each cure on the page helps against it.
#![cfg(not(target_arch = "wasm32"))]

mod scripts;

use glassbase_core::lab::{LabInfo, Preset, lab};
use glassbase_core::trace::parts::TiersState;

fn cache() -> &'static LabInfo {
    lab("cache").unwrap()
}

/// How a run ends; with another setting in its script.
fn end(preset: &Preset, set: Option<(&str, &str)>) -> TiersState {
    let line = set.map(|(setting, value)| format!("set {setting} {value}\n")).unwrap_or_default();
    let own = set.map(|(setting, _)| format!("set {setting} ")).unwrap_or_else(|| "\n\n".to_string());
    let script: Vec<&str> = preset.script.lines().filter(|line| !line.starts_with(&own)).collect();
    let session = scripts::run(&script.join("\n").replacen("lab cache", &format!("lab cache\n{line}"), 1));
    assert!(session.problems().is_empty(), "{}: {:?}", preset.name, session.problems());
    session.state().parts.tiers.as_deref().unwrap().clone()
}

/// Queries that were in the database at once, at most.
fn peak(tiers: &TiersState) -> u32 {
    tiers.series.samples.iter().map(|sample| sample.most_busy + sample.most_queued).max().unwrap_or(0)
}

/// The number that a preset is about: bad when it is high.
fn trouble(preset: &str, tiers: &TiersState) -> u64 {
    match preset {
        "race" | "mail" => tiers.counts.stale,
        "write-behind" => tiers.counts.lost,
        // Answers that took longer than it takes to give L2 up.
        "outage" => tiers.latencies[3].count() - tiers.latencies[3].within(60_000_000),
        "hot-key" => tiers.counts.reads,
        _ => peak(tiers).into(),
    }
}

#[test]
fn every_cure_helps_against_what_its_preset_shows() {
    let mut wrong = Vec::new();
    for preset in cache().presets.iter().filter(|preset| !preset.cures.is_empty()) {
        let without = trouble(preset.name, &end(preset, None));
        assert!(without > 0, "{} shows nothing", preset.name);
        for cure in preset.cures {
            let with = trouble(preset.name, &end(preset, Some((cure.setting, cure.value))));
            println!("{}: {without}, with {} {with}", preset.name, cure.text);
            if with * 4 > without * 3 {
                wrong.push(format!("{}: {without}, with {} {with}", preset.name, cure.text));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_three_tiers_answer_what_the_curriculum_says() {
    let preset = cache().presets.iter().find(|preset| preset.name == "tiers").unwrap();
    let tiers = end(preset, None);
    let counts = tiers.counts;
    let share = |count: u64| count * 100 / (counts.l1 + counts.l2 + counts.database);
    assert!((60..=80).contains(&share(counts.l1)), "L1 {}", share(counts.l1));
    assert!((15..=25).contains(&share(counts.l2)), "L2 {}", share(counts.l2));
    assert!((5..=15).contains(&share(counts.database)), "database {}", share(counts.database));
    let median_us = |tier: usize| tiers.latencies[tier].percentile_ns(50) / 1000;
    assert!((1..=2).contains(&median_us(0)), "L1 {}", median_us(0));
    assert!((800..=1_300).contains(&median_us(1)), "L2 {}", median_us(1));
    assert!((8_000..=14_000).contains(&median_us(2)), "database {}", median_us(2));
}
