//! The JavaScript interface: a run driven from a script, without the page.
//!
//! ```js
//! import init, { Session } from './glassbase_core.js';
//! await init();
//! const session = new Session('lab btree\nset order 4\ninsert 37');
//! session.run();
//! session.append('insert 40');          // throws with a sentence when it is not understood
//! while (session.step(1000)) { ... }    // or in slices
//! session.view();                       // { height: 1, records: 2, pages: [...], ... }
//! ```
//!
//! Thin on purpose: everything is done by [`crate::lab::Session`]. [`records`] is the storage engine without a lab. Built
//! with the feature `js`.

mod records;

pub use records::RecordStore;

use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::lab::{self, Problem, Progress};
use crate::trace::{PageBody, PageState, bytes, text, write_trace};
use crate::view::Timeline;

const BUDGET: u32 = 1 << 16;

#[wasm_bindgen]
pub struct Session {
    inner: lab::Session,
}

#[wasm_bindgen]
impl Session {
    /// Parses a script; runs nothing yet.
    #[wasm_bindgen(constructor)]
    pub fn new(script: &str) -> Session {
        Session { inner: lab::Session::new(script) }
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
    pub fn append(&mut self, text: &str) -> Result<(), JsError> {
        self.inner.append(text).map_err(|problems| JsError::new(&sentences(&problems)))
    }

    /// What is wrong with the script, one sentence a line; empty when nothing is.
    pub fn problems(&self) -> String {
        sentences(self.inner.problems())
    }

    pub fn script(&self) -> String {
        self.inner.script()
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

    /// The tree as a plain object, after the first `position` records or at the end.
    pub fn view(&self, position: Option<usize>) -> Result<JsValue, JsError> {
        let timeline = Timeline::new(self.inner.trace().clone());
        let view = timeline.view_at(position.unwrap_or(usize::MAX));
        let state = &view.state;
        let plain = Plain {
            position: view.position,
            time_ns: view.time_ns as f64,
            root: state.root.0,
            height: state.height,
            records: state.records as f64,
            caption: timeline.caption_at(view.position),
            pages: state.pages.iter().map(|page| plain_page(page)).collect(),
        };
        serde_wasm_bindgen::to_value(&plain).map_err(|error| JsError::new(&error.to_string()))
    }
}

#[derive(Serialize)]
struct Plain {
    position: usize,
    time_ns: f64,
    root: u32,
    height: u8,
    records: f64,
    caption: String,
    pages: Vec<PlainPage>,
}

#[derive(Serialize)]
struct PlainPage {
    id: u32,
    kind: &'static str,
    level: Option<u8>,
    used: u32,
    keys: Vec<String>,
    children: Vec<u32>,
    next: u32,
}

fn plain_page(page: &PageState) -> PlainPage {
    let keys = page.cells().map_or(Vec::new(), |cells| cells.iter().map(|(key, _)| bytes::show(key)).collect());
    let (kind, children, next) = match &page.body {
        PageBody::Meta => ("meta", Vec::new(), 0),
        PageBody::Leaf { next, .. } => ("leaf", Vec::new(), next.0),
        PageBody::Inner { leftmost, cells, .. } => {
            let right = cells.iter().map(|(_, cell)| cell.link.0);
            ("inner", std::iter::once(leftmost.0).chain(right).collect(), 0)
        }
        PageBody::Overflow { next, .. } => ("overflow", Vec::new(), next.0),
        PageBody::Free { next } => ("free", Vec::new(), next.0),
    };
    PlainPage { id: page.page.0, kind, level: page.level(), used: page.used, keys, children, next }
}

fn sentences(problems: &[Problem]) -> String {
    let lines = problems.iter().map(|problem| {
        format!("line {}, column {}: {}; {}", problem.line, problem.column, problem.what, problem.remedy)
    });
    lines.collect::<Vec<_>>().join("\n")
}
