//! A sweep file: a script, what changes from point to point, and what is measured at each.
//!
//! ```text
//!   # How high a tree becomes.
//!   script                               or: script FILE, or: preset NAME
//!   | lab btree
//!   | random {count}
//!   set order 4 16 64                    settings of the script's lab, put right behind its `lab` line
//!   let count from 100 to 10000 times 10 what stands for {count} in the script
//!   seeds from 1 to 5
//!   measure height                       `glassbase help measures` lists them
//!   measure shown.leaf-fill
//! ```
//!
//! The points are every combination, numbered from 0; what stands last in the file changes first, and seeds before all.
//!
//! **Invariant:** a point is the script that [`Plan::script_of`] gives, and `glassbase run` of that is the same run.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::axis::{Axis, Kind, Role};
use crate::export::measures::{self, COMMON, SHOWN, Source};
use crate::lab::expectations::question;
use crate::lab::script::{Call, Item, MAX_PROBLEMS, Statement};
use crate::lab::token::{Token, tokens};
use crate::lab::words::{grouped, shortened, suggestion};
use crate::lab::{self, LABS, LabInfo, Problem, Script, data, intake, statement};
use crate::trace::bytes::quote;
use crate::trace::text::Fnv;

/// Most points of a sweep.
pub const POINTS_MAX: u64 = 1_000_000;
/// Most columns of its table.
const COLUMNS_MAX: usize = 200;
/// Longest sweep file, in bytes.
const FILE_MAX: usize = 16 << 20;

/// Problems of a file, each list with the file's name.
pub type Problems = (String, Vec<Problem>);

/// A number that is measured at each point.
#[derive(Clone, Debug)]
pub struct Measured {
    /// As it stands in the file, which is the name of its column.
    pub name: String,
    pub from: From,
}

/// The hashes of the golden traces: they change whenever what the engine does changes.
const BEHAVIOUR: &str = include_str!("../../../tests/scripts/hashes.txt");

#[derive(Clone, Debug)]
pub enum From {
    Common(measures::Common),
    Expected(Call),
    Shown(&'static crate::view::measures::Measure),
}

impl Measured {
    pub fn kind(&self) -> Kind {
        if matches!(self.from, From::Shown(_)) { Kind::Real } else { Kind::Whole }
    }
}

#[derive(Debug)]
pub struct Plan {
    pub lab: &'static LabInfo,
    pub axes: Vec<Axis>,
    pub measured: Vec<Measured>,
    pub points: u64,
    /// Of the file, the script and this program: rows are only of use to the plan that they were made by.
    pub fingerprint: u64,
    script: String,
    /// Lines of the script before what the axes put into it.
    head: usize,
}

/// Where the script of a sweep comes from.
enum Origin {
    /// The lines below `script`; the first of them is this line of the file.
    Below(usize),
    File(String),
}

/// A file as far as it has been read.
#[derive(Default)]
struct Reading {
    axes: Vec<Axis>,
    /// Words behind `measure`, the line and the column of the first.
    measures: Vec<(String, usize, usize)>,
    script: Option<(String, Option<Origin>)>,
    takes_lines: bool,
    /// Lines that stand below `script` so far.
    script_lines: usize,
    problems: Vec<Problem>,
}

const WORDS: [&str; 6] = ["script", "preset", "set", "let", "seeds", "measure"];

impl Plan {
    /// Reads a sweep from its text. Files that it names are looked for beside it, in `folder`.
    pub fn read(name: &str, text: &str, folder: &Path) -> Result<Plan, Problems> {
        let mut reading = Reading::default();
        if text.len() > FILE_MAX {
            let what = format!("the sweep is longer than {} MiB", FILE_MAX >> 20);
            reading.problem(Problem::new(1, 1, what, "put its script into a file of its own"));
        } else {
            for (index, line) in text.lines().enumerate() {
                if let Err(problem) = reading.line(line, index + 1, folder) {
                    reading.problem(problem);
                }
            }
        }
        let end = text.lines().count().max(1);
        if reading.script.is_none() && reading.problems.is_empty() {
            let remedy = "write script FILE, or script with lines below it that begin with | ";
            reading.problem(Problem::new(end, 1, "the sweep has no script", remedy));
        }
        if reading.measures.is_empty() && reading.problems.is_empty() {
            reading.problem(Problem::new(
                end,
                1,
                "the sweep measures nothing",
                "write measure NAME; glassbase help measures lists them",
            ));
        }
        reading.planned(name, text)
    }

