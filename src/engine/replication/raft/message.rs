//! What Raft's nodes say to one another.
//!
//! ```text
//!   candidate ──vote-request──▶ everybody          ◀──vote────────────
//!   leader    ──append-entries──▶ its followers    ◀──appended──, ◀──rejected──
//!             ──install-snapshot──▶ one far behind ◀──appended──
//!             ──timeout-now──▶ the one to take over
//!   operator  ──change-members, transfer──▶ leader
//! ```

use std::rc::Rc;

use super::super::message::{RequestId, Wire};
use super::entry::{Configuration, Entry, names};
use super::machine::Contents;
use glassbase_trace::NodeId;

/// A message of Raft.
#[derive(Clone, Debug)]
pub enum Message {
    VoteRequest(Rc<VoteRequest>),
    Vote {
        term: u64,
        granted: bool,
        /// It answers a pre-vote: `term` is then the term that was asked about, if it was granted.
        pre: bool,
    },
    Append(Rc<Append>),
    /// The follower's log agrees with the leader's up to `matched`.
    Appended {
        term: u64,
        round: u64,
        matched: u64,
    },
    /// The follower's log has no entry like the leader's there. It has `conflict_term` at that place, whose first entry
    /// is at `conflict_index`; term 0: its log ends before `conflict_index`.
    Rejected {
        term: u64,
        round: u64,
        conflict_term: u64,
        conflict_index: u64,
    },
    Install(Rc<Install>),
    /// Start an election now: the leader steps back.
    TimeoutNow {
        term: u64,
    },
    /// From an operator, not from a node.
    Admin(Rc<Admin>),
}

#[derive(Clone, Debug)]
pub struct VoteRequest {
    /// The candidate's term; before the vote, the term that it would have.
    pub term: u64,
    pub last_index: u64,
    pub last_term: u64,
    /// Only asking.
    pub pre: bool,
    /// The leader wants it: nobody has to protect the leader.
    pub transfer: bool,
}

#[derive(Clone, Debug)]
pub struct Append {
    pub term: u64,
    /// The entry before the first one that is sent.
    pub prev_index: u64,
    pub prev_term: u64,
    pub entries: Vec<Entry>,
    pub committed: u64,
    /// Which round of heartbeats this belongs to; the answer brings it back.
    pub round: u64,
}

#[derive(Clone, Debug)]
pub struct Install {
    pub term: u64,
    pub round: u64,
    pub snapshot: Rc<Snapshot>,
}

/// All that a log says up to an index.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub last_index: u64,
    pub last_term: u64,
    /// The latest configuration up to there, and its index.
    pub configuration: (u64, Rc<Configuration>),
    pub contents: Contents,
}

/// What an operator wants. It is answered like a client's request.
#[derive(Clone, Debug, PartialEq)]
pub struct Admin {
    pub id: RequestId,
    pub wish: Wish,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// These nodes are to vote, and those to get the log without a vote.
    Members { voters: Vec<NodeId>, learners: Vec<NodeId> },
    /// That node is to lead; none: whoever has most of the log.
    Transfer(Option<NodeId>),
}

impl Wire for Message {
    fn kind(&self) -> &'static str {
        match self {
            Message::VoteRequest(request) if request.pre => "pre-vote-request",
            Message::VoteRequest(_) => "vote-request",
            Message::Vote { pre: true, .. } => "pre-vote",
            Message::Vote { .. } => "vote",
            Message::Append(append) if append.entries.is_empty() => "heartbeat",
            Message::Append(_) => "append-entries",
            Message::Appended { .. } => "appended",
            Message::Rejected { .. } => "rejected",
            Message::Install(_) => "install-snapshot",
            Message::TimeoutNow { .. } => "timeout-now",
            Message::Admin(admin) => match admin.wish {
                Wish::Members { .. } => "change-members",
                Wish::Transfer(_) => "transfer",
            },
        }
    }

    fn bytes(&self) -> u32 {
        match self {
            Message::VoteRequest(_) => 26,
            Message::Vote { .. } => 10,
            Message::Append(append) => 40 + append.entries.iter().map(Entry::bytes).sum::<u32>(),
            Message::Appended { .. } => 24,
            Message::Rejected { .. } => 32,
            Message::Install(install) => 40 + install.snapshot.contents.bytes(),
            Message::TimeoutNow { .. } => 8,
            Message::Admin(_) => 32,
        }
    }

    fn text(&self) -> String {
        match self {
            Message::VoteRequest(request) => {
                let VoteRequest { term, last_index, last_term, transfer, .. } = &**request;
                let why = if *transfer { ", by order of the leader" } else { "" };
                format!("term {term}, log up to {last_index} of term {last_term}{why}")
            }
            Message::Vote { term, granted: true, .. } => format!("yes, term {term}"),
            Message::Vote { term, granted: false, .. } => format!("no, term {term}"),
            Message::Append(append) => append.text(),
            Message::Appended { term, matched, .. } => format!("term {term}, agrees up to {matched}"),
            Message::Rejected { term, conflict_term: 0, conflict_index, .. } => {
                format!("term {term}, nothing from {conflict_index} on")
            }
            Message::Rejected { term, conflict_term, conflict_index, .. } => {
                format!("term {term}, has term {conflict_term} from {conflict_index} on")
            }
            Message::Install(install) => {
                let Snapshot { last_index, last_term, .. } = &*install.snapshot;
                format!("term {}, all up to {last_index} of term {last_term}", install.term)
            }
            Message::TimeoutNow { term } => format!("term {term}"),
            Message::Admin(admin) => match &admin.wish {
                Wish::Members { voters, learners } if learners.is_empty() => names(voters),
                Wish::Members { voters, learners } => format!("{}, learning: {}", names(voters), names(learners)),
                Wish::Transfer(Some(to)) => format!("to {to}"),
                Wish::Transfer(None) => "to the most advanced".to_string(),
            },
        }
    }
}

impl Append {
    fn text(&self) -> String {
        let Append { term, prev_index, prev_term, entries, committed, .. } = self;
        let first = prev_index + 1;
        let what = match entries.len() as u64 {
            0 => format!("after {prev_index} of term {prev_term}"),
            1 => format!("entry {first} after term {prev_term}: {}", entries[0].text()),
            count => format!("entries {first} to {} after term {prev_term}", prev_index + count),
        };
        format!("term {term}, {what}, committed {committed}")
    }
}
