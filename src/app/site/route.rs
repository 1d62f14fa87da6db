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

use web_sys::Element;

use super::Page;
use super::home::{HERO, STILL_AT};
use crate::app::fork::Undo;
use crate::app::kept::Kept;
use crate::app::root::App;
use crate::app::run::Run;
use crate::app::{LabRef, browser};
use crate::lab::{LABS, Link, preset};

/// How long the run behind the first words rests at its end.
const REST_MS: u32 = 5000;
/// How far below the upper edge of its list the open lab stands, when it has to be brought up.
const LAB_BELOW_PX: i32 = 44;

/// Where the app is among the pages of the site.
#[derive(Default)]
pub struct Route {
    /// The page that is shown in the place of a lab.
    pub page: Option<Page>,
    /// What stands behind the `#` of the lab's address.
    pub address: String,
    /// The lab's run, while the first page shows its own.
    aside: Option<Box<Undo>>,
    /// What the tab has kept of a page before this one, until its address is opened.
    pub kept: Option<Kept>,
    /// The run in the player is that of the first page; it rests at its end.
    pub has_hero: bool,
    hero_rests: bool,
    home_scroll: i32,
    /// The page is another one than was drawn last.
    pub turned: bool,
    /// It is not the first of all.
    moved_by_hand: bool,
}

impl Route {
    /// The lab's run, while the first page shows its own.
    pub fn aside(&self) -> Option<&Undo> {
        self.aside.as_deref()
    }
}

impl App {
    /// Goes to an address of this page: a new step in the browser's history.
    pub fn go_to(&mut self, fragment: &str) {
        self.shown = None;
        self.drawer = None;
        self.note_scroll();
        if fragment != self.place.fragment() {
            self.place.push_fragment(fragment);
        }
        self.arrive(fragment);
    }

    /// Shows what an address means.
    pub fn arrive(&mut self, fragment: &str) {
        let page = if self.embed { None } else { Page::of(fragment) };
        self.site.turned = true;
        match page {
            Some(page) => self.turn_to(page),
            None if self.site.page.is_some() && fragment == self.site.address && self.is_lab_open() => self.come_back(),
            // A link that cannot be read leaves everything as it is.
            None if Link::decode(fragment).is_err() => self.follow(fragment),
            None => {
                (self.site.page, self.site.aside) = (None, None);
                self.follow(fragment);
            }
        }
    }

    /// The lab whose address this is has a run: on the stage, or put aside for the first page.
    fn is_lab_open(&self) -> bool {
        self.site.aside.is_some() || !self.site.has_hero
    }

    fn come_back(&mut self) {
        self.site.page = None;
        if let Some(aside) = self.site.aside.take() {
            self.site.has_hero = false;
            self.undo = Some(aside);
            self.undo();
        }
    }

    fn turn_to(&mut self, page: Page) {
        self.player.pause();
        self.dismiss();
        self.goal = None;
        if page == Page::Home && !self.site.has_hero {
            self.raise_curtain();
        } else if page == Page::Home {
            self.play_hero();
        }
        self.site.page = Some(page);
    }

    /// Puts the lab's run aside, if there is one, and begins that of the first page.
    fn raise_curtain(&mut self) {
        self.leave_doors();
        let undo = self.put_aside(Run::open(""), "");
        self.site.aside = (!self.site.address.is_empty()).then(|| Box::new(undo));
        self.site.page = None;
        self.put_hero();
    }

    fn put_hero(&mut self) {
        let (lab, shown) = preset(HERO).unwrap_or((LABS[0], &LABS[0].presets[0]));
        let index = lab.presets.iter().position(|other| std::ptr::eq(other, shown)).unwrap_or(0);
        self.put_preset(lab, index);
        self.lab = LabRef(lab);
        self.site.has_hero = true;
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
        if self.site.page == Some(Page::Home)
            && self.player.is_at_end()
            && self.preset.is_some()
            && !self.site.hero_rests
        {
            self.site.hero_rests = true;
            let act = self.act.clone();
            browser::after(REST_MS, move || act.emit(crate::app::action::Action::Again));
        }
    }

