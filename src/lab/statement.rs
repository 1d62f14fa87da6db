//! One line of a script: the words that every lab knows, and those that it declares.

use std::rc::Rc;

use super::argument::{Value, read_arguments, read_value};
use super::declaration::{Argument, ArgumentKind, CommandInfo, LabInfo};
use super::script::{Call, Problem, RecordMode, Statement};
use super::token::{Token, tokens};
use super::{LABS, lab, words};

const ANY: ArgumentKind = ArgumentKind::Number { from: 0, to: u64::MAX };

/// The commands that every lab has.
pub static LANGUAGE: &[CommandInfo] = &[
    CommandInfo::single(
        "lab",
        &[Argument::needed("name", ArgumentKind::Text, "the lab's name")],
        "Goes to a lab and opens its engine, empty, with the default settings.",
        "lab btree",
    ),
    CommandInfo::single(
        "seed",
        &[Argument::needed("number", ANY, "where randomness begins")],
        "Opens the engine anew, empty, with another beginning for everything that is random.",
        "seed 7",
    ),
    CommandInfo::single(
        "set",
        &[
            Argument::needed("name", ArgumentKind::Text, "the setting"),
            Argument::needed("value", ArgumentKind::Text, "its new value"),
        ],
        "Changes a setting and opens the engine anew, empty.",
        "set page_size 512",
    ),
    CommandInfo::single(
        "record",
        &[Argument::needed("mode", ArgumentKind::Word(RECORD_WORDS), "on, off, or auto: all but long bulk commands")],
        "Says whether the following commands are recorded step by step.",
        "record on",
    ),
    CommandInfo::single(
        "expect",
        &[Argument::rest("what", ArgumentKind::Text, "what must be true")],
        "Checks that something is true now.",
        "expect valid",
    ),
];

const RECORD_WORDS: &[&str] = &["on", "off", "auto"];

/// Reads a line of `lab`; `line` is its number.
pub fn read(lab: &'static LabInfo, text: &str, line: usize) -> Result<Statement, Problem> {
    let bare = text.trim_start_matches([' ', '\t']);
    if bare.is_empty() {
        return Ok(Statement::Blank);
    }
    if let Some(comment) = bare.strip_prefix('#') {
        return Ok(Statement::Comment(Rc::from(comment.trim())));
    }
    let tokens = tokens(text, line)?;
    let Some((name, rest)) = tokens.split_first() else { return Ok(Statement::Blank) };
    match name.text.as_str() {
        _ if name.quoted => Err(unknown_command(lab, name, line)),
        "lab" => read_lab(name, rest, line),
        "seed" | "record" => read_own(name, rest, line),
        "set" => read_set(lab, name, rest, line),
        "expect" => read_expect(lab, name, rest, line),
        word => match lab.command(word) {
            Some(info) => Ok(Statement::Command(Call { info, arguments: read_arguments(info, name, rest, line)? })),
            None => Err(unknown_command(lab, name, line)),
        },
    }
}

/// Whether the line asks for a lab.
pub fn names_a_lab(text: &str) -> bool {
    text.split_whitespace().next() == Some("lab")
}

fn own(word: &str) -> &'static CommandInfo {
    LANGUAGE.iter().find(|command| command.name == word).unwrap_or(&LANGUAGE[0])
}

fn unknown_command(lab: &'static LabInfo, name: &Token, line: usize) -> Problem {
    let known = lab.commands.iter().chain(LANGUAGE).map(|command| command.name);
    let what = format!("there is no command \"{}\"", words::shortened(&name.text, 40));
    Problem { line, column: name.column, what, remedy: words::suggestion(&name.text, known) }
}

fn read_lab(name: &Token, rest: &[Token], line: usize) -> Result<Statement, Problem> {
    read_arguments(own("lab"), name, rest, line)?;
    let Some(word) = rest.first() else { return Err(unknown_command(LABS[0], name, line)) };
    if let Some(lab) = lab(&word.text) {
        return Ok(Statement::Lab(lab));
    }
    let what = format!("there is no lab \"{}\", so nothing of this script was run", words::shortened(&word.text, 40));
    let remedy = words::suggestion(&word.text, LABS.iter().map(|lab| lab.name));
    Err(Problem { line, column: word.column, what, remedy })
}

fn read_own(name: &Token, rest: &[Token], line: usize) -> Result<Statement, Problem> {
    let arguments = read_arguments(own(&name.text), name, rest, line)?;
    Ok(match (arguments.number("number"), arguments.word("mode")) {
        (Some(seed), _) => Statement::Seed(seed),
        (_, Some("on")) => Statement::Record(RecordMode::On),
        (_, Some("off")) => Statement::Record(RecordMode::Off),
        _ => Statement::Record(RecordMode::Auto),
    })
}

fn read_set(lab: &'static LabInfo, name: &Token, rest: &[Token], line: usize) -> Result<Statement, Problem> {
    let known = || lab.settings.iter().map(|setting| setting.name);
    if let Some(word) = rest.first()
        && lab.setting(&word.text).is_none()
    {
        let what = format!("there is no setting \"{}\"", words::shortened(&word.text, 40));
        return Err(Problem { line, column: word.column, what, remedy: words::suggestion(&word.text, known()) });
    }
    read_arguments(own("set"), name, rest, line)?;
    match rest {
        [word, value] => match lab.setting(&word.text) {
            Some(setting) => Ok(Statement::Set(setting, read_value(setting.kind, value, line)?)),
            None => Err(unknown_command(lab, name, line)),
        },
        _ => Err(unknown_command(lab, name, line)),
    }
}

fn read_expect(lab: &'static LabInfo, name: &Token, rest: &[Token], line: usize) -> Result<Statement, Problem> {
    let known = || lab.all_expectations().map(|expectation| expectation.name);
    let Some((word, rest)) = rest.split_first() else {
        let remedy = format!("there are: {}", known().collect::<Vec<_>>().join(", "));
        return Err(Problem::new(line, name.column, "\"expect\" needs something to expect", remedy));
    };
    match lab.expectation(&word.text) {
        Some(info) => Ok(Statement::Expect(Call { info, arguments: read_arguments(info, word, rest, line)? })),
        None => {
            let what = format!("nothing called \"{}\" can be expected", words::shortened(&word.text, 40));
            Err(Problem { line, column: word.column, what, remedy: words::suggestion(&word.text, known()) })
        }
    }
}

/// A setting's default as a value.
pub fn default_value(setting: &super::SettingInfo) -> Option<Value> {
    let text = setting.default.to_string();
    let span = 0..text.len();
    read_value(setting.kind, &Token { text, quoted: false, column: 1, span }, 0).ok()
}
