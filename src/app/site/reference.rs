//! The reference: every command, setting, expectation and preset, from the labs' own declarations.

use yew::prelude::*;

use super::go;
use crate::app::action::Act;
use crate::lab::{Argument, CommandInfo, LABS, LANGUAGE, LabInfo, SettingInfo, lab, preset_word};

#[derive(PartialEq)]
pub struct ReferenceProps {
    /// The lab and the entry that are shown: `lsm/put`, `script/expect`, or nothing.
    pub at: String,
    pub act: Act,
}

/// The words that every lab understands stand under this name.
const SCRIPT: &str = "script";

pub fn reference(props: &ReferenceProps) -> Html {
    let name = props.at.split('/').next().unwrap_or("");
    let shown = lab(name);
    let of_script = shown.is_none() && (name == SCRIPT || name.is_empty());
    let link = |name: &'static str, title: &'static str, here: bool| {
        let fragment = format!("reference={name}");
        html! { <li><a href={format!("#{fragment}")} aria-current={here.then_some("page")} onclick={go(&props.act, fragment)}>{ title }</a></li> }
    };
    let labs = LABS.iter().map(|lab| link(lab.name, lab.title, shown.is_some_and(|shown| std::ptr::eq(shown, *lab))));
    html! {
        <div class="sheet two">
            <nav class="aside" aria-label="Reference">
                <ul>{ link(SCRIPT, "Every script", of_script) }{ for labs }</ul>
            </nav>
            <div class="content">
                if let Some(lab) = shown { { of_lab(props, lab) } } else { { of_every_script(props, of_script) } }
            </div>
        </div>
    }
}

fn of_every_script(props: &ReferenceProps, known: bool) -> Html {
    html! {
        <>
            <h1>{ "Reference" }</h1>
            if !known { <p class="missing" role="status">{ format!("There is no lab \"{}\". Choose one from the list.", props.at) }</p> }
            <p class="lead">{ "All that a script can say. A script is a text with a command on each line; the console, a link, a file and the command line read the same one." }</p>
            <pre>{ "lab btree            # the lab that the script is for\nset order 4          # settings stand first\ninsert 37            # a command\nexpect height = 1    # what must be true now" }</pre>
            <h2>{ "Commands of every script" }</h2>
            { commands(props, SCRIPT, "", LANGUAGE) }
        </>
    }
}

fn of_lab(props: &ReferenceProps, lab: &'static LabInfo) -> Html {
    let open = |index: usize| format!("preset={}", preset_word(lab, &lab.presets[index]));
    let presets = lab.presets.iter().enumerate().map(|(index, preset)| {
        let fragment = open(index);
        html! {
            <div class="entry">
                <dt><a href={format!("#{fragment}")} onclick={go(&props.act, fragment)}>{ preset.title }</a></dt>
                <dd>{ preset.point }<span class="quiet mono">{ preset_word(lab, preset) }</span></dd>
            </div>
        }
    });
    html! {
        <>
            <h1>{ lab.title }</h1>
            <p class="lead">{ lab.summary }</p>
            <p><a class="button" href={format!("#{}", open(0))} onclick={go(&props.act, open(0))}>{ "Open the lab" }</a></p>
            <h2>{ "Commands" }</h2>
            { commands(props, lab.name, "", lab.commands) }
            <h2>{ "Settings" }</h2>
            <p>{ "Written at the head of a script: " }<code>{ "set name value" }</code>{ "." }</p>
            <dl class="entries">{ for lab.settings.iter().map(|setting| self::setting(props, lab, setting)) }</dl>
            <h2>{ "Expectations" }</h2>
            <p>{ "What must be true where the line stands. What does not hold is marked in the timeline, and makes the command line fail." }</p>
            { commands(props, lab.name, "expect ", lab.all_expectations()) }
            <h2>{ "Presets" }</h2>
            <dl class="entries plain">{ for presets }</dl>
        </>
    }
}

fn commands(
    props: &ReferenceProps,
    place: &str,
    before: &'static str,
    commands: impl IntoIterator<Item = &'static CommandInfo>,
) -> Html {
    let rows = commands.into_iter().map(|command| {
        let kind = if before.is_empty() { "" } else { "expect-" };
        let example = (!command.example.is_empty()).then_some(command.example);
        let arguments = command.arguments.iter().filter(|argument| !argument.help.is_empty());
        entry(
            props,
            &format!("{place}/{kind}{}", command.name),
            format!("{before}{}", command.usage()),
            html! {
                <>
                    { command.help }
                    if command.data { { " Lines below it that begin with | are its data." } }
                    <ul class="arguments">{ for arguments.map(argument) }</ul>
                    if let Some(example) = example { <code class="example">{ example }</code> }
                </>
            },
        )
    });
    html! { <dl class="entries">{ for rows }</dl> }
}

fn argument(argument: &'static Argument) -> Html {
    html! { <li><code>{ argument.usage() }</code><span>{ argument.help }{ " " }<span class="quiet">{ argument.kind.describe() }{ "." }</span></span></li> }
}

fn setting(props: &ReferenceProps, lab: &'static LabInfo, setting: &'static SettingInfo) -> Html {
    entry(
        props,
        &format!("{}/set-{}", lab.name, setting.name),
        format!("set {}", setting.name),
        html! { <>{ setting.help }{ " " }<span class="quiet">{ format!("{}; {} unless set.", setting.kind.describe(), setting.default) }</span></> },
    )
}

/// An entry that can be linked to; the one of the address is marked.
fn entry(props: &ReferenceProps, place: &str, usage: String, text: Html) -> Html {
    let here = place == props.at;
    let fragment = format!("reference={place}");
    html! {
        <div class={classes!("entry", here.then_some("here"))} id={format!("at-{place}")} tabindex="-1">
            <dt><a class="mono" href={format!("#{fragment}")} onclick={go(&props.act, fragment)}>{ usage }</a></dt>
            <dd>{ text }</dd>
        </div>
    }
}
