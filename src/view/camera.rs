//! Which part of the picture is seen, and how large.

/// A rectangle in the units of the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Bounds {
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub fn center(&self) -> (f64, f64) {
        ((self.left + self.right) / 2.0, (self.top + self.bottom) / 2.0)
    }

    pub fn with(&self, other: Bounds) -> Bounds {
        Bounds {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    pub fn grown(&self, by: f64) -> Bounds {
        Bounds { left: self.left - by, top: self.top - by, right: self.right + by, bottom: self.bottom + by }
    }
}

/// The size of the stage, in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Size {
    pub width: f64,
    pub height: f64,
}

pub const ZOOM_MAX: f64 = 3.0;
/// Zoom at which a part of a tree is looked at, if it fits from top to bottom.
const ZOOM_PART: f64 = 0.92;
/// Largest zoom that fitting and following choose by themselves.
const ZOOM_FIT_MAX: f64 = 1.15;
/// Smallest zoom at which keys are read with ease.
const ZOOM_READ: f64 = 0.6;
/// Below this the whole tree is too small to follow anything in it.
const ZOOM_WHOLE: f64 = 0.62;
/// Below this a drawing is too small to be read: a part of it is shown instead.
const ZOOM_SMALL: f64 = 0.72;
const MARGIN: f64 = 28.0;

/// A point of view: what is in the middle of the stage, and pixels per unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    pub x: f64,
    pub y: f64,
    pub zoom: f64,
}

impl Default for Camera {
    fn default() -> Camera {
        Camera { x: 0.0, y: 0.0, zoom: 1.0 }
    }
}

/// The nearest value from `low` to `high`. Unlike `f64::clamp` it cannot panic, and so brings along no text about
/// floating point, which takes 25 KB to write.
pub fn within(value: f64, low: f64, high: f64) -> f64 {
    value.max(low).min(high)
}

impl Camera {
    /// All of `bounds`.
    pub fn fit(bounds: Bounds, size: Size) -> Camera {
        let (x, y) = bounds.center();
        let margin = MARGIN.min(size.width / 12.0);
        let across = (size.width - 2.0 * margin).max(1.0) / bounds.width().max(1.0);
        let down = (size.height - 2.0 * margin).max(1.0) / bounds.height().max(1.0);
        Camera { x, y, zoom: across.min(down).min(ZOOM_FIT_MAX) }
    }

    /// The whole where it can be read, else the surroundings of `action`. The camera rests while the action stays
    /// well inside of what is seen.
    pub fn follow(&self, whole: Bounds, action: Option<Bounds>, size: Size) -> Camera {
        let fitted = Camera::fit(whole, size);
        if fitted.zoom >= ZOOM_WHOLE {
            return fitted;
        }
        let base = self.readable(whole, size);
        let Some(action) = action else { return Camera { y: fitted.y, ..base } };
        let room = (size.width * 0.84 / action.width().max(1.0)).max(0.05);
        let zoom = base.zoom.min(room);
        let (middle_x, middle_y) = action.center();
        let (half_w, half_h) = (size.width / zoom / 2.0, size.height / zoom / 2.0);
        let x = rest(self.x, middle_x, (half_w * 0.72 - action.width() / 2.0).max(0.0));
        let whole_fits = whole.height() * zoom <= size.height - 10.0;
        let y = if whole_fits { whole.center().1 } else { rest(self.y, middle_y, (half_h - 90.0 / zoom).max(0.0)) };
        let edge = (whole.width() / 2.0 - half_w + MARGIN / zoom).max(0.0);
        let middle = whole.center().0;
        Camera { x: within(x, middle - edge, middle + edge), y, zoom }
    }

    /// As large as all levels find room, within what can be read.
    fn readable(&self, whole: Bounds, size: Size) -> Camera {
        let down = (size.height - 20.0).max(1.0) / whole.height().max(1.0);
        Camera { zoom: within(down, ZOOM_READ, ZOOM_PART), ..*self }
    }

    /// All of a drawing, at most so large. One that is not as high as the room stands in its middle.
    pub fn frame(whole: Bounds, size: Size, margin: f64, zoom_max: f64) -> Camera {
        let (x, y) = whole.center();
        let across = (size.width - 2.0 * margin).max(1.0) / whole.width().max(1.0);
        let down = (size.height - 2.0 * margin).max(1.0) / whole.height().max(1.0);
        Camera { x, y, zoom: across.min(down).min(zoom_max) }
    }

