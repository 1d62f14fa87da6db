//! What JSON, XML and comma-separated values ask of a text.

use crate::trace::Event;
use crate::trace::bytes::unquote;
use crate::trace::decimal::push_number;
use crate::trace::text::Words;

/// Whole numbers from here on are not exact in programs that keep numbers as doubles, so they are written as text.
const EXACT_MAX: u64 = 1 << 53;

/// Appends a text as JSON.
pub fn push_json(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            letter if (letter as u32) < 0x20 => {
                out.push_str("\\u00");
                for digit in [letter as u32 >> 4, letter as u32 & 15] {
                    out.push(char::from(b"0123456789abcdef"[digit as usize]));
                }
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
}

/// Appends a whole number as JSON: as text where a double is not exact.
pub fn push_json_number(out: &mut String, number: u64) {
    let quote = if number < EXACT_MAX { "" } else { "\"" };
    out.push_str(quote);
    push_number(out, number);
    out.push_str(quote);
}

/// Appends the fields of an event as a JSON object: a number where the trace has digits, else a text. A whole state is left
/// out; the text form of a trace has it.
pub fn push_fields(out: &mut String, event: &Event) {
    out.push('{');
    if !matches!(event, Event::StateTaken { .. }) {
        let mut words = String::new();
        event.write_fields(&mut words);
        let mut comma = "";
        for (name, value) in Words::of(&words).filter_map(|word| word.split_once('=')) {
            out.push_str(comma);
            push_json(out, name);
            out.push(':');
            push_value(out, value);
            comma = ",";
        }
    }
    out.push('}');
}

/// Appends a field as it stands in a text trace.
fn push_value(out: &mut String, value: &str) {
    if value.starts_with('"') {
        return push_json(out, unquote(value).as_deref().unwrap_or(value));
    }
    let is_number = (1..=20).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse().ok().filter(|_| is_number) {
        Some(number) => push_json_number(out, number),
        None => push_json(out, value),
    }
}

/// Appends a text as XML, also between the quotes of an attribute. Control characters, which XML does not know, are left out.
pub fn push_xml(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' => out.push(letter),
            letter if (letter as u32) < 0x20 || matches!(letter, '\u{fffe}' | '\u{ffff}') => {}
            letter => out.push(letter),
        }
    }
}

/// Appends a text as a column of comma-separated values (RFC 4180): in quotes if it has something that parts columns.
pub fn push_column(out: &mut String, text: &str) {
    if !text.contains([',', '"', '\n', '\r']) {
        return out.push_str(text);
    }
    out.push('"');
    out.push_str(&text.replace('"', "\"\""));
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Bytes;

    #[test]
    fn texts_are_escaped() {
        let written = |text| {
            let mut out = String::new();
            push_json(&mut out, text);
            out
        };
        assert_eq!(written("a \"b\" \\ \n\u{1}ü"), "\"a \\\"b\\\" \\\\ \\n\\u0001ü\"");
        let mut out = String::new();
        push_xml(&mut out, "a<b> & \"c\"\u{1}\u{ffff}");
        assert_eq!(out, "a&lt;b&gt; &amp; &quot;c&quot;");
        let mut out = String::new();
        push_column(&mut out, "plain");
        push_column(&mut out, "a,\"b\"");
        assert_eq!(out, "plain\"a,\"\"b\"\"\"");
    }

    #[test]
    fn fields_are_numbers_or_texts() {
        let event = Event::MemtableWritten {
            key: Bytes::typed("ash tree"),
            sequence: u64::MAX,
            kind: crate::trace::parts::lsm::WriteKind::Put,
            value_len: 3,
            bytes: 7,
        };
        let mut out = String::new();
        push_fields(&mut out, &event);
        let wanted = r#"{"key":"ash tree","sequence":"18446744073709551615","kind":"put","value_len":3,"bytes":7}"#;
        assert_eq!(out, wanted);
    }
}
