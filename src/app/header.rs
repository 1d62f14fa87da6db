//! The header: where we are, the seed, and what can be done with the whole run.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::LabRef;
use super::action::{Act, Action, Shown, on};
use super::icons::{self, icon, icon_button};
use super::site;

#[derive(PartialEq)]
pub struct HeaderProps {
    pub lab: LabRef,
    /// What is open: a preset's title, or what else it is.
    pub title: AttrValue,
    pub seed: AttrValue,
    pub act: Act,
}

pub fn header(props: &HeaderProps) -> Html {
    let act = &props.act;
    let show = |shown: Shown| on::<MouseEvent>(act, Action::Show(shown));
    let seed = act.reform(|event: Event| Action::Seed(event.target_unchecked_into::<HtmlInputElement>().value()));
    html! {
        <header class="head">
            <h1 class="home">{ site::brand(act) }</h1>
            <p class="crumb">
                <span class="floor">{ props.lab.0.floor }{ " / " }</span><strong>{ props.lab.0.title }</strong>
                <span class="wide-only">{ " / " }{ &props.title }</span>
            </p>
            <div class="tools">
                <label class="field seed">{ "seed" }
                    <input type="text" inputmode="numeric" value={props.seed.clone()} autocomplete="off" onchange={seed} />
                </label>
                { tool(icons::SEARCH, "Search", "Search labs, commands and words (Ctrl K)", show(Shown::Search)) }
                { tool(icons::SCRIPT, "Script", "The whole run as a script: read, change, run it", show(Shown::Script)) }
                { tool(icons::SHARE, "Share", "Copy a link that gives this very run", on(act, Action::Share)) }
                { tool(icons::EXPORT, "Export", "Save the script or the trace as a file", show(Shown::Export)) }
                { icon_button(icons::THEME, "Light or dark", on(act, Action::Theme), false) }
                { icon_button(icons::HELP, "Help: commands and keys", show(Shown::Help), false) }
            </div>
        </header>
    }
}

fn tool(path: &'static str, name: &'static str, help: &'static str, onclick: Callback<MouseEvent>) -> Html {
    html! {
        <button type="button" class="head-tool" title={help} aria-label={name} {onclick}>
            { icon(path) }<span class="wide-only">{ name }</span>
        </button>
    }
}
