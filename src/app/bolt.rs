//! The bolt: dropped on the timeline, it cuts the power there. Pressed, or by the key `b`, it does so at the playhead.
//!
//! While it is dragged over the timeline the playhead follows, so that one sees what will be hit. What comes of it is a
//! fork with a few more lines of script: see [`crate::lab::log::bolt`].

use web_sys::{Element, PointerEvent};
use yew::prelude::*;

use super::action::{Act, Action};
use super::browser;
use super::icons;
use super::player::Move;
use super::root::App;
use crate::lab::log::bolt;
use crate::view::camera::within;

/// Moved by less than this, it was pressed, not dragged.
const DRAG_MIN: f64 = 5.0;

#[derive(Properties, PartialEq)]
pub struct BoltProps {
    /// Records of the run, and where the playhead is.
    pub length: usize,
    pub position: usize,
    pub act: Act,
}

pub enum BoltMsg {
    Down(PointerEvent),
    Drag(PointerEvent),
    Up(PointerEvent),
    Cancel,
    /// By keyboard.
    Press,
}

pub struct Bolt {
    button: NodeRef,
    from: Option<(f64, f64)>,
    moved: bool,
}

impl Component for Bolt {
    type Message = BoltMsg;
    type Properties = BoltProps;

    fn create(_: &Context<Self>) -> Bolt {
        Bolt { button: NodeRef::default(), from: None, moved: false }
    }

    fn update(&mut self, ctx: &Context<Self>, message: BoltMsg) -> bool {
        let props = ctx.props();
        match message {
            BoltMsg::Down(event) if event.button() == 0 => {
                (self.from, self.moved) = (Some(place(&event)), false);
                if let Some(button) = self.button.cast::<Element>() {
                    let _ = button.set_pointer_capture(event.pointer_id());
                }
            }
            BoltMsg::Drag(event) => self.drag(props, &event),
            BoltMsg::Up(event) => {
                let dragged = self.from.is_some() && self.moved;
                let pressed = self.from.is_some() && !self.moved;
                self.rest();
                let target = if dragged { self.over(&event, props.length) } else { pressed.then_some(props.position) };
                if let Some(position) = target {
                    props.act.emit(Action::CrashAt(position));
                }
            }
            BoltMsg::Cancel => self.rest(),
            BoltMsg::Press => props.act.emit(Action::CrashAt(props.position)),
            BoltMsg::Down(_) => {}
        }
        false
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        // A click that comes of the pointer is told by its release.
        let onclick = link.batch_callback(|event: MouseEvent| (event.detail() == 0).then_some(BoltMsg::Press));
        let name = "Cut the power at the playhead (b), or drag onto the timeline";
        html! {
            <button type="button" class="bolt" ref={self.button.clone()} {onclick} title={name} aria-label={name}
                onpointerdown={link.callback(BoltMsg::Down)} onpointermove={link.callback(BoltMsg::Drag)}
                onpointerup={link.callback(BoltMsg::Up)} onpointercancel={link.callback(|_| BoltMsg::Cancel)}>
                { icons::icon(icons::BOLT) }<span class="text">{ "Cut the power" }</span>
            </button>
        }
    }
}

impl Bolt {
    fn drag(&mut self, props: &BoltProps, event: &PointerEvent) {
        let Some((x, y)) = self.from else { return };
        let (dx, dy) = (place(event).0 - x, place(event).1 - y);
        self.moved |= dx.abs().max(dy.abs()) >= DRAG_MIN;
        if !self.moved {
            return;
        }
        self.put(&format!("translate({}px, {}px)", browser::tenths(dx), browser::tenths(dy)));
        if let Some(position) = self.over(event, props.length) {
            props.act.emit(Action::Move(Move::To(position as f64)));
        }
    }

    fn rest(&mut self) {
        (self.from, self.moved) = (None, false);
        self.put("");
    }

    /// Moves the sign on the button.
    fn put(&self, transform: &str) {
        let sign = self.button.cast::<Element>().and_then(|button| button.query_selector(".icon").ok().flatten());
        if let Some(sign) = sign {
            browser::set_style(&sign, "transform", transform);
        }
    }

    /// The position of the timeline that the pointer is over, with some room around.
    fn over(&self, event: &PointerEvent, length: usize) -> Option<usize> {
        let transport = self.button.cast::<Element>()?.closest(".transport").ok().flatten()?;
        let track = transport.query_selector(".lane-track").ok().flatten()?.get_bounding_client_rect();
        let (x, y) = place(event);
        let inside =
            y > track.top() - 6.0 && y < track.bottom() + 6.0 && x > track.left() - 12.0 && x < track.right() + 12.0;
        let part = within((x - track.left()) / track.width().max(1.0), 0.0, 1.0);
        inside.then_some((part * length as f64).round() as usize)
    }
}

fn place(event: &PointerEvent) -> (f64, f64) {
    (f64::from(event.client_x()), f64::from(event.client_y()))
}

impl App {
    /// Whether the lab that runs has a power to cut.
    pub fn has_bolt(&self) -> bool {
        self.lab.0.command("crash-after").is_some() && self.player.run.session().is_some()
    }

    /// Forks at a position and lets the power fail there.
    pub fn crash_at(&mut self, position: usize) {
        let lines = self.player.run.session().and_then(|session| bolt::lines(session, position));
        let Some(lines) = lines else {
            return self.complain("There is no power to cut here: open the log lab, or fork a recorded trace first.");
        };
        self.player.seek(Move::To(position as f64));
        self.fork();
        let undo = self.undo.take();
        self.issue(&lines.join("\n"));
        self.say(&format!("The power is cut there: {}.", lines.join(", ")));
        self.undo = undo;
    }
}
