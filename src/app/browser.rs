//! The few things that the page asks of the browser, each behind a plain function.
//!
//! Whatever may be forbidden (storage, clipboard) answers with nothing instead of failing: the page works without.

use gloo_timers::callback::Timeout;
use wasm_bindgen::prelude::*;
use web_sys::{Document, Element, HtmlElement, Window};

pub fn window() -> Window {
    web_sys::window().expect("the page runs in a window")
}

pub fn document() -> Document {
    window().document().expect("a window has a document")
}

pub fn by_id(id: &str) -> Option<Element> {
    document().get_element_by_id(id)
}

/// Milliseconds since the page was opened; for pacing and budgets only, never for anything the engine sees.
pub fn now_ms() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// Marks a moment in the browser's own measurements.
pub fn mark(name: &str) {
    if let Some(performance) = window().performance() {
        let _ = performance.mark(name);
    }
}

pub fn media_matches(query: &str) -> bool {
    window().match_media(query).ok().flatten().is_some_and(|list| list.matches())
}

pub fn prefers_stillness() -> bool {
    media_matches("(prefers-reduced-motion: reduce)")
}

pub fn remember(name: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(name, value);
    }
}

/// Keeps a text for as long as the tab is there, also while the page is loaded anew; nothing in the place of what was kept.
pub fn keep_for_tab(name: &str, value: Option<&str>) {
    if let Ok(Some(storage)) = window().session_storage() {
        let _ = match value {
            Some(value) => storage.set_item(name, value),
            None => storage.remove_item(name),
        };
    }
}

pub fn recall_for_tab(name: &str) -> Option<String> {
    window().session_storage().ok()??.get_item(name).ok()?
}

/// The part of the address behind `#`, without it.
pub fn fragment() -> String {
    let fragment = window().location().hash().unwrap_or_default();
    fragment.strip_prefix('#').unwrap_or(&fragment).to_string()
}

/// What the address says of `name` behind `?`; empty when it is there without a value.
pub fn asked_for(name: &str) -> Option<String> {
    let search = window().location().search().unwrap_or_default();
    let mut parts = search.trim_start_matches('?').split('&').map(|part| part.split_once('=').unwrap_or((part, "")));
    let (_, value) = parts.find(|(known, _)| *known == name)?;
    js_sys::decode_uri_component(&value.replace('+', " ")).ok().map(String::from)
}

/// The address of the page with another fragment.
pub fn address_with(fragment: &str) -> String {
    let href = window().location().href().unwrap_or_default();
    let page = href.split('#').next().unwrap_or_default();
    format!("{page}#{fragment}")
}

/// Changes the fragment without a new entry in the history and without a `hashchange`.
pub fn replace_fragment(fragment: &str) {
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address_of(fragment)));
    }
}

/// Puts a step into the history: the page has another fragment from now on.
pub fn push_fragment(fragment: &str) {
    if let Ok(history) = window().history() {
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&address_of(fragment)));
    }
}

/// The address of the page with a fragment, or without any.
fn address_of(fragment: &str) -> String {
    let address = address_with(fragment);
    if fragment.is_empty() { address.trim_end_matches('#').to_string() } else { address }
}

/// Gives the keyboard's focus to an element of the site's own pages; labs look below their own root.
pub fn focus(id: &str) {
    if let Some(element) = by_id(id).and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

pub fn set_title(title: &str) {
    document().set_title(title);
}

/// Scrolls until an element is seen, gently where that is wanted.
pub fn bring_up(id: &str) {
    if let Some(element) = by_id(id) {
        element.scroll_into_view();
    }
}

/// Puts text on the clipboard; false when the browser does not allow it.
pub async fn copy(text: String) -> bool {
    let clipboard = window().navigator().clipboard();
    if clipboard.is_undefined() {
        return false;
    }
    wasm_bindgen_futures::JsFuture::from(clipboard.write_text(&text)).await.is_ok()
}

/// Hands a text to the person as a file.
pub fn download(name: &str, text: &str) {
    let kind = if name.ends_with(".svg") { "image/svg+xml" } else { "text/plain;charset=utf-8" };
    let Some(url) = object_url(text, kind) else { return };
    offer(name, &url);
    let _ = web_sys::Url::revoke_object_url(&url);
}

/// An address for a text; whoever asked gives it up again.
pub fn object_url(text: &str, kind: &str) -> Option<String> {
    let parts = js_sys::Array::of1(&JsValue::from_str(text));
    let options = web_sys::BlobPropertyBag::new();
    options.set_type(kind);
    let blob = web_sys::Blob::new_with_str_sequence_and_options(&parts, &options).ok()?;
    web_sys::Url::create_object_url_with_blob(&blob).ok()
}

/// Hands what an address holds to the person as a file.
pub fn offer(name: &str, url: &str) {
    if let Ok(anchor) = document().create_element("a") {
        let _ = anchor.set_attribute("href", url);
        let _ = anchor.set_attribute("download", name);
        if let Ok(anchor) = anchor.dyn_into::<HtmlElement>() {
            anchor.click();
        }
    }
}

/// Sets a CSS property of an element; through the object model, which the Content-Security-Policy allows.
pub fn set_style(element: &Element, property: &str, value: &str) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        let _ = element.style().set_property(property, value);
    }
}

