//! The golden scripts in a browser: the same traces, byte for byte, as natively.
#![cfg(target_arch = "wasm32")]

mod scripts;

use glassbase_core::lab::Link;
use glassbase_core::trace::text::hash;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const HASHES: &str = include_str!("scripts/hashes.txt");

#[wasm_bindgen_test]
fn traces_are_the_same_as_natively() {
    let scripts = scripts::all();
    assert_eq!(HASHES.lines().count(), scripts.len());
    for ((name, text), line) in scripts.into_iter().zip(HASHES.lines()) {
        let session = scripts::run(text);
        assert_eq!(format!("{name} {:016x}", hash(session.trace())), line);
    }
}

#[wasm_bindgen_test]
fn links_are_the_same_as_natively() {
    for (name, text) in scripts::all() {
        let link = Link::of_script(text);
        assert_eq!(Link::decode(&link.encode().unwrap()), Ok(link), "{name}");
    }
}
