//! `glassbase import`: a file of keys into a tree, every one of them found again, the tree verified.

use std::fs;

use super::options;
use super::run::{STANDARD_INPUT, carry_out, read_standard_input};
use super::{Report, UNREADABLE};
use crate::lab::intake::{self, Opened};
use crate::lab::{Data, Problem, Session};

/// Lines that are read at a time.
const SLICE: usize = 100_000;

pub fn import(args: &[String]) -> Report {
    let options = match options::read("import", "file", args) {
        Ok(options) => options,
        Err(what) => return Report::unreadable(what),
    };
    let (keys, sentence) = match read_keys(&options.what) {
        Ok(both) => both,
        Err(what) => return Report::unreadable(format!("glassbase: {what}")),
    };
    let mut session = Session::new("lab btree");
    for (name, value) in &options.settings {
        if let Err(problems) = session.append(&format!("set {name} {value}")) {
            return refused(&problems);
        }
    }
    let appended = session
        .append_with_data("import", keys.clone())
        .and_then(|()| session.append_with_data("get-each", keys))
        .and_then(|()| session.append("expect missing = 0\nverify\nexpect valid"));
    if let Err(problems) = appended {
        return refused(&problems);
    }
    let name = if options.what == "-" { STANDARD_INPUT } else { options.what.as_str() };
    let mut report = carry_out(session, name, &options);
    let says_answers = !options.quiet && !options.hash && options.trace.as_deref() != Some("-");
    if report.code != UNREADABLE && says_answers {
        report.out.insert_str(0, &format!("{sentence}\n"));
    }
    report
}

/// The keys of a file and a sentence on what was found in it.
fn read_keys(path: &str) -> Result<(Data, String), String> {
    let (path, bytes) = if path == "-" {
        (STANDARD_INPUT, read_standard_input()?)
    } else {
        let unreadable = |error| format!("{path} can't be read: {error}");
        let size = fs::metadata(path).map_err(unreadable)?.len();
        intake::check_size(path, size).map_err(|error| error.to_string())?;
        (path, fs::read(path).map_err(unreadable)?)
    };
    match intake::open(path, bytes).map_err(|error| error.to_string())? {
        Opened::Keys(mut reader) => {
            while !reader.step(SLICE).map_err(|error| error.to_string())? {}
            let (keys, report) = reader.finish().map_err(|error| error.to_string())?;
            Ok((keys, report.sentence(path)))
        }
        Opened::Script(_) => Err(format!("{path} is a script: glassbase run carries it out")),
        Opened::Trace(_) => Err(format!("{path} is a trace: drop it on the page to play it")),
    }
}

fn refused(problems: &[Problem]) -> Report {
    let lines: Vec<String> = problems.iter().map(|problem| format!("{}; {}", problem.what, problem.remedy)).collect();
    Report::unreadable(format!("glassbase: {}", lines.join("\n")))
}
