//! What every lab may expect, and what labs check their own expectations with.

use super::argument::Relation;
use super::declaration::{Argument, ArgumentKind, CommandInfo, LabInfo};
use super::script::{Call, Problem, Statement};
use super::{statement, words};
use crate::sim::Cx;

/// What may stand behind `expect` in every lab: what came of the command before.
pub static COMMON: &[CommandInfo] = &[
    CommandInfo::single(
        "refused",
        &[Argument::optional("text", ArgumentKind::Text, "what the refusal says among other things")],
        "The command before was refused.",
        "expect refused checksum",
    ),
    CommandInfo::single(
        "answered",
        &[Argument::optional("text", ArgumentKind::Text, "what the answer says among other things")],
        "The command before was carried out, and this is in its answer.",
        "expect answered inserted",
    ),
];

/// How a number is compared: the arguments of an expectation made by [`measure`].
pub const MEASURE: &[Argument] = &[
    Argument::needed("relation", ArgumentKind::Relation, "how it compares"),
    Argument::needed("number", ArgumentKind::Number { from: 0, to: u64::MAX }, "the number"),
];

/// An expectation about a number: `expect NAME = 3`.
pub const fn measure(name: &'static str, help: &'static str, example: &'static str) -> CommandInfo {
    CommandInfo::single(name, MEASURE, help, example)
}

/// Whether an expectation is about a number, so that the number can be asked for.
pub fn is_measure(info: &CommandInfo) -> bool {
    let kinds = info.arguments.iter().take(2).map(|argument| argument.kind);
    kinds.eq(MEASURE.iter().map(|argument| argument.kind))
}

/// The question for a number, by the name of an expectation about it and what may stand behind: `bounced at n4`.
/// A problem tells no place.
pub fn question(lab: &'static LabInfo, measure: &str) -> Result<Call, Problem> {
    let (name, behind) = measure.split_once(' ').unwrap_or((measure, ""));
    let known = lab.expectations.iter().filter(|info| is_measure(info)).map(|info| info.name);
    if !known.clone().any(|known| known == name) {
        let what = format!("the lab {} has no number \"{}\"", lab.name, words::shortened(name, 40));
        return Err(Problem::new(1, 1, what, words::suggestion(name, known)));
    }
    match statement::read(lab, &format!("expect {name} >= 0 {behind}"), 1)? {
        Statement::Expect(call) => Ok(call),
        _ => Err(Problem::new(1, 1, format!("\"{measure}\" is no number"), "take the name of one")),
    }
}

/// What came of an expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub held: bool,
    /// What was found, in words.
    pub found: String,
    /// The number that was compared, for an expectation about one.
    pub number: Option<u64>,
}

impl Finding {
    pub fn new(held: bool, found: impl Into<String>) -> Finding {
        Finding { held, found: found.into(), number: None }
    }

    /// Compares a number that was found as a [`measure`] says.
    pub fn measured(call: &Call, found: u64) -> Finding {
        let relation = call.arguments.relation("relation").unwrap_or(Relation::Equal);
        let wanted = call.arguments.number("number").unwrap_or_default();
        let in_words = format!("{} = {found}", call.info.name);
        Finding { number: Some(found), ..Finding::new(relation.holds(found, wanted), in_words) }
    }
}

/// A number that is counted wherever there is a pool or a disk, by its name in an expectation.
pub fn counted(cx: &Cx, name: &str) -> Option<u64> {
    let counters = cx.counters();
    Some(match name {
        "hits" => counters.pool_hits,
        "misses" => counters.pool_misses,
        "evictions" => counters.pool_evictions,
        "flushes" => counters.pool_flushes,
        "reads" => counters.disk_reads,
        "writes" => counters.disk_writes,
        "syncs" => counters.disk_syncs,
        _ => return None,
    })
}

/// Checks one of [`COMMON`]; nothing when it is of a lab. `answer` and `refusal` are what the command before came to.
pub fn check(call: &Call, answer: Option<&str>, refusal: Option<&str>) -> Option<Finding> {
    let (said, otherwise) = match call.info.name {
        "refused" => (refusal, "the command before was carried out"),
        "answered" => (answer, refusal.unwrap_or("the command before gave no answer")),
        _ => return None,
    };
    let wanted = call.arguments.text("text").unwrap_or_default();
    Some(Finding::new(said.is_some_and(|said| said.contains(wanted)), said.unwrap_or(otherwise)))
}