/// A number with one decimal. (The formatting of std is exact for every number there is, and large.)
pub fn tenths(value: f64) -> String {
    let tenths = (value * 10.0 + 0.5) as u64;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// The value of a custom property of the palette, as it is where `element` stands.
pub fn palette(element: &Element, name: &str) -> String {
    let style = window().get_computed_style(element).ok().flatten();
    style.and_then(|style| style.get_property_value(name).ok()).unwrap_or_default().trim().to_string()
}

/// A field in which text is typed.
pub fn field(id: &str) -> Option<web_sys::HtmlInputElement> {
    by_id(id)?.dyn_into().ok()
}

/// Takes the focus from an element, if it has it.
pub fn unfocus(element: &Element) {
    if element.matches(":focus").unwrap_or(false)
        && let Some(element) = element.dyn_ref::<HtmlElement>()
    {
        let _ = element.blur();
    }
}

/// Keeps the script where the failure page finds it even when the program cannot be asked any more.
pub fn keep_script(script: &str) {
    if let Some(area) = by_id("failed-script").and_then(|area| area.dyn_into::<web_sys::HtmlTextAreaElement>().ok()) {
        area.set_value(script);
    }
}

/// Listens until it is dropped.
pub struct Listening {
    target: web_sys::EventTarget,
    event: &'static str,
    handler: Closure<dyn FnMut(web_sys::Event)>,
}

impl Listening {
    pub fn to(
        target: web_sys::EventTarget,
        event: &'static str,
        handler: impl FnMut(web_sys::Event) + 'static,
    ) -> Listening {
        let handler = Closure::<dyn FnMut(web_sys::Event)>::new(handler);
        let _ = target.add_event_listener_with_callback(event, handler.as_ref().unchecked_ref());
        Listening { target, event, handler }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.target.remove_event_listener_with_callback(self.event, self.handler.as_ref().unchecked_ref());
    }
}

/// Calls back once per frame for as long as it is asked again. Dropped, it does not call back any more.
pub struct Frames {
    callback: Closure<dyn FnMut(f64)>,
    waiting: Option<i32>,
}

impl Frames {
    pub fn new(handler: impl FnMut(f64) + 'static) -> Frames {
        Frames { callback: Closure::new(handler), waiting: None }
    }

    /// Asks for one more frame, unless one is already on its way.
    pub fn request(&mut self) {
        if self.waiting.is_none() {
            self.waiting = window().request_animation_frame(self.callback.as_ref().unchecked_ref()).ok();
        }
    }

    /// To be called by the handler: the frame is there.
    pub fn arrived(&mut self) {
        self.waiting = None;
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        if let Some(waiting) = self.waiting {
            let _ = window().cancel_animation_frame(waiting);
        }
    }
}

/// Calls back whenever an element changes its size, until it is dropped.
pub struct Sizes {
    observer: web_sys::ResizeObserver,
    _callback: Closure<dyn FnMut()>,
}

impl Sizes {
    pub fn watch(element: &Element, handler: impl FnMut() + 'static) -> Option<Sizes> {
        let callback = Closure::<dyn FnMut()>::new(handler);
        let observer = web_sys::ResizeObserver::new(callback.as_ref().unchecked_ref()).ok()?;
        observer.observe(element);
        Some(Sizes { observer, _callback: callback })
    }
}

impl Drop for Sizes {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Tells which elements come into view, until it is dropped.
pub struct Sights {
    observer: web_sys::IntersectionObserver,
    _callback: Closure<dyn FnMut(js_sys::Array)>,
}

impl Sights {
    /// Watches the elements inside of one that fit the selector.
    pub fn watch(parent: &Element, selector: &str, seen: impl Fn(Vec<Element>) + 'static) -> Option<Sights> {
        let callback = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
            let entries = entries.iter().map(|entry| entry.unchecked_into::<web_sys::IntersectionObserverEntry>());
            let there = entries.filter(|entry| entry.is_intersecting()).map(|entry| entry.target());
            seen(there.collect());
        });
        let observer = web_sys::IntersectionObserver::new(callback.as_ref().unchecked_ref()).ok()?;
        let list = parent.query_selector_all(selector).ok()?;
        for index in 0..list.length() {
            if let Some(element) = list.get(index).and_then(|node| node.dyn_into::<Element>().ok()) {
                observer.observe(&element);
            }
        }
        Some(Sights { observer, _callback: callback })
    }
}

impl Drop for Sights {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Writes what went wrong into the failure page, which start.js shows.
pub fn tell_failure(what: &str) {
    if let Some(place) = by_id("failed-what") {
        place.set_text_content(Some(what));
    }
}

/// Calls back once after a while.
pub fn after(milliseconds: u32, callback: impl FnOnce() + 'static) {
    Timeout::new(milliseconds, callback).forget();
}
