//! The B+tree as a store of records for a JavaScript program: no lab, no script, no recording.
//!
//! A call that passes an array into WebAssembly has memory allocated for it, copied to and freed again, and one that returns
//! an array the same on the way back. Here nothing is passed but numbers. Keys and values go through an **exchange**, a
//! piece of this program's memory that JavaScript sees as one `Uint8Array`:
//!
//! ```text
//!   insert, upsert   │ key │ value │ …                                written by JavaScript before the call
//!   get, delete      │ key │ …
//!   scan             │ first key │ last key │ …
//!   reply of get     │ key │ value │ …
//!   reply of scan    │ key length u32 │ value length u32 │ key │ value │ key length …     little-endian
//! ```
//!
//! A reply is there until the next call. Calls answer with a number: below zero means that there is nothing
//! ([`ABSENT`]) or that it failed ([`FAILED`], and `failure()` says why).
//!
//! **Invariant:** JavaScript's view is renewed before it is used when it has become empty, which is what views do when
//! the memory grows under them, and when `exchange_length` says that the exchange has grown. `src/js/records.js` does
//! that, and is the interface meant for use.

use glassbase_engine::sim::{Cx, Device};
use glassbase_engine::storage::{Options, StorageError, Tree};
use wasm_bindgen::prelude::*;

/// The answer of `get` when there is no such key.
pub const ABSENT: f64 = -1.0;
/// The answer of any call that failed.
pub const FAILED: f64 = -2.0;

/// Room for most requests from the start.
const EXCHANGE_BYTES: usize = 64 << 10;

/// A B+tree on a disk in memory, behind an exchange.
#[wasm_bindgen]
pub struct RecordStore {
    cx: Cx,
    tree: Tree,
    exchange: Vec<u8>,
    failure: String,
}

#[wasm_bindgen]
impl RecordStore {
    /// An empty store with a pool of so many pages of 8 KiB.
    #[wasm_bindgen(constructor)]
    pub fn new(frames: u32) -> Result<RecordStore, JsError> {
        let mut cx = Cx::new(0);
        cx.recorder.switch(false);
        let options = Options { frames, device: Device::Ram, ..Options::default() };
        let tree = Tree::create(&mut cx, &options).map_err(|error| JsError::new(&error.to_string()))?;
        Ok(RecordStore { cx, tree, exchange: vec![0; EXCHANGE_BYTES], failure: String::new() })
    }

    /// A view of the exchange, which has at least `length` bytes then.
    pub fn exchange(&mut self, length: usize) -> js_sys::Uint8Array {
        if self.exchange.len() < length {
            self.exchange.resize(length.next_power_of_two(), 0);
        }
        let memory = js_sys::WebAssembly::Memory::from(wasm_bindgen::memory());
        let (offset, length) = (self.exchange.as_ptr() as u32, self.exchange.len() as u32);
        js_sys::Uint8Array::new_with_byte_offset_and_length(&memory.buffer(), offset, length)
    }

    pub fn exchange_length(&self) -> usize {
        self.exchange.len()
    }

    /// Why the last call that answered [`FAILED`] did.
    pub fn failure(&self) -> String {
        self.failure.clone()
    }

    /// Records of the store.
    pub fn count(&self) -> f64 {
        self.tree.records() as f64
    }

    /// Adds a record: 1, or 0 if the key is there already.
    pub fn insert(&mut self, key_length: usize, value_length: usize) -> f64 {
        let Some((key, value)) = request(&self.exchange, key_length, value_length) else { return self.too_long() };
        let result = self.tree.insert(&mut self.cx, key, value);
        self.answer(result.map(f64::from))
    }

    /// Adds a record, or replaces its value: 1 if it was there, 0 if it is new.
    pub fn upsert(&mut self, key_length: usize, value_length: usize) -> f64 {
        let Some((key, value)) = request(&self.exchange, key_length, value_length) else { return self.too_long() };
        let result = self.tree.upsert(&mut self.cx, key, value);
        self.answer(result.map(f64::from))
    }

    /// Looks a key up: the length of its value, which stands behind the key then.
    pub fn get(&mut self, key_length: usize) -> f64 {
        let Some((key, reply)) = self.exchange.split_at_mut_checked(key_length) else { return self.too_long() };
        let (mut length, mut long) = (ABSENT, None);
        let result = self.tree.get_with(&mut self.cx, key, |value| {
            length = value.len() as f64;
            match reply.get_mut(..value.len()) {
                Some(room) => room.copy_from_slice(value),
                None => long = Some(value.to_vec()),
            }
        });
        if let Some(value) = long {
            self.exchange.truncate(key_length);
            self.exchange.extend(value);
        }
        self.answer(result.map(|_| length))
    }

    /// Removes a record: 1, or 0 if there was none.
    pub fn delete(&mut self, key_length: usize) -> f64 {
        let Some((key, _)) = request(&self.exchange, key_length, 0) else { return self.too_long() };
        let result = self.tree.delete(&mut self.cx, key);
        self.answer(result.map(f64::from))
    }

    /// Visits the records from the first key to the last one (both included; a length below zero: no bound), or
    /// backward, at most `limit`: how many there were. They are the reply.
    pub fn scan(&mut self, first_length: i32, last_length: i32, reverse: bool, limit: f64) -> f64 {
        let lengths = [first_length, last_length].map(|length| usize::try_from(length).ok());
        let [first, last] = lengths.map(Option::unwrap_or_default);
        let Some((first, last)) = request(&self.exchange, first, last) else { return self.too_long() };
        // The reply takes the place of the request.
        let (first, last) = (first.to_vec(), last.to_vec());
        let bounds = (lengths[0].map(|_| &first[..]), lengths[1].map(|_| &last[..]));
        let (exchange, mut end) = (&mut self.exchange, 0);
        let mut visit = |key: &[u8], value: &[u8]| end = pack(exchange, end, key, value);
        let result = self.tree.scan(&mut self.cx, bounds.0, bounds.1, reverse, limit as u64, &mut visit);
        self.answer(result.map(|count| count as f64))
    }

    fn answer(&mut self, result: Result<f64, StorageError>) -> f64 {
        result.unwrap_or_else(|error| {
            self.failure = error.to_string();
            FAILED
        })
    }

    #[cold]
    fn too_long(&mut self) -> f64 {
        self.failure = format!("the exchange has {} bytes, the request is longer", self.exchange.len());
        FAILED
    }
}

/// The two parts of a request, unless it is longer than the exchange.
#[inline]
fn request(exchange: &[u8], first: usize, second: usize) -> Option<(&[u8], &[u8])> {
    let (first, rest) = exchange.split_at_checked(first)?;
    Some((first, rest.get(..second)?))
}

/// Writes a record at `at`, making room for it; returns where it ends.
fn pack(exchange: &mut Vec<u8>, at: usize, key: &[u8], value: &[u8]) -> usize {
    let (key_at, value_at) = (at + 8, at + 8 + key.len());
    let end = value_at + value.len();
    if exchange.len() < end {
        exchange.resize(end.next_power_of_two(), 0);
    }
    exchange[at..at + 4].copy_from_slice(&(key.len() as u32).to_le_bytes());
    exchange[at + 4..key_at].copy_from_slice(&(value.len() as u32).to_le_bytes());
    exchange[key_at..value_at].copy_from_slice(key);
    exchange[value_at..end].copy_from_slice(value);
    end
}
