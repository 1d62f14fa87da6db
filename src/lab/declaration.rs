//! What a lab declares about itself. Parsing, completion, help and the documentation page all come from it.
//!
//! ```text
//!   insert KEY [VALUE] [size N]            CommandInfo
//!          │    │        └ named: its word comes first
//!          │    └ optional, by position    Argument
//!          └ needed, by position
//! ```
//!
//! **Invariant:** a word that names an argument (`limit`, `reverse`) is always read as that name; a key that is spelled
//! like it must stand in quotes.

use super::expectations::COMMON;
use super::machine::Machine;
use super::refusal::Refusal;
use super::values::Values;
use crate::trace::decimal::fixed;

/// Opens an engine for a seed and settings.
pub type Opener = fn(seed: u64, values: &Values) -> Result<Box<dyn Machine>, Refusal>;

/// A lab: its words, its presets, its engine.
#[derive(Debug)]
pub struct LabInfo {
    /// The word behind `lab`.
    pub name: &'static str,
    pub title: &'static str,
    /// The floor it shows: "Storage".
    pub floor: &'static str,
    /// One sentence: what there is to see.
    pub summary: &'static str,
    pub commands: &'static [CommandInfo],
    /// What may stand behind `expect` beside what every lab has ([`COMMON`]).
    pub expectations: &'static [CommandInfo],
    pub settings: &'static [SettingInfo],
    /// The first one opens with the lab.
    pub presets: &'static [Preset],
    /// Opens the engine, empty. A refusal says which settings do not go together.
    pub open: Opener,
}

impl LabInfo {
    pub fn command(&self, name: &str) -> Option<&'static CommandInfo> {
        self.commands.iter().find(|command| command.name == name)
    }

    pub fn expectation(&self, name: &str) -> Option<&'static CommandInfo> {
        self.all_expectations().find(|expectation| expectation.name == name)
    }

    /// The lab's own expectations, and those of every lab.
    pub fn all_expectations(&self) -> impl Iterator<Item = &'static CommandInfo> + Clone {
        self.expectations.iter().chain(COMMON)
    }

    pub fn setting(&self, name: &str) -> Option<&'static SettingInfo> {
        self.settings.iter().find(|setting| setting.name == name)
    }

    pub fn preset(&self, name: &str) -> Option<&'static Preset> {
        self.presets.iter().find(|preset| preset.name == name)
    }
}

/// A command of a script: `name arguments…`. An expectation has the same form behind the word `expect`.
#[derive(Clone, Copy, Debug)]
pub struct CommandInfo {
    pub name: &'static str,
    pub arguments: &'static [Argument],
    /// One sentence: what it does.
    pub help: &'static str,
    pub example: &'static str,
    /// Done in bulk: when it is long, it is not recorded unless the script says `record on`.
    pub bulk: bool,
    /// Takes data lines: the lines below it that begin with `| `.
    pub data: bool,
}

impl CommandInfo {
    /// A command that does one thing.
    pub const fn single(
        name: &'static str,
        arguments: &'static [Argument],
        help: &'static str,
        example: &'static str,
    ) -> CommandInfo {
        CommandInfo { name, arguments, help, example, bulk: false, data: false }
    }

    /// A command that does one thing many times.
    pub const fn bulk(
        name: &'static str,
        arguments: &'static [Argument],
        help: &'static str,
        example: &'static str,
    ) -> CommandInfo {
        CommandInfo { name, arguments, help, example, bulk: true, data: false }
    }

    pub const fn with_data(self) -> CommandInfo {
        CommandInfo { data: true, ..self }
    }

    /// How it is written: `insert KEY [VALUE] [size N]`.
    pub fn usage(&self) -> String {
        let mut usage = self.name.to_string();
        for argument in self.arguments {
            usage.push(' ');
            usage.push_str(&argument.usage());
        }
        usage
    }
}

/// Where an argument stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// By position.
    Plain,
    /// Behind its name: `limit 10`. A flag is its name alone.
    Named,
    /// Everything that is left, at least one.
    Rest,
}

#[derive(Clone, Copy, Debug)]
pub struct Argument {
    pub name: &'static str,
    pub kind: ArgumentKind,
    pub form: Form,
    pub optional: bool,
    pub help: &'static str,
}

impl Argument {
    pub const fn needed(name: &'static str, kind: ArgumentKind, help: &'static str) -> Argument {
        Argument { name, kind, form: Form::Plain, optional: false, help }
    }

    pub const fn optional(name: &'static str, kind: ArgumentKind, help: &'static str) -> Argument {
        Argument { name, kind, form: Form::Plain, optional: true, help }
    }

    pub const fn named(name: &'static str, kind: ArgumentKind, help: &'static str) -> Argument {
        Argument { name, kind, form: Form::Named, optional: true, help }
    }

    pub const fn flag(name: &'static str, help: &'static str) -> Argument {
        Argument { name, kind: ArgumentKind::Flag, form: Form::Named, optional: true, help }
    }

    pub const fn rest(name: &'static str, kind: ArgumentKind, help: &'static str) -> Argument {
        Argument { name, kind, form: Form::Rest, optional: false, help }
    }

