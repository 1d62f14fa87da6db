//! What a page of the tree looks like, as SVG text, in the units of the picture with its left upper corner at 0, 0.
//!
//! ```text
//!   ╭──────────────────────◥╮   ◥ dirty    ⚲ pinned    ● hit   ○ miss
//!   │ 12  root       ⚲  ●   │   solid border: in the pool; dashed: only on the disk
//!   │  10  │  20  │  37     │
//!   │ ▬▬▬▬▬▬▬▬▬▬▬▬▬▬        │
//!   ╰───────────────────────╯
//! ```

use crate::app::room::svg::{attribute, circle, digits, escaped, num, path, rect, text};
use crate::trace::PageId;
use crate::view::metrics::{FILL_H, HEADER_H, Metrics, OVERFLOW_GAP, OVERFLOW_H, OVERFLOW_W, PAD, PAGE_H, SLOT_H};
use crate::view::scene::{Lod, Look, Mark, Touch};

/// The classes of a page's group.
pub fn classes(look: &Look) -> String {
    let mut classes = String::from("page");
    for (is, class) in [
        (look.level == 0, " leaf"),
        (look.level > 0, " inner"),
        (!look.pooled, " ondisk"),
        (look.on_path, " onpath"),
        (look.current, " current"),
        (look.selected, " selected"),
        (look.touch == Touch::Evicted, " evicted"),
        (look.touch == Touch::Active, " active"),
    ] {
        if is {
            classes.push_str(class);
        }
    }
    classes
}

/// What a page contains, for its group.
pub fn page(page: PageId, look: &Look, fill: f64, metrics: &Metrics, lod: Lod) -> String {
    let mut out = String::with_capacity(900);
    // The title is the page's name for those who do not see it, and says it better than the texts inside.
    out.push_str("<title>");
    escaped(&mut out, &name(page, look, fill));
    out.push_str("</title>");
    out.push_str("<g aria-hidden=\"true\">");
    rect(&mut out, "box", [0.0, 0.0, metrics.page_w, PAGE_H], 6.0);
    match lod {
        Lod::Bars => rect(&mut out, "level", [0.0, 0.0, metrics.page_w, PAGE_H], 6.0),
        Lod::Keys => {
            header(&mut out, page, look, metrics);
            slots(&mut out, look, metrics);
            let y = PAGE_H - 8.0;
            rect(&mut out, "gauge", [PAD, y, metrics.page_w - 2.0 * PAD, FILL_H], FILL_H / 2.0);
            rect(&mut out, "level", [PAD, y, 0.0, FILL_H], FILL_H / 2.0);
        }
    }
    if look.dirty {
        notch(&mut out, metrics.page_w);
    }
    overflow(&mut out, look, metrics);
    out.push_str("</g>");
    out
}

fn header(out: &mut String, page: PageId, look: &Look, metrics: &Metrics) {
    let mut id = String::new();
    digits(&mut id, u64::from(page.0));
    if look.root {
        id.push_str(" root");
    }
    text(out, "id", PAD, 13.0, &id);
    let mut x = metrics.page_w - 19.0;
    if look.pinned {
        pin(out, x);
        x -= 12.0;
    }
    match look.touch {
        Touch::Hit => circle(out, "hit", x, 8.5, 3.4),
        Touch::Miss => circle(out, "miss", x, 8.5, 3.0),
        Touch::Written => path(out, "written", &written(x)),
        _ => {}
    }
}

/// A pin: a head and a needle.
fn pin(out: &mut String, x: f64) {
    circle(out, "pin", x, 6.5, 2.6);
    let mut needle = String::from("M");
    num(&mut needle, x);
    needle.push_str(" 9v5");
    path(out, "pin", &needle);
}

/// An arrow down to the disk.
fn written(x: f64) -> String {
    let mut arrow = String::from("M");
    num(&mut arrow, x);
    arrow.push_str(" 4.5v8m-3-3l3 3l3-3");
    arrow
}

