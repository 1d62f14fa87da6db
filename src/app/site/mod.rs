//! The site around the labs: the first page with its catalogue, the glossary, the reference, the search.
//!
//! ```text
//!   address                    page          what stands on it
//!   (nothing)                  Home          a run of its own behind the first words; the catalogue
//!   #glossary=write-ahead-log  Glossary      all words, one of them marked
//!   #reference=lsm/put         Reference     all that a lab understands, one entry marked
//!   anything else              none          a lab, as the link says
//! ```
//!
//! - [`home`], [`catalogue`]: the first page. [`glossary`], [`reference`]: what is looked up. [`search`]: the dialog that finds.
//! - [`route`]: going from page to page, with the browser's own back and forward.
//!
//! **Invariant:** a page is its address: every page can be reloaded, linked to, and gone back to.

pub mod catalogue;
mod glossary;
mod home;
mod reference;
pub mod route;
pub mod search;

use yew::prelude::*;

use self::glossary::GlossaryProps;
use self::reference::ReferenceProps;
use super::action::{Act, Action, Shown, on};
use super::icons::{self, icon, icon_button, mark};
use super::part::Part;
use super::root::App;
use super::shell;

pub use self::glossary::{GlossaryProps as Glossary, glossary};
pub use self::home::{DoorsProps as Doors, doors};
pub use self::reference::{ReferenceProps as Reference, reference};

/// A page that is no lab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    Home,
    /// The entry that is marked, as in links; may be empty.
    Glossary(String),
    /// The lab and the entry that are shown: `lsm/put`, `lsm`, or nothing.
    Reference(String),
}

impl Page {
    /// The page that an address means by what stands behind its `#`; none is a lab.
    pub fn of(fragment: &str) -> Option<Page> {
        let (name, rest) = fragment.split_once('=').unwrap_or((fragment, ""));
        let rest = rest.split('&').next().unwrap_or("").to_string();
        match name {
            "" => Some(Page::Home),
            "glossary" => Some(Page::Glossary(rest)),
            "reference" => Some(Page::Reference(rest)),
            _ => None,
        }
    }
}

/// A page in the place of the lab's shell.
pub fn page(app: &App, page: &Page) -> Html {
    let act = &app.act;
    html! {
        <div class={classes!("site", app.dropping.then_some("dropping"))} id="site">
            <a class="skip" href="#page" onclick={shell::skip(app, "page")}>{ "Skip to the content" }</a>
            { header(act, page) }
            <main id="page" tabindex="-1">
                { match page {
                    Page::Home => home::home(app),
                    Page::Glossary(at) => Part::Glossary(GlossaryProps { at: at.clone(), act: act.clone() }).draw(),
                    Page::Reference(at) => Part::Reference(ReferenceProps { at: at.clone(), act: act.clone() }).draw(),
                } }
            </main>
            { shell::notice(app) }
            { shell::over(app) }
        </div>
    }
}

fn header(act: &Act, page: &Page) -> Html {
    let place = |fragment: &'static str, name: &'static str, here: bool| {
        html! { <a href={format!("#{fragment}")} aria-current={here.then_some("page")} onclick={go(act, fragment)}>{ name }</a> }
    };
    html! {
        <header class="head">
            { brand(act) }
            <nav class="places" aria-label="Site">
                { place("", "Labs", *page == Page::Home) }
                { place("glossary", "Glossary", matches!(page, Page::Glossary(_))) }
                { place("reference", "Reference", matches!(page, Page::Reference(_))) }
            </nav>
            <div class="tools">
                <button type="button" class="line finder" aria-label="Search labs, commands, words" aria-keyshortcuts="/" onclick={on::<MouseEvent>(act, Action::Show(Shown::Search))}>
                    { icon(icons::SEARCH) }<span class="wide-only">{ "Search labs, commands, words" }</span><kbd class="wide-only" aria-hidden="true">{ "/" }</kbd>
                </button>
                { icon_button(icons::THEME, "Light or dark", on(act, Action::Theme), false) }
            </div>
        </header>
    }
}

/// The name of it all, which leads home.
pub fn brand(act: &Act) -> Html {
    html! { <a class="brand" href="#" title="All labs" onclick={go(act, "")}>{ mark() }<span class="name">{ "Glassbase" }</span></a> }
}

/// A click that goes to a page without loading it anew; with a key held it is the browser's, which opens a new tab.
pub fn go(act: &Act, fragment: impl Into<AttrValue>) -> Callback<MouseEvent> {
    let (act, fragment) = (act.clone(), fragment.into());
    Callback::from(move |event: MouseEvent| {
        if !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key()) {
            event.prevent_default();
            act.emit(Action::Go(fragment.clone()));
        }
    })
}
