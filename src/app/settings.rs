//! The settings of a script: read from its text, and put into it.
//!
//! A knob on the page does not reach into the engine. It changes the script's `set` line, and the script is run anew:
//! the same commands, one setting different.

use crate::lab::{LabInfo, SettingInfo};

/// The value that `script` gives to a setting, or its default.
pub fn value_of(script: &str, setting: &SettingInfo) -> String {
    let set = words(script).filter(|(first, name, _)| *first == "set" && *name == setting.name).last();
    set.map_or(setting.default, |(_, _, value)| value).to_string()
}

/// The seed that `script` has first of all.
pub fn seed_of(script: &str) -> Option<&str> {
    words(script).find(|(first, _, _)| *first == "seed").map(|(_, seed, _)| seed)
}

/// First three words of each line; the third with all that follows it.
fn words(script: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    script.lines().filter_map(|line| {
        let (first, rest) = line.trim().split_once(char::is_whitespace)?;
        let rest = rest.trim_start();
        let (second, third) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        Some((first, second, third.trim()))
    })
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
