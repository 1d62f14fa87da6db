//! The player: where in a run we are, whether it moves, and how two runs stand side by side.
//!
//! The playhead is a position of the trace with a fraction: at 41.3 the first 41 records have happened and the record
//! with index 41 is under way, three tenths done. Two runs of a comparison share one playhead, that of the left one;
//! the right one stands at the same command, the same fraction of it done
//! (a line that sets what the left run leaves at its default stands at the right alone, and is passed over):
//!
//! ```text
//!   left    |insert 1     |insert 2           |insert 3  |
//!   right   |insert 1 |insert 2                      |insert 3 |
//!                           ^ same command, same fraction
//! ```
//!
//! **Invariant:** `0 <= playhead <= length of the trace`.

use super::pace;
use super::run::Run;
use crate::lab::Session;
use crate::trace::Record;
use crate::view::Timeline;
use crate::view::camera::within;

/// What stands at the right in a comparison.
pub struct Rival {
    pub run: Run,
    pub setting: String,
    /// Its value at the right, whatever a line of the script says: only the left one goes by that.
    pub value: String,
    /// The line, from 1, that only the right script has: its setting, when the left one leaves it at its default.
    pub extra_line: Option<usize>,
}

impl Rival {
    /// The number of the left run's command `index` at the right.
    fn counterpart(&self, index: usize) -> usize {
        let (Some(line), Some(session)) = (self.extra_line, self.run.session()) else { return index };
        let above = session.commands().partition_point(|span| span.line < line);
        index + usize::from(index >= above)
    }
}

/// The runs and the playhead.
pub struct Player {
    pub run: Run,
    pub rival: Option<Rival>,
    playhead: f64,
    playing: bool,
    pub speed: f64,
    /// Where to come to rest by itself: after one event, when stepping.
    stop_at: Option<f64>,
    /// No positions in between (the person asked for reduced motion).
    pub still: bool,
}

/// Ways to move the playhead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Move {
    To(f64),
    Event(i8),
    Command(i8),
    Start,
    End,
}

impl Player {
    pub fn new(run: Run, still: bool) -> Player {
        Player { run, rival: None, playhead: 0.0, playing: false, speed: 1.0, stop_at: None, still }
    }

    /// Puts another run in and gives back the one that was there; the speed stays.
    pub fn replace(&mut self, run: Run) -> Run {
        let before = std::mem::replace(&mut self.run, run);
        self.rival = None;
        self.playhead = 0.0;
        self.stop_at = None;
        self.playing = false;
        before
    }

    pub fn playhead(&self) -> f64 {
        self.playhead
    }

    /// Records that have happened.
    pub fn position(&self) -> usize {
        self.playhead as usize
    }

    /// The record that the caption is about: the one under way, else the last that happened.
    pub fn current(&self) -> Option<usize> {
        let position = self.position();
        if self.playhead > position as f64 { Some(position) } else { position.checked_sub(1) }
    }

    pub fn is_playing(&self) -> bool {
        self.playing
    }

    /// Whether a person follows a film, as opposed to looking at one step.
    pub fn is_rolling(&self) -> bool {
        self.playing && self.stop_at.is_none()
    }

    fn length(&self) -> f64 {
        self.run.len() as f64
    }

    /// Whether there is nothing after the playhead, and nothing will come.
    pub fn is_at_end(&self) -> bool {
        self.run.len() > 0 && self.playhead >= self.length() && !self.is_working()
    }

    /// Whether all that there is was played, and more is on its way.
    pub fn has_to_wait(&self) -> bool {
        self.is_working() && self.playhead >= self.length()
    }

    pub fn is_working(&self) -> bool {
        self.run.is_working() || self.rival.as_ref().is_some_and(|rival| rival.run.is_working())
    }

    /// Whether another frame is needed.
    pub fn is_moving(&self) -> bool {
        self.is_working() || (self.playing && self.playhead < self.length())
    }

    pub fn play(&mut self) {
        if self.playhead >= self.length() && !self.is_working() {
            self.playhead = 0.0;
        }
        self.stop_at = None;
        self.playing = true;
    }

    pub fn pause(&mut self) {
        self.playing = false;
        self.stop_at = None;
    }

    pub fn seek(&mut self, movement: Move) {
        let length = self.length();
        let (playhead, position) = (self.playhead, self.position());
        self.pause();
        let target = match movement {
            Move::To(target) => target,
            Move::Start => 0.0,
            Move::End => length,
            Move::Event(way) if way < 0 => playhead.ceil() - 1.0,
            Move::Event(_) => return self.step_forward(),
            Move::Command(way) if way < 0 => {
                self.run.timeline().with(|timeline| timeline.command_before(position)) as f64
            }
            Move::Command(_) => self.run.timeline().with(|timeline| timeline.command_after(position)) as f64,
        };
        self.playhead = within(target, 0.0, length);
    }

    /// Plays one event and rests; when it is already under way it is finished at once.
    fn step_forward(&mut self) {
        let next = (self.playhead.floor() + 1.0).min(self.length());
        if self.still || self.playhead.fract() > 0.0 {
            self.playhead = next;
        } else if next > self.playhead {
            self.stop_at = Some(next);
            self.playing = true;
        }
    }

