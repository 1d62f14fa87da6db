//! The settings of a script: read from its text, and put into it.
//!
//! A knob on the page does not reach into the engine. It changes the script's `set` line, and the script is run anew:
//! the same commands, one setting different.

use crate::lab::world::DEFAULT_SEED;
use crate::lab::{LabInfo, Progress, Session, SettingInfo};
use crate::trace::Event;

/// The values that `script` gives to the lab's settings, or their defaults, in the lab's order.
pub fn values_of(script: &str, lab: &'static LabInfo) -> Vec<String> {
    let mut values: Vec<String> = lab.settings.iter().map(|setting| setting.default.to_string()).collect();
    for line in script.lines() {
        let Some(rest) = line.trim_start().strip_prefix("set ") else { continue };
        let (name, value) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest, ""));
        if let Some(index) = lab.settings.iter().position(|setting| setting.name == name) {
            values[index] = value.trim().to_string();
        }
    }
    values
}

pub fn value_of(script: &str, lab: &'static LabInfo, name: &str) -> String {
    let index = lab.settings.iter().position(|setting| setting.name == name);
    index.map_or(String::new(), |index| values_of(script, lab).swap_remove(index))
}

/// The seed that `script` has first of all, or the one that it has without saying so.
pub fn seed_of(script: &str) -> String {
    let seed = script.lines().find_map(|line| line.trim().strip_prefix("seed "));
    seed.map_or_else(|| DEFAULT_SEED.to_string(), |seed| seed.trim().to_string())
}

/// What is wrong with a value for a setting of `script`, if anything is: not of its kind, or not fit for the others.
pub fn problem(script: &str, lab: &'static LabInfo, name: &str, value: &str) -> Option<String> {
    let head: Vec<&str> = script.lines().filter(|line| line.trim_start().starts_with("set ")).collect();
    let trial = with_setting(&format!("lab {}\n{}", lab.name, head.join("\n")), name, value);
    let mut session = Session::new(&trial);
    if let Some(problem) = session.problems().first() {
        return Some(format!("{name} {value}: {}; {}.", problem.what, problem.remedy));
    }
    while session.step(1000) != Progress::Idle {}
    session.trace().iter().find_map(|record| match &record.event {
        Event::Refused { text } => Some(format!("{name} {value}: {text}")),
        _ => None,
    })
}

/// `script` with a setting of another value: in the place of every line that sets it, else at the script's head.
pub fn with_setting(script: &str, name: &str, value: &str) -> String {
    let line = format!("set {name} {value}");
    replaced(script, &line, |first, second| first == "set" && second == name)
}

/// `script` with another seed.
pub fn with_seed(script: &str, seed: &str) -> String {
    replaced(script, &format!("seed {seed}"), |first, _| first == "seed")
}

/// `script` with `line` in the place of the lines that are it, else right below the lab's name.
fn replaced(script: &str, line: &str, is_it: impl Fn(&str, &str) -> bool) -> String {
    let (mut found, mut below_lab) = (false, 0);
    let mut lines: Vec<&str> = Vec::new();
    for old in script.lines() {
        let mut words = old.split_whitespace();
        let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let is_it = is_it(first, second);
        found |= is_it;
        lines.push(if is_it { line } else { old });
        if first == "lab" {
            below_lab = lines.len();
        }
    }
    if !found {
        lines.insert(below_lab, line);
    }
    lines.join("\n")
}

/// The setting called `name`.
pub fn named(lab: &'static LabInfo, name: &str) -> Option<&'static SettingInfo> {
    lab.settings.iter().find(|setting| setting.name == name)
}