    /// As [`Camera::frame`] where that can be read; else as wide as the room, and so that `action` is in sight.
    pub fn attend(&self, whole: Bounds, action: Option<Bounds>, size: Size, margin: f64, zoom_max: f64) -> Camera {
        let framed = Camera::frame(whole, size, margin, zoom_max);
        if framed.zoom >= ZOOM_SMALL * zoom_max {
            return framed;
        }
        let across = (size.width - 2.0 * margin).max(1.0) / whole.width().max(1.0);
        let down = (size.height - 2.0 * margin).max(1.0) / whole.height().max(1.0);
        let zoom = within(across.max(down), ZOOM_SMALL * zoom_max, zoom_max);
        let (half_w, half_h) = (size.width / zoom / 2.0, size.height / zoom / 2.0);
        let (x, y) = match action.map(|action| (action.center(), action.width(), action.height())) {
            Some(((x, y), width, height)) => (
                rest(self.x, x, (half_w * 0.8 - width / 2.0).max(0.0)),
                rest(self.y, y, (half_h * 0.8 - height / 2.0).max(0.0)),
            ),
            None => (self.x, self.y),
        };
        Camera { x, y, zoom }.kept(whole, size, margin)
    }

    /// Keeps the edges of `whole` at the edges of what is seen, as far as it is larger than that; else its middle.
    pub fn kept(&self, whole: Bounds, size: Size, margin: f64) -> Camera {
        let keep = |at: f64, low: f64, high: f64, seen: f64| {
            let half = (seen / 2.0 - margin) / self.zoom;
            if high - low <= 2.0 * half { (low + high) / 2.0 } else { within(at, low + half, high - half) }
        };
        let x = keep(self.x, whole.left, whole.right, size.width);
        let y = keep(self.y, whole.top, whole.bottom, size.height);
        Camera { x, y, zoom: self.zoom }
    }

    /// The point of the picture that is seen at a point of the room.
    pub fn point(&self, x: f64, y: f64, size: Size) -> (f64, f64) {
        (self.x + (x - size.width / 2.0) / self.zoom, self.y + (y - size.height / 2.0) / self.zoom)
    }

    /// Zooms by `factor`; the point at `(x, y)` of the stage stays where it is.
    pub fn zoomed(&self, factor: f64, x: f64, y: f64, size: Size, zoom_min: f64) -> Camera {
        let zoom = within(self.zoom * factor, zoom_min.min(ZOOM_MAX), ZOOM_MAX);
        let (dx, dy) = (x - size.width / 2.0, y - size.height / 2.0);
        let shift = 1.0 / self.zoom - 1.0 / zoom;
        Camera { x: self.x + dx * shift, y: self.y + dy * shift, zoom }
    }

    /// Moves by pixels of the stage.
    pub fn panned(&self, dx: f64, dy: f64) -> Camera {
        Camera { x: self.x - dx / self.zoom, y: self.y - dy / self.zoom, zoom: self.zoom }
    }

    /// Whether a tree of this width can only be seen in parts.
    pub fn is_wide(whole: Bounds, size: Size) -> bool {
        size.width / whole.width().max(1.0) < ZOOM_WHOLE
    }

    /// Keeps some of `whole` in sight.
    pub fn held(&self, whole: Bounds, size: Size) -> Camera {
        let (half_w, half_h) = (size.width / self.zoom * 0.4, size.height / self.zoom * 0.4);
        let x = within(self.x, whole.left - half_w, (whole.right + half_w).max(whole.left - half_w));
        let y = within(self.y, whole.top - half_h, (whole.bottom + half_h).max(whole.top - half_h));
        Camera { x, y, zoom: self.zoom }
    }

    /// The part of the picture that is seen.
    pub fn sees(&self, size: Size) -> Bounds {
        let (half_w, half_h) = (size.width / self.zoom / 2.0, size.height / self.zoom / 2.0);
        Bounds { left: self.x - half_w, top: self.y - half_h, right: self.x + half_w, bottom: self.y + half_h }
    }

