//! The settings that every lab of a cluster has, and what they make.

use super::commands::TIME;
use super::protocol::Kind;
use crate::lab::argument::Value;
use crate::lab::declaration::{ArgumentKind, LabInfo, SettingInfo};
use crate::lab::refusal::Refusal;
use crate::lab::span;
use crate::lab::values::Values;
use crate::lab::words::grouped;
use crate::replication::cluster::Options;
use crate::replication::{Consistency, ShelfKind};
use crate::sim::Device;
use crate::sim::network::{Latency, Quality};
use crate::storage::lsm::LsmOptions;
use crate::storage::{LogOptions, Options as StoreOptions};
use crate::trace::decimal::fixed;

/// Memory that the stores of all nodes may take at first.
const STORES_BYTES_MAX: u64 = 256 << 20;
const PAGE_BYTES: u32 = 1024;
const FRAMES: u32 = 32;

pub const YES_NO: ArgumentKind = ArgumentKind::Word(&["yes", "no"]);
/// Longer than nothing: what takes no time at all would go on for ever at one moment.
const SERVICE: ArgumentKind = ArgumentKind::Duration { from_ns: 1_000, to_ns: 60_000_000_000 };
pub const PATIENCE: ArgumentKind = ArgumentKind::Duration { from_ns: 1_000_000, to_ns: 3_600_000_000_000 };
const SHARE: ArgumentKind = ArgumentKind::Decimal { from: 0.0, to: 1.0 };

/// A setting.
pub const fn setting(name: &'static str, kind: ArgumentKind, default: &'static str, help: &'static str) -> SettingInfo {
    SettingInfo { name, kind, default, help }
}

/// How many nodes there are; each lab has its own number.
pub const fn nodes(default: &'static str) -> SettingInfo {
    setting("nodes", ArgumentKind::Number { from: 1, to: 1000 }, default, "How many nodes there are.")
}

/// What clients ask for when they do not say.
pub const fn consistency(kind: ArgumentKind, default: &'static str) -> SettingInfo {
    setting("consistency", kind, default, "How sure clients want to be when they do not say so themselves.")
}

/// The same in every lab.
pub const COMMON: &[SettingInfo] = &[
    setting("clients", ArgumentKind::Number { from: 1, to: 10_000 }, "3", "How many clients there are."),
    setting(
        "store",
        ArgumentKind::Word(&["memory", "btree", "lsm"]),
        "memory",
        "What nodes keep their data in: a map in memory that takes no time, a B+tree under a log, an LSM tree.",
    ),
    setting(
        "device",
        ArgumentKind::Word(&["ram", "nvme", "ssd", "hdd"]),
        "nvme",
        "What B+tree and LSM tree are stored on; it decides how long a sync takes.",
    ),
    setting("latency", TIME, "10ms", "How long a message takes: half of them less, half of them more."),
    setting(
        "spread",
        ArgumentKind::Word(&["fixed", "uniform", "exponential", "log-normal", "measured"]),
        "uniform",
        "How latencies are spread: all alike, a fifth up and down, with a long tail, with a longer one, as measured between regions.",
    ),
    setting("loss", SHARE, "0", "Share of messages that are lost."),
    setting("duplication", SHARE, "0", "Share of messages that arrive twice."),
    setting("reordering", SHARE, "0", "Share of messages that may be overtaken."),
    setting(
        "bandwidth",
        ArgumentKind::Number { from: 0, to: 1_000_000_000_000 },
        "0",
        "Bytes that a link carries in a second. 0: as many as one likes.",
    ),
    setting("service", SERVICE, "100us", "How long a node works on a message, besides what its disk takes."),
    setting("timeout", PATIENCE, "300ms", "How long a client waits for an answer."),
    setting("retries", ArgumentKind::Number { from: 0, to: 1000 }, "20", "How often a client asks again."),
    setting("sticky", YES_NO, "yes", "Clients go on asking the node that answered last; otherwise any."),
];

/// All settings of a lab.
#[derive(Clone, Debug)]
pub struct Settings {
    pub kind: Kind,
    pub values: Values,
    pub options: Options,
}

