//! Why a command was not carried out.

use thiserror::Error;

use super::job::MAX_UNITS;
use crate::lab::words::grouped;
use crate::storage::StorageError;

#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(
        "{} operations are too many for one command; up to {} are allowed", grouped(*.count), grouped(MAX_UNITS)
    )]
    TooMany { count: u64 },
    #[error("a page has {bits} bits, numbered from 0: there is no bit {bit}")]
    NoSuchBit { bit: u32, bits: u32 },
}