/// A filled corner.
fn notch(out: &mut String, width: f64) {
    let mut corner = String::from("M");
    num(&mut corner, width - 11.0);
    corner.push_str(" 0H");
    num(&mut corner, width - 6.0);
    corner.push('Q');
    num(&mut corner, width);
    corner.push_str(" 0 ");
    num(&mut corner, width);
    corner.push_str(" 6V11Z");
    path(out, "notch", &corner);
}

/// The cells, each in a group of its own that can be moved; the first child of the page's class `cells`.
fn slots(out: &mut String, look: &Look, metrics: &Metrics) {
    let mut lines = String::new();
    let columns = look.texts.len().max(1);
    for column in 1..columns {
        lines.push('M');
        num(&mut lines, metrics.slot_x(column as f64));
        lines.push(' ');
        num(&mut lines, HEADER_H + 4.0);
        lines.push_str("v16");
    }
    path(out, "divider", &lines);
    out.push_str("<g class=\"cells\">");
    for cell in &look.texts {
        let class = match (cell.slot, cell.mark) {
            (None, _) => "cell gap",
            (_, Mark::None) => "cell",
            (_, Mark::Compared) => "cell compared",
            (_, Mark::Found) => "cell found",
            (_, Mark::Selected) => "cell chosen",
        };
        out.push_str("<g class=\"");
        out.push_str(class);
        out.push('"');
        if let Some(slot) = cell.slot {
            attribute(out, "data-slot", f64::from(slot));
        }
        out.push('>');
        rect(out, "spot", [2.0, HEADER_H + 2.0, metrics.slot_w - 4.0, SLOT_H - 4.0], 4.0);
        text(out, "key", metrics.slot_w / 2.0, HEADER_H + 16.5, &cell.label);
        out.push_str("</g>");
    }
    out.push_str("</g>");
}

/// The first pages of long values, below the slot whose value they hold.
fn overflow(out: &mut String, look: &Look, metrics: &Metrics) {
    for chain in &look.overflow {
        let middle = metrics.slot_x(chain.column as f64 + 0.5);
        let left = middle - OVERFLOW_W / 2.0;
        let top = PAGE_H + OVERFLOW_GAP;
        let mut line = String::from("M");
        num(&mut line, middle);
        line.push(' ');
        num(&mut line, PAGE_H);
        line.push_str("v16");
        path(out, "overflow-line", &line);
        if chain.pages > 1 {
            rect(out, "overflow", [left + 3.0, top + 3.0, OVERFLOW_W, OVERFLOW_H], 3.0);
        }
        out.push_str("<g");
        attribute(out, "data-overflow", f64::from(chain.first.0));
        out.push('>');
        rect(out, "overflow", [left, top, OVERFLOW_W, OVERFLOW_H], 3.0);
        let mut label = String::new();
        digits(&mut label, u64::from(chain.first.0));
        text(out, "overflow-id", middle, top + 13.5, &label);
        out.push_str("</g>");
        if chain.pages > 1 {
            let mut more = String::from("+");
            digits(&mut more, chain.pages as u64 - 1);
            text(out, "overflow-more", left + OVERFLOW_W + 6.0, top + 15.0, &more);
        }
    }
}

/// A page in words.
fn name(page: PageId, look: &Look, fill: f64) -> String {
    let mut name = String::from(if look.level == 0 { "Leaf page " } else { "Inner page " });
    digits(&mut name, u64::from(page.0));
    if look.root {
        name.push_str(" root");
    }
    // What is written in the page comes as it stands there, so that who sees it can also say it.
    for (index, cell) in look.texts.iter().enumerate() {
        name.push_str(if index == 0 { ": " } else { " " });
        name.push_str(&cell.label);
    }
    name.push_str("; ");
    digits(&mut name, look.keys as u64);
    name.push_str(if look.keys == 1 { " key" } else { " keys" });
    name.push_str(", ");
    digits(&mut name, (fill * 100.0).round() as u64);
    name.push_str(" % full, ");
    name.push_str(if look.pooled { "in the pool" } else { "on disk only" });
    for (is, word) in [(look.dirty, ", dirty"), (look.pinned, ", pinned"), (look.on_path, ", on the search path")] {
        if is {
            name.push_str(word);
        }
    }
    name
}
