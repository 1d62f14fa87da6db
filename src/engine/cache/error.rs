//! What can't be done to a hierarchy of caches.

use thiserror::Error;

use glassbase_storage::StorageError;

#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TierError {
    #[error("the setting {option} does not work: {what}")]
    BadOption { option: &'static str, what: String },
    #[error("there is no {kind} {number}: there are 1 to {count}")]
    NoPlace { kind: &'static str, number: u32, count: u32 },
    #[error("{place} is down already")]
    IsDown { place: String },
    #[error("{place} is not down: kill it first")]
    IsUp { place: String },
    #[error(transparent)]
    Storage(#[from] StorageError),
}
