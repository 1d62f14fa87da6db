//! Why a command was not carried out.

use thiserror::Error;

use super::job::MAX_UNITS;
use super::machine::FILE_BYTES_MAX;
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
    #[error(
        "the file has {mib} MiB, and more than {} MiB are not allowed here; take fewer keys, or set a smaller value_size",
        FILE_BYTES_MAX >> 20
    )]
    FileTooLarge { mib: usize },
    #[error("a page has {bits} bits, numbered from 0: there is no bit {bit}")]
    NoSuchBit { bit: u32, bits: u32 },
}
