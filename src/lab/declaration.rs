//! What a lab declares about itself. Parsing, completion, help and the documentation page all come from it.

/// A lab: its words, its presets.
#[derive(Debug)]
pub struct LabInfo {
    /// The word behind `lab`.
    pub name: &'static str,
    pub title: &'static str,
    /// The floor it shows: "Storage".
    pub floor: &'static str,
    /// One sentence: what there is to see.
    pub summary: &'static str,
    pub commands: &'static [CommandInfo],
    pub settings: &'static [SettingInfo],
    /// The first one opens with the lab.
    pub presets: &'static [Preset],
}

/// A command of a script: `name arguments…`.
#[derive(Debug)]
pub struct CommandInfo {
    pub name: &'static str,
    pub arguments: &'static [Argument],
    /// One sentence: what it does.
    pub help: &'static str,
    pub example: &'static str,
    /// Done in bulk, so not recorded unless the script says `record on`.
    pub bulk: bool,
}

#[derive(Debug)]
pub struct Argument {
    pub name: &'static str,
    pub kind: ArgumentKind,
    pub optional: bool,
    pub help: &'static str,
}

/// What an argument may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ArgumentKind {
    /// A key: number, word, quoted text, or 0x and hex digits.
    Key,
    /// The rest of the line, or quoted text.
    Text,
    /// A whole number from..=to.
    Number { from: u64, to: u64 },
    /// A decimal number from..=to.
    Decimal { from: f64, to: f64 },
    /// One of these words.
    Word(&'static [&'static str]),
}

/// A setting: `set name value`. Changing one opens the engine anew, empty.
#[derive(Debug)]
pub struct SettingInfo {
    pub name: &'static str,
    pub kind: ArgumentKind,
    pub default: &'static str,
    pub help: &'static str,
}

/// A script that shows one point.
#[derive(Debug)]
pub struct Preset {
    /// Its word in a link.
    pub name: &'static str,
    pub title: &'static str,
    /// One sentence: what it shows.
    pub point: &'static str,
    pub script: &'static str,
    /// For a preset that stands twice side by side: the setting that differs and its value on the right.
    pub compare: Option<(&'static str, &'static str)>,
}
