//! The search: a line, and below it what fits, the best first.
//!
//! Up and Down choose, Enter goes there, Escape closes.

use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, HtmlElement, HtmlInputElement, KeyboardEvent};
use yew::prelude::*;

use crate::app::action::{Act, Action, on};
use crate::app::browser;
use crate::app::icons::{self, icon};
use crate::lab::search::{Found, search};

/// What is shown at most: what is not among these needs another word.
const SHOWN_MAX: usize = 12;
/// What to try, while nothing is typed.
const IDEAS: &[&str] = &["split", "lost write", "two-phase commit", "LRU", "stale read", "insert"];

#[derive(Properties, PartialEq)]
pub struct SearchProps {
    pub act: Act,
}

pub enum Msg {
    Typed(String),
    Key(KeyboardEvent),
    Take(usize),
}

pub struct Search {
    dialog: NodeRef,
    query: String,
    found: Vec<Found>,
    at: usize,
}

impl Component for Search {
    type Message = Msg;
    type Properties = SearchProps;

    fn create(_: &Context<Self>) -> Search {
        Search { dialog: NodeRef::default(), query: String::new(), found: Vec::new(), at: 0 }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Typed(query) => {
                self.found = search(&query, SHOWN_MAX);
                (self.query, self.at) = (query, 0);
            }
            Msg::Key(event) => return self.key(ctx, &event),
            Msg::Take(index) => self.take(ctx, index),
        }
        true
    }

    fn rendered(&mut self, _: &Context<Self>, first: bool) {
        if let Some(dialog) = self.dialog.cast::<HtmlDialogElement>().filter(|_| first) {
            let _ = dialog.show_modal();
            browser::focus("search");
        }
        if let Some(chosen) = browser::by_id(&option_id(self.at)).filter(|_| self.at > 0) {
            chosen.scroll_into_view_with_bool(false);
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let act = &ctx.props().act;
        let oninput =
            link.callback(|event: InputEvent| Msg::Typed(event.target_unchecked_into::<HtmlInputElement>().value()));
        let chosen = (!self.found.is_empty()).then(|| option_id(self.at));
        let expanded = if self.found.is_empty() { "false" } else { "true" };
        let aside = act.clone();
        let onclick = Callback::from(move |event: MouseEvent| {
            // A click beside the dialog is one on the element itself.
            let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
            if target.is_some_and(|target| target.tag_name() == "DIALOG") {
                aside.emit(Action::Hide);
            }
        });
        html! {
            <dialog ref={&self.dialog} class="search" aria-label="Search" onclose={on::<Event>(act, Action::Hide)} {onclick}>
                <div class="search-line">
                    { icon(icons::SEARCH) }
                    <input id="search" type="text" role="combobox" aria-label="Search labs, presets, commands and words"
                        aria-autocomplete="list" aria-expanded={expanded} aria-controls="found" aria-activedescendant={chosen}
                        placeholder="A lab, a run, a command, a word" autocomplete="off" spellcheck="false" value={self.query.clone()}
                        {oninput} onkeydown={link.callback(Msg::Key)} />
                    <kbd>{ "Esc" }</kbd>
                </div>
                <ul id="found" role="listbox" aria-label="Found">
                    { for self.found.iter().enumerate().map(|(index, found)| self.option(ctx, index, found)) }
                </ul>
                { self.remark(ctx) }
            </dialog>
        }
    }
}

fn option_id(index: usize) -> String {
    format!("found-{index}")
}

impl Search {
    fn option(&self, ctx: &Context<Self>, index: usize, found: &Found) -> Html {
        let chosen = index == self.at;
        let onclick = ctx.link().callback(move |_: MouseEvent| Msg::Take(index));
        let is_code = matches!(found, Found::Command(..) | Found::Expectation(..) | Found::Setting(..));
        let of = match found {
            Found::Lab(lab) => lab.floor,
            Found::Term(_) => "",
            _ => found.lab().map_or("every script", |lab| lab.title),
        };
        html! {
            <li id={option_id(index)} role="option" aria-selected={if chosen { "true" } else { "false" }} {onclick}>
                <span class="kind">{ found.kind() }</span>
                <span class="what">
                    <strong class={is_code.then_some("mono")}>{ found.title() }</strong><span class="quiet">{ of }</span>
                    <span class="text">{ found.text() }</span>
                </span>
            </li>
        }
    }

    /// What to say where there is nothing to choose.
    fn remark(&self, ctx: &Context<Self>) -> Html {
        if !self.found.is_empty() {
            return Html::default();
        }
        if !self.query.trim().is_empty() {
            return html! { <p class="remark quiet" role="status">{ "Nothing is called that. Try a shorter word, or one of the field." }</p> };
        }
        let ideas = IDEAS.iter().map(|idea| {
            let onclick = ctx.link().callback(move |_: MouseEvent| Msg::Typed((*idea).to_string()));
            html! { <button type="button" class="line" {onclick}>{ *idea }</button> }
        });
        html! { <p class="remark quiet">{ "Try " }{ for ideas }</p> }
    }

    fn key(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) -> bool {
        let last = self.found.len().saturating_sub(1);
        match event.key().as_str() {
            "ArrowDown" => self.at = if self.at >= last { 0 } else { self.at + 1 },
            "ArrowUp" => self.at = if self.at == 0 { last } else { self.at - 1 },
            "Enter" => self.take(ctx, self.at),
            _ => return false,
        }
        event.prevent_default();
        true
    }

    fn take(&self, ctx: &Context<Self>, index: usize) {
        if let Some(found) = self.found.get(index) {
            ctx.props().act.emit(Action::Go(found.fragment().into()));
        }
    }
}
