//! The algorithm that runs, with its running line lit.

use std::cell::Cell;

use yew::prelude::*;

use crate::view::pseudocode::{self, Algorithm};
use crate::view::{Guide, TimelineHandle};

#[derive(PartialEq)]
pub struct CodeProps {
    pub timeline: TimelineHandle,
    /// The record under the playhead.
    pub current: Option<usize>,
}

/// Keeps the last algorithm on show while nothing runs; a check is shown as what it is, not as what it makes the engine do.
pub fn code(props: &CodeProps, shown: &Cell<Option<(&'static Guide, &'static Algorithm)>>) -> Html {
    let guide = props.timeline.guide();
    let checks = props.current.and_then(|index| {
        let view = props.timeline.view_at(index + 1);
        view.command.as_ref().and_then(|command| pseudocode::of_check(&command.text))
    });
    let running = props.current.filter(|_| checks.is_none()).and_then(|index| {
        props.timeline.with(|timeline| {
            // What nodes decide are moments: the line stays lit while what follows from it is on its way.
            if guide.has_time {
                return timeline.running_at(index + 1);
            }
            let record = timeline.record(index)?;
            pseudocode::running(&timeline.view_at(index), record)
        })
    });
    if let Some((algorithm, _)) = running {
        shown.set(Some((guide, algorithm)));
    }
    let last = shown.get().filter(|(of, _)| *of == guide);
    let algorithm = checks.unwrap_or_else(|| last.map_or(guide.algorithm, |(_, algorithm)| algorithm));
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
