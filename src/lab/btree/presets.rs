//! The presets: each shows one point within seconds, and ends in what must be true, so that it is also a test.

use crate::lab::declaration::Preset;

pub const PRESETS: &[Preset] = &[
    Preset {
        name: "textbook",
        title: "Textbook tree of order 4",
        point: "Fourteen keys: a leaf splits, then the root, and every leaf stays at the same depth.",
        script: include_str!("presets/textbook.gb"),
        compare: None,
        speed: "1",
    },
    Preset {
        name: "ascending",
        title: "Ascending keys",
        point: "Splitting at the right edge leaves full pages behind; splitting in the middle leaves half of each empty.",
        script: include_str!("presets/ascending.gb"),
        compare: Some(("split", "middle")),
        speed: "5",
    },
    Preset {
        name: "descending",
        title: "Descending keys",
        point: "Every key lands at the left edge, and every split leaves two half-full pages.",
        script: include_str!("presets/descending.gb"),
        compare: None,
        speed: "5",
    },
    Preset {
        name: "random",
        title: "Random keys",
        point: "Keys in no order fill the pages to about seven tenths.",
        script: include_str!("presets/random.gb"),
        compare: None,
        speed: "5",
    },
    Preset {
        name: "uuid",
        title: "UUIDv4 against UUIDv7",
        point: "Random identifiers touch every leaf; those that begin with the time touch only the last.",
        script: include_str!("presets/uuid.gb"),
        compare: Some(("keys", "uuid7")),
        speed: "10",
    },
    Preset {
        name: "zipf",
        title: "A few keys most often",
        point: "When a few keys get most of the lookups, a small buffer pool serves most of them without the disk.",
        script: include_str!("presets/zipf.gb"),
        compare: None,
        speed: "5",
    },
    Preset {
        name: "deletes",
        title: "Deletes that borrow and merge",
        point: "A page that gets too empty takes a record from its sibling, or the two become one.",
        script: include_str!("presets/deletes.gb"),
        compare: None,
        speed: "1",
    },
    Preset {
        name: "range-scan",
        title: "A range scan",
        point: "One descent finds the beginning; from there the scan follows the links between the leaves.",
        script: include_str!("presets/range-scan.gb"),
        compare: None,
        speed: "1",
    },
    Preset {
        name: "million",
        title: "A million keys in pages of 8 KiB",
        point: "A million keys are three levels deep: any of them is three pages away.",
        script: include_str!("presets/million.gb"),
        compare: None,
        speed: "1",
    },
];
