//! A trace in the Trace Event Format ("Trace Event Format", N. Duca and D. Sinclair, 2016), which Perfetto and
//! chrome://tracing open.
//!
//! ```text
//!   process   a node: n1, a client: c1, a shard's node: shard 2 n1, or the world: the script, and an engine that stands alone
//!   thread    a layer: tree, pool, disk; what goes on beside others of its layer (messages) has further threads
//!   slice     a record, or all from the record that begins something to the one that ends it
//!   flow      from a cause to what it led to
//! ```
//!
//! Slices are pairs of begin and end, in the order of the trace, so that those of one moment nest as they did in the run: a
//! duration would have to be told in microseconds, and rounded ones may overlap. A slice that is not ended is ended with the
//! trace. A flow's number is that of the record that it leads to: each has one cause at most. Where the effect stands
//! inside its cause's slice anyway, there is no arrow.

use super::spans::{Kind, Place, Places, Spans, begins, unwrapped};
use super::text::{push_fields, push_json};
use crate::trace::decimal::push_number;
use crate::trace::sorted::SortedMap;
use crate::trace::{Event, Lane, NodeId, Record, Trace};

/// Things of one layer and node that may go on at once, each on a thread of its own. Of what is beyond, only the beginning is
/// shown.
const ROWS_MAX: u8 = 64;

/// Threads have numbers that no process has: where both are equal, viewers take it for a process's first thread.
const FIRST_THREAD: u64 = 1 << 20;

/// No record.
const NONE: u32 = u32::MAX;

/// The whole trace, one event a line, unless it is longer than `bytes_max`.
pub fn write(trace: &Trace, bytes_max: usize) -> Option<String> {
    let mut places = Places::default();
    let nodes: Vec<Place> = trace.iter().map(|record| places.of(record)).collect();
    let mut writer = Writer {
        out: String::from("{\"displayTimeUnit\":\"ns\",\"traceEvents\":["),
        trace,
        nodes,
        spans: Spans::of(trace),
        effects: Effects::of(trace),
        shown_on: vec![NONE; trace.len()],
        threads: Vec::new(),
        by_place: SortedMap::new(),
    };
    for (index, record) in trace.iter().enumerate() {
        writer.record(index, record);
        if writer.out.len() > bytes_max {
            return None;
        }
    }
    writer.finish();
    (writer.out.len() <= bytes_max).then_some(writer.out)
}

/// A row of slices: what viewers draw as a thread.
struct Thread {
    at: Place,
    lane: Lane,
    /// 0 for the layer itself; from 1 on for what goes on beside.
    row: u8,
    /// The records that began what is open, the innermost last, each with the record that ends it.
    open: Vec<(u32, u32)>,
}

/// What the records of each cause are: lists linked by index.
struct Effects {
    first: Vec<u32>,
    next: Vec<u32>,
}

impl Effects {
    fn of(trace: &Trace) -> Effects {
        let mut effects = Effects { first: vec![NONE; trace.len()], next: vec![NONE; trace.len()] };
        let mut last = vec![NONE; trace.len()];
        for (index, record) in trace.iter().enumerate() {
            let cause = record.cause as usize;
            // A trace from a file may say what it likes.
            if cause >= index {
                continue;
            }
            match last[cause] {
                NONE => effects.first[cause] = index as u32,
                before => effects.next[before as usize] = index as u32,
            }
            last[cause] = index as u32;
        }
        effects
    }

    fn first(&self, cause: usize) -> Option<usize> {
        some(self.first[cause])
    }

    fn next(&self, effect: usize) -> Option<usize> {
        some(self.next[effect])
    }
}

fn some(index: u32) -> Option<usize> {
    (index != NONE).then_some(index as usize)
}

struct Writer<'a> {
    out: String,
    trace: &'a Trace,
    /// Where each record happened.
    nodes: Vec<Place>,
    spans: Spans,
    effects: Effects,
    /// By record: the thread with the slice that it began.
    shown_on: Vec<u32>,
    threads: Vec<Thread>,
    by_place: SortedMap<(Place, u8, u8), usize>,
}

