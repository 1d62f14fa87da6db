//! A run that outlives its page: what was typed, forked or set since the address was opened is kept by the browser's tab, and
//! is there again when the page is reloaded.
//!
//! ```text
//!   1                       version
//!   preset=textbook         the address whose run it was
//!   142 or end              where the playhead stood
//!   split:middle or -       the setting that differs on the right
//!   preset or -             whether it still counts as the preset
//!   Textbook insert         title
//!   lab btree …             script
//! ```
//!
//! One run is kept, the last. What cannot be read, or is for another address, is as if it were not there.

use super::browser;
use super::player::Rival;
use super::root::{App, Notice};
use super::run::Run;
use crate::lab::{Link, Session};
use yew::AttrValue;

const NAME: &str = "glassbase-run";
const VERSION: &str = "1";
/// A longer script is not kept: a tab has room for a few megabytes.
const SCRIPT_MAX: usize = 512 << 10;

/// A run as the tab keeps it.
#[derive(PartialEq)]
pub struct Kept {
    address: String,
    /// At its end, if not said.
    position: Option<usize>,
    compare: Option<(String, String)>,
    is_preset: bool,
    title: String,
    script: String,
}

impl Kept {
    /// What the tab has kept, if it can be read.
    pub fn recall() -> Option<Kept> {
        Kept::read(&browser::recall_for_tab(NAME)?)
    }

    fn read(text: &str) -> Option<Kept> {
        let mut parts = text.splitn(7, '\n');
        let mut next = || parts.next();
        if next()? != VERSION {
            return None;
        }
        let address = next()?.to_string();
        let position = next()?.parse().ok();
        let compare = next()?.split_once(':').map(|(name, value)| (name.to_string(), value.to_string()));
        let is_preset = next()? == "preset";
        let title = next()?.to_string();
        let script = next().filter(|script| script.len() <= SCRIPT_MAX)?.to_string();
        Some(Kept { address, position, compare, is_preset, title, script })
    }

    fn text(&self) -> String {
        let position = self.position.map_or_else(|| "end".to_string(), |position| position.to_string());
        let compare = self.compare.as_ref().map_or_else(|| "-".to_string(), |(name, value)| format!("{name}:{value}"));
        let (address, title, script) = (&self.address, self.title.replace('\n', " "), &self.script);
        let preset = if self.is_preset { "preset" } else { "-" };
        format!("{VERSION}\n{address}\n{position}\n{compare}\n{preset}\n{title}\n{script}")
    }

    /// The run of an address, if it is another one than the address opens.
    fn of(address: &str, run: &Run, rival: Option<&Rival>, position: usize) -> Option<Kept> {
        run.session()?;
        let link = Link::decode(address).ok()?;
        let script = run.script();
        let compare = rival.map(|rival| (rival.setting.clone(), rival.value.clone()));
        let is_same = script.trim_end() == link.script.trim_end() && compare == link.compare;
        if is_same || script.len() > SCRIPT_MAX {
            return None;
        }
        let position = (position < run.len() || run.is_working()).then_some(position);
        Some(Kept { address: address.to_string(), position, compare, is_preset: false, title: String::new(), script })
    }
}

impl App {
    /// The page may be about to go: what is not as its address says is put where the next one finds it.
    pub fn keep(&self) {
        if self.embed || !self.place.has_page() {
            return;
        }
        match self.departed() {
            Some(kept) => browser::keep_for_tab(NAME, Some(&kept.text())),
            // What was not come back to yet stays.
            None if self.site.kept.is_some() => {}
            None => browser::keep_for_tab(NAME, None),
        }
    }

    fn departed(&self) -> Option<Kept> {
        let address = &self.site.address;
        match self.site.aside().or(self.before_doors()) {
            Some(aside) => {
                let (run, rival, position) = aside.stood();
                let kept = Kept::of(address, run, rival, position)?;
                Some(Kept { is_preset: aside.is_preset(), title: aside.title(), ..kept })
            }
            None if self.site.has_hero => None,
            None => {
                let player = &self.player;
                let kept = Kept::of(address, &player.run, player.rival.as_ref(), player.position())?;
                Some(Kept { is_preset: self.preset.is_some(), title: self.title.to_string(), ..kept })
            }
        }
    }

    /// After an address was opened: goes on with the run that the tab has kept of it, and says so.
    pub fn come_back_to_kept(&mut self, address: &str) {
        let Some(kept) = self.site.kept.take_if(|kept| kept.address == address) else { return };
        // A lab or a word that is not known any more: what the address opens stands.
        if !Session::new(&kept.script).problems().is_empty() {
            return;
        }
        let preset = self.preset;
        self.open_script(&kept.script, &kept.title);
        self.preset = preset.filter(|_| kept.is_preset);
        self.compare(kept.compare);
        self.player.pause();
        self.goal = Some(kept.position.unwrap_or(usize::MAX));
        self.say("The page was loaded anew. Your run is here again, as it stood.");
        if let Some(Notice { back, .. }) = &mut self.notice {
            *back = Some(AttrValue::from(kept.address));
        }
    }
}
