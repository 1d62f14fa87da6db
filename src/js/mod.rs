//! The JavaScript interface: a run driven from a script, without the page. Its words for TypeScript are in [`types`].
//!
//! ```js
//! import { Session } from '@glassbase/core';
//! const session = new Session('lab raft\nput x 1\nwait');
//! session.run();
//! session.append('get x');              // throws an Error with a `code` when it is not understood
//! while (session.step(1000)) { ... }    // or in slices
//! session.records(0, 100);              // what happened, as plain objects
//! session.view();                       // what there is to see of it, in any lab
//! ```
//!
//! Thin on purpose: everything is done by [`crate::lab::Session`]. [`plain`] makes plain objects, [`records`] is the storage
//! engine without a lab. Built with the feature `js`.

mod plain;
mod records;
mod types;

pub use records::RecordStore;

use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::app::thrown::{Thrown, sentence_of};
use crate::lab::{self, LABS, Progress};
use crate::trace::{text, write_trace};
use crate::view::Timeline;

const BUDGET: u32 = 1 << 16;
/// Most records that are given at once: each is an object of a dozen fields.
const RECORDS_MAX: usize = 100_000;

#[wasm_bindgen]
pub struct Session {
    inner: lab::Session,
    /// What is known of the trace so far; it grows when it is asked.
    timeline: Timeline,
}

#[wasm_bindgen]
impl Session {
    /// Parses a script; runs nothing yet. Lines that are not understood are passed over: see `problems`, or `check`.
    #[wasm_bindgen(constructor)]
    pub fn new(script: &str) -> Session {
        Session::of(lab::Session::new(script))
    }

    fn of(inner: lab::Session) -> Session {
        let timeline = Timeline::of_lab(inner.lab().name);
        Session { inner, timeline }
    }

    /// Throws when the script has lines that are not understood.
    pub fn check(&self) -> Result<(), JsValue> {
        match self.inner.problems() {
            [] => Ok(()),
            problems => Err(Thrown::script(problems).into_value()),
        }
    }

    /// Carries out everything.
    pub fn run(&mut self) {
        while self.step(BUDGET) {}
    }

    /// Carries out at most about `budget` units of work; true while there is more.
    pub fn step(&mut self, budget: u32) -> bool {
        self.inner.step(budget) != Progress::Idle
    }

    /// Adds commands at the end of the script.
    pub fn append(&mut self, text: &str) -> Result<(), JsValue> {
        self.inner.append(text).map_err(|problems| Thrown::script(&problems).into_value())
    }

    /// A run of its own that has done what was complete when the trace had `position` records.
    pub fn fork(&self, position: usize) -> Result<Session, JsValue> {
        self.reached(position)?;
        Ok(Session::of(self.inner.fork_at(position)))
    }

    /// What is wrong with the script.
    #[wasm_bindgen(unchecked_return_type = "Problem[]")]
    pub fn problems(&self) -> Result<JsValue, JsValue> {
        given(&plain::problems(self.inner.problems()))
    }

    pub fn script(&self) -> String {
        self.inner.script()
    }

    /// The lab's word.
    #[wasm_bindgen(getter)]
    pub fn lab(&self) -> String {
        self.inner.lab().name.to_string()
    }

    /// The trace as a file.
    pub fn trace(&self) -> String {
        write_trace(&self.inner.script(), self.inner.trace())
    }

    /// Records of the trace.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> usize {
        self.inner.trace().len()
    }

    /// The hash of the trace, in hex: equal runs have equal hashes, natively and in any browser.
    pub fn hash(&self) -> String {
        format!("{:016x}", text::hash(self.inner.trace()))
    }

    /// Records of the trace as plain objects, from one on, so many or as many as there are.
    #[wasm_bindgen(unchecked_return_type = "TraceRecord[]")]
    pub fn records(&mut self, from: usize, count: Option<usize>) -> Result<JsValue, JsValue> {
        self.reached(from)?;
        let count = count.unwrap_or(usize::MAX).min(self.length() - from);
        if count > RECORDS_MAX {
            let what = format!("{count} records at once are too many: ask for {RECORDS_MAX} at most, then go on.");
            return Err(Thrown::new("limit", what).into_value());
        }
        self.know();
        given(&plain::records(&self.timeline, from, count))
    }

    /// The commands that were carried out, each with what it answered.
    #[wasm_bindgen(unchecked_return_type = "CommandResult[]")]
    pub fn results(&self) -> Result<JsValue, JsValue> {
        given(&plain::results(&self.inner))
    }

    /// What there is to see after the first `position` records, or at the end: in any lab, as a plain object.
    #[wasm_bindgen(unchecked_return_type = "View")]
    pub fn view(&mut self, position: Option<usize>) -> Result<JsValue, JsValue> {
        let position = position.unwrap_or(self.length());
        self.reached(position)?;
        self.know();
        given(&plain::view(self.inner.lab().name, &self.timeline, position))
    }

    fn know(&mut self) {
        if self.timeline.guide().lab != self.inner.lab().name {
            self.timeline = Timeline::of_lab(self.inner.lab().name);
        }
        self.timeline.extend(self.inner.trace().clone());
    }

    fn reached(&self, position: usize) -> Result<(), JsValue> {
        if position <= self.length() {
            return Ok(());
        }
        let what = format!("The trace has {} records so far; there is no position {position}.", self.length());
        Err(Thrown::new("position", what).into_value())
    }
}

/// Every lab with its commands, settings and presets.
#[wasm_bindgen(unchecked_return_type = "LabInfo[]")]
pub fn labs() -> Result<JsValue, JsValue> {
    given(&LABS.iter().map(|lab| plain::lab(lab)).collect::<Vec<_>>())
}

/// The script of a preset: `NAME` of the first lab, `LAB/NAME` of the others.
#[wasm_bindgen]
pub fn preset(word: &str) -> Result<String, JsValue> {
    let found = lab::preset(word).map(|(_, preset)| preset.script.to_string());
    let unknown = || {
        let what = format!("There is no preset \"{word}\"; {}", lab::preset_suggestion(word));
        Thrown::new("preset", sentence_of(&what)).into_value()
    };
    found.ok_or_else(unknown)
}

/// The script in a shared link, or in what stands behind its `#`.
#[wasm_bindgen(js_name = readLink)]
pub fn read_link(link: &str) -> Result<String, JsValue> {
    let fragment = link.split_once('#').map_or(link, |(_, fragment)| fragment);
    let read = lab::Link::decode(fragment);
    read.map(|link| link.script).map_err(|error| Thrown::new("link", sentence_of(&error)).into_value())
}

/// A plain object of JavaScript: maps as objects, nothing as null.
fn given(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).map_err(|error| Thrown::new("failed", error.to_string()).into_value())
}
