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
        let problems = Array::from(&session.problems().unwrap());
        assert!(field(&problems.get(0), "remedy").as_string().unwrap().contains("insert"));
        let error = session.check().unwrap_err();
        assert_eq!(field(&error, "code"), "syntax");
        assert_eq!(field(&session.append("insert 1 2 3").unwrap_err(), "code"), "syntax");
        session.append("insert 1").unwrap_or_else(|_| panic!("this is a command"));
        session.run();
        assert_eq!(session.script(), "inset 1\ninsert 1");
        assert!(session.trace().starts_with("glassbase-trace 1\n> inset 1\n> insert 1\n"));
    }
}

/// The store of records, through `src/js/records.js` as a program uses it.
#[cfg(feature = "js")]
mod records {
    use std::collections::BTreeMap;

    use glassbase_core::js::RecordStore;
    use glassbase_core::sim::Generator;
    use js_sys::Uint8Array;
    use wasm_bindgen::prelude::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen(module = "/src/js/records.js")]
    extern "C" {
        type Records;
        #[wasm_bindgen(constructor)]
        fn new(store: RecordStore) -> Records;
        #[wasm_bindgen(method, catch)]
        fn insert(this: &Records, key: JsValue, value: JsValue) -> Result<bool, JsValue>;
        #[wasm_bindgen(method)]
        fn upsert(this: &Records, key: JsValue, value: JsValue) -> bool;
        #[wasm_bindgen(method, catch)]
        fn get(this: &Records, key: JsValue) -> Result<Option<Uint8Array>, JsValue>;
        #[wasm_bindgen(method, js_name = getText)]
        fn get_text(this: &Records, key: JsValue) -> Option<String>;
        #[wasm_bindgen(method)]
        fn has(this: &Records, key: JsValue) -> bool;
        #[wasm_bindgen(method)]
        fn delete(this: &Records, key: JsValue) -> bool;
        #[wasm_bindgen(method, catch)]
        fn scan(
            this: &Records,
            first: JsValue,
            last: JsValue,
            limit: f64,
            visit: &mut dyn FnMut(Uint8Array, Uint8Array),
            options: JsValue,
        ) -> Result<f64, JsValue>;
        #[wasm_bindgen(method, getter)]
        fn count(this: &Records) -> f64;
    }

    // Views are copied before anything here can make the memory grow under them.
    #[wasm_bindgen(inline_js = r"
        export const kept = (records, key) => records.get(key)?.slice();
        export function scanned(records, first, last, limit, options) {
            const seen = [];
            const count = records.scan(first, last, limit, (key, value) => seen.push(key.slice(), value.slice()), options);
            return seen.length === 2 * count ? seen : undefined;
        }
    ")]
    extern "C" {
        fn kept(records: &Records, key: JsValue) -> Option<Uint8Array>;
        #[wasm_bindgen(js_name = scanned)]
        fn scanned_arrays(
            records: &Records,
            first: JsValue,
            last: JsValue,
            limit: f64,
            options: JsValue,
        ) -> Option<Vec<Uint8Array>>;
    }

    fn open() -> Records {
        Records::new(RecordStore::new(64).unwrap_or_else(|_| panic!("a store of 64 frames")))
    }

    fn bytes(bytes: &[u8]) -> JsValue {
        Uint8Array::from(bytes).into()
    }

    fn backward() -> JsValue {
        let options = js_sys::Object::new();
        js_sys::Reflect::set(&options, &"reverse".into(), &true.into()).unwrap();
        options.into()
    }

    fn scanned(records: &Records, first: JsValue, last: JsValue, limit: f64, options: JsValue) -> Vec<[Vec<u8>; 2]> {
        let arrays = scanned_arrays(records, first, last, limit, options).unwrap();
        arrays.as_chunks().0.iter().map(|[key, value]| [key.to_vec(), value.to_vec()]).collect()
    }

    #[wasm_bindgen_test]
    fn texts_are_kept_as_utf_8() {
        let records = open();
        assert!(records.insert("apfel".into(), "grün".into()).unwrap());
        assert!(!records.insert("apfel".into(), "rot".into()).unwrap());
        assert_eq!(records.get_text("apfel".into()).as_deref(), Some("grün"));
        assert_eq!(kept(&records, "apfel".into()).map(|value| value.to_vec()), Some("grün".as_bytes().to_vec()));
        assert!(records.upsert("apfel".into(), "".into()));
        assert_eq!(records.get_text("apfel".into()).as_deref(), Some(""));
        assert!(records.get("birne".into()).unwrap().is_none() && !records.has("birne".into()));
        assert!(records.delete("apfel".into()) && !records.delete("apfel".into()));
        assert_eq!(records.count(), 0.0);
    }

    /// Values of up to 200,000 bytes are longer than the exchange at first and make the memory grow again and again.
    #[wasm_bindgen_test]
    fn a_store_does_what_a_map_does_while_memory_grows() {
        let records = open();
        let mut map = BTreeMap::new();
        let mut generator = Generator::new(1, "records");
        for step in 0..1500 {
            let key = format!("{:03}", generator.below(200)).into_bytes();
            let length = if step % 10 == 0 { generator.below(200_000) } else { generator.below(60) };
            let value = vec![step as u8; length as usize];
            match generator.below(4) {
                0 => assert_eq!(records.delete(bytes(&key)), map.remove(&key).is_some()),
                1 => assert_eq!(kept(&records, bytes(&key)).map(|value| value.to_vec()), map.get(&key).cloned()),
                _ => {
                    assert_eq!(records.upsert(bytes(&key), bytes(&value)), map.contains_key(&key));
                    map.insert(key, value);
                }
            }
        }
        assert_eq!(records.count(), map.len() as f64);
        let all: Vec<_> = map.clone().into_iter().map(|(key, value)| [key, value]).collect();
        assert!(all.len() > 100);
        let everything = scanned(&records, JsValue::NULL, JsValue::NULL, 1e9, JsValue::UNDEFINED);
        assert!(everything == all, "a scan of everything");
        let (first, last) = (b"050".to_vec(), b"150".to_vec());
        let mut between: Vec<_> =
            map.range(first.clone()..=last.clone()).map(|(k, v)| [k.clone(), v.clone()]).collect();
        assert!(scanned(&records, bytes(&first), bytes(&last), 1e9, JsValue::UNDEFINED) == between, "forward");
        between.reverse();
        between.truncate(7);
        assert!(scanned(&records, bytes(&first), bytes(&last), 7.0, backward()) == between, "backward");
        assert!(scanned(&records, JsValue::NULL, bytes(&last), 7.0, backward()) == between, "no first key");
    }

    #[wasm_bindgen_test]
    fn memory_may_grow_during_a_scan() {
        let records = open();
        for number in 0..100 {
            assert!(records.insert(bytes(&[number]), bytes(&[number; 1000])).unwrap());
        }
        let (mut hoard, mut keys) = (Vec::new(), Vec::new());
        let mut visit = |key: Uint8Array, _: Uint8Array| {
            keys.push(key.get_index(0));
            hoard.push(vec![7; 1 << 18]);
        };
        let count = records.scan(JsValue::NULL, JsValue::NULL, 1e9, &mut visit, JsValue::UNDEFINED).unwrap();
        assert_eq!((count, keys), (100.0, (0..100).collect()));
        assert_eq!(hoard.len(), 100);
    }

    #[wasm_bindgen_test]
    fn what_fails_is_thrown_and_the_store_lives_on() {
        let records = open();
        let error = records.insert(bytes(&[1; 3000]), bytes(&[])).unwrap_err();
        assert!(js_sys::Error::from(error).message().as_string().unwrap().contains("3000"));
        assert!(records.insert("a".into(), "1".into()).unwrap());
        let mut inner = None;
        let mut visit = |_: Uint8Array, _: Uint8Array| inner = Some(records.get("a".into()).is_err());
        let count = records.scan(JsValue::NULL, JsValue::NULL, 10.0, &mut visit, JsValue::UNDEFINED);
        assert_eq!((count.unwrap(), inner), (1.0, Some(true)));
        assert_eq!(records.get_text("a".into()).as_deref(), Some("1"));
    }
}
