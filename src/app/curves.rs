//! What R and W cost and give: three sliders, two charts, and a table of all pairs.
//!
//! A slider issues `set` lines and a `tradeoff`, as if they had been typed. The measurement goes on in slices, and each pair
//! that is done is one more event of the trace: the charts grow with it.

use std::rc::Rc;

use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::LabRef;
use super::action::{Act, Action};
use crate::trace::decimal::fixed;
use crate::view::TimelineHandle;
use crate::view::cluster::tradeoff::{Cell, Chart, Charts, HEIGHT, LEFT, LineKind, Triple, WIDTH, charts};

/// The lab that has such curves.
pub const LAB: &str = "quorum";
/// Half of what a label below a chart may take.
const EDGE: f64 = 20.0;
/// N goes up to this by the slider.
const REPLICAS_MAX: u16 = 9;

#[derive(PartialEq)]
pub struct CurvesProps {
    pub timeline: TimelineHandle,
    pub position: usize,
    pub lab: LabRef,
    /// The values of the lab's settings, in their order.
    pub values: Rc<Vec<String>>,
    /// A measurement is under way.
    pub measures: bool,
    pub act: Act,
}

fn set(props: &CurvesProps) -> Triple {
    let value = |name| value(props, name);
    Triple { replicas: value("replicas"), read: value("read"), write: value("write") }
}

fn value(props: &CurvesProps, name: &str) -> u16 {
    let at = props.lab.0.settings.iter().position(|setting| setting.name == name);
    at.and_then(|at| props.values.get(at)?.parse().ok()).unwrap_or(1)
}

/// Goes on with these settings; what is being measured for others ends.
fn go(act: &Act, measures: bool, lines: String) {
    if measures {
        act.emit(Action::Stop);
    }
    act.emit(Action::Issue(lines));
}

pub fn curves(props: &CurvesProps) -> Html {
    let view = props.timeline.view_at(props.position);
    let (now, most) = (set(props), value(props, "nodes").clamp(1, REPLICAS_MAX));
    let (act, measures) = (props.act.clone(), props.measures);
    let slider = |name: &'static str, says: &'static str, value: u16, most: u16, with: fn(Triple, u16) -> Triple| {
        let act = act.clone();
        let onchange = Callback::from(move |event: Event| {
            let field = event.target_unchecked_into::<HtmlInputElement>();
            if let Ok(wanted) = field.value().parse() {
                go(&act, measures, now.lines_to(with(now, wanted)));
            }
        });
        html! {
            <label class="slider" title={says}>
                <span>{ format!("{name} = {value}") }</span>
                <input type="range" min="1" max={most.to_string()} step="1" value={value.to_string()} aria-label={format!("{name}: {says}")} {onchange} />
            </label>
        }
    };
    let measure = {
        let act = act.clone();
        Callback::from(move |_: MouseEvent| go(&act, measures, "tradeoff".to_string()))
    };
    html! {
        <div class="pane curves" tabindex="0" role="region" aria-label="Curves">
            <div class="sliders">
                { slider("N", "how many nodes keep a key", now.replicas, most, |now, replicas| Triple { replicas, ..now }) }
                { slider("R", "how many of them a read waits for", now.read, now.replicas, |now, read| Triple { read, ..now }) }
                { slider("W", "how many of them a write waits for", now.write, now.replicas, |now, write| Triple { write, ..now }) }
            </div>
            <p class="overlap">
                if now.overlaps() {
                    { "R + W > N: a read meets every write that was done before it." }
                } else {
                    { "R + W ≤ N: a read may miss a write that was done before it." }
                }
            </p>
            if let Some(charts) = charts(&view.state) {
                { shown(props, &charts, now) }
            } else {
                <p class="quiet">{ "Nothing is measured yet." }</p>
                <button type="button" class="line" onclick={measure}>{ "Measure each R and W" }</button>
            }
        </div>
    }
}

