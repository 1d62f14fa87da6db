//! The picture as a whole: time and verdicts above, the stage, the space-time diagram below.

use super::causal::Cone;
use super::plan::{HEAD_H, Plan};
use super::{history, spacetime, stage, words};
use crate::arrange::{MONO_W, Place, SANS_W, cut};
use crate::drawing::{Ask, Drawing, Id, Marks, Shape, Step};
use crate::{Selection, View};
use glassbase_trace::{NodeStatus, VerdictKind};

pub fn draw(ask: &Ask) -> Step {
    let plan = Plan::of(ask);
    let cone = cone(ask);
    let crowd = Crowd::of(ask, &plan);
    let mut step = Step::of(ask, |view| picture(ask, &plan, crowd, view, cone.as_ref()));
    if plan.stage.is_some() && plan.map.is_none() {
        stage::landing(&mut step, ask, &plan);
    }
    if crowd.messages {
        step.swarm.motes = stage::motes(ask, &plan);
    }
    if crowd.arrows {
        step.swarm.strokes = spacetime::strokes(ask, &plan, cone.as_ref());
    }
    if crowd.messages || crowd.arrows {
        step.swarm.words = words::swarm(&step.swarm);
    }
    step
}

/// The causal past and future of what is selected, as far as the run has come by its end.
pub fn cone(ask: &Ask) -> Option<Cone> {
    let known = Cone::of(&ask.end.cluster_doing, ask.after, ask.selected);
    known.or_else(|| Cone::of(&ask.after.cluster_doing, ask.after, ask.selected))
}

/// What there is too much of for shapes of its own during a step: it is drawn as a swarm, but for what is selected.
#[derive(Clone, Copy)]
pub struct Crowd {
    pub messages: bool,
    pub arrows: bool,
}

/// More messages on their way, or arrows in the window, than this are a swarm.
const MESSAGES_MAX: usize = 100;
const ARROWS_MAX: usize = 140;

impl Crowd {
    pub fn of(ask: &Ask, plan: &Plan) -> Crowd {
        let flying = |view: &View| view.cluster().map_or(0, |cluster| cluster.flying.len());
        let on_stage = plan.stage.is_some() && plan.map.is_none();
        Crowd {
            messages: on_stage && flying(ask.before).max(flying(ask.after)) > MESSAGES_MAX,
            arrows: plan.diagram.is_some() && history::selected(ask).is_none() && spacetime::is_beyond(ask, ARROWS_MAX),
        }
    }
}

fn picture(ask: &Ask, plan: &Plan, crowd: Crowd, view: &View, cone: Option<&Cone>) -> Drawing {
    let words = view.cluster().map_or("There is no cluster yet.".to_string(), words::cluster);
    let mut d = Drawing::new(plan.width, words);
    head(&mut d, plan, view);
    if plan.stage.is_some() {
        stage::draw(&mut d, ask, plan, crowd, view);
    }
    match history::selected(ask) {
        Some(verdict) => history::draw(&mut d, ask, plan, view, &verdict),
        None => spacetime::draw(&mut d, ask, plan, crowd, view, cone),
    }
    d.width = plan.width;
    d.height = plan.height;
    d
}

/// Virtual time, and what the checkers say.
pub fn head(d: &mut Drawing, plan: &Plan, view: &View) {
    let time = words::clock(view.time_ns);
    d.add(Shape::title_of(Id::of("time", 0), plan.head.x + 2.0, plan.head.y + 17.0, time).said("Virtual time"));
    let Some(cluster) = view.cluster() else { return };
    let mut right = plan.width;
    let count = cluster.verdicts.len().max(1) as f64;
    let most = ((plan.width - 90.0) / count - 6.0).max(24.0);
    for (index, verdict) in cluster.verdicts.iter().enumerate().rev() {
        let (word, class, marks) = match verdict.kind {
            VerdictKind::Holds => ("holds", "badge good", Marks::HIT),
            VerdictKind::Violated => ("violated", "badge bad", Marks::FAILED),
            VerdictKind::GaveUp => ("gave up", "badge", Marks::MISS),
            VerdictKind::Nothing => ("nothing to check", "badge", Marks::MISS),
        };
        let text = format!("{}: {word}", verdict.checker);
        let width = |text: &str| text.chars().count() as f64 * SANS_W + 30.0;
        // Where there is no room for both, the colour and its sign say whether it holds.
        let shown = if width(&text) > most { verdict.checker.to_string() } else { text.clone() };
        let w = width(&shown).min(most);
        let place = Place::new(right - w, plan.head.y + 1.0, w, HEAD_H - 10.0);
        let id = Id::of("verdict", index as u64);
        let shape = Shape::rect(id, place).class(class).marks(marks);
        let shows = if verdict.proof.part.is_empty() { "" } else { " and see what shows it" };
        let at = words::time(verdict.at_ns);
        let title = format!("{text}. {} At {at}: click to go there{shows}.", verdict.text);
        d.add(shape.target(Selection::Verdict(index as u8), title));
        let label = cut(&shown, w - 24.0, SANS_W);
        d.add(Shape::text(id.and(1), place.x + 18.0, place.y + 14.0, label));
        right -= w + 6.0;
    }
    money(d, plan, view, right);
}

/// What all accounts hold together, where nodes tell of money.
fn money(d: &mut Drawing, plan: &Plan, view: &View, right: f64) {
    let sum = |name| crate::transactions::sum(view, name);
    let (Some(held), Some(opening), Some(cluster)) = (sum("money"), sum("opening"), view.cluster()) else { return };
    let down =
        words::numbered(cluster).find(|(_, node)| node.status == NodeStatus::Down && node.detail.data.is_empty());
    let down = down.map_or(String::new(), |(node, _)| format!(" without {node}"));
    let text = format!("sum {held} of {opening}{down}");
    let w = (text.chars().count() as f64 * MONO_W + 14.0).min(right - TIME_W);
    if w < 40.0 {
        return;
    }
    let place = Place::new(right - w, plan.head.y + 1.0, w, HEAD_H - 10.0);
    let (class, said) = match held == opening {
        true => ("badge good", "all accounts together hold what they held at first"),
        false => ("badge", "on its way, or lost: a checker tells"),
    };
    let shape = Shape::rect(Id::of("sum", 0), place).class(class).said(format!("{text}: {said}"));
    d.add(shape.label(cut(&text, w - 8.0, MONO_W)));
}

/// What the virtual time takes of the head.
const TIME_W: f64 = 96.0;
