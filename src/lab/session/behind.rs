//! What is behind a door: a part of the engine that is an engine of its own (a node's store, a shard), seen in its own lab.
//!
//! ```text
//!   the run       ─ put ─ sent ─ within s1: logged ─ told ─ put ─ within s1: logged ─ told ─
//!                                    │                              │
//!   the part s1   ─ state ───────── logged ─────────────────────── logged ──────               one clock, one order
//!                                    ▲ opened here: what was before is there too, and what comes after
//! ```
//!
//! A part that the run tells of is what its events say of it. A store is told of in a word or two at most, so the lines around
//! the moment are carried out again, and the store is filmed.
//!
//! **Invariant:** a film shows the part as the run had it: of what the run tells at every moment, of a store at the end of each step.

use std::rc::Rc;

use super::Session;
use crate::lab::LabInfo;
use crate::trace::{EngineState, Event, Lane, NO_CAUSE, Record, Trace};

/// Records of the run before and after a moment that are carried out again for a film.
const AROUND: usize = 4_000;

/// A part as a run of its own lab.
pub struct Behind {
    /// The lab that shows it.
    pub lab: &'static LabInfo,
    pub trace: Trace,
    /// How many records the run had at each of the film's.
    pub moments: Vec<usize>,
    /// Where the film stands at the moment that was asked for: behind a remark that says so.
    pub position: usize,
}

impl Behind {
    fn new(lab: &'static LabInfo) -> Behind {
        Behind { lab, trace: Trace::new(), moments: Vec::new(), position: 0 }
    }

    /// Puts a remark where the film stands when the run has so many records. What a store does in a step takes its time: of
    /// that, the part that is to come stands behind the remark.
    fn remark(mut self, moment: usize, time_ns: u64, text: &str) -> Option<Behind> {
        let known = self.moments.iter().zip(self.trace.iter());
        let before = known.take_while(|(known, record)| **known <= moment && record.time_ns <= time_ns).count();
        if before == 0 {
            return None;
        }
        let after = self.moments.split_off(before);
        let trace = std::mem::replace(&mut self.trace, Trace::new());
        trace.iter().take(before).for_each(|record| self.trace.push(record.clone()));
        self.push(moment, time_ns, 0, Event::Comment { text: text.into() });
        self.position = self.trace.len();
        trace.iter_from(before).for_each(|record| self.trace.push(record.clone()));
        self.moments.extend(after);
        Some(self)
    }

    /// What happened to the part when the run had so many records. Causes are of the run, and stay there.
    fn push(&mut self, moment: usize, time_ns: u64, node: u16, event: Event) {
        let last = self.trace.len().checked_sub(1).and_then(|last| self.trace.get(last));
        let time_ns = time_ns.max(last.map_or(0, |last| last.time_ns));
        self.trace.push(Record { time_ns, cause: NO_CAUSE, node, event });
        self.moments.push(moment);
    }
}

impl Session {
    /// A part of the engine with its past and its future, as its own lab shows it; nothing if there is none at this position of
    /// the trace.
    pub fn part_at(&self, name: &str, position: usize) -> Option<Behind> {
        let is_there = |behind: &Behind| behind.moments.first().is_some_and(|first| *first <= position);
        let behind = self.part_told(name).or_else(|| self.part_filmed(name, position)).filter(is_there);
        let last = position.checked_sub(1).and_then(|index| self.trace().get(index));
        let text = format!("{name} as it stands when the door is opened. Step back to see what was before.");
        behind.or_else(|| self.part_alone(name, position))?.remark(position, last.map_or(0, |last| last.time_ns), &text)
    }

    /// A part as it stands at the end of what was carried out.
    pub fn part(&self, name: &str) -> Option<EngineState> {
        self.world.machine.part(name).map(|(_, state)| state)
    }

