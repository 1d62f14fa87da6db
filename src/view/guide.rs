//! What each lab shows of a trace: one [`Guide`] per lab, in one table.
//!
//! A lab's folder (`view/pool/`, `view/lsm/`) has a scene, captions, measures and so on; its guide names them, and the
//! rest of the page asks the table. What a guide says nothing about comes from [`Guide::PLAIN`].
//!
//! Events belong to layers, not to labs: the log lab logs the changes of a B+tree. So what is asked about an event is
//! asked of every guide until one answers; what is asked about a whole run is asked of the guide of its lab.

use super::drawing::Draw;
use super::facts::Facts;
use super::markers::MarkerKind;
use super::measures::{self, Measure};
use super::pseudocode::{Algorithm, SEARCH};
use super::{Selection, View, cluster, eviction, log, lsm, pages, pool, sharding, stack, tiers, transactions};
use glassbase_trace::{EngineState, Event, Lane, NodeId, Record};

/// Every lab that shows something of its own; the first is the one of a run without a lab.
pub static GUIDES: &[&Guide] = &[
    &BTREE,
    &pages::GUIDE,
    &pool::GUIDE,
    &eviction::GUIDE,
    &lsm::GUIDE,
    &log::GUIDE,
    // Before those of clusters: it has sentences of its own for events that it shares with them.
    &sharding::GUIDE,
    &cluster::LEADER_FOLLOWER,
    &cluster::MULTI_LEADER,
    &cluster::QUORUM,
    &cluster::CAP,
    &cluster::RAFT,
    &cluster::PAXOS,
    &cluster::CLOCKS,
    &transactions::GUIDE,
    &tiers::GUIDE,
    // The last: it has a sentence for every event of the caches and of what is inside a shard.
    &stack::GUIDE,
];

/// The B+tree has a stage of its own, and what every engine has in common is told in its words.
pub static BTREE: Guide = Guide { lab: "btree", lanes: Lane::ALWAYS, ..Guide::PLAIN };

/// What a lab shows.
#[derive(Debug)]
pub struct Guide {
    /// The lab's word.
    pub lab: &'static str,
    /// Draws a step for the plate; nothing for a lab with a stage of its own.
    pub draw: Option<Draw>,
    /// One sentence about an event, told from the view before it; nothing for events of other layers.
    pub caption: fn(&View, &Record) -> Option<String>,
    /// One sentence from the record alone.
    pub describe: fn(&Record) -> Option<String>,
    /// The numbers beside the stage, in the order in which they are shown.
    pub measures: &'static [Measure],
    /// The pseudocode that stands there before any has run, and the line that runs at an event.
    pub algorithm: &'static Algorithm,
    pub running: fn(&View, &Record) -> Option<(&'static Algorithm, usize)>,
    /// Whether an event is a place that matters.
    pub marker: fn(&Event) -> Option<MarkerKind>,
    /// The lanes that are there even while nothing has happened in them.
    pub lanes: &'static [Lane],
    /// Its colour among the lanes.
    pub tone: fn(&Event) -> Option<(Tone, Dot)>,
    /// How many milliseconds it takes on the screen at 1x, given the virtual time since the record before.
    pub pace_ms: fn(&Event, u64) -> Option<f64>,
    /// What a selected thing is made of; nothing for things of other layers.
    pub inspect: fn(&View, Selection) -> Option<Facts>,
    /// What the inspector says while nothing is selected.
    pub invitation: &'static str,
    /// Changes the lab's parts of the state as the engine did.
    pub fold: fn(&mut EngineState, &Event),
    /// About how many words of memory the lab's parts of the second state hold beyond what they share with the first.
    pub words: fn(&EngineState, &EngineState) -> usize,
    /// The buttons above the stage.
    pub quick: &'static [Quick],
    /// What can be done to a selected thing: the text of a button, and the line that it issues at the playhead.
    pub actions: fn(&View, Selection) -> Vec<(String, String)>,
    /// What is behind a selected thing: its name, and what the door into it says.
    pub door: fn(&View, Selection) -> Option<(String, String)>,
    /// When a selected thing happened, by virtual time: its door leads to that moment, rather than to that of the playhead.
    pub moment: fn(&View, Selection) -> Option<u64>,
    /// What a stroke across the stage asks for, if strokes ask for something.
    pub cutting: Option<Cutting>,
    /// The picture is of two halves, a stage and a diagram of time, which can be shown apart; the diagram can be zoomed.
    pub has_time: bool,
    /// In a comparison both runs stand at one moment of virtual time, rather than at one part of a command.
    pub by_clock: bool,
    /// What is asked for in the field that `{key}` stands for.
    pub field: &'static str,
}

/// The lines of script for a stroke across the stage, given where the nodes are.
pub type Cutting = fn(&[(NodeId, (f64, f64))], ((f64, f64), (f64, f64))) -> Option<String>;

impl Guide {
    /// Says nothing about anything of its own.
    pub const PLAIN: Guide = Guide {
        lab: "",
        draw: None,
        caption: |_, _| None,
        describe: |_| None,
        measures: measures::MEASURES,
        algorithm: &SEARCH,
        running: |_, _| None,
        marker: |_| None,
        lanes: &[Lane::Script],
        tone: |_| None,
        pace_ms: |_, _| None,
        inspect: |_, _| None,
        invitation: "Click a page, a key or a frame on the stage: here is what it is made of, down to the bytes.",
        fold: |_, _| {},
        words: |_, _| 0,
        quick: &[],
        actions: |_, _| Vec::new(),
        door: |_, selection| match selection {
            Selection::Node(node) if !node.is_client() => Some((node.to_string(), "Its store".to_string())),
            _ => None,
        },
        moment: |_, _| None,
        cutting: None,
        has_time: false,
        by_clock: false,
        field: "key",
    };

    /// The guide of a lab.
    pub fn of(lab: &str) -> &'static Guide {
        GUIDES.iter().find(|guide| guide.lab == lab).unwrap_or(&&BTREE)
    }
}

impl PartialEq for Guide {
    fn eq(&self, other: &Guide) -> bool {
        std::ptr::eq(self, other)
    }
}

/// A colour with a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Ink,
    Muted,
    Accent,
    Hit,
    Miss,
    Dirty,
    Pinned,
    Logged,
    Stale,
    Failed,
}

/// How an event is marked in its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dot {
    Full,
    Ring,
}

/// A button above the stage: its text, and the line that it issues. `{key}` and `{count}` in the line stand for what is
/// in the fields beside the buttons; the fields are there when a line asks for them.
#[derive(Clone, Copy, Debug)]
pub struct Quick {
    pub text: &'static str,
    pub line: &'static str,
}

/// What a guide says of an event, from the first that has something to say.
pub fn told<T>(ask: impl Fn(&'static Guide) -> Option<T>) -> Option<T> {
    GUIDES.iter().find_map(|guide| ask(guide))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lab_has_one_guide_and_a_number_is_named_once() {
        for (index, guide) in GUIDES.iter().enumerate() {
            assert!(GUIDES[..index].iter().all(|other| other.lab != guide.lab), "{} twice", guide.lab);
            assert_eq!(Guide::of(guide.lab), *guide);
            let mut names: Vec<&str> = guide.measures.iter().map(|measure| measure.name).collect();
            names.sort_unstable();
            assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{}: {names:?}", guide.lab);
        }
        assert_eq!(Guide::of("no such lab"), &BTREE);
    }
}
