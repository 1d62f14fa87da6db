//! A list of which only what is visible exists: a trace of a million records, the rows of a 16 KiB page.
//!
//! ```text
//!   ┌ scroller ────────┐  the spacer is as high as all rows together;
//!   │  row 118         │  the rows that exist are moved down to where they belong
//!   │  row 119  focus  │
//!   └──────────────────┘
//! ```

use web_sys::HtmlElement;
use yew::prelude::*;

use super::browser;

/// Rows drawn above and below what is visible.
const SPARE: usize = 6;
/// Browsers do not lay out elements of any height: beyond this the rows are squeezed together under the thumb.
const HEIGHT_MAX: f64 = 8_000_000.0;

#[derive(Properties, PartialEq)]
pub struct ScrollProps {
    pub count: usize,
    pub row_height: f64,
    pub class: &'static str,
    pub label: &'static str,
    /// A row that is to be visible whenever it changes.
    #[prop_or_default]
    pub focus: Option<usize>,
    pub row: Callback<usize, Html>,
}

#[derive(Default)]
pub struct Scroll {
    outer: NodeRef,
    spacer: NodeRef,
    rows: NodeRef,
    first: usize,
    visible: usize,
    focused: Option<usize>,
}

impl Component for Scroll {
    /// Whether the rows that are needed are known to be others; else it has to be looked at.
    type Message = bool;
    type Properties = ScrollProps;

    fn create(_: &Context<Self>) -> Scroll {
        Scroll { visible: 24, ..Scroll::default() }
    }

    fn update(&mut self, ctx: &Context<Self>, others: bool) -> bool {
        self.measure(ctx.props()) || others
    }

    fn rendered(&mut self, ctx: &Context<Self>, first_render: bool) {
        let props = ctx.props();
        if let Some(spacer) = self.spacer.cast::<HtmlElement>() {
            browser::set_style(&spacer, "height", &format!("{}px", total_height(props) as u64));
        }
        if props.focus != self.focused {
            self.focused = props.focus;
            self.reveal(props);
        }
        self.place(props);
        if first_render && self.measure(props) {
            ctx.link().send_message(true);
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let past = (self.first + self.visible).min(props.count);
        let rows = (self.first.min(past)..past).map(|index| props.row.emit(index));
        html! {
            <div class={classes!("scroller", props.class)} ref={self.outer.clone()} tabindex="0" role="region"
                aria-label={props.label} onscroll={ctx.link().callback(|_| false)}>
                <div ref={self.spacer.clone()}></div>
                <ol class="rows" ref={self.rows.clone()}>{ for rows }</ol>
            </div>
        }
    }
}

fn total_height(props: &ScrollProps) -> f64 {
    (props.count as f64 * props.row_height).min(HEIGHT_MAX)
}

impl Scroll {
    /// Rows per pixel of scrolling; more than one row's worth when squeezed.
    fn rows_per_pixel(props: &ScrollProps) -> f64 {
        props.count as f64 / total_height(props).max(1.0)
    }

    /// Looks at what is visible; true when other rows are needed.
    fn measure(&mut self, props: &ScrollProps) -> bool {
        let Some(outer) = self.outer.cast::<HtmlElement>() else { return false };
        let visible = (f64::from(outer.client_height()) / props.row_height) as usize + 2 * SPARE + 2;
        let top = (f64::from(outer.scroll_top()) * Self::rows_per_pixel(props)) as usize;
        let first = top.saturating_sub(SPARE).min(props.count.saturating_sub(1));
        let changed = first != self.first || visible != self.visible;
        (self.first, self.visible) = (first, visible);
        self.place(props);
        changed
    }

    fn place(&self, props: &ScrollProps) {
        let Some(rows) = self.rows.cast::<HtmlElement>() else { return };
        let squeezed = Self::rows_per_pixel(props) * props.row_height > 1.001;
        let top = match self.outer.cast::<HtmlElement>() {
            Some(outer) if squeezed => f64::from(outer.scroll_top()) - SPARE as f64 * props.row_height,
            _ => self.first as f64 * props.row_height,
        };
        browser::set_style(&rows, "transform", &format!("translateY({}px)", top.max(0.0) as u64));
    }

    fn reveal(&self, props: &ScrollProps) {
        let (Some(row), Some(outer)) = (self.focused, self.outer.cast::<HtmlElement>()) else { return };
        let pixel = row as f64 / Self::rows_per_pixel(props);
        let (top, height) = (f64::from(outer.scroll_top()), f64::from(outer.client_height()));
        let outside = pixel < top || pixel + props.row_height > top + height;
        if outside {
            outer.set_scroll_top((pixel - height / 2.0).max(0.0) as i32);
        }
    }
}
