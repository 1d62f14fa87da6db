//! The page: what a person sees and touches, drawn with Yew.
//!
//! ```text
//!   Action ──▶ root (App) ──▶ Player ── Run ── Session ─▶ trace ─▶ Timeline ─▶ view at the playhead
//!     ▲          │ one frame at a time: work a slice, move the playhead, draw              │
//!     │          ▼                                                                         ▼
//!   header nav quick console transport dialogs        stage caption inspector measures code list
//! ```
//!
//! - [`root`]: the page's state and what actions do to it; [`frame`]: each frame; [`opening`]: what is opened and saved; [`fork`]: going on elsewhere; [`shell`]: the frame.
//! - [`player`], [`run`], [`pace`]: where we are in a run, how it is carried out, how fast it is shown.
//! - [`console`], [`log`], [`quick`], [`nav`], [`header`], [`transport`], [`lanes`]: the controls.
//! - [`stage`]: the tree's scene. [`plate`]: the scenes of all other labs. [`room`]: what both have in common.
//!   [`inspector`], [`bytes`], [`measures`], [`code`], [`trace_list`]: what stands beside it.
//! - [`site`]: what stands around the labs: the first page, the glossary, the reference, the search.
//! - [`handle`]: what JavaScript holds. [`place`]: where the app stands. [`host`]: the page around an embedded lab; [`locks`],
//!   [`answers`]: what its teacher keeps back.
//! - [`browser`], [`files`], [`scroll`], [`dialog`], [`icons`]: tools. [`part`]: what is drawn anew only when it changed.
//!
//! **Invariant:** the page changes a run only through its script: whatever is done here can be written down and run
//! again elsewhere. **Invariant:** no callback holds the main thread longer than a frame; long work is done in slices.

pub mod action;
mod answers;
mod bolt;
mod browser;
mod bytes;
mod code;
mod console;
mod curves;
mod dialog;
mod dialogs;
mod door;
mod exports;
mod files;
mod fork;
mod frame;
pub mod handle;
mod header;
mod help;
mod host;
mod icons;
mod inspector;
mod kept;
mod lanes;
mod locks;
mod log;
mod measures;
mod nav;
mod notice;
mod opening;
mod pace;
mod part;
mod place;
mod plate;
mod player;
mod quick;
mod room;
mod root;
mod run;
mod scroll;
mod settings;
mod shell;
mod site;
mod snapshot;
pub mod stage;
mod staged;
pub mod thrown;
mod trace_list;
mod transport;

use crate::lab::LabInfo;

/// A lab as a property: equal when it is the same one.
#[derive(Clone, Copy)]
pub struct LabRef(pub &'static LabInfo);

impl PartialEq for LabRef {
    fn eq(&self, other: &LabRef) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

/// To be called once, before all else.
pub fn start() {
    handle::watch_failures();
}
