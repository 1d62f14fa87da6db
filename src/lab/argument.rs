//! The arguments of a command, read from the words of its line as its declaration says.

use std::rc::Rc;

use super::declaration::{Argument, ArgumentKind, CommandInfo, Form};
use super::script::Problem;
use super::token::Token;
use super::{span, words};
use crate::trace::decimal::{decimal, number};
use crate::trace::{Bytes, NodeId, RowId};

/// What `leader` stands for until the engine knows who that is.
pub const LEADER: NodeId = NodeId(0);

/// An argument's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Key(Bytes),
    Text(Rc<str>),
    Number(u64),
    Row(RowId),
    Decimal(f64),
    Word(&'static str),
    Relation(Relation),
    /// Nanoseconds.
    Duration(i64),
    /// A node or a client; [`LEADER`] is whoever leads.
    Node(NodeId),
    /// The bar between two sides.
    Bar,
    Flag,
}

/// How two numbers compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Relation {
    pub const ALL: &'static [(&'static str, Relation)] = &[
        ("=", Relation::Equal),
        ("!=", Relation::Unequal),
        ("<", Relation::Less),
        ("<=", Relation::AtMost),
        (">", Relation::Greater),
        (">=", Relation::AtLeast),
    ];

    pub fn holds(self, left: u64, right: u64) -> bool {
        match self {
            Relation::Equal => left == right,
            Relation::Unequal => left != right,
            Relation::Less => left < right,
            Relation::AtMost => left <= right,
            Relation::Greater => left > right,
            Relation::AtLeast => left >= right,
        }
    }
}

/// The values of a command's arguments, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arguments(Vec<(&'static str, Value)>);

impl Arguments {
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(given, _)| *given == name).map(|(_, value)| value)
    }

    pub fn key(&self, name: &str) -> Option<&Bytes> {
        match self.get(name) {
            Some(Value::Key(key)) => Some(key),
            _ => None,
        }
    }

    /// Every key given under `name`.
    pub fn keys(&self, name: &str) -> impl Iterator<Item = &Bytes> {
        self.0.iter().filter_map(move |(given, value)| match value {
            Value::Key(key) if *given == name => Some(key),
            _ => None,
        })
    }

    /// Every number given under `name`.
    pub fn numbers(&self, name: &str) -> impl Iterator<Item = u64> {
        self.0.iter().filter_map(move |(given, value)| match value {
            Value::Number(number) if *given == name => Some(*number),
            _ => None,
        })
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub fn number(&self, name: &str) -> Option<u64> {
        match self.get(name) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// Every text given under `name`.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(move |(given, value)| match value {
            Value::Text(text) if *given == name => Some(&**text),
            _ => None,
        })
    }

    /// Every word given under `name`.
    pub fn words(&self, name: &str) -> impl Iterator<Item = &'static str> {
        self.0.iter().filter_map(move |(given, value)| match value {
            Value::Word(word) if *given == name => Some(*word),
            _ => None,
        })
    }

    pub fn duration(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Some(Value::Duration(ns)) => Some(*ns),
            _ => None,
        }
    }

    pub fn node(&self, name: &str) -> Option<NodeId> {
        match self.get(name) {
            Some(Value::Node(node)) => Some(*node),
            _ => None,
        }
    }

    /// Every node given under `name`.
    pub fn nodes(&self, name: &str) -> impl Iterator<Item = NodeId> {
        self.0.iter().filter_map(move |(given, value)| match value {
            Value::Node(node) if *given == name => Some(*node),
            _ => None,
        })
    }

    /// The nodes given under `name`, as the bars part them; sides with nobody are left out.
    pub fn sides(&self, name: &str) -> Vec<Vec<NodeId>> {
        let mut sides = vec![Vec::new()];
        for (_, value) in self.0.iter().filter(|(given, _)| *given == name) {
            match (value, sides.last_mut()) {
                (Value::Node(node), Some(side)) => side.push(*node),
                _ => sides.push(Vec::new()),
            }
        }
        sides.retain(|side| !side.is_empty());
        sides
    }

    /// Every row id given under `name`.
    pub fn rows(&self, name: &str) -> impl Iterator<Item = RowId> {
        self.0.iter().filter_map(move |(given, value)| match value {
            Value::Row(row) if *given == name => Some(*row),
            _ => None,
        })
    }

    pub fn row(&self, name: &str) -> Option<RowId> {
        match self.get(name) {
            Some(Value::Row(row)) => Some(*row),
            _ => None,
        }
    }

    pub fn word(&self, name: &str) -> Option<&'static str> {
        match self.get(name) {
            Some(Value::Word(word)) => Some(word),
            _ => None,
        }
    }

    pub fn decimal(&self, name: &str) -> Option<f64> {
        match self.get(name) {
            Some(Value::Decimal(number)) => Some(*number),
            _ => None,
        }
    }

    pub fn relation(&self, name: &str) -> Option<Relation> {
        match self.get(name) {
            Some(Value::Relation(relation)) => Some(*relation),
            _ => None,
        }
    }

    pub fn flag(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

/// Reads the words behind a command's name.
pub fn read_arguments(
    command: &'static CommandInfo,
    name: &Token,
    words: &[Token],
    line: usize,
) -> Result<Arguments, Problem> {
    let usage = || format!("write it as: {}, for example: {}", command.usage(), command.example);
    let mut arguments = Arguments::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let problem = |what: String, remedy: String| Problem { line, column: word.column, what, remedy };
        let Some(argument) = place(command, &arguments, word) else {
            return Err(problem(format!("\"{}\" is one word too many", words::shortened(&word.text, 40)), usage()));
        };
        let named = argument.form == Form::Named;
        if named && arguments.flag(argument.name) {
            return Err(problem(format!("\"{}\" is there twice", argument.name), usage()));
        }
        let value = if !named {
            read_value(argument.kind, word, line)?
        } else if argument.kind == ArgumentKind::Flag {
            Value::Flag
        } else {
            let what = || format!("\"{}\" needs a value", argument.name);
            let behind = words.next().ok_or_else(|| problem(what(), usage()))?;
            read_value(argument.kind, behind, line)?
        };
        arguments.0.push((argument.name, value));
    }
    let missing = command.arguments.iter().find(|argument| !argument.optional && !arguments.flag(argument.name));
    match missing {
        None => Ok(arguments),
        Some(argument) => {
            let what = format!("\"{}\" needs {}", name.text, argument.usage());
            Err(Problem { line, column: name.column, what, remedy: usage() })
        }
    }
}

