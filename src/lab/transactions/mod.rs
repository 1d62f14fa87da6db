//! The lab of work that spans shards: money goes from one to another, all of it or nothing; a journey is booked step by
//! step and taken back step by step.
//!
//! ```text
//!   transfer alice bob 30      by two-phase commit: n1 coordinates, the shards of the two accounts vote
//!   book                       a saga: a flight at n2, a hotel at n3, a car at n4, one after the other
//!   crash n1                   and look who is blocked, and on what
//! ```
//!
//! It is a lab of a cluster (`lab::cluster`): time, faults and plans are those of the others. [`node`] lets coordinator and
//! shards run in it, [`judging`] hands what clients saw and stores hold to the checker.

mod judging;
mod node;
mod presets;

use std::rc::Rc;

pub use judging::{MONEY, check, find, judge};
pub use node::wrapped;

use super::cluster::commands::{FAULTS, NODE, PASSING};
use super::cluster::settings::{self, PATIENCE, YES_NO, setting};
use super::cluster::{ClusterLab, Kind, expectations, joined, machine};
use super::declaration::{Argument, ArgumentKind, CommandInfo, LabInfo, SettingInfo};
use super::refusal::Refusal;
use super::script::Call;
use super::values::Values;
use crate::replication::Protocol;
use crate::sharding::transaction::{COORDINATOR, JOURNEY, Leg, Message, Options, Order, What};
use crate::sim::Cx;
use crate::trace::{Bytes, NodeId};

/// Transactions across shards.
pub static TRANSACTIONS: LabInfo = LabInfo {
    name: "transactions",
    title: "Cross-shard transactions",
    floor: "Sharding",
    summary: "Watch money cross shards by two-phase commit, a dead coordinator block everybody, and a saga take back what it did.",
    commands: &COMMANDS,
    expectations: expectations::EXPECTATIONS,
    settings: &SETTINGS,
    presets: presets::PRESETS,
    open: |seed, values| machine::open(Kind::Transactions, seed, values),
};

const CLIENT: Argument =
    Argument::named("client", ArgumentKind::Client, "the client that asks; the first that is idle");
const AS: Argument = Argument::named("as", ArgumentKind::Word(WAYS), "how: two-phase, or saga");
const WAYS: &[&str] = &["two-phase", "saga"];
const ACCOUNT: ArgumentKind = ArgumentKind::Key;
const STOCK: ArgumentKind = ArgumentKind::Number { from: 0, to: 1_000_000 };
const AMOUNT: ArgumentKind = ArgumentKind::Number { from: 1, to: 1_000_000_000 };

const OWN: &[CommandInfo] = &[
    CommandInfo::single(
        "transfer",
        &[
            Argument::needed("payer", ACCOUNT, "the account that pays"),
            Argument::needed("payee", ACCOUNT, "the account that is paid"),
            Argument::needed("amount", AMOUNT, "how much"),
            AS,
            CLIENT,
        ],
        "A client asks for money to be moved; by two-phase commit when it does not say how.",
        "transfer alice bob 30",
    ),
    CommandInfo::single(
        "book",
        &[AS, CLIENT],
        "A client asks for a flight, a hotel and a car; by a saga when it does not say how.",
        "book",
    ),
    CommandInfo::single(
        "balance",
        &[Argument::needed("account", ACCOUNT, "the account"), CLIENT],
        "A client asks what is in an account; it waits while the account is locked.",
        "balance alice",
    ),
    CommandInfo::single(
        "refuse",
        &[
            NODE,
            Argument::needed("times", ArgumentKind::Number { from: 0, to: 1_000_000 }, "how many; 0: none any more"),
            CLIENT,
        ],
        "Lets a shard refuse so many compensations.",
        "refuse n3 5",
    ),
    CommandInfo::single("retry", &[CLIENT], "Asks the coordinator to take up sagas that are stuck.", "retry"),
];

const JUDGING: &[CommandInfo] = &[
    CommandInfo::single(
        "check",
        &[],
        "Lets the checker judge the accounts: what clients were told, and what the shards hold.",
        "check",
    ),
    CommandInfo::single("clear", &[], "Opens the accounts anew, with the same settings.", "clear"),
];

/// Letting time pass; there is no load of single keys here.
const RUNNING: &[CommandInfo] = &[PASSING[0], PASSING[1], PASSING[3], PASSING[4]];

const COMMANDS: [CommandInfo; OWN.len() + RUNNING.len() + FAULTS.len() + JUDGING.len()] =
    joined(&[OWN, RUNNING, FAULTS, JUDGING]);

const SETTINGS: [SettingInfo; 1 + OWN_SETTINGS.len() + settings::COMMON.len()] =
    joined(&[&[settings::nodes("4")], OWN_SETTINGS, settings::COMMON]);

