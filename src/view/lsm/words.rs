//! Words that the whole of this lab uses.

use super::super::arrange::cut;
use glassbase_trace::bytes::show;
use glassbase_trace::decimal::{fixed, push_number};

/// Bytes in short: "640 B", "1.5 KiB", "20 MiB".
pub fn bytes(count: u64) -> String {
    let (unit, word) = match count {
        0..1024 => {
            let mut text = String::new();
            push_number(&mut text, count);
            text.push_str(" B");
            return text;
        }
        1024..1_048_576 => (1024.0, " KiB"),
        1_048_576..1_073_741_824 => (1_048_576.0, " MiB"),
        _ => (1_073_741_824.0, " GiB"),
    };
    let number = count as f64 / unit;
    let mut text = fixed(number, if number < 10.0 { 1 } else { 0 });
    text.push_str(word);
    text
}

/// "1.1 of 1.5 KiB": the unit once where it is the same.
pub fn bytes_of(has: u64, may: u64) -> String {
    let (mut has, may) = (bytes(has), bytes(may));
    if let (Some((number, unit)), Some((_, other))) = (has.split_once(' '), may.split_once(' '))
        && unit == other
    {
        has = number.to_string();
    }
    has.push_str(" of ");
    has.push_str(&may);
    has
}

/// A key where there is little room.
pub fn label(key: &[u8]) -> String {
    cut(&show(key), 12.0, 1.0)
}

/// "3.21×": with as many digits as the measures have, which stand beside it and say the same.
pub fn times(factor: f64) -> String {
    let mut text = fixed(factor, 2);
    text.push('×');
    text
}
