//! A search over everything that has a name: labs, presets, commands, settings, expectations, words of the glossary.
//!
//! ```text
//!   "lost write" ──words──▶ each must be found in a name or a text ──score──▶ the best first
//!
//!   the whole name 40    a name that begins so 16    a word of the name 12    of the text 4    inside a word 1    all in names 8
//! ```
//!
//! All comes from the labs' declarations and from the glossary: what a lab declares is found. What several labs declare in
//! the same words is found once, with the first of them.

use std::cmp::Reverse;

use super::declaration::{CommandInfo, LabInfo, Preset, SettingInfo};
use super::glossary::{Term, terms};
use super::statement::LANGUAGE;
use super::{LABS, preset_word};
use crate::trace::sorting::sort_by_key;

/// What was found.
#[derive(Clone, Copy, Debug)]
pub enum Found {
    Lab(&'static LabInfo),
    Preset(&'static LabInfo, &'static Preset),
    Term(Term),
    /// A command of a lab, or of every script.
    Command(Option<&'static LabInfo>, &'static CommandInfo),
    Expectation(&'static LabInfo, &'static CommandInfo),
    Setting(&'static LabInfo, &'static SettingInfo),
}

impl Found {
    /// What it is, in a word.
    pub fn kind(&self) -> &'static str {
        match self {
            Found::Lab(_) => "lab",
            Found::Preset(..) => "preset",
            Found::Term(_) => "term",
            Found::Command(..) => "command",
            Found::Expectation(..) => "expectation",
            Found::Setting(..) => "setting",
        }
    }

    pub fn title(&self) -> String {
        match self {
            Found::Lab(lab) => lab.title.to_string(),
            Found::Preset(_, preset) => preset.title.to_string(),
            Found::Term(term) => term.name.to_string(),
            Found::Command(_, command) => command.usage(),
            Found::Expectation(_, expectation) => format!("expect {}", expectation.usage()),
            Found::Setting(_, setting) => format!("set {}", setting.name),
        }
    }

    pub fn text(&self) -> &'static str {
        match self {
            Found::Lab(lab) => lab.summary,
            Found::Preset(_, preset) => preset.point,
            Found::Term(term) => term.text,
            Found::Command(_, info) | Found::Expectation(_, info) => info.help,
            Found::Setting(_, setting) => setting.help,
        }
    }

    /// The lab that it is of.
    pub fn lab(&self) -> Option<&'static LabInfo> {
        match self {
            Found::Lab(lab) | Found::Preset(lab, _) | Found::Expectation(lab, _) | Found::Setting(lab, _) => Some(lab),
            Found::Command(lab, _) => *lab,
            Found::Term(_) => None,
        }
    }

    /// Where it is shown: what stands behind the `#` of the page's address.
    pub fn fragment(&self) -> String {
        match self {
            Found::Lab(lab) => format!("preset={}", preset_word(lab, &lab.presets[0])),
            Found::Preset(lab, preset) => format!("preset={}", preset_word(lab, preset)),
            Found::Term(term) => format!("glossary={}", term.slug()),
            Found::Command(None, info) => format!("reference=script/{}", info.name),
            Found::Command(Some(lab), info) => format!("reference={}/{}", lab.name, info.name),
            Found::Expectation(lab, info) => format!("reference={}/expect-{}", lab.name, info.name),
            Found::Setting(lab, setting) => format!("reference={}/set-{}", lab.name, setting.name),
        }
    }

    /// The names under which it is looked for.
    fn names(&self) -> [&'static str; 3] {
        match self {
            Found::Lab(lab) => [lab.title, lab.name, lab.floor],
            Found::Preset(lab, preset) => [preset.title, preset.name, lab.title],
            Found::Term(term) => [term.name, term.also, ""],
            Found::Command(_, info) => [info.name, "", ""],
            Found::Expectation(_, info) => [info.name, "expect", ""],
            Found::Setting(_, setting) => [setting.name, "set", ""],
        }
    }

    /// Of things that fit equally well, what a person is more likely to want.
    fn weight(&self) -> u32 {
        match self {
            Found::Lab(_) => 6,
            Found::Term(_) => 4,
            Found::Preset(..) => 3,
            Found::Command(..) => 2,
            Found::Setting(..) => 1,
            Found::Expectation(..) => 0,
        }
    }

    /// Whether it says the same in the same words.
    fn is_like(&self, other: &Found) -> bool {
        self.kind() == other.kind() && self.title() == other.title() && self.text() == other.text()
    }
}

/// Everything that can be found.
fn everything() -> impl Iterator<Item = Found> {
    let of_lab = |lab: &'static LabInfo| {
        let presets = lab.presets.iter().map(move |preset| Found::Preset(lab, preset));
        let commands = lab.commands.iter().map(move |info| Found::Command(Some(lab), info));
        let settings = lab.settings.iter().map(move |setting| Found::Setting(lab, setting));
        let expectations = lab.all_expectations().map(move |info| Found::Expectation(lab, info));
        presets.chain(commands).chain(settings).chain(expectations)
    };
    let labs = LABS.iter().copied();
    let language = LANGUAGE.iter().map(|info| Found::Command(None, info));
    labs.clone().map(Found::Lab).chain(terms().map(Found::Term)).chain(language).chain(labs.flat_map(of_lab))
}

