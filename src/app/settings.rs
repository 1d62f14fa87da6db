//! The settings of a script: read from its text, and put into it.
//!
//! A knob on the page does not reach into the engine. It changes the script's `set` line, and the script is run anew:
//! the same commands, one setting different.

use crate::lab::world::DEFAULT_SEED;
use crate::lab::{CommandSpan, LabInfo, Progress, Session, SettingInfo};
use crate::trace::Event;

/// The values that `script` gives to the lab's settings, or their defaults, in the lab's order.
pub fn values_of(script: &str, lab: &'static LabInfo) -> Vec<String> {
    let mut values: Vec<String> = lab.settings.iter().map(|setting| setting.default.to_string()).collect();
    for line in script.lines() {
        let Some((name, value)) = set_in(line) else { continue };
        if let Some(index) = lab.settings.iter().position(|setting| setting.name == name) {
            values[index] = value.to_string();
        }
    }
    values
}

/// The value that a setting has in a run when its trace has `position` records: what the last line carried out by then
/// that sets it says, or the first one of the script, before any is; a refused one says nothing.
pub fn value_at(session: &Session, name: &str, position: usize) -> String {
    let commands = session.commands();
    let begun = commands.partition_point(|span| span.records.start < position);
    let value = |text: &str| set_in(text).filter(|(set, _)| *set == name).map(|(_, value)| value.to_string());
    let holds = |span: &CommandSpan| {
        let mut records = session.trace().iter_from(span.records.start).take(span.records.len());
        !records.any(|record| matches!(record.event, Event::Refused { .. }))
    };
    let last = commands[..begun].iter().rev().find_map(|span| value(&span.text).filter(|_| holds(span)));
    last.unwrap_or_else(|| {
        let script = session.script();
        let first = script.lines().find_map(value);
        first.unwrap_or_else(|| named(session.lab(), name).map_or("", |setting| setting.default).to_string())
    })
}

/// The setting and its value in a line that sets one.
fn set_in(line: &str) -> Option<(&str, &str)> {
    let rest = line.trim_start().strip_prefix("set ")?.trim();
    let (name, value) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    Some((name, value.trim()))
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
    with_line(script, &format!("set {name} {value}"), |first, second| first == "set" && second == name)
}

/// `script` as it stands at the right of a comparison: there the setting has its own value from the head to the end.
pub fn at_the_right(script: &str, name: &str, value: &str) -> String {
    let line = format!("set {name} {value}");
    let mut lines = replaced(script, &line, |first, second| first == "set" && second == name);
    let heads =
        |line: &&&str| matches!(first_two(line).0, "" | "lab" | "set" | "seed" | "record") || line.starts_with('#');
    let below_lab = below_lab(&lines);
    if !lines.iter().skip(below_lab).take_while(heads).any(|other| *other == line)
        && !lines[..below_lab].contains(&&*line)
    {
        lines.insert(below_lab, &line);
    }
    lines.join("\n")
}

/// Lines that a comparison goes on with, as they stand at its right.
pub fn more_at_the_right(lines: &str, name: &str, value: &str) -> String {
    replaced(lines, &format!("set {name} {value}"), |first, second| first == "set" && second == name).join("\n")
}

/// `script` with another seed.
pub fn with_seed(script: &str, seed: &str) -> String {
    with_line(script, &format!("seed {seed}"), |first, _| first == "seed")
}

/// `script` with `line` in the place of the lines that are it, else right below the lab's name.
fn with_line(script: &str, line: &str, is_it: impl Fn(&str, &str) -> bool) -> String {
    let mut lines = replaced(script, line, is_it);
    if !lines.contains(&line) {
        lines.insert(below_lab(&lines), line);
    }
    lines.join("\n")
}

/// The lines of `script`, with `line` in the place of those that are it.
fn replaced<'a>(script: &'a str, line: &'a str, is_it: impl Fn(&str, &str) -> bool) -> Vec<&'a str> {
    let one = |old: &'a str| {
        let (first, second) = first_two(old);
        if is_it(first, second) { line } else { old }
    };
    script.lines().map(one).collect()
}

/// Where the settings of the script's lab begin: right below the line that names it.
fn below_lab(lines: &[&str]) -> usize {
    lines.iter().rposition(|line| first_two(line).0 == "lab").map_or(0, |index| index + 1)
}

fn first_two(line: &str) -> (&str, &str) {
    let mut words = line.split_whitespace();
    (words.next().unwrap_or_default(), words.next().unwrap_or_default())
}

/// The setting called `name`.
pub fn named(lab: &'static LabInfo, name: &str) -> Option<&'static SettingInfo> {
    lab.settings.iter().find(|setting| setting.name == name)
}
