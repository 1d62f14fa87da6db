//! The catalogue: every lab with a picture from a run of its own, which plays while the mouse or the focus is on it.
//!
//! ```text
//!   Far ──scrolls into view──▶ Wanted ──a slice at a time──▶ Running ──at its end──▶ Shown (at rest, or playing)
//!                                       one lab at a time, with pauses in between
//! ```
//!
//! The pictures are those of the labs themselves, the plate or the tree's stage at half their size, without hands: what is
//! seen here is what is there.
//!
//! **Invariant:** nothing runs for a card that was never seen, and a slice is shorter than a quarter of a frame.

use gloo_timers::callback::Timeout;
use web_sys::Element;
use yew::prelude::*;

use super::go;
use crate::app::action::Act;
use crate::app::browser::{self, Frames, Sights};
use crate::app::pace::SPEEDS;
use crate::app::plate::Plate;
use crate::app::player::{Move, Player};
use crate::app::room::RoomProps;
use crate::app::run::Run;
use crate::app::stage::Stage;
use crate::lab::{LABS, LabInfo, Preset, preset_word};
use crate::view::camera::within;

/// How long a slice of work is, and the pause after it, in which the page does what else there is.
const SLICE_MS: f64 = 4.0;
const PAUSE_MS: u32 = 24;
/// A run is long enough for a picture when it has so many records.
const RECORDS_MAX: usize = 6000;
/// A frame that took longer moves a picture no further than this.
const ELAPSED_MAX_MS: f64 = 100.0;

/// Where the first preset at seven tenths is not the best picture: lab, preset, and how much of the run has passed.
const POSTERS: &[(&str, &str, f64)] = &[
    ("btree", "textbook", 1.0),
    ("eviction", "w-tinylfu", 0.8),
    ("quorum", "no-overlap", 0.5),
    ("raft", "election", 0.75),
    ("sharding", "add", 0.6),
];
const SHARE: f64 = 0.7;

#[derive(Properties, PartialEq)]
pub struct CatalogueProps {
    pub act: Act,
    /// Nothing moves by itself.
    pub still: bool,
    pub dark: bool,
}

enum Picture {
    Far,
    Wanted,
    Running(Box<Run>),
    Shown(Box<Player>),
}

struct Card {
    lab: &'static LabInfo,
    preset: &'static Preset,
    share: f64,
    picture: Picture,
}

pub enum Msg {
    /// Cards that came into view.
    Seen(Vec<usize>),
    Work,
    Frame(f64),
    /// The mouse or the focus came to a card, or left it.
    At(usize, bool),
}

pub struct Catalogue {
    list: NodeRef,
    cards: Vec<Card>,
    playing: Option<usize>,
    frames: Frames,
    last_ms: Option<f64>,
    timer: Option<Timeout>,
    sights: Option<Sights>,
}

impl Component for Catalogue {
    type Message = Msg;
    type Properties = CatalogueProps;

