//! The presets: each shows one point within seconds, and ends in what must be true, so that it is also a test.

use crate::lab::declaration::Preset;

/// A preset that stands alone.
const fn alone(
    name: &'static str,
    title: &'static str,
    point: &'static str,
    speed: &'static str,
    script: &'static str,
) -> Preset {
    Preset { name, title, point, script, compare: None, cures: &[], speed }
}

pub const LEADER_FOLLOWER: &[Preset] = &[
    alone(
        "own-write",
        "Not finding one's own write",
        "A follower that lags answers with what it has; a session that reads its own writes waits until they are there.",
        "1",
        include_str!("presets/leader-follower/own-write.gb"),
    ),
    alone(
        "lost-write",
        "A failover that loses a write",
        "An asynchronous leader says done before anybody else has the write; if it dies then, the write is gone.",
        "2",
        include_str!("presets/leader-follower/lost-write.gb"),
    ),
    alone(
        "semi-synchronous",
        "Waiting for one follower",
        "A write that one follower must have as well survives the leader; while no follower answers, nothing is promised.",
        "2",
        include_str!("presets/leader-follower/synchronous.gb"),
    ),
    alone(
        "split-brain",
        "Two leaders at once",
        "Without a majority and without fencing, an old leader goes on beside the new one, and their writes contradict each other.",
        "2",
        include_str!("presets/leader-follower/split-brain.gb"),
    ),
    alone(
        "bounded",
        "At most so old",
        "Followers lag; a read says how old its answer may be, and goes to the leader if the follower is further behind.",
        "2",
        include_str!("presets/leader-follower/bounded.gb"),
    ),
    alone(
        "monotonic",
        "Time that goes backward",
        "Reads at two followers may give the new value first and the old one then; a monotonic read does not.",
        "2",
        include_str!("presets/leader-follower/monotonic.gb"),
    ),
];

pub const MULTI_LEADER: &[Preset] = &[
    alone(
        "wrong-clock",
        "The wrong clock wins",
        "Of two writes the later stamp wins; a clock that is two seconds ahead makes the older write the winner.",
        "2",
        include_str!("presets/multi-leader/wrong-clock.gb"),
    ),
    alone(
        "siblings",
        "Two carts, side by side",
        "Version vectors tell that neither write knew of the other; both are kept, and the client puts them together.",
        "2",
        include_str!("presets/multi-leader/siblings.gb"),
    ),
    alone(
        "merge",
        "Values that merge",
        "Counters, sets and texts are changed on both sides of a partition, and nothing is lost when they meet.",
        "2",
        include_str!("presets/multi-leader/merge.gb"),
    ),
    alone(
        "ring",
        "A ring of leaders",
        "Each passes changes on to the next: a cut link holds them up, and an exchange of what each has repairs it.",
        "2",
        include_str!("presets/multi-leader/ring.gb"),
    ),
    alone(
        "causal",
        "An answer before its question",
        "If a change does not wait for those that its writer knew, an answer may be seen before its question.",
        "2",
        include_str!("presets/multi-leader/causal.gb"),
    ),
    alone(
        "text",
        "Three people, one text",
        "Letters know beside which they stood, so edits made apart are woven together, the same at every copy.",
        "2",
        include_str!("presets/multi-leader/text.gb"),
    ),
];

pub const QUORUM: &[Preset] = &[
    alone(
        "overlap",
        "R + W > N",
        "A write waits for two of three nodes, a read for two of three: one node at least is in both.",
        "1",
        include_str!("presets/quorum/overlap.gb"),
    ),
    alone(
        "no-overlap",
        "R + W ≤ N",
        "A read that waits for one node of three may meet none that the write waited for: it is stale.",
        "1",
        include_str!("presets/quorum/no-overlap.gb"),
    ),
    alone(
        "trade-off",
        "R + W > N, and not",
        "Small R and W answer sooner and miss what was just written: measured for every R and W, beside what is foretold.",
        "2",
        include_str!("presets/quorum/trade-off.gb"),
    ),
    alone(
        "handoff",
        "A hint, handed off",
        "A write that a node misses is kept for it by another, and handed over when it is back.",
        "2",
        include_str!("presets/quorum/handoff.gb"),
    ),
    alone(
        "sloppy",
        "A sloppy quorum",
        "Others stand in for nodes that can't be reached: the write is done, and a read on the other side does not see it.",
        "2",
        include_str!("presets/quorum/sloppy.gb"),
    ),
    alone(
        "deleted-comes-back",
        "What was deleted comes back",
        "The mark of a deletion is let go while a node is away that still has the value: it spreads again.",
        "5",
        include_str!("presets/quorum/deleted-comes-back.gb"),
    ),
    alone(
        "concurrent",
        "Two writes at once",
        "By the clock one of two writes is lost; with dotted version vectors both are kept as siblings.",
        "2",
        include_str!("presets/quorum/concurrent.gb"),
    ),
];