    /// The first page is scrolled on, and what it shows of its run is above.
    pub fn is_hero_out_of_sight(&self) -> bool {
        let far = |site: Element| f64::from(site.scroll_top()) > 1.2 * f64::from(site.client_height());
        self.site.page == Some(Page::Home) && !self.player.is_working() && self.place.find("#site").is_some_and(far)
    }

    /// Nothing is done but to look again.
    pub fn rest_out_of_sight(&mut self) {
        self.frames.arrived();
        self.last_frame_ms = None;
        self.frames.request();
    }

    pub fn begin_hero_again(&mut self) {
        self.site.hero_rests = false;
        if self.site.page == Some(Page::Home) && self.player.is_at_end() && self.preset.is_some() && !self.player.still
        {
            self.player.play();
        }
    }

    /// The run of the first page becomes that of its lab, at the same moment.
    pub fn enter_hero(&mut self) {
        self.note_scroll();
        let fragment = format!("preset={HERO}");
        self.place.push_fragment(&fragment);
        (self.site.address, self.site.page, self.site.aside, self.site.has_hero, self.site.turned) =
            (fragment, None, None, false, true);
        self.selected = None;
        self.player.play();
    }

    /// A run has been opened from a page that is no lab, by a file or a text: the address of it is a new one.
    pub fn leave_page_for(&mut self, fragment: &str) {
        self.note_scroll();
        self.place.push_fragment(fragment);
        self.site.address = fragment.to_string();
        (self.site.page, self.site.aside, self.site.has_hero, self.site.turned) = (None, None, false, true);
    }

    /// Remembers how far the first page was scrolled.
    pub fn note_scroll(&mut self) {
        if self.site.page == Some(Page::Home) {
            self.site.home_scroll = self.place.find("#site").map_or(0, |site| site.scroll_top());
        }
    }

    /// After a page was turned and drawn: its name, where it is scrolled to, and the focus for those who read by ear.
    pub fn page_turned(&mut self) {
        if !std::mem::take(&mut self.site.turned) || self.embed {
            return;
        }
        browser::set_title(&self.page_title());
        match &self.site.page {
            None => return self.bring_up_lab(),
            Some(Page::Home) => {
                if let Some(site) = self.place.find("#site") {
                    site.set_scroll_top(self.site.home_scroll);
                }
            }
            Some(Page::Glossary(at) | Page::Reference(at)) => match browser::by_id(&format!("at-{at}")) {
                Some(entry) => {
                    entry.scroll_into_view();
                    return browser::focus(&format!("at-{at}"));
                }
                None => {
                    if let Some(site) = self.place.find("#site") {
                        site.set_scroll_top(0);
                    }
                }
            },
        }
        if self.site.moved_by_hand {
            self.place.focus("page");
        }
        self.site.moved_by_hand = true;
    }

    /// Where the list of labs is longer than its room, it is scrolled to the one that is open, if that is not seen.
    fn bring_up_lab(&self) {
        let (Some(nav), Some(lab)) = (self.place.find("#nav"), self.place.find("#nav li:has(> .lab[aria-current])"))
        else {
            return;
        };
        let (room, at) = (nav.get_bounding_client_rect(), lab.get_bounding_client_rect());
        if at.top() < room.top() || at.bottom() > room.bottom() {
            nav.set_scroll_top(nav.scroll_top() + (at.top() - room.top()) as i32 - LAB_BELOW_PX);
        }
    }

    fn page_title(&self) -> String {
        match &self.site.page {
            Some(Page::Home) => "Glassbase".to_string(),
            Some(Page::Glossary(_)) => "Glossary - Glassbase".to_string(),
            Some(Page::Reference(_)) => "Reference - Glassbase".to_string(),
            None => format!("{}: {} - Glassbase", self.lab.0.title, self.title),
        }
    }
}
