//! The settings of a script: read from its text, and put into it.
//!
//! A knob on the page does not reach into the engine. It changes the script's `set` line, and the script is run anew:
//! the same commands, one setting different.

use crate::lab::world::DEFAULT_SEED;
use crate::lab::{LabInfo, Script, SettingInfo};

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

/// What is wrong with a value for a setting, if anything is.
pub fn problem(lab: &'static LabInfo, setting: &SettingInfo, value: &str) -> Option<String> {
    let script = Script::parse(&format!("lab {}\nset {} {value}", lab.name, setting.name));
    script.problems.first().map(|problem| format!("{}; {}", problem.what, problem.remedy))
}

/// `script` with a setting of another value: in place of every line that sets it, else below the script's head.
pub fn with_setting(script: &str, name: &str, value: &str) -> String {
    let line = format!("set {name} {value}");
    replaced(script, &line, |first, second| first == "set" && second == name)
}

/// `script` with another seed.
pub fn with_seed(script: &str, seed: &str) -> String {
    replaced(script, &format!("seed {seed}"), |first, _| first == "seed")
}

fn replaced(script: &str, line: &str, is_it: impl Fn(&str, &str) -> bool) -> String {
    let mut found = false;
    let mut lines: Vec<&str> = Vec::new();
    let mut head = 0;
    for old in script.lines() {
        let mut parts = old.split_whitespace();
        let (first, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if is_it(first, second) {
            found = true;
            lines.push(line);
        } else {
            lines.push(old);
        }
        let is_head = matches!(first, "lab" | "seed" | "set");
        if is_head && head + 1 >= lines.len() {
            head = lines.len();
        }
    }
    if !found {
        lines.insert(head, line);
    }
    lines.join("\n")
}

/// The setting called `name`.
pub fn named(lab: &'static LabInfo, name: &str) -> Option<&'static SettingInfo> {
    lab.settings.iter().find(|setting| setting.name == name)
}
