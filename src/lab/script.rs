//! The script language: one command a line. It serves console, permalink, lesson, golden test and command line.
//!
//! ```text
//!   # A caption.                   comment, shown while the run plays
//!   lab btree                      the lab; btree when there is no such line
//!   seed 7                         where randomness begins
//!   set order 4                    a setting: the engine opens anew, empty
//!   record on                      on, off, or auto: long bulk commands are not recorded
//!   insert 37                      a command of the lab
//!   import                         a command with data lines
//!   | ash
//!   expect present 37              what must be true now
//! ```
//!
//! Parsing never fails as a whole: it yields an [`Item`] for each line and a [`Problem`] for each that is wrong. A line
//! with a problem stays in the text and is not carried out.
//!
//! **Invariant:** [`Script::text`] gives the text that was parsed (but for line ends and blanks at the ends of lines), and
//! parsing that gives the same script.

use std::fmt;
use std::rc::Rc;

use super::argument::{Arguments, Value};
use super::data::{self, Data};
use super::declaration::{CommandInfo, LabInfo, SettingInfo};
use super::{LABS, statement};

/// Longest line, in bytes.
pub const MAX_LINE: usize = 64 * 1024;
/// Most lines, data lines included.
pub const MAX_LINES: usize = 2_000_000;
/// Longest script, in bytes.
pub const MAX_SCRIPT: usize = 128 * 1024 * 1024;
/// Most problems that are listed.
pub const MAX_PROBLEMS: usize = 100;

/// Something wrong with a line of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What would be right, with the nearest known word.
    pub remedy: String,
}

impl Problem {
    pub fn new(line: usize, column: usize, what: impl Into<String>, remedy: impl Into<String>) -> Problem {
        Problem { line, column, what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; {}", self.line, self.column, self.what, self.remedy)
    }
}

/// Which commands are recorded event by event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordMode {
    On,
    Off,
    /// All but long bulk commands.
    #[default]
    Auto,
}

