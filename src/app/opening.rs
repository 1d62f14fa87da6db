//! What is opened, and what is handed out: presets, links, scripts, traces, lists of keys.
//!
//! Whatever cannot be opened is told in a sentence, and what was on the page stays.

use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::action::{Pane, Shown};
use super::curves;
use super::files::{self, Reading};
use super::kept::Kept;
use super::log::{Kind, Log};
use super::pace::SPEEDS;
use super::root::{App, Intake, Msg};
use super::run::Run;
use super::site::Page;
use super::thrown::sentence_of;
use super::{LabRef, browser, settings};
use crate::lab::intake::{self, MAX_FILE, Opened};
use crate::lab::words::counted;
use crate::lab::{LABS, LabInfo, Link, Problem, Script, preset, preset_word};
use crate::trace::TraceReader;
use crate::trace::text::write_trace_within;
use crate::view::{Timeline, TimelineHandle};

/// Lines of keys that are read between two looks at the clock.
const LINES: usize = 2000;
/// Records that are read between two looks at the clock.
const RECORDS: usize = 500;
/// A script longer than this is not even tried to be put into a link.
const LINKED_MAX: usize = 512 << 10;

/// What is opened where nothing is asked for.
const FIRST: &str = "preset=textbook";

impl App {
    /// At the start: what the link says. Without one the first page, or inside another page the first preset.
    pub fn open_first(&mut self) {
        self.site.turned = true;
        let fragment = self.place.fragment();
        if !self.embed && self.place.has_page() {
            self.site.kept = Kept::recall();
        }
        match Page::of(&fragment) {
            Some(Page::Home) if !self.embed => self.arrive(""),
            Some(_) if !self.embed => self.arrive(&fragment),
            _ if self.embed && !fragment.is_empty() && Link::decode(&fragment).is_err() => {
                self.open_nothing(LABS[0]);
                self.follow(&fragment);
            }
            _ => {
                self.put_preset(LABS[0], 0);
                self.site.address = FIRST.to_string();
                self.follow(&fragment);
            }
        }
    }

    /// A lab without a run.
    pub fn open_nothing(&mut self, lab: &'static LabInfo) {
        self.open_script(&format!("lab {}\n", lab.name), lab.title);
        self.player.pause();
    }

    /// Opens what a link says; a link that cannot be read leaves everything as it is.
    pub fn follow(&mut self, fragment: &str) {
        if fragment.is_empty() {
            return;
        }
        match Link::decode(fragment) {
            Ok(link) => self.open_link(fragment, link),
            Err(error) => {
                // The address goes on to name what is shown.
                if self.site.page.is_none() && !self.site.address.is_empty() {
                    self.place.replace_fragment(&self.site.address);
                }
                self.complain(&sentence_of(&error));
            }
        }
    }

    fn open_link(&mut self, fragment: &str, link: Link) {
        self.site.has_hero = false;
        let preset = fragment.strip_prefix("preset=").and_then(|rest| {
            let (lab, preset) = preset(rest.split('&').next()?)?;
            Some((lab, lab.presets.iter().position(|other| std::ptr::eq(other, preset))?))
        });
        match preset {
            Some((lab, index)) => self.put_preset(lab, index),
            None => self.open_script(&link.script, "shared run"),
        }
        self.site.address = fragment.to_string();
        if link.compare.is_some() {
            self.compare(link.compare);
        }
        if let Some(position) = link.position {
            self.player.pause();
            self.goal = Some(position);
        }
        self.come_back_to_kept(fragment);
    }

    /// Opens a preset that was chosen on the page: a step in the browser's history.
    pub fn open_preset(&mut self, lab: &'static LabInfo, index: usize) {
        let Some(preset) = lab.presets.get(index) else { return };
        let fragment = format!("preset={}", preset_word(lab, preset));
        if fragment != self.place.fragment() {
            self.place.push_fragment(&fragment);
        }
        self.put_preset(lab, index);
        (self.site.address, self.site.turned) = (fragment, true);
    }

    pub fn put_preset(&mut self, lab: &'static LabInfo, index: usize) {
        let Some(preset) = lab.presets.get(index) else { return };
        self.open_script(preset.script, preset.title);
        self.preset = Some(index);
        if !self.own_speed {
            self.player.speed = SPEEDS.iter().find(|(_, name)| *name == preset.speed).map_or(1.0, |(speed, _)| *speed);
        }
        self.drawer = None;
        self.compare(preset.compare.map(|(name, value)| (name.to_string(), value.to_string())));
    }

