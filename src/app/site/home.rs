//! The first page: a run that is alive behind the first words, ways in for whoever comes, and the catalogue.
//!
//! The run is a real one, the player's own: it can be touched, and opened as it stands.

use yew::prelude::*;

use super::catalogue::Catalogue;
use super::go;
use crate::app::action::{Act, Action, on};
use crate::app::part::Part;
use crate::app::root::App;
use crate::app::shell;
use crate::lab::preset;

/// The run behind the first words.
pub const HERO: &str = "stack/sharded";
/// The record at which it stands where nothing moves by itself.
pub const STILL_AT: usize = 780;

/// A way from the first page to the last, one step a lab.
const PATH: &[&str] = &[
    "pages/both-ends",
    "textbook",
    "log/power-fails",
    "lsm/falls-through",
    "cache/stampede",
    "leader-follower/lost-write",
    "raft/election",
    "quorum/overlap",
    "sharding/add",
    "transactions/two-phase",
    "stack/with-cache",
];

pub fn home(app: &App) -> Html {
    let act = &app.act;
    html! {
        <>
            { hero(app) }
            { Part::Doors(DoorsProps { act: act.clone() }).draw() }
            <Catalogue act={act.clone()} still={app.player.still} dark={app.place.is_dark()} />
            <footer class="foot">
                <p>{ "Everything runs in this page. Nothing is sent anywhere, and after the first visit it works without a network." }</p>
            </footer>
        </>
    }
}

fn hero(app: &App) -> Html {
    let act = &app.act;
    let (said, _) = shell::words(app);
    html! {
        <section class="hero" aria-labelledby="hero-title">
            <div class="hero-words">
                <h1 id="hero-title">{ "A whole database, behind glass" }</h1>
                <p class="lead">
                    { "Real storage engines, caches, replicas and shards run in this page and show every step they take. \
                       Type a command, cut a cable, stop a node: nothing you see is a film." }
                </p>
                <p class="row">
                    <button type="button" class="primary" onclick={on::<MouseEvent>(act, Action::Enter)}>{ "Open this run" }</button>
                    <a class="button" href="#" onclick={to_catalogue()}>{ "All labs" }</a>
                </p>
                <div class="now">
                    <p class="quiet">{ app.lab.0.title }{ ", now" }</p>
                    <p class="said">{ said }</p>
                </div>
            </div>
            <div class="hero-stage">{ shell::stages(app) }</div>
        </section>
    }
}

/// Scrolls to the catalogue. The address stays: it is the page's.
fn to_catalogue() -> Callback<MouseEvent> {
    Callback::from(|event: MouseEvent| {
        event.prevent_default();
        crate::app::browser::bring_up("labs");
        crate::app::browser::focus("labs");
    })
}

#[derive(PartialEq)]
pub struct DoorsProps {
    pub act: Act,
}

/// Ways in: for who wants to learn, to teach, to build.
pub fn doors(props: &DoorsProps) -> Html {
    let act = &props.act;
    let steps = PATH.iter().filter_map(|word| {
        let (lab, preset) = preset(word)?;
        let fragment = format!("preset={word}");
        Some(html! {
            <li><a href={format!("#{fragment}")} onclick={go(act, fragment)}>{ preset.title }</a><span class="quiet">{ lab.title }</span></li>
        })
    });
    html! {
        <section class="doors" aria-label="Ways in">
            <div>
                <h2>{ "To learn" }</h2>
                <p>{ "Ten runs from a single page to a transaction across shards. Each makes its point within seconds; stop it anywhere, step back, try something else." }</p>
                <ol class="path">{ for steps }</ol>
            </div>
            <div>
                <h2>{ "To teach" }</h2>
                <p>{ "A run is a link: Share puts all of it into the address, and whoever opens it sees the same, event for event. \
                      In a page of your own a lab is one element, or a frame." }</p>
                <pre>{ "<script type=\"module\" src=\"glassbase-lab.js\"></script>\n<glassbase-lab preset=\"raft/election\"></glassbase-lab>" }</pre>
                <p><a href="course.html">{ "A course page" }</a>{ " shows three of them between paragraphs, with questions whose answers wait." }</p>
                <p><a href="#glossary" onclick={go(act, "glossary")}>{ "The glossary" }</a>{ " says each word of the field in plain sentences, and opens the run that shows it." }</p>
            </div>
            <div>
                <h2>{ "To build" }</h2>
                <p>{ "The same labs run without a page: scripts in, answers and traces out, the same bytes on every machine. What a script expects is checked." }</p>
                <pre>{ "glassbase labs\nglassbase preset raft/storm\nglassbase run design.gb\nglassbase check history.edn" }</pre>
                <p><a href="#reference" onclick={go(act, "reference")}>{ "The reference" }</a>{ " has every command, setting and expectation of every lab." }</p>
            </div>
        </section>
    }
}
