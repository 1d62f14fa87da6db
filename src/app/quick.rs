//! Above the stage: the commands that are wanted most, as fields and buttons, and the badge of the invariants.
//!
//! Each button puts a command together and issues it; it then stands in the console like one that was typed. The fields
//! belong to their lab (the section's key is its name): what was typed for a key of one is no count for another.

use yew::prelude::*;

use super::action::{Act, Action, on};
use super::icons::{self, icon};
use super::{LabRef, browser};
use crate::trace::bytes::quote;
use crate::view::guide::Quick;
use crate::view::{Guide, Verification};

/// What in a line stands for the fields.
const KEY: &str = "{key}";
const COUNT: &str = "{count}";
/// A field with a value of ours would be set back to it each time the page is drawn: this one is shown while it is empty.
const COUNT_WHEN_EMPTY: &str = "20";

#[derive(PartialEq)]
pub struct QuickProps {
    pub lab: LabRef,
    pub verified: Option<Verification>,
    /// Whether the tree was changed since it was verified.
    pub changed_since: bool,
    /// Expectations of the script that held, and that failed.
    pub expectations: (u32, u32),
    /// On a small screen: its drawer is open.
    pub open: bool,
    pub act: Act,
}

pub fn quick(props: &QuickProps) -> Html {
    let guide = Guide::of(props.lab.0.name);
    let lines = guide.quick;
    if lines.is_empty() { of_tree(props) } else { of_guide(props, guide) }
}

/// The buttons that a lab's guide names, each with the line that it issues, and the fields that the lines ask for.
fn of_guide(props: &QuickProps, guide: &'static Guide) -> Html {
    let lines: &'static [Quick] = guide.quick;
    let act = props.act.clone();
    let first_with_key = lines.iter().find(|quick| quick.line.contains(KEY));
    let on_enter = Callback::from(move |event: KeyboardEvent| {
        if let Some(quick) = first_with_key.filter(|_| event.key() == "Enter") {
            issue_line(quick.line, &act);
        }
    });
    let buttons = lines.iter().map(|quick| {
        let act = props.act.clone();
        let onclick = Callback::from(move |_: MouseEvent| issue_line(quick.line, &act));
        html! { <button type="button" class="line" title={quick.line} {onclick}>{ quick.text }</button> }
    });
    let verifies = props.lab.0.command("verify").is_some();
    html! {
        <section id="quick" key={props.lab.0.name} class={classes!("quick", props.open.then_some("drawer-open"))} aria-label="Quick commands">
            if first_with_key.is_some() {
                <input class="key mono" type="text" placeholder={guide.field} aria-label={guide.field} id="quick-key"
                    autocomplete="off" spellcheck="false" onkeydown={on_enter} />
            }
            if lines.iter().any(|quick| quick.line.contains(COUNT)) {
                <input class="count" type="text" inputmode="numeric" placeholder={COUNT_WHEN_EMPTY} aria-label="How many" id="quick-count" autocomplete="off" />
            }
            { for buttons }
            <span class="end">{ if verifies { badge(props) } else { expectations(props) } }</span>
        </section>
    }
}

/// What stands in the field for counts.
fn count() -> String {
    let typed = browser::field("quick-count").map(|field| field.value().trim().to_string()).unwrap_or_default();
    if typed.is_empty() { COUNT_WHEN_EMPTY.to_string() } else { typed }
}

/// Issues a line with what stands in the fields; while there is no key, the line goes into the console to be filled in.
fn issue_line(line: &'static str, act: &Act) {
    let text_of = |id: &str| browser::field(id).map(|field| field.value().trim().to_string()).unwrap_or_default();
    let line = line.replace(COUNT, &count());
    let key = text_of("quick-key");
    match line.split_once(KEY) {
        Some((head, _)) if key.is_empty() => act.emit(Action::Draft(head.to_string())),
        _ => act.emit(Action::Issue(line.replace(KEY, &as_key(&key)))),
    }
}