    /// Puts a script in the place of what was there, and plays it. One for a lab that is not known is not taken.
    pub fn open_script(&mut self, script: &str, title: &str) {
        let run = Run::open(script);
        let Some(session) = run.session() else { return };
        let problems = session.problems().to_vec();
        let lab = session.lab();
        let of_lab = |problem: &&Problem| {
            let line = script.lines().nth(problem.line.saturating_sub(1));
            line.is_some_and(|line| line.split_whitespace().next() == Some("lab"))
        };
        if let Some(problem) = problems.iter().find(of_lab) {
            return self.complain(&format!("Line {}: {}; {}.", problem.line, problem.what, problem.remedy));
        }
        if self.site.page.is_some() {
            self.leave_page_for(&link_to(script));
        }
        self.begin(run, title);
        self.lab = LabRef(lab);
        if !problems.is_empty() {
            let count = problems.len();
            self.log.problems(&problems, true);
            self.complain(&format!(
                "{count} of the script's lines cannot be understood and are passed over; the console says which and why."
            ));
        }
        if curves::is_about(script) && Pane::Curves.is_of(lab.name) {
            self.pane = Pane::Curves;
        } else if !self.pane.is_of(lab.name) {
            self.pane = Pane::Code;
        }
        self.script_changed();
        self.player.play();
    }

    fn begin(&mut self, run: Run, title: &str) {
        // A file that is still on its way was for the run that goes.
        self.intake = None;
        self.ways_back.clear();
        self.player.replace(run);
        self.answers.begin();
        self.dismiss();
        self.title = AttrValue::from(title.to_string());
        self.preset = None;
        self.log = Log::default();
        self.selected = None;
        self.find = None;
        self.goal = None;
        self.bytes = None;
    }

    /// Reads a trace until the deadline. True while one is on its way.
    pub fn take_trace(&mut self, deadline_ms: f64) -> bool {
        let Some(Intake::Trace { reader, timeline, .. }) = &mut self.intake else { return false };
        let ended = loop {
            match reader.step(RECORDS) {
                Ok(false) if browser::now_ms() < deadline_ms => {}
                ended => break ended,
            }
        };
        if timeline.is_empty() {
            *timeline = TimelineHandle::new(Timeline::of_lab(lab_of(&reader.script).name));
        }
        *timeline = timeline.extended(reader.trace.clone());
        if matches!(ended, Ok(false)) {
            return true;
        }
        let Some(Intake::Trace { reader, timeline, name }) = self.intake.take() else { return false };
        if let Err(error) = ended {
            let what = format!("{name}: {}", sentence(&error));
            self.tell_unreadable(&what);
            self.complain(&what);
            return true;
        }
        if self.site.page.is_some() {
            self.leave_page_for("");
        }
        self.begin(Run::recorded(&reader.script, timeline), &name);
        self.lab = LabRef(lab_of(&reader.script));
        self.log.say(Kind::Note, "This is a recorded trace: fork to run its script and go on from there.");
        self.script_changed();
        if self.wish.paused {
            self.player.pause();
        } else {
            self.player.play();
        }
        true
    }

    /// Takes what a file or a paste holds.
    pub fn open_bytes(&mut self, name: &str, bytes: Vec<u8>) {
        match intake::open(name, bytes) {
            Ok(Opened::Script(text)) => self.open_script(&text, name),
            Ok(Opened::Trace(text)) => match TraceReader::new(text) {
                Ok(reader) => {
                    let (reader, timeline) = (Box::new(reader), TimelineHandle::default());
                    self.intake = Some(Intake::Trace { reader, timeline, name: name.to_string() });
                }
                Err(error) => self.complain(&format!("{name}: {}", sentence(&error))),
            },
            Ok(Opened::Keys(_)) if self.player.run.session().is_none() => {
                self.complain("A recorded trace takes no keys: fork to run its script, then drop the keys again.");
            }
            Ok(Opened::Keys(reader)) if self.lab.0.command("accesses").is_some() => {
                let reader = reader.into_pages();
                let reader = if self.lab.0.name == "eviction" { reader.of_objects() } else { reader };
                self.intake = Some(Intake::Pages { reader: Box::new(reader), name: name.to_string() });
            }
            Ok(Opened::Keys(_)) if self.lab.0.command("import").is_none() => {
                let title = self.lab.0.title;
                self.complain(&format!(
                    "{title} takes no list: open B+tree or LSM tree for one of keys, Buffer pool for one of page numbers, Eviction for one of accesses, and drop it there."
                ));
            }
            Ok(Opened::Keys(reader)) => {
                self.intake = Some(Intake::Keys { reader: Box::new(reader), name: name.to_string() });
            }
            Err(error) => self.complain(&sentence_of(&error)),
        }
    }

