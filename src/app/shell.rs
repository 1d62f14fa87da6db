//! The frame of the page: which parts stand where, and the events that belong to no part of their own.

use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement, KeyboardEvent};
use yew::html::Scope;
use yew::prelude::*;

use super::action::{Action, Drawer, Pane, Shown, on};
use super::browser::Listening;
use super::code::CodeProps;
use super::console::{Console, pasted_text};
use super::curves::{self, CurvesProps};
use super::dialogs::DialogsProps;
use super::header::HeaderProps;
use super::icons::{self, icon_button};
use super::inspector::{BytesShown, InspectorProps};
use super::measures::Measures;
use super::nav::NavProps;
use super::pace::{self, SPEEDS};
use super::part::Part;
use super::place::Place;
use super::plate::Plate;
use super::player::Move;
use super::quick::QuickProps;
use super::room::RoomProps;
use super::root::{App, Intake, Msg};
use super::run::Run;
use super::site;
use super::stage::Stage;
use super::trace_list::TraceListProps;
use super::transport::TransportProps;
use super::{browser, door, files, opening, settings};
use crate::lab::Progress;
use crate::trace::Event as Happened;
use crate::view::caption::duration;
use crate::view::{Timeline, TimelineHandle};

/// What is shown for less than this cannot be read.
const READ_MS: f64 = 100.0;
/// How many records back a sentence may be from, and still be of the matter.
const LOOK_BACK: usize = 24;

/// Listens to what happens anywhere in the app's place: keys, dropped files, pasted text, another link, other colours.
pub fn listen(link: &Scope<App>, place: &Place) -> Vec<Listening> {
    let mut all = Vec::new();
    let mut here = |event: &'static str, handler: fn(&Scope<App>, &web_sys::Event)| {
        let link = link.clone();
        all.push(Listening::to(place.listener(), event, move |event| handler(&link, &event)));
    };
    here("keydown", |link, event| {
        if let Some(event) = event.dyn_ref::<KeyboardEvent>() {
            link.send_message(Msg::Key(event.clone()));
        }
    });
    // A button pressed with the mouse gives the focus back: Space is to play and pause, not to press it again.
    here("click", |_, event| {
        let by_mouse = event.dyn_ref::<web_sys::MouseEvent>().is_some_and(|event| event.detail() > 0);
        let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let of_run = ".transport button, .labs button, .quick button, .stage-tools button, .head button, .log button";
        if let Some(button) = element.filter(|_| by_mouse).and_then(|element| element.closest(of_run).ok().flatten()) {
            browser::unfocus(&button);
        }
    });
    here("dragover", |link, event| {
        if files::drags_files(event) {
            event.prevent_default();
            link.send_message(Msg::Dropping(true));
        }
    });
    here("dragleave", |link, event| {
        if let Some(event) = event.dyn_ref::<web_sys::DragEvent>() {
            link.send_message(Msg::Left(event.related_target().and_then(|target| target.dyn_into().ok())));
        }
    });
    here("drop", |link, event| {
        event.prevent_default();
        match files::dropped(event) {
            Some(file) => link.send_message(Msg::File(file)),
            None => link.send_message(Msg::Dropping(false)),
        }
    });
    here("paste", |link, event| {
        let text = pasted_text(event);
        if !is_typing(event) && !text.trim().is_empty() {
            link.send_message(Msg::Act(Action::Paste(text)));
        }
    });
    let fragment = link.clone();
    if place.has_page() {
        let window = browser::window().into();
        all.push(Listening::to(window, "popstate", move |_| fragment.send_message(Msg::Fragment)));
        // A phone that throws a page away tells of the second alone.
        let leaving = [(browser::window().into(), "pagehide"), (browser::document().into(), "visibilitychange")];
        for (target, event) in leaving {
            let link = link.clone();
            all.push(Listening::to(target, event, move |_| link.send_message(Msg::Leaving)));
        }
    }
    let colours = link.clone();
    if let Ok(Some(list)) = browser::window().match_media("(prefers-color-scheme: dark)") {
        all.push(Listening::to(list.into(), "change", move |_| colours.send_message(Msg::Colours)));
    }
    all
}

