//! The stage as a picture: an SVG that stands alone, and a PNG painted from it.
//!
//! ```text
//!   svg       copied, each element with the colours and lengths that the style sheets give it
//!   canvas    an image in its place
//!   the rest  boxes with their background and border, and texts where the browser set them
//! ```
//!
//! A style that an element has from its parent anyway is not repeated. What can be pressed (the tools, the bar of deeds) is no
//! part of the picture.

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    CanvasRenderingContext2d, CssStyleDeclaration, DomRect, Element, HtmlCanvasElement, HtmlImageElement, Node,
};

use super::browser;
use super::room::svg::num;
use crate::export::text::push_xml;
use crate::trace::decimal::decimal;

/// What is not of the picture.
const LEFT_OUT: &str = ".stage-tools, .plate-deeds, .work, .hidden, .off, script, style, title";

/// Styles that a child has from its parent, and those that it has not; the latter with what they are when nobody says.
const INHERITED: &[&str] = &[
    "fill",
    "fill-opacity",
    "stroke",
    "stroke-width",
    "stroke-opacity",
    "stroke-dasharray",
    "stroke-linecap",
    "stroke-linejoin",
    "font-family",
    "font-size",
    "font-weight",
    "font-style",
    "font-variant-numeric",
    "text-anchor",
    "paint-order",
    "visibility",
];
const OWN: &[(&str, &str)] =
    &[("opacity", "1"), ("vector-effect", "none"), ("dominant-baseline", "auto"), ("stop-color", "rgb(0, 0, 0)")];

/// Attributes that mean nothing in a picture, or stand for what the styles say.
const NOT_DRAWN: &[&str] = &["class", "style", "tabindex", "role", "focusable"];

/// Pixels of the PNG for each of the stage.
const SCALE: f64 = 2.0;

/// Longest picture, in bytes.
const BYTES_MAX: usize = 64 << 20;

/// A picture, and its size in pixels.
pub struct Snapshot {
    pub svg: String,
    width: f64,
    height: f64,
}

/// A picture of an element of the page; nothing if it has no size, or too much is in it.
pub fn of(root: &Element) -> Option<Snapshot> {
    let bounds = root.get_bounding_client_rect();
    let (width, height) = (bounds.width(), bounds.height());
    if width < 1.0 || height < 1.0 {
        return None;
    }
    let mut out = String::from("<svg xmlns=\"http://www.w3.org/2000/svg\"");
    let size = [("width", width), ("height", height)];
    size.iter().for_each(|(name, value)| push_length(&mut out, name, *value));
    out.push_str(" viewBox=\"0 0 ");
    num(&mut out, width);
    out.push(' ');
    num(&mut out, height);
    out.push_str("\"><rect width=\"100%\" height=\"100%\"");
    push_attribute(&mut out, "fill", &ground(root));
    out.push_str("/>");
    let mut painter = Painter { out, left: bounds.left(), top: bounds.top() };
    painter.children(root);
    painter.out.push_str("</svg>\n");
    (painter.out.len() <= BYTES_MAX).then_some(Snapshot { svg: painter.out, width, height })
}

impl Snapshot {
    /// Paints the picture, and hands it to the person as a file; false is told when the browser can't.
    pub fn save_png(self, name: &'static str, tell: impl Fn(bool) + 'static) {
        spawn_local(async move {
            let address = self.painted().await;
            if let Some(address) = &address {
                browser::offer(name, address);
            }
            tell(address.is_some());
        });
    }

    /// The address of the PNG, which holds all of it.
    async fn painted(&self) -> Option<String> {
        let url = browser::object_url(&self.svg, "image/svg+xml")?;
        let image = HtmlImageElement::new().ok()?;
        image.set_src(&url);
        let loaded = JsFuture::from(image.decode()).await;
        let _ = web_sys::Url::revoke_object_url(&url);
        loaded.ok()?;
        let canvas: HtmlCanvasElement = browser::document().create_element("canvas").ok()?.dyn_into().ok()?;
        canvas.set_width((self.width * SCALE) as u32);
        canvas.set_height((self.height * SCALE) as u32);
        let pen: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.dyn_into().ok()?;
        pen.scale(SCALE, SCALE).ok()?;
        pen.draw_image_with_html_image_element_and_dw_and_dh(&image, 0.0, 0.0, self.width, self.height).ok()?;
        canvas.to_data_url().ok().filter(|address| address.starts_with("data:image/png"))
    }
}