    pub fn start_reading(&mut self, ctx: &Context<Self>, file: web_sys::File) {
        self.dropping = false;
        self.shown = None;
        let name = file.name();
        if let Err(error) = intake::check_size(&name, file.size() as u64) {
            return self.complain(&sentence_of(&error));
        }
        let link = ctx.link().clone();
        let total = file.size() as u32;
        let reader = files::read(file, move |reading| link.send_message(Msg::Reading(reading)));
        self.intake = Some(Intake::Reading { _reader: reader, name, done: 0, total });
    }

    pub fn read(&mut self, reading: Reading) {
        match reading {
            Reading::Progress(now) => {
                if let Some(Intake::Reading { done, .. }) = &mut self.intake {
                    *done = now;
                }
            }
            Reading::Done { name, bytes } => {
                self.intake = None;
                self.open_bytes(&name, bytes);
            }
            Reading::Failed { name } => {
                self.intake = None;
                self.complain(&format!(
                    "{name} could not be read: it was moved or changed meanwhile, or it is a folder."
                ));
            }
        }
    }

    /// Reads keys until the deadline. True while a list of keys is on its way.
    pub fn take_keys(&mut self, deadline_ms: f64) -> bool {
        let Some(Intake::Keys { reader, .. }) = &mut self.intake else { return false };
        let ended = loop {
            match reader.step(LINES) {
                Ok(true) => break Ok(()),
                Ok(false) if browser::now_ms() >= deadline_ms => return true,
                Ok(false) => {}
                Err(error) => break Err(error),
            }
        };
        let Some(Intake::Keys { reader, name }) = self.intake.take() else { return false };
        match ended.and_then(|()| reader.finish()) {
            Ok((keys, report)) => {
                let mut sentence = report.sentence(&name);
                if !keys.is_empty() {
                    let count = counted(keys.len() as u64, "key");
                    sentence.push_str(&format!(". {count} added to the open run; start with clear for a new one."));
                }
                self.import(keys, &sentence);
            }
            Err(error) => self.complain(&sentence_of(&error)),
        }
        true
    }

    /// Reads page numbers until the deadline. True while a file of them is on its way.
    pub fn take_pages(&mut self, deadline_ms: f64) -> bool {
        let Some(Intake::Pages { reader, .. }) = &mut self.intake else { return false };
        let ended = loop {
            match reader.step(LINES) {
                Ok(true) => break Ok(()),
                Ok(false) if browser::now_ms() >= deadline_ms => return true,
                Ok(false) => {}
                Err(error) => break Err(error),
            }
        };
        let Some(Intake::Pages { reader, .. }) = self.intake.take() else { return false };
        match ended.and_then(|()| reader.finish()) {
            Ok(file) => {
                let of_keys = self.lab.0.name == "eviction";
                let state = &self.player.run.timeline().view_at(self.player.run.len()).state;
                let needed = if of_keys { file.settings() } else { pages_for(state, file.pages) };
                let mut sentence = file.sentence;
                if !needed.is_empty() && !of_keys {
                    sentence.push_str(&format!(". The file of the lab has {} now.", counted(file.pages, "page")));
                }
                let lines: Vec<&str> = needed.iter().map(String::as_str).collect();
                self.append_all(&lines, "accesses", file.data, &sentence);
            }
            Err(error) => self.complain(&sentence_of(&error)),
        }
        true
    }

    fn import(&mut self, keys: crate::lab::Data, sentence: &str) {
        if keys.is_empty() {
            self.log.say(Kind::Note, sentence);
            return self.say(sentence);
        }
        self.append_all(&[], "import", keys, sentence);
    }

