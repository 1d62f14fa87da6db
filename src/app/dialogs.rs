//! The dialogs: help, the script to read and change, export, a link to copy by hand.

use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

use super::LabRef;
use super::action::{Act, Action, Export, Shown, on};
use super::dialog::Dialog;
use super::help::help;
use super::site::search::Search;
use crate::lab::Script;

#[derive(PartialEq)]
pub struct DialogsProps {
    pub lab: LabRef,
    pub shown: Shown,
    /// The script, as far as it was changed here.
    pub script: AttrValue,
    pub link: AttrValue,
    /// Records of the trace, for the export.
    pub records: usize,
    pub act: Act,
}

pub fn dialogs(props: &DialogsProps) -> Html {
    let act = &props.act;
    let (title, content) = match props.shown {
        Shown::Search => return html! { <Search act={act.clone()} /> },
        Shown::Help => ("Commands and keys", help(props.lab, act)),
        Shown::Script => ("Script", editor(props)),
        Shown::Export => ("Export and open", export(props)),
        Shown::Link => ("Share", link(props)),
    };
    html! { <Dialog {title} on_close={on(act, Action::Hide)}>{ content }</Dialog> }
}

/// The script as text. Problems are listed while it is changed.
fn editor(props: &DialogsProps) -> Html {
    let text = props.script.to_string();
    let script = Script::parse(&text);
    let oninput = props
        .act
        .reform(|event: InputEvent| Action::Edit(event.target_unchecked_into::<HtmlTextAreaElement>().value()));
    let problems = script.problems.iter().take(20).map(|problem| {
        html! { <li>{ format!("Line {}, column {}: {}; {}", problem.line, problem.column, problem.what, problem.remedy) }</li> }
    });
    let act = &props.act;
    html! {
        <>
            <p class="quiet">{ "This text is the whole run: run it again, here or on the command line, and the same happens, event for event." }</p>
            <label class="hidden" for="script-text">{ "Script" }</label>
            <textarea id="script-text" rows="16" spellcheck="false" autocomplete="off" value={text.clone()} {oninput} />
            <ul class="problems" aria-live="polite">{ for problems }</ul>
            <div class="row">
                <button type="button" class="primary" onclick={on::<MouseEvent>(act, Action::RunScript(text.clone()))}>{ "Run" }</button>
                <button type="button" class="line" onclick={on::<MouseEvent>(act, Action::Copy(text))}>{ "Copy" }</button>
                <button type="button" class="line" onclick={on::<MouseEvent>(act, Action::SaveScript)}>{ "Save as a file" }</button>
            </div>
        </>
    }
}

fn export(props: &DialogsProps) -> Html {
    let act = &props.act;
    let save = |text: &'static str, export| {
        let onclick = on::<MouseEvent>(act, Action::Export(export));
        html! { <button type="button" class="line" {onclick}>{ text }</button> }
    };
    html! {
        <>
            <p>{ "The script is the run: a few lines from which all of it comes again. The trace is everything that happened, \
                  event by event, and plays without an engine." }</p>
            <div class="row">
                <button type="button" class="line" onclick={on::<MouseEvent>(act, Action::SaveScript)}>{ "Save the script" }</button>
                <button type="button" class="line" onclick={on::<MouseEvent>(act, Action::SaveTrace)}>
                    { format!("Save the trace ({} events)", props.records) }
                </button>
            </div>
            <p>{ "For other programs: a timeline that Perfetto opens, with nodes as processes and layers as threads, and the \
                  measures after each command." }</p>
            <div class="row">
                { save("Save the timeline (Chrome trace)", Export::Chrome) }
                { save("Save the measures (CSV)", Export::Csv) }
            </div>
            <p>{ "The stage as it stands now, as a picture." }</p>
            <div class="row">
                { save("Save the picture (SVG)", Export::Svg) }
                { save("Save the picture (PNG)", Export::Png) }
            </div>
            <p>{ "A script, a trace or a list of keys can be dropped anywhere on the page, or opened here." }</p>
            <div class="row">
                <button type="button" class="line" onclick={on::<MouseEvent>(act, Action::ChooseFile)}>{ "Open a file" }</button>
            </div>
        </>
    }
}

fn link(props: &DialogsProps) -> Html {
    let act = &props.act;
    html! {
        if props.link.is_empty() {
            <p>{ "This script is too long for a link: mail programs and chats cut such links. Share it as a file; \
                  whoever gets it drops it on this page." }</p>
            <div class="row">
                <button type="button" class="primary" onclick={on::<MouseEvent>(act, Action::SaveScript)}>{ "Save the script" }</button>
            </div>
        } else {
            <p>{ "The browser did not allow the page to copy. Copy the link by hand:" }</p>
            <label class="hidden" for="link-text">{ "Link" }</label>
            <textarea id="link-text" rows="5" readonly={true} value={props.link.clone()} />
        }
    }
}
