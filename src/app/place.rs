//! Where the app stands: in a page of its own, or in an element of somebody else's page.
//!
//! ```text
//!   Ground::Page      document ─ body ─ #app                        keys, drops and the address of the whole page
//!   Ground::Element   document ─ … ─ <glassbase-lab> ─ shadow ─ div    what happens in there, and no address
//! ```
//!
//! Several apps may stand in one document, each in an element. **Invariant:** what an app looks for it looks for below its
//! own root, and what it listens to ends when it does; only an app that has the page to itself touches the document.

use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, HtmlElement};

use super::browser;

/// What the app stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    Page,
    Element,
}

/// Where the app stands.
#[derive(Clone, PartialEq)]
pub struct Place {
    /// What it is drawn into.
    root: Element,
    ground: Ground,
}

impl Place {
    pub fn new(root: Element, ground: Ground) -> Place {
        Place { root, ground }
    }

    /// Whether it has a page, its address and its keys to itself.
    pub fn has_page(&self) -> bool {
        self.ground == Ground::Page
    }

    /// What hears of keys, drops and pastes that are meant for the app.
    pub fn listener(&self) -> EventTarget {
        if self.has_page() { browser::document().into() } else { self.root.clone().into() }
    }

    pub fn find(&self, selector: &str) -> Option<Element> {
        self.root.query_selector(selector).ok().flatten()
    }

    pub fn contains(&self, node: &web_sys::Node) -> bool {
        self.root.contains(Some(node))
    }

    /// Gives the keyboard's focus to an element by its id.
    pub fn focus(&self, id: &str) {
        if let Some(element) = self.html(id) {
            let _ = element.focus();
        }
    }

    pub fn click(&self, id: &str) {
        if let Some(element) = self.html(id) {
            element.click();
        }
    }

    fn html(&self, id: &str) -> Option<HtmlElement> {
        // Ids are the program's own words: they need no escaping.
        let mut selector = String::from("#");
        selector.push_str(id);
        self.find(&selector)?.dyn_into().ok()
    }

    /// What the link in the address says; nothing where the address is another page's.
    pub fn fragment(&self) -> String {
        if self.has_page() { browser::fragment() } else { String::new() }
    }

    pub fn replace_fragment(&self, fragment: &str) {
        if self.has_page() {
            browser::replace_fragment(fragment);
        }
    }

    pub fn push_fragment(&self, fragment: &str) {
        if self.has_page() {
            browser::push_fragment(fragment);
        }
    }

    /// Whether it has its dark colours: chosen by hand, or else by the system.
    pub fn is_dark(&self) -> bool {
        match self.themed().and_then(|element| element.get_attribute("data-theme")).as_deref() {
            Some("dark") => true,
            Some("light") => false,
            _ => browser::media_matches("(prefers-color-scheme: dark)"),
        }
    }

    pub fn set_theme(&self, theme: &str) {
        if let Some(element) = self.themed() {
            let _ = element.set_attribute("data-theme", theme);
        }
        if self.has_page() {
            browser::remember("glassbase-theme", theme);
        }
    }

    /// The element whose attribute says which colours were chosen.
    fn themed(&self) -> Option<Element> {
        if self.has_page() { browser::document().document_element() } else { Some(self.root.clone()) }
    }
}