    /// Goes on with some lines and one that takes data, on both sides of a comparison.
    fn append_all(&mut self, lines: &[&str], last: &str, data: crate::lab::Data, sentence: &str) {
        let before = self.player.run.len();
        self.log.say(Kind::Note, sentence);
        self.say(sentence);
        let go_on = |session: &mut crate::lab::Session, change: &dyn Fn(&str) -> String| {
            lines.iter().try_for_each(|line| session.append(&change(line)))?;
            session.append_with_data(last, data.clone())
        };
        if let Some(rival) = &mut self.player.rival {
            let (name, value) = (&rival.setting, &rival.value);
            let change = |line: &str| settings::more_at_the_right(line, name, value);
            let _ = rival.run.session_mut().map(|session| go_on(session, &change));
        }
        let Some(session) = self.player.run.session_mut() else { return };
        match go_on(session, &str::to_string) {
            Ok(()) => {
                self.preset = None;
                self.go_on_from(before);
            }
            Err(problems) => self.log.mistake(last, &problems),
        }
    }

    /// A link to this very run: into the address, and onto the clipboard.
    pub fn share(&mut self, ctx: &Context<Self>) {
        let script = self.player.run.script();
        if script.len() > LINKED_MAX {
            self.link = AttrValue::default();
            self.show(Shown::Link);
            return;
        }
        let link = Link {
            script,
            position: Some(self.player.position()),
            compare: self.player.rival.as_ref().map(|rival| (rival.setting.clone(), rival.value.clone())),
        };
        match link.encode() {
            Ok(fragment) => {
                self.place.replace_fragment(&fragment);
                self.site.address.clone_from(&fragment);
                let address = browser::address_with(&fragment);
                self.link = AttrValue::from(address.clone());
                copy(ctx, address, "Link copied: it gives this very run, event for event.");
            }
            Err(_) => {
                self.link = AttrValue::default();
                self.show(Shown::Link);
            }
        }
    }

    pub fn save_trace(&mut self) {
        let script = self.player.run.script();
        let bytes_max = MAX_FILE as usize;
        let text = self.player.run.timeline().with(|timeline| write_trace_within(&script, timeline.trace(), bytes_max));
        match text {
            Some(text) => browser::download("glassbase.trace", &text),
            None => self.complain(&format!(
                "The trace is longer than {} MiB, the most that can be opened again: save the script instead; it gives the same run.",
                MAX_FILE >> 20
            )),
        }
    }
}

/// What can be dropped on a lab.
pub fn droppable(lab: &LabInfo) -> &'static str {
    match (lab.name, lab.command("import")) {
        ("eviction", _) => "Drop a script, a trace, or a list of keys asked for: key, or key,size, or time,key,size",
        ("pool", _) => "Drop a script, a trace, or a list of page numbers, one a line",
        (_, Some(_)) => "Drop a script, a trace, or a list of keys: text or CSV, one a line",
        _ => "Drop a script or a trace; lists go to B+tree, LSM tree, Buffer pool and Eviction",
    }
}

/// Puts a text on the clipboard; the page says so, or shows the text when it may not.
pub fn copy(ctx: &Context<App>, text: String, done: &'static str) {
    let link = ctx.link().clone();
    spawn_local(async move {
        let copied = browser::copy(text).await;
        link.send_message(Msg::Copied(copied, done.to_string()));
    });
}

/// The link to a script, if it fits into one.
fn link_to(script: &str) -> String {
    let link = Link { script: script.to_string(), ..Link::default() };
    if script.len() > LINKED_MAX { String::new() } else { link.encode().unwrap_or_default() }
}

/// The lab that a script is for: the last that it goes to, as in a run that is carried out.
fn lab_of(script: &str) -> &'static LabInfo {
    Script::parse(script).lab
}

/// What is wrong, as a sentence: a remedy may be a question, which has its own mark.
fn sentence(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    if text.ends_with('?') { text } else { text + "." }
}

/// The settings that give the lab's file so many pages, if it has fewer.
fn pages_for(state: &crate::trace::EngineState, pages: u64) -> Vec<String> {
    let known = state.parts.replacement.as_ref();
    let (there, rows) = known.map_or((0, false), |known| (u64::from(known.pages), known.index_pages > 0));
    let mut lines = Vec::new();
    if there < pages {
        if rows {
            lines.push("set rows 0".to_string());
        }
        if pages * u64::from(state.page_size) > 32 << 20 {
            lines.push("set page_size 128".to_string());
        }
        lines.push(format!("set pages {pages}"));
    }
    // A trace is played into a cold pool: what a preset left there would count as its hits.
    if lines.is_empty() && state.counters.pool_hits + state.counters.pool_misses > 0 {
        lines.push("clear".to_string());
    }
    lines
}