    /// From what the run tells of it.
    fn part_told(&self, name: &str) -> Option<Behind> {
        let machine = &self.world.machine;
        let lab = machine.part_lab(name)?;
        let mut behind = Behind::new(lab);
        for (index, record) in self.trace().iter().enumerate() {
            let event = match machine.of_part(name, &record.event) {
                Some(event) => event,
                // A state without the part: it is not there, or not yet.
                None if matches!(record.event, Event::StateTaken { .. }) => {
                    (behind.trace, behind.moments) = (Trace::new(), Vec::new());
                    continue;
                }
                None if record.event.lane() == Lane::Script => record.event.clone(),
                None => continue,
            };
            if behind.trace.is_empty() && !matches!(event, Event::StateTaken { .. }) {
                continue;
            }
            behind.push(index + 1, record.time_ns, record.node, event);
        }
        (!behind.trace.is_empty()).then_some(behind)
    }

    /// By carrying out again what was done around this position, with an eye on it.
    fn part_filmed(&self, name: &str, position: usize) -> Option<Behind> {
        let (from, to) = self.lines_around(position);
        let mut run = self.resumed(from, to);
        while run.ends.len() < from {
            let mut unlimited = u32::MAX;
            run.step_line(&mut unlimited);
        }
        let mut behind = Behind::new(self.lab());
        let until = position + AROUND;
        let mut told = run.trace().len();
        loop {
            run.film(name, told, &mut behind);
            told = run.trace().len();
            if run.ends.len() >= to || told >= until || run.is_idle() {
                break;
            }
            run.step_line(&mut 1);
        }
        (!behind.trace.is_empty()).then_some(behind)
    }

    /// As it stood, for what can't be filmed.
    fn part_alone(&self, name: &str, position: usize) -> Option<Behind> {
        let count = self.settled_at(position);
        let mut run = self.resumed(count, count + 1);
        while run.ends.len() < count {
            let mut unlimited = u32::MAX;
            run.step_line(&mut unlimited);
        }
        while run.ends.len() == count && run.trace().len() < position && run.script.items.len() > count {
            run.step_line(&mut 1);
        }
        let (lab, state) = run.world.machine.part(name)?;
        let mut behind = Behind::new(crate::lab::lab(lab)?);
        behind.push(position, run.world.cx.now_ns(), 0, Event::StateTaken { state: Rc::new(state) });
        Some(behind)
    }

    /// Takes up what the part did since the run had so many records.
    fn film(&mut self, name: &str, told: usize, behind: &mut Behind) {
        let (moment, now_ns) = (self.trace().len(), self.world.cx.now_ns());
        if !behind.trace.is_empty() {
            let is_line = |event: &Event| event.lane() == Lane::Script && !matches!(event, Event::StateTaken { .. });
            for line in self.trace().iter_from(told).filter(|record| is_line(&record.event)) {
                behind.push(moment, line.time_ns, line.node, line.event.clone());
            }
        }
        match self.world.machine.film(name) {
            // A part that is there from now on: as it stands.
            Some(true) => {
                let Some((lab, state)) = self.world.machine.part(name) else { return };
                let Some(lab) = crate::lab::lab(lab) else { return };
                behind.lab = lab;
                behind.push(moment, now_ns, 0, Event::StateTaken { state: Rc::new(state) });
            }
            Some(false) => {
                let film = self.world.machine.filmed(name);
                let began_ns = film.get(0).map_or(0, |first| first.time_ns);
                for record in film.iter() {
                    let time_ns = now_ns.saturating_add(record.time_ns.saturating_sub(began_ns));
                    behind.push(moment, time_ns, record.node, record.event.clone());
                }
            }
            None => {}
        }
    }

    /// The lines around a position that give so many records at most, one by one.
    fn lines_around(&self, position: usize) -> (usize, usize) {
        let here = self.settled_at(position);
        let begun = |line: usize| line.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(0);
        let is_told = |line: usize| {
            let mut events = self.trace().iter_from(begun(line)).take(self.ends[line] - begun(line));
            !events.any(|record| matches!(record.event, Event::StateTaken { .. }))
        };
        let mut from = here.min(self.ends.len());
        while from > 0 && begun(from - 1) + AROUND >= position && is_told(from - 1) {
            from -= 1;
        }
        let mut to = (here + 1).min(self.script.items.len());
        while to < self.ends.len() && begun(to) <= position + AROUND && is_told(to) {
            to += 1;
        }
        (from, to)
    }
}