/// Whether an event comes from a field in which text is typed.
fn is_typing(event: &web_sys::Event) -> bool {
    let element = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
    element.is_some_and(|element| matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"))
}

fn is_button(event: &web_sys::Event) -> bool {
    let element = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
    element.is_some_and(|element| matches!(element.tag_name().as_str(), "BUTTON" | "A" | "SUMMARY"))
}

impl App {
    /// Keys that work wherever the focus is, unless something is being typed or a dialog is open.
    pub fn key(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) -> bool {
        let asks = event.key().eq_ignore_ascii_case("k") && (event.ctrl_key() || event.meta_key());
        if asks && !self.embed && self.shown.is_none() {
            event.prevent_default();
            return Component::update(self, ctx, Msg::Act(Action::Show(Shown::Search)));
        }
        if event.default_prevented() || event.ctrl_key() || event.meta_key() || event.alt_key() {
            return false;
        }
        if self.shown.is_some() || is_typing(event) {
            return false;
        }
        if self.site.page.is_some() {
            return self.key_of_page(ctx, event);
        }
        let movement = |event_move: Move, command: Move| if event.shift_key() { command } else { event_move };
        let action = match event.key().as_str() {
            "ArrowRight" => Action::Move(movement(Move::Event(1), Move::Command(1))),
            "ArrowLeft" => Action::Move(movement(Move::Event(-1), Move::Command(-1))),
            "Home" => Action::Move(Move::Start),
            "End" => Action::Move(Move::End),
            " " if !is_button(event) => Action::Play,
            "+" | "=" => Action::Speed(self.other_speed(1)),
            "-" => Action::Speed(self.other_speed(-1)),
            "?" => Action::Show(Shown::Help),
            "f" | "F" if !self.embed => Action::Fork,
            "b" | "B" if !self.embed && self.has_bolt() => Action::CrashAt(self.player.position()),
            "/" if !self.embed => {
                self.place.focus("command");
                event.prevent_default();
                return false;
            }
            "Escape" if self.drawer.is_some() => Action::Drawer(None),
            "Escape" => Action::Select(None),
            _ => return false,
        };
        event.prevent_default();
        Component::update(self, ctx, Msg::Act(action))
    }

    /// On a page that is no lab most keys are the browser's: Space scrolls.
    fn key_of_page(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) -> bool {
        let action = match event.key().as_str() {
            "/" => Action::Show(Shown::Search),
            "Escape" if self.selected.is_some() => Action::Select(None),
            _ => return false,
        };
        event.prevent_default();
        Component::update(self, ctx, Msg::Act(action))
    }

    fn other_speed(&self, way: isize) -> f64 {
        let now = SPEEDS.iter().position(|(speed, _)| *speed >= self.player.speed).unwrap_or(0);
        SPEEDS[now.saturating_add_signed(way).min(SPEEDS.len() - 1)].0
    }
}

pub fn shell(app: &App) -> Html {
    if let Some(page) = &app.site.page {
        return site::page(app, page);
    }
    let act = &app.act;
    let classes = classes!("shell", app.embed.then_some("embed"), app.dropping.then_some("dropping"));
    html! {
        <div class={classes}>
            <a class="skip" href="#stage" onclick={skip(app, "stage")}>{ "Skip to the stage" }</a>
            if !app.embed {
                { Part::Header(HeaderProps { lab: app.lab, title: app.title.clone(), seed: app.seed.clone(), act: act.clone() }).draw() }
                { nav(app) }
            }
            { middle(app) }
            if !app.embed { { side(app) } }
            { transport(app) }
            if !app.embed {
                { console(app) }
                { drawers(app) }
            }
            { over(app) }
        </div>
    }
}

fn nav(app: &App) -> Html {
    let props = NavProps {
        lab: app.lab,
        preset: app.preset,
        values: app.values.clone(),
        compare: app.player.rival.as_ref().map(|rival| (rival.setting.clone(), rival.value.clone())),
        comparing: app.comparing.clone(),
        open: app.drawer == Some(Drawer::Labs),
        act: app.act.clone(),
    };
    Part::Nav(props).draw()
}

/// The link would put `#stage` into the address, where the run belongs: the focus is moved by hand.
pub fn skip(app: &App, to: &'static str) -> Callback<MouseEvent> {
    let place = app.place.clone();
    Callback::from(move |event: MouseEvent| {
        event.prevent_default();
        place.focus(to);
    })
}

fn middle(app: &App) -> Html {
    let player = &app.player;
    let view = player.run.timeline().view_at(player.position());
    let changed_since = view.verified.as_ref().is_some_and(|verified| {
        let records = verified.records != view.state.records;
        records || view.operation.as_ref().is_some_and(|operation| operation.begun_at > verified.at)
    });
    // A page has one main part and one title; in somebody else's page they are not ours.
    let (tag, role, label) =
        if app.place.has_page() { ("main", None, None) } else { ("div", Some("group"), Some(app.lab.0.title)) };
    html! {
        <@{tag} class="middle" id="stage" {role} aria-label={label} tabindex="-1" aria-busy={if player.is_working() { "true" } else { "false" }}>
            if app.embed {
                if app.place.has_page() { <h1 class="hidden">{ format!("Glassbase: {}", app.title) }</h1> }
            } else {
                { Part::Quick(QuickProps {
                    lab: app.lab,
                    verified: view.verified.clone(),
                    changed_since,
                    expectations: (view.held, view.failed),
                    open: app.drawer == Some(Drawer::Do),
                    act: app.act.clone(),
                }).draw() }
            }
            { stages(app) }
            { cures(app) }
            { caption(app) }
            { notice(app) }
        </@>
    }
}

pub fn stages(app: &App) -> Html {
    let player = &app.player;
    let stage = |timeline: TimelineHandle,
                 beside: Option<TimelineHandle>,
                 playhead: f64,
                 label: Option<String>,
                 is_other: bool| {
        let is_drawn = timeline.guide().draw.is_some();
        let props = yew::props!(RoomProps {
            timeline,
            beside,
            playhead,
            label,
            selected: app.selected.filter(|_| app.is_beside() == is_other),
            on_select: app.on_select[usize::from(is_other)].clone(),
            on_lines: app.on_lines.clone(),
            on_moment: app.on_moment.clone(),
            on_door: app.on_door.clone(),
            find: app.find.clone(),
            title: app.lab.0.title,
            still: player.still,
            dark: app.place.is_dark(),
            embed: app.embed,
            scrolls: app.site.page.is_some(),
        });
        if is_drawn {
            html! { <Plate ..props /> }
        } else {
            html! { <Stage ..props /> }
        }
    };
    let own = player.run.timeline().clone();
    let drops = opening::droppable(app.lab.0);
    match &player.rival {
        None => html! {
            <div class="stage-area" data-drops={drops}>
                <div class="stage-half">{ stage(own, None, player.playhead(), None::<String>, false) }</div>{ work(app) }
            </div>
        },
        Some(rival) => {
            let label = |run: &Run, position: usize| {
                let value = run.session().map(|session| settings::value_at(session, &rival.setting, position));
                format!("{} {}", rival.setting, value.unwrap_or_default())
            };
            let other = rival.run.timeline().clone();
            let here = label(&player.run, player.position());
            let there = label(&rival.run, player.rival_playhead() as usize);
            html! {
                <div class="stage-area two" data-drops={drops}>
                    <div class="stage-half">{ stage(own.clone(), Some(other.clone()), player.playhead(), Some(here), false) }</div>
                    <div class="stage-half">{ stage(other, Some(own), player.rival_playhead(), Some(there), true) }</div>
                    { work(app) }
                </div>
            }
        }
    }
}

/// What helps against what a preset shows, while it is shown: each puts the run with it beside this one.
fn cures(app: &App) -> Html {
    let cures = app.preset.and_then(|index| app.lab.0.presets.get(index)).map_or(&[][..], |preset| preset.cures);
    if cures.is_empty() {
        return Html::default();
    }
    let compared = app.player.rival.as_ref().map(|rival| (&*rival.setting, &*rival.value));
    let buttons = cures.iter().map(|cure| {
        let is_on = compared == Some((cure.setting, cure.value));
        let with = (!is_on).then(|| (cure.setting.to_string(), cure.value.to_string()));
        let title = format!("Beside it, the same run with {} = {}", cure.setting, cure.value);
        html! {
            <button type="button" class="line" aria-pressed={if is_on { "true" } else { "false" }} {title}
                onclick={on::<MouseEvent>(&app.act, Action::Compare(with))}>{ cure.text }</button>
        }
    });
    html! { <div class="cures" role="group" aria-label="What helps"><span>{ "What helps:" }</span>{ for buttons }</div> }
}

/// What takes long: how far it is, and a button that ends it.
fn work(app: &App) -> Html {
    let (what, done, total) = match (&app.intake, app.player.run.progress()) {
        (Some(Intake::Reading { name, done, total, .. }), _) => {
            (format!("reading {name}"), u64::from(*done), u64::from(*total))
        }
        (Some(Intake::Keys { reader, name }), _) => {
            let (done, total) = reader.progress();
            (format!("taking the keys of {name}"), done as u64, total as u64)
        }
        (Some(Intake::Pages { reader, name }), _) => {
            let (done, total) = reader.progress();
            (format!("taking the accesses of {name}"), done as u64, total as u64)
        }
        (Some(Intake::Trace { reader, name, .. }), _) => {
            let (done, total) = reader.progress();
            (format!("reading the trace {name}"), done as u64, total as u64)
        }
        (None, Progress::Working { what, done, total }) if *total > 0 => (what.clone(), *done, *total),
        _ => return Html::default(),
    };
    let view = app.player.run.timeline().view_at(app.player.position());
    let is_tree = app.player.run.timeline().guide().draw.is_none();
    let is_empty = app.intake.is_none() && is_tree && view.state.records == 0;
    let share = (u128::from(done) * 100 / u128::from(total.max(1))).to_string();
    html! {
        <div class="work" role="status">
            if is_empty { <span class="waiting quiet">{ "Working: the tree is drawn when it is done." }</span> }
            <span>{ format!("{what}: {share} %") }</span>
            <button type="button" class="line" onclick={on::<MouseEvent>(&app.act, Action::Stop)}>{ "Stop" }</button>
            <progress aria-label={what} max="100" value={share}></progress>
        </div>
    }
}

/// The sentence for the event under the playhead; at the start and at the end what the preset is about.
pub fn words(app: &App) -> (String, bool) {
    let timeline = app.player.run.timeline();
    let Some(index) = app.player.current() else {
        return (point(app).unwrap_or(app.lab.0.summary).to_string(), false);
    };
    // At the end of a preset too, rather than that its last expectation held.
    if app.player.is_at_end()
        && timeline.view_at(app.player.position()).failed == 0
        && let Some(point) = point(app)
    {
        return (point.to_string(), false);
    }
    timeline.with(|timeline| {
        let index = if app.player.is_rolling() { last_weighty(timeline, index) } else { index };
        let event = |index: usize| timeline.record(index).map(|record| &record.event);
        // That a command has ended says less than what it answered just before.
        let answered = matches!(event(index), Some(Happened::CommandEnded { .. }))
            && matches!(
                index.checked_sub(1).and_then(event),
                Some(
                    Happened::Answered { .. }
                        | Happened::Refused { .. }
                        | Happened::ExpectationHeld { .. }
                        | Happened::ExpectationFailed { .. }
                )
            );
        let index = if answered { index - 1 } else { index };
        (timeline.caption_at(index + 1), matches!(event(index), Some(Happened::Comment { .. })))
    })
}

/// What the open preset is about, while it is still what is shown: with its own settings and its own comparison. It would
/// give the answers away.
fn point(app: &App) -> Option<&'static str> {
    if app.answers.are_hidden() {
        return None;
    }
    let preset = app.lab.0.presets.get(app.preset?)?;
    let compared = app.player.rival.as_ref().map(|rival| (&*rival.setting, &*rival.value));
    let is_own = compared == preset.compare || preset.compare.is_none();
    (is_own && settings::values_of(preset.script, app.lab.0) == *app.values).then_some(preset.point)
}

