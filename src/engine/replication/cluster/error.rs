//! What can't be done to a cluster.

use thiserror::Error;

use glassbase_storage::StorageError;
use glassbase_trace::{MessageId, NodeId};

#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClusterError {
    #[error("there is no node {node}: the cluster has n1 to n{nodes}")]
    NoNode { node: NodeId, nodes: u16 },
    #[error("there is no client {client}: there are c1 to c{clients}")]
    NoClient { client: NodeId, clients: u16 },
    #[error("client {client} still waits for an answer: wait, or let another client ask")]
    ClientBusy { client: NodeId },
    #[error("node {node} is down already")]
    IsDown { node: NodeId },
    #[error("node {node} is not down: crash it first")]
    IsUp { node: NodeId },
    #[error("node {node} is not paused")]
    NotPaused { node: NodeId },
    #[error("no message {message} is on its way", message = message.0)]
    NoMessage { message: MessageId },
    #[error("node {node} has no such timer armed: it does not wait for anything")]
    NoTimer { node: NodeId },
    #[error("node {node} keeps its data in memory, so it has no disk that could fail: set store btree or lsm")]
    NoDisk { node: NodeId },
    #[error("node {node} stands on both sides of the partition")]
    OnBothSides { node: NodeId },
    #[error("the setting {option} does not work: {what}")]
    BadOption { option: &'static str, what: String },
    #[error(transparent)]
    Storage(#[from] StorageError),
}
