//! What Jepsen's nemesis did, as spans of time.
//!
//! The nemesis is a process whose operations are faults. It writes each of them twice, when it begins and when it is done.
//! Some of them end what another one began: `:stop-partition` ends `:start-partition`, `:resume` ends `:pause`.

use crate::FaultSpan;
use glassbase_trace::sorting::sort_by_key;

/// What ends what.
const ENDS: &[(&str, &[&str])] = &[("start", &["kill"]), ("resume", &["pause"]), ("heal", &["partition", "start"])];

/// The faults so far.
#[derive(Default)]
pub struct Faults {
    pub spans: Vec<FaultSpan>,
    /// Name and span of what the nemesis has begun to do and not told the end of.
    under_way: Option<(String, u64)>,
    /// Names of the faults that last, and their spans.
    lasting: Vec<(String, usize)>,
}

impl Faults {
    /// The nemesis begins something, or is done with it.
    pub fn push(&mut self, time_ns: u64, name: &str, detail: &str) {
        let begun = self.under_way.take_if(|(other, _)| other == name);
        let Some((_, begin_ns)) = begun else {
            self.under_way = Some((name.to_string(), time_ns));
            return;
        };
        let ended = self.ended_by(name);
        if !ended.is_empty() {
            self.lasting.retain(|(_, span)| !ended.contains(span));
            ended.iter().for_each(|span| self.spans[*span].end_ns = Some(time_ns));
            return;
        }
        let lasts = name.starts_with("start") || ENDS.iter().any(|(_, begins)| begins.contains(&name));
        if lasts {
            self.lasting.push((name.to_string(), self.spans.len()));
        }
        let text = if detail.is_empty() { name.to_string() } else { format!("{name} {detail}") };
        self.spans.push(FaultSpan { begin_ns, end_ns: (!lasts).then_some(time_ns), text });
    }

    fn ended_by(&self, name: &str) -> Vec<usize> {
        let is_ended = |other: &str| {
            let by_pair = ENDS.iter().any(|(end, begins)| *end == name && begins.contains(&other));
            by_pair || name.strip_prefix("stop").is_some_and(|rest| other.strip_prefix("start") == Some(rest))
        };
        self.lasting.iter().filter(|(other, _)| is_ended(other)).map(|(_, span)| *span).collect()
    }

    /// All faults, in the order in which they began.
    pub fn finish(mut self) -> Vec<FaultSpan> {
        if let Some((text, begin_ns)) = self.under_way.take() {
            self.spans.push(FaultSpan { begin_ns, end_ns: None, text });
        }
        sort_by_key(&mut self.spans, |span| span.begin_ns);
        self.spans
    }
}
