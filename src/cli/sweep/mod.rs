//! `glassbase sweep`: a script at many points, and a table of what was measured.
//!
//! ```text
//!                 ┌─ part 1/3 ─▶ rows ─┐
//!   sweep file ───┼─ part 2/3 ─▶ rows ─┼─ merge ─▶ table: CSV or Parquet
//!                 └─ part 3/3 ─▶ rows ─┘
//! ```
//!
//! - [`axis`], [`plan`]: the file. [`point`]: one point carried out. [`row`]: what comes of it, and the file that keeps it.
//! - [`table`]: the table.
//!
//! **Invariant:** the table is the same, byte for byte, however the points were shared and however often the work was
//! interrupted: a row is a function of its point, and a table one of the rows.

mod axis;
mod plan;
mod point;
mod row;
mod table;

use std::collections::btree_map::Entry;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use self::plan::Plan;
use self::row::{Journal, Outcome, Part, Rows};
use self::table::Form;
use super::run::{STANDARD_INPUT, read_standard_input};
use super::{OK, Report, UNREADABLE, WENT_WRONG, print};
use crate::lab::words::{counted, grouped, suggestion};

/// Points that are told with why they are not ok.
const TOLD: usize = 20;

/// What a sweep file is, for `glassbase help sweep`.
pub const FILE_HELP: &str = "\
A sweep file, one thing a line; # begins a comment:

  script FILE                          the script, beside the sweep; or preset NAME; or:
  script                               the script stands in the lines below it
  | lab btree
  | random {count}
  set order 4 16 64                    a setting of the lab, with its values
  set frames from 8 to 64 step 8       a range; `times 2` instead of `step 8` doubles
  let count 100 1000                   what is put in for {count}
  seeds from 1 to 5                    the seeds, which change first
  measure height                       a number to measure; glassbase help measures LAB lists them

Every combination is a point, of which there are a million at most. A row of the table: the point's number, its values, what
was measured, and how it ended: ok, failed (an expectation), refused (a command), impossible (settings that do not go together).
";

/// What stands behind `sweep`.
#[derive(Debug, Default)]
struct Options {
    what: String,
    /// Files of rows to be merged.
    parts: Vec<String>,
    merge: bool,
    out: Option<String>,
    form: Option<Form>,
    part: Option<Part>,
    fresh: bool,
    quiet: bool,
    plan: bool,
    script: Option<u64>,
}

fn read_options(args: &[String]) -> Result<Options, String> {
    let mut options = Options::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = |example: &str| {
            args.next().cloned().ok_or_else(|| format!("glassbase: {arg} needs a value, as in {arg} {example}"))
        };
        match arg.as_str() {
            "--out" => options.out = Some(value("table.csv")?),
            "--format" => {
                let name = value("parquet")?;
                options.form = Some(match name.as_str() {
                    "csv" => Form::Csv,
                    "parquet" => Form::Parquet,
                    _ => {
                        let remedy = suggestion(&name, ["csv", "parquet"]);
                        return Err(format!("glassbase: there is no format \"{name}\" of a table; {remedy}"));
                    }
                });
            }
            "--part" => {
                let text = value("3/16")?;
                let part = Part::read(&text).ok_or_else(|| {
                    format!("glassbase: \"{text}\" is no part; 3/16 is the third of sixteen, and 1/1 is the whole")
                })?;
                options.part = Some(part);
            }
            "--script" => {
                let text = value("17")?;
                options.script =
                    Some(text.parse().map_err(|_| format!("glassbase: \"{text}\" is no number of a point"))?);
            }
            "--merge" => options.merge = true,
            "--fresh" => options.fresh = true,
            "--quiet" => options.quiet = true,
            "--plan" => options.plan = true,
            flag if flag.starts_with("--") => {
                let known = ["--out", "--format", "--part", "--merge", "--fresh", "--quiet", "--plan", "--script"];
                return Err(format!("glassbase: there is no option {flag}; {}", suggestion(flag, known)));
            }
            _ if options.what.is_empty() => options.what = arg.clone(),
            _ => options.parts.push(arg.clone()),
        }
    }
    check_options(&options)?;
    Ok(options)
}

fn check_options(options: &Options) -> Result<(), String> {
    let is_wrong = |what: &str| Err(format!("glassbase: {what}"));
    match options {
        Options { what, .. } if what.is_empty() => is_wrong("sweep needs a sweep file; glassbase help sweep says more"),
        Options { merge: false, parts, .. } if !parts.is_empty() => {
            is_wrong(&format!("\"{}\" is one argument too many; files of rows stand behind --merge", parts[0]))
        }
        Options { merge: true, parts, .. } if parts.is_empty() => {
            is_wrong("--merge needs files of rows, as in --merge part-*.rows")
        }
        Options { merge: true, part: Some(_), .. } => {
            is_wrong("--part makes rows and --merge makes a table of them; take one of them")
        }
        Options { part: Some(_), form: Some(_), .. } => {
            is_wrong("--part writes rows, not a table; give --format to --merge")
        }
        Options { part: Some(_), out: None, .. } => {
            is_wrong("--part needs a file for its rows, as in --out part-3.rows")
        }
        Options { form: Some(Form::Parquet), out: None, .. } => {
            is_wrong("--format parquet needs a file, as in --out table.parquet")
        }
        _ => Ok(()),
    }
}

