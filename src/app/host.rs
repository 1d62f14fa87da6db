//! The page around an embedded lab: how it wants the lab, what it may ask of it, and what it is told.
//!
//! ```text
//!   <glassbase-lab>, ?embed ──Wish──▶ App ◀──Call── run · step · seek · fork · play · pause · reveal · open …
//!                                      └──tell──▶ ready · step · violation · goal
//! ```
//!
//! A [`Call`] is answered when all that it asked for has been carried out. Errors are JavaScript's own, with a `code`.
//!
//! **Invariant:** nothing is told while the app is in the middle of an update: who listens may call again at once.

use std::rc::Rc;

use js_sys::{Function, Object, Reflect};
use wasm_bindgen::prelude::*;

use super::locks::Locks;
use super::pace::SPEEDS;
use super::player::Move;
use super::root::{App, RECORDED};
use super::thrown::{Thrown, put, sentence_of};
use super::{browser, shell};
use crate::lab::intake::MAX_FILE;
use crate::lab::{LABS, Link, lab, preset, preset_suggestion};
use crate::trace::id::VerdictKind;
use crate::trace::parts::stack::GoalState;
use crate::trace::{Event, TraceReader};
use crate::view::Timeline;

/// Longest text that is taken from outside, in bytes: as in a link.
const TEXT_MAX: usize = 4 << 20;
/// Most events of one kind that are told at once; a film that is skipped over holds more than anybody wants to hear.
const TOLD_MAX: usize = 20;

/// What is to be opened: the first of these that is there.
#[derive(Default)]
pub struct Opening {
    pub script: Option<String>,
    /// The text of a trace file.
    pub trace: Option<String>,
    pub link: Option<String>,
    pub preset: Option<String>,
    /// The lab of the script or preset, or alone: its first preset.
    pub lab: Option<String>,
}

/// How a page wants an app.
#[derive(Default)]
pub struct Wish {
    pub embed: bool,
    pub opening: Opening,
    pub locks: Locks,
    pub hides_answers: bool,
    /// It stands at its start until somebody plays it.
    pub paused: bool,
    /// Hears of what happens: a word and an object.
    pub tell: Option<Function>,
}

/// Wishes are made once.
impl PartialEq for Wish {
    fn eq(&self, other: &Wish) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Wish {
    /// Reads the options that a script gives, as far as they are texts.
    pub fn read(options: &JsValue, tell: Option<Function>) -> Wish {
        Wish {
            embed: true,
            opening: Opening::read(options),
            locks: Locks::read(&text(options, "lock").unwrap_or_default()),
            hides_answers: text(options, "answers").as_deref() == Some("hidden"),
            paused: text(options, "play").as_deref() == Some("no"),
            tell,
        }
    }

    /// What the page's own address asks for.
    pub fn of_address(tell: Option<Function>) -> Wish {
        let embed = browser::asked_for("embed").is_some();
        let said = |name: &str| browser::asked_for(name).filter(|_| embed);
        Wish {
            embed,
            opening: Opening::default(),
            locks: Locks::read(&said("lock").unwrap_or_default()),
            hides_answers: said("answers").as_deref() == Some("hidden"),
            paused: said("play").as_deref() == Some("no"),
            tell,
        }
    }
}

impl Opening {
    fn read(options: &JsValue) -> Opening {
        Opening {
            script: text(options, "script"),
            trace: text(options, "trace"),
            link: text(options, "link"),
            preset: text(options, "preset"),
            lab: text(options, "lab"),
        }
    }

    fn is_empty(&self) -> bool {
        self.script.is_none()
            && self.trace.is_none()
            && self.link.is_none()
            && self.preset.is_none()
            && self.lab.is_none()
    }
}

fn text(object: &JsValue, name: &str) -> Option<String> {
    Reflect::get(object, &name.into()).ok()?.as_string().filter(|text| !text.is_empty())
}

/// Something that the page around asks for, and whom to tell of the outcome.
pub struct Call {
    pub name: String,
    pub argument: JsValue,
    pub done: Function,
    pub failed: Function,
}

/// What an app remembers of the page around it.
#[derive(Default)]
pub struct Host {
    /// Calls that wait until all is carried out.
    waiting: Vec<(Function, Function)>,
    /// The position told last.
    told: usize,
}

impl App {
    /// At the start: what the page around wants, else what the address says.
    pub fn open_wished(&mut self) {
        let wish = self.wish.clone();
        if wish.opening.is_empty() {
            self.open_first();
        } else if let Err(refused) = self.open(&wish.opening) {
            // Not another run in its place: who reads the page would take it for the one that was meant.
            self.open_nothing(wish.opening.lab.as_deref().and_then(lab).unwrap_or(LABS[0]));
            self.complain(&refused.what);
            self.pass_on("error", &|| {
                let detail = Object::new();
                put(&detail, "code", refused.code);
                put(&detail, "message", &*refused.what);
                detail
            });
        }
        if wish.paused {
            self.player.pause();
        }
    }