/// What a line asks for.
#[derive(Clone, Debug)]
pub enum Statement {
    Blank,
    Comment(Rc<str>),
    Lab(&'static LabInfo),
    Seed(u64),
    Record(RecordMode),
    Set(&'static SettingInfo, Value),
    Command(Call),
    Expect(Call),
    /// It has a problem; it stays in the text and is not carried out.
    Faulty,
}

impl Statement {
    /// Whether carrying it out is more than passing it over or showing it.
    pub fn is_command(&self) -> bool {
        !matches!(self, Statement::Blank | Statement::Comment(_) | Statement::Faulty)
    }
}

/// A command or an expectation with its arguments.
#[derive(Clone, Debug)]
pub struct Call {
    pub info: &'static CommandInfo,
    pub arguments: Arguments,
}

/// A line of a script with the data lines below it.
#[derive(Clone, Debug)]
pub struct Item {
    /// From 1.
    pub line: usize,
    pub text: Rc<str>,
    pub statement: Statement,
    pub data: Data,
}

impl Item {
    fn lines(&self) -> usize {
        1 + self.data.len()
    }
}

/// A parsed script; cheap to clone.
#[derive(Clone, Debug)]
pub struct Script {
    pub items: Vec<Rc<Item>>,
    pub problems: Vec<Problem>,
    /// The lab that the commands at the end of the script are for.
    pub lab: &'static LabInfo,
    /// A lab was asked for that does not exist, so no line is carried out.
    pub unknown_lab: bool,
    lines: usize,
}

impl Default for Script {
    fn default() -> Script {
        Script { items: Vec::new(), problems: Vec::new(), lab: LABS[0], unknown_lab: false, lines: 0 }
    }
}

impl Script {
    pub fn parse(text: &str) -> Script {
        let mut script = Script::default();
        script.push_text(text);
        script
    }

    /// Adds lines at the end. When they have problems, nothing is added.
    pub fn append(&mut self, text: &str) -> Result<(), Vec<Problem>> {
        let mut added = Script { items: Vec::new(), problems: Vec::new(), ..*self };
        added.push_text(text);
        if !added.problems.is_empty() {
            return Err(added.problems);
        }
        self.items.append(&mut added.items);
        *self = Script { lab: added.lab, lines: added.lines, ..std::mem::take(self) };
        Ok(())
    }

    /// Adds one command with data that is not text yet. Nothing is added when it has a problem.
    pub fn append_with_data(&mut self, command: &str, data: Data) -> Result<(), Vec<Problem>> {
        if self.lines + data.len() + 1 > MAX_LINES {
            let what = format!("the script would have more than {MAX_LINES} lines");
            return Err(vec![Problem::new(self.lines + 1, 1, what, "begin a new script, or take fewer lines")]);
        }
        self.append(command)?;
        self.lines += data.len();
        if let Some(item) = self.items.last_mut() {
            Rc::make_mut(item).data = data;
        }
        Ok(())
    }

    /// The lab that is open before the first line is carried out: the one that the first command goes to, if it goes to one.
    pub fn first_lab(&self) -> &'static LabInfo {
        let carried_out = |item: &&Rc<Item>| item.statement.is_command();
        match self.items.iter().find(carried_out).map(|item| &item.statement) {
            Some(Statement::Lab(lab)) => lab,
            _ => LABS[0],
        }
    }

    /// The script as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (index, item) in self.items.iter().enumerate() {
            if index > 0 {
                text.push('\n');
            }
            text.push_str(&item.text);
            item.data.write(&mut text);
        }
        // A blank line at the end is only there when a line end follows it.
        if self.items.last().is_some_and(|item| item.text.is_empty()) {
            text.push('\n');
        }
        text
    }

    /// The script without its items from `count` on.
    pub fn first(&self, count: usize) -> Script {
        let mut script = Script { items: Vec::new(), problems: Vec::new(), lines: 0, ..*self };
        script.items.extend(self.items.iter().take(count).cloned());
        script.lines = script.items.iter().map(|item| item.lines()).sum();
        script.problems.extend(self.problems.iter().filter(|problem| problem.line <= script.lines).cloned());
        script
    }

    /// Puts another command in the place of item `index`; the lines below move up or down.
    pub fn replace(&mut self, index: usize, text: &str, data: Data) {
        let Some(old) = self.items.get(index) else { return };
        let (line, before) = (old.line, old.lines());
        let statement = statement::read(self.lab, text, line).unwrap_or(Statement::Faulty);
        debug_assert!(!matches!(statement, Statement::Faulty), "a rewritten command must be right: {text}");
        let after = 1 + data.len();
        self.items[index] = Rc::new(Item { line, text: Rc::from(text), statement, data });
        if before != after {
            for item in &mut self.items[index + 1..] {
                let item = Rc::make_mut(item);
                item.line = item.line + after - before;
            }
            for problem in self.problems.iter_mut().filter(|problem| problem.line > line) {
                problem.line = (problem.line + after).saturating_sub(before).max(line);
            }
            self.lines = self.lines + after - before;
        }
    }

    fn push_text(&mut self, text: &str) {
        if text.len() > MAX_SCRIPT {
            let what = format!("the script is longer than {} MiB", MAX_SCRIPT >> 20);
            return self.problem(Problem::new(1, 1, what, "cut it into several scripts"));
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.is_empty() {
            return;
        }
        let text = text.strip_suffix('\n').unwrap_or(text);
        for line in text.split('\n') {
            self.lines += 1;
            if self.lines > MAX_LINES {
                let what = format!("the script has more than {MAX_LINES} lines");
                return self.problem(Problem::new(self.lines, 1, what, "the lines from here on are left out"));
            }
            self.push_line(line.trim_end_matches(['\r', ' ', '\t']), line);
        }
    }

    /// `bare` is `raw` without blanks at its end.
    fn push_line(&mut self, bare: &str, raw: &str) {
        let line = self.lines;
        if raw.len() > MAX_LINE {
            let what = format!("the line has {} bytes; {MAX_LINE} are allowed", raw.len());
            return self.push_faulty(bare, Problem::new(line, 1, what, "shorten it, or cut it in two"));
        }
        if let Some(content) = data::content(raw) {
            return self.push_data(content.trim_end_matches('\r'), raw);
        }
        match statement::read(self.lab, bare, line) {
            Ok(statement) => {
                if let Statement::Lab(lab) = &statement {
                    self.lab = lab;
                }
                self.push_item(bare, statement);
            }
            Err(problem) => {
                self.unknown_lab |= statement::names_a_lab(bare);
                self.push_faulty(bare, problem);
            }
        }
    }

    /// Adds a data line to the command above. Below a line with a problem it is passed over with that line.
    fn push_data(&mut self, content: &str, raw: &str) {
        let line = self.lines;
        let takes = |item: &Item| match &item.statement {
            Statement::Command(call) => call.info.data,
            Statement::Faulty => true,
            _ => false,
        };
        match self.items.last_mut().and_then(Rc::get_mut).filter(|item| takes(item)) {
            Some(item) => item.data.push(content),
            None => {
                let with_data = self.lab.commands.iter().filter(|command| command.data);
                let names: Vec<&str> = with_data.map(|command| command.name).collect();
                let remedy = format!("data lines stand right below one of: {}", names.join(", "));
                let problem = Problem::new(line, 1, "this data line has no command that takes it", remedy);
                self.push_faulty(raw.trim_end_matches('\r'), problem);
            }
        }
    }

    fn push_item(&mut self, text: &str, statement: Statement) {
        let item = Item { line: self.lines, text: Rc::from(text), statement, data: Data::default() };
        self.items.push(Rc::new(item));
    }

    fn push_faulty(&mut self, text: &str, problem: Problem) {
        self.problem(problem);
        self.push_item(text, Statement::Faulty);
    }

    fn problem(&mut self, problem: Problem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }
}
