//! The camera of a room: where it is, where it is going, and whether it follows the action by itself.

use crate::trace::{Event, Lane, Record};
use crate::view::camera::{Bounds, Camera, Size, within};

/// Time in which the camera covers most of its way.
const EASE_MS: f64 = 140.0;

pub struct Eye {
    pub camera: Camera,
    pub goal: Camera,
    pub following: bool,
    /// It has been set once.
    placed: bool,
    /// What is shown came all at once, and nothing has happened in it since.
    pub overview: bool,
    last_ms: Option<f64>,
}

impl Default for Eye {
    fn default() -> Eye {
        Eye {
            camera: Camera::default(),
            goal: Camera::default(),
            following: true,
            placed: false,
            overview: false,
            last_ms: None,
        }
    }
}

impl Eye {
    /// An eye for another run, that follows or does not as this one.
    pub fn looking_as(other: &Eye) -> Eye {
        Eye { following: other.following, ..Eye::default() }
    }

    /// Sees what happens.
    pub fn notice(&mut self, record: Option<&Record>) {
        match record.map(|record| &record.event) {
            Some(Event::StateTaken { .. }) | None => self.overview = true,
            // What was answered, and that a command is over.
            Some(event) => self.overview &= event.lane() == Lane::Script,
        }
    }

    /// Goes to where the action is, unless a person looks elsewhere; at once when nothing is to move.
    pub fn follow(&mut self, goal: Camera, still: bool) {
        if self.following || !self.placed {
            self.goal = goal;
        }
        if still || !self.placed {
            self.camera = self.goal;
        }
        self.placed = true;
    }

    /// What came all at once is shown whole, wherever the camera was.
    pub fn survey(&mut self, whole: Bounds, size: Size) {
        self.overview = true;
        self.goal = Camera::fit(whole, size);
    }

    /// Goes to a place at a zoom at which it can be read.
    pub fn go_to(&mut self, place: Bounds, whole: Bounds, size: Size) {
        self.goal = Camera { zoom: self.goal.zoom.max(0.8), ..self.goal }.follow(whole, Some(place), size);
        if Camera::is_wide(whole, size) {
            self.goal = Camera { x: place.center().0, ..self.goal }.held(whole, size);
        }
    }

    /// A person took over.
    pub fn take(&mut self, camera: Camera) {
        self.following = false;
        self.camera = camera;
        self.goal = camera;
    }

    /// Comes closer to the goal; true while there is a way to go.
    pub fn ease(&mut self, now_ms: f64, still: bool) -> bool {
        let elapsed_ms = within(now_ms - self.last_ms.unwrap_or(now_ms - 16.0), 1.0, 50.0);
        if still || self.camera.is_at(&self.goal) {
            self.camera = self.goal;
            self.last_ms = None;
            return false;
        }
        self.last_ms = Some(now_ms);
        // A rational stand-in for 1 - exp(-x): the same start, a softer end.
        let x = elapsed_ms / EASE_MS;
        self.camera = self.camera.toward(&self.goal, x / (1.0 + x));
        true
    }

    pub fn is_moving(&self) -> bool {
        self.camera != self.goal
    }
}
