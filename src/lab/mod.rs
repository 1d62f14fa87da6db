//! What a person works with: the script language, the session that runs it, and one file per lab.
//!
//! ```text
//!   text ──parse──▶ Script ──step──▶ Session ──▶ engine ──▶ Trace
//!     ▲               │ problems        │ checkpoints: fork, stop, bytes of a page at any point
//!     └── permalink ◀─┘                 └ answers, refusals, expectations: events like any other
//! ```
//!
//! - [`declaration`]: what a lab says about itself; everything that knows words takes them from there.
//! - [`script`], [`statement`], [`argument`], [`token`], [`data`]: the language.
//! - [`complete`], [`help`]: completion and help. [`words`]: near words, numbers for people. [`span`]: times.
//! - [`session`], [`world`], [`checkpoint`]: a run.
//! - [`machine`]: what a run needs of a lab's engine. [`values`]: the settings. [`expectations`], [`refusal`], [`keys`]: what labs share.
//! - [`btree`]: the B+tree lab. [`pages`]: the lab of pages and rows. [`lsm`]: that of the log-structured merge tree.
//!   [`log`]: the lab of log and recovery. [`cache`]: that of cache tiers. [`cluster`]: the labs of clusters. [`sharding`]:
//!   that of shards. [`transactions`]: the lab of work that spans shards. [`passing`]: how virtual time passes in them.
//!   [`stack`]: the lab of all floors together.
//! - [`glossary`], [`search`]: the words of the field, and whatever has a name, to be found.
//! - [`intake`]: files that are dropped on the page. [`permalink`]: a run in a link.
//!
//! **Invariant:** a run is its script: running [`Session::script`] anew gives the same trace, byte for byte.

pub mod argument;
pub mod btree;
pub mod cache;
pub mod checkpoint;
pub mod cluster;
pub mod complete;
pub mod data;
pub mod declaration;
pub mod eviction;
pub mod expectations;
pub mod glossary;
pub mod help;
pub mod intake;
pub mod keys;
pub mod log;
pub mod lsm;
pub mod machine;
pub mod pages;
pub mod passing;
pub mod permalink;
pub mod pool;
pub mod refusal;
pub mod script;
pub mod search;
pub mod session;
pub mod sharding;
pub mod span;
pub mod stack;
pub mod statement;
pub mod token;
#[cfg(test)]
pub mod toy;
pub mod transactions;
pub mod values;
pub mod words;
pub mod world;

pub use argument::Value;
pub use complete::{Completion, common_prefix, complete, usage_of};
pub use data::Data;
pub use declaration::{Argument, ArgumentKind, CommandInfo, Cure, Form, LabInfo, Preset, SettingInfo};
pub use expectations::Finding;
pub use help::help;
pub use machine::{Machine, Task};
pub use permalink::Link;
pub use refusal::Refusal;
pub use script::{Problem, Script};
pub use session::{Behind, CommandSpan, PageBytes, Progress, Region, Session, TRIAL_UNITS};
pub use statement::LANGUAGE;
pub use values::Values;

/// Every lab; the first is the one that a script without a `lab` line is for.
pub static LABS: &[&LabInfo] = &[
    &btree::BTREE,
    &pages::PAGES,
    &pool::POOL,
    &eviction::EVICTION,
    &cache::CACHE,
    &lsm::LSM,
    &log::LOG,
    &cluster::LEADER_FOLLOWER,
    &cluster::MULTI_LEADER,
    &cluster::QUORUM,
    &cluster::CAP,
    &cluster::RAFT,
    &cluster::PAXOS,
    &cluster::CLOCKS,
    &sharding::SHARDING,
    &transactions::TRANSACTIONS,
    &stack::STACK,
    #[cfg(test)]
    &toy::TOY,
];

/// The lab called `name`.
pub fn lab(name: &str) -> Option<&'static LabInfo> {
    LABS.iter().copied().find(|lab| lab.name == name)
}

/// What a preset is called in a link, and behind `glassbase preset`: `NAME` in the first lab, `LAB/NAME` in the others, so
/// that two labs may have presets of one name.
pub fn preset_word(lab: &LabInfo, preset: &Preset) -> String {
    if std::ptr::eq(lab, LABS[0]) { preset.name.to_string() } else { format!("{}/{}", lab.name, preset.name) }
}

/// The preset called `word`: `LAB/NAME`, or the first one of that name in any lab.
pub fn preset(word: &str) -> Option<(&'static LabInfo, &'static Preset)> {
    let (labs, name) = match word.split_once('/') {
        Some((name, preset)) => (LABS.iter().filter(|lab| lab.name == name).copied().collect(), preset),
        None => (LABS.to_vec(), word),
    };
    labs.into_iter().find_map(|lab| Some((lab, lab.preset(name)?)))
}

/// What to say to a word that is no preset: the nearest that is one; else the presets of its lab, or what a preset's word
/// looks like and which labs there are. All presets together would be a wall of words.
pub fn preset_suggestion(word: &str) -> String {
    let of_lab = |lab: &&'static LabInfo| lab.presets.iter().map(|preset| preset_word(lab, preset)).collect::<Vec<_>>();
    let known: Vec<String> = LABS.iter().flat_map(of_lab).collect();
    if let Some(near) = words::nearest(word, known.iter().map(String::as_str)) {
        return format!("did you mean \"{near}\"?");
    }
    let named = word.split_once('/').and_then(|(name, _)| LABS.iter().find(|lab| lab.name == name));
    match named {
        Some(lab) => format!("there are: {}", of_lab(lab).join(", ")),
        None => {
            let labs: Vec<&str> = LABS.iter().map(|lab| lab.name).collect();
            format!("it is LAB/NAME, such as \"{}\"; the labs are: {}", known[known.len() - 1], labs.join(", "))
        }
    }
}
