//! The presets: each shows one point within seconds, and ends in what must be true, so that it is also a test.

use crate::lab::declaration::Preset;

pub const PRESETS: &[Preset] = &[
    Preset {
        name: "power-fails",
        title: "Power fails; nothing committed is lost",
        point: "Memory is gone, a page of an unfinished transaction is on the disk: the log puts both right.",
        script: include_str!("presets/power-fails.gb"),
        compare: None,
        speed: "5",
    },
    Preset {
        name: "async",
        title: "Asynchronous commit loses what it may",
        point: "Acknowledged at once, durable later: a crash loses the latest commits, never one before a later one.",
        script: include_str!("presets/async.gb"),
        compare: None,
        speed: "5",
    },
    Preset {
        name: "group",
        title: "Group commit",
        point: "Four commits share one sync: more of them a second, each a little later.",
        script: include_str!("presets/group.gb"),
        compare: Some(("commit", "sync")),
        speed: "5",
    },
    Preset {
        name: "torn-page",
        title: "A torn page is rescued",
        point: "Half of a page was written when the power failed: its image in the log makes it whole, without it the page is lost.",
        script: include_str!("presets/torn-page.gb"),
        compare: Some(("torn_pages", "none")),
        speed: "5",
    },
    Preset {
        name: "twice",
        title: "The power fails during recovery",
        point: "Undo is logged too, so a recovery that is cut off is recovered from in the same way.",
        script: include_str!("presets/twice.gb"),
        compare: None,
        speed: "5",
    },
    Preset {
        name: "split",
        title: "A split is cut in two",
        point: "A change of structure is one action in the log: it is finished or undone as a whole.",
        script: include_str!("presets/split.gb"),
        compare: None,
        speed: "5",
    },
    Preset {
        name: "checkpoint",
        title: "Fuzzy checkpoint, shorter log",
        point: "A checkpoint writes two small tables; what no dirty page and no open transaction needs is removed.",
        script: include_str!("presets/checkpoint.gb"),
        compare: None,
        speed: "5",
    },
    Preset {
        name: "savepoint",
        title: "Savepoint and abort",
        point: "Going back is going on: compensations take changes back one by one, and are never undone themselves.",
        script: include_str!("presets/savepoint.gb"),
        compare: None,
        speed: "5",
    },
];
