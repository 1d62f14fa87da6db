//! The algorithm that runs, with its running line lit.

use std::cell::Cell;

use yew::prelude::*;

use crate::view::TimelineHandle;
use crate::view::pseudocode::{self, Algorithm};

#[derive(PartialEq)]
pub struct CodeProps {
    pub timeline: TimelineHandle,
    /// The record under the playhead.
    pub current: Option<usize>,
}

/// Keeps the last algorithm on show while nothing runs.
pub fn code(props: &CodeProps, shown: &Cell<&'static Algorithm>) -> Html {
    let running = props.current.and_then(|index| {
        props.timeline.with(|timeline| {
            let record = timeline.record(index)?;
            pseudocode::running(&timeline.view_at(index), record)
        })
    });
    if let Some((algorithm, _)) = running {
        shown.set(algorithm);
    }
    let algorithm = shown.get();
    let line = running.map(|(_, line)| line);
    let lines = algorithm.lines.iter().enumerate().map(|(index, text)| {
        let current = (line == Some(index)).then_some("step");
        html! { <li aria-current={current}>{ *text }</li> }
    });
    html! {
        <div class="pane" tabindex="0" role="region" aria-label="Code">
            <div class="code"><h2>{ algorithm.title }</h2><ol>{ for lines }</ol></div>
        </div>
    }
}
