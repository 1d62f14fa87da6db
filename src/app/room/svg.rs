//! SVG: elements that are made and moved by hand, and its text, written without the machinery of formatting.

use web_sys::Element;

use crate::app::browser;

const SVG: &str = "http://www.w3.org/2000/svg";

/// An element that stands nowhere yet.
pub fn detached(name: &str) -> Element {
    browser::document().create_element_ns(Some(SVG), name).expect("a plain element can be made")
}

/// A new element as the last child of `parent`.
pub fn create(parent: &Element, name: &str, class: &str) -> Element {
    let element = detached(name);
    set(&element, "class", class);
    let _ = parent.append_child(&element);
    element
}

pub fn set(element: &Element, name: &str, value: &str) {
    let _ = element.set_attribute(name, value);
}

pub fn set_number(element: &Element, name: &str, value: f64) {
    let mut text = String::with_capacity(12);
    num(&mut text, value);
    set(element, name, &text);
}

/// Gentle at both ends.
pub fn eased(t: f64) -> f64 {
    t * t * (3.0 - 2.0 * t)
}

pub fn translate(x: f64, y: f64) -> String {
    let mut transform = String::with_capacity(32);
    transform.push_str("translate(");
    num(&mut transform, x);
    transform.push(' ');
    num(&mut transform, y);
    transform.push(')');
    transform
}

/// The elements inside of one.
pub fn children(parent: &Element) -> Vec<Element> {
    let mut children = Vec::new();
    let mut next = parent.first_element_child();
    while let Some(child) = next {
        next = child.next_element_sibling();
        children.push(child);
    }
    children
}

/// Appends a number with at most two decimals, without the machinery of formatting.
pub fn num(out: &mut String, value: f64) {
    let hundredths = (value * 100.0).round() as i64;
    if hundredths < 0 {
        out.push('-');
    }
    let (whole, part) = (hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100);
    digits(out, whole);
    if part > 0 {
        out.push('.');
        out.push((b'0' + (part / 10) as u8) as char);
        if part % 10 > 0 {
            out.push((b'0' + (part % 10) as u8) as char);
        }
    }
}

pub fn digits(out: &mut String, value: u64) {
    if value >= 10 {
        digits(out, value / 10);
    }
    out.push((b'0' + (value % 10) as u8) as char);
}

/// A length for a style sheet.
pub fn pixels(length: f64) -> String {
    let mut text = String::new();
    digits(&mut text, length.max(0.0) as u64);
    text.push_str("px");
    text
}

/// Appends ` name="value"`.
pub fn attribute(out: &mut String, name: &str, value: f64) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    num(out, value);
    out.push('"');
}

/// Appends text with what SVG would take for its own escaped.
pub fn escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push('·'),
            c => out.push(c),
        }
    }
}

pub fn rect(out: &mut String, class: &str, [x, y, width, height]: [f64; 4], radius: f64) {
    out.push_str("<rect class=\"");
    out.push_str(class);
    out.push('"');
    attribute(out, "x", x);
    attribute(out, "y", y);
    attribute(out, "width", width.max(0.0));
    attribute(out, "height", height.max(0.0));
    attribute(out, "rx", radius);
    out.push_str("/>");
}

pub fn text(out: &mut String, class: &str, x: f64, y: f64, label: &str) {
    out.push_str("<text class=\"");
    out.push_str(class);
    out.push('"');
    attribute(out, "x", x);
    attribute(out, "y", y);
    out.push('>');
    escaped(out, label);
    // The blank keeps this text apart from the next where both are read as one.
    out.push_str("</text> ");
}

pub fn path(out: &mut String, class: &str, d: &str) {
    out.push_str("<path class=\"");
    out.push_str(class);
    out.push_str("\" d=\"");
    out.push_str(d);
    out.push_str("\"/>");
}

pub fn circle(out: &mut String, class: &str, x: f64, y: f64, radius: f64) {
    out.push_str("<circle class=\"");
    out.push_str(class);
    out.push('"');
    attribute(out, "cx", x);
    attribute(out, "cy", y);
    attribute(out, "r", radius);
    out.push_str("/>");
}
