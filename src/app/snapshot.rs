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
    crate::trace::decimal::decimal(text.trim_end_matches("px")).unwrap_or_default()
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
        let width = pixels(&value(style, "border-top-width"));
        let edge = value(style, "border-top-color");
        let has_edge = width > 0.0 && value(style, "border-top-style") != "none" && is_paint(&edge);
        if (!is_paint(&ground) && !has_edge) || place.width() < 1.0 || place.height() < 1.0 {
            return;
        }
        self.out.push_str("<rect");
        self.place(place);
        push_length(&mut self.out, "rx", pixels(&value(style, "border-top-left-radius")));
        push_attribute(&mut self.out, "fill", if is_paint(&ground) { &ground } else { "none" });
        if has_edge {
            push_attribute(&mut self.out, "stroke", &edge);
            push_length(&mut self.out, "stroke-width", width);
            if value(style, "border-top-style") == "dashed" {
                push_attribute(&mut self.out, "stroke-dasharray", "3 3");
            }
        }
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
