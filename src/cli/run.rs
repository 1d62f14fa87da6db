//! `glassbase run` and `glassbase preset`.

use std::fs;
use std::io::Read;

use super::options::{self, Options};
use super::{EXPECTATION_FAILED, OK, Report, print};
use crate::lab::{LABS, Progress, Session, words};
use crate::trace::text::{hash, write_trace};

/// Work between two looks at what came of it, in operations.
const SLICE: u32 = 100_000;

pub fn run(args: &[String]) -> Report {
    let options = match options::read("run", "script", args) {
        Ok(options) => options,
        Err(what) => return Report::unreadable(what),
    };
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
    match LABS.iter().find_map(|lab| lab.preset(&options.what)) {
        Some(preset) => carry_out(Session::new(preset.script), preset.name, &options),
        None => {
            let known = LABS.iter().flat_map(|lab| lab.presets).map(|preset| preset.name);
            let remedy = words::suggestion(&options.what, known);
            Report::unreadable(format!("glassbase: there is no preset \"{}\"; {remedy}", options.what))
        }
    }
}

fn read_script(path: &str) -> Result<(String, String), String> {
    let (name, bytes) = if path == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().read_to_end(&mut bytes);
        read.map_err(|error| format!("glassbase: standard input can't be read: {error}"))?;
        ("standard input", bytes)
    } else {
        (path, fs::read(path).map_err(|error| format!("glassbase: {path} can't be read: {error}"))?)
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok((name.to_string(), text)),
        Err(_) => Err(format!("glassbase: {name} is not a script: it is not UTF-8 text")),
    }
}

/// Runs a session to its end and reports.
pub fn carry_out(mut session: Session, name: &str, options: &Options) -> Report {
    if !session.problems().is_empty() {
        let lines: Vec<String> = session.problems().iter().map(|problem| format!("{name}:{problem}")).collect();
        return Report::unreadable(lines.join("\n"));
    }
    while session.step(SLICE) != Progress::Idle {}
    let (held, failed) = session.expectations();
    let mut report = Report { out: String::new(), err: String::new(), code: OK };
    if options.hash {
        report.out = format!("{:016x}\n", hash(session.trace()));
    } else if !options.quiet {
        report.out = print::answers(session.trace());
        report.out.push_str(&format!(
            "{}, {} of virtual time, {} held, {} failed\n",
            words::counted(session.trace().len() as u64, "event"),
            print::duration(session.trace().iter().last().map_or(0, |record| record.time_ns)),
            words::counted(u64::from(held), "expectation"),
            words::grouped(u64::from(failed)),
        ));
    }
    if failed > 0 {
        report.err = print::failures(name, session.trace());
        report.code = EXPECTATION_FAILED;
    }
    if let Some(path) = &options.trace
        && let Err(error) = fs::write(path, write_trace(&session.script(), session.trace()))
    {
        return Report::unreadable(format!("glassbase: {path} can't be written: {error}"));
    }
    report
}
