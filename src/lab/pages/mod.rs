//! The lab of pages and rows: a heap file of slotted pages, with a free-space map, on a buffer pool over a simulated disk.
//!
//! - this file: what the lab declares: commands, settings, presets.
//! - [`expectations`]: what may stand behind `expect`, and how it is checked.
//! - [`machine`]: the commands that do one thing. [`job`]: those that do it many times.

pub mod expectations;
pub mod job;
pub mod machine;
mod presets;

pub use machine::Pages;

use super::declaration::{Argument, ArgumentKind, CommandInfo, LabInfo, SettingInfo};

/// The lab's declaration.
pub static PAGES: LabInfo = LabInfo {
    name: "pages",
    title: "Pages",
    floor: "Storage",
    summary: "See what a page of rows is made of, byte by byte, while rows come, grow, move and go.",
    commands: COMMANDS,
    expectations: expectations::EXPECTATIONS,
    settings: SETTINGS,
    presets: presets::PRESETS,
    open: machine::open,
};

const COUNT: ArgumentKind = ArgumentKind::Number { from: 0, to: 100_000_000 };
const BYTES: ArgumentKind = ArgumentKind::Number { from: 0, to: 1 << 20 };
const PAGE_NUMBER: ArgumentKind = ArgumentKind::Number { from: 0, to: u32::MAX as u64 };
const ROW: Argument = Argument::needed("row", ArgumentKind::Row, "its page and slot, as in 2.3");
const PAGE: Argument = Argument::needed("page", PAGE_NUMBER, "the page's number");
const TEXT: Argument = Argument::optional("text", ArgumentKind::Text, "its bytes; made when left out");
const SIZE: Argument = Argument::named("size", BYTES, "bytes of a row that is made");
const TO: Argument = Argument::named("to", BYTES, "sizes are drawn from `size` to this");
const BY: Argument = Argument::needed("bytes", BYTES, "by how many bytes");
const UNRECORDED: Argument = Argument::flag("unrecorded", "do not record the single steps");

const COMMANDS: &[CommandInfo] = &[
    CommandInfo::single(
        "insert",
        &[TEXT, SIZE],
        "Puts a row into a page that has room for it, and gives it the id by which it is known from then on.",
        "insert ash size 40",
    ),
    CommandInfo::single(
        "update",
        &[ROW, TEXT, SIZE],
        "Gives a row new bytes. When they do not fit in its page, the row moves and leaves its new address behind.",
        "update 2.1 size 90",
    ),
    CommandInfo::single("grow", &[ROW, BY], "Makes a row longer by so many bytes.", "grow 2.1 30"),
    CommandInfo::single("shrink", &[ROW, BY], "Cuts so many bytes off a row.", "shrink 2.1 10"),
    CommandInfo::single("get", &[ROW], "Reads a row by its id: one page, or two when the row has moved.", "get 2.1"),
    CommandInfo::single("delete", &[ROW], "Takes a row out; its slot goes to a later row.", "delete 2.1"),
    CommandInfo::single(
        "compact",
        &[PAGE],
        "Slides the rows of a page together, so that its free space is one piece again.",
        "compact 2",
    ),
    CommandInfo::bulk(
        "scan",
        &[Argument::named("pages", PAGE_NUMBER, "stop after so many pages"), UNRECORDED],
        "Reads every page of the file in order, and every row in it.",
        "scan",
    ),
    CommandInfo::single("read", &[PAGE], "Reads one page, and checks its checksum.", "read 2"),
    CommandInfo::bulk(
        "load",
        &[Argument::needed("count", COUNT, "how many rows"), SIZE, TO, UNRECORDED],
        "Inserts many rows that are made.",
        "load 20 size 10 to 60",
    ),
    CommandInfo::bulk(
        "get-random",
        &[Argument::needed("count", COUNT, "how many look-ups"), UNRECORDED],
        "Reads rows by their ids, drawn at random, as an index in another order would.",
        "get-random 100",
    ),
    CommandInfo::bulk(
        "update-random",
        &[Argument::needed("count", COUNT, "how many rows"), SIZE, TO, UNRECORDED],
        "Gives rows that are drawn at random new bytes.",
        "update-random 20 size 10 to 60",
    ),
    CommandInfo::bulk(
        "delete-random",
        &[Argument::needed("count", COUNT, "how many rows"), UNRECORDED],
        "Deletes rows that are drawn at random.",
        "delete-random 10",
    ),
    CommandInfo::single("clear", &[], "Opens the engine anew, empty, with the same settings.", "clear"),
    CommandInfo::single("verify", &[], "Checks every invariant of the file, page by page.", "verify"),
    CommandInfo::single("flush", &[UNRECORDED], "Writes all dirty pages to the disk and makes them durable.", "flush"),
    CommandInfo::single(
        "crash",
        &[],
        "Cuts the power: writes that were not synced may be kept, lost, or torn; then the disk is read again.",
        "crash",
    ),
    CommandInfo::single(
        "flip",
        &[
            PAGE,
            Argument::needed(
                "bit",
                ArgumentKind::Number { from: 0, to: 16384 * 8 - 1 },
                "the bit's number in the page: eight times the byte's, and the bit in it",
            ),
        ],
        "Flips one bit of a page on the disk, as a failing medium does.",
        "flip 2 400",
    ),
];

const SETTINGS: &[SettingInfo] = &[
    SettingInfo {
        name: "page_size",
        kind: ArgumentKind::Word(&["128", "256", "512", "1024", "2048", "4096", "8192", "16384"]),
        default: "256",
        help: "Bytes of a page. Databases have 4096 to 16384; with 256 all of them can be seen.",
    },
    SettingInfo {
        name: "device",
        kind: ArgumentKind::Word(&["ram", "nvme", "ssd", "hdd"]),
        default: "ssd",
        help: "What the pages are stored on; it decides how long a read and a write take.",
    },
    SettingInfo {
        name: "frames",
        kind: ArgumentKind::Number { from: 8, to: 65536 },
        default: "64",
        help: "Pages that the buffer pool has room for.",
    },
    SettingInfo {
        name: "row_size",
        kind: BYTES,
        default: "40",
        help: "Bytes of a row that is made because none is given.",
    },
    SettingInfo {
        name: "disk_pages",
        kind: ArgumentKind::Number { from: 0, to: u32::MAX as u64 },
        default: "0",
        help: "Pages that the disk has room for. 0: no limit.",
    },
];
