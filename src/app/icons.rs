//! Icons: strokes on a grid of 20 by 20, in the colour of the text beside them.

use yew::prelude::*;

const FRAME: &str = "0 0 20 20";

pub const PLAY: &str = "M6 4l10 6-10 6z";
pub const PAUSE: &str = "M7 4v12M13 4v12";
pub const FIRST: &str = "M5 4v12M15 4l-7 6 7 6z";
pub const LAST: &str = "M15 4v12M5 4l7 6-7 6z";
pub const BACK: &str = "M12.5 4.5L6.5 10l6 5.5";
pub const FORWARD: &str = "M7.5 4.5L13.5 10l-6 5.5";
pub const FORK: &str = "M6 3v14M6 11c0-4 8-2 8-7M11.5 6L14 3.5 16.5 6";
pub const BOLT: &str = "M11.500 2L5 11.500h4.500L8.500 18 15 8.500h-4.500z";
pub const SHARE: &str = "M8 12l4-4M9 6l2.5-2.5a3.5 3.5 0 015 5L14 11M11 14l-2.5 2.5a3.5 3.5 0 01-5-5L6 9";
pub const EXPORT: &str = "M10 3v9M6.5 8.5L10 12l3.5-3.5M4 13v3h12v-3";
pub const OPEN: &str = "M10 12V3M6.5 6.5L10 3l3.5 3.5M4 13v3h12v-3";
pub const SCRIPT: &str = "M5 3h7l3 3v11H5zM8 9h4M8 12h4";
pub const THEME: &str = "M10 3a7 7 0 107 7 5.5 5.5 0 01-7-7z";
pub const HELP: &str = "M7.5 7.5a2.5 2.5 0 115 0c0 1.800-2.5 2-2.5 4M10 15v.01";
pub const SEARCH: &str = "M9 4a5 5 0 100 10 5 5 0 000-10M12.500 12.500L17 17";
pub const CLOSE: &str = "M5 5l10 10M15 5L5 15";
pub const CHECK: &str = "M4 10.5l4 4 8-9";
pub const CROSS: &str = "M5 5l10 10M15 5L5 15";
pub const TALL: &str = "M5 12l5-5 5 5";
pub const LOW: &str = "M5 8l5 5 5-5";

pub fn icon(path: &'static str) -> Html {
    html! { <svg class="icon" viewBox={FRAME} aria-hidden="true"><path d={path} /></svg> }
}

/// The mark beside the name: a pane with a page split in two.
pub fn mark() -> Html {
    html! { <svg class="mark" viewBox={FRAME} aria-hidden="true"><path d="M3 3h14v14H3zM3 8h14M8 8v9" /></svg> }
}

/// A button that is an icon: named for those who cannot see it, and for the mouse that rests on it.
pub fn icon_button(path: &'static str, name: &'static str, onclick: Callback<MouseEvent>, disabled: bool) -> Html {
    html! {
        <button type="button" class="square" title={name} aria-label={name} {onclick} {disabled}>{ icon(path) }</button>
    }
}
