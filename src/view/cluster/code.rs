//! The protocols in pseudocode, and the line that runs at a note.
//!
//! A note carries a word, its topic. Each lab has its parts, and each part a table from topics to lines. The same word may
//! mean another thing in another protocol, so only the run's own lab is asked.

use crate::pseudocode::Algorithm;
use glassbase_trace::{Event, Record};

/// A part of a protocol: its lines, and the topics that light them.
pub struct Part {
    pub algorithm: &'static Algorithm,
    pub topics: &'static [(&'static str, usize)],
}

/// The line that runs at a note.
pub fn running(parts: &[Part], record: &Record) -> Option<(&'static Algorithm, usize)> {
    let Event::Noted { topic, .. } = &record.event else { return None };
    parts.iter().find_map(|part| {
        let (_, line) = part.topics.iter().find(|(word, _)| **topic == **word)?;
        Some((part.algorithm, *line))
    })
}

pub static RAFT: &[Part] = &[
    Part { algorithm: &ELECTION, topics: ELECTION_TOPICS },
    Part { algorithm: &REPLICATION, topics: REPLICATION_TOPICS },
    Part { algorithm: &READING, topics: READING_TOPICS },
    Part { algorithm: &MEMBERS, topics: MEMBERS_TOPICS },
];

pub static ELECTION: Algorithm = Algorithm {
    name: "raft-election",
    title: "Raft: election",
    lines: &[
        "no leader heard for a random while:",
        "  ask all: would you vote for me?",
        "  a majority would:",
        "    term += 1; vote for myself; sync",
        "    ask all for their vote",
        "a vote is asked for (term, last entry):",
        "  refuse if a leader was just heard",
        "  refuse if term is old or vote is given",
        "  refuse if its log ends before mine",
        "  else: note the vote; sync; grant it",
        "a majority has voted for me:",
        "  lead; append an empty entry of my term",
        "a higher term is seen:",
        "  take it up and follow",
    ],
};

const ELECTION_TOPICS: &[(&str, usize)] = &[
    ("election-timeout", 0),
    ("timeout-now", 0),
    ("pre-vote", 1),
    ("pre-vote-won", 2),
    ("candidate", 3),
    ("vote-disregarded", 6),
    ("vote-refused", 7),
    ("vote-granted", 9),
    ("pre-vote-granted", 9),
    ("elected", 10),
    ("stepped-down", 13),
    ("restarted", 13),
];

pub static REPLICATION: Algorithm = Algorithm {
    name: "raft-replication",
    title: "Raft: log",
    lines: &[
        "a client asks the leader:",
        "  done before: give the same answer",
        "  append (term, operation) to the log",
        "  send each follower what it lacks",
        "append-entries(term, previous, entries):",
        "  term is old: reject",
        "  no such previous entry: reject, say where",
        "  take back what differs; append; sync",
        "rejected: go back, and try again",
        "  cut off already: send a snapshot",
        "an entry is on a majority:",
        "  of an older term: wait for one of mine",
        "  of my term: committed; apply; answer",
    ],
};

const REPLICATION_TOPICS: &[(&str, usize)] = &[
    ("done-before", 1),
    ("appended", 2),
    ("old-leader", 5),
    ("log-rejected", 6),
    ("log-taken-back", 7),
    ("snapshot-installed", 9),
    ("backed-up", 8),
    ("log-lost", 8),
    ("snapshot-sent", 9),
    ("log-cut", 9),
    ("not-yet-committed", 11),
    ("entry-committed", 12),
];

pub static READING: Algorithm = Algorithm {
    name: "raft-reading",
    title: "Raft: linearizable reads",
    lines: &[
        "a client reads at the leader:",
        "  lease: no other can be elected yet",
        "    read at once",
        "  read index: note the commit index",
        "    wait for a round of heartbeats",
        "    a majority still follows: read",
        "no majority has answered for long:",
        "  lead no longer",
    ],
};

const READING_TOPICS: &[(&str, usize)] =
    &[("lease-read", 2), ("read-waits", 4), ("read-confirmed", 5), ("majority-lost", 7)];

pub static MEMBERS: Algorithm = Algorithm {
    name: "raft-members",
    title: "Raft: change of members",
    lines: &[
        "change to new members:",
        "  new ones learn the log without a vote",
        "  joint: both old and new majorities decide",
        "  joint is committed: new ones alone decide",
        "  new is committed: those left out resign",
        "hand over to a node:",
        "  take no requests until it has the log",
        "  tell it to stand for election now",
    ],
};

const MEMBERS_TOPICS: &[(&str, usize)] = &[
    ("learners", 1),
    ("joint", 2),
    ("joint-committed", 3),
    ("members-changed", 4),
    ("resigned", 4),
    ("transfer", 6),
    ("transfer-failed", 6),
    ("offered", 7),
];

