//! The golden scripts in a browser: the same traces, byte for byte, as natively. And the JavaScript interface, which is
//! there with the feature `js`.
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

#[cfg(feature = "js")]
mod js {
    use glassbase_core::js::Session;
    use glassbase_core::lab;
    use glassbase_core::trace::text::hash;
    use js_sys::{Array, Reflect};
    use wasm_bindgen::JsValue;
    use wasm_bindgen_test::wasm_bindgen_test;

    const SCRIPT: &str = "lab btree\nset order 4\ninsert 20\ninsert 10\ninsert ash\ninsert 30";

    fn field(object: &JsValue, name: &str) -> JsValue {
        Reflect::get(object, &name.into()).unwrap()
    }

    fn keys(view: &JsValue) -> Vec<String> {
        let pages = Array::from(&field(view, "pages")).to_vec();
        let leaves = pages.iter().filter(|page| field(page, "kind") == "leaf");
        let of_leaf = |leaf: &JsValue| Array::from(&field(leaf, "keys")).to_vec();
        leaves.flat_map(of_leaf).map(|key| key.as_string().unwrap()).collect()
    }

    #[wasm_bindgen_test]
    fn a_script_drives_a_run() {
        let mut session = Session::new(SCRIPT);
        while session.step(1) {}
        let view = session.view(None).unwrap();
        assert_eq!((field(&view, "height").as_f64(), field(&view, "records").as_f64()), (Some(2.0), Some(4.0)));
        assert_eq!(keys(&view), ["10", "20", "30", "ash"]);
        assert_eq!(field(&view, "position").as_f64(), Some(session.length() as f64));
        let begin = session.view(Some(1)).unwrap();
        assert_eq!((field(&begin, "records").as_f64(), keys(&begin).len()), (Some(0.0), 0));
        let mut same = lab::Session::new(SCRIPT);
        while same.step(1000) != lab::Progress::Idle {}
        assert_eq!(session.hash(), format!("{:016x}", hash(same.trace())));
    }

    #[wasm_bindgen_test]
    fn what_cannot_be_understood_is_thrown() {
        let mut session = Session::new("inset 1");
        assert!(session.problems().contains("insert"));
        assert!(session.append("insert 1 2 3").is_err());
        session.append("insert 1").unwrap_or_else(|_| panic!("this is a command"));
        session.run();
        assert_eq!(session.script(), "inset 1\ninsert 1");
        assert!(session.trace().starts_with("glassbase-trace 1\n> inset 1\n> insert 1\n"));
    }
}
