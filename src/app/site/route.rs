//! Going from page to page, with the browser's own back and forward.
//!
//! ```text
//!   home ──▶ lab ──▶ glossary ──▶ back: the lab, as it was left
//!    ▲                              its run waits, at rest
//!    └── back: the run behind the first words begins anew, the catalogue is where it was
//! ```
//!
//! A lab's run is kept while another page is shown, until another run is opened. The first page has a run of its own: that
//! of the lab is put aside for it.

use super::Page;
use super::home::{HERO, STILL_AT};
use crate::app::root::App;
use crate::app::run::Run;
use crate::app::{LabRef, browser};
use crate::lab::{LABS, Link, preset};

/// How long the run behind the first words rests at its end.
const REST_MS: u32 = 5000;

impl App {
    /// Goes to an address of this page: a new step in the browser's history.
    pub fn go_to(&mut self, fragment: &str) {
        self.shown = None;
        self.drawer = None;
        self.note_scroll();
        if fragment != browser::fragment() {
            browser::push_fragment(fragment);
        }
        self.arrive(fragment);
    }

    /// Shows what an address means.
    pub fn arrive(&mut self, fragment: &str) {
        let page = if self.embed { None } else { Page::of(fragment) };
        self.turned = true;
        match page {
            Some(page) => self.turn_to(page),
            None if self.page.is_some() && fragment == self.address && self.is_lab_open() => self.come_back(),
            // A link that cannot be read leaves everything as it is.
            None if Link::decode(fragment).is_err() => self.follow(fragment),
            None => {
                (self.page, self.aside) = (None, None);
                self.follow(fragment);
            }
        }
    }

    /// The lab whose address this is has a run: on the stage, or put aside for the first page.
    fn is_lab_open(&self) -> bool {
        self.aside.is_some() || !self.has_hero
    }

    fn come_back(&mut self) {
        self.page = None;
        if let Some(aside) = self.aside.take() {
            self.has_hero = false;
            self.undo = Some(aside);
            self.undo();
        }
    }

    fn turn_to(&mut self, page: Page) {
        self.player.pause();
        self.dismiss();
        self.goal = None;
        if page == Page::Home && !self.has_hero {
            self.raise_curtain();
        } else if page == Page::Home {
            self.play_hero();
        }
        self.page = Some(page);
    }

    /// Puts the lab's run aside, if there is one, and begins that of the first page.
    fn raise_curtain(&mut self) {
        let undo = self.put_aside(Run::open(""), "");
        self.aside = (!self.address.is_empty()).then(|| Box::new(undo));
        self.page = None;
        self.put_hero();
    }

    fn put_hero(&mut self) {
        let (lab, shown) = preset(HERO).unwrap_or((LABS[0], &LABS[0].presets[0]));
        let index = lab.presets.iter().position(|other| std::ptr::eq(other, shown)).unwrap_or(0);
        self.put_preset(lab, index);
        self.lab = LabRef(lab);
        self.has_hero = true;
        self.play_hero();
    }

    /// Where nothing is to move by itself it stands at a moment that is worth looking at.
    fn play_hero(&mut self) {
        if self.player.still {
            self.player.pause();
            self.goal = Some(STILL_AT);
        } else {
            self.player.play();
        }
    }

    /// The run of the first page has come to its end: after a while it begins anew, unless somebody has changed it.
    pub fn let_hero_rest(&mut self) {
        if self.page == Some(Page::Home) && self.player.is_at_end() && self.preset.is_some() && !self.hero_rests {
            self.hero_rests = true;
            let act = self.act.clone();
            browser::after(REST_MS, move || act.emit(crate::app::action::Action::Again));
        }
    }

    pub fn begin_hero_again(&mut self) {
        self.hero_rests = false;
        if self.page == Some(Page::Home) && self.player.is_at_end() && self.preset.is_some() && !self.player.still {
            self.player.play();
        }
    }

    /// The run of the first page becomes that of its lab, at the same moment.
    pub fn enter_hero(&mut self) {
        self.note_scroll();
        let fragment = format!("preset={HERO}");
        browser::push_fragment(&fragment);
        (self.address, self.page, self.aside, self.has_hero, self.turned) = (fragment, None, None, false, true);
        self.selected = None;
        self.player.play();
    }

    /// A run has been opened from a page that is no lab, by a file or a text: the address of it is a new one.
    pub fn leave_page_for(&mut self, fragment: &str) {
        self.note_scroll();
        browser::push_fragment(fragment);
        (self.page, self.aside, self.has_hero, self.turned) = (None, None, false, true);
    }

    /// Remembers how far the first page was scrolled.
    pub fn note_scroll(&mut self) {
        if self.page == Some(Page::Home) {
            self.home_scroll = browser::by_id("site").map_or(0, |site| site.scroll_top());
        }
    }

    /// After a page was turned and drawn: its name, where it is scrolled to, and the focus for those who read by ear.
    pub fn page_turned(&mut self) {
        if !std::mem::take(&mut self.turned) || self.embed {
            return;
        }
        browser::set_title(&self.page_title());
        match &self.page {
            None => return,
            Some(Page::Home) => {
                if let Some(site) = browser::by_id("site") {
                    site.set_scroll_top(self.home_scroll);
                }
            }
            Some(Page::Glossary(at) | Page::Reference(at)) => match browser::by_id(&format!("at-{at}")) {
                Some(entry) => {
                    entry.scroll_into_view();
                    return browser::focus(&format!("at-{at}"));
                }
                None => {
                    if let Some(site) = browser::by_id("site") {
                        site.set_scroll_top(0);
                    }
                }
            },
        }
        if self.moved_by_hand {
            browser::focus("page");
        }
        self.moved_by_hand = true;
    }

    fn page_title(&self) -> String {
        match &self.page {
            Some(Page::Home) => "Glassbase".to_string(),
            Some(Page::Glossary(_)) => "Glossary - Glassbase".to_string(),
            Some(Page::Reference(_)) => "Reference - Glassbase".to_string(),
            None => format!("{}: {} - Glassbase", self.lab.0.title, self.title),
        }
    }
}
