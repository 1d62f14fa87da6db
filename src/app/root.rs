//! The page's state, and what actions do to it.
//!
//! Once per frame, while anything moves: carry on with the work for a few milliseconds, move the playhead by the time
//! that has passed, draw. Everything else happens in answer to an [`Action`].

use std::cell::RefCell;
use std::rc::Rc;

use yew::prelude::*;

use super::action::{Act, Action, Drawer, Pane, Shown};
use super::answers::Answers;
use super::door::WayBack;
use super::files::{Reader, Reading};
use super::fork::Undo;
use super::host::{Call, Host, Wish};
use super::inspector::BytesShown;
use super::log::{Kind, Log};
use super::place::Place;
use super::player::{Move, Player, Rival};
use super::run::Run;
use super::site::route::Route;
use super::{LabRef, browser, opening, settings, shell};
use crate::lab::intake::KeyReader;
use crate::lab::pool::trace_file::PageReader;
use crate::lab::words::{grouped, shortened};
use crate::lab::{LABS, Progress, lab};
use crate::trace::id::VerdictKind;
use crate::trace::{Bytes, Event, Lane, PageId, Record, TraceReader};
use crate::view::find::find;
use crate::view::{Selection, TimelineHandle};

/// What is said to a command while a recorded trace is open.
pub const RECORDED: &str = "This is a recorded trace: fork to run its script, then go on from there.";
/// A longer script is put into the failure page only when it is needed.
const SCRIPT_KEPT_MAX: usize = 256 << 10;

