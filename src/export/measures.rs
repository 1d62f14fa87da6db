//! The numbers of a lab in one list: what a sweep can measure, by name.
//!
//! ```text
//!   time-ns        of every run: common to all labs
//!   height         what `expect height = 2` compares; some take `at n2` behind them
//!   shown.height   what the page shows beside the stage
//! ```
//!
//! The page's numbers have their prefix always: a lab may have two of one name (`hit-ratio`: whole per cent in a script, a
//! ratio on the page), and a name must go on to mean what it meant.

use crate::lab::LabInfo;
use crate::lab::expectations::is_measure;
use crate::view::guide::Guide;
use crate::view::measures::{self, Unit};

/// What stands before the names of the page's measures.
pub const SHOWN: &str = "shown.";

/// A number of every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Common {
    Time,
    Events,
    Held,
    Failed,
    Refused,
}

/// Their names, and what they say.
pub const COMMON: &[(Common, &str, &str)] = &[
    (Common::Time, "time-ns", "Virtual time at the end, in nanoseconds."),
    (Common::Events, "events", "Records of the trace."),
    (Common::Held, "held", "Expectations that held."),
    (Common::Failed, "not-held", "Expectations that did not hold."),
    (Common::Refused, "refusals", "Commands that were refused and that no `expect refused` takes up."),
];

/// Where a number comes from.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    Common(Common),
    /// What an expectation of this name compares.
    Expected,
    Shown(&'static measures::Measure),
}

/// A number of a lab.
#[derive(Clone, Debug)]
pub struct Measure {
    /// What it is called in a sweep, without what may stand behind it.
    pub name: String,
    /// What may stand behind it: `[at n1]`.
    pub behind: String,
    /// What it counts: `ratio`, `ns`, `count`; empty when the sentence says so.
    pub unit: &'static str,
    pub help: &'static str,
    pub source: Source,
}

/// Every number of a lab.
pub fn of_lab(lab: &'static LabInfo) -> Vec<Measure> {
    let common = COMMON.iter().map(|(common, name, help)| Measure {
        name: name.to_string(),
        behind: String::new(),
        unit: "",
        help,
        source: Source::Common(*common),
    });
    let expected = lab.expectations.iter().filter(|info| is_measure(info)).map(|info| Measure {
        name: info.name.to_string(),
        behind: info.arguments.iter().skip(2).map(|argument| argument.usage()).collect::<Vec<_>>().join(" "),
        unit: "",
        help: info.help,
        source: Source::Expected,
    });
    let shown = Guide::of(lab.name).measures.iter().map(|measure| Measure {
        name: format!("{SHOWN}{}", measure.name),
        behind: String::new(),
        unit: match measure.unit {
            Unit::Count => "count",
            Unit::Ratio => "ratio",
            Unit::Factor => "factor",
            Unit::Nanoseconds => "ns",
        },
        help: measure.help,
        source: Source::Shown(measure),
    });
    common.chain(expected).chain(shown).collect()
}

/// The list as text: for `glassbase help measures`.
pub fn help(lab: &'static LabInfo) -> String {
    let mut out = format!("Lab {}:\n", lab.name);
    for measure in of_lab(lab).iter().filter(|measure| !matches!(measure.source, Source::Common(_))) {
        let behind = if measure.behind.is_empty() { String::new() } else { format!(" {}", measure.behind) };
        let unit = if measure.unit.is_empty() { String::new() } else { format!(" ({})", measure.unit) };
        out.push_str(&format!("  {}{behind}\n      {}{unit}\n", measure.name, measure.help));
    }
    out
}