    /// The values of a point, one for each axis.
    pub fn values(&self, point: u64) -> impl Iterator<Item = (&Axis, &str)> {
        // The last axis changes first: the digits of a number, each with a base of its own.
        let mut rest = point;
        let mut digits = vec![0; self.axes.len()];
        for (axis, digit) in self.axes.iter().zip(&mut digits).rev() {
            *digit = (rest % axis.values.len() as u64) as usize;
            rest /= axis.values.len() as u64;
        }
        self.axes.iter().zip(digits).map(|(axis, digit)| (axis, axis.values[digit].as_str()))
    }

    /// A point in words, for messages: `order=4 seed=1`.
    pub fn in_words(&self, point: u64) -> String {
        self.values(point).map(|(axis, value)| format!("{}={value}", axis.name)).collect::<Vec<_>>().join(" ")
    }

    /// The script of a point.
    pub fn script_of(&self, point: u64) -> String {
        let mut lines = String::new();
        let mut body = self.script.clone();
        for (axis, value) in self.values(point) {
            match axis.role {
                // Writing to a string cannot fail.
                Role::Setting => drop(writeln!(lines, "set {} {}", axis.name, as_word(value))),
                Role::Seed => drop(writeln!(lines, "seed {value}")),
                Role::Word => body = body.replace(&format!("{{{}}}", axis.name), value),
            }
        }
        let head: usize = body.split_inclusive('\n').take(self.head).map(str::len).sum();
        if head > 0 && !body[..head].ends_with('\n') {
            lines.insert(0, '\n');
        }
        body.insert_str(head, &lines);
        body
    }

    /// The lines of a point's script that its axes put there.
    pub fn own_lines(&self) -> std::ops::Range<usize> {
        let own = self.axes.iter().filter(|axis| axis.role != Role::Word).count();
        self.head + 1..self.head + 1 + own
    }

    /// Names and kinds of the columns of the table.
    pub fn columns(&self) -> Vec<(String, Kind)> {
        let point = ("point".to_string(), Kind::Whole);
        let axes = self.axes.iter().map(|axis| (axis.name.clone(), axis.kind()));
        let measured = self.measured.iter().map(|measured| (measured.name.clone(), measured.kind()));
        let outcome = ("outcome".to_string(), Kind::Text);
        std::iter::once(point).chain(axes).chain(measured).chain([outcome]).collect()
    }
}

/// A value as a word of a script.
fn as_word(value: &str) -> String {
    let is_plain = !value.is_empty() && !value.contains([' ', '\t', '"']) && !value.starts_with('#');
    if is_plain { value.to_string() } else { quote(value) }
}

impl Reading {
    fn problem(&mut self, problem: Problem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }

    fn line(&mut self, line: &str, number: usize, folder: &Path) -> Result<(), Problem> {
        let line = line.trim_end_matches(['\r', ' ', '\t']);
        if let Some(content) = data::content(line) {
            return self.script_line(content, number);
        }
        self.takes_lines &= line.is_empty();
        if line.is_empty() || line.trim_start().starts_with('#') {
            return Ok(());
        }
        let tokens = tokens(line, number)?;
        let Some((word, rest)) = tokens.split_first() else { return Ok(()) };
        match word.text.as_str() {
            "script" | "preset" => self.origin(word, rest, number, folder),
            "set" | "let" => self.axis(word, rest, number),
            "seeds" => {
                let name = Token { text: "seed".to_string(), ..word.clone() };
                let axis = Axis::read(Role::Seed, &name, rest, number)?;
                self.push_axis(axis)
            }
            "measure" => {
                let Some(first) = rest.first() else {
                    let remedy = "write its name; glassbase help measures lists them";
                    return Err(Problem::new(number, word.column, "\"measure\" needs a number to measure", remedy));
                };
                let name = rest.iter().map(|token| token.text.as_str()).collect::<Vec<_>>().join(" ");
                self.measures.push((name, number, first.column));
                Ok(())
            }
            _ => {
                let what = format!("a sweep has no \"{}\"", shortened(&word.text, 40));
                Err(Problem::new(number, word.column, what, suggestion(&word.text, WORDS)))
            }
        }
    }

    fn script_line(&mut self, content: &str, number: usize) -> Result<(), Problem> {
        match &mut self.script {
            Some((text, origin)) if self.takes_lines => {
                // Blank lines between are lines of the script too, so that places are right.
                if let Some(Origin::Below(first)) = origin {
                    let missing = (number - *first).saturating_sub(self.script_lines);
                    text.extend(std::iter::repeat_n('\n', missing));
                    self.script_lines += missing;
                } else {
                    *origin = Some(Origin::Below(number));
                }
                self.script_lines += 1;
                text.push_str(content);
                text.push('\n');
                Ok(())
            }
            _ => {
                let what = "this line belongs to no script";
                Err(Problem::new(number, 1, what, "lines that begin with | stand right below the word script"))
            }
        }
    }

    fn origin(&mut self, word: &Token, rest: &[Token], line: usize, folder: &Path) -> Result<(), Problem> {
        let wrong = |token: &Token, what: String, remedy: &str| Err(Problem::new(line, token.column, what, remedy));
        if self.script.is_some() {
            return wrong(word, "the sweep has a script already".to_string(), "take one of them out");
        }
        // What is wrong with it is told below; that there is none needs not be told as well.
        self.script = Some((String::new(), None));
        match rest {
            [] if word.text == "script" => self.takes_lines = true,
            [preset] if word.text == "preset" => match lab::preset(&preset.text) {
                Some((_, found)) => {
                    let origin = Origin::File(format!("preset {}", preset.text));
                    self.script = Some((found.script.to_string(), Some(origin)));
                }
                None => {
                    let what = format!("there is no preset \"{}\"", shortened(&preset.text, 40));
                    return wrong(preset, what, &lab::preset_suggestion(&preset.text));
                }
            },
            [file] if word.text == "script" => match read_file(&folder.join(&file.text)) {
                Ok(text) => self.script = Some((text, Some(Origin::File(file.text.clone())))),
                Err(why) => {
                    let what = format!("{} can't be read: {why}", file.text);
                    return wrong(file, what, "name a script; it is looked for beside the sweep");
                }
            },
            _ => {
                let remedy = "write script FILE, preset NAME, or script with lines below it";
                return wrong(word, format!("\"{}\" takes one name", word.text), remedy);
            }
        }
        Ok(())
    }