/// The background that an element stands on.
fn ground(element: &Element) -> String {
    let above = std::iter::successors(Some(element.clone()), |element| element.parent_element());
    let mut grounds = above.filter_map(|element| Some(value(&style_of(&element)?, "background-color")));
    grounds.find(|ground| is_paint(ground)).unwrap_or_else(|| "white".to_string())
}

fn push_attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    push_xml(out, value);
    out.push('"');
}

fn push_length(out: &mut String, name: &str, value: f64) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    num(out, value);
    out.push('"');
}

fn style_of(element: &Element) -> Option<CssStyleDeclaration> {
    browser::window().get_computed_style(element).ok().flatten()
}

fn value(style: &CssStyleDeclaration, name: &str) -> String {
    style.get_property_value(name).unwrap_or_default()
}

/// A length in pixels: `12.5px`.
fn pixels(text: &str) -> f64 {
    let bare = text.trim_end_matches("px");
    match bare.strip_prefix('-') {
        Some(bare) => -pixels(bare),
        None => decimal(bare).unwrap_or_default(),
    }
}

/// One side of a border, if it can be seen: how thick it is, and its colour.
fn edge(style: &CssStyleDeclaration, side: &str) -> Option<(f64, String)> {
    let of = |what: &str| value(style, &["border-", side, "-", what].concat());
    let (thick, colour) = (pixels(&of("width")), of("color"));
    (thick > 0.0 && of("style") != "none" && is_paint(&colour)).then_some((thick, colour))
}

/// Whether a colour can be seen.
fn is_paint(colour: &str) -> bool {
    !matches!(colour, "" | "none" | "transparent" | "rgba(0, 0, 0, 0)")
}

struct Painter {
    out: String,
    /// Where the picture begins in the window.
    left: f64,
    top: f64,
}

impl Painter {
    fn children(&mut self, parent: &Element) {
        let mut next = parent.first_child();
        while let Some(node) = next {
            next = node.next_sibling();
            match node.dyn_ref::<Element>() {
                Some(element) => self.element(element),
                None if node.node_type() == Node::TEXT_NODE => self.text(&node, parent),
                None => {}
            }
        }
    }

    fn element(&mut self, element: &Element) {
        let Some(style) = style_of(element) else { return };
        let is_seen = value(&style, "display") != "none" && value(&style, "visibility") != "hidden";
        if !is_seen || element.matches(LEFT_OUT).unwrap_or(true) || self.out.len() > BYTES_MAX {
            return;
        }
        let place = element.get_bounding_client_rect();
        match element.tag_name().as_str() {
            "svg" => {
                self.out.push_str("<svg");
                self.place(&place);
                self.attributes(element, &["x", "y", "width", "height"]);
                self.styles(&style, None);
                self.inside(element, &style);
            }
            "CANVAS" => self.canvas(element, &place),
            _ => {
                self.frame(&style, &place);
                self.children(element);
                self.pinned(&style, &place);
                self.sign(element, "::before", &place);
                self.sign(element, "::after", &place);
            }
        }
    }

    fn place(&mut self, place: &DomRect) {
        let left = place.left() - self.left;
        let top = place.top() - self.top;
        let lengths = [("x", left), ("y", top), ("width", place.width()), ("height", place.height())];
        lengths.iter().for_each(|(name, value)| push_length(&mut self.out, name, *value));
    }

    fn canvas(&mut self, element: &Element, place: &DomRect) {
        let Some(canvas) = element.dyn_ref::<HtmlCanvasElement>() else { return };
        let Ok(address) = canvas.to_data_url() else { return };
        // One without a size gives no picture.
        if !address.starts_with("data:image/") {
            return;
        }
        self.out.push_str("<image preserveAspectRatio=\"none\"");
        self.place(place);
        push_attribute(&mut self.out, "href", &address);
        self.out.push_str("/>");
    }

