//! Numbers about the run at the playhead, each with its course over the whole run.

use yew::prelude::*;

use super::browser;
use crate::view::measures::Measure;
use crate::view::{TimelineHandle, View};

/// Points of a small chart.
const POINTS: usize = 96;
const WIDTH: f64 = 100.0;
const HEIGHT: f64 = 16.0;

#[derive(Properties, PartialEq)]
pub struct MeasuresProps {
    pub timeline: TimelineHandle,
    pub position: usize,
    /// The run at the right of a comparison, and where it stands.
    pub rival: Option<(TimelineHandle, usize)>,
}

/// Keeps the curves, which change only with the trace.
pub struct Measures {
    curves: Vec<Curves>,
}

#[derive(Default)]
struct Curves {
    own: String,
    other: String,
}

impl Component for Measures {
    type Message = ();
    type Properties = MeasuresProps;

    fn create(ctx: &Context<Self>) -> Measures {
        Measures { curves: curves(ctx.props()) }
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &MeasuresProps) -> bool {
        let props = ctx.props();
        let rival = |props: &MeasuresProps| props.rival.as_ref().map(|(timeline, _)| timeline.clone());
        if props.timeline != old.timeline || rival(props) != rival(old) {
            self.curves = curves(props);
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let view = props.timeline.view_at(props.position);
        let other = props.rival.as_ref().map(|(timeline, position)| timeline.view_at(*position));
        let now = props.position as f64 / props.timeline.len().max(1) as f64 * WIDTH;
        let now = browser::tenths(now);
        let measures = props.timeline.guide().measures;
        let rows = measures
            .iter()
            .zip(&self.curves)
            .map(|(measure, curves)| row(measure, curves, &view, other.as_deref(), now.clone()));
        html! {
            <section class={classes!("measures", other.is_some().then_some("two"))} aria-label="Measures" tabindex="0">
                <h2>{ "Measures" }</h2>
                <dl>{ for rows }</dl>
            </section>
        }
    }
}

fn row(measure: &'static Measure, curves: &Curves, view: &View, other: Option<&View>, now: String) -> Html {
    let value = measure.text(measure.value(view));
    let other = other.map(|other| measure.text(measure.value(other)));
    html! {
        <div class="measure" title={measure.help}>
            <dt>{ measure.label }</dt>
            <dd class="value">
                { value }
                if let Some(other) = other { <span class="other">{ " | " }{ other }</span> }
            </dd>
            <dd class="chart">
                <svg class="spark" viewBox="0 0 100 16" preserveAspectRatio="none" aria-hidden="true">
                    if !curves.other.is_empty() { <polyline class="curve other" points={curves.other.clone()} /> }
                    <polyline class="curve" points={curves.own.clone()} />
                    <line class="now" x1={now.clone()} x2={now} y1="0" y2="16" />
                </svg>
            </dd>
        </div>
    }
}

fn curves(props: &MeasuresProps) -> Vec<Curves> {
    let points = |timeline: &TimelineHandle, measure: &Measure| {
        timeline.with(|timeline| timeline.series().chart(measure, timeline.len(), POINTS))
    };
    let one = |measure: &Measure| {
        let own = points(&props.timeline, measure);
        let other = props.rival.as_ref().map_or(Vec::new(), |(timeline, _)| points(timeline, measure));
        // Both on one scale, or they could not be compared.
        let most = own.iter().chain(&other).fold(f64::MIN_POSITIVE, |most, (_, value)| most.max(*value));
        let line = |chart: &[(usize, f64)], length: usize| line(chart, length, most);
        let other_length = props.rival.as_ref().map_or(0, |(timeline, _)| timeline.len());
        Curves { own: line(&own, props.timeline.len()), other: line(&other, other_length) }
    };
    props.timeline.guide().measures.iter().map(one).collect()
}

/// The points of a polyline.
fn line(chart: &[(usize, f64)], length: usize, most: f64) -> String {
    use std::fmt::Write;
    let mut points = String::new();
    for (position, value) in chart {
        let x = *position as f64 / length.max(1) as f64 * WIDTH;
        let y = HEIGHT - 1.0 - value / most * (HEIGHT - 2.0);
        let _ = write!(points, "{},{} ", browser::tenths(x), browser::tenths(y));
    }
    points
}
