//! Completion for the console: what may stand where the cursor is, from the declarations alone.

use std::ops::Range;

use super::LABS;
use super::argument::Relation;
use super::declaration::{Argument, ArgumentKind, CommandInfo, Form, LabInfo};
use super::statement::LANGUAGE;
use crate::trace::sorting::sort_by;

/// One way to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The bytes of the line that `insert` takes the place of.
    pub replaces: Range<usize>,
    pub insert: String,
    /// What to list: for a command, how it is written.
    pub label: String,
    pub help: String,
}

/// What may stand at `cursor` (in bytes) of a line, best first. Arguments that can't be listed, such as keys, are not.
pub fn complete(lab: &'static LabInfo, line: &str, cursor: usize) -> Vec<Completion> {
    let cursor = (0..=cursor.min(line.len())).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
    let before = &line[..cursor];
    let start = before.rfind([' ', '\t']).map_or(0, |blank| blank + 1);
    let (typed, words) = (&before[start..], before[..start].split_whitespace().collect::<Vec<_>>());
    if before.starts_with(['#', '|']) || before.matches('"').count() % 2 == 1 {
        return Vec::new();
    }
    let mut found = candidates(lab, &words);
    found.retain(|candidate| candidate.insert.starts_with(typed));
    if words.is_empty() && !typed.is_empty() {
        sort_by(&mut found, |a, b| a.insert.cmp(&b.insert));
    }
    for candidate in &mut found {
        candidate.replaces = start..cursor;
    }
    found
}

/// How far all of them begin alike: what Tab may put in without choosing one.
pub fn common_prefix(found: &[Completion]) -> &str {
    let Some(first) = found.first() else { return "" };
    let mut length = first.insert.len();
    for other in found {
        let alike = first.insert.bytes().zip(other.insert.bytes()).take_while(|(a, b)| a == b).count();
        length = length.min(alike);
    }
    // Words of the declarations are ASCII, so every byte is a character.
    first.insert.get(..length).unwrap_or_default()
}

fn candidates(lab: &'static LabInfo, words: &[&str]) -> Vec<Completion> {
    match words {
        [] => lab.commands.iter().chain(LANGUAGE).map(of_command).collect(),
        ["expect"] => lab.all_expectations().map(of_command).collect(),
        ["expect", name, given @ ..] => lab.expectation(name).map(|info| of_arguments(info, given)).unwrap_or_default(),
        ["lab"] => LABS.iter().map(|lab| plain(lab.name, lab.title, lab.summary)).collect(),
        ["set"] => lab.settings.iter().map(|setting| plain(setting.name, setting.name, setting.help)).collect(),
        ["set", name] => match lab.setting(name) {
            Some(setting) => {
                let mut found = of_kind(setting.kind, setting.help);
                if let Some(default) = found.iter().position(|candidate| candidate.insert == setting.default) {
                    found[..=default].rotate_right(1);
                }
                found
            }
            None => Vec::new(),
        },
        // A command inside a command.
        [name, _, rest @ ..] if lab.command(name).is_some_and(takes_line) => candidates(lab, rest),
        [name, given @ ..] => {
            let known = lab.command(name).or_else(|| LANGUAGE.iter().find(|command| command.name == *name));
            known.map(|info| of_arguments(info, given)).unwrap_or_default()
        }
    }
}

fn takes_line(info: &CommandInfo) -> bool {
    info.arguments.iter().any(|argument| argument.kind == ArgumentKind::Line)
}

fn plain(insert: &str, label: &str, help: &str) -> Completion {
    Completion { replaces: 0..0, insert: insert.to_string(), label: label.to_string(), help: help.to_string() }
}

fn of_command(info: &CommandInfo) -> Completion {
    plain(info.name, &info.usage(), info.help)
}

/// The nodes that are offered: of those that there may be, the first.
const NODES: &[&str] = &["leader", "n1", "n2", "n3", "n4", "n5"];

/// The words of a kind, when there are only so many.
fn of_kind(kind: ArgumentKind, help: &str) -> Vec<Completion> {
    match kind {
        ArgumentKind::Word(words) => words.iter().map(|word| plain(word, word, help)).collect(),
        ArgumentKind::Relation => Relation::ALL.iter().map(|(sign, _)| plain(sign, sign, help)).collect(),
        ArgumentKind::Node => NODES.iter().map(|word| plain(word, word, help)).collect(),
        ArgumentKind::Side => NODES.iter().chain(&["|"]).map(|word| plain(word, word, help)).collect(),
        ArgumentKind::Client => ["c1", "c2", "c3"].iter().map(|word| plain(word, word, help)).collect(),
        _ => Vec::new(),
    }
}

