//! The glossary: the words of the field, each in a few plain sentences, with a preset that shows it.
//!
//! ```text
//!   write-ahead log; WAL          the word, and what else it is called
//!   Every change is written ...   one line
//!   > log/power-fails             the preset that shows it
//! ```
//!
//! `terms.txt` holds them in the order of the alphabet, a blank line between two.
//!
//! **Invariant:** every entry has a preset that exists, and a word of its own in links.

const TERMS: &str = include_str!("terms.txt");

/// A word of the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    pub name: &'static str,
    /// What else it is called; may be empty.
    pub also: &'static str,
    pub text: &'static str,
    /// The preset that shows it, as in links: `log/power-fails`.
    pub preset: &'static str,
}

impl Term {
    /// Its word in a link: `write-ahead-log`.
    pub fn slug(&self) -> String {
        slug(self.name)
    }
}

/// Letters and digits, with a dash for whatever stands between them.
fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_string()
}

/// All entries, in the order of the alphabet.
pub fn terms() -> impl Iterator<Item = Term> {
    TERMS.split("\n\n").filter_map(|entry| {
        let mut lines = entry.trim().lines();
        let (name, also) = match lines.next()?.split_once("; ") {
            Some(both) => both,
            None => (entry.trim().lines().next()?, ""),
        };
        Some(Term { name, also, text: lines.next()?, preset: lines.next()?.strip_prefix("> ")? })
    })
}

/// The entry of a word in a link.
pub fn term(slug: &str) -> Option<Term> {
    terms().find(|term| term.slug() == slug)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{LABS, preset, preset_word};

    #[test]
    fn every_entry_is_read_and_has_a_preset_that_exists() {
        let entries = TERMS.trim().split("\n\n").count();
        assert!(entries >= 70, "{entries}");
        assert_eq!(terms().count(), entries);
        for term in terms() {
            let (lab, shown) = preset(term.preset).unwrap_or_else(|| panic!("{}: {}", term.name, term.preset));
            assert_eq!(preset_word(lab, shown), term.preset, "{}: the whole word of the preset", term.name);
            let sentences = term.text.matches(['.', '?']).count();
            assert!(term.text.ends_with('.') && (1..=5).contains(&sentences), "{}: {}", term.name, term.text);
        }
    }

    #[test]
    fn they_stand_in_the_order_of_the_alphabet_each_once() {
        let names: Vec<String> = terms().map(|term| term.name.to_ascii_lowercase()).collect();
        for pair in names.windows(2) {
            assert!(pair[0] < pair[1], "{} before {}", pair[0], pair[1]);
        }
        for found in terms() {
            assert_eq!(term(&found.slug()), Some(found));
        }
        assert_eq!(slug("W-TinyLFU (2017)"), "w-tinylfu-2017");
        assert_eq!(term("no-such-word"), None);
    }

    #[test]
    fn every_lab_is_shown_by_some_entry() {
        for lab in LABS.iter().filter(|lab| lab.name != "toy") {
            let shows = |term: Term| preset(term.preset).is_some_and(|(of, _)| std::ptr::eq(of, *lab));
            assert!(terms().any(shows), "no entry leads to {}", lab.name);
        }
    }
}