    fn axis(&mut self, word: &Token, rest: &[Token], line: usize) -> Result<(), Problem> {
        let Some((name, values)) = rest.split_first() else {
            let remedy = format!("write its name and its values, as in {} order 4 16 64", word.text);
            return Err(Problem::new(line, word.column, format!("\"{}\" needs a name", word.text), remedy));
        };
        let role = if word.text == "set" { Role::Setting } else { Role::Word };
        let is_name = |text: &str| text.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter));
        if !is_name(&name.text) || name.text.is_empty() {
            let what = format!("\"{}\" is no name", shortened(&name.text, 40));
            return Err(Problem::new(line, name.column, what, "take letters, digits, _ and -"));
        }
        let axis = Axis::read(role, name, values, line)?;
        self.push_axis(axis)
    }

    fn push_axis(&mut self, axis: Axis) -> Result<(), Problem> {
        let taken = ["point", "outcome"].contains(&axis.name.as_str());
        if taken || self.axes.iter().any(|other| other.name == axis.name) {
            let what = format!("there is a column \"{}\" already", axis.name);
            return Err(Problem::new(axis.line, axis.column, what, "take another name, or put all values on one line"));
        }
        let product =
            |axes: &[Axis]| axes.iter().try_fold(1u64, |points, axis| points.checked_mul(axis.values.len() as u64));
        let (line, column) = (axis.line, axis.column);
        self.axes.push(axis);
        match product(&self.axes).filter(|points| *points <= POINTS_MAX) {
            Some(_) => Ok(()),
            None => {
                let points = product(&self.axes).map_or("more than 10^19".to_string(), grouped);
                self.axes.pop();
                let what =
                    format!("with this the sweep has {points} points; at most {} are allowed", grouped(POINTS_MAX));
                Err(Problem::new(line, column, what, "take fewer values, or make several sweeps of it"))
            }
        }
    }

    /// The plan, once script and lines are known to fit.
    fn planned(mut self, name: &str, text: &str) -> Result<Plan, Problems> {
        if !self.problems.is_empty() {
            return Err((name.to_string(), self.problems));
        }
        // Seeds change before all else.
        self.axes.sort_by_key(|axis| axis.role == Role::Seed);
        let (script, origin) = self.script.take().unwrap_or_default();
        let points = self.axes.iter().map(|axis| axis.values.len() as u64).product();
        let mut fingerprint = Fnv::default();
        for part in [env!("CARGO_PKG_VERSION"), BEHAVIOUR, "\0", text, "\0", &script] {
            fingerprint.update(part.as_bytes());
        }
        let head = head(&script);
        let mut plan = Plan {
            lab: LABS[0],
            axes: std::mem::take(&mut self.axes),
            measured: Vec::new(),
            points,
            fingerprint: fingerprint.value(),
            script,
            head,
        };
        self.check_script(&mut plan, name, origin)?;
        for axis in &plan.axes {
            self.check_axis(&plan, axis);
        }
        for (text, line, column) in std::mem::take(&mut self.measures) {
            match measured(plan.lab, &text) {
                Ok(measured) if plan.columns().iter().all(|(name, _)| *name != measured.name) => {
                    plan.measured.push(measured)
                }
                Ok(_) => self.problem(Problem::new(
                    line,
                    column,
                    format!("there is a column \"{text}\" already"),
                    "measure it once",
                )),
                Err(problem) => self.problem(Problem { line, column, ..problem }),
            }
        }
        if plan.columns().len() > COLUMNS_MAX {
            let what = format!("the table has {} columns; at most {COLUMNS_MAX} are allowed", plan.columns().len());
            self.problem(Problem::new(1, 1, what, "measure less, or make several sweeps of it"));
        }
        if self.problems.is_empty() { Ok(plan) } else { Err((name.to_string(), self.problems)) }
    }

    /// Holds the script of the first point against what a sweep asks of one.
    fn check_script(&mut self, plan: &mut Plan, name: &str, origin: Option<Origin>) -> Result<(), Problems> {
        let script = Script::parse(&plan.script_of(0));
        plan.lab = script.first_lab();
        let own = plan.own_lines();
        // Settings and seeds are looked at by themselves, in the sweep.
        let mut problems: Vec<Problem> =
            script.problems.iter().filter(|problem| !own.contains(&problem.line)).cloned().collect();
        for item in script.items.iter().filter(|item| !own.contains(&item.line)) {
            problems.extend(against_sweep(plan, item));
        }
        if problems.is_empty() {
            return Ok(());
        }
        for problem in &mut problems {
            if problem.line >= own.end {
                problem.line -= own.len();
            }
            if let Some(Origin::Below(first)) = origin {
                problem.line += first - 1;
                problem.column += 2;
            }
        }
        let name = match origin {
            Some(Origin::File(file)) => file,
            _ => name.to_string(),
        };
        Err((name, problems))
    }

    fn check_axis(&mut self, plan: &Plan, axis: &Axis) {
        if axis.role == Role::Word {
            if !plan.script.contains(&format!("{{{}}}", axis.name)) {
                let what = format!("nothing in the script says {{{}}}", axis.name);
                self.problem(Problem::new(axis.line, axis.column, what, "write it there, or take this line out"));
            }
            return;
        }
        for (index, value) in axis.values.iter().enumerate() {
            let line = match axis.role {
                Role::Setting => format!("set {} {}", axis.name, as_word(value)),
                _ => format!("seed {value}"),
            };
            if let Err(problem) = statement::read(plan.lab, &line, axis.line) {
                let is_name = axis.role == Role::Setting && problem.column <= "set ".len() + 1;
                let column = if is_name { axis.column } else { axis.value_column(index) };
                self.problem(Problem { column, ..problem });
                // Of a range with a wrong end a thousand values would be told; of a wrong name, each.
                return;
            }
        }
    }
}

