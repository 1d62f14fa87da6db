//! `glassbase import`: a file of keys into a tree, every one of them found again, the tree verified.

use std::fs;

use super::options;
use super::run::{STANDARD_INPUT, carry_out, read_standard_input};
use super::{Report, UNREADABLE};
use crate::lab::intake::{self, Opened};
use crate::lab::{self, Data, LABS, LabInfo, Problem, Session, words};

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
    let lab = match lab_of(options.lab.as_deref()) {
        Ok(lab) => lab,
        Err(what) => return Report::unreadable(what),
    };
    let mut session = Session::new(&format!("lab {}", lab.name));
    for (name, value) in &options.settings {
        if let Err(problems) = session.append(&format!("set {name} {value}")) {
            return refused(&problems);
        }
    }
    let mut appended = session.append_with_data("import", keys.clone());
    if takes_data(lab, "get-each") {
        appended = appended
            .and_then(|()| session.append_with_data("get-each", keys))
            .and_then(|()| session.append("expect missing = 0"));
    }
    let appended = appended.and_then(|()| session.append("verify\nexpect valid"));
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

/// The lab of a name (none: the first); the error says which labs take keys.
fn lab_of(name: Option<&str>) -> Result<&'static LabInfo, String> {
    let Some(name) = name else { return Ok(LABS[0]) };
    let Some(lab) = lab::lab(name) else {
        let known = LABS.iter().map(|lab| lab.name);
        return Err(format!("glassbase: there is no lab {name}; {}", words::suggestion(name, known)));
    };
    if takes_data(lab, "import") {
        return Ok(lab);
    }
    let others: Vec<&str> = LABS.iter().filter(|lab| takes_data(lab, "import")).map(|lab| lab.name).collect();
    Err(format!("glassbase: the lab {name} has no keys to import; these take a file of keys: {}", others.join(", ")))
}

fn takes_data(lab: &LabInfo, command: &str) -> bool {
    lab.commands.iter().any(|known| known.name == command)
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