thread_local! {
    /// The run's script, for the failure page.
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Called when the program has failed: puts the script where the person can copy it.
pub fn keep_last_script() {
    LAST.with(|last| {
        if let Ok(script) = last.try_borrow() {
            browser::keep_script(&script);
        }
    });
}

pub enum Msg {
    Act(Action),
    Frame(f64),
    Key(web_sys::KeyboardEvent),
    /// The address has another fragment.
    Fragment,
    /// The system's colours changed.
    Colours,
    File(web_sys::File),
    Reading(Reading),
    Dropping(bool),
    /// What is dragged goes over to another element, or out of the window.
    Left(Option<web_sys::Node>),
    /// The page around asks for something.
    Call(Call),
    Copied(bool, String),
    /// The browser could not paint the picture of the stage.
    Unpainted,
    /// The page is put away, perhaps for good.
    Leaving,
}

/// Something that the page has to say; without a text, only what can be done about it is left of it.
#[derive(Clone, PartialEq)]
pub struct Notice {
    pub text: AttrValue,
    pub bad: bool,
    pub number: u32,
    /// The address that opens what would stand here, had the tab not kept something else.
    pub back: Option<AttrValue>,
}

/// A file on its way in.
pub enum Intake {
    Reading {
        _reader: Reader,
        name: String,
        done: u32,
        total: u32,
    },
    Keys {
        reader: Box<KeyReader>,
        name: String,
    },
    /// Page numbers, for a lab that takes accesses.
    Pages {
        reader: Box<PageReader>,
        name: String,
    },
    /// The timeline grows with what was read; it is shown when the file has proved whole.
    Trace {
        reader: Box<TraceReader<String>>,
        timeline: TimelineHandle,
        name: String,
    },
}

/// Where an app stands, and how the page around wants it.
#[derive(Properties, PartialEq)]
pub struct AppProps {
    pub place: Place,
    pub wish: Rc<Wish>,
}

pub struct App {
    pub place: Place,
    pub wish: Rc<Wish>,
    pub host: Host,
    pub answers: Answers,
    pub act: Act,
    /// For the stage of the run, and for that of the run beside it.
    pub on_select: [Callback<Option<Selection>>; 2],
    pub on_lines: Callback<String>,
    pub on_moment: Callback<u64>,
    pub on_door: Callback<String>,
    pub player: Player,
    pub lab: LabRef,
    pub title: AttrValue,
    pub preset: Option<usize>,
    pub values: Rc<Vec<String>>,
    pub seed: AttrValue,
    pub log: Log,
    pub selected: Option<Selection>,
    /// It was selected in the run beside.
    pub selected_beside: bool,
    pub find: Option<Bytes>,
    pub pane: Pane,
    pub drawer: Option<Drawer>,
    pub shown: Option<Shown>,
    pub link: AttrValue,
    /// The script in its dialog.
    pub edited: AttrValue,
    pub comparing: AttrValue,
    pub notice: Option<Notice>,
    pub notices: u32,
    /// What a fork has cut, until something else is done.
    pub undo: Option<Box<Undo>>,
    /// Through which doors one came to what is looked at.
    pub ways_back: Vec<WayBack>,
    pub tall: bool,
    pub draft: (u32, Rc<str>),
    pub theme: u32,
    pub embed: bool,
    /// Which page of the site is shown, if not a lab.
    pub site: Route,
    pub dropping: bool,
    pub intake: Option<Intake>,
    /// The person has chosen a speed: presets keep to it.
    pub own_speed: bool,
    /// Where to go once the run has come so far: what a link says.
    pub goal: Option<usize>,
    pub bytes: Option<(PageId, usize, BytesShown)>,
    pub bytes_at_ms: f64,
    pub frames: super::browser::Frames,
    pub last_frame_ms: Option<f64>,
    marked: bool,
    _listening: Vec<browser::Listening>,
}

impl Component for App {
    type Message = Msg;
    type Properties = AppProps;

    fn create(ctx: &Context<Self>) -> App {
        let link = ctx.link().clone();
        let act = link.callback(Msg::Act);
        let still = browser::prefers_stillness();
        let preset = &LABS[0].presets[0];
        let AppProps { place, wish } = ctx.props();
        let mut app = App {
            place: place.clone(),
            wish: wish.clone(),
            host: Host::default(),
            answers: Answers::new(wish.hides_answers),
            on_select: [false, true].map(|beside| act.reform(move |selection| Action::SelectAt(beside, selection))),
            on_lines: act.reform(Action::Here),
            on_moment: act.reform(Action::Moment),
            on_door: act.reform(Action::Door),
            act,
            player: Player::new(Run::open(preset.script), still),
            lab: LabRef(LABS[0]),
            title: AttrValue::from(preset.title),
            preset: Some(0),
            values: Rc::default(),
            seed: AttrValue::default(),
            log: Log::default(),
            selected: None,
            selected_beside: false,
            find: None,
            pane: Pane::Code,
            drawer: None,
            shown: None,
            link: AttrValue::default(),
            edited: AttrValue::default(),
            comparing: AttrValue::default(),
            notice: None,
            notices: 0,
            undo: None,
            ways_back: Vec::new(),
            tall: false,
            draft: (0, Rc::from("")),
            theme: 0,
            embed: wish.embed,
            site: Route::default(),
            dropping: false,
            intake: None,
            own_speed: false,
            goal: None,
            bytes: None,
            bytes_at_ms: 0.0,
            frames: browser::Frames::new(move |time| link.send_message(Msg::Frame(time))),
            last_frame_ms: None,
            marked: false,
            _listening: shell::listen(ctx.link(), place),
        };
        app.open_wished();
        app.work();
        app.keep_moving();
        app
    }

    fn update(&mut self, ctx: &Context<Self>, message: Msg) -> bool {
        match message {
            Msg::Act(action) => self.act(ctx, action),
            Msg::Frame(_) if self.is_hero_out_of_sight() => {
                self.rest_out_of_sight();
                return false;
            }
            Msg::Frame(time) => self.frame(time),
            Msg::Key(event) => return self.key(ctx, &event),
            Msg::Fragment => {
                self.note_scroll();
                self.arrive(&self.place.fragment());
            }
            Msg::Colours => self.theme += 1,
            Msg::File(file) => self.act(ctx, Action::File(Some(file))),
            Msg::Reading(reading) => self.read(reading),
            Msg::Dropping(dropping) => self.dropping = dropping,
            Msg::Left(to) => self.dropping &= to.is_some_and(|to| self.place.contains(&to)),
            Msg::Call(call) => self.answer(call),
            Msg::Copied(true, what) => self.say(&what),
            Msg::Copied(false, _) => self.show(Shown::Link),
            Msg::Leaving => {
                self.keep();
                return false;
            }
            Msg::Unpainted => self.complain("The browser could not paint the picture: save it as SVG instead."),
        }
        self.hold_back();
        self.keep_moving();
        self.tell_host();
        true
    }

    fn rendered(&mut self, _: &Context<Self>, _: bool) {
        self.page_turned();
        if !self.marked && self.intake.is_none() && (self.player.run.len() > 0 || self.site.page.is_some()) {
            self.marked = true;
            if self.place.has_page() {
                browser::mark("glassbase-first-frame");
            }
            self.tell_ready();
        }
    }

    fn view(&self, _: &Context<Self>) -> Html {
        shell::shell(self)
    }
}

impl App {
    fn act(&mut self, ctx: &Context<Self>, action: Action) {
        if self.wish.locks.forbid(&action) || (action.is_about_script() && self.is_only_looked_at()) {
            return;
        }
        match action {
            Action::Issue(text) => self.issue(&text),
            Action::Here(lines) => self.issue_here(&lines),
            Action::Door(name) => self.open_door(&name),
            Action::Paste(text) => self.open_bytes("what was pasted", text.into_bytes()),
            Action::Move(movement) => self.go(movement),
            Action::Moment(ns) => self.go_to_moment(ns),
            Action::Play => self.toggle_play(),
            Action::Speed(speed) => {
                self.player.speed = speed;
                self.own_speed = true;
            }
            Action::Fork => self.fork(),
            Action::Go(fragment) => self.go_to(&fragment),
            Action::Enter => self.enter_hero(),
            Action::Again => self.begin_hero_again(),
            Action::CrashAt(position) => self.crash_at(position),
            Action::Undo => self.undo(),
            Action::Back => self.go_back(),
            Action::Reveal => self.reveal(),
            Action::Stop => self.stop(),
            Action::Select(selection) => self.select(selection),
            Action::SelectAt(beside, selection) => {
                // The same page of another run has other bytes.
                self.bytes = self.bytes.take().filter(|_| beside == self.selected_beside);
                self.selected_beside = beside;
                self.select(selection);
            }
            Action::Find(key) => self.look_for(&key),
            Action::OpenPreset(name, index) => self.open_preset(lab(name).unwrap_or(LABS[0]), index),
            Action::RunScript(script) => {
                self.shown = None;
                self.open_script(&script, "changed script");
            }
            Action::Set(name, value) => self.set(name, value.trim()),
            Action::Seed(seed) => self.rerun(|script| settings::with_seed(script, seed.trim())),
            Action::Compare(with) => {
                self.dismiss();
                self.compare(with);
            }
            Action::Comparing(setting) => {
                self.player.rival = None;
                self.comparing = AttrValue::from(setting);
            }
            Action::Show(shown) => self.show(shown),
            Action::Edit(script) => self.edited = AttrValue::from(script),
            Action::Hide => self.shown = None,
            Action::Pane(pane) => self.pane = pane,
            Action::Drawer(drawer) => self.open_drawer(drawer),
            Action::Theme => self.toggle_theme(),
            Action::TallConsole => self.tall = !self.tall,
            Action::Draft(text) => {
                self.shown = None;
                self.draft = (self.draft.0 + 1, Rc::from(text));
            }
            Action::Share => self.share(ctx),
            Action::Copy(text) => opening::copy(ctx, text, "Copied."),
            Action::SaveScript => browser::download("glassbase.gb", &self.player.run.script()),
            Action::SaveTrace => self.save_trace(),
            Action::Export(export) => self.export(ctx, export),
            Action::ChooseFile => self.place.click("file"),
            Action::File(Some(file)) => self.start_reading(ctx, file),
            Action::File(None) => {}
            Action::Dismiss => self.dismiss(),
            Action::Fade(number) => self.fade(number),
        }
    }

    pub fn show(&mut self, shown: Shown) {
        self.edited =
            if shown == Shown::Script { AttrValue::from(self.player.run.script()) } else { AttrValue::default() };
        self.shown = Some(shown);
    }

    pub fn go(&mut self, movement: Move) {
        self.player.seek(movement);
        // The end of a run that is still under way is where it will end.
        self.goal = (movement == Move::End && self.player.is_working()).then_some(usize::MAX);
    }

    fn toggle_play(&mut self) {
        self.goal = None;
        if self.player.is_playing() { self.player.pause() } else { self.player.play() }
    }

    /// Adds what was typed to the script, and plays it.
    pub fn issue(&mut self, text: &str) {
        if self.is_only_looked_at() {
            return;
        }
        let before = self.player.run.len();
        let Some(session) = self.player.run.session_mut() else {
            return self.complain(RECORDED);
        };
        if let Err(problems) = session.append(text) {
            return self.log.mistake(text, &problems);
        }
        let session_lab = session.lab().name;
        if let Some(rival) = &mut self.player.rival {
            let text = settings::more_at_the_right(text, &rival.setting, &rival.value);
            // What the left side understands the right side does too: both speak the language of one lab.
            let _ = rival.run.session_mut().map(|session| session.append(&text));
        }
        if self.lab.0.name != session_lab {
            return self.follow_to_lab(before);
        }
        self.preset = None;
        self.dismiss();
        self.go_on_from(before);
    }

    /// The script goes to another lab now, whose stage, knobs and words the whole of it is shown with: all of it anew, on from
    /// where it was.
    fn follow_to_lab(&mut self, before: usize) {
        let script = self.player.run.script();
        self.open_script(&script, "changed script");
        self.goal = Some(before);
    }

    /// Carries out what was added, and shows it from where the trace ended before.
    pub fn go_on_from(&mut self, position: usize) {
        self.player.run.wake();
        if let Some(rival) = &mut self.player.rival {
            rival.run.wake();
        }
        self.player.seek(Move::To(position as f64));
        self.goal = None;
        self.script_changed();
        self.work();
        self.player.play();
        // Kept now already: a page may go without a word.
        self.keep();
    }

    fn stop(&mut self) {
        if self.intake.take().is_some() {
            return self.say("Stopped: nothing of the file was taken.");
        }
        let progress = self.player.run.progress().clone();
        self.player.run.stop();
        if let Some(rival) = &mut self.player.rival {
            rival.run.stop();
        }
        // The command stands in the script as far as it was carried out: the console is to say the same.
        let last = self.player.run.session().and_then(|session| session.commands().last());
        let said = last.map(|span| (span.records.start, shortened(&span.text, 60)));
        if let Some((begun, _)) = said {
            self.log.cut(begun);
        }
        self.work();
        if let (Progress::Working { done, total, .. }, Some((_, text))) = (progress, said)
            && total > 0
        {
            let (done, total) = (grouped(done), grouped(total));
            self.log.say(Kind::Note, &format!("Stopped after {done} of {total}; the script now says `{text}`."));
        }
        self.script_changed();
    }

    /// Whether what is selected was selected in the run beside.
    pub fn is_beside(&self) -> bool {
        self.selected_beside && self.player.rival.is_some()
    }

    /// The run that the inspector is about, and where it stands.
    pub fn inspected(&self) -> (&Run, usize) {
        match &self.player.rival {
            Some(rival) if self.selected_beside => (&rival.run, self.player.rival_playhead() as usize),
            _ => (&self.player.run, self.player.position()),
        }
    }

    fn select(&mut self, selection: Option<Selection>) {
        self.selected = selection;
        if let Some(Selection::Verdict(index)) = selection {
            self.go_to_verdict(index);
        }
        if selection.is_some() && self.site.page.is_none() {
            self.pane = Pane::Inspector;
            if !self.embed && browser::media_matches("(max-width: 700px)") {
                self.drawer = Some(Drawer::Pane(Pane::Inspector));
            }
        }
    }

    /// Goes to the moment that a checker's verdict is about.
    fn go_to_verdict(&mut self, index: u8) {
        if self.is_beside() {
            return;
        }
        let timeline = self.player.run.timeline();
        let view = timeline.view_at(self.player.position());
        let verdict = view.cluster().and_then(|cluster| cluster.verdicts.get(usize::from(index)));
        let Some(known) = verdict else { return };
        let (at_ns, says) = (known.at_ns, format!("{}: {}", known.checker, known.text));
        // What holds is about no moment.
        if known.kind == VerdictKind::Holds {
            return self.say(&says);
        }
        // The last that happened up to then: the check itself may have come at the same moment.
        let happens = |record: &Record| {
            let lane = matches!(record.event.lane(), Lane::Client | Lane::Node | Lane::Network);
            lane && record.time_ns <= at_ns && !matches!(record.event, Event::Judged { .. })
        };
        let last = timeline.with(|timeline| {
            timeline.trace().iter().enumerate().filter(|(_, record)| happens(record)).map(|(at, _)| at + 1).last()
        });
        self.go(Move::To(last.unwrap_or(0) as f64));
        self.say(&says);
    }

    /// Goes to where all that had happened up to a moment of virtual time has happened.
    fn go_to_moment(&mut self, ns: u64) {
        let position = self.player.run.timeline().with(|timeline| timeline.happened_by(ns));
        self.go(Move::To(position as f64));
    }

    /// Shows where a key stands; when it does not, the page that it would go to is marked.
    fn look_for(&mut self, key: &str) {
        self.find = (!key.is_empty()).then(|| Bytes::typed(key));
        let Some(bytes) = &self.find else { return };
        let view = self.player.run.timeline().view_at(self.player.position());
        match find(&view, bytes) {
            Some(found) if found.there => {}
            Some(found) => {
                self.selected = Some(Selection::Page(found.page));
                self.say(&format!("{key} is not there; it would stand in page {}.", found.page.0));
            }
            None => self.say(&format!("{key} is not there: there is no tree yet.")),
        }
    }

    fn open_drawer(&mut self, drawer: Option<Drawer>) {
        self.drawer = if self.drawer == drawer { None } else { drawer };
        if let Some(Drawer::Pane(pane)) = self.drawer {
            self.pane = pane;
        }
    }

    fn set(&mut self, name: &'static str, value: &str) {
        match settings::problem(&self.player.run.script(), self.lab.0, name, value) {
            Some(what) => self.complain(&what),
            None => self.rerun(|script| settings::with_setting(script, name, value)),
        }
    }

    /// Runs the script anew with a change.
    fn rerun(&mut self, change: impl Fn(&str) -> String) {
        let compare = self.player.rival.as_ref().map(|rival| (rival.setting.clone(), rival.value.clone()));
        let script = change(&self.player.run.script());
        let (preset, title) = (self.preset, self.title.clone());
        self.open_script(&script, &title);
        self.preset = preset;
        self.compare(compare);
    }

    pub fn compare(&mut self, with: Option<(String, String)>) {
        self.player.rival = None;
        let Some((name, value)) = with else { return };
        if self.player.run.session().is_none() {
            return self.complain("A recorded trace cannot be compared: fork to run its script first.");
        }
        let script = self.player.run.script();
        if let Some(what) = settings::problem(&script, self.lab.0, &name, &value) {
            return self.complain(&what);
        }
        let other = settings::at_the_right(&script, &name, &value);
        let is_longer = other.lines().count() > script.lines().count();
        let extra_line =
            is_longer.then(|| other.lines().zip(script.lines()).take_while(|(one, other)| one == other).count() + 1);
        self.player.rival = Some(Rival { run: Run::open(&other), setting: name, value, extra_line });
    }

    /// To be called whenever the script is another one: what is shown of it is read anew.
    pub fn script_changed(&mut self) {
        let script = self.player.run.script();
        self.values = Rc::new(settings::values_of(&script, self.lab.0));
        self.seed = AttrValue::from(settings::seed_of(&script));
        if self.place.has_page() {
            if script.len() <= SCRIPT_KEPT_MAX {
                browser::keep_script(&script);
            }
            LAST.with(|last| *last.borrow_mut() = script);
        }
        self.bytes = None;
    }

    fn toggle_theme(&mut self) {
        self.place.set_theme(if self.place.is_dark() { "light" } else { "dark" });
        self.theme += 1;
    }
}
