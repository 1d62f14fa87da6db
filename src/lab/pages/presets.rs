//! The presets: each shows one point within seconds, and ends in what must be true, so that it is also a test.

use crate::lab::declaration::Preset;

pub const PRESETS: &[Preset] = &[
    Preset {
        name: "both-ends",
        title: "A page fills up from both ends",
        point: "Slots grow from the front, rows from the back, until they meet; the next row opens another page.",
        script: include_str!("presets/both-ends.gb"),
        compare: None,
        cures: &[],
        speed: "1",
    },
    Preset {
        name: "hole",
        title: "Deletes leave holes",
        point: "A deleted row leaves a hole; compaction slides the others together, and no row id changes.",
        script: include_str!("presets/hole.gb"),
        compare: None,
        cures: &[],
        speed: "1",
    },
    Preset {
        name: "forwarding",
        title: "A row that grows moves away",
        point: "A row that outgrows its page leaves its new address behind, so its id stays true.",
        script: include_str!("presets/forwarding.gb"),
        compare: None,
        cures: &[],
        speed: "1",
    },
    Preset {
        name: "long-row",
        title: "A row longer than a page",
        point: "A long row is cut into parts on a chain of overflow pages; its page keeps eight bytes of it.",
        script: include_str!("presets/long-row.gb"),
        compare: None,
        cures: &[],
        speed: "1",
    },
    Preset {
        name: "flipped-bit",
        title: "A flipped bit is caught",
        point: "One bit of 2048 turns over on the disk; the checksum does not match, and the page is refused by name.",
        script: include_str!("presets/flipped-bit.gb"),
        compare: None,
        cures: &[],
        speed: "1",
    },
    Preset {
        name: "scan-or-look-up",
        title: "A million rows: scan or look up",
        point: "Reading all of a million rows in order costs as much as looking up about twelve hundred of them.",
        script: include_str!("presets/scan-or-look-up.gb"),
        compare: None,
        cures: &[],
        speed: "1",
    },
];