pub fn sweep(args: &[String]) -> Report {
    read_options(args).and_then(|options| carry_out(&options)).unwrap_or_else(Report::unreadable)
}

fn carry_out(options: &Options) -> Result<Report, String> {
    let plan = read_plan(&options.what)?;
    if options.plan {
        return Ok(Report::ok(in_words(&plan)));
    }
    if let Some(point) = options.script {
        if point >= plan.points {
            return Err(format!("glassbase: the sweep has {}, numbered from 0", counted(plan.points, "point")));
        }
        return Ok(Report::ok(format!("{}\n", plan.script_of(point).trim_end_matches('\n'))));
    }
    let mut rows = Rows::new();
    let mut report = Report::ok(String::new());
    if options.merge {
        for path in &options.parts {
            row::read(&plan, path, &mut rows)?;
        }
        complete(&plan, &rows)?;
        return finish(&plan, &rows, options, report);
    }
    let journal = match (&options.out, options.part) {
        (Some(out), Some(_)) => Some(out.clone()),
        (Some(out), None) => Some(format!("{out}.rows")),
        (None, _) => None,
    };
    measure(&plan, options, journal.as_deref(), &mut rows, &mut report)?;
    if options.part.is_some() {
        let out = options.out.as_deref().unwrap_or_default();
        settle(&rows, options, &mut report, &format!("its rows are in {out}"));
        return Ok(report);
    }
    let report = finish(&plan, &rows, options, report)?;
    if let Some(journal) = journal {
        let _ = fs::remove_file(journal);
    }
    Ok(report)
}

/// The plan of a file, or of standard input.
fn read_plan(path: &str) -> Result<Plan, String> {
    let (name, bytes, folder) = if path == "-" {
        (STANDARD_INPUT, read_standard_input().map_err(|error| format!("glassbase: {error}"))?, Path::new("."))
    } else {
        let bytes = fs::read(path).map_err(|error| format!("glassbase: {path} can't be read: {error}"))?;
        (path, bytes, Path::new(path).parent().unwrap_or(Path::new(".")))
    };
    let text =
        String::from_utf8(bytes).map_err(|_| format!("glassbase: {name} is not a sweep: it is not UTF-8 text"))?;
    Plan::read(name, &text, folder).map_err(|(name, problems)| print::problems(&name, &problems))
}

/// What a plan comes to, for whoever shares it out.
fn in_words(plan: &Plan) -> String {
    let mut out = format!("lab {}\npoints {}\n", plan.lab.name, plan.points);
    for (name, kind) in plan.columns() {
        let kind = match kind {
            axis::Kind::Whole => "whole",
            axis::Kind::Real => "real",
            axis::Kind::Text => "text",
        };
        out.push_str(&format!("column {kind} {name}\n"));
    }
    out
}

/// Carries out the points of a part that have no row yet.
fn measure(
    plan: &Plan,
    options: &Options,
    journal: Option<&str>,
    rows: &mut Rows,
    report: &mut Report,
) -> Result<(), String> {
    let part = options.part.unwrap_or(Part::WHOLE);
    let mut journal = match journal {
        Some(path) => Some(Journal::open(plan, path, part, options.fresh, rows)?),
        None => None,
    };
    let mut progress = Progress::new(part.points(plan).count(), options.quiet);
    let mut told = 0;
    for point in part.points(plan) {
        if let Entry::Vacant(place) = rows.entry(point) {
            let (row, why) = point::carry_out(plan, point);
            if let Some(journal) = &mut journal {
                journal.add(plan, point, &row)?;
            }
            told += usize::from(why.is_some());
            if let Some(why) = why.filter(|_| told <= TOLD) {
                let (words, outcome) = (plan.in_words(point), row.outcome.word());
                report.err.push_str(&format!("point {point} ({words}): {outcome}: {why}\n"));
            }
            place.insert(row);
        }
        progress.one_more();
    }
    if told > TOLD {
        report.err.push_str(&format!("and {}\n", counted((told - TOLD) as u64, "more point")));
    }
    progress.end();
    Ok(())
}

