//! The presets: each shows one point within seconds, and ends in what must be true, so that it is also a test.

use crate::lab::declaration::Preset;

const fn preset(
    name: &'static str,
    title: &'static str,
    point: &'static str,
    compare: Option<(&'static str, &'static str)>,
    script: &'static str,
) -> Preset {
    Preset { name, title, point, script, compare, cures: &[], speed: "5" }
}

pub const PRESETS: &[Preset] = &[
    preset(
        "add",
        "One shard more",
        "A shard that joins a ring takes a little from every other, and no key moves that does not have to.",
        None,
        include_str!("presets/add.gb"),
    ),
    preset(
        "modulo",
        "Nearly everything moves",
        "The remainder of a hash is even and simple, until the number of shards changes; jump hash, on the right, has neither fault.",
        Some(("strategy", "jump")),
        include_str!("presets/modulo.gb"),
    ),
    preset(
        "survey",
        "Five strategies",
        "The same keys under five strategies: how even they are, and how many move when a shard comes, beside theory.",
        None,
        include_str!("presets/survey.gb"),
    ),
    preset(
        "hot-range",
        "All new ids on one shard",
        "Keys that ascend make the last range hot; a split helps what is there, and the next ids are hot again.",
        None,
        include_str!("presets/hot-range.gb"),
    ),
    preset(
        "celebrity",
        "One key for everybody",
        "No placement helps a key that everybody wants. In pieces it can be written everywhere, and has to be read everywhere.",
        None,
        include_str!("presets/celebrity.gb"),
    ),
    preset(
        "fan-out",
        "A query over shards",
        "Ranges answer a range query from two shards; a hash asks all of them, and is as slow as the slowest.",
        None,
        include_str!("presets/fan-out.gb"),
    ),
    preset(
        "hedged",
        "Asking twice",
        "The more shards a query asks, the surer it meets a slow one; asking a slow part once more cuts that off. On the right: without.",
        Some(("hedge", "0")),
        include_str!("presets/hedged.gb"),
    ),
    preset(
        "live-move",
        "Moving while in use",
        "Snapshot, catch-up, cut-over: keys change shards under load and through a crash, and no write is lost or done twice.",
        None,
        include_str!("presets/live-move.gb"),
    ),
    preset(
        "lost-write",
        "A cut-over too early",
        "A move without catch-up looks the same, and loses the writes that came during the copy: the checker names one.",
        None,
        include_str!("presets/lost-write.gb"),
    ),
    preset(
        "partial",
        "A shard that does not answer",
        "A query may do without a shard that is down, and has to say so; the keys of that shard are nowhere else.",
        None,
        include_str!("presets/partial.gb"),
    ),
];
