//! Why a command was not carried out: what a lab itself has against it, or what the engine says.

use thiserror::Error;

use super::script::Call;
use super::words::{counted, grouped};
use crate::cache::{BURST_MAX, TierError};
use crate::replication::ClusterError;
use crate::sharding::ShardingError;
use crate::stack::StackError;
use crate::storage::StorageError;
use crate::trace::RowId;

/// Most operations of one command.
pub const MAX_UNITS: u64 = 100_000_000;
/// Largest file: all of it is memory of the browser.
pub const FILE_BYTES_MAX: usize = 256 << 20;

#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(
        "{} operations are too many for one command; up to {} are allowed", grouped(*.count), grouped(MAX_UNITS)
    )]
    TooMany { count: u64 },
    #[error(
        "the file has {mib} MiB, and more than {} MiB are not allowed here; take fewer keys, or set a smaller value_size",
        FILE_BYTES_MAX >> 20
    )]
    FileTooLarge { mib: usize },
    #[error("row {row} is not there; `scan` reads every row that is")]
    NoSuchRow { row: RowId },
    #[error("row {row} has {length} bytes, so it cannot lose {by}")]
    TooShort { row: RowId, length: u64, by: u64 },
    #[error("page {page} is no page of rows, so there is nothing to compact")]
    NotOfRows { page: u32 },
    #[error(
        "{} pages of this size are {mib} MiB, and more than {} MiB, or 250,000 pages, are not allowed: set a smaller page_size, or fewer pages",
        grouped(*.pages), FILE_BYTES_MAX >> 20
    )]
    PagesTooLarge { pages: u64, mib: usize },
    #[error("there is no page {page}: the file has {} pages, numbered from 0 (set pages)", grouped(u64::from(*.pages)))]
    NoSuchPage { page: u32, pages: u32 },
    #[error(
        "data line {line} asks for page {page}, but the file has {pages} pages, numbered from 0: set pages to more than {page}"
    )]
    PagePastEnd { line: u64, page: u32, pages: u32 },
    #[error("data line {line} is \"{text}\", which is no page number: one number a line, from 0 on")]
    NoPageNumber { line: u64, text: String },
    #[error("{} accesses are too many for one command; up to {} are allowed", grouped(*.count), grouped(*.most))]
    TooManyAccesses { count: u64, most: u64 },
    #[error(
        "{} requests at once are too many, for all of them are under way together; up to {} are allowed: take fewer, or a rate instead of `burst`",
        grouped(*.count), grouped(BURST_MAX)
    )]
    BurstTooLarge { count: u64 },
    #[error(
        "data line {line} is \"{text}\", which is no key: one a line, a whole number, or key and size with a comma between"
    )]
    NoKey { line: u64, text: String },
    #[error("there is no key {}: there are {} of them, numbered from 0 (set keys)", grouped(*.key), grouped(*.keys))]
    NoSuchKey { key: u64, keys: u64 },
    #[error("data line {line} asks for key {}, but there are {} keys, numbered from 0: set keys to more than that", grouped(*.key), grouped(*.keys))]
    KeyPastEnd { line: u64, key: u64, keys: u64 },
    #[error("data line {line}: \"{text}\" is no size: a whole number of bytes, from 1 to 4,000,000,000")]
    NoSize { line: u64, text: String },
    #[error("entries are counted, so a key has no size: `set count bytes` first")]
    SizeOfEntry,
    #[error("key {key} has {} bytes already: a key keeps its size until the cache is cleared", grouped(*.has))]
    SizeChanged { key: u64, has: u64 },
    #[error("key {key} has {} bytes, more than the whole cache ({}): set capacity to {0} at least", grouped(*.size), grouped(*.capacity))]
    LargerThanCache { key: u64, size: u64, capacity: u64 },
    #[error("data line {line}: key {key} has {} bytes, more than the whole cache ({}): set capacity to {0} at least, or leave the line out", grouped(*.size), grouped(*.capacity))]
    LineLargerThanCache { line: u64, key: u64, size: u64, capacity: u64 },
    #[error("keys have up to {} bytes (set largest), more than the whole cache of {}: set capacity to {0} at least, or a smaller largest", grouped(*.largest), grouped(*.capacity))]
    LargestTooLarge { largest: u64, capacity: u64 },
    #[error("there is no table to look rows up in: set rows to a number first")]
    NoRows,
    #[error(
        "{needed} pages would be pinned, but the pool has {frames} frames: unpin some, or give it more (set frames)"
    )]
    TooManyPins { needed: usize, frames: u32 },
    #[error("page {page} is not pinned so often: pin it first")]
    NotPinned { page: u32 },
    #[error("a page has {bits} bits, numbered from 0: there is no bit {bit}")]
    NoSuchBit { bit: u64, bits: u32 },
    #[error("no transaction {name} is open; {}", open_ones(.open))]
    NoSuchTransaction { name: String, open: String },
    #[error("no transaction is open: begin one first")]
    NoOpenTransaction,
    #[error("transaction {name} is open already: end it first, or take another name")]
    TransactionOpen { name: String },
    #[error("transaction {transaction} has no savepoint {name}; {}", savepoints(.known))]
    NoSuchSavepoint { name: String, transaction: String, known: String },
    #[error("there is no table {file}; the picture has the numbers of those there are")]
    NoSuchTable { file: u64 },
    #[error("there is no page {}: the B+tree has {} pages, numbered from 0", grouped(*.page), grouped(u64::from(*.pages)))]
    NoSuchTreePage { page: u64, pages: u32 },
    #[error("there is no page {page}: the file has {}, numbered from 0", counted(u64::from(*.pages), "page"))]
    NoSuchHeapPage { page: u32, pages: u32 },
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error(transparent)]
    Tiers(#[from] TierError),
    #[error(transparent)]
    Sharding(#[from] ShardingError),
    #[error(transparent)]
    Stack(#[from] StackError),
    #[error("there is no story to play, and no goal: `set scenario flash-sale`, or another one")]
    NoScenario,
    #[error("nobody leads at the moment: let time pass until a leader is elected, or name a node")]
    NoLeader,
    #[error("every client waits for an answer: wait, or let more clients in (set clients)")]
    AllClientsBusy,
    #[error("it is {now} already, so nothing can be planned for {at}; `after` counts from now")]
    Past { at: String, now: String },
    #[error("{what}; {remedy}")]
    PlannedLine { what: String, remedy: String },
    #[error("the data of all nodes would take {mib} MiB: set fewer nodes, or a smaller store")]
    ClusterTooLarge { mib: usize },
    #[error("there is no account {account}: these are {known}")]
    NoAccount { account: String, known: String },
    #[error("{account} can't pay itself: name two accounts")]
    SameAccount { account: String },
    #[error("a B+tree has no {what}: `set store lsm` opens a store that has")]
    NotThisStore { what: &'static str },
}

/// Whether a command of so many operations is allowed.
pub fn check_units(count: u64) -> Result<(), Refusal> {
    if count > MAX_UNITS { Err(Refusal::TooMany { count }) } else { Ok(()) }
}

/// Whether so many requests are allowed at one moment, if that is what is asked for.
pub fn check_burst(call: &Call, count: u64) -> Result<(), Refusal> {
    let is_too_large = call.arguments.flag("burst") && count > BURST_MAX;
    if is_too_large { Err(Refusal::BurstTooLarge { count }) } else { Ok(()) }
}

fn open_ones(open: &str) -> String {
    if open.is_empty() { "none is: begin one first".to_string() } else { format!("these are: {open}") }
}

fn savepoints(known: &str) -> String {
    if known.is_empty() { "set one first".to_string() } else { format!("it has these: {known}") }
}