fn shown(props: &CurvesProps, charts: &Charts, now: Triple) -> Html {
    let rows = charts.table.iter().map(|row| {
        let read = row.first().map_or(0, |cell| cell.read);
        html! { <tr><th scope="row">{ format!("R = {read}") }</th>{ for row.iter().map(|cell| pair(props, cell, now)) }</tr> }
    });
    let widest = charts.table.iter().max_by_key(|row| row.len());
    let heads =
        widest.into_iter().flatten().map(|cell| html! { <th scope="col">{ format!("W = {}", cell.write) }</th> });
    html! {
        <>
            { chart(&charts.staleness, &[LineKind::Stale, LineKind::StaleExpected]) }
            { chart(&charts.latency, &[LineKind::Reads, LineKind::Writes]) }
            <table class="pairs">
                <caption>{ "Stale reads; half of the reads and of the writes take up to" }</caption>
                <thead><tr><td></td>{ for heads }</tr></thead>
                <tbody>{ for rows }</tbody>
            </table>
            if charts.measured < charts.pairs {
                <p class="quiet">{ format!("{} of {} pairs are measured.", charts.measured, charts.pairs) }</p>
            }
        </>
    }
}

fn pair(props: &CurvesProps, cell: &Cell, now: Triple) -> Html {
    let (act, measures) = (props.act.clone(), props.measures);
    let lines = now.lines_to(Triple { read: cell.read, write: cell.write, ..now });
    let onclick = Callback::from(move |_: MouseEvent| go(&act, measures, lines.clone()));
    let classes = classes!("pair", cell.overlaps.then_some("overlaps"));
    html! {
        <td>
            <button type="button" class={classes} title={cell.title.clone()} aria-pressed={if cell.is_set { "true" } else { "false" }} {onclick}>
                <b>{ cell.stale.clone() }</b><span>{ cell.latency.clone() }</span>
            </button>
        </td>
    }
}

fn chart(chart: &Chart, legend: &[LineKind]) -> Html {
    let lines = chart.lines.iter().map(|line| {
        html! { <polyline class={format!("run {}", line.kind.word())} points={line.points.clone()}><title>{ line.title.clone() }</title></polyline> }
    });
    let across = chart.across.iter().map(|(x, text)| {
        // The last one would be cut at the edge.
        let (x, anchor) = if *x > WIDTH - EDGE { (WIDTH, "end") } else { (*x, "middle") };
        html! { <text x={fixed(x, 1)} y={fixed(HEIGHT - 3.0, 0)} text-anchor={anchor}>{ text.clone() }</text> }
    });
    let up = chart.up.iter().map(|(y, text)| {
        html! {
            <>
                <line class="grid" x1={fixed(LEFT, 0)} x2={fixed(WIDTH, 0)} y1={fixed(*y, 1)} y2={fixed(*y, 1)} />
                <text x={fixed(LEFT - 4.0, 0)} y={fixed(*y + 3.0, 1)} text-anchor="end">{ text.clone() }</text>
            </>
        }
    });
    let legend = legend.iter().map(|kind| {
        let name = match kind {
            LineKind::StaleExpected => "expected from the latencies of messages",
            LineKind::Stale => "measured",
            kind => kind.word(),
        };
        html! { <span class={format!("key {}", kind.word())}>{ name }</span> }
    });
    html! {
        <figure class="chart">
            <figcaption>{ chart.title }</figcaption>
            <svg viewBox={format!("0 0 {} {}", fixed(WIDTH, 0), fixed(HEIGHT, 0))} role="img" aria-label={chart.words.clone()}>{ for up }{ for across }{ for lines }</svg>
            <p class="legend">{ for legend }</p>
            <p class="said">{ chart.words.clone() }</p>
        </figure>
    }
}

/// Whether a script measures R and W: then the curves are what is to be seen.
pub fn is_about(script: &str) -> bool {
    script.lines().any(|line| line.split_whitespace().next() == Some("tradeoff"))
}