const OWN_SETTINGS: &[SettingInfo] = &[
    setting(
        "accounts",
        ArgumentKind::Number { from: 1, to: NAMES.len() as u64 },
        "3",
        "How many accounts of money there are, dealt out to the shards in turn.",
    ),
    setting("opening", AMOUNT, "100", "What is in each of them at first."),
    setting("seats", STOCK, "2", "Seats in flights, and rooms in hotels, that there are at first."),
    setting("cars", STOCK, "2", "Cars that there are at first."),
    setting(
        "presume",
        ArgumentKind::Word(&["abort", "nothing"]),
        "abort",
        "What no information means: that it was aborted, or nothing.",
    ),
    setting("peers", YES_NO, "yes", "A shard in doubt also asks the other shards."),
    setting("votes", PATIENCE, "100ms", "How long the coordinator waits for votes before it aborts."),
    setting("acks", PATIENCE, "100ms", "How long it waits for acknowledgements before it tells its decision again."),
    setting("doubt", PATIENCE, "100ms", "How long a shard is in doubt before it asks."),
    setting("step", PATIENCE, "100ms", "How long a saga waits for a step before it asks again."),
    setting(
        "step_attempts",
        ArgumentKind::Number { from: 1, to: 1000 },
        "3",
        "Attempts at a step before it is taken back.",
    ),
    setting(
        "undo_attempts",
        ArgumentKind::Number { from: 1, to: 1000 },
        "3",
        "Refusals of a compensation until the saga is stuck.",
    ),
    setting("coordinator_log", YES_NO, "yes", "no breaks it: the coordinator keeps its decisions in memory alone."),
    setting("sync_votes", YES_NO, "yes", "no breaks it: a shard votes without making its vote durable."),
];

/// Who has an account.
const NAMES: [&str; 8] = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"];

/// The settings as coordinator and shards take them.
pub fn options(values: &Values) -> Options {
    let options = Options {
        accounts: Vec::new(),
        votes_ns: values.duration_ns("votes"),
        acks_ns: values.duration_ns("acks"),
        doubt_ns: values.duration_ns("doubt"),
        step_ns: values.duration_ns("step"),
        step_attempts: values.number("step_attempts"),
        undo_attempts: values.number("undo_attempts"),
        presume_abort: values.word("presume") != "nothing",
        ask_peers: values.is_on("peers"),
        coordinator_log: values.is_on("coordinator_log"),
        sync_votes: values.is_on("sync_votes"),
    };
    let names = &NAMES[..(values.number("accounts") as usize).min(NAMES.len())];
    let number = |name| values.number(name) as i64;
    let stock = [number("seats"), number("seats"), number("cars")];
    options.dealt(values.number("nodes") as u16, names, number("opening"), stock)
}

pub fn protocol(values: &Values) -> Rc<dyn Protocol> {
    Rc::new(node::Transactions(Rc::new(options(values))))
}

/// What a client orders.
fn wanted(lab: &ClusterLab, call: &Call) -> Result<(What, NodeId), Refusal> {
    let arguments = &call.arguments;
    let account = |name| known(lab, arguments.key(name).cloned().unwrap_or_default());
    let way = |legs: Rc<[Leg]>, usual| match arguments.word("as").unwrap_or(usual) {
        "saga" => What::Saga(legs),
        _ => What::Atomic(legs),
    };
    Ok(match call.info.name {
        "transfer" => {
            let (payer, payee) = (account("payer")?, account("payee")?);
            if payer.0 == payee.0 {
                return Err(Refusal::SameAccount { account: payer.0.to_string() });
            }
            let amount = arguments.number("amount").unwrap_or_default() as i64;
            let legs = [Leg { account: payer.0, amount: -amount }, Leg { account: payee.0, amount }];
            (way(legs.into(), "two-phase"), COORDINATOR)
        }
        "book" => {
            let legs: Rc<[Leg]> = JOURNEY.iter().map(|name| Leg { account: Bytes::typed(name), amount: -1 }).collect();
            (way(legs, "saga"), COORDINATOR)
        }
        "balance" => {
            let (account, home) = account("account")?;
            (What::Read(account), home)
        }
        "refuse" => {
            let node = lab.node_of(call, "node")?;
            (What::RefuseUndo(arguments.number("times").unwrap_or_default()), node)
        }
        _ => (What::Resume, COORDINATOR),
    })
}

/// An account that is there, and where it is.
fn known(lab: &ClusterLab, name: Bytes) -> Result<(Bytes, NodeId), Refusal> {
    let options = options(&lab.settings.values);
    match options.account(&name) {
        Some(account) => Ok((name, account.home)),
        None => {
            let names: Vec<String> = options.accounts.iter().map(|account| account.name.to_string()).collect();
            Err(Refusal::NoAccount { account: name.to_string(), known: names.join(", ") })
        }
    }
}

/// Carries out a command of clients.
pub fn order(lab: &mut ClusterLab, cx: &mut Cx, call: &Call) -> Result<String, Refusal> {
    let (what, node) = wanted(lab, call)?;
    let client = call.arguments.node("client").or_else(|| lab.cluster.first_idle()).ok_or(Refusal::AllClientsBusy)?;
    let text = text(call, &what);
    let make = |id: crate::replication::RequestId| wrapped(Message::Order(Order { request: id.0, what }.into()));
    lab.cluster.order(cx, client, Some(node), &text, make)?;
    Ok(lab.asked(client, &text))
}

/// What a client wants, as people say it.
fn text(call: &Call, what: &What) -> String {
    let key = |name| call.arguments.key(name).map(Bytes::to_string).unwrap_or_default();
    let way = match what {
        What::Saga(_) if call.info.name != "book" => ", as a saga",
        What::Atomic(_) if call.info.name == "book" => ", all or nothing",
        _ => "",
    };
    match call.info.name {
        "transfer" => {
            let amount = call.arguments.number("amount").unwrap_or_default();
            format!("transfer {amount} from {} to {}{way}", key("payer"), key("payee"))
        }
        "book" => format!("book flight, hotel and car{way}"),
        _ => what.text(),
    }
}
