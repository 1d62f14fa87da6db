//! Help on a word of the language, from the declarations alone.
//!
//! A word may mean something in several labs. What is alike in some of them is told once, with their names.

use super::declaration::{ArgumentKind, CommandInfo, LabInfo};
use super::expectations::COMMON;
use super::statement::LANGUAGE;
use super::world::RECORDED_UNITS;
use super::{LABS, preset_word, words};

const NUMBERS_ARE_BYTES: &str =
    "    A number is stored as eight bytes; a word of eight letters that are these bytes is the same key.\n";

/// Help on a word, as lines of text: in one lab, or in all of them. For an unknown one the nearest known.
pub fn help(word: &str, within: Option<&'static LabInfo>) -> Result<String, String> {
    let mut text = String::new();
    for info in LANGUAGE.iter().filter(|info| info.name == word) {
        explain(info, "", &mut text);
    }
    for info in COMMON.iter().filter(|info| info.name == word) {
        explain(info, "expect ", &mut text);
    }
    let mut sections: Vec<(String, Vec<&str>)> = Vec::new();
    for lab in labs(within) {
        let found = of_lab(lab, word);
        match sections.iter_mut().find(|(known, _)| *known == found) {
            _ if found.is_empty() => {}
            Some((_, names)) => names.push(lab.name),
            None => sections.push((found, vec![lab.name])),
        }
    }
    for (found, names) in &sections {
        if within.is_none() && LABS.len() > 1 {
            let labs = if names.len() == 1 { "lab" } else { "labs" };
            text.push_str(&format!("In the {labs} {}:\n", names.join(", ")));
        }
        text.push_str(found);
    }
    if let Some(lab) = super::lab(word) {
        explain_lab(lab, &mut text);
    }
    if text.is_empty() { Err(unknown(word, within)) } else { Ok(text) }
}

fn labs(within: Option<&'static LabInfo>) -> impl Iterator<Item = &'static LabInfo> {
    LABS.iter().copied().filter(move |lab| within.is_none_or(|only| std::ptr::eq(*lab, only)))
}

/// What a word means in a lab beside what it means in all.
fn of_lab(lab: &'static LabInfo, word: &str) -> String {
    let mut text = String::new();
    if let Some(info) = lab.command(word) {
        explain(info, "", &mut text);
    }
    for info in lab.expectations.iter().filter(|info| info.name == word) {
        explain(info, "expect ", &mut text);
    }
    if let Some(setting) = lab.setting(word) {
        let values = setting.kind.describe();
        text.push_str(&format!(
            "set {} VALUE\n    {}\n    {values}; default {}\n",
            setting.name, setting.help, setting.default
        ));
    }
    for preset in lab.presets {
        let name = preset_word(lab, preset);
        if preset.name == word || name == word {
            let (title, point) = (preset.title, preset.point);
            text.push_str(&format!("preset {name}: {title}\n    {point}\n    To run it: glassbase preset {name}\n"));
        }
    }
    text
}

fn unknown(word: &str, within: Option<&'static LabInfo>) -> String {
    let mut known: Vec<&str> = LANGUAGE.iter().map(|info| info.name).collect();
    for lab in labs(within) {
        known.extend(lab.commands.iter().chain(lab.expectations).map(|info| info.name));
        known.extend(lab.settings.iter().map(|setting| setting.name));
        known.extend(lab.presets.iter().map(|preset| preset.name));
    }
    known.extend(COMMON.iter().map(|info| info.name));
    known.extend(LABS.iter().map(|lab| lab.name));
    format!("there is no command, setting, preset or lab \"{word}\"; {}", words::suggestion(word, known))
}

/// A lab whole: what it shows, its commands, expectations, settings and presets.
fn explain_lab(lab: &'static LabInfo, text: &mut String) {
    text.push_str(&format!("lab {}: {} / {}\n    {}\n", lab.name, lab.floor, lab.title, lab.summary));
    for command in lab.commands {
        text.push_str(&format!("  {}\n      {}\n", command.usage(), command.help));
    }
    for expectation in lab.all_expectations() {
        text.push_str(&format!("  expect {}\n      {}\n", expectation.usage(), expectation.help));
    }
    for setting in lab.settings {
        let (name, help, values) = (setting.name, setting.help, setting.kind.describe());
        text.push_str(&format!("  set {name} VALUE ({values}; default {})\n      {help}\n", setting.default));
    }
    text.push_str(&presets(lab));
}

/// The presets of a lab, one a line.
pub fn presets(lab: &'static LabInfo) -> String {
    let line = |preset| format!("    preset {:<12} {}\n", preset_word(lab, preset), preset.point);
    lab.presets.iter().map(line).collect()
}

fn explain(info: &CommandInfo, before: &str, text: &mut String) {
    text.push_str(&format!("{before}{}\n    {}\n", info.usage(), info.help));
    for argument in info.arguments {
        text.push_str(&format!("    {}: {} ({})\n", argument.name, argument.help, argument.kind.describe()));
    }
    if info.arguments.iter().any(|argument| argument.kind == ArgumentKind::Key) {
        text.push_str(NUMBERS_ARE_BYTES);
    }
    if info.bulk || info.name == "record" {
        let most = words::grouped(RECORDED_UNITS);
        text.push_str(&format!(
            "    More than {most} operations are not recorded step by step, but after `record on` they are.\n"
        ));
    }
    text.push_str(&format!("    Example: {}\n", info.example));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::lab;

    #[test]
    fn help_is_there_for_every_word() {
        for lab in LABS {
            for info in lab.commands.iter().chain(LANGUAGE).chain(lab.all_expectations()) {
                assert!(help(info.name, Some(lab)).unwrap().contains(info.help));
            }
            assert!(help(lab.name, None).unwrap().contains(lab.summary));
        }
        let btree = lab("btree");
        let of = |word| help(word, btree).unwrap();
        assert!(of("get").contains("is the same key") && !of("flush").contains("key"));
        assert!(of("frames").contains("default"));
        assert!(of("textbook").contains("glassbase preset textbook"));
        assert!(of("btree").contains("zipf"));
        assert!(of("random").contains("More than 200 operations"));
        let all = help("qqqqqqqq", btree).unwrap_err();
        assert_eq!(all.matches(", get,").count(), 1, "{all}");
        assert!(help("inset", None).unwrap_err().contains("\"insert\""));
    }

    #[test]
    fn a_word_of_several_labs_is_told_for_each_and_once_where_it_is_alike() {
        let text = help("clear", None).unwrap();
        assert!(text.starts_with("In the labs btree, ") && text.contains("toy"), "{text}");
        assert_eq!(text.matches("Opens the engine anew").count(), 1, "{text}");
        let text = help("get", None).unwrap();
        assert!(text.contains("In the lab btree:\n") && text.contains("In the lab toy:\n"), "{text}");
        assert!(help("page_size", lab("toy")).is_err());
        let text = help("textbook", None).unwrap();
        assert!(text.contains("preset textbook\n") && text.contains("preset toy/textbook\n"), "{text}");
    }
}