/// While the film runs, what lasts long enough to be read: a sentence stays over the pins and hits that follow it.
fn last_weighty(timeline: &Timeline, index: usize) -> usize {
    let lasts =
        |index: &usize| timeline.record(*index).is_some_and(|record| pace::duration_ms(&record.event, 0) >= READ_MS);
    (index.saturating_sub(LOOK_BACK)..=index).rev().find(lasts).unwrap_or(index)
}

fn caption(app: &App) -> Html {
    let (text, is_remark) = words(app);
    // While the film runs, sentences come faster than they can be read aloud; at rest the one that stands is.
    let live = if app.player.is_rolling() { "off" } else { "polite" };
    html! {
        <>
            <p class={classes!("caption", is_remark.then_some("remark"))} aria-live={live} aria-atomic="true">{ text }</p>
            if app.is_asking() {
                <p class="asking"><button type="button" class="line" onclick={on::<MouseEvent>(&app.act, Action::Reveal)}>{ "Show what happens" }</button></p>
            }
        </>
    }
}

fn side(app: &App) -> Html {
    let player = &app.player;
    let folded = match app.drawer {
        Some(Drawer::Measures) => "drawer-open only-measures",
        Some(Drawer::Pane(_)) => "drawer-open no-measures",
        _ => "",
    };
    let of_lab = Pane::ALL.iter().filter(|pane| pane.is_of(app.lab.0.name));
    let tabs = of_lab.map(|pane| {
        let selected = if *pane == app.pane { "true" } else { "false" };
        html! {
            <button type="button" role="tab" id={format!("tab-{}", pane.word())} aria-controls="pane" aria-selected={selected}
                onclick={on::<MouseEvent>(&app.act, Action::Pane(*pane))}>{ pane.word() }</button>
        }
    });
    let rival = player.rival.as_ref().map(|rival| (rival.run.timeline().clone(), player.rival_playhead() as usize));
    html! {
        <aside id="side" class={classes!("side", folded, (app.pane != Pane::Code).then_some("busy"))} aria-label="Beside the stage">
            <div class="tabs" role="tablist" aria-label="Beside the stage">{ for tabs }</div>
            <div class="pane whole" id="pane" role="tabpanel" aria-labelledby={format!("tab-{}", app.pane.word())}>{ pane(app) }</div>
            <Measures timeline={player.run.timeline().clone()} position={player.position()} {rival} />
        </aside>
    }
}

