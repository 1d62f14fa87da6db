//! The console: what was asked and answered so far, and the line to ask more.
//!
//! Commands that lie ahead of the playhead are there already, in grey; their answers appear when the playhead gets to
//! them. What was said beside the run (a mistake, a remark of the page) stands where it was said, and is never ahead.
//! Keys: Enter runs (`?` and `help` open the help), Tab takes the completion, Up and Down walk through the history, or
//! through the completions while something is being typed, Escape closes them.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

use super::LabRef;
use super::action::{Act, Action, Shown, on};
use super::icons::{self, icon_button};
use super::log::{Entry, Kind, Log};
use super::player::Move;
use crate::lab::{Completion, common_prefix, complete};

/// Completions shown at once.
const CHOICES_MAX: usize = 12;
/// Alone in the line, these are no commands: they open the help.
const ASKS_FOR_HELP: [&str; 2] = ["?", "help"];

#[derive(Properties, PartialEq)]
pub struct ConsoleProps {
    pub lab: LabRef,
    pub log: Log,
    /// Up to here the entries of the run stand at or before the playhead.
    pub reached: usize,
    pub tall: bool,
    /// Text to put into the line, and its number: a new number is a new offer.
    pub draft: (u32, Rc<str>),
    pub act: Act,
}

pub enum ConsoleMsg {
    Typed(String),
    Key(KeyboardEvent),
    Take(usize),
    Pasted(Event),
    Left,
}

#[derive(Default)]
pub struct Console {
    text: String,
    choices: Vec<Completion>,
    chosen: Option<usize>,
    /// What was typed here, oldest first.
    typed: Vec<String>,
    /// How far back in the history: 1 is the newest.
    back: usize,
    log_ref: NodeRef,
    input_ref: NodeRef,
    shown: (usize, usize),
}

impl Component for Console {
    type Message = ConsoleMsg;
    type Properties = ConsoleProps;

    fn create(_: &Context<Self>) -> Console {
        Console::default()
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &ConsoleProps) -> bool {
        let (number, text) = &ctx.props().draft;
        if *number != old.draft.0 {
            self.text = text.to_string();
            self.close();
            if let Some(input) = self.input_ref.cast::<HtmlInputElement>() {
                let _ = input.focus();
            }
        }
        true
    }

    fn update(&mut self, ctx: &Context<Self>, message: ConsoleMsg) -> bool {
        match message {
            ConsoleMsg::Typed(text) => {
                self.text = text;
                self.suggest(ctx);
                self.back = 0;
            }
            ConsoleMsg::Key(event) => return self.key(ctx, &event),
            ConsoleMsg::Take(index) => self.take(ctx, index),
            ConsoleMsg::Pasted(event) => return self.pasted(ctx, &event),
            ConsoleMsg::Left => self.close(),
        }
        true
    }

