//! What the page has to say at the lower edge of the stage: one thing at a time, which goes by itself.

use yew::AttrValue;

use super::action::Action;
use super::browser;
use super::root::{App, Notice};

/// How long a notice stays that asks for nothing.
const NOTICE_MS: u32 = 8000;

impl App {
    pub fn say(&mut self, text: &str) {
        self.tell(text, false);
    }

    pub fn complain(&mut self, text: &str) {
        self.tell(text, true);
    }

    fn tell(&mut self, text: &str, bad: bool) {
        self.undo = None;
        self.notices += 1;
        let number = self.notices;
        self.notice = Some(Notice { text: AttrValue::from(text.to_string()), bad, number, back: None });
        self.let_fade(number);
    }

    fn let_fade(&self, number: u32) {
        let act = self.act.clone();
        browser::after(NOTICE_MS, move || act.emit(Action::Fade(number)));
    }

    /// What was said is of a run that is gone, or was read.
    pub fn dismiss(&mut self) {
        (self.notice, self.undo) = (None, None);
    }

    /// A notice that tells of no mistake goes by itself, unless someone is at it. While a fork can be taken back, the
    /// button for that stays.
    pub fn fade(&mut self, number: u32) {
        let Some(notice) = self.notice.as_mut().filter(|notice| notice.number == number && !notice.bad) else { return };
        if self.place.find(".notice:is(:hover, :focus-within)").is_some() {
            self.let_fade(number);
        } else if self.undo.is_some() || notice.back.is_some() {
            notice.text = AttrValue::default();
        } else {
            self.notice = None;
        }
    }
}
