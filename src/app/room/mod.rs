//! What the tree's stage and the plate have in common: a room that is looked into.
//!
//! - [`RoomProps`]: what either shows. [`Under`]: the step under the playhead.
//! - [`eye`]: where the camera is and where it goes. [`hand`]: fingers, mouse, wheel.
//! - [`svg`], [`canvas`]: the two ways to draw. [`tools`]: the buttons of the camera.

pub mod canvas;
pub mod eye;
pub mod hand;
pub mod svg;
pub mod tools;

use std::rc::Rc;

use yew::prelude::*;

use crate::trace::{Bytes, Record};
use crate::view::camera::within;
use crate::view::{Selection, TimelineHandle, View};

#[derive(Properties, PartialEq)]
pub struct RoomProps {
    pub timeline: TimelineHandle,
    /// The run that stands beside this one in a comparison.
    #[prop_or_default]
    pub beside: Option<TimelineHandle>,
    /// 12.4: after 12 records, on the way to 13.
    pub playhead: f64,
    pub selected: Option<Selection>,
    pub on_select: Callback<Option<Selection>>,
    /// Lines of script, to be carried out at the playhead.
    #[prop_or_default]
    pub on_lines: Callback<String>,
    /// A moment of virtual time, to be gone to.
    #[prop_or_default]
    pub on_moment: Callback<u64>,
    /// The name of a node whose store is to be looked into.
    #[prop_or_default]
    pub on_door: Callback<String>,
    /// A key to be shown.
    #[prop_or_default]
    pub find: Option<Bytes>,
    /// What sets this stage apart from the one beside it.
    #[prop_or_default]
    pub label: Option<String>,
    /// The lab's title.
    #[prop_or_default]
    pub title: &'static str,
    /// Nothing moves by itself.
    #[prop_or_default]
    pub still: bool,
    /// The page has its dark colours: what is on a canvas must be drawn anew when that changes.
    #[prop_or_default]
    pub dark: bool,
    /// The page stands inside another one, which scrolls with the wheel.
    #[prop_or_default]
    pub embed: bool,
    /// The wheel scrolls the page around it.
    #[prop_or_default]
    pub scrolls: bool,
}

impl RoomProps {
    /// The record that is under way or happened last at the playhead.
    pub fn step_index(&self) -> Option<usize> {
        let past = self.playhead.max(0.0).ceil() as usize;
        past.min(self.timeline.len()).checked_sub(1)
    }
}

/// A step of the timeline, with what it is drawn from.
pub struct Under {
    pub index: Option<usize>,
    pub before: Rc<View>,
    pub after: Rc<View>,
    pub record: Option<Record>,
}

impl Under {
    pub fn of(props: &RoomProps) -> Under {
        let index = props.step_index();
        let position = index.map_or(0, |index| index + 1);
        let after = props.timeline.view_at(position);
        let before = index.map_or(after.clone(), |index| props.timeline.view_at(index));
        let record = index.and_then(|index| props.timeline.with(|timeline| timeline.record(index).cloned()));
        Under { index, before, after, record }
    }

    /// How far the step has come, from 0 to 1.
    pub fn t(&self, props: &RoomProps) -> f64 {
        let Some(index) = self.index else { return 1.0 };
        if props.still { 1.0 } else { within(props.playhead - index as f64, 0.0, 1.0) }
    }
}
