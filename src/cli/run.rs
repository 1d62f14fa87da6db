//! `glassbase run` and `glassbase preset`.

use std::fs;
use std::io::{self, Read};

use super::options::{self, Format, Options};
use super::{OK, Report, WENT_WRONG, print};
use crate::export::{chrome, json, table};
use crate::lab::intake::MAX_FILE;
use crate::lab::{self, Progress, Session, words};
use crate::trace::text::{hash, write_trace};
use crate::view::guide::Guide;

/// Work between two looks at what came of it, in operations.
const SLICE: u32 = 100_000;

pub fn run(args: &[String]) -> Report {
    let options = match options::read("run", "script", args) {
        Ok(options) => options,
        Err(what) => return Report::unreadable(what),
    };
    if super::accesses::is_file_of_accesses(&options.what) {
        return super::accesses::run(&options);
    }
    if let Some((setting, value)) = options.settings.first() {
        return Report::unreadable(format!(
            "glassbase: --set is for import and for a file of accesses; a script says it itself: set {setting} {value}"
        ));
    }
    let (name, text) = match read_script(&options.what) {
        Ok(both) => both,
        Err(what) => return Report::unreadable(what),
    };
    carry_out(Session::new(&text), &name, &options)
}

pub fn preset(args: &[String]) -> Report {
    let options = match options::read("preset", "preset", args) {
        Ok(options) => options,
        Err(what) => return Report::unreadable(what),
    };
    match lab::preset(&options.what) {
        Some((_, preset)) => carry_out(Session::new(preset.script), preset.name, &options),
        None => {
            let remedy = lab::preset_suggestion(&options.what);
            Report::unreadable(format!("glassbase: there is no preset \"{}\"; {remedy}", options.what))
        }
    }
}

fn read_script(path: &str) -> Result<(String, String), String> {
    let (name, bytes) = if path == "-" {
        (STANDARD_INPUT, read_standard_input().map_err(|error| format!("glassbase: {error}"))?)
    } else {
        (path, fs::read(path).map_err(|error| format!("glassbase: {path} can't be read: {error}"))?)
    };
    if bytes.starts_with(b"glassbase-trace") {
        return Err(format!(
            "glassbase: {name} is a trace: drop it on the page to play it, or run the script in it: \
             its lines that begin with \"> \""
        ));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok((name.to_string(), text)),
        Err(_) => Err(format!("glassbase: {name} is not a script: it is not UTF-8 text")),
    }
}

/// What standard input is called where a file's name would stand.
pub const STANDARD_INPUT: &str = "standard input";

/// Standard input to its end, or to a byte more than a file may have.
pub fn read_standard_input() -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    match io::stdin().take(MAX_FILE + 1).read_to_end(&mut bytes) {
        Ok(_) if bytes.len() as u64 > MAX_FILE => Err(format!("{STANDARD_INPUT} has more than {} MiB", MAX_FILE >> 20)),
        Ok(_) => Ok(bytes),
        Err(error) => Err(format!("{STANDARD_INPUT} can't be read: {error}")),
    }
}

/// Runs a session to its end and reports.
pub fn carry_out(mut session: Session, name: &str, options: &Options) -> Report {
    if !session.problems().is_empty() {
        return Report::unreadable(print::problems(name, session.problems()));
    }
    while session.step(SLICE) != Progress::Idle {}
    let (held, failed) = session.expectations();
    let refused = print::refusals(session.trace());
    let code = if failed > 0 || !refused.is_empty() { WENT_WRONG } else { OK };
    let mut report = Report { out: String::new(), err: String::new(), code };
    let trace_is_output = options.trace.as_deref() == Some("-");
    let says_answers = !options.hash && !options.quiet && !trace_is_output;
    if trace_is_output {
        report.out = written(&session, options.format);
    } else if options.hash {
        report.out = format!("{:016x}\n", hash(session.trace()));
    } else if says_answers {
        report.out = print::answers(session.trace());
        if session.lab().name == "eviction" {
            report.out.push_str(&super::accesses::table(&session));
        }
        report.out.push_str(&format!(
            "{}, {} of virtual time, {} held, {} failed{}\n",
            words::counted(session.trace().len() as u64, "event"),
            print::duration(session.trace().iter().last().map_or(0, |record| record.time_ns)),
            words::counted(u64::from(held), "expectation"),
            words::grouped(u64::from(failed)),
            match refused.len() as u64 {
                0 => String::new(),
                count => format!(", {} refused", words::grouped(count)),
            },
        ));
    }
    // Among the answers a refusal has been told already.
    if !says_answers {
        for refusal in &refused {
            report.err.push_str(&format!("{name}:{}: refused: {}\n", refusal.line, refusal.text));
        }
    }
    report.err.push_str(&print::failures(name, session.trace()));
    if let Some(path) = options.trace.as_ref().filter(|_| !trace_is_output)
        && let Err(error) = fs::write(path, written(&session, options.format))
    {
        return Report::unreadable(format!("glassbase: {path} can't be written: {error}"));
    }
    report
}

/// The trace of a session in a format.
fn written(session: &Session, format: Format) -> String {
    let trace = session.trace();
    let text = match format {
        Format::Text => Some(write_trace(&session.script(), trace)),
        Format::Json => json::write(&session.script(), trace, usize::MAX),
        Format::Chrome => chrome::write(trace, usize::MAX),
        Format::Csv => table::write(Guide::of(session.lab().name), trace, usize::MAX),
    };
    text.unwrap_or_default()
}
