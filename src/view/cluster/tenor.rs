//! What a message means, whatever its protocol calls it: it is told by colour and form, the same in every lab.
//!
//! ```text
//!   ○ a question    ● data    ● yes    ■ no    · a sign of life    ○ between a client and a node
//! ```

use crate::swarm::Tint;
use glassbase_trace::NodeId;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tenor {
    /// Between a client and a node.
    Client,
    /// It asks for a vote, a promise, a version.
    Question,
    /// It carries what is to be kept.
    Data,
    Yes,
    No,
    /// A sign of life.
    Beat,
}

impl Tenor {
    pub fn of(from: NodeId, to: NodeId, kind: &str, text: &str) -> Tenor {
        if from.is_client() || to.is_client() {
            return Tenor::Client;
        }
        match kind {
            "heartbeat" | "ping" | "pong" | "alive" => Tenor::Beat,
            "rejected" | "refused" | "nack" | "abort" => Tenor::No,
            "vote" | "pre-vote" | "promise" | "promised" if says_no(text) => Tenor::No,
            "vote" | "pre-vote" | "promise" | "promised" | "appended" | "accepted" | "written" | "have" | "stored" => {
                Tenor::Yes
            }
            "did" | "undone" | "uncertain" if says_no(text) || kind == "uncertain" => Tenor::No,
            "forwarded" | "handed-off" | "acknowledged" | "applied" | "commit" | "did" | "undone" => Tenor::Yes,
            kind if kind.ends_with("-request") || ["read", "prepare", "compare", "forward", "ask"].contains(&kind) => {
                Tenor::Question
            }
            _ => Tenor::Data,
        }
    }

    /// The class of a message on the stage.
    pub fn message(self) -> &'static str {
        match self {
            Tenor::Client => "message of-client",
            Tenor::Question => "message question",
            Tenor::Data => "message data",
            Tenor::Yes => "message yes",
            Tenor::No => "message no",
            Tenor::Beat => "message beat",
        }
    }

    /// The same as a colour, where there are too many for shapes.
    pub fn tint(self) -> Tint {
        match self {
            Tenor::Client | Tenor::Question => Tint::Accent,
            Tenor::Data => Tint::Logged,
            Tenor::Yes => Tint::Hit,
            Tenor::No => Tint::Failed,
            Tenor::Beat => Tint::Muted,
        }
    }

    /// Whether it is a ring.
    pub fn is_hollow(self) -> bool {
        matches!(self, Tenor::Question | Tenor::No)
    }

    /// The class of its arrow in the diagram of time.
    pub fn arrow(self) -> &'static str {
        match self {
            Tenor::Client => "arrow of-client",
            Tenor::Question => "arrow question",
            Tenor::Data => "arrow data",
            Tenor::Yes => "arrow yes",
            Tenor::No => "arrow no",
            Tenor::Beat => "arrow beat",
        }
    }
}

/// An answer that is a refusal.
pub fn says_no(text: &str) -> bool {
    text == "no" || text.starts_with("no,") || text.starts_with("no ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_all_protocols_mean_something() {
        let between = |kind, text| Tenor::of(NodeId(1), NodeId(2), kind, text);
        assert_eq!(between("vote", "yes, term 3"), Tenor::Yes);
        assert_eq!(between("vote", "no, term 3"), Tenor::No);
        assert_eq!(between("pre-vote-request", "term 3"), Tenor::Question);
        assert_eq!(between("append-entries", "no such thing"), Tenor::Data);
        assert_eq!(between("have", "nothing"), Tenor::Yes);
        assert_eq!(Tenor::of(NodeId::client(1), NodeId(2), "put", ""), Tenor::Client);
    }
}