/// What a script must not do in a sweep: leave its lab, or set again what the sweep sets.
fn against_sweep(plan: &Plan, item: &Item) -> Option<Problem> {
    let swept = |role, name: &str| plan.axes.iter().any(|axis| axis.role == role && axis.name == name);
    match &item.statement {
        Statement::Lab(lab) if !std::ptr::eq(*lab, plan.lab) || item.line > plan.head => Some(Problem::new(
            item.line,
            1,
            "the script of a sweep stays in the lab that its first line names",
            "make one sweep for each lab",
        )),
        Statement::Set(setting, _) if swept(Role::Setting, setting.name) => {
            let what = format!("this sets {} again, which the sweep has set", setting.name);
            Some(Problem::new(item.line, 1, what, "take the line out of the script"))
        }
        Statement::Seed(_) if swept(Role::Seed, "seed") => Some(Problem::new(
            item.line,
            1,
            "this sets the seed again, which the sweep has set",
            "take the line out of the script",
        )),
        _ => None,
    }
}

/// How many lines stand up to a script's `lab` line, if it begins with one.
fn head(script: &str) -> usize {
    let is_said = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let first = script.lines().position(is_said);
    let names_a_lab = |at: &usize| script.lines().nth(*at).is_some_and(statement::names_a_lab);
    first.filter(names_a_lab).map_or(0, |at| at + 1)
}

/// The number that a line measures. A problem tells no place.
fn measured(lab: &'static LabInfo, text: &str) -> Result<Measured, Problem> {
    let name = text.to_string();
    if let Some((common, _, _)) = COMMON.iter().find(|(_, name, _)| *name == text) {
        return Ok(Measured { name, from: From::Common(*common) });
    }
    let known = measures::of_lab(lab);
    if text.starts_with(SHOWN) {
        let found = known.iter().find(|measure| measure.name == text);
        if let Some(Source::Shown(measure)) = found.map(|measure| measure.source) {
            return Ok(Measured { name, from: From::Shown(measure) });
        }
    } else if known.iter().any(|measure| text.split(' ').next() == Some(&measure.name)) {
        return Ok(Measured { name, from: From::Expected(question(lab, text)?) });
    }
    let what = format!("the lab {} has no number \"{}\"", lab.name, shortened(text, 40));
    Err(Problem::new(1, 1, what, suggestion(text, known.iter().map(|measure| measure.name.as_str()))))
}

/// A script from a file. The error says why not.
fn read_file(path: &Path) -> Result<String, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > intake::MAX_FILE {
        return Err(format!("it has more than {} MiB", intake::MAX_FILE >> 20));
    }
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_string())
}