    fn open(&mut self, opening: &Opening) -> Result<(), Thrown> {
        let known = match &opening.lab {
            None => None,
            Some(name) => Some(lab(name).ok_or_else(|| Thrown::new("lab", unknown_lab(name)))?),
        };
        if let Some(script) = &opening.script {
            if script.len() > TEXT_MAX {
                return Err(too_long());
            }
            let names_its_lab = script.lines().any(|line| line.trim_start().starts_with("lab "));
            let head = known.filter(|_| !names_its_lab).map(|lab| format!("lab {}\n", lab.name));
            let script = head.unwrap_or_default() + script;
            let checked = crate::lab::Session::new(&script);
            if !checked.problems().is_empty() {
                return Err(Thrown::script(checked.problems()));
            }
            self.open_script(&script, "script");
        } else if let Some(trace) = &opening.trace {
            if trace.len() as u64 > MAX_FILE {
                return Err(Thrown::new("limit", format!("The trace is longer than {} MiB.", MAX_FILE >> 20)));
            }
            TraceReader::new(trace.clone()).map_err(|error| Thrown::new("trace", sentence_of(&error)))?;
            self.open_bytes("the trace", trace.clone().into_bytes());
        } else if let Some(link) = &opening.link {
            let link = link.split_once('#').map_or(&**link, |(_, fragment)| fragment);
            Link::decode(link).map_err(|error| Thrown::new("link", sentence_of(&error)))?;
            self.follow(link);
        } else if let Some(word) = &opening.preset {
            let whole = known.map(|lab| format!("{}/{word}", lab.name)).filter(|_| !word.contains('/'));
            let word = whole.as_deref().unwrap_or(word);
            let Some((lab, found)) = preset(word) else {
                return Err(Thrown::new(
                    "preset",
                    sentence_of(&format!("There is no preset \"{word}\"; {}", preset_suggestion(word))),
                ));
            };
            let index = lab.presets.iter().position(|other| std::ptr::eq(other, found)).unwrap_or(0);
            self.open_preset(lab, index);
        } else {
            self.open_preset(known.unwrap_or(LABS[0]), 0);
        }
        Ok(())
    }

    /// Does what a call asks for.
    pub fn answer(&mut self, call: Call) {
        match self.carry_out(&call) {
            Ok(()) => self.host.waiting.push((call.done, call.failed)),
            Err(refused) => {
                let _ = call.failed.call1(&JsValue::NULL, &refused.into_value());
            }
        }
    }