fn pane(app: &App) -> Html {
    let timeline = app.player.run.timeline().clone();
    let current = app.player.current();
    match app.pane {
        Pane::Code => Part::Code(CodeProps { timeline, current }).draw(),
        Pane::Curves => {
            let (position, values, act) = (app.player.position(), app.values.clone(), app.act.clone());
            let measures =
                matches!(app.player.run.progress(), Progress::Working { what, .. } if curves::is_about(what));
            Part::Curves(CurvesProps { timeline, position, lab: app.lab, values, measures, act }).draw()
        }
        Pane::Trace => Part::TraceList(TraceListProps { timeline, current, act: app.act.clone() }).draw(),
        Pane::Inspector => {
            let bytes = app.bytes.as_ref().map_or(BytesShown::Moving, |(_, _, shown)| shown.clone());
            let (run, position) = app.inspected();
            let (timeline, selected, act) = (run.timeline().clone(), app.selected, app.act.clone());
            Part::Inspector(InspectorProps { timeline, position, selected, bytes, act }).draw()
        }
    }
}

fn transport(app: &App) -> Html {
    let player = &app.player;
    let timeline = player.run.timeline();
    let time = match timeline.view_at(player.position()).time_ns {
        0 => "0 ns".to_string(),
        time_ns => duration(time_ns),
    };
    let props = TransportProps {
        timeline: timeline.clone(),
        playhead: player.playhead(),
        shown: app.answers.limit(),
        time: AttrValue::from(time),
        words: AttrValue::from(words(app).0),
        theme: app.theme,
        playing: player.is_playing(),
        speed: player.speed,
        whole: !app.embed,
        role: (!app.place.has_page()).then_some("group"),
        locks: app.wish.locks,
        bolt: app.has_bolt(),
        act: app.act.clone(),
    };
    Part::Transport(props).draw()
}

