//! `glassbase check`: a history of clients, read from a file and judged.

use std::fs;

use super::options::{self, CheckOptions};
use super::run::{STANDARD_INPUT, read_standard_input};
use super::{GAVE_UP, OK, Report, WENT_WRONG};
use crate::history::judgement::label;
use crate::history::linearizable::{self, Limits, Model, Verdict, Violation, listed};
use crate::history::sessions::{Guarantee, SessionReport, check_sessions};
use crate::history::{History, HistoryError, OpId, Outcome, text};
use crate::lab::intake;
use crate::lab::words::{counted, grouped};
use crate::trace::Bytes;

/// Operations of a violation, keys, or violations of one kind that are listed.
const LISTED: usize = 20;

pub fn check(args: &[String]) -> Report {
    let judged = options::read_check(args).and_then(|options| {
        let (name, history) = read(&options)?;
        judge(&name, &history, &options)
    });
    judged.unwrap_or_else(Report::unreadable)
}

/// The name and the history of the file.
fn read(options: &CheckOptions) -> Result<(String, History), String> {
    let path = options.what.as_str();
    let (name, bytes) = if path == "-" {
        (STANDARD_INPUT, read_standard_input().map_err(|error| format!("glassbase: {error}"))?)
    } else {
        let unreadable = |error| format!("glassbase: {path} can't be read: {error}");
        let size = fs::metadata(path).map_err(unreadable)?.len();
        if size > intake::MAX_FILE {
            return Err(format!("glassbase: {path} has more than {} MiB; check a part of it", intake::MAX_FILE >> 20));
        }
        (path, fs::read(path).map_err(unreadable)?)
    };
    let text = String::from_utf8(bytes).map_err(|error| {
        let line =
            error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("{name}:{line}: this is not UTF-8 text; a history is JSON or EDN")
    })?;
    let history = match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("json" | "jsonl") => text::json::read(&text, options.model),
        Some("edn") => text::edn::read(&text, options.model),
        _ => text::read(&text, options.model),
    };
    match history {
        Ok(history) => Ok((name.to_string(), history)),
        Err(error @ HistoryError::Text { .. }) => Err(format!("{name}:{error}")),
        Err(error) => Err(format!("{name}: {error}")),
    }
}

fn judge(name: &str, history: &History, options: &CheckOptions) -> Result<Report, String> {
    let model = options.model.unwrap_or_else(|| Model::of(history));
    let clients = {
        let mut clients: Vec<u32> = history.operations.iter().map(|operation| operation.client).collect();
        clients.sort_unstable();
        clients.dedup();
        clients.len() as u64
    };
    let unknown = history.operations.iter().filter(|operation| operation.outcome() == &Outcome::Unknown).count() as u64;
    let mut out = format!(
        "{name}: {} of {}{}, as a {}{}\n",
        counted(history.operations.len() as u64, "operation"),
        counted(clients, "client"),
        if unknown > 0 { format!(", {} without a known outcome", grouped(unknown)) } else { String::new() },
        model.name(),
        if history.faults.is_empty() {
            String::new()
        } else {
            format!("; {}", counted(history.faults.len() as u64, "fault"))
        },
    );
    let code = if options.sessions {
        let report = check_sessions(history).map_err(|error| format!("{name}: {error}"))?;
        sessions(&mut out, history, &report)
    } else {
        let limits = options.limit.map_or(Limits::default(), |steps| Limits { steps, ..Limits::default() });
        let report = linearizable::check(history, model, limits).map_err(|error| format!("{name}: {error}"))?;
        linearizability(&mut out, history, &report)
    };
    Ok(Report { out, err: String::new(), code })
}

