//! What a person can ask of the page, wherever they ask it: by a button, a key, the console, a dropped file.
//!
//! Parts of the page hand an [`Action`] up to [`super::root`] and are drawn from what comes back down. Whatever changes
//! the run is in the end a command of its script.

use yew::prelude::Callback;

use super::player::Move;
use crate::view::Selection;

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A command, as typed.
    Issue(String),
    /// Lines of script, at the playhead.
    Here(String),
    /// Looks into the store of a node.
    Door(String),
    /// Several lines that were pasted: a script or a list of keys.
    Paste(String),
    Move(Move),
    /// To a moment of virtual time.
    Moment(u64),
    Play,
    Speed(f64),
    Fork,
    /// To a page of the site, or a lab: what stands behind the `#` of its address.
    Go(yew::AttrValue),
    /// Opens the run of the first page as it stands.
    Enter,
    /// The run of the first page has rested at its end.
    Again,
    /// Cuts the power at a position of the run.
    CrashAt(usize),
    /// Takes the fork back.
    Undo,
    /// Back through the door.
    Back,
    /// Shows what comes after a question.
    Reveal,
    /// Ends the command under way, or the reading of a file.
    Stop,
    Select(Option<Selection>),
    /// The same, on one of two stages: true for the run beside.
    SelectAt(bool, Option<Selection>),
    /// A key to be found on the stage; none when empty.
    Find(String),
    /// The lab's name, and the place of the preset in its list.
    OpenPreset(&'static str, usize),
    RunScript(String),
    /// The same script with another value of a setting, run anew.
    Set(&'static str, String),
    Seed(String),
    /// The same script beside itself with one setting different.
    Compare(Option<(String, String)>),
    /// The setting of a comparison is chosen, its value is not.
    Comparing(String),
    Show(Shown),
    /// The script in its dialog is changed.
    Edit(String),
    Hide,
    Pane(Pane),
    Drawer(Option<Drawer>),
    Theme,
    TallConsole,
    /// Text to go on with in the console's line.
    Draft(String),
    Share,
    Copy(String),
    SaveScript,
    SaveTrace,
    Export(Export),
    ChooseFile,
    /// A file that was chosen, if one was.
    File(Option<web_sys::File>),
    Dismiss,
    /// The notice of this number has been there long enough.
    Fade(u32),
}

impl Action {
    /// Whether it takes the run for one that its script gives: what is looked at behind a door is not.
    pub fn is_about_script(&self) -> bool {
        let seen = matches!(self, Action::Set(..) | Action::Seed(_) | Action::RunScript(_) | Action::Compare(Some(_)));
        seen || matches!(self, Action::Share | Action::SaveScript | Action::Show(Shown::Script))
    }
}

pub type Act = Callback<Action>;

/// A handler that does `action`, whatever the event.
pub fn on<E: 'static>(act: &Act, action: Action) -> Callback<E> {
    let act = act.clone();
    Callback::from(move |_| act.emit(action.clone()))
}

/// The dialogs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    Help,
    Search,
    Script,
    Export,
    Link,
}

/// The formats of others in which a run, or the picture of it, is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    Chrome,
    Csv,
    Svg,
    Png,
}

/// What the right side shows above the measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    Code,
    Inspector,
    Trace,
    /// What R and W cost and give: in the lab of quorums alone.
    Curves,
}

impl Pane {
    pub const ALL: &'static [Pane] = &[Pane::Code, Pane::Inspector, Pane::Trace, Pane::Curves];

    /// Whether a lab has it.
    pub fn is_of(self, lab: &str) -> bool {
        self != Pane::Curves || lab == super::curves::LAB
    }

    pub fn word(self) -> &'static str {
        match self {
            Pane::Code => "Code",
            Pane::Inspector => "Inspector",
            Pane::Trace => "Trace",
            Pane::Curves => "Curves",
        }
    }
}

/// On a small screen: what is pulled over the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawer {
    Labs,
    /// The quick commands.
    Do,
    Pane(Pane),
    Measures,
}
