//! Two-phase commit and sagas in pseudocode, and which line runs at which note.

use crate::cluster::code::Part;
use crate::pseudocode::Algorithm;

pub static PARTS: &[Part] = &[
    Part { algorithm: &COORDINATOR, topics: COORDINATOR_TOPICS },
    Part { algorithm: &SHARD, topics: SHARD_TOPICS },
    Part { algorithm: &DOUBT, topics: DOUBT_TOPICS },
    Part { algorithm: &SAGA, topics: SAGA_TOPICS },
    Part { algorithm: &STEP, topics: STEP_TOPICS },
];

pub static COORDINATOR: Algorithm = Algorithm {
    name: "two-phase-coordinator",
    title: "Two-phase commit: coordinator",
    lines: &[
        "a client orders a transaction:",
        "  ask every shard of it to prepare",
        "all have voted yes:",
        "  log commit; sync: that is the decision",
        "  tell the shards and the client",
        "a no, or a vote is late:",
        "  abort; log nothing (presumed abort)",
        "all have acknowledged the commit:",
        "  log end; forget it",
        "after a crash, for each commit without end:",
        "  tell the shards again",
        "somebody asks, and nothing is known:",
        "  say abort",
    ],
};

const COORDINATOR_TOPICS: &[(&str, usize)] = &[
    ("begun", 1),
    ("decided", 3),
    ("no", 5),
    ("aborted", 6),
    ("ended", 8),
    ("recovered-commit", 10),
    ("presumed", 12),
];

pub static SHARD: Algorithm = Algorithm {
    name: "two-phase-shard",
    title: "Two-phase commit: shard",
    lines: &[
        "prepare:",
        "  an account is locked: wait",
        "  it can't be done: vote no; forget it",
        "  log prepared; sync; lock; vote yes",
        "commit:",
        "  log it with the balances; sync",
        "  unlock; acknowledge",
        "abort:",
        "  unlock; forget it",
    ],
};

const SHARD_TOPICS: &[(&str, usize)] = &[
    ("waits", 1),
    ("read-waits", 1),
    ("votes-no", 2),
    ("votes-yes", 3),
    ("booked", 5),
    ("forgotten", 4),
    ("rolled-back", 8),
];

pub static DOUBT: Algorithm = Algorithm {
    name: "two-phase-termination",
    title: "Two-phase commit: in doubt",
    lines: &[
        "prepared, and no outcome for a while:",
        "  ask the coordinator and the other shards",
        "asked about a transaction:",
        "  its outcome is known: tell it",
        "  not voted yet: log abort; sync; tell it",
        "  in doubt as well: say so",
        "after a crash, prepared and no outcome:",
        "  lock again; ask",
    ],
};

const DOUBT_TOPICS: &[(&str, usize)] = &[("asks", 1), ("gives-up", 4), ("uncertain", 5), ("in-doubt", 7)];

pub static SAGA: Algorithm = Algorithm {
    name: "saga-coordinator",
    title: "Saga: coordinator",
    lines: &[
        "a client orders a journey:",
        "  log the saga; sync",
        "  ask for step 1, 2, 3, one by one",
        "all are done: log the end; tell the client",
        "a step is refused, or silent:",
        "  log compensating; sync",
        "  take back the steps, the last one first",
        "a compensation is refused too often:",
        "  log stuck; sync; tell a person",
        "after a crash, for each saga without end:",
        "  go on where the log says it was",
    ],
};

const SAGA_TOPICS: &[(&str, usize)] = &[
    ("saga-begun", 1),
    ("saga-ended", 3),
    ("saga-fails", 4),
    ("step-silent", 4),
    ("turns-back", 5),
    ("stuck", 8),
    ("resumed", 6),
    ("saga-resumed", 10),
];

pub static STEP: Algorithm = Algorithm {
    name: "saga-step",
    title: "Saga: a step at its shard",
    lines: &[
        "do:",
        "  done already: say so again",
        "  it can't be done: log void; sync; refuse",
        "  log it with the balance; sync; say done",
        "undo:",
        "  it was done: log it taken back; sync",
        "  it was not: log void; sync: it never will",
        "  what it gave is gone: refuse",
    ],
};

const STEP_TOPICS: &[(&str, usize)] = &[
    ("step-refused", 2),
    ("step-waits", 0),
    ("step-done", 3),
    ("step-undone", 5),
    ("made-impossible", 6),
    ("undo-refused", 7),
];