    fn carry_out(&mut self, call: &Call) -> Result<(), Thrown> {
        let number = call.argument.as_f64().filter(|number| number.is_finite());
        let words = call.argument.as_string();
        match &*call.name {
            "open" => {
                let opening = Opening::read(&call.argument);
                if opening.is_empty() {
                    return Err(needs(
                        "open",
                        "a script, a trace, a link, a preset or a lab, as in { script: 'insert 37' }",
                    ));
                }
                self.open(&opening)?;
                if self.wish.paused {
                    self.player.pause();
                }
            }
            "run" => self.run_lines(&words.ok_or_else(|| needs("run", "a text: one or several lines of script"))?)?,
            "step" => match number.or_else(|| call.argument.is_undefined().then_some(1.0)) {
                None => return Err(needs("step", "a number of events, or nothing for one")),
                Some(1.0) => self.go(Move::Event(1)),
                Some(-1.0) => self.go(Move::Event(-1)),
                Some(many) => self.go(Move::To((self.player.position() as f64 + many.trunc()).max(0.0))),
            },
            "seek" => match (words.as_deref(), number) {
                (Some("start"), _) => self.go(Move::Start),
                (Some("end"), _) => self.go(Move::End),
                (None, Some(position)) if position >= 0.0 => self.go_or_wait(position as usize),
                _ => return Err(needs("seek", "a position from 0, \"start\" or \"end\"")),
            },
            "fork" => {
                match number {
                    Some(position) if position >= 0.0 => self.player.seek(Move::To(position.trunc())),
                    None if call.argument.is_undefined() => {}
                    _ => return Err(needs("fork", "a position from 0, or nothing for where the run stands")),
                }
                self.fork();
            }
            "play" => {
                self.goal = None;
                self.player.play();
            }
            "pause" => self.player.pause(),
            "reveal" => self.reveal(),
            "theme" => {
                self.place.set_theme(words.as_deref().unwrap_or_default());
                self.theme += 1;
            }
            "speed" => {
                let known = number.filter(|speed| SPEEDS.iter().any(|(known, _)| known == speed));
                self.player.speed =
                    known.ok_or_else(|| needs("speed", "one of 0.1, 0.25, 0.5, 1, 2, 5, 10, 25, 100"))?;
                self.own_speed = true;
            }
            "state" => {}
            other => {
                let what = format!(
                    "There is no \"{other}\": run, open, step, seek, fork, play, pause, reveal, speed, theme and state are there."
                );
                return Err(Thrown::new("unknown", what));
            }
        }
        Ok(())
    }

    /// To a position, also if the run has not come so far yet.
    fn go_or_wait(&mut self, position: usize) {
        self.go(Move::To(position as f64));
        self.goal = (self.player.run.len() < position && self.player.is_working()).then_some(position);
    }

    /// Adds lines to the script, and plays what they do.
    fn run_lines(&mut self, lines: &str) -> Result<(), Thrown> {
        if lines.len() > TEXT_MAX {
            return Err(too_long());
        }
        let Some(session) = self.player.run.session_mut() else { return Err(Thrown::new("recorded", RECORDED)) };
        // Only what is whole is taken.
        session.clone().append(lines).map_err(|problems| Thrown::script(&problems))?;
        self.issue(lines);
        Ok(())
    }

    /// Tells what happened since the last time, and answers the calls that have waited for it.
    pub fn tell_host(&mut self) {
        let (position, told) = (self.player.position(), self.host.told);
        if position != told {
            self.host.told = position;
            if position > told {
                self.tell_marks(told, position);
            }
            self.tell_step(position);
        }
        let stepping = self.player.is_playing() && !self.player.is_rolling();
        let busy = self.player.is_working() || self.intake.is_some() || self.goal.is_some() || stepping;
        if !self.host.waiting.is_empty() && !busy {
            let state = self.state();
            for (done, _) in self.host.waiting.drain(..) {
                let _ = done.call1(&JsValue::NULL, &state);
            }
        }
    }

    /// What was being read can't be opened: who waits for it is told.
    pub fn tell_unreadable(&mut self, what: &str) {
        for (_, failed) in self.host.waiting.drain(..) {
            let refused = Thrown::new("trace", what);
            let _ = failed.call1(&JsValue::NULL, &refused.into_value());
        }
    }

    pub fn tell_ready(&self) {
        self.pass_on("ready", &|| self.state());
    }

    fn tell_step(&self, position: usize) {
        self.pass_on("step", &|| {
            let detail = Object::new();
            put(&detail, "position", position as f64);
            put(&detail, "length", self.player.run.len() as f64);
            put(&detail, "caption", shell::words(self).0);
            let event = self.player.run.timeline().with(|timeline| {
                let record = position.checked_sub(1).and_then(|index| timeline.record(index));
                record.map(|record| (record.event.name(), record.time_ns))
            });
            if let Some((name, time_ns)) = event {
                put(&detail, "event", name);
                put(&detail, "timeNs", time_ns as f64);
            }
            detail
        });
    }