impl Writer<'_> {
    fn record(&mut self, index: usize, record: &Record) {
        let ended = self.spans.begin(index).is_some_and(|begun| self.end_slice(begun, index, record));
        // An arrival ends the slice of the message at its sender, and is a slice of its own at the receiver.
        if !ended || happens_elsewhere(&record.event) {
            self.begin_slice(index, record);
        }
    }

    fn begin_slice(&mut self, index: usize, record: &Record) {
        let (at, lane) = (self.nodes[index], record.event.lane());
        let event = unwrapped(&record.event).1;
        let lasting = begins(event).map(|(kind, _)| (kind, self.spans.end(index).map_or(NONE, |end| end as u32)));
        let room = lasting.and_then(|(kind, end)| Some((self.room(at, lane, kind, end)?, end)));
        let thread = room.map_or_else(|| self.thread(at, lane, 0), |(thread, _)| thread);
        self.shown_on[index] = thread as u32;
        self.event("B", thread, record.time_ns);
        self.out.push_str(",\"name\":");
        push_json(&mut self.out, &name(event));
        self.out.push_str(",\"cat\":");
        push_json(&mut self.out, lane.word());
        self.out.push_str(",\"args\":");
        push_fields(&mut self.out, event);
        // The number of the record, behind the fields.
        self.out.pop();
        self.out.push_str(if self.out.ends_with('{') { "\"record\":" } else { ",\"record\":" });
        push_number(&mut self.out, index as u64);
        self.out.push_str("}}");
        if self.has_arrow(record.cause as usize, index) {
            self.flow("f", thread, record.time_ns, index);
        }
        self.begin_flows(index, thread, record.time_ns);
        match room {
            Some((_, end)) => self.threads[thread].open.push((index as u32, end)),
            None => self.close(thread, record.time_ns),
        }
    }

    /// Ends the slice that record `begun` began; false if it is not open.
    fn end_slice(&mut self, begun: usize, index: usize, record: &Record) -> bool {
        let Some(thread) = some(self.shown_on[begun]) else { return false };
        let Some(depth) = self.threads[thread].open.iter().position(|(open, _)| *open == begun as u32) else {
            return false;
        };
        // What began inside and did not end ends with it.
        while self.threads[thread].open.len() > depth + 1 {
            self.threads[thread].open.pop();
            self.close(thread, record.time_ns);
        }
        self.threads[thread].open.pop();
        if !happens_elsewhere(&record.event) {
            self.begin_flows(index, thread, record.time_ns);
        }
        self.event("E", thread, record.time_ns);
        self.out.push_str(",\"args\":");
        push_fields(&mut self.out, unwrapped(&record.event).1);
        self.out.push('}');
        true
    }

    fn close(&mut self, thread: usize, time_ns: u64) {
        self.event("E", thread, time_ns);
        self.out.push('}');
    }

    /// Whether an arrow leads from a record to another. None leads to what stands inside its cause's slice, nor to an end.
    fn has_arrow(&self, cause: usize, effect: usize) -> bool {
        let (Some(from), Some(to)) = (self.trace.get(cause).filter(|_| cause < effect), self.trace.get(effect)) else {
            return false;
        };
        if self.spans.begin(effect).is_some() && !happens_elsewhere(&to.event) {
            return false;
        }
        let is_nested = begins(unwrapped(&from.event).1).is_some_and(|(kind, _)| kind.is_nested());
        let is_open = self.spans.end(cause).is_none_or(|end| effect < end);
        let is_beside = self.nodes[cause] == self.nodes[effect] && from.event.lane() == to.event.lane();
        !(is_nested && is_open && is_beside)
    }

    /// Begins the arrows that lead away from a record.
    fn begin_flows(&mut self, index: usize, thread: usize, time_ns: u64) {
        let mut next = self.effects.first(index);
        while let Some(effect) = next {
            if self.has_arrow(index, effect) {
                self.flow("s", thread, time_ns, effect);
            }
            next = self.effects.next(effect);
        }
    }

    fn flow(&mut self, phase: &str, thread: usize, time_ns: u64, number: usize) {
        self.event(phase, thread, time_ns);
        self.out.push_str(",\"name\":\"cause\",\"cat\":\"cause\",\"id\":");
        push_number(&mut self.out, number as u64);
        self.out.push_str(if phase == "f" { ",\"bp\":\"e\"}" } else { "}" });
    }

    /// Begins a line: what every event has. Times are in microseconds.
    fn event(&mut self, phase: &str, thread: usize, time_ns: u64) {
        self.line(phase, thread);
        self.out.push_str(",\"ts\":");
        push_number(&mut self.out, time_ns / 1000);
        let below = time_ns % 1000;
        self.out.push('.');
        for digit in [below / 100, below / 10 % 10, below % 10] {
            push_number(&mut self.out, digit);
        }
    }

    fn line(&mut self, phase: &str, thread: usize) {
        self.out.push_str(if self.out.ends_with('[') { "\n{\"ph\":\"" } else { ",\n{\"ph\":\"" });
        self.out.push_str(phase);
        self.out.push_str("\",\"pid\":");
        push_number(&mut self.out, process(self.threads[thread].at));
        self.out.push_str(",\"tid\":");
        push_number(&mut self.out, FIRST_THREAD + thread as u64);
    }

    /// The thread for what lasts until `end`; nothing if there is none left.
    fn room(&mut self, at: Place, lane: Lane, kind: Kind, end: u32) -> Option<usize> {
        if kind.is_nested() {
            let thread = self.thread(at, lane, 0);
            if self.threads[thread].open.last().is_none_or(|(_, outer)| end <= *outer) {
                return Some(thread);
            }
        }
        for row in 1..=ROWS_MAX {
            let thread = self.thread(at, lane, row);
            if self.threads[thread].open.is_empty() {
                return Some(thread);
            }
        }
        None
    }

    fn thread(&mut self, at: Place, lane: Lane, row: u8) -> usize {
        let place = (at, lane as u8, row);
        if let Some(thread) = self.by_place.get(&place) {
            return *thread;
        }
        self.threads.push(Thread { at, lane, row, open: Vec::new() });
        self.by_place.insert(place, self.threads.len() - 1);
        self.threads.len() - 1
    }

    /// Ends what is open, and names processes and threads.
    fn finish(&mut self) {
        let end_ns =
            self.trace.len().checked_sub(1).and_then(|last| self.trace.get(last)).map_or(0, |record| record.time_ns);
        for thread in 0..self.threads.len() {
            while self.threads[thread].open.pop().is_some() {
                self.close(thread, end_ns);
            }
        }
        let roles = self.trace.iter().find_map(|record| match &record.event {
            Event::StateTaken { state } => state.parts.tiers.clone(),
            _ => None,
        });
        for thread in 0..self.threads.len() {
            let Thread { at, lane, row, .. } = self.threads[thread];
            let mut text = String::new();
            if at.shard != NodeId::default() {
                text.push_str("shard ");
                push_number(&mut text, u64::from(at.shard.0));
                text.push(' ');
            }
            text.push_str(&if at.node.0 == 0 { "run".to_string() } else { at.node.to_string() });
            let role = roles.as_ref().and_then(|tiers| tiers.places.get(usize::from(at.node.0).wrapping_sub(1)));
            if let Some(role) = role.filter(|_| at.shard == NodeId::default()) {
                text.push(' ');
                text.push_str(role.kind.word());
            }
            self.metadata("process_name", thread, &text);
            self.sort_index("process_sort_index", thread, process(at));
            text.clear();
            text.push_str(lane.word());
            if row > 0 {
                text.push(' ');
                push_number(&mut text, u64::from(row));
            }
            self.metadata("thread_name", thread, &text);
            let place = Lane::ALL.iter().position(|other| *other == lane).unwrap_or_default();
            self.sort_index("thread_sort_index", thread, place as u64 * (u64::from(ROWS_MAX) + 1) + u64::from(row));
        }
        self.out.push_str("\n]}\n");
    }

    fn metadata(&mut self, what: &str, thread: usize, name: &str) {
        self.line("M", thread);
        self.out.push_str(",\"name\":");
        push_json(&mut self.out, what);
        self.out.push_str(",\"args\":{\"name\":");
        push_json(&mut self.out, name);
        self.out.push_str("}}");
    }

    fn sort_index(&mut self, what: &str, thread: usize, index: u64) {
        self.line("M", thread);
        self.out.push_str(",\"name\":");
        push_json(&mut self.out, what);
        self.out.push_str(",\"args\":{\"sort_index\":");
        push_number(&mut self.out, index);
        self.out.push_str("}}");
    }
}

/// The number of a node's process.
fn process(at: Place) -> u64 {
    (u64::from(at.shard.0) << 16) + u64::from(at.node.0) + 1
}

/// Whether an event that ends something happens at another node than what it ends.
fn happens_elsewhere(event: &Event) -> bool {
    matches!(unwrapped(event).1, Event::MessageDelivered { .. })
}

/// What a slice is called.
fn name(event: &Event) -> String {
    match event {
        Event::CommandBegun { text, .. } | Event::Comment { text } | Event::RequestAsked { text, .. } => {
            text.to_string()
        }
        Event::OperationBegun { operation, .. } => operation.word().to_string(),
        Event::HeapBegun { operation, .. } => operation.word().to_string(),
        Event::TierAsked { operation, .. } => operation.word().to_string(),
        Event::MessageSent { kind, .. } => kind.to_string(),
        Event::Noted { topic, .. } | Event::TierNoted { topic, .. } => topic.to_string(),
        event => event.name().to_string(),
    }
}