    fn create(ctx: &Context<Self>) -> Catalogue {
        let link = ctx.link().clone();
        Catalogue {
            list: NodeRef::default(),
            cards: LABS.iter().map(|lab| Card::of(lab)).collect(),
            playing: None,
            frames: Frames::new(move |now_ms| link.send_message(Msg::Frame(now_ms))),
            last_ms: None,
            timer: None,
            sights: None,
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Seen(seen) => {
                for card in seen {
                    if let Some(card) = self.cards.get_mut(card).filter(|card| matches!(card.picture, Picture::Far)) {
                        card.picture = Picture::Wanted;
                    }
                }
                self.rest(ctx);
                false
            }
            Msg::Work => {
                self.timer = None;
                let grew = self.work();
                self.rest(ctx);
                grew
            }
            Msg::Frame(now_ms) => self.frame(now_ms),
            Msg::At(card, true) => self.begin(ctx, card),
            Msg::At(card, false) => self.end(card),
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let first_of_floor = |index: &usize| LABS[..*index].iter().all(|lab| lab.floor != LABS[*index].floor);
        let floors = (0..LABS.len()).filter(first_of_floor).map(|first| {
            let floor = LABS[first].floor;
            let cards = self.cards.iter().enumerate().filter(|(_, card)| card.lab.floor == floor);
            html! {
                <section class="floor-labs" aria-label={floor}>
                    <h3>{ floor }</h3>
                    <ul>{ for cards.map(|(index, card)| self.card(ctx, index, card)) }</ul>
                </section>
            }
        });
        html! {
            <section class="catalogue" id="labs" tabindex="-1" aria-labelledby="labs-title" ref={&self.list}>
                <h2 id="labs-title">{ "Labs" }</h2>
                { for floors }
            </section>
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        let Some(list) = self.list.cast::<Element>().filter(|_| first) else { return };
        let link = ctx.link().clone();
        self.sights = Sights::watch(&list, "[data-card]", move |elements| {
            let number = |element: &Element| element.get_attribute("data-card")?.parse().ok();
            link.send_message(Msg::Seen(elements.iter().filter_map(number).collect()));
        });
    }
}

impl Card {
    fn of(lab: &'static LabInfo) -> Card {
        let known = POSTERS.iter().find(|(name, ..)| *name == lab.name);
        let preset = known.and_then(|(_, preset, _)| lab.preset(preset)).unwrap_or(&lab.presets[0]);
        Card { lab, preset, share: known.map_or(SHARE, |(.., share)| *share), picture: Picture::Far }
    }

    /// Goes on with its run until the deadline. True when it can be shown now.
    fn work(&mut self, deadline_ms: f64) -> bool {
        if matches!(self.picture, Picture::Wanted) {
            self.picture = Picture::Running(Box::new(Run::open(self.preset.script)));
            return false;
        }
        let Picture::Running(run) = &mut self.picture else { return false };
        run.work(deadline_ms);
        if run.is_working() && run.len() < RECORDS_MAX {
            return false;
        }
        // The picture needs what happened, not the engine behind it.
        let mut player = Player::new(Run::recorded("", run.timeline().clone()), false);
        player.speed = SPEEDS.iter().find(|(_, name)| *name == self.preset.speed).map_or(1.0, |(speed, _)| *speed);
        self.picture = Picture::Shown(Box::new(player));
        self.pose();
        true
    }

    /// Stands as on its poster.
    fn pose(&mut self) {
        if let Picture::Shown(player) = &mut self.picture {
            let length = player.run.len() as f64;
            player.seek(Move::To((length * self.share).floor()));
        }
    }
}

impl Catalogue {
    fn next(&self) -> Option<usize> {
        let runs = self.cards.iter().position(|card| matches!(card.picture, Picture::Running(_)));
        runs.or_else(|| self.cards.iter().position(|card| matches!(card.picture, Picture::Wanted)))
    }

    fn work(&mut self) -> bool {
        let Some(next) = self.next() else { return false };
        self.cards[next].work(browser::now_ms() + SLICE_MS)
    }

    /// Goes on after a while, if there is something to do.
    fn rest(&mut self, ctx: &Context<Self>) {
        if self.timer.is_none() && self.next().is_some() {
            let link = ctx.link().clone();
            self.timer = Some(Timeout::new(PAUSE_MS, move || link.send_message(Msg::Work)));
        }
    }

    fn begin(&mut self, ctx: &Context<Self>, card: usize) -> bool {
        if ctx.props().still || self.playing == Some(card) {
            return false;
        }
        if let Some(before) = self.playing {
            self.end(before);
        }
        let Picture::Shown(player) = &mut self.cards[card].picture else { return false };
        player.seek(Move::Start);
        player.play();
        (self.playing, self.last_ms) = (Some(card), None);
        self.frames.request();
        true
    }

    fn end(&mut self, card: usize) -> bool {
        if self.playing != Some(card) {
            return false;
        }
        self.playing = None;
        self.cards[card].pose();
        true
    }

    fn frame(&mut self, now_ms: f64) -> bool {
        self.frames.arrived();
        let Some(card) = self.playing else { return false };
        let elapsed_ms = self.last_ms.map_or(0.0, |last| within(now_ms - last, 0.0, ELAPSED_MAX_MS));
        self.last_ms = Some(now_ms);
        let Picture::Shown(player) = &mut self.cards[card].picture else { return false };
        if player.is_at_end() {
            player.play();
        }
        self.frames.request();
        player.advance(elapsed_ms)
    }

    fn card(&self, ctx: &Context<Self>, index: usize, card: &Card) -> Html {
        let props = ctx.props();
        let lab = card.lab;
        let fragment = format!("preset={}", preset_word(lab, &lab.presets[0]));
        let at = |there: bool| ctx.link().callback(move |_: PointerEvent| Msg::At(index, there));
        let by_focus = |there: bool| ctx.link().callback(move |_: FocusEvent| Msg::At(index, there));
        let presets = match lab.presets.len() {
            1 => "1 run".to_string(),
            count => format!("{count} runs"),
        };
        html! {
            <li key={lab.name} class="lab-card" data-card={index.to_string()}
                onpointerenter={at(true)} onpointerleave={at(false)} onfocusin={by_focus(true)} onfocusout={by_focus(false)}>
                <div class="thumb" aria-hidden="true" inert={true}>{ self.thumb(props, card) }</div>
                <h4><a href={format!("#{fragment}")} onclick={go(&props.act, fragment)}>{ lab.title }</a></h4>
                <span class="count quiet">{ presets }</span>
                <p>{ lab.summary }</p>
            </li>
        }
    }

    fn thumb(&self, props: &CatalogueProps, card: &Card) -> Html {
        let Picture::Shown(player) = &card.picture else { return Html::default() };
        let timeline = player.run.timeline().clone();
        let is_drawn = timeline.guide().draw.is_some();
        let room = yew::props!(RoomProps {
            timeline,
            playhead: player.playhead(),
            selected: None,
            on_select: Callback::noop(),
            title: card.lab.title,
            still: props.still,
            dark: props.dark,
            embed: true,
        });
        html! {
            <div class="small">
                if is_drawn { <Plate ..room /> } else { <Stage ..room /> }
            </div>
        }
    }
}
