//! The door into a node of a cluster: its own store, as it stood at the playhead, in the lab that shows such stores.
//!
//! The store is shown as a recorded trace: it is looked at, down to its pages, and not worked with: no script of the store's
//! own lab leads to where it is, for its commands came over the network. The notice leads back.

use std::rc::Rc;

use super::LabRef;
use super::log::{Kind, Log};
use super::player::Move;
use super::root::App;
use super::run::Run;
use crate::lab::lab;
use crate::view::{Timeline, TimelineHandle};

impl App {
    /// Opens the store of a node.
    pub fn open_door(&mut self, name: &str) {
        let position = self.player.position();
        let Some(session) = self.player.run.session() else {
            return self.complain("This is a recorded trace: fork to run its script, then look into its nodes.");
        };
        let Some((script, trace)) = session.part_at(name, position) else {
            return self.complain(&format!(
                "{name} keeps its data in memory, without pages: set the store to btree or lsm, and look again."
            ));
        };
        let shown = script.lines().next().and_then(|line| lab(line.trim_start_matches("lab ")));
        let Some(shown) = shown else { return };
        // A store is looked at as it stood; a part that tells what it does goes on from there.
        let goes_on = trace.len() > 2;
        let handle = TimelineHandle::new(Timeline::of_lab(shown.name)).extended(trace);
        let what = if matches!(shown.name, "log" | "lsm") { "the store of" } else { "the inside of" };
        let title = format!("{what} {name}");
        self.player.pause();
        let undo = self.put_aside(Run::look(&script, handle), &title);
        (self.lab, self.preset, self.selected, self.find) = (LabRef(shown), None, None, None);
        self.log = Log::default();
        let text = format!("This is {title} as it stood. Undo leads back to the cluster.");
        self.log.say(Kind::Note, &text);
        self.script_changed();
        self.draft = (self.draft.0 + 1, Rc::from(""));
        if goes_on {
            self.go(Move::To(2.0));
        } else {
            self.go(Move::End);
        }
        self.say(&text);
        self.undo = Some(Box::new(undo));
    }

    /// Whether the run is a look behind a door, which takes no commands and can't be forked: says so, and what can be done.
    pub fn is_only_looked_at(&mut self) -> bool {
        if !self.player.run.is_look() {
            return false;
        }
        let undo = self.undo.take();
        let way = if undo.is_some() { "Undo leads back to the cluster" } else { "Open the cluster again" };
        self.complain(&format!(
            "A node's store is looked at as it stood, and does not go on by itself. {way}: go on there."
        ));
        self.undo = undo;
        true
    }
}
