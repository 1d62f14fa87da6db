//! Doors: a part of what is on the stage (a node's store, a shard, the caches) in the lab that shows such parts, at the same moment,
//! by the same clock, with its past and its future; and the way back.
//!
//! ```text
//!   the stack ──door s1──▶ Raft ──door n2──▶ the log of s1n2        a look may have doors of its own
//!             ◀──back────       ◀──back────                         each way back is kept: `App::ways_back`
//! ```
//!
//! A part is shown as a recorded trace: it is looked at and not worked with: no script of its own lab leads to where it is, for
//! its commands came over the network.

use std::rc::Rc;

use yew::prelude::*;

use super::LabRef;
use super::action::{Act, Action, on};
use super::fork::Undo;
use super::log::{Kind, Log};
use super::player::Move;
use super::root::App;
use super::run::Run;
use crate::lab::words::lasting;
use crate::view::{Selection, Timeline, TimelineHandle};

/// Where one came from through a door.
pub struct WayBack {
    aside: Undo,
    selected: Option<Selection>,
    /// What the part is called in the run that is worked with.
    name: String,
    /// How many records that run had at each of the look's.
    moments: Vec<usize>,
}

impl App {
    /// Opens a part of what is on the stage.
    pub fn open_door(&mut self, name: &str) {
        let position = self.moment_of_selection().unwrap_or(self.player.position());
        // The run that is worked with, what it calls the part, and how far it was.
        let (session, whole, moment) = match self.ways_back.last() {
            Some(last) if self.player.run.is_look() => {
                let at = position.checked_sub(1).and_then(|index| last.moments.get(index));
                let session = self.ways_back.first().and_then(|first| first.aside.session());
                (session, format!("{}{name}", last.name), at.copied().unwrap_or(position))
            }
            _ => (self.player.run.session(), name.to_string(), position),
        };
        let Some(session) = session else {
            return self.complain("This is a recorded trace: fork to run its script, then look into its nodes.");
        };
        let Some(behind) = session.part_at(&whole, moment) else {
            return self.complain(&format!(
                "{whole} keeps its data in memory, without pages: set the store to btree or lsm, and look again; or it has no power."
            ));
        };
        let at = behind.position;
        let time_ns = at.checked_sub(1).and_then(|index| behind.trace.get(index)).map_or(0, |record| record.time_ns);
        let what = if matches!(behind.lab.name, "log" | "lsm") { "the store of" } else { "the inside of" };
        let title = format!("{what} {whole}");
        let text =
            format!("This is {title} at {}. Step back to see what was before; Back leads back.", lasting(time_ns));
        let script = format!("lab {}\n# This is {title}.\n", behind.lab.name);
        let handle = TimelineHandle::new(Timeline::of_lab(behind.lab.name)).extended(behind.trace);
        self.player.pause();
        let selected = self.selected;
        let aside = self.put_aside(Run::look(&script, handle), &title);
        self.ways_back.push(WayBack { aside, selected, name: whole, moments: behind.moments });
        (self.lab, self.preset, self.selected, self.find) = (LabRef(behind.lab), None, None, None);
        self.log = Log::default();
        self.log.say(Kind::Note, &text);
        self.script_changed();
        self.draft = (self.draft.0 + 1, Rc::from(""));
        self.go(Move::To(at as f64));
        self.say(&text);
    }

    /// When what is selected happened, if it is something that happened: its door leads to that moment.
    fn moment_of_selection(&self) -> Option<usize> {
        let timeline = self.player.run.timeline();
        let time_ns = (timeline.guide().moment)(&timeline.view_at(self.player.position()), self.selected?)?;
        Some(timeline.with(|timeline| timeline.happened_by(time_ns)))
    }

    /// Back through the door, to where one was.
    pub fn go_back(&mut self) {
        let Some(WayBack { aside, selected, .. }) = self.ways_back.pop() else { return };
        self.undo = Some(Box::new(aside));
        self.undo();
        self.selected = selected;
    }

    /// The run that is worked with, while one looks behind doors.
    pub fn before_doors(&self) -> Option<&Undo> {
        self.ways_back.first().map(|first| &first.aside)
    }

    /// Back through all doors.
    pub fn leave_doors(&mut self) {
        while !self.ways_back.is_empty() {
            self.go_back();
        }
    }

    /// Whether the run is a look behind a door, which takes no commands and can't be forked: says so, and what can be done.
    pub fn is_only_looked_at(&mut self) -> bool {
        if self.player.run.is_look() {
            self.complain(
                "What is behind a door is looked at, and does not go on by itself. Back leads back: go on there.",
            );
        }
        self.player.run.is_look()
    }
}

/// The button that leads back through the door.
pub fn way_back(app: &App) -> Html {
    let from = app.ways_back.last().filter(|_| app.player.run.is_look());
    html! {
        <>{ for from.map(|from| back(&app.act, from.aside.lab())) }</>
    }
}

fn back(act: &Act, lab: LabRef) -> Html {
    html! {
        <div class="notice folded back" key="back">
            <button type="button" class="line" title={format!("Back to where the door was: {}", lab.0.title)} onclick={on::<MouseEvent>(act, Action::Back)}>{ "Back" }</button>
        </div>
    }
}
