//! Help: the keys, and everything that a lab understands, written from the lab's own declarations.

use yew::prelude::*;

use super::LabRef;
use super::action::{Act, Action, on};
use crate::lab::{CommandInfo, LANGUAGE, LabInfo, SettingInfo, preset_word};

const KEYS: &[(&[&str], &str)] = &[
    (&["Space"], "play, pause"),
    (&["Right", "Left"], "one event on, one back"),
    (&["Shift Right", "Shift Left"], "one command on, one back"),
    (&["Home", "End"], "to the start, to the end"),
    (&["+", "-"], "faster, slower"),
    (&["F"], "fork here"),
    (&["B"], "cut the power here, in the lab of log and recovery"),
    (&["/"], "to the console's line"),
    (&["Ctrl K"], "search labs, commands and words; / does so where there is no console"),
    (&["Up", "Down"], "in the console: earlier and later commands, completions"),
    (&["Tab"], "in the console: take the completion"),
    (&["Escape"], "close what is open, undo the selection"),
    (&["?"], "this page; in the console, ? or help and Enter"),
];

pub fn help(lab: LabRef, act: &Act) -> Html {
    let lab: &'static LabInfo = lab.0;
    let keys = KEYS.iter().map(|(keys, what)| {
        let keys = keys.iter().map(|key| html! { <><kbd>{ *key }</kbd>{ " " }</> });
        html! { <tr><th scope="row">{ for keys }</th><td>{ *what }</td></tr> }
    });
    html! {
        <div class="prose">
            <p>{ lab.summary }</p>
            <h3>{ "Keys" }</h3>
            <table class="words"><tbody>{ for keys }</tbody></table>
            <h3>{ format!("Commands of the {} lab", lab.title) }</h3>
            { commands(act, lab.commands) }
            <h3>{ "Commands of every script" }</h3>
            { commands(act, LANGUAGE) }
            <h3>{ "Expectations" }</h3>
            <p>{ "A script can say what must be true: " }<code>{ "expect height = 2" }</code>{ ". What does not hold is marked in the timeline." }</p>
            { commands(act, lab.all_expectations()) }
            <h3>{ "Settings" }</h3>
            <p>{ "Written " }<code>{ "set name value" }</code>{ " at the head of a script." }</p>
            <table class="words"><tbody>{ for lab.settings.iter().map(setting) }</tbody></table>
            <h3>{ "Presets" }</h3>
            <table class="words"><tbody>{ for lab.presets.iter().map(|preset| html! {
                <tr><th scope="row">{ preset_word(lab, preset) }</th><td>{ preset.point }</td></tr>
            }) }</tbody></table>
            <h3>{ "Files" }</h3>
            <p>{ "Drop a script or a trace anywhere on the page, or paste it, up to 64 MiB. \
                  B+tree and LSM tree take a list of keys as well (text or CSV, one key a line), Buffer pool one of page numbers, \
                  Eviction one of accesses (key, or key,size, or time,key,size). \
                  A link made by Share holds the whole script and gives the same run, event for event, on any machine. \
                  With ?embed in the address the page shows only stage, caption and timeline." }</p>
        </div>
    }
}

fn commands(act: &Act, commands: impl IntoIterator<Item = &'static CommandInfo>) -> Html {
    let rows = commands.into_iter().map(|command| {
        let try_it = on::<MouseEvent>(act, Action::Draft(command.example.to_string()));
        html! {
            <tr>
                <th scope="row">{ command.usage() }</th>
                <td>
                    { command.help }
                    if !command.example.is_empty() {
                        <button type="button" class="mono example" title="Put it into the console's line" onclick={try_it}>
                            { command.example }
                        </button>
                    }
                </td>
            </tr>
        }
    });
    html! { <table class="words"><tbody>{ for rows }</tbody></table> }
}

fn setting(setting: &'static SettingInfo) -> Html {
    html! {
        <tr>
            <th scope="row">{ setting.name }</th>
            <td>{ format!("{} Its value: {}; {} unless set.", setting.help, setting.kind.describe(), setting.default) }</td>
        </tr>
    }
}