fn console(app: &App) -> Html {
    let position = app.player.playhead().ceil() as usize;
    let is_reached = |entry: &super::log::Entry| entry.of_run && entry.position <= position;
    let reached = app.log.entries().iter().rposition(is_reached).map_or(0, |index| index + 1);
    html! {
        <Console lab={app.lab} log={app.log.clone()} {reached} tall={app.tall} draft={app.draft.clone()} act={app.act.clone()} />
    }
}

/// On a small screen: what opens the parts that have no room of their own.
fn drawers(app: &App) -> Html {
    let button = |drawer: Drawer, name: &'static str, controls: &'static str, class: &'static str| {
        let open = if app.drawer == Some(drawer) { "true" } else { "false" };
        html! {
            <button type="button" {class} aria-expanded={open} aria-controls={controls}
                onclick={on::<MouseEvent>(&app.act, Action::Drawer(Some(drawer)))}>{ name }</button>
        }
    };
    html! {
        <nav class="drawers" aria-label="Drawers">
            { button(Drawer::Labs, "Labs", "nav", "") }
            { button(Drawer::Do, "Do", "quick", "phone-only") }
            { button(Drawer::Pane(Pane::Code), "Code", "side", "phone-only") }
            { button(Drawer::Pane(Pane::Inspector), "Inspector", "side", "phone-only") }
            if Pane::Curves.is_of(app.lab.0.name) {
                { button(Drawer::Pane(Pane::Curves), "Curves", "side", "phone-only") }
            }
            { button(Drawer::Measures, "Measures", "side", "phone-only") }
            { button(Drawer::Pane(Pane::Trace), "Trace", "side", "phone-only") }
        </nav>
    }
}