/// Writes what came of a check; gives the exit code.
fn linearizability(out: &mut String, history: &History, report: &linearizable::Report) -> u8 {
    let took = format!("{}, {}", counted(report.steps, "step"), counted(report.configurations, "configuration"));
    match &report.verdict {
        Verdict::Holds(_) => {
            out.push_str(&format!("linearizable ({}, {took})\n", counted(report.keys as u64, "key")));
            OK
        }
        Verdict::GaveUp { why, .. } => {
            out.push_str(&format!("gave up: {why}; allow more with --limit STEPS\n"));
            let total = report.keys as u64;
            out.push_str(&format!("  not decided: {} of {}\n", keys(&report.open_keys), counted(total, "key")));
            GAVE_UP
        }
        Verdict::Violated(violation) => {
            out.push_str(&format!("not linearizable: {}\n", violation.reason));
            out.push_str(&proof(history, violation));
            if report.violated_keys.len() > 1 {
                out.push_str(&format!("  keys that are not linearizable: {}\n", keys(&report.violated_keys)));
            }
            if !report.open_keys.is_empty() {
                out.push_str(&format!("  keys that were not decided: {}\n", keys(&report.open_keys)));
            }
            out.push_str(&format!("({took})\n"));
            WENT_WRONG
        }
    }
}

/// The smallest part, and how far all was well.
fn proof(history: &History, violation: &Violation) -> String {
    let adjective = if violation.is_smallest { "smallest part" } else { "part" };
    let mut text = format!("  the {adjective} that shows it:\n");
    for op in violation.part.iter().take(LISTED) {
        text.push_str(&line(history, *op, *op == violation.op));
    }
    if violation.part.len() > LISTED {
        text.push_str(&format!("    and {}\n", counted((violation.part.len() - LISTED) as u64, "more operation")));
    }
    let of = if violation.key.is_empty() { String::new() } else { format!(" of {}", violation.key) };
    let time_ns = grouped(violation.until.time_ns);
    text.push_str(&format!("  up to {time_ns} ns the history{of} is linearizable"));
    let order: Vec<String> = violation.prefix.iter().rev().take(3).map(|point| short(history, point.op)).collect();
    if !order.is_empty() {
        text.push_str(&format!("; last in order: {}", order.into_iter().rev().collect::<Vec<String>>().join(", ")));
    }
    text.push('\n');
    text
}

fn short(history: &History, op: OpId) -> String {
    let operation = history.operation(op);
    format!("{} (client {})", label(operation), operation.client)
}

/// An operation with its interval.
fn line(history: &History, op: OpId, is_failing: bool) -> String {
    let operation = history.operation(op);
    let end = operation.settled().map_or("...".to_string(), |moment| grouped(moment.time_ns));
    let begin = grouped(operation.invoked.time_ns);
    let mark = if is_failing { "   <-- has no place" } else { "" };
    format!("    {begin} to {end} ns  client {}  {}{mark}\n", operation.client, label(operation))
}

fn keys(keys: &[Bytes]) -> String {
    let more = if keys.len() > LISTED { " and others" } else { "" };
    format!("{}{more}", listed_with_commas(&keys[..keys.len().min(LISTED)]))
}

fn listed_with_commas(keys: &[Bytes]) -> String {
    let name =
        |key: &Bytes| if key.is_empty() { "the register".to_string() } else { listed(std::slice::from_ref(key)) };
    keys.iter().map(name).collect::<Vec<String>>().join(", ")
}

/// Writes what came of a check of the session guarantees; gives the exit code.
fn sessions(out: &mut String, history: &History, report: &SessionReport) -> u8 {
    // Nothing was looked at, so nothing holds.
    if report.sessions == 0 {
        let reason = "a value was written twice to each of its keys, so a read does not tell which write it found";
        out.push_str(&format!("gave up: {reason}\n"));
        return GAVE_UP;
    }
    for guarantee in Guarantee::ALL {
        match report.count(guarantee) {
            0 => out.push_str(&format!("{}: holds\n", guarantee.name())),
            count => out.push_str(&format!("{}: violated, {}\n", guarantee.name(), counted(count, "time"))),
        }
        let violations = report.violations.iter().filter(|violation| violation.guarantee == guarantee);
        for (index, violation) in violations.take(LISTED).enumerate() {
            out.push_str(&format!("  {}\n", violation.reason));
            if index == 0 {
                violation.ops.iter().for_each(|op| out.push_str(&line(history, *op, false)));
            }
        }
    }
    if !report.skipped.is_empty() {
        out.push_str(&format!("not judged, because a value was written twice: {}\n", keys(&report.skipped)));
    }
    if report.holds() { OK } else { WENT_WRONG }
}