    fn rendered(&mut self, ctx: &Context<Self>, _: bool) {
        let entries = ctx.props().log.entries();
        let now = (entries.len(), ctx.props().reached);
        if now != self.shown {
            // What was just said is to be seen wherever the playhead is, and what was said last when the run is at its end.
            let is_said = now.0 != self.shown.0 && entries.last().is_some_and(|entry| !entry.of_run);
            let is_all = entries.iter().skip(now.1).all(|entry| !entry.of_run);
            self.shown = now;
            self.scroll_to(if is_said || is_all { "li:last-child" } else { ".here" });
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let link = ctx.link();
        let entries = props.log.entries();
        let rows = entries.iter().enumerate().filter_map(|(index, entry)| self.row(props, index, entry));
        html! {
            <section class="console" aria-label="Console">
                <ol class={classes!("log", props.tall.then_some("tall"))} ref={self.log_ref.clone()} tabindex="0"
                    aria-label="Commands and answers" id="log">
                    { for rows }
                </ol>
                { self.popup(ctx) }
                <div class="prompt">
                    <span class="sign" aria-hidden="true">{ ">" }</span>
                    <input id="command" type="text" ref={self.input_ref.clone()} value={self.text.clone()}
                        role="combobox" aria-label="Command" aria-autocomplete="list" aria-controls="choices"
                        aria-expanded={if self.choices.is_empty() { "false" } else { "true" }}
                        aria-activedescendant={self.chosen.map(|index| format!("choice-{index}"))}
                        autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="go"
                        placeholder={props.lab.0.commands.first().map_or("", |command| command.example)}
                        oninput={link.callback(|event: InputEvent| ConsoleMsg::Typed(typed(&event)))}
                        onkeydown={link.callback(ConsoleMsg::Key)}
                        onpaste={link.callback(ConsoleMsg::Pasted)}
                        onblur={link.callback(|_| ConsoleMsg::Left)} />
                    { icon_button(icons::OPEN, "Open a script, a trace or a list of keys", on(&props.act, Action::ChooseFile), false) }
                    { icon_button(if props.tall { icons::LOW } else { icons::TALL },
                        if props.tall { "Show less of the console" } else { "Show more of the console" },
                        on(&props.act, Action::TallConsole), false) }
                </div>
            </section>
        }
    }
}

/// What stands in the field that an event comes from.
pub fn typed(event: &InputEvent) -> String {
    event.target_unchecked_into::<HtmlInputElement>().value()
}

impl Console {
    fn row(&self, props: &ConsoleProps, index: usize, entry: &Entry) -> Option<Html> {
        let ahead = entry.of_run && index >= props.reached;
        if ahead && entry.kind != Kind::Input {
            return None;
        }
        let (sign, class) = match entry.kind {
            Kind::Input => (">", "input"),
            Kind::Answer => ("", "answer"),
            Kind::Bad => ("", "bad"),
            Kind::Good => ("", "good"),
            Kind::Remark => ("#", "remark"),
            Kind::Note => ("", "note"),
        };
        let text = match entry.kind {
            Kind::Input if entry.of_run => {
                let onclick = on(&props.act, Action::Move(Move::To(entry.position as f64)));
                html! { <button type="button" class="text" title="Go there" {onclick}>{ &*entry.text }</button> }
            }
            _ => html! { <span class="text">{ &*entry.text }</span> },
        };
        Some(html! {
            <li key={index} class={classes!(class, ahead.then_some("ahead"), (index + 1 == props.reached).then_some("here"))}>
                <span class="mark-of" aria-hidden="true">{ sign }</span>{ text }
            </li>
        })
    }

    fn popup(&self, ctx: &Context<Self>) -> Html {
        let options = self.choices.iter().enumerate().map(|(index, choice)| {
            // The mouse button going down would take the focus from the line, so it is kept from doing so.
            let onmousedown = ctx.link().callback(move |event: MouseEvent| {
                event.prevent_default();
                ConsoleMsg::Take(index)
            });
            html! {
                <li id={format!("choice-{index}")} role="option" {onmousedown}
                    aria-selected={if self.chosen == Some(index) { "true" } else { "false" }}>
                    <span class="mono">{ &choice.label }</span><span class="quiet">{ &choice.help }</span>
                </li>
            }
        });
        html! {
            <ul id="choices" role="listbox" aria-label="Completions" class={classes!("choices")} hidden={self.choices.is_empty()}>
                { for options }
            </ul>
        }
    }

    fn suggest(&mut self, ctx: &Context<Self>) {
        self.close();
        // On an empty line the arrows walk through the history.
        if !self.text.is_empty() {
            self.choices = complete(ctx.props().lab.0, &self.text, self.text.len());
            self.choices.truncate(CHOICES_MAX);
        }
    }

    fn close(&mut self) {
        self.choices.clear();
        self.chosen = None;
    }

