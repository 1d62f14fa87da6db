//! Times as people write them: `500ms`, `2s`, `37.5ms`. A number alone is in milliseconds.
//!
//! **Invariant:** what [`written`] writes, [`read`] reads back exactly.

/// Units and their nanoseconds. The first word that ends a text is its unit, so the longer ones come first.
const UNITS: &[(&str, i128)] =
    &[("ns", 1), ("us", 1_000), ("µs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("h", 3_600_000_000_000)];
const MILLISECOND: i128 = 1_000_000;

/// Nanoseconds; nothing for what is no time.
pub fn read(text: &str) -> Option<i64> {
    let (sign, bare) = match text.strip_prefix('-') {
        Some(bare) => (-1, bare),
        None => (1, text),
    };
    let unit = UNITS.iter().find_map(|(word, ns)| Some((bare.strip_suffix(word)?, *ns)));
    let (number, unit_ns) = unit.unwrap_or((bare, MILLISECOND));
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let are_digits = |text: &str| (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(whole) || !are_digits(part) {
        return None;
    }
    let scale = 10i128.pow(part.len() as u32);
    let ns = whole.parse::<i128>().ok()? * unit_ns + part.parse::<i128>().ok()? * unit_ns / scale;
    i64::try_from(sign * ns).ok()
}

/// In milliseconds, exactly: `37.5ms`.
pub fn written(ns: u64) -> String {
    let (whole, part) = (ns / 1_000_000, ns % 1_000_000);
    let text = format!("{whole}.{part:06}");
    format!("{}ms", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        let known = [("500ms", 500_000_000), ("2s", 2_000_000_000), ("37.5ms", 37_500_000), ("40", 40_000_000)];
        for (text, ns) in known {
            assert_eq!(read(text), Some(ns), "{text}");
        }
        assert_eq!((read("-1.5s"), read("3us"), read("7ns")), (Some(-1_500_000_000), Some(3_000), Some(7)));
        for text in ["", "ms", "1.ms", ".5s", "--2s", "2 s", "x", "1e3", "99999999999999999s", "999999999999999h"] {
            assert_eq!(read(text), None, "{text}");
        }
        for ns in [0, 1, 999_999, 1_000_000, 37_500_001, 5_000_000_000_000] {
            assert_eq!(read(&written(ns)), Some(ns as i64));
        }
    }
}
