//! The measures of a run after each of its commands, as comma-separated values: what the page draws as small charts.
//!
//! ```text
//!   record,time_ns,line,command,records,height,leaf-fill
//!   12,100300,1,insert 37,1,1,0.021
//! ```
//!
//! A column is empty while there is nothing to measure.

use super::text::push_column;
use crate::trace::decimal::{push_fixed, push_number};
use crate::trace::{Event, Trace};
use crate::view::View;
use crate::view::guide::Guide;
use crate::view::measures::{Measure, Unit};

/// The measures of a lab's guide over a whole trace, unless that is longer than `bytes_max`.
pub fn write(guide: &Guide, trace: &Trace, bytes_max: usize) -> Option<String> {
    let mut out = String::from("record,time_ns,line,command");
    for measure in guide.measures {
        out.push(',');
        push_column(&mut out, measure.name);
    }
    out.push('\n');
    let mut view = View::default();
    let mut command = (0, "");
    for (index, record) in trace.iter().enumerate() {
        view.apply(index, record);
        match &record.event {
            Event::CommandBegun { line, text } => command = (*line, text),
            Event::CommandEnded { .. } => {
                for (number, end) in [(index as u64, ','), (record.time_ns, ','), (u64::from(command.0), ',')] {
                    push_number(&mut out, number);
                    out.push(end);
                }
                push_column(&mut out, command.1);
                for measure in guide.measures {
                    out.push(',');
                    push_value(&mut out, measure, measure.value(&view));
                }
                out.push('\n');
            }
            _ => {}
        }
        if out.len() > bytes_max {
            return None;
        }
    }
    Some(out)
}

/// Appends a measure with the decimals that its unit asks for; a time, that of whole nanoseconds, has few.
pub fn push_value(out: &mut String, measure: &Measure, value: Option<f64>) {
    let places = match measure.unit {
        Unit::Ratio | Unit::Factor => 6,
        Unit::Count | Unit::Nanoseconds => 3,
    };
    if let Some(value) = value {
        push_fixed(out, value, places);
    }
}
