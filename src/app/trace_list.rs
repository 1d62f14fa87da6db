//! The trace as a list of sentences: the same captions as under the stage, one row per event. A click goes there.

use std::rc::Rc;

use yew::prelude::*;

use super::action::{Act, Action, on};
use super::player::Move;
use super::scroll::Scroll;
use crate::view::TimelineHandle;

#[derive(PartialEq)]
pub struct TraceListProps {
    pub timeline: TimelineHandle,
    pub current: Option<usize>,
    pub act: Act,
}

pub fn trace_list(props: &TraceListProps) -> Html {
    let timeline = props.timeline.clone();
    let count = timeline.len();
    let current = props.current;
    let act = props.act.clone();
    let row = Callback::from(move |index: usize| row(&timeline, index, count, current == Some(index), &act));
    html! {
        <Scroll {count} row_height={26.0} class="trace-list" label="Trace, one row per event" focus={current} {row} />
    }
}

fn row(timeline: &TimelineHandle, index: usize, count: usize, current: bool, act: &Act) -> Html {
    let (lane, words) = timeline.with(|timeline| {
        let lane = timeline.record(index).map_or("", |record| record.event.lane().word());
        (lane, Rc::<str>::from(timeline.caption_at(index + 1)))
    });
    html! {
        <li key={index} aria-setsize={count.to_string()} aria-posinset={(index + 1).to_string()}>
            <button type="button" class="trace-row" title={words.to_string()} aria-current={current.then_some("step")}
                onclick={on::<MouseEvent>(act, Action::Move(Move::To((index + 1) as f64)))}>
                <span class="number">{ index + 1 }</span><span class="lane">{ lane }</span>
                <span class="words">{ &*words }</span>
            </button>
        </li>
    }
}
