//! The storage engine behind a JavaScript interface, for the benchmarks in the browser (tests/e2e/bench.mjs).
//!
//! Two ways to drive it: [`Inside`] does a whole work within the engine, as one SQL statement would; [`Tree`] takes one
//! call for each record, so that each crosses the boundary between JavaScript and WebAssembly.
#![cfg(target_arch = "wasm32")]

use glassbase_engine::bench::{MapSubject, Rows, TreeSubject, Work};
use wasm_bindgen::prelude::*;

fn fail(error: impl std::fmt::Display) -> JsError {
    JsError::new(&error.to_string())
}

/// Rows and a subject for whole works.
#[wasm_bindgen]
pub struct Inside {
    rows: Rows,
    tree: TreeSubject,
    map: MapSubject,
}

#[wasm_bindgen]
impl Inside {
    #[wasm_bindgen(constructor)]
    pub fn new(rows: usize, frames: u32, recording: bool) -> Result<Inside, JsError> {
        let tree = TreeSubject::new(frames, recording).map_err(fail)?;
        Ok(Inside { rows: Rows::new(rows), tree, map: MapSubject::default() })
    }

    /// Does one work on the tree; returns a sum that depends on all that was done.
    pub fn tree(&mut self, work: &str) -> Result<f64, JsError> {
        let work = Work::from_word(work).ok_or_else(|| fail(format!("there is no work `{work}`")))?;
        let sum = self.tree.run(work, &self.rows).map_err(fail)?;
        self.tree.cx.recorder.trace.truncate(0);
        Ok(sum as f64)
    }

    /// The same on the standard library's map.
    pub fn map(&mut self, work: &str) -> Result<f64, JsError> {
        let work = Work::from_word(work).ok_or_else(|| fail(format!("there is no work `{work}`")))?;
        Ok(self.map.run(work, &self.rows) as f64)
    }

    /// All keys one behind the other: as inserted, sorted, and in the order of look-ups.
    pub fn keys(&self, order: &str) -> Vec<u8> {
        let keys = match order {
            "sorted" => &self.rows.sorted,
            "reshuffled" => &self.rows.reshuffled,
            _ => &self.rows.shuffled,
        };
        keys.concat()
    }
}

/// A tree, one call for each record.
#[wasm_bindgen]
pub struct Tree(TreeSubject);

#[wasm_bindgen]
impl Tree {
    #[wasm_bindgen(constructor)]
    pub fn new(frames: u32) -> Result<Tree, JsError> {
        TreeSubject::new(frames, false).map(Tree).map_err(fail)
    }

    pub fn insert(&mut self, key: &[u8], value: &[u8]) -> Result<bool, JsError> {
        self.0.tree.insert(&mut self.0.cx, key, value).map_err(fail)
    }

    pub fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, JsError> {
        self.0.tree.get(&mut self.0.cx, key).map_err(fail)
    }

    pub fn delete(&mut self, key: &[u8]) -> Result<bool, JsError> {
        self.0.tree.delete(&mut self.0.cx, key).map_err(fail)
    }

    /// Hands up to `limit` records from `from` on to `visit(key, value)`.
    pub fn scan(&mut self, from: &[u8], limit: u32, visit: &js_sys::Function) -> Result<f64, JsError> {
        let mut show = |key: &[u8], value: &[u8]| {
            let (key, value) = (js_sys::Uint8Array::from(key), js_sys::Uint8Array::from(value));
            let _ = visit.call2(&JsValue::NULL, &key, &value);
        };
        let TreeSubject { cx, tree } = &mut self.0;
        tree.scan(cx, Some(from), None, false, u64::from(limit), &mut show).map(|count| count as f64).map_err(fail)
    }
}