    /// Background and border of a box.
    fn frame(&mut self, style: &CssStyleDeclaration, place: &DomRect) {
        let ground = value(style, "background-color");
        let edges = ["top", "right", "bottom", "left"].map(|side| edge(style, side));
        let is_framed = edges.iter().all(|edge| *edge == edges[0]);
        let whole = edges[0].as_ref().filter(|_| is_framed);
        let (left, top, width, height) = (place.left(), place.top(), place.width(), place.height());
        if width < 1.0 || height < 1.0 {
            return;
        }
        if is_paint(&ground) || whole.is_some() {
            // A border is drawn inside of a box, and a stroke on both sides of its edge.
            let inset = whole.map_or(0.0, |(width, _)| width / 2.0);
            self.out.push_str("<rect");
            let lengths = [
                ("x", left - self.left + inset),
                ("y", top - self.top + inset),
                ("width", (width - 2.0 * inset).max(0.0)),
                ("height", (height - 2.0 * inset).max(0.0)),
                ("rx", (pixels(&value(style, "border-top-left-radius")) - inset).max(0.0)),
            ];
            lengths.iter().for_each(|(name, value)| push_length(&mut self.out, name, *value));
            push_attribute(&mut self.out, "fill", if is_paint(&ground) { &ground } else { "none" });
            if let Some((width, colour)) = whole {
                push_attribute(&mut self.out, "stroke", colour);
                push_length(&mut self.out, "stroke-width", *width);
                if value(style, "border-top-style") == "dashed" {
                    push_attribute(&mut self.out, "stroke-dasharray", "3 3");
                }
            }
            self.out.push_str("/>");
        }
        if is_framed {
            return;
        }
        let [above, right, below, before] = edges;
        for (edge, is_upright, at) in [
            (above, false, (left, top)),
            (right, true, (place.right(), top)),
            (below, false, (left, place.bottom())),
            (before, true, (left, top)),
        ] {
            let Some((thick, colour)) = edge else { continue };
            // Those at the far ends lie inside too.
            let x = at.0 - if at.0 > left { thick } else { 0.0 };
            let y = at.1 - if at.1 > top { thick } else { 0.0 };
            let size = if is_upright { (thick, height) } else { (width, thick) };
            self.rect((x, y, size.0, size.1), 0.0, &colour);
        }
    }

    /// A stroke along the lower edge: an inset shadow, by which a frame says that it is pinned.
    fn pinned(&mut self, style: &CssStyleDeclaration, place: &DomRect) {
        let shadow = value(style, "box-shadow");
        let Some((colour, lengths)) = shadow.split_once(") ").filter(|_| shadow.ends_with(" inset")) else { return };
        let rise = -lengths.split(' ').nth(1).map_or(0.0, pixels);
        if rise > 0.0 {
            let mut colour = colour.to_string();
            colour.push(')');
            let top = place.bottom() - rise;
            self.rect((place.left(), top, place.width(), rise), 0.0, &colour);
        }
    }

    /// What a style sheet puts before or behind an element: a dot, or a corner.
    fn sign(&mut self, element: &Element, which: &str, place: &DomRect) {
        let style = browser::window().get_computed_style_with_pseudo_elt(element, which).ok().flatten();
        let Some(style) =
            style.filter(|style| value(style, "content") == "\"\"" && value(style, "position") == "absolute")
        else {
            return;
        };
        let border = pixels(&value(&style, "border-top-width"));
        let around = if value(&style, "box-sizing") == "border-box" { 0.0 } else { 2.0 * border };
        let (width, height) = (pixels(&value(&style, "width")) + around, pixels(&value(&style, "height")) + around);
        let left = place.left() + f64::from(element.client_left()) + pixels(&value(&style, "left"));
        let top = place.top() + f64::from(element.client_top()) + pixels(&value(&style, "top"));
        let (ground, edge) = (value(&style, "background-color"), value(&style, "border-top-color"));
        if is_paint(&ground) {
            self.rect((left, top, width, height), width / 2.0, &ground);
        } else if border > 0.0 && is_paint(&edge) && is_paint(&value(&style, "border-left-color")) {
            self.out.push_str("<circle fill=\"none\"");
            push_length(&mut self.out, "cx", left - self.left + width / 2.0);
            push_length(&mut self.out, "cy", top - self.top + height / 2.0);
            push_length(&mut self.out, "r", (width - border) / 2.0);
            push_length(&mut self.out, "stroke-width", border);
            push_attribute(&mut self.out, "stroke", &edge);
            self.out.push_str("/>");
        } else if border > 0.0 && is_paint(&edge) {
            // Of four borders two are seen: a corner.
            self.out.push_str("<path d=\"M");
            let (x, y) = (left - self.left, top - self.top);
            for at in [x, y, x + width, y, x + width, y + height] {
                num(&mut self.out, at);
                self.out.push(' ');
            }
            self.out.push_str("z\"");
            push_attribute(&mut self.out, "fill", &edge);
            self.out.push_str("/>");
        }
    }