/// A preset that stands twice: at the left the consistent system, at the right the available one.
const fn both(name: &'static str, title: &'static str, point: &'static str, script: &'static str) -> Preset {
    Preset { name, title, point, script, compare: Some(("system", "ap")), cures: &[], speed: "2" }
}

pub const CAP: &[Preset] = &[
    both(
        "bank",
        "A bank",
        "Two clients withdraw 80 of 100, one on each side of a partition: CP turns one away, AP gives the money twice.",
        include_str!("presets/cap/bank.gb"),
    ),
    both(
        "cart",
        "A shopping cart",
        "Two clients fill a cart, one on each side of a partition: CP turns one away, AP keeps what both put in.",
        include_str!("presets/cap/cart.gb"),
    ),
    both(
        "stale",
        "A read on the smaller side",
        "A value is written anew where the majority is; on the other side CP does not answer, and AP answers with the old one.",
        include_str!("presets/cap/stale.gb"),
    ),
    both(
        "siblings",
        "Two titles",
        "Two people name a page, one on each side of a partition: CP lets one of them, AP keeps both for a reader to choose.",
        include_str!("presets/cap/siblings.gb"),
    ),
];

pub const PAXOS: &[Preset] = &[
    alone(
        "one-value",
        "One value, once",
        "A proposer asks a majority for promises, then to accept; what a majority has accepted is chosen for ever.",
        "1",
        include_str!("presets/paxos/one-value.gb"),
    ),
    alone(
        "duel",
        "Duelling proposers",
        "Two proposers overtake each other's ballots, and nothing is chosen until one of them waits.",
        "2",
        include_str!("presets/paxos/duel.gb"),
    ),
    alone(
        "leader",
        "A leader for many values",
        "With a leader, the first phase is done once for all values; after that a write takes one round.",
        "1",
        include_str!("presets/paxos/leader.gb"),
    ),
    alone(
        "quorums-apart",
        "Quorums that do not meet",
        "If those that promise and those that accept may be strangers, two values can be chosen.",
        "1",
        include_str!("presets/paxos/quorums-apart.gb"),
    ),
    alone(
        "ignored",
        "A proposer that does not listen",
        "Promises tell of what was accepted before; who proposes something else all the same may have a second value chosen.",
        "2",
        include_str!("presets/paxos/ignored.gb"),
    ),
];

pub const CLOCKS: &[Preset] = &[
    alone(
        "four",
        "Four clocks, the same messages",
        "Lamport's clock orders what may have caused what; vectors also tell what can't; hybrid ones stay near the real time.",
        "2",
        include_str!("presets/clocks/four.gb"),
    ),
    alone(
        "no-wait",
        "An answer too early",
        "Without waiting out the doubt of the clocks, a later write may get an earlier time.",
        "2",
        include_str!("presets/clocks/no-wait.gb"),
    ),
    alone(
        "commit-wait",
        "Waiting out the doubt",
        "A write is answered only when its time is past by every clock: then later writes have later times.",
        "2",
        include_str!("presets/clocks/commit-wait.gb"),
    ),
    alone(
        "concurrent",
        "Neither before the other",
        "Lamport's numbers put everything in an order; vectors also tell what can't have caused what.",
        "2",
        include_str!("presets/clocks/concurrent.gb"),
    ),
];

pub const RAFT: &[Preset] = &[
    alone(
        "election",
        "A leader is elected",
        "Whoever loses patience first asks for votes; a majority makes a leader, and a write is done once a majority has it.",
        "1",
        include_str!("presets/raft/election.gb"),
    ),
    alone(
        "partition",
        "A write during a partition",
        "The side without a majority can't commit anything; the other elects a leader, and its log is the one that stays.",
        "2",
        include_str!("presets/raft/partition.gb"),
    ),
    alone(
        "figure-8",
        "Figure 8: an old entry on a majority",
        "An entry of an old term may be on a majority and yet be overwritten; a leader that counts it as committed breaks Raft.",
        "2",
        include_str!("presets/raft/figure-8.gb"),
    ),
    alone(
        "lease",
        "A lease, and a clock set back",
        "Reads by lease ask nobody and trust the clocks: one that is wrong lets a leader that was replaced answer from old data.",
        "2",
        include_str!("presets/raft/lease.gb"),
    ),
    alone(
        "vote",
        "A vote that is forgotten",
        "A node that does not keep its vote through a crash may give it twice: two leaders of one term.",
        "1",
        include_str!("presets/raft/vote.gb"),
    ),
    alone(
        "members",
        "Members come and go",
        "A new member learns first; while the change is under way, a decision takes majorities of the old members and of the new.",
        "2",
        include_str!("presets/raft/members.gb"),
    ),
    alone(
        "snapshot",
        "Too far behind for the log",
        "What is applied is cut off the log; who lacks it gets all data at once, and the log from there on.",
        "2",
        include_str!("presets/raft/snapshot.gb"),
    ),
    alone(
        "storm",
        "A storm",
        "Crashes, partitions, loss and wrong clocks at random; whatever goes wrong, every answer fits one order.",
        "10",
        include_str!("presets/raft/storm.gb"),
    ),
];