/// The next argument by position, and the named ones that are not there yet.
fn of_arguments(info: &'static CommandInfo, given: &[&str]) -> Vec<Completion> {
    let named = |word: &str| info.arguments.iter().find(|a| a.form == Form::Named && a.name == word);
    if let Some(argument) = given.last().and_then(|word| named(word))
        && argument.kind != ArgumentKind::Flag
    {
        return of_kind(argument.kind, argument.help);
    }
    let mut positions = 0;
    let mut words = given.iter();
    while let Some(word) = words.next() {
        match named(word) {
            None => positions += 1,
            Some(argument) if argument.kind != ArgumentKind::Flag => {
                words.next();
            }
            Some(_) => {}
        }
    }
    let by_position = |argument: &&Argument| argument.form != Form::Named;
    let mut found = Vec::new();
    let rest = info.arguments.iter().find(|argument| argument.form == Form::Rest);
    if let Some(next) = info.arguments.iter().filter(by_position).nth(positions).or(rest) {
        found = of_kind(next.kind, next.help);
    }
    // What can be left out is only offered when nothing is missing: `step` is no way to begin `sequence`.
    if info.arguments.iter().filter(by_position).skip(positions).any(|argument| !argument.optional) {
        return found;
    }
    let open = info.arguments.iter().filter(|a| a.form == Form::Named && !given.contains(&a.name));
    found.extend(open.map(|argument| plain(argument.name, &argument.usage(), argument.help)));
    found
}

/// How the command that the line begins is written, for a hint beside the console; nothing when it is not known.
pub fn usage_of(lab: &'static LabInfo, line: &str) -> Option<(String, &'static str)> {
    let mut words = line.split_whitespace();
    let info = match words.next()? {
        "expect" => lab.expectation(words.next()?)?,
        name => lab.command(name).or_else(|| LANGUAGE.iter().find(|command| command.name == name))?,
    };
    Some((info.usage(), info.help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::lab;

    fn inserts(line: &str) -> Vec<String> {
        complete(lab("btree").unwrap(), line, line.len()).into_iter().map(|found| found.insert).collect()
    }

    #[test]
    fn commands_settings_and_arguments_are_completed() {
        assert_eq!(inserts("ins"), ["insert"]);
        assert_eq!(inserts("se"), ["seed", "sequence", "set"]);
        let prefix = |line: &str| common_prefix(&complete(lab("btree").unwrap(), line, line.len())).to_string();
        assert_eq!(
            (prefix("se"), prefix("del"), prefix("ups"), prefix("qq")),
            ("se".into(), "delete".into(), "upsert".into(), "".into())
        );
        assert_eq!(inserts("lab "), LABS.iter().map(|lab| lab.name).collect::<Vec<_>>());
        assert_eq!(inserts("set page_s"), ["page_size"]);
        assert_eq!(inserts("set device h"), ["hdd"]);
        assert_eq!(inserts("scan 1 re"), ["reverse"]);
        assert_eq!(inserts("scan reverse "), ["limit"]);
        assert_eq!(inserts("random 10 uu"), ["uuid4", "uuid7"]);
        assert_eq!(inserts("expect heig"), ["height"]);
        assert_eq!(inserts("expect height "), ["=", "!=", "<", "<=", ">", ">="]);
        assert!(inserts("get ").is_empty());
        assert!(inserts("sequence 1 ").is_empty());
        assert_eq!(inserts("sequence 1 9 "), ["step", "unrecorded"]);
        assert!(inserts("# ins").is_empty());
        assert!(inserts("insert \"a s").is_empty());
    }

    #[test]
    fn the_default_of_a_setting_comes_first() {
        assert_eq!(inserts("set page_size ")[0], "8192");
    }

    #[test]
    fn the_cursor_may_be_anywhere() {
        let lab = lab("btree").unwrap();
        let found = complete(lab, "ins 37", 3);
        assert_eq!((found[0].replaces.clone(), found[0].insert.as_str()), (0..3, "insert"));
        assert!(complete(lab, "größe", 3).is_empty());
        assert!(!complete(lab, "", 99).is_empty());
    }
}
