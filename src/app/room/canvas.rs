//! Drawing on a canvas: the page's colours, and a context as sharp as the screen.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use crate::app::browser;
use crate::view::camera::{Size, within};

/// The page's colours, as they are now.
pub struct Palette {
    pub ground: String,
    pub ink: String,
    pub muted: String,
    pub hairline: String,
    pub edge: String,
    pub accent: String,
    pub hit: String,
    pub miss: String,
    pub dirty: String,
    pub pinned: String,
    pub logged: String,
    pub stale: String,
    pub failed: String,
}

thread_local! {
    /// Asking the browser for its styles is dear while things are in motion: once for each set of colours is enough.
    static PALETTE: RefCell<Option<(bool, Rc<Palette>)>> = const { RefCell::new(None) };
}

impl Palette {
    /// The colours where `canvas` stands; `dark` as [`crate::app::place::Place::is_dark`] says, which is too dear to be asked in
    /// motion. All places have the same two sets.
    pub fn of(canvas: &HtmlCanvasElement, dark: bool) -> Rc<Palette> {
        let known = PALETTE.with_borrow(|known| known.clone());
        if let Some((_, palette)) = known.filter(|(was, _)| *was == dark) {
            return palette;
        }
        let names = [
            "--ground",
            "--ink",
            "--muted",
            "--hairline",
            "--edge",
            "--accent",
            "--hit",
            "--miss",
            "--dirty",
            "--pinned",
            "--logged",
            "--stale",
            "--failed",
        ];
        let [ground, ink, muted, hairline, edge, accent, hit, miss, dirty, pinned, logged, stale, failed] =
            names.map(|name| browser::palette(canvas, name));
        let palette = Rc::new(Palette {
            ground,
            ink,
            muted,
            hairline,
            edge,
            accent,
            hit,
            miss,
            dirty,
            pinned,
            logged,
            stale,
            failed,
        });
        PALETTE.set(Some((dark, palette.clone())));
        palette
    }
}

/// What draws on a canvas, which is made as sharp as the screen; `afresh`: emptied.
pub fn context(canvas: &HtmlCanvasElement, size: Size, afresh: bool) -> Option<CanvasRenderingContext2d> {
    let ratio = within(browser::window().device_pixel_ratio(), 1.0, 3.0);
    let (width, height) = ((size.width * ratio) as u32, (size.height * ratio) as u32);
    if afresh && (canvas.width() != width || canvas.height() != height) {
        canvas.set_width(width);
        canvas.set_height(height);
    }
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok().flatten()?.dyn_into().ok()?;
    let _ = context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
    if afresh {
        context.clear_rect(0.0, 0.0, size.width, size.height);
    }
    Some(context)
}