    fn take(&mut self, ctx: &Context<Self>, index: usize) {
        if let Some(choice) = self.choices.get(index) {
            let mut text = format!("{}{}", &self.text[..choice.replaces.start], choice.insert);
            text.push(' ');
            self.text = text;
            self.suggest(ctx);
        }
    }

    /// Takes the completion that is chosen or the only one; of several it puts in what they begin with, and where that
    /// is there already it chooses the first, for the next Tab to take.
    fn tab(&mut self, ctx: &Context<Self>) {
        let prefix = common_prefix(&self.choices).to_string();
        let start = self.choices.first().map_or(0, |choice| choice.replaces.start);
        match self.chosen {
            Some(index) => self.take(ctx, index),
            None if self.choices.len() == 1 => self.take(ctx, 0),
            None if self.text.len() < start + prefix.len() => {
                self.text.truncate(start);
                self.text.push_str(&prefix);
                self.suggest(ctx);
            }
            None => self.choose(1),
        }
    }

    fn key(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) -> bool {
        let open = !self.choices.is_empty();
        match event.key().as_str() {
            "Enter" => match self.chosen {
                Some(index) => self.take(ctx, index),
                None => self.submit(ctx),
            },
            "Tab" if open && !event.shift_key() && !self.text.is_empty() => self.tab(ctx),
            "Escape" if open => self.close(),
            "ArrowUp" if open && self.back == 0 => self.choose(-1),
            "ArrowDown" if open && self.back == 0 => self.choose(1),
            "ArrowUp" => self.history(1),
            "ArrowDown" => self.history(-1),
            _ => return false,
        }
        event.prevent_default();
        event.stop_propagation();
        true
    }

    fn choose(&mut self, way: isize) {
        let count = self.choices.len() as isize;
        let next = match self.chosen {
            None if way < 0 => count - 1,
            None => 0,
            Some(index) => (index as isize + way).rem_euclid(count),
        };
        self.chosen = Some(next as usize);
    }

    fn history(&mut self, way: isize) {
        let back = self.back.saturating_add_signed(way);
        let text = back.checked_sub(1).map(|skip| self.typed.iter().rev().nth(skip));
        match text {
            None => (self.text, self.back) = (String::new(), 0),
            Some(Some(text)) => (self.text, self.back) = (text.clone(), back),
            Some(None) => {}
        }
        self.close();
    }

    fn submit(&mut self, ctx: &Context<Self>) {
        let text = std::mem::take(&mut self.text);
        self.close();
        self.back = 0;
        if ASKS_FOR_HELP.contains(&text.trim()) {
            ctx.props().act.emit(Action::Show(Shown::Help));
        } else if !text.trim().is_empty() {
            if self.typed.last() != Some(&text) {
                self.typed.push(text.clone());
            }
            ctx.props().act.emit(Action::Issue(text));
        }
    }

    /// Several lines at once are not for the line: they are a script or a list of keys.
    fn pasted(&mut self, ctx: &Context<Self>, event: &Event) -> bool {
        let text = pasted_text(event);
        let several = text.trim_end().contains('\n');
        if several {
            event.prevent_default();
            event.stop_propagation();
            ctx.props().act.emit(Action::Paste(text));
        }
        several
    }

    fn scroll_to(&self, row: &str) {
        let Some(log) = self.log_ref.cast::<HtmlElement>() else { return };
        let current = log.query_selector(row).ok().flatten();
        let current = current.and_then(|row| row.dyn_into::<HtmlElement>().ok());
        let bottom = current.map_or(0, |row| row.offset_top() + row.offset_height() - log.offset_top());
        let top = bottom - log.client_height();
        log.set_scroll_top(top.max(0));
    }
}

/// The text of a paste; empty when there is none.
pub fn pasted_text(event: &Event) -> String {
    let event = event.dyn_ref::<web_sys::ClipboardEvent>();
    event.and_then(|event| event.clipboard_data()).and_then(|data| data.get_data("text").ok()).unwrap_or_default()
}
