//! Going on from the middle of a run: what came after is cut off, and can be had back.
//!
//! ```text
//!   insert 70 | insert 80 | insert 60 | insert 90        playhead inside `insert 60`
//!   insert 70 | insert 80 |                              the fork ends with the last whole command
//! ```
//!
//! **Invariant:** the run that was forked is kept untouched for as long as the notice offers to undo.

use std::rc::Rc;

use yew::AttrValue;

use super::LabRef;
use super::log::{Kind, Log};
use super::player::{Move, Rival};
use super::root::App;
use super::run::Run;
use crate::lab::Session;
use crate::lab::words::shortened;

/// Longest command that is quoted whole.
const QUOTED_MAX: usize = 40;

/// The run as it was before a fork.
pub struct Undo {
    run: Run,
    rival: Option<Rival>,
    playhead: f64,
    log: Log,
    preset: Option<usize>,
    title: AttrValue,
    lab: LabRef,
}

impl Undo {
    pub fn session(&self) -> Option<&Session> {
        self.run.session()
    }

    pub fn lab(&self) -> LabRef {
        self.lab
    }

    /// The run, what stands beside it, and where its playhead is.
    pub fn stood(&self) -> (&Run, Option<&Rival>, usize) {
        (&self.run, self.rival.as_ref(), self.playhead as usize)
    }

    pub fn is_preset(&self) -> bool {
        self.preset.is_some()
    }

    pub fn title(&self) -> String {
        self.title.to_string()
    }
}

impl App {
    pub fn fork(&mut self) {
        if self.is_only_looked_at() {
            return;
        }
        let position = self.player.position();
        let compare = self.player.rival.as_ref().map(|rival| (rival.setting.clone(), rival.value.clone()));
        let (run, said) = match self.player.run.session() {
            Some(session) => (Run::from_session(session.fork_at(position)), self.cut_in_words(position)),
            None => (Run::open(&self.player.run.script()), None),
        };
        let undo = self.put_aside(run, "fork");
        self.dismiss();
        match &said {
            Some((_, end)) => self.log.cut(*end),
            None => self.log = Log::default(),
        }
        self.work();
        self.preset = None;
        self.script_changed();
        self.compare(compare);
        self.draft = (self.draft.0 + 1, Rc::from(""));
        if let Some((words, _)) = said {
            self.log.say(Kind::Note, &words);
            self.go(Move::End);
            self.say(&words);
            self.undo = Some(Box::new(undo));
        } else {
            self.goal = Some(position);
            self.log.say(Kind::Note, "The script of the trace is run anew: go on from here.");
        }
        self.keep();
    }

    /// Puts another run in the place of this one, which can be taken back.
    pub fn put_aside(&mut self, run: Run, title: &str) -> Undo {
        let (rival, playhead) = (self.player.rival.take(), self.player.playhead());
        let whole = self.player.replace(run);
        self.answers.begin();
        Undo {
            run: whole,
            rival,
            playhead,
            log: self.log.clone(),
            preset: self.preset,
            title: std::mem::replace(&mut self.title, AttrValue::from(title.to_string())),
            lab: self.lab,
        }
    }

    /// What a fork at `position` keeps and what it cuts off, and where the trace ends then.
    fn cut_in_words(&self, position: usize) -> Option<(String, usize)> {
        let commands = self.player.run.session()?.commands();
        let kept = commands.partition_point(|span| span.records.end <= position);
        let quoted = |index: usize| commands.get(index).map(|span| shortened(&span.text, QUOTED_MAX));
        let last = kept.checked_sub(1);
        let place = match last.and_then(quoted) {
            Some(text) => format!("Forked after `{text}`"),
            None => "Forked at the beginning".to_string(),
        };
        let gone = match quoted(kept) {
            Some(text) => format!("the commands from `{text}` on are gone"),
            None if self.player.run.is_working() => "what was still to be carried out is gone".to_string(),
            None => "nothing stood behind it".to_string(),
        };
        let end = last.and_then(|index| commands.get(index)).map_or(0, |span| span.records.end);
        Some((format!("{place}: {gone}."), end))
    }

    /// Takes a fork back.
    pub fn undo(&mut self) {
        let Some(undo) = self.undo.take() else { return };
        let undo = *undo;
        self.player.replace(undo.run);
        self.answers.begin();
        self.player.rival = undo.rival;
        self.player.seek(Move::To(undo.playhead));
        (self.log, self.preset, self.title, self.lab) = (undo.log, undo.preset, undo.title, undo.lab);
        self.goal = None;
        self.dismiss();
        self.script_changed();
    }
}
