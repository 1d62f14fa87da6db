//! A trace as a person reads it in a terminal: what was asked and what was answered.

use crate::lab::Problem;
use crate::lab::script::MAX_PROBLEMS;
use crate::trace::{Event, Trace};

/// The script lane of a trace, one line an event, but for expectations that failed.
pub fn answers(trace: &Trace) -> String {
    let mut text = String::new();
    for record in trace.iter() {
        let line = match &record.event {
            Event::Comment { text } => format!("# {text}"),
            Event::CommandBegun { text, .. } if is_expectation(text) => continue,
            Event::CommandBegun { text, .. } => format!("> {text}"),
            Event::Answered { text } => format!("  {text}"),
            Event::Refused { text } => format!("  refused: {text}"),
            Event::ExpectationHeld { text } => format!("  {text}: holds"),
            // What failed is told on standard error, with its line.
            _ => continue,
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// The expectations that failed, each with the line of the script it stands on.
pub fn failures(name: &str, trace: &Trace) -> String {
    let mut text = String::new();
    let mut current = 0;
    for record in trace.iter() {
        match &record.event {
            Event::CommandBegun { line, .. } => current = *line,
            Event::ExpectationFailed { text: wanted, found } => {
                text.push_str(&format!("{name}:{current}: {wanted}: fails, found {found}\n"));
            }
            _ => {}
        }
    }
    text
}

/// A refused command that no `expect refused` behind it took up.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal<'a> {
    pub line: u32,
    pub text: &'a str,
}

/// The refused commands of a run that the script did not expect to be refused.
pub fn refusals(trace: &Trace) -> Vec<Refusal<'_>> {
    let mut found: Vec<Refusal> = Vec::new();
    let mut line = 0;
    // How many of them belong to commands before the last one: an expectation can't take those up any more.
    let mut settled = 0;
    for record in trace.iter() {
        match &record.event {
            Event::CommandBegun { line: begun, text } => {
                line = *begun;
                if !is_expectation(text) {
                    settled = found.len();
                }
            }
            Event::Refused { text } => found.push(Refusal { line, text }),
            Event::ExpectationHeld { text } if text.split_whitespace().nth(1) == Some("refused") => {
                found.truncate(settled);
            }
            _ => {}
        }
    }
    found
}

fn is_expectation(command: &str) -> bool {
    command.split_whitespace().next() == Some("expect")
}

/// The most problems that are listed.
const PROBLEMS_SHOWN: usize = 20;

/// The problems of a script, each with its place; a list of all known words is there only once.
pub fn problems(name: &str, problems: &[Problem]) -> String {
    let mut lists: Vec<&str> = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    for problem in problems.iter().take(PROBLEMS_SHOWN) {
        let remedy = problem.remedy.as_str();
        if lists.contains(&remedy) {
            lines.push(format!("{name}:{}:{}: {}", problem.line, problem.column, problem.what));
        } else {
            lines.push(format!("{name}:{problem}"));
        }
        if remedy.starts_with("there are: ") {
            lists.push(remedy);
        }
    }
    let more = problems.len().saturating_sub(PROBLEMS_SHOWN);
    match more {
        0 => {}
        _ if problems.len() >= MAX_PROBLEMS => lines.push(format!("and at least {more} more")),
        _ => lines.push(format!("and {more} more")),
    }
    lines.join("\n")
}

/// Virtual time with a unit that suits it.
pub fn duration(time_ns: u64) -> String {
    let (unit, name) = match time_ns {
        0..1_000 => return format!("{time_ns} ns"),
        1_000..1_000_000 => (1_000, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    format!("{}.{:02} {name}", time_ns / unit, time_ns % unit * 100 / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_that_suits_them() {
        assert_eq!(duration(999), "999 ns");
        assert_eq!(duration(1_500), "1.50 µs");
        assert_eq!(duration(2_030_000), "2.03 ms");
        assert_eq!(duration(61_000_000_000), "61.00 s");
    }
}
