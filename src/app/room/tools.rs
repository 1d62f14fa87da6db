//! The buttons of the camera.

use yew::prelude::*;

/// What they ask for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tool {
    Zoom(f64),
    Fit,
    Follow,
}

/// One larger step of the zoom.
pub const ZOOM_STEP: f64 = 1.4;

pub fn tools(fit: &'static str, following: bool, act: Callback<Tool>) -> Html {
    let tool = |class: &'static str, name: &'static str, icon: &'static str, asks: Tool, pressed: Option<bool>| {
        let pressed = pressed.map(|pressed| if pressed { "true" } else { "false" });
        html! {
            <button type="button" class={class} aria-label={name} title={name} aria-pressed={pressed}
                onclick={act.reform(move |_: MouseEvent| asks)}>
                <svg viewBox="0 0 18 18" aria-hidden="true"><path d={icon}/></svg>
            </button>
        }
    };
    html! {
        <div class="stage-tools" role="group" aria-label="Camera">
            { tool("tool zoom", "Zoom in", "M9 4v10M4 9h10", Tool::Zoom(ZOOM_STEP), None) }
            { tool("tool zoom", "Zoom out", "M4 9h10", Tool::Zoom(1.0 / ZOOM_STEP), None) }
            { tool("tool", fit, "M3 7V3h4M11 3h4v4M15 11v4h-4M7 15H3v-4", Tool::Fit, None) }
            { tool("tool", "Follow the action", "M9 2v3M9 13v3M2 9h3M13 9h3M9 6a3 3 0 1 1 0 6a3 3 0 1 1 0-6",
                Tool::Follow, Some(following)) }
        </div>
    }
}
