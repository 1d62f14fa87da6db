//! `glassbase run` with a file of accesses: requests, misses and the miss ratio of every policy at several sizes.
//!
//! It is a script of the eviction lab, as on the page when such a file is dropped there: so all three count the same.

use std::fmt::Write;
use std::fs;

use super::Report;
use super::options::Options;
use super::run::carry_out;
use crate::lab::Session;
use crate::lab::intake::{self, Opened};
use crate::trace::decimal::fixed;

/// Lines that are read at a time.
const SLICE: usize = 100_000;
/// Sizes at which the curves are taken.
const SIZES: u32 = 8;

/// Whether a path ends as files of accesses do, and scripts do not.
pub fn is_file_of_accesses(path: &str) -> bool {
    let extension = path.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    extension.is_some_and(|extension| ["csv", "tsv", "txt"].contains(&extension.as_str())) && !is_script(path)
}

/// A text file may be a script: its first line says so.
fn is_script(path: &str) -> bool {
    let first = fs::read(path).map(|bytes| bytes.starts_with(b"lab ") || bytes.starts_with(b"glassbase-trace"));
    first.unwrap_or(false)
}

pub fn run(options: &Options) -> Report {
    let path = options.what.as_str();
    let (session, sentence) = match opened(path, options) {
        Ok(both) => both,
        Err(what) => return Report::unreadable(format!("glassbase: {what}")),
    };
    let mut report = carry_out(session, path, options);
    let says_answers = !options.quiet && !options.hash && options.trace.as_deref() != Some("-");
    if says_answers && !report.out.is_empty() {
        report.out.insert_str(0, &format!("{sentence}\n"));
    }
    report
}

/// The script for a file: its keys and sizes, its accesses, the curves.
fn opened(path: &str, options: &Options) -> Result<(Session, String), String> {
    let unreadable = |error| format!("{path} can't be read: {error}");
    let size = fs::metadata(path).map_err(unreadable)?.len();
    intake::check_size(path, size).map_err(|error| error.to_string())?;
    let bytes = fs::read(path).map_err(unreadable)?;
    let Opened::Keys(reader) = intake::open(path, bytes).map_err(|error| error.to_string())? else {
        return Err(format!("{path} is no file of accesses: one key a line, or time, key and size"));
    };
    let mut reader = reader.into_pages().of_objects();
    while !reader.step(SLICE).map_err(|error| error.to_string())? {}
    let file = reader.finish().map_err(|error| error.to_string())?;
    let mut session = Session::new("lab eviction");
    let set = options.settings.iter().map(|(name, value)| format!("set {name} {value}"));
    let refused = |problems: Vec<crate::lab::Problem>| {
        let told = problems.iter().map(|problem| format!("{}; {}", problem.what, problem.remedy));
        told.collect::<Vec<_>>().join("\n")
    };
    file.settings().into_iter().chain(set).try_for_each(|line| session.append(&line)).map_err(refused)?;
    session.append_with_data("accesses", file.data).map_err(refused)?;
    session.append(&format!("curve sizes {SIZES}")).map_err(refused)?;
    Ok((session, file.sentence))
}

/// Requests, misses and miss ratio per policy and size, as far as curves were asked for.
pub fn table(session: &Session) -> String {
    let state = session.state();
    let curves = state.parts.replacement.as_ref().and_then(|known| known.curves.clone());
    let Some(curves) = curves.filter(|curves| curves.accesses > 0) else { return String::new() };
    let unit = if curves.in_bytes { "bytes" } else { "entries" };
    let mut out = format!("{:<12}{unit:>16}{:>12}{:>12}{:>12}\n", "policy", "requests", "misses", "miss ratio");
    for curve in &curves.curves {
        for (size, hits) in curves.sizes.iter().zip(&curve.hits) {
            let misses = curves.accesses.saturating_sub(*hits);
            let ratio = fixed(misses as f64 / curves.accesses as f64, 4);
            // Writing to a string cannot fail.
            let _ =
                writeln!(out, "{:<12}{size:>16}{:>12}{misses:>12}{ratio:>12}", curve.policy.word(), curves.accesses);
        }
    }
    out
}