impl Settings {
    pub fn of(kind: Kind, values: &Values) -> Settings {
        let number = |name| values.number(name);
        let mut options = Options::new(kind.protocol(values), number("nodes") as u16);
        options.members = match kind.has_members() {
            true if number("members") > 0 => number("members") as u16,
            _ => options.nodes,
        };
        options.clients = number("clients") as u16;
        options.shelf = shelf(values);
        options.quality = Quality {
            latency: latency(values.duration_ns("latency"), values.word("spread")),
            loss: values.decimal("loss"),
            duplication: values.decimal("duplication"),
            reordering: values.decimal("reordering"),
            bytes_per_s: number("bandwidth"),
        };
        options.service_ns = values.duration_ns("service");
        options.timeout_ns = values.duration_ns("timeout");
        options.retries = number("retries") as u32;
        options.sticky = values.is_on("sticky");
        if kind != Kind::Transactions {
            options.consistency = level(values.word("consistency"), kind.staleness_ns(values));
        }
        kind.adjust(values, &mut options);
        Settings { kind, values: values.clone(), options }
    }

    /// Whether the nodes' stores fit the memory.
    pub fn check(&self) -> Result<(), Refusal> {
        let each = match self.options.shelf {
            ShelfKind::Memory => 0,
            ShelfKind::Tree(_) | ShelfKind::Lsm(_) => u64::from(PAGE_BYTES * FRAMES) * 2,
        };
        let bytes = each * u64::from(self.options.nodes);
        match bytes > STORES_BYTES_MAX {
            true => Err(Refusal::ClusterTooLarge { mib: (bytes >> 20) as usize }),
            false => Ok(()),
        }
    }

    /// What a setting means now, in a sentence.
    pub fn sentence(&self, lab: &LabInfo, name: &str) -> String {
        sentence(&self.values, lab, name)
    }
}

/// What a setting of a lab means now, in a sentence.
pub fn sentence(values: &Values, lab: &LabInfo, name: &str) -> String {
    let value = values.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
    let value = match value {
        Some(Value::Duration(ns)) => span::written(ns.unsigned_abs()),
        Some(Value::Number(number)) => grouped(*number),
        Some(Value::Decimal(number)) => fixed(*number, 3),
        Some(Value::Word(word)) => (*word).to_string(),
        _ => String::new(),
    };
    let help = lab.setting(name).map_or("", |setting| setting.help);
    format!("{name} is {value} now. {help}")
}

/// What nodes keep their data in, as the settings `store` and `device` say.
pub fn shelf(values: &Values) -> ShelfKind {
    shelf_of(values.word("store"), Device::from_word(values.word("device")).unwrap_or(Device::Nvme))
}

/// A store by its word, on a device.
pub fn shelf_of(store: &str, device: Device) -> ShelfKind {
    match store {
        "btree" => {
            let options = StoreOptions { page_size: PAGE_BYTES, frames: FRAMES, device, ..StoreOptions::default() };
            ShelfKind::Tree(Box::new((options, LogOptions::default())))
        }
        "lsm" => ShelfKind::Lsm(Box::new(LsmOptions { device, ..LsmOptions::default() })),
        _ => ShelfKind::Memory,
    }
}

/// Round trips between regions of a cloud in thousandths of their median: near ones, an ocean apart, the far side.
const BETWEEN_REGIONS: &[u64] = &[20, 120, 250, 400, 600, 850, 1000, 1150, 1500, 1700, 2100, 2600, 3400];

/// Latencies with this median.
pub fn latency(median_ns: u64, spread: &str) -> Latency {
    match spread {
        "fixed" => Latency::Fixed { ns: median_ns },
        "exponential" => {
            // The median of an exponential distribution is its mean times ln 2.
            let mean_ns = (median_ns as f64 / 2.0 / std::f64::consts::LN_2) as u64;
            Latency::Exponential { floor_ns: median_ns / 2, mean_ns }
        }
        "log-normal" => Latency::LogNormal { median_ns, sigma: 0.6 },
        "measured" => Latency::Table(BETWEEN_REGIONS.iter().map(|share| median_ns * share / 1000).collect()),
        _ => Latency::Uniform { from_ns: median_ns - median_ns / 5, to_ns: median_ns + median_ns / 5 },
    }
}

/// How sure a client wants to be, by its word. `age_ns`: how old a bounded read may be.
pub fn level(word: &str, age_ns: u64) -> Consistency {
    match word {
        "one" => Consistency::One,
        "quorum" => Consistency::Quorum,
        "local-quorum" => Consistency::LocalQuorum,
        "all" => Consistency::All,
        "any" => Consistency::Any,
        "leader" => Consistency::Leader,
        "bounded" => Consistency::BoundedStaleness { age_ns },
        "read-your-writes" => Consistency::ReadYourWrites,
        "monotonic" => Consistency::Monotonic,
        "causal" => Consistency::Causal,
        "read-index" => Consistency::ReadIndex,
        "lease" => Consistency::Lease,
        _ => Consistency::Default,
    }
}
