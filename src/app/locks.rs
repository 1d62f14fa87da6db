//! What a teacher does not want touched: `?lock=timeline,speed`, or the attribute `lock` of the element.
//!
//! A lock holds back what people do. What the page around asks for by the interface is not held back.

use super::action::Action;
use super::player::Move;

/// A set of locks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Locks(u8);

impl Locks {
    /// Playing and pausing.
    pub const PLAY: Locks = Locks(1);
    /// Going by events and commands, to the start and to the end.
    pub const STEP: Locks = Locks(1 << 1);
    /// Pulling the playhead.
    pub const TIMELINE: Locks = Locks(1 << 2);
    pub const SPEED: Locks = Locks(1 << 3);
    /// What clicks and strokes on the stage do, and the cures below it.
    pub const STAGE: Locks = Locks(1 << 4);
    /// Opening, dropping and pasting other scripts.
    pub const FILES: Locks = Locks(1 << 5);

    const WORDS: &'static [(&'static str, Locks)] = &[
        ("play", Locks::PLAY),
        ("step", Locks::STEP),
        ("timeline", Locks::TIMELINE),
        ("speed", Locks::SPEED),
        ("stage", Locks::STAGE),
        ("files", Locks::FILES),
        ("all", Locks(u8::MAX)),
    ];

    /// Reads words with commas or blanks between them; words that are not known are passed over.
    pub fn read(text: &str) -> Locks {
        let words = text.split([',', ' ']).filter_map(|word| Locks::WORDS.iter().find(|(known, _)| *known == word));
        words.fold(Locks::default(), |all, (_, lock)| Locks(all.0 | lock.0))
    }

    pub fn has(self, lock: Locks) -> bool {
        self.0 & lock.0 != 0
    }

    pub fn forbid(self, action: &Action) -> bool {
        let lock = match action {
            Action::Play => Locks::PLAY,
            Action::Move(Move::To(_)) | Action::Moment(_) => Locks::TIMELINE,
            Action::Move(_) => Locks::STEP,
            Action::Speed(_) => Locks::SPEED,
            Action::Select(_)
            | Action::SelectAt(..)
            | Action::Here(_)
            | Action::Door(_)
            | Action::CrashAt(_)
            | Action::Compare(_) => Locks::STAGE,
            Action::Paste(_) | Action::File(_) | Action::RunScript(_) | Action::OpenPreset(..) => Locks::FILES,
            _ => return false,
        };
        self.has(lock)
    }
}