    pub const fn optional_rest(name: &'static str, kind: ArgumentKind, help: &'static str) -> Argument {
        Argument { name, kind, form: Form::Rest, optional: true, help }
    }

    /// How it is written: `KEY`, `[VALUE]`, `[limit N]`, `KEY...`.
    pub fn usage(&self) -> String {
        let placeholder = match self.kind {
            ArgumentKind::Flag => self.name.to_string(),
            ArgumentKind::Word([only]) => only.to_string(),
            ArgumentKind::Duration { .. } if self.form == Form::Named => format!("{} TIME", self.name),
            ArgumentKind::Node if self.form == Form::Named => format!("{} n1", self.name),
            ArgumentKind::Client if self.form == Form::Named => format!("{} c1", self.name),
            _ if self.form == Form::Named => format!("{} N", self.name),
            _ => self.name.to_ascii_uppercase(),
        };
        match (self.form, self.optional) {
            (Form::Rest, true) => format!("[{placeholder}...]"),
            (Form::Rest, false) => format!("{placeholder}..."),
            (_, true) => format!("[{placeholder}]"),
            (_, false) => placeholder,
        }
    }
}

/// What an argument may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ArgumentKind {
    /// A key: number, word, quoted text, or 0x and hex digits.
    Key,
    /// A word, or quoted text.
    Text,
    /// A whole number from..=to.
    Number { from: u64, to: u64 },
    /// 0, which has a meaning of its own, or a whole number from..=to.
    ZeroOr { from: u64, to: u64 },
    /// A row of a heap file: its page and slot, `2.3`.
    Row,
    /// A decimal number from..=to.
    Decimal { from: f64, to: f64 },
    /// One of these words.
    Word(&'static [&'static str]),
    /// How two numbers compare: `=`, `!=`, `<`, `<=`, `>`, `>=`.
    Relation,
    /// A time with its unit, in nanoseconds: `500ms`, `2s`; see [`super::span`].
    Duration { from_ns: i64, to_ns: i64 },
    /// A node of a cluster: `n3`, or `leader`.
    Node,
    /// A client of a cluster: `c2`.
    Client,
    /// A node, or the bar between the sides of a partition: `n1 n2 | n3`.
    Side,
    /// A command of the lab, as a line of its own.
    Line,
    /// There or not: the argument's name itself.
    Flag,
}

impl ArgumentKind {
    /// What to write, in words: "a whole number from 3 to 64".
    pub fn describe(&self) -> String {
        match self {
            ArgumentKind::Key => "a key: a number, a word, quoted text, or 0x and hex digits".to_string(),
            ArgumentKind::Text => "a word, or text in quotes".to_string(),
            ArgumentKind::Number { from, to: u64::MAX } => format!("a whole number of at least {from}"),
            ArgumentKind::Number { from, to } => format!("a whole number from {from} to {to}"),
            ArgumentKind::ZeroOr { from, to } => format!("0, or a whole number from {from} to {to}"),
            ArgumentKind::Row => "a row id: page and slot with a dot between, as in 2.3".to_string(),
            ArgumentKind::Decimal { from, to } => {
                format!("a decimal number from {} to {}", fixed(*from, 3), fixed(*to, 3))
            }
            ArgumentKind::Word([only]) => format!("the word {only}"),
            ArgumentKind::Word(words) => format!("one of {}", words.join(", ")),
            ArgumentKind::Relation => "one of =, !=, <, <=, >, >=".to_string(),
            ArgumentKind::Duration { from_ns, .. } => {
                let sign = if *from_ns < 0 { "; -2s is the other way" } else { "" };
                format!("a time: 500ms, 2s, or milliseconds without a unit{sign}")
            }
            ArgumentKind::Node => "a node: n1, or the leader".to_string(),
            ArgumentKind::Client => "a client: c1".to_string(),
            ArgumentKind::Side => "a node (n1, or leader), or | between the sides".to_string(),
            ArgumentKind::Line => "a command of this lab".to_string(),
            ArgumentKind::Flag => "there or not".to_string(),
        }
    }
}

/// A setting: `set name value`. Changing one opens the engine anew, empty.
#[derive(Clone, Copy, Debug)]
pub struct SettingInfo {
    pub name: &'static str,
    pub kind: ArgumentKind,
    pub default: &'static str,
    pub help: &'static str,
}

/// A setting that helps, and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cure {
    /// What stands on the button.
    pub text: &'static str,
    pub setting: &'static str,
    pub value: &'static str,
}

/// A script that shows one point.
#[derive(Debug)]
pub struct Preset {
    /// Its word in a link.
    pub name: &'static str,
    pub title: &'static str,
    /// One sentence: what it shows.
    pub point: &'static str,
    pub script: &'static str,
    /// For a preset that stands twice side by side: the setting that differs and its value on the right.
    pub compare: Option<(&'static str, &'static str)>,
    /// What helps against what it shows: the page offers each as a button that puts the run with it beside this one.
    pub cures: &'static [Cure],
    /// How fast it plays when it is opened, as the page writes it: its point comes within ten seconds.
    pub speed: &'static str,
}
