//! Words for people: the nearest known word, numbers with thousands separated, one and many.

use crate::trace::bytes::show;
use crate::trace::decimal::fixed;

/// The one of `known` that `typed` was probably meant to be, if any is near: a third of its letters may be wrong, at
/// least one, and swapped neighbours count as one mistake.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed: Vec<char> = typed.chars().take(64).map(|letter| letter.to_ascii_lowercase()).collect();
    let allowed = (typed.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for word in known {
        let letters: Vec<char> = word.chars().collect();
        let mistakes = distance(&typed, &letters);
        let is_prefix = typed.len() >= 3 && letters.starts_with(&typed);
        let near = (mistakes <= allowed && mistakes < letters.len()) || is_prefix;
        if near && best.is_none_or(|(fewest, _)| mistakes < fewest) {
            best = Some((mistakes, word));
        }
    }
    best.map(|(_, word)| word)
}

/// Damerau-Levenshtein distance in its restricted form (optimal string alignment): letters left out, put in, changed,
/// and neighbours swapped.
fn distance(a: &[char], b: &[char]) -> usize {
    let width = b.len() + 1;
    let mut before_last: Vec<usize> = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; width];
        for j in 1..=b.len() {
            let changed = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = changed.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// More words than this are not all told, but some.
const NAMED_MAX: usize = 48;
const NAMED_SOME: usize = 12;

/// A sentence that leads from a wrong word to the right one: the nearest, or else all there are.
pub fn suggestion<'a>(typed: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(typed, known.clone()) {
        Some(word) => format!("did you mean \"{word}\"?"),
        None => {
            let mut all: Vec<&str> = Vec::new();
            for word in known {
                if !all.contains(&word) {
                    all.push(word);
                }
            }
            if all.len() > NAMED_MAX {
                return format!("there are {}, such as {}", all.len(), all[..NAMED_SOME].join(", "));
            }
            format!("there are: {}", all.join(", "))
        }
    }
}

/// Characters of a key or value that an answer shows.
const CHARACTERS_SHOWN: usize = 60;

/// A key or value in an answer.
pub fn shown(bytes: &[u8]) -> String {
    shortened(&show(bytes), CHARACTERS_SHOWN)
}

/// 1234567 as `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 key`, `2 keys`.
pub fn counted(number: u64, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {one}{plural}", grouped(number))
}

/// A time in a unit that suits it: `16.6 ms`.
pub fn lasting(time_ns: u64) -> String {
    let (unit, of_ns) = match time_ns {
        0..1_000 => return format!("{time_ns} ns"),
        1_000..1_000_000 => ("µs", 1e3),
        1_000_000..1_000_000_000 => ("ms", 1e6),
        _ => ("s", 1e9),
    };
    format!("{} {unit}", fixed(time_ns as f64 / of_ns, 1))
}

/// The first `most` characters, with an ellipsis where more were left off.
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_string(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 5] = ["insert", "upsert", "get", "get-random", "scan"];

    #[test]
    fn the_nearest_word_is_found_only_when_near() {
        assert_eq!(nearest("inset", KNOWN), Some("insert"));
        assert_eq!(nearest("INSERT", KNOWN), Some("insert"));
        assert_eq!(nearest("isnert", KNOWN), Some("insert"));
        assert_eq!(nearest("gte", KNOWN), Some("get"));
        assert_eq!(nearest("get-ran", KNOWN), Some("get-random"));
        assert_eq!(nearest("remember", KNOWN), None);
        assert_eq!(nearest("x", KNOWN), None);
        assert_eq!(nearest("", KNOWN), None);
    }

    #[test]
    fn swapped_neighbours_are_one_mistake() {
        let letters = |word: &str| word.chars().collect::<Vec<_>>();
        assert_eq!(distance(&letters("scna"), &letters("scan")), 1);
        assert_eq!(distance(&letters("kitten"), &letters("sitting")), 3);
        assert_eq!(distance(&letters(""), &letters("abc")), 3);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(104_334), "104,334");
        assert_eq!((lasting(999), lasting(16_640_000)), ("999 ns".to_string(), "16.6 ms".to_string()));
        assert_eq!(counted(1, "key"), "1 key");
        assert_eq!(counted(1_000_000, "key"), "1,000,000 keys");
        assert_eq!(shortened("grünes Gras", 4), "grün…");
    }
}
