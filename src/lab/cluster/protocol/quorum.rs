//! The lab of quorums: how many nodes keep a key, and how many of them a read and a write wait for.

use std::rc::Rc;

use crate::lab::cluster::commands::TIME;
use crate::lab::cluster::commands::{FAULTS, FROM, JUDGING, KEY, PASSING, TO, VALUE, client_commands};
use crate::lab::cluster::settings::{self, PATIENCE, YES_NO, setting};
use crate::lab::cluster::{expectations, joined, tradeoff};
use crate::lab::declaration::{Argument, ArgumentKind, CommandInfo, SettingInfo};
use crate::lab::values::Values;
use crate::replication::quorum::{Options, ReadRepair, Resolution};

/// Of how many replicas a client may want to hear.
const LEVELS: &[&str] = &["default", "one", "quorum", "local-quorum", "all"];

pub const COMMANDS: [CommandInfo; 5 + PASSING.len() + FAULTS.len() + JUDGING.len()] =
    joined(&[&client_commands!(LEVELS), PASSING, &[tradeoff::COMMAND], FAULTS, JUDGING]);

pub const EXPECTATIONS: [CommandInfo; expectations::EXPECTATIONS.len() + tradeoff::EXPECTATIONS.len()] =
    joined(&[expectations::EXPECTATIONS, tradeoff::EXPECTATIONS]);

pub const SETTINGS: [SettingInfo; 1 + OWN_SETTINGS.len() + settings::COMMON.len()] =
    joined(&[&[settings::nodes("5")], OWN_SETTINGS, settings::COMMON]);

const REPLICAS: ArgumentKind = ArgumentKind::Number { from: 1, to: 1000 };

const OWN_SETTINGS: &[SettingInfo] = &[
    setting("replicas", REPLICAS, "3", "N: how many nodes keep a key."),
    setting("read", REPLICAS, "2", "R: how many of them a read waits for."),
    setting("write", REPLICAS, "2", "W: how many of them a write waits for."),
    settings::consistency(ArgumentKind::Word(LEVELS), "default"),
    setting(
        "resolution",
        ArgumentKind::Word(&["coordinator-clock", "client-clock", "siblings"]),
        "coordinator-clock",
        "Which of two versions is the newer: by the clock of the node that was asked, by the client's, or neither (dotted version vectors).",
    ),
    setting(
        "read_repair",
        ArgumentKind::Word(&["off", "background", "blocking"]),
        "background",
        "When a read that finds old versions sends the newest to them: never, after the answer, before it.",
    ),
    setting("sloppy", YES_NO, "no", "Other nodes stand in for replicas that do not answer, and count."),
    setting("hinted_handoff", YES_NO, "yes", "A write that a replica misses is kept elsewhere until it is back."),
    setting("anti_entropy", TIME, "1s", "How often a node compares what it has with another, by hash trees. 0: never."),
    setting("grace", TIME, "60s", "How long the mark of a deletion is kept. Too short: what was deleted comes back."),
    setting("suspect", PATIENCE, "80ms", "A replica that has not answered for so long is taken for down."),
    setting("give_up", PATIENCE, "200ms", "The node that was asked gives a request up after so long."),
    setting("probe", PATIENCE, "200ms", "How often nodes that are taken for down are asked whether they are back."),
    setting(
        "data_centres",
        ArgumentKind::Number { from: 1, to: 4 },
        "1",
        "In how many data centres the nodes stand, in turns.",
    ),
];

/// The settings as the protocol takes them.
pub fn options(values: &Values) -> Options {
    let number = |name| values.number(name) as u16;
    let centres = values.number("data_centres").max(1);
    let data_centres: Rc<[u8]> = match centres {
        1 => Rc::new([]),
        _ => (0..values.number("nodes")).map(|node| (node % centres) as u8).collect(),
    };
    Options {
        replicas: number("replicas"),
        read: number("read"),
        write: number("write"),
        data_centres,
        resolution: match values.word("resolution") {
            "client-clock" => Resolution::ClientClock,
            "siblings" => Resolution::Dotted,
            _ => Resolution::CoordinatorClock,
        },
        read_repair: match values.word("read_repair") {
            "off" => ReadRepair::Off,
            "blocking" => ReadRepair::Blocking,
            _ => ReadRepair::Background,
        },
        sloppy: values.is_on("sloppy"),
        hinted_handoff: values.is_on("hinted_handoff"),
        anti_entropy_ns: values.duration_ns("anti_entropy"),
        grace_ns: values.duration_ns("grace"),
        suspect_ns: values.duration_ns("suspect"),
        timeout_ns: values.duration_ns("give_up"),
        probe_ns: values.duration_ns("probe"),
    }
}
