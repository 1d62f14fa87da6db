//! A trace as a person reads it in a terminal: what was asked and what was answered.

use crate::trace::{Event, Trace};

/// The script lane of a trace, one line an event.
pub fn answers(trace: &Trace) -> String {
    let mut text = String::new();
    for record in trace.iter() {
        let line = match &record.event {
            Event::Comment { text } => format!("# {text}"),
            Event::CommandBegun { text, .. } if text.starts_with("expect") => continue,
            Event::CommandBegun { text, .. } => format!("> {text}"),
            Event::Answered { text } => format!("  {text}"),
            Event::Refused { text } => format!("  refused: {text}"),
            Event::ExpectationHeld { text } => format!("  {text}: holds"),
            Event::ExpectationFailed { text, found } => format!("  {text}: fails, found {found}"),
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