pub static QUORUM: &[Part] = &[
    Part { algorithm: &QUORUM_READ, topics: QUORUM_READ_TOPICS },
    Part { algorithm: &QUORUM_WRITE, topics: QUORUM_WRITE_TOPICS },
    Part { algorithm: &ANTI_ENTROPY, topics: ANTI_ENTROPY_TOPICS },
];

pub static QUORUM_READ: Algorithm = Algorithm {
    name: "quorum-read",
    title: "Quorum: read",
    lines: &[
        "read(key):",
        "  too few replicas up: refuse",
        "  ask all N replicas of key",
        "  when R have answered:",
        "    blocking repair: newest goes out first",
        "    answer the newest version",
        "  older answers: send them the newest",
        "  not R in time: nobody knows",
    ],
};

const QUORUM_READ_TOPICS: &[(&str, usize)] =
    &[("refused", 1), ("repair-first", 4), ("read", 5), ("repaired", 6), ("timed-out", 7)];

pub static QUORUM_WRITE: Algorithm = Algorithm {
    name: "quorum-write",
    title: "Quorum: write",
    lines: &[
        "write(key, value, context):",
        "  version = next after context",
        "  send it to all N replicas of key",
        "  sloppy: for one that is down, a stand-in",
        "    which keeps it with a hint",
        "  a replica: neither is newer: keep both",
        "  when W have stored it: done",
    ],
};

const QUORUM_WRITE_TOPICS: &[(&str, usize)] = &[("stand-in", 3), ("hinted", 4), ("siblings", 5), ("written", 6)];

pub static ANTI_ENTROPY: Algorithm = Algorithm {
    name: "anti-entropy",
    title: "Quorum: repair in the background",
    lines: &[
        "a node does not answer for long:",
        "  take it for down",
        "it answers again:",
        "  hand over what was kept for it",
        "now and then, with another node:",
        "  compare the hashes of a range",
        "  where they differ: go down the tree",
        "  at the leaves: exchange, keep the newer",
        "marks of deletions past their grace: purge",
    ],
};

const ANTI_ENTROPY_TOPICS: &[(&str, usize)] =
    &[("suspected", 1), ("back", 2), ("handoff", 3), ("differs", 6), ("caught-up", 7), ("purged", 8)];

pub static PAXOS: &[Part] =
    &[Part { algorithm: &PREPARE, topics: PREPARE_TOPICS }, Part { algorithm: &ACCEPT, topics: ACCEPT_TOPICS }];

pub static PREPARE: Algorithm = Algorithm {
    name: "paxos-prepare",
    title: "Paxos, phase 1: prepare",
    lines: &[
        "a proposer wants value:",
        "  ballot = higher than any it has seen",
        "  prepare(ballot) to all acceptors",
        "acceptor, prepare(ballot):",
        "  promised a higher one: refuse",
        "  else: promise it; sync",
        "    tell what was accepted so far",
        "a majority has promised:",
        "  some had accepted: take their newest value",
        "refused: wait a random while, go higher",
    ],
};

const PREPARE_TOPICS: &[(&str, usize)] = &[
    ("proposed", 0),
    ("prepare", 2),
    ("prepared", 2),
    ("prepare-refused", 4),
    ("promised", 5),
    ("promise", 5),
    ("majority-promised", 7),
    ("adopted", 8),
    ("value-adopted", 8),
    ("outbid", 9),
    ("retry", 9),
    ("backed-off", 9),
];

pub static ACCEPT: Algorithm = Algorithm {
    name: "paxos-accept",
    title: "Paxos, phase 2: accept",
    lines: &[
        "accept(ballot, value) to all acceptors",
        "acceptor, accept(ballot, value):",
        "  promised a higher one: refuse",
        "  else: note (ballot, value); sync",
        "    tell the learners",
        "a majority has accepted one ballot:",
        "  value is chosen, for ever",
        "stable leader: phase 1 once for all slots",
    ],
};

const ACCEPT_TOPICS: &[(&str, usize)] = &[
    ("accept", 0),
    ("accept-refused", 2),
    ("accepted", 3),
    ("learned", 4),
    ("chosen", 6),
    ("elected", 7),
    ("leads", 7),
];

pub static LEADER_FOLLOWER: &[Part] = &[
    Part { algorithm: &SHIPPING, topics: SHIPPING_TOPICS },
    Part { algorithm: &FAILOVER, topics: FAILOVER_TOPICS },
    Part { algorithm: &READS, topics: READS_TOPICS },
];

pub static SHIPPING: Algorithm = Algorithm {
    name: "log-shipping",
    title: "Log shipping",
    lines: &[
        "a client writes at the leader:",
        "  append to my log; sync",
        "  asynchronous: done",
        "  ship it to the followers",
        "  k have it: done",
        "  they are silent for long: do without",
        "follower, entries(epoch, from):",
        "  epoch is old: refuse (fencing)",
        "  a gap: say how far I am",
        "  append; sync; apply; acknowledge",
        "  too far behind: take a snapshot",
    ],
};

