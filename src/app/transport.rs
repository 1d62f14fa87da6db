//! The transport: first, back, play, on, last; the speed; where we are; and `fork here`.

use yew::prelude::*;

use super::action::{Act, Action, on};
use super::bolt::Bolt;
use super::icons::{self, icon, icon_button};
use super::lanes::Lanes;
use super::locks::Locks;
use super::pace::SPEEDS;
use super::player::Move;
use crate::view::TimelineHandle;

#[derive(PartialEq)]
pub struct TransportProps {
    pub timeline: TimelineHandle,
    pub playhead: f64,
    /// How many records the lanes show.
    pub shown: usize,
    pub time: AttrValue,
    pub words: AttrValue,
    pub theme: u32,
    pub playing: bool,
    pub speed: f64,
    /// In a page of its own: an embedded one has no console to go on with after a fork.
    pub whole: bool,
    pub locks: Locks,
    /// Its role, where it is no landmark: several may stand on one page.
    pub role: Option<&'static str>,
    /// The lab has a power to cut.
    pub bolt: bool,
    pub act: Act,
}

pub fn transport(props: &TransportProps) -> Html {
    let length = props.timeline.len();
    let position = props.playhead as usize;
    let to = |movement: Move| on::<MouseEvent>(&props.act, Action::Move(movement));
    let (no_step, no_play) = (length == 0 || props.locks.has(Locks::STEP), props.locks.has(Locks::PLAY));
    let play = on(&props.act, Action::Play);
    let (path, name) = if props.playing { (icons::PAUSE, "Pause (space)") } else { (icons::PLAY, "Play (space)") };
    html! {
        <section class="transport" role={props.role} aria-label="Timeline">
            <div class="bar">
                { icon_button(icons::FIRST, "To the start (Home)", to(Move::Start), no_step) }
                { icon_button(icons::BACK, "Back one event (left arrow; with Shift one command)", to(Move::Event(-1)), no_step) }
                <button type="button" class="square play" title={name} aria-label={name} disabled={no_play} onclick={play}>{ icon(path) }</button>
                { icon_button(icons::FORWARD, "On one event (right arrow; with Shift one command)", to(Move::Event(1)), no_step) }
                { icon_button(icons::LAST, "To the end (End)", to(Move::End), no_step) }
                { speeds(props) }
                { fork(props) }
                if props.whole && props.bolt {
                    <Bolt {length} {position} act={props.act.clone()} />
                }
                <span class="where">
                    <span class="time quiet">{ &props.time }{ " \u{b7} " }</span>
                    { position }{ " / " }{ length }
                </span>
            </div>
            <Lanes timeline={props.timeline.clone()} playhead={props.playhead} shown={props.shown} words={props.words.clone()}
                theme={props.theme} act={props.act.clone()} />
        </section>
    }
}

fn speeds(props: &TransportProps) -> Html {
    let onchange = props.act.reform(|event: Event| {
        let value = event.target_unchecked_into::<web_sys::HtmlSelectElement>().value();
        Action::Speed(SPEEDS.iter().find(|(_, name)| *name == value).map_or(1.0, |(speed, _)| *speed))
    });
    let options = SPEEDS.iter().map(|(speed, name)| {
        html! { <option value={*name} selected={*speed == props.speed}>{ *name }{ "\u{d7}" }</option> }
    });
    html! { <select class="speed" aria-label="Speed" disabled={props.locks.has(Locks::SPEED)} {onchange}>{ for options }</select> }
}

fn fork(props: &TransportProps) -> Html {
    if !props.whole {
        return Html::default();
    }
    let onclick = on::<MouseEvent>(&props.act, Action::Fork);
    html! {
        <button type="button" class="fork" {onclick} aria-label="Fork here"
            title="Cut the run here and go on from here with other commands">
            { icon(icons::FORK) }<span class="text">{ "Fork here" }</span>
        </button>
    }
}