/// The argument that `word` gives: the one it names, or else the first by position that is not there yet.
fn place(command: &'static CommandInfo, given: &Arguments, word: &Token) -> Option<&'static Argument> {
    let named = |argument: &&Argument| argument.form == Form::Named && !word.quoted && argument.name == word.text;
    let open = |argument: &&Argument| match argument.form {
        Form::Named => false,
        Form::Plain => !given.flag(argument.name),
        Form::Rest => true,
    };
    command.arguments.iter().find(named).or_else(|| command.arguments.iter().find(open))
}

/// Reads one value of a kind.
pub fn read_value(kind: ArgumentKind, word: &Token, line: usize) -> Result<Value, Problem> {
    let problem = |what: String, remedy: String| Problem { line, column: word.column, what, remedy };
    let text = word.text.as_str();
    let shown = words::shortened(text, 40);
    let give = || format!("give {}", kind.describe());
    match kind {
        ArgumentKind::Key if word.quoted => Ok(Value::Key(Bytes::from(text.as_bytes()))),
        ArgumentKind::Key => Ok(Value::Key(Bytes::typed(text))),
        ArgumentKind::Text => Ok(Value::Text(Rc::from(text))),
        ArgumentKind::Number { from, to } => match text.replace('_', "").parse::<u64>() {
            Ok(number) if (from..=to).contains(&number) => Ok(Value::Number(number)),
            Ok(_) => Err(problem(format!("{shown} is out of range"), give())),
            Err(_) => Err(problem(format!("\"{shown}\" is not a whole number"), give())),
        },
        ArgumentKind::Row => match RowId::parse(text) {
            Some(row) => Ok(Value::Row(row)),
            None => Err(problem(format!("\"{shown}\" is not a row id"), give())),
        },
        ArgumentKind::ZeroOr { from, to } => match text.replace('_', "").parse::<u64>() {
            Ok(number) if number == 0 || (from..=to).contains(&number) => Ok(Value::Number(number)),
            Ok(_) => Err(problem(format!("{shown} is out of range"), give())),
            Err(_) => Err(problem(format!("\"{shown}\" is not a whole number"), give())),
        },
        ArgumentKind::Decimal { from, to } => match decimal(text) {
            Some(number) if (from..=to).contains(&number) => Ok(Value::Decimal(number)),
            Some(_) => Err(problem(format!("{shown} is out of range"), give())),
            None => Err(problem(format!("\"{shown}\" is not a number"), give())),
        },
        ArgumentKind::Word(known) => match known.iter().find(|word| **word == text) {
            Some(word) => Ok(Value::Word(word)),
            None => {
                let what = format!("\"{shown}\" can't stand here");
                Err(problem(what, words::suggestion(text, known.iter().copied())))
            }
        },
        ArgumentKind::Relation => match Relation::ALL.iter().find(|(sign, _)| *sign == text) {
            Some((_, relation)) => Ok(Value::Relation(*relation)),
            None => Err(problem(format!("\"{shown}\" does not compare anything"), give())),
        },
        ArgumentKind::Duration { from_ns, to_ns } => match span::read(text) {
            Some(ns) if (from_ns..=to_ns).contains(&ns) => Ok(Value::Duration(ns)),
            Some(_) => Err(problem(format!("{shown} is out of range"), give())),
            None => Err(problem(format!("\"{shown}\" is no time"), give())),
        },
        ArgumentKind::Side if text == "|" => Ok(Value::Bar),
        ArgumentKind::Node | ArgumentKind::Side if text == "leader" => Ok(Value::Node(LEADER)),
        ArgumentKind::Node | ArgumentKind::Side => match numbered(text, "n") {
            Some(number) => Ok(Value::Node(NodeId(number))),
            None => Err(problem(format!("\"{shown}\" is no node"), give())),
        },
        ArgumentKind::Client => match numbered(text, "c") {
            Some(number) => Ok(Value::Node(NodeId::client(number))),
            None => Err(problem(format!("\"{shown}\" is no client"), give())),
        },
        // Put together again, and read as a line, its words are the same.
        ArgumentKind::Line if word.quoted => Ok(Value::Text(quoted(text).into())),
        ArgumentKind::Line => Ok(Value::Text(Rc::from(text))),
        ArgumentKind::Flag => Ok(Value::Flag),
    }
}

/// The number behind a letter: `n12`. 0 is nobody's.
fn numbered(text: &str, letter: &str) -> Option<u16> {
    const HIGHEST: u16 = 10_000;
    text.strip_prefix(letter).and_then(number).filter(|number| (1..=HIGHEST).contains(number))
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}