fn of_tree(props: &QuickProps) -> Html {
    let with_key = |command: &'static str| {
        let act = props.act.clone();
        Callback::from(move |_: MouseEvent| issue_with_key(command, &act))
    };
    let act = props.act.clone();
    let insert_on_enter = Callback::from(move |event: KeyboardEvent| {
        if event.key() == "Enter" {
            issue_with_key("insert", &act);
        }
    });
    let random = props.act.reform(|_: MouseEvent| Action::Issue(format!("random {}", count())));
    let plain = |command: &'static str| on::<MouseEvent>(&props.act, Action::Issue(command.to_string()));
    let button = |name: &'static str, text: &'static str, onclick: Callback<MouseEvent>| {
        let Some(info) = props.lab.0.command(name) else { return Html::default() };
        html! { <button type="button" class="line" title={info.help} {onclick}>{ text }</button> }
    };
    html! {
        <section id="quick" key={props.lab.0.name} class={classes!("quick", props.open.then_some("drawer-open"))} aria-label="Quick commands">
            <input class="key mono" type="text" placeholder="key" aria-label="Key" id="quick-key" autocomplete="off"
                spellcheck="false" onkeydown={insert_on_enter} />
            { button("insert", "Insert", with_key("insert")) }
            { button("get", "Get", with_key("get")) }
            { button("delete", "Delete", with_key("delete")) }
            <button type="button" class="line" title="Show where a key stands on the stage" onclick={with_key("")}>{ "Find" }</button>
            <span class="rule" aria-hidden="true"></span>
            <input class="count" type="text" inputmode="numeric" placeholder={COUNT_WHEN_EMPTY} aria-label="How many random keys" id="quick-count"
                autocomplete="off" />
            { button("random", "Random", random) }
            <span class="rule" aria-hidden="true"></span>
            { button("scan", "Scan", plain("scan")) }
            { button("clear", "Clear", plain("clear")) }
            <span class="end">{ badge(props) }</span>
        </section>
    }
}

/// Issues `command` with the key in the field; without a command, finds it on the stage.
fn issue_with_key(command: &'static str, act: &Act) {
    let Some(input) = browser::field("quick-key") else { return };
    let typed = input.value();
    let key = typed.trim();
    let _ = input.focus();
    input.select();
    if command.is_empty() {
        act.emit(Action::Find(key.to_string()));
    } else if key.is_empty() {
        act.emit(Action::Draft(format!("{command} ")));
    } else {
        act.emit(Action::Issue(format!("{command} {}", as_key(key))));
    }
}

/// A key as it stands in a script.
fn as_key(key: &str) -> String {
    let is_plain = key.starts_with('"') || !key.contains([' ', '#', '"', '|', '\\']);
    if is_plain { key.to_string() } else { quote(key) }
}

/// How many expectations of the script failed, if any did.
fn expectations(props: &QuickProps) -> Html {
    let (held, failed) = props.expectations;
    html! {
        if failed > 0 { <span class="badge broken">{ icon(icons::CROSS) }{ format!("{failed} of {} expectations failed", held + failed) }</span> }
    }
}

/// Whether all invariants hold, as far as they were checked; a click checks them.
fn badge(props: &QuickProps) -> Html {
    let (class, path, text) = match &props.verified {
        Some(verified) if !verified.problem.is_empty() => {
            ("broken", icons::CROSS, format!("broken: {}", verified.problem))
        }
        Some(verified) if !props.changed_since => ("holds", icons::CHECK, "invariants hold".to_string()),
        _ => ("", icons::CHECK, "verify".to_string()),
    };
    html! {
        <>
            { expectations(props) }
            <button type="button" class={classes!("badge", class)} title="Check every invariant of the tree"
                onclick={on::<MouseEvent>(&props.act, Action::Issue("verify".to_string()))}>
                { icon(path) }<span>{ text }</span>
            </button>
        </>
    }
}