    /// A step towards `goal`. What is seen grows or shrinks evenly around one point, so that nothing rushes by.
    pub fn toward(&self, goal: &Camera, share: f64) -> Camera {
        let (here, there) = (1.0 / self.zoom, 1.0 / goal.zoom);
        let zooms_in = there < here;
        let width =
            if zooms_in { here + (there - here) * share } else { 1.0 / (self.zoom + (goal.zoom - self.zoom) * share) };
        let far = (there - here).abs() > here * 0.01;
        let share = if far { (width - here) / (there - here) } else { share };
        Camera { x: self.x + (goal.x - self.x) * share, y: self.y + (goal.y - self.y) * share, zoom: 1.0 / width }
    }

    /// Whether the difference cannot be seen.
    pub fn is_at(&self, goal: &Camera) -> bool {
        let apart = ((self.x - goal.x).abs()).max((self.y - goal.y).abs()) * goal.zoom;
        apart < 0.4 && (self.zoom / goal.zoom - 1.0).abs() < 0.002
    }
}

/// Stays `at` as long as `wanted` is within `slack` of it.
fn rest(at: f64, wanted: f64, slack: f64) -> f64 {
    if (at - wanted).abs() <= slack { at } else { wanted }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { width: 800.0, height: 400.0 };

    #[test]
    fn a_small_tree_is_shown_whole_and_not_blown_up() {
        let whole = Bounds { left: -50.0, top: -150.0, right: 250.0, bottom: 50.0 };
        let camera = Camera::default().follow(whole, None, SIZE);
        assert_eq!((camera.x, camera.y, camera.zoom), (100.0, -50.0, ZOOM_FIT_MAX));
    }

    #[test]
    fn in_a_wide_tree_the_action_is_in_sight_and_the_camera_rests_there() {
        let whole = Bounds { left: 0.0, top: -200.0, right: 100_000.0, bottom: 50.0 };
        let action = Bounds { left: 60_000.0, top: 0.0, right: 60_100.0, bottom: 50.0 };
        let camera = Camera::default().follow(whole, Some(action), SIZE);
        let seen = camera.sees(SIZE);
        assert!(seen.left < action.left && action.right < seen.right, "{seen:?}");
        assert!(camera.zoom >= ZOOM_READ);
        let near = Bounds { left: action.left + 60.0, right: action.right + 60.0, ..action };
        assert_eq!(camera.follow(whole, Some(near), SIZE), camera);
    }

    #[test]
    fn zooming_keeps_the_point_under_the_pointer() {
        let camera = Camera { x: 10.0, y: 20.0, zoom: 1.0 };
        let closer = camera.zoomed(2.0, 600.0, 100.0, SIZE, 0.01);
        let under = |camera: &Camera| (camera.x + 200.0 / camera.zoom, camera.y - 100.0 / camera.zoom);
        assert_eq!(under(&camera), under(&closer));
        assert_eq!(camera.zoomed(1000.0, 0.0, 0.0, SIZE, 0.01).zoom, ZOOM_MAX);
    }

    #[test]
    fn a_tall_drawing_is_shown_from_its_top_and_follows_the_action() {
        let whole = Bounds { left: 0.0, top: 0.0, right: 780.0, bottom: 3000.0 };
        let camera = Camera::default().attend(whole, None, SIZE, 10.0, 1.0);
        assert_eq!((camera.x, camera.zoom), (390.0, 1.0));
        assert_eq!(camera.sees(SIZE).top, -10.0);
        let action = Bounds { left: 10.0, top: 2000.0, right: 60.0, bottom: 2040.0 };
        let there = camera.attend(whole, Some(action), SIZE, 10.0, 1.0);
        assert!(there.sees(SIZE).top < 2000.0 && there.sees(SIZE).bottom > 2040.0);
        assert_eq!(there.attend(whole, None, SIZE, 10.0, 1.0), there, "it rests");
        let small = Bounds { left: 0.0, top: 0.0, right: 400.0, bottom: 200.0 };
        assert_eq!(Camera::default().attend(small, None, SIZE, 10.0, 1.0), Camera { x: 200.0, y: 100.0, zoom: 1.0 });
    }
}