    fn rect(&mut self, (left, top, width, height): (f64, f64, f64, f64), radius: f64, fill: &str) {
        self.out.push_str("<rect");
        let lengths =
            [("x", left - self.left), ("y", top - self.top), ("width", width), ("height", height), ("rx", radius)];
        lengths.iter().for_each(|(name, value)| push_length(&mut self.out, name, *value));
        push_attribute(&mut self.out, "fill", fill);
        self.out.push_str("/>");
    }

    /// A text of the page, in one line, where the browser set it.
    fn text(&mut self, node: &Node, parent: &Element) {
        let text = node.text_content().unwrap_or_default();
        let Ok(range) = browser::document().create_range() else { return };
        if text.trim().is_empty() || range.select_node_contents(node).is_err() {
            return;
        }
        let (place, Some(style)) = (range.get_bounding_client_rect(), style_of(parent)) else { return };
        if place.width() < 1.0 {
            return;
        }
        self.out.push_str("<text dominant-baseline=\"central\"");
        push_length(&mut self.out, "x", place.left() - self.left);
        push_length(&mut self.out, "y", place.top() - self.top + place.height() / 2.0);
        push_attribute(&mut self.out, "fill", &value(&style, "color"));
        for name in ["font-family", "font-size", "font-weight"] {
            push_attribute(&mut self.out, name, &value(&style, name));
        }
        self.out.push('>');
        push_xml(&mut self.out, text.trim());
        self.out.push_str("</text>");
    }

    /// The attributes of an element of an SVG, but for some.
    fn attributes(&mut self, element: &Element, but: &[&str]) {
        let names = element.get_attribute_names();
        for name in names.iter().filter_map(|name| name.as_string()) {
            let is_drawn = !NOT_DRAWN.contains(&name.as_str()) && !but.contains(&name.as_str());
            let is_styled = INHERITED.contains(&name.as_str()) || OWN.iter().any(|(own, _)| *own == name);
            if is_drawn && !is_styled && !name.starts_with("aria-") && !name.starts_with("data-") {
                let value = element.get_attribute(&name).unwrap_or_default();
                push_attribute(&mut self.out, &name, &value);
            }
        }
    }

    /// What the style sheets say of an element, as far as it does not have it from its parent.
    fn styles(&mut self, style: &CssStyleDeclaration, parent: Option<&CssStyleDeclaration>) {
        for name in INHERITED {
            let own = value(style, name);
            if !own.is_empty() && parent.is_none_or(|parent| value(parent, name) != own) {
                push_attribute(&mut self.out, name, &own);
            }
        }
        for (name, initial) in OWN {
            let own = value(style, name);
            if !own.is_empty() && own != *initial {
                push_attribute(&mut self.out, name, &own);
            }
        }
    }

    /// Ends the tag of an element of an SVG, and writes what is in it.
    fn inside(&mut self, element: &Element, style: &CssStyleDeclaration) {
        self.out.push('>');
        let mut next = element.first_child();
        while let Some(node) = next {
            next = node.next_sibling();
            match node.dyn_ref::<Element>() {
                Some(child) => self.shape(child, style),
                None if node.node_type() == Node::TEXT_NODE => {
                    push_xml(&mut self.out, &node.text_content().unwrap_or_default());
                }
                None => {}
            }
        }
        self.out.push_str("</");
        self.out.push_str(&element.tag_name());
        self.out.push('>');
    }

    fn shape(&mut self, element: &Element, parent: &CssStyleDeclaration) {
        let Some(style) = style_of(element) else { return };
        // Definitions are not displayed, and are needed all the same.
        let is_defined = element.closest("defs").is_ok_and(|found| found.is_some());
        let is_seen = value(&style, "display") != "none" || is_defined;
        if !is_seen || element.matches(LEFT_OUT).unwrap_or(true) || self.out.len() > BYTES_MAX {
            return;
        }
        self.out.push('<');
        self.out.push_str(&element.tag_name());
        self.attributes(element, &[]);
        self.styles(&style, Some(parent));
        self.inside(element, &style);
    }
}
