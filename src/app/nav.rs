//! At the left: the labs, their presets, the settings of the script, and what to compare with.

use std::rc::Rc;

use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::action::{Act, Action, Shown, on};
use super::{LabRef, settings};
use crate::lab::{ArgumentKind, LABS, SettingInfo};

#[derive(PartialEq)]
pub struct NavProps {
    pub lab: LabRef,
    /// The preset that is open, unless the script was changed since.
    pub preset: Option<usize>,
    /// The values of the lab's settings, in their order.
    pub values: Rc<Vec<String>>,
    /// Setting and value at the right of a comparison.
    pub compare: Option<(String, String)>,
    /// The setting chosen for a comparison that has no value yet.
    pub comparing: AttrValue,
    pub open: bool,
    pub act: Act,
}

pub fn nav(props: &NavProps) -> Html {
    let first_of_floor = |index: &usize| LABS[..*index].iter().all(|lab| lab.floor != LABS[*index].floor);
    let floors = (0..LABS.len()).filter(first_of_floor).map(|first| {
        let floor = LABS[first].floor;
        let labs = LABS.iter().enumerate().filter(|(_, lab)| lab.floor == floor).map(|(index, _)| lab(props, index));
        html! {
            <section aria-label={format!("{floor} labs")}>
                <h2>{ floor }</h2>
                <ul class="labs">{ for labs }</ul>
            </section>
        }
    });
    html! {
        <nav id="nav" class={classes!("nav", "panel", props.open.then_some("drawer-open"))} aria-label="Labs and settings" tabindex="-1">
            { for floors }
            <section aria-label="Settings">
                <h2>{ "Settings" }</h2>
                <div class="knobs">{ for props.lab.0.settings.iter().zip(&*props.values).map(|(setting, value)| knob(props, setting, value)) }</div>
            </section>
            { compare(props) }
            <section class="links">
                <button type="button" onclick={on::<MouseEvent>(&props.act, Action::Show(Shown::Help))}>{ "Commands and keys" }</button>
            </section>
        </nav>
    }
}

/// A lab; its presets stand below the one that is open.
fn lab(props: &NavProps, index: usize) -> Html {
    let lab = LABS[index];
    let open = std::ptr::eq(lab, props.lab.0);
    html! {
        <li>
            <button type="button" class="lab" title={lab.summary} aria-current={open.then_some("page")}
                onclick={on::<MouseEvent>(&props.act, Action::OpenPreset(lab.name, 0))}>{ lab.title }</button>
            if open { { presets(props) } }
        </li>
    }
}

fn presets(props: &NavProps) -> Html {
    let rows = props.lab.0.presets.iter().enumerate().map(|(index, preset)| {
        let current = (props.preset == Some(index)).then_some("true");
        html! {
            <li><button type="button" aria-current={current} title={preset.point}
                onclick={on::<MouseEvent>(&props.act, Action::OpenPreset(props.lab.0.name, index))}>{ preset.title }</button></li>
        }
    });
    html! { <ul class="presets">{ for rows }</ul> }
}

fn knob(props: &NavProps, setting: &'static SettingInfo, value: &str) -> Html {
    let id = format!("set-{}", setting.name);
    let name = setting.name;
    let act = props.act.reform(move |value: String| Action::Set(name, value));
    html! {
        <>
            <label for={id.clone()} title={setting.help}>{ setting.name }</label>
            { value_field(setting, value, &id, act) }
        </>
    }
}

/// A field for a value of a setting: a choice where there are only so many, a line of text otherwise. It goes back to
/// the value of the run at once, and shows the new one when the run has it: a value may be refused.
fn value_field(setting: &'static SettingInfo, value: &str, id: &str, act: Callback<String>) -> Html {
    let help = setting.help;
    match setting.kind {
        ArgumentKind::Word(words) => {
            let onchange = act.reform(|event: Event| event.target_unchecked_into::<HtmlSelectElement>().value());
            let options =
                words.iter().map(|word| html! { <option value={*word} selected={*word == value}>{ *word }</option> });
            html! { <select id={id.to_string()} title={help} {onchange}>{ for options }</select> }
        }
        _ => {
            let shown = value.to_string();
            let onchange = act.reform(move |event: Event| {
                let field = event.target_unchecked_into::<HtmlInputElement>();
                let chosen = field.value();
                field.set_value(&shown);
                chosen
            });
            html! { <input id={id.to_string()} type="text" title={help} value={value.to_string()} autocomplete="off" spellcheck="false" {onchange} /> }
        }
    }
}

/// `compare with: setting = value`
fn compare(props: &NavProps) -> Html {
    let name = props.compare.as_ref().map_or(&*props.comparing, |(name, _)| name);
    let setting = settings::named(props.lab.0, name);
    let onchange =
        props.act.reform(|event: Event| Action::Comparing(event.target_unchecked_into::<HtmlSelectElement>().value()));
    let options = props.lab.0.settings.iter().map(|setting| {
        html! { <option value={setting.name} selected={setting.name == name}>{ setting.name }</option> }
    });
    let value = props.compare.as_ref().map_or("", |(_, value)| value.as_str());
    html! {
        <section aria-label="Compare">
            <h2>{ "Compare with" }</h2>
            <div class="knobs pair">
                <select aria-label="Setting that differs" {onchange}>
                    <option value="" selected={name.is_empty()}>{ "setting" }</option>
                    { for options }
                </select>
                if let Some(setting) = setting { { other_value(props, setting, value) } }
                if props.compare.is_some() {
                    <button type="button" class="line wide" onclick={on::<MouseEvent>(&props.act, Action::Compare(None))}>
                        { "End the comparison" }
                    </button>
                }
            </div>
        </section>
    }
}

fn other_value(props: &NavProps, setting: &'static SettingInfo, value: &str) -> Html {
    let name = setting.name;
    let act = props.act.reform(move |value: String| {
        Action::Compare(if value.is_empty() { None } else { Some((name.to_string(), value)) })
    });
    let index = props.lab.0.settings.iter().position(|other| std::ptr::eq(other, setting)).unwrap_or(0);
    let here = props.values.get(index).map_or("", String::as_str);
    match setting.kind {
        ArgumentKind::Word(words) => {
            let onchange = act.reform(|event: Event| event.target_unchecked_into::<HtmlSelectElement>().value());
            let others = words.iter().filter(|word| **word != here);
            let options =
                others.map(|word| html! { <option value={*word} selected={*word == value}>{ *word }</option> });
            html! {
                <select aria-label="Value at the right" {onchange}>
                    <option value="" selected={value.is_empty()}>{ "value" }</option>{ for options }
                </select>
            }
        }
        _ => {
            let onchange = act.reform(|event: Event| event.target_unchecked_into::<HtmlInputElement>().value());
            html! { <input type="text" aria-label="Value at the right" placeholder={format!("not {here}")} value={value.to_string()} autocomplete="off" {onchange} /> }
        }
    }
}