/// Whether there is a row for every point.
fn complete(plan: &Plan, rows: &Rows) -> Result<(), String> {
    let missing = plan.points - rows.len() as u64;
    match (0..plan.points).find(|point| !rows.contains_key(point)) {
        None => Ok(()),
        Some(point) => Err(format!(
            "glassbase: {} of {} have no row yet; the first is point {point} ({}): carry its part out, or name its file too",
            grouped(missing),
            counted(plan.points, "point"),
            plan.in_words(point)
        )),
    }
}

/// Writes the table.
fn finish(plan: &Plan, rows: &Rows, options: &Options, mut report: Report) -> Result<Report, String> {
    let is_parquet = options.out.as_deref().is_some_and(|out| out.to_ascii_lowercase().ends_with(".parquet"));
    let form = options.form.unwrap_or(if is_parquet { Form::Parquet } else { Form::Csv });
    let table = table::write(plan, rows, form)?;
    match &options.out {
        None => {
            report.out = String::from_utf8(table).unwrap_or_default();
            let told = Options { quiet: true, ..Options::default() };
            settle(rows, &told, &mut report, "");
        }
        Some(out) => {
            // Under another name first: a table is there whole or not at all.
            let unfinished = format!("{out}.new");
            let written = fs::write(&unfinished, table).and_then(|()| fs::rename(&unfinished, out));
            written.map_err(|error| format!("glassbase: {out} can't be written: {error}; the rows are kept"))?;
            settle(rows, options, &mut report, &format!("the table is in {out}"));
        }
    }
    Ok(report)
}

/// The exit code, and a line that says what there is.
fn settle(rows: &Rows, options: &Options, report: &mut Report, place: &str) {
    let count = |outcome| rows.values().filter(|row| row.outcome == outcome).count() as u64;
    let others = Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::Ok && count(*outcome) > 0);
    let others: Vec<String> =
        others.map(|outcome| format!(", {} {}", grouped(count(outcome)), outcome.word())).collect();
    report.code = if others.is_empty() { OK } else { WENT_WRONG };
    debug_assert_ne!(report.code, UNREADABLE);
    if !options.quiet {
        let points = counted(rows.len() as u64, "point");
        report.out.push_str(&format!("{points}, {} ok{}; {place}\n", grouped(count(Outcome::Ok)), others.concat()));
    }
}

/// A bar on a terminal; elsewhere nothing.
struct Progress {
    shown: bool,
    done: usize,
    total: usize,
    last: usize,
}

/// Letters of the bar.
const BAR: usize = 30;

impl Progress {
    fn new(total: usize, quiet: bool) -> Progress {
        Progress { shown: !quiet && io::stderr().is_terminal(), done: 0, total, last: usize::MAX }
    }

    fn one_more(&mut self) {
        self.done += 1;
        // A thousand times at most: a terminal is slow.
        let now = self.done * 1000 / self.total.max(1);
        if self.shown && now != self.last {
            self.last = now;
            let _ = write!(io::stderr(), "\r{}", bar(self.done, self.total));
        }
    }

    fn end(&self) {
        if self.shown {
            let _ = writeln!(io::stderr());
        }
    }
}

fn bar(done: usize, total: usize) -> String {
    let full = (done * BAR).checked_div(total).unwrap_or(BAR);
    let (done_text, total_text) = (grouped(done as u64), counted(total as u64, "point"));
    format!("[{}{}] {done_text} of {total_text}", "#".repeat(full), ".".repeat(BAR - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_full_in_the_end() {
        assert_eq!(bar(0, 4), format!("[{}] 0 of 4 points", ".".repeat(BAR)));
        assert_eq!(bar(4, 4), format!("[{}] 4 of 4 points", "#".repeat(BAR)));
        assert_eq!(bar(0, 0), format!("[{}] 0 of 0 points", "#".repeat(BAR)));
    }

    #[test]
    fn options_that_do_not_go_together_are_told() {
        let read = |line: &str| {
            let args: Vec<String> = line.split(' ').filter(|word| !word.is_empty()).map(str::to_string).collect();
            read_options(&args)
        };
        assert_eq!(read("a --part 3/16 --out x").unwrap().part, Some(Part { number: 3, of: 16 }));
        for (line, error) in [
            ("", "needs a sweep file"),
            ("a b", "one argument too many"),
            ("a --merge", "needs files of rows"),
            ("a --part 0/4 --out x", "is no part"),
            ("a --part 5/4 --out x", "is no part"),
            ("a --part 1/4", "needs a file for its rows"),
            ("a --part 1/4 --out x --format csv", "give --format to --merge"),
            ("a --merge b --part 1/1 --out x", "take one of them"),
            ("a --format parquet", "needs a file"),
            ("a --format parqet", "did you mean \"parquet\"?"),
            ("a --frsh", "did you mean \"--fresh\"?"),
            ("a --script x", "no number of a point"),
        ] {
            assert!(read(line).unwrap_err().contains(error), "{line}");
        }
    }
}