const SHIPPING_TOPICS: &[(&str, usize)] = &[
    ("appended", 1),
    ("done-before", 1),
    ("done-early", 2),
    ("shipped", 3),
    ("joined", 3),
    ("acknowledged", 4),
    ("committed", 4),
    ("restored", 4),
    ("degraded", 5),
    ("fenced", 7),
    ("gap", 8),
    ("applied", 9),
    ("caught-up", 9),
    ("snapshot-sent", 10),
    ("snapshot-installed", 10),
];

pub static FAILOVER: Algorithm = Algorithm {
    name: "failover",
    title: "Failover",
    lines: &[
        "the leader is not heard for long:",
        "  ask the others: do you hear it?",
        "  somebody does, or few answer: wait on",
        "  ask: how far are you? (a promise)",
        "  promote the most advanced",
        "    epoch += 1; tell all",
        "  what only the old leader had is lost",
        "the old leader comes back:",
        "  its epoch is old: it follows",
        "  take back what the new one has not",
        "  no fencing: it leads on",
    ],
};

const FAILOVER_TOPICS: &[(&str, usize)] = &[
    ("suspected", 0),
    ("asked-around", 1),
    ("still-heard", 2),
    ("too-few", 2),
    ("asked-how-far", 3),
    ("promised", 3),
    ("chosen", 4),
    ("promoted", 5),
    ("writes-lost", 6),
    ("restarted", 7),
    ("stepped-down", 8),
    ("follows", 8),
    ("diverged", 9),
    ("log-taken-back", 9),
    ("log-discarded", 9),
    ("split-brain", 10),
    ("leads-again", 10),
];

pub static READS: Algorithm = Algorithm {
    name: "replica-reads",
    title: "Reads",
    lines: &[
        "a client reads (what it has seen):",
        "  leader: only the leader answers",
        "  any: answer with what is here",
        "  session: is here what it has seen?",
        "    yes: answer",
        "    not yet: wait, then to the leader",
        "    lost in a failover: without it",
        "  bounded: was I up to date lately?",
    ],
};

const READS_TOPICS: &[(&str, usize)] = &[
    ("read-leader", 1),
    ("read-any", 2),
    ("read-session", 4),
    ("read-waits", 5),
    ("read-sent-on", 5),
    ("session-broken", 6),
    ("read-fresh", 7),
];

pub static MULTI_LEADER: &[Part] = &[Part { algorithm: &MERGING, topics: MERGING_TOPICS }];

pub static MERGING: Algorithm = Algorithm {
    name: "multi-leader",
    title: "Several leaders",
    lines: &[
        "a client writes at any leader:",
        "  version vector: my part += 1",
        "  store it: done; ship it to the others",
        "a version arrives:",
        "  it follows mine: take it",
        "  mine follows it: drop it",
        "  neither: a conflict:",
        "    last write wins: the later clock",
        "    siblings: keep both for the client",
        "    merge: what both agree on",
    ],
};

const MERGING_TOPICS: &[(&str, usize)] = &[
    ("written", 2),
    ("shipped", 2),
    ("taken", 4),
    ("newer", 4),
    ("dropped", 5),
    ("older", 5),
    ("conflict", 6),
    ("last-write-wins", 7),
    ("overwritten", 7),
    ("siblings", 8),
    ("merged", 9),
];

pub static CLOCKS: &[Part] = &[Part { algorithm: &CLOCK_RULES, topics: CLOCK_TOPICS }];

pub static CLOCK_RULES: Algorithm = Algorithm {
    name: "clocks",
    title: "Clocks",
    lines: &[
        "something happens here:",
        "  Lamport: time += 1",
        "  vector: my part += 1",
        "  hybrid: (my clock, or the last; counter)",
        "a message is sent: it carries the stamp",
        "a message arrives:",
        "  Lamport: time = max(mine, its) + 1",
        "  vector: the larger of each part",
        "  hybrid: the largest of the three",
        "commit-wait: until now − ε is past it",
    ],
};

const CLOCK_TOPICS: &[(&str, usize)] = &[
    ("local", 0),
    ("event", 0),
    ("ticked", 1),
    ("lamport", 1),
    ("vector", 2),
    ("hybrid", 3),
    ("sent", 4),
    ("received", 5),
    ("lamport-received", 6),
    ("vector-received", 7),
    ("hybrid-received", 8),
    ("commit-wait", 9),
    ("waited", 9),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_lights_a_line_and_stands_once_in_its_lab() {
        for parts in [RAFT, QUORUM, PAXOS, LEADER_FOLLOWER, MULTI_LEADER, CLOCKS] {
            let mut topics: Vec<&str> = Vec::new();
            for part in parts {
                for (topic, line) in part.topics {
                    assert!(*line < part.algorithm.lines.len(), "{topic} in {}", part.algorithm.name);
                    assert!(!topics.contains(topic), "{topic} twice in {}", part.algorithm.name);
                    topics.push(topic);
                }
            }
        }
    }
}