    /// What was expected and came true, a goal that is reached, and what was promised and did not.
    fn tell_marks(&self, from: usize, to: usize) {
        if self.wish.tell.is_none() {
            return;
        }
        let found: Vec<Mark> = self.player.run.timeline().with(|timeline| {
            let records = timeline.trace().iter_from(from).take(to - from).enumerate();
            let marks = records.filter_map(|(offset, record)| {
                let position = from + offset;
                if let Some(goal) = newly_reached(timeline, position, &record.event) {
                    let text = goal.title.to_string();
                    return Some(Mark {
                        position: position + 1,
                        word: "goal",
                        by: "scenario".into(),
                        text,
                        goal: Some(goal),
                    });
                }
                let (word, by, text) = match &record.event {
                    Event::ExpectationHeld { text } => ("goal", "expect", text.to_string()),
                    Event::ExpectationFailed { text, found } => ("violation", "expect", format!("{text}: {found}")),
                    Event::Verified { problem, .. } if !problem.is_empty() => {
                        ("violation", "verify", problem.to_string())
                    }
                    Event::Judged { checker, kind: VerdictKind::Violated, text, .. } => {
                        ("violation", &**checker, text.to_string())
                    }
                    _ => return None,
                };
                Some(Mark { position: position + 1, word, by: by.to_string(), text, goal: None })
            });
            marks.take(TOLD_MAX).collect()
        });
        for mark in found {
            self.pass_on(mark.word, &|| {
                let detail = Object::new();
                put(&detail, "position", mark.position as f64);
                put(&detail, "by", &*mark.by);
                put(&detail, "text", &*mark.text);
                if let Some(goal) = &mark.goal {
                    put(&detail, "name", &*goal.scenario);
                    put(&detail, "score", f64::from(goal.score));
                    put(&detail, "cost", goal.cost as f64);
                    put(&detail, "budget", goal.budget as f64);
                }
                detail
            });
        }
    }

    fn pass_on(&self, word: &str, detail: &dyn Fn() -> Object) {
        if let Some(tell) = &self.wish.tell {
            let _ = tell.call2(&JsValue::NULL, &word.into(), &detail());
        }
    }

    /// The run and where it stands, as plain data.
    pub fn state(&self) -> Object {
        let player = &self.player;
        let timeline = player.run.timeline();
        let view = timeline.view_at(player.position());
        let state = Object::new();
        put(&state, "lab", self.lab.0.name);
        put(&state, "title", &*self.title);
        put(&state, "script", player.run.script());
        put(&state, "position", player.position() as f64);
        put(&state, "length", player.run.len() as f64);
        put(&state, "timeNs", view.time_ns as f64);
        put(&state, "playing", player.is_playing());
        put(&state, "working", player.is_working());
        put(&state, "asking", self.is_asking());
        put(&state, "caption", shell::words(self).0);
        put(&state, "held", view.held);
        put(&state, "failed", view.failed);
        let measures = Object::new();
        for measure in timeline.guide().measures {
            put(&measures, measure.name, measure.value(&view).map_or(JsValue::NULL, JsValue::from));
        }
        put(&state, "measures", measures);
        let message = self.notice.as_ref().map_or(JsValue::NULL, |notice| (&*notice.text).into());
        put(&state, "message", message);
        state
    }
}

/// Something that the page around is told: at which position, in a word, by whom, and in a sentence.
struct Mark {
    position: usize,
    word: &'static str,
    by: String,
    text: String,
    /// The scenario whose goal it is.
    goal: Option<Rc<GoalState>>,
}

/// The goal of a scenario, if the event says that it is reached, and it was not before.
fn newly_reached(timeline: &Timeline, position: usize, event: &Event) -> Option<Rc<GoalState>> {
    let goal = match event {
        Event::GoalJudged { goal } => goal,
        // What was not recorded step by step is told as a whole.
        Event::StateTaken { state } => state.parts.stack.as_ref()?.goal.as_ref()?,
        _ => return None,
    };
    let before = || timeline.view_at(position).state.parts.stack.as_ref()?.goal.clone();
    (goal.reached && before().is_none_or(|before| !before.reached)).then(|| goal.clone())
}

fn unknown_lab(name: &str) -> String {
    let known: Vec<&str> = LABS.iter().map(|lab| lab.name).collect();
    format!("There is no lab \"{name}\"; there are {}.", known.join(", "))
}

fn needs(name: &str, what: &str) -> Thrown {
    Thrown::new("argument", format!("\"{name}\" needs {what}."))
}

fn too_long() -> Thrown {
    Thrown::new("limit", format!("The script is longer than {} MiB: cut it, or give it as a file.", TEXT_MAX >> 20))
}
