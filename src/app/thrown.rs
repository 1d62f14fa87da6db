//! What is thrown at JavaScript: an `Error` with a `code` that a program can go by, and the `problems` of a script.
//!
//! Codes: `syntax`, `argument`, `preset`, `lab`, `link`, `trace`, `position`, `recorded`, `limit`, `unknown`, `failed`.

use js_sys::{Array, Error, Object, Reflect};
use wasm_bindgen::prelude::*;

use crate::lab::Problem;

/// Why something is refused.
pub struct Thrown {
    pub code: &'static str,
    pub what: String,
    problems: Vec<Problem>,
}

impl Thrown {
    pub fn new(code: &'static str, what: impl Into<String>) -> Thrown {
        Thrown { code, what: what.into(), problems: Vec::new() }
    }

    /// Lines of a script that are not understood; the first is told in the message.
    pub fn script(problems: &[Problem]) -> Thrown {
        let what = problems.first().map_or(String::new(), |first| {
            let wrong = format!("{}; {}", first.what, first.remedy);
            format!("Line {}, column {}: {}", first.line, first.column, sentence_of(&wrong))
        });
        Thrown { code: "syntax", what, problems: problems.to_vec() }
    }

    pub fn into_value(self) -> JsValue {
        let error = Error::new(&self.what);
        put(&error, "code", self.code);
        let problems = self.problems.iter().map(|problem| {
            let object = Object::new();
            put(&object, "line", problem.line as f64);
            put(&object, "column", problem.column as f64);
            put(&object, "what", &*problem.what);
            put(&object, "remedy", &*problem.remedy);
            object
        });
        put(&error, "problems", problems.collect::<Array>());
        error.into()
    }
}

/// Sets a field of an object.
pub fn put(object: &Object, name: &str, value: impl Into<JsValue>) {
    let _ = Reflect::set(object, &name.into(), &value.into());
}

/// What is wrong, as a sentence: a remedy may be a question, which has its own mark.
pub fn sentence_of(what: &dyn std::fmt::Display) -> String {
    let mut text = what.to_string();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if text.ends_with(['?', '.']) { text } else { text + "." }
}