fn dialogs(app: &App, shown: Shown) -> Html {
    let props = DialogsProps {
        lab: app.lab,
        shown,
        script: app.edited.clone(),
        link: app.link.clone(),
        records: app.player.run.len(),
        act: app.act.clone(),
    };
    Part::Dialogs(props).draw()
}

/// What stands on top: dialogs, and the field through which the browser chooses files.
pub fn over(app: &App) -> Html {
    let act = &app.act;
    let chosen = act.reform(|event: web_sys::Event| {
        let input = event.target_unchecked_into::<HtmlInputElement>();
        let file = input.files().and_then(|files| files.get(0));
        input.set_value("");
        Action::File(file)
    });
    html! {
        <>
            <input id="file" class="hidden" type="file" tabindex="-1" aria-hidden="true" onchange={chosen} />
            if let Some(shown) = app.shown { { dialogs(app, shown) } }
        </>
    }
}

/// What the page has to say, at the lower edge of the stage.
pub fn notice(app: &App) -> Html {
    let act = &app.act;
    // A screen reader tells what comes into an element that is there already.
    html! {
        <div class="notices" role="status">
            { door::way_back(app) }
            if let Some(notice) = &app.notice {
                <div class={classes!("notice", notice.bad.then_some("bad"), notice.text.is_empty().then_some("folded"))} role={notice.bad.then_some("alert")} key={notice.number}>
                    if !notice.text.is_empty() { <span>{ &notice.text }</span> }
                    if app.undo.is_some() {
                        <button type="button" class="line" title="Go back to what was there before" onclick={on::<MouseEvent>(act, Action::Undo)}>{ "Undo" }</button>
                    }
                    if let Some(address) = &notice.back {
                        <button type="button" class="line" onclick={on::<MouseEvent>(act, Action::Go(address.clone()))}>
                            { if address.starts_with("preset=") { "Open the preset instead" } else { "Open the link's run instead" } }
                        </button>
                    }
                    if !notice.text.is_empty() {
                        { icon_button(icons::CLOSE, "Close the message", on(act, Action::Dismiss), false) }
                    }
                </div>
            }
        </div>
    }
}
