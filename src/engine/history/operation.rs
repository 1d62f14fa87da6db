//! What a client asked for and what it was told, as plain data.

use glassbase_trace::Bytes;

/// An operation's place in [`History::operations`](super::History::operations).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId(pub u32);

impl OpId {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// When something happened, as seen from outside of the system.
///
/// Checkers go by `order` alone: it counts the events of a history, so that of two events at the same nanosecond it is
/// still known which came first. `time_ns` is for drawing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    pub order: u32,
    pub time_ns: u64,
}

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    Read,
    Write(Bytes),
    /// Writes `new` if the value is `expected`; `None` expects that there is none.
    CompareAndSet {
        expected: Option<Bytes>,
        new: Bytes,
    },
    Delete,
}

impl Call {
    /// Reads change nothing, whatever comes of them.
    pub fn is_read(&self) -> bool {
        matches!(self, Call::Read)
    }

    /// The value that is there once the call has been carried out; `Some(None)` is "no value", `None` "as before".
    pub fn written(&self) -> Option<Option<&Bytes>> {
        match self {
            Call::Read => None,
            Call::Write(value) | Call::CompareAndSet { new: value, .. } => Some(Some(value)),
            Call::Delete => Some(None),
        }
    }
}

/// What a client was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A write, delete or compare-and-set was carried out.
    Done,
    /// What a read found: nothing, one value, or siblings.
    Found(Vec<Bytes>),
    /// A compare-and-set was refused, because the value was another one than expected.
    Differs,
    /// It certainly did not happen, and will not.
    Failed,
    /// It may have happened, may happen later, or never: a time-out, a lost connection.
    Unknown,
}

/// What a client was told, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    pub moment: Moment,
    pub outcome: Outcome,
}

/// A write's place among all writes of its key, where the system says it: a log's index, or a clock's time with the node
/// as a tie-break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub number: u64,
    pub node: u32,
}

/// One operation of one client on one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    pub client: u32,
    /// Empty where there is one register and no keys.
    pub key: Bytes,
    pub call: Call,
    pub invoked: Moment,
    /// Nothing while the client waits; to the checkers that is the same as [`Outcome::Unknown`].
    pub completed: Option<Completion>,
    /// The replica that answered, if that is known.
    pub replica: Option<u32>,
    /// Of a write: the version that it made. Of a read: the version of what it found.
    pub version: Option<Version>,
    /// What else is known, for a person to read: "time-out".
    pub note: String,
}

impl Operation {
    pub fn outcome(&self) -> &Outcome {
        self.completed.as_ref().map_or(&Outcome::Unknown, |completion| &completion.outcome)
    }

    /// When the client was told for certain what came of it. Nothing if it never was.
    pub fn settled(&self) -> Option<Moment> {
        match &self.completed {
            Some(Completion { outcome: Outcome::Unknown, .. }) | None => None,
            Some(completion) => Some(completion.moment),
        }
    }

    /// True if it has been acknowledged: carried out, or answered with what was found.
    pub fn is_acknowledged(&self) -> bool {
        matches!(self.outcome(), Outcome::Done | Outcome::Found(_))
    }

    /// True if this one had ended for certain before `other` began.
    pub fn precedes(&self, other: &Operation) -> bool {
        self.settled().is_some_and(|moment| moment.order < other.invoked.order)
    }
}

/// Something that was done to the system while the clients worked: a partition, a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultSpan {
    pub begin_ns: u64,
    /// Nothing if it lasted to the end.
    pub end_ns: Option<u64>,
    pub text: String,
}