    /// Moves the playhead by so much of real time. True when it moved.
    pub fn advance(&mut self, elapsed_ms: f64) -> bool {
        if !self.playing {
            return false;
        }
        let before = self.playhead;
        let end = self.stop_at.unwrap_or(f64::INFINITY).min(self.length());
        let mut left_ms = elapsed_ms * if self.stop_at.is_some() { self.speed.max(1.0) } else { self.speed };
        while left_ms > 0.0 && self.playhead < end {
            let position = self.position();
            let whole_ms = self.duration_ms(position);
            let rest_ms = whole_ms * (1.0 - self.playhead.fract());
            if rest_ms > left_ms {
                self.playhead += left_ms / whole_ms;
                break;
            }
            left_ms -= rest_ms;
            self.playhead = (position + 1) as f64;
        }
        self.playhead = self.playhead.min(end);
        if self.playhead >= end && (self.stop_at.is_some() || !self.is_working()) {
            self.pause();
        }
        self.playhead != before
    }

    /// In a comparison, a command takes as long as on the side that has more to show.
    fn duration_ms(&self, position: usize) -> f64 {
        let event = self.run.timeline().with(|timeline| {
            let before_ns = position.checked_sub(1).and_then(|before| timeline.record(before));
            let before_ns = before_ns.map_or(0, |record| record.time_ns);
            let pace = |record: &Record| pace::duration_ms(&record.event, record.time_ns.saturating_sub(before_ns));
            timeline.record(position).map_or(1.0, pace)
        });
        if self.run.timeline().guide().by_clock {
            return event;
        }
        let Some((left, right)) = self.spans_at(position) else { return event };
        event * (right.len() as f64 / left.len().max(1) as f64).max(1.0)
    }

    fn spans_at(&self, position: usize) -> Option<(std::ops::Range<usize>, std::ops::Range<usize>)> {
        let rival = self.rival.as_ref()?;
        let left = self.run.session()?;
        let index = command_at(left, position)?;
        let right = rival.run.session()?.commands().get(rival.counterpart(index))?;
        Some((left.commands()[index].records.clone(), right.records.clone()))
    }

    /// Where the right run of a comparison stands.
    pub fn rival_playhead(&self) -> f64 {
        let Some(rival) = &self.rival else { return 0.0 };
        let length = rival.run.len() as f64;
        if self.playhead >= self.length() && !self.is_working() {
            return length;
        }
        if self.run.timeline().guide().by_clock
            && let Some(playhead) = self.at_one_time(rival)
        {
            return playhead;
        }
        match self.spans_at(self.position()) {
            Some((left, right)) => {
                let done = (self.playhead - left.start as f64) / left.len().max(1) as f64;
                (right.start as f64 + done.min(1.0) * right.len() as f64).min(length)
            }
            None => self.between_commands(rival).min(length),
        }
    }

    /// Where the right run is at the virtual time of the left one; nothing before time passes.
    fn at_one_time(&self, rival: &Rival) -> Option<f64> {
        let position = self.position();
        let time_ns = |timeline: &Timeline, index: usize| timeline.record(index).map(|record| record.time_ns);
        let now_ns = self.run.timeline().with(|timeline| {
            let before_ns = time_ns(timeline, position.checked_sub(1)?)?;
            let after_ns = time_ns(timeline, position).unwrap_or(before_ns);
            Some(before_ns as f64 + (self.playhead - position as f64) * after_ns.saturating_sub(before_ns) as f64)
        })?;
        rival.run.timeline().with(|timeline| {
            let past = timeline.happened_by(now_ns as u64);
            let before_ns = time_ns(timeline, past.checked_sub(1)?)? as f64;
            if now_ns < 1.0 {
                return None;
            }
            let Some(after_ns) = time_ns(timeline, past) else { return Some(past as f64) };
            let part = (now_ns - before_ns) / (after_ns as f64 - before_ns).max(1.0);
            Some(past as f64 + within(part, 0.0, 0.999))
        })
    }

    /// Before the first command, between two and after the last: as far into the gap as the left run is.
    fn between_commands(&self, rival: &Rival) -> f64 {
        let (Some(left), Some(right)) = (self.run.session(), rival.run.session()) else { return 0.0 };
        let passed = left.commands().partition_point(|span| span.records.end <= self.position());
        let Some(last) = passed.checked_sub(1) else { return self.playhead };
        let end_of = |session: &Session, index: usize| {
            session.commands().get(index).map_or(session.trace().len(), |span| span.records.end)
        };
        end_of(right, rival.counterpart(last)) as f64 + (self.playhead - end_of(left, last) as f64)
    }
}

/// The command to which the record at `position` belongs.
fn command_at(session: &Session, position: usize) -> Option<usize> {
    let commands = session.commands();
    let index = commands.partition_point(|span| span.records.end <= position);
    commands.get(index).filter(|span| span.records.start <= position).map(|_| index)
}
