//! A run in the formats of others, written from its trace alone. Page and command line share what is here.
//!
//! ```text
//!   Trace ──▶ json      every record, for programs
//!         ├─▶ chrome    a timeline: opens in Perfetto and in chrome://tracing
//!         └─▶ table     the measures after each command, comma-separated
//! ```
//!
//! - [`spans`]: which records begin and end what lasts, and at which node it happens.
//! - [`measures`]: the numbers of a lab in one list: those that a script can expect, and those that the page shows.
//! - [`text`]: what JSON and comma-separated values ask of a text.
//!
//! **Invariant:** every writer is bounded: one that would be longer than it may be gives nothing, and whoever asked says so.

pub mod chrome;
pub mod json;
pub mod measures;
pub mod spans;
pub mod table;
pub mod text;
