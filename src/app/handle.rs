//! What JavaScript holds of an app: `www/start.js` of the page's own, `www/lab-element.js` one for each element.
//!
//! One program, instantiated once, may hold any number of apps: each is a Yew root of its own.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::Element;
use yew::AppHandle;

use super::browser;
use super::host::{Call, Wish};
use super::place::{Ground, Place};
use super::root::{self, App, AppProps, Msg};

thread_local! {
    /// Whom to tell when the program fails: all of its apps are gone then.
    static TOLD: RefCell<Vec<Function>> = const { RefCell::new(Vec::new()) };
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    /// Whether the page is the program's own, with a place for its failures.
    static HAS_PAGE: Cell<bool> = const { Cell::new(false) };
}

/// An app on the page.
#[wasm_bindgen]
pub struct Lab {
    app: AppHandle<App>,
    tell: Option<Function>,
}

#[wasm_bindgen]
impl Lab {
    /// Draws a lab into `root`. `options` has `script`, `link`, `preset`, `lab`, `lock`, `answers`, `play`; `tell` hears of what
    /// happens: a word and an object.
    #[wasm_bindgen(constructor)]
    pub fn new(root: Element, options: &JsValue, tell: Function) -> Lab {
        watch_failures();
        TOLD.with_borrow_mut(|told| told.push(tell.clone()));
        let wish = Wish::read(options, Some(tell.clone()));
        Lab { app: draw(root, Ground::Element, wish), tell: Some(tell) }
    }

    /// Asks for something: `done` is called with the state when it is carried out, `failed` with an error that has a `code`.
    pub fn call(&self, name: String, argument: JsValue, done: Function, failed: Function) {
        self.app.send_message(Msg::Call(Call { name, argument, done, failed }));
    }

    /// Takes the app off the page.
    pub fn close(self) {
        TOLD.with_borrow_mut(|told| told.retain(|other| Some(other) != self.tell.as_ref()));
        self.app.destroy();
    }
}

/// Draws the page into the element that index.html has for it; nothing where there is none.
#[wasm_bindgen]
pub fn page(tell: Option<Function>) -> Option<Lab> {
    HAS_PAGE.set(true);
    let root = browser::by_id("app")?;
    let wish = Wish::of_address(tell.clone());
    Some(Lab { app: draw(root, Ground::Page, wish), tell })
}

fn draw(root: Element, ground: Ground, wish: Wish) -> AppHandle<App> {
    let props = AppProps { place: Place::new(root.clone(), ground), wish: Rc::new(wish) };
    yew::Renderer::<App>::with_root_and_props(root, props).render()
}

/// A program that fails says so where people look: the page in its failure page, the elements each in theirs.
pub fn watch_failures() {
    if WATCHED.replace(true) {
        return;
    }
    yew::set_custom_panic_hook(Box::new(|info| {
        let what = info.to_string();
        if HAS_PAGE.get() {
            root::keep_last_script();
            browser::tell_failure(&what);
        }
        let told = TOLD.with(|told| told.try_borrow().map(|told| told.clone()).unwrap_or_default());
        for tell in told {
            let _ = tell.call2(&JsValue::NULL, &"failed".into(), &what.as_str().into());
        }
        console_error_panic_hook::hook(info);
    }));
}