/// What fits a query, the best first, `most` at most.
pub fn search(query: &str, most: usize) -> Vec<Found> {
    let query = query.trim().to_ascii_lowercase();
    if query.is_empty() {
        return Vec::new();
    }
    let mut scored: Vec<(u32, Found)> =
        everything().filter_map(|found| Some((score(&query, &found)?, found))).collect();
    sort_by_key(&mut scored, |(score, _)| Reverse(*score));
    let mut best: Vec<Found> = Vec::new();
    for (_, found) in scored {
        if best.len() == most {
            break;
        }
        if !best.iter().any(|known| known.is_like(&found)) {
            best.push(found);
        }
    }
    best
}

/// How well something fits; nothing if a word of the query is nowhere in it.
fn score(query: &str, found: &Found) -> Option<u32> {
    let names = found.names().map(str::to_ascii_lowercase);
    let text = found.text().to_ascii_lowercase();
    let mut score = found.weight();
    let mut by_name = true;
    for word in query.split_whitespace() {
        // A word that is only in its last name, what it belongs to, counts less.
        let in_names = names.iter().enumerate().map(|(rank, name)| in_name(word, name) >> rank);
        let in_text = if begins_a_word(&text, word) { 4 } else { u32::from(text.contains(word)) };
        let in_names = in_names.max().unwrap_or(0);
        by_name &= in_names > 0;
        match in_names.max(in_text) {
            0 => return None,
            points => score += points,
        }
    }
    let whole = names.iter().take(2).any(|name| *name == query || name.split("; ").any(|also| also == query));
    Some(score + if whole { 40 } else { 0 } + if by_name { 8 } else { 0 })
}

fn in_name(word: &str, name: &str) -> u32 {
    if name.starts_with(word) {
        16
    } else if begins_a_word(name, word) {
        12
    } else {
        u32::from(name.contains(word)) * 2
    }
}

/// Whether some word of a text begins with this one.
fn begins_a_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| !text[..at].ends_with(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{Link, lab};

    fn titles(query: &str) -> Vec<String> {
        search(query, 8).iter().map(|found| format!("{}: {}", found.kind(), found.title())).collect()
    }

    #[test]
    fn every_lab_is_found_first_by_its_title_and_among_the_first_by_its_name() {
        for lab in LABS {
            assert_eq!(titles(lab.title)[0], format!("lab: {}", lab.title));
            assert!(titles(lab.name).contains(&format!("lab: {}", lab.title)), "{}", lab.name);
        }
    }

    #[test]
    fn every_preset_and_every_term_is_found_by_its_title() {
        let all = everything().filter(|found| matches!(found, Found::Preset(..) | Found::Term(_)));
        for wanted in all {
            let found = search(&wanted.title(), 8);
            assert!(found.iter().any(|found| found.fragment() == wanted.fragment()), "{}", wanted.title());
        }
    }

    #[test]
    fn what_a_person_types_is_found() {
        assert_eq!(titles("WAL")[0], "term: write-ahead log");
        assert_eq!(titles("lru")[0], "term: LRU");
        assert_eq!(titles("figure 8")[0], "preset: Figure 8: an old entry on a majority");
        assert_eq!(titles("lost write")[0].split(':').next(), Some("preset"));
        assert!(titles("insert").iter().any(|title| title.starts_with("command: insert KEY")));
        assert!(titles("expect height").iter().any(|title| title.starts_with("expectation: expect height")));
        assert!(titles("partition").contains(&"term: partition".to_string()));
        assert_eq!(titles("zzz"), Vec::<String>::new());
        assert_eq!(titles("  "), Vec::<String>::new());
        assert_eq!(search("a", 5).len(), 5);
    }

    #[test]
    fn whatever_is_found_leads_somewhere() {
        for found in everything() {
            let fragment = found.fragment();
            match fragment.split_once('=') {
                Some(("preset", _)) => assert!(Link::decode(&fragment).is_ok(), "{fragment}"),
                Some(("glossary", slug)) => assert!(crate::lab::glossary::term(slug).is_some(), "{fragment}"),
                Some(("reference", place)) => {
                    let name = place.split('/').next().unwrap_or("");
                    assert!(name == "script" || lab(name).is_some(), "{fragment}");
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn what_many_labs_say_alike_is_found_once() {
        let found = titles("expect refused");
        assert_eq!(
            found.iter().filter(|title| title.starts_with("expectation: expect refused")).count(),
            1,
            "{found:?}"
        );
    }

    #[test]
    fn odd_queries_do_no_harm() {
        for query in ["é", "ß k", "\u{1F600}", "* ( [", "a\u{301}", "=", "\"", "İ"] {
            search(query, 3);
        }
    }
}
