//! Transactions across shards in storms: nothing is half done, nothing twice, and the accounts add up.
//!
//! Once all is well again everything has to come to an end as well: nobody is in doubt for ever, no saga is left over.

use glassbase_core::lab::cluster::Kind as LabKind;
use glassbase_core::lab::cluster::settings::Settings;
use glassbase_core::lab::script::Statement;
use glassbase_core::lab::transactions::{TRANSACTIONS, find, options, wrapped};
use glassbase_core::lab::{Progress, Session, Values, statement};
use glassbase_core::replication::Cluster;
use glassbase_core::sharding::transaction::checker::{Finding, Verdict};
use glassbase_core::sharding::transaction::{Account, COORDINATOR, JOURNEY, Leg, Message, Order, What};
use glassbase_core::sim::Cx;
use glassbase_core::trace::{Bytes, NodeId};

use crate::plan::{CLIENTS, Deed, Kind, Maker, Plan};
use crate::run::{Found, Outcome, run as run_plan};
use crate::shrink::shrink;

const MS: u64 = 1_000_000;
const ACCOUNTS: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];
/// When the storm is over, and when the run ends.
const CALM_MS: u64 = 2_000;
const END_MS: u64 = 6_000;
/// Seeds in which what is broken has to be caught.
const SEEDS: u64 = 200;
const DEEDS_MAX: usize = 12;
const SHORTENED: usize = 4;

const FAULTS: [Kind; 10] = [
    Kind::Partition,
    Kind::Lone,
    Kind::OneWay,
    Kind::Crash,
    Kind::Crash,
    Kind::Blink,
    Kind::Blackout,
    Kind::Pause,
    Kind::Slow,
    Kind::Weather,
];

/// A run without the lab: the same cluster, the same deeds at the same times, and nothing recorded.
pub fn run(plan: &Plan) -> Outcome {
    let mut values = Values::of(&TRANSACTIONS);
    for (name, value) in &plan.settings {
        match statement::read(&TRANSACTIONS, &format!("set {name} {value}"), 1) {
            Ok(Statement::Set(info, value)) => values.set(info.name, value),
            other => panic!("set {name} {value}: {other:?}"),
        }
    }
    let accounts = options(&values).accounts;
    let mut cx = Cx::new(plan.seed);
    cx.recorder.switch(false);
    let mut cluster = Cluster::new(&mut cx, Settings::of(LabKind::Transactions, &values).options).expect("it can be");
    let mut outcome = Outcome::default();
    for step in &plan.steps {
        cluster.run_until(&mut cx, step.at_ms * MS);
        outcome.found = look(&cluster, &accounts, &cx, false);
        if outcome.found.is_some() {
            return outcome;
        }
        act(&mut cluster, &mut cx, &step.deed);
    }
    cluster.run_until(&mut cx, plan.end_ms * MS);
    outcome.found = look(&cluster, &accounts, &cx, plan.calm_ms.is_some());
    outcome.done = cluster.counts().done;
    // What was refused, or taken back, or left open.
    outcome.down = cluster.counts().failed + cluster.counts().unknown;
    outcome
}

/// What the checker says at the moment; at the end everything must be over as well.
fn look(cluster: &Cluster, accounts: &[Account], cx: &Cx, ends: bool) -> Option<Found> {
    let found = |check: &str, text: String| Some(Found { check: check.to_string(), text, at_ms: cx.now_ns() / MS });
    // The store of a node that is down may be closed; it is looked at when it is up again.
    let finding: Finding = match find(cluster, accounts) {
        Ok(finding) => finding,
        Err(error) if ends => return found("money", format!("the stores can't be read: {error}")),
        Err(_) => return None,
    };
    match finding.verdict {
        Verdict::Violated(_) => found("money", finding.text()),
        Verdict::Open(_) if ends => found("progress", finding.text()),
        _ => None,
    }
}

fn act(cluster: &mut Cluster, cx: &mut Cx, deed: &Deed) {
    let leg = |account: &str, amount: i64| Leg { account: Bytes::typed(account), amount };
    let (client, saga, legs) = match deed {
        Deed::Pay { client, payer, payee, amount, saga } => {
            let amount = *amount as i64;
            (*client, *saga, vec![leg(payer, -amount), leg(payee, amount)])
        }
        Deed::Book { client, saga } => (*client, *saga, JOURNEY.map(|name| leg(name, -1)).to_vec()),
        Deed::Fault(action) => return drop(cluster.inject(cx, action)),
        other => panic!("{other:?} is not for accounts"),
    };
    let what = if saga { What::Saga(legs.into()) } else { What::Atomic(legs.into()) };
    let make =
        |id: glassbase_core::replication::RequestId| wrapped(Message::Order(Order { request: id.0, what }.into()));
    drop(cluster.order(cx, NodeId::client(client), Some(COORDINATOR), "", make));
}

/// A storm over orders of one way.
fn storm(name: &str, seed: u64, saga: bool) -> Maker {
    let mut maker = Maker::new(name, seed, 4);
    maker.lab("transactions");
    for (setting, value) in [("accounts", 5), ("opening", 40), ("seats", 6), ("cars", 3), ("retries", 3)] {
        maker.set(setting, value);
    }
    for _ in 0..40 {
        let at_ms = maker.between(1, CALM_MS + 300);
        let client = 1 + maker.random.below(u64::from(CLIENTS)) as u16;
        if maker.random.below(if saga { 3 } else { 6 }) == 0 {
            maker.add(at_ms, Deed::Book { client, saga });
            continue;
        }
        let payer = maker.one_of(&ACCOUNTS);
        let others: Vec<&'static str> = ACCOUNTS.into_iter().filter(|other| *other != payer).collect();
        let (payee, amount) = (maker.one_of(&others), maker.between(1, 30));
        maker.add(at_ms, Deed::Pay { client, payer, payee, amount, saga });
    }
    maker
}

fn weathered(name: &str, seed: u64, saga: bool) -> Plan {
    let mut maker = storm(name, seed, saga);
    if !saga {
        let (peers, presume) = (maker.one_of(&["yes", "no"]), maker.one_of(&["abort", "abort", "nothing"]));
        maker.set("peers", peers);
        maker.set("presume", presume);
    }
    let faults = maker.between(3, 10);
    maker.faults(faults, 50, CALM_MS, &FAULTS);
    ended(maker)
}

fn ended(mut maker: Maker) -> Plan {
    maker.mend(CALM_MS);
    Plan { calm_ms: Some(CALM_MS), ..maker.done(END_MS) }
}

fn effort() -> u64 {
    std::env::var("STORM_EFFORT").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// No storm breaks anything; storms in which nothing is done, or nothing refused, prove nothing.
fn all_hold(name: &str, seeds: u64, plan: impl Fn(u64) -> Plan) {
    let (seeds, mut done, mut refused) = (seeds * effort(), 0, 0);
    for seed in 0..seeds {
        let plan = plan(seed);
        let outcome = run_plan(&plan);
        if let Some(found) = &outcome.found {
            let short = shrink(&plan, &found.check);
            panic!(
                "{name}, seed {seed}: {}: {}\n{}",
                found.check,
                found.text,
                short.script(&found.text, "money violated")
            );
        }
        (done, refused) = (done + outcome.done, refused + outcome.down);
    }
    println!("{name}: {seeds} storms, {done} orders done, {refused} not");
    assert!(done > 6 * seeds && refused > 2 * seeds, "{done} done, {refused} not");
}

#[test]
fn two_phase_commit_weathers_1000_storms() {
    all_hold("two-phase commit", 1_000, |seed| weathered("two-phase", seed, false));
}

#[test]
fn sagas_weather_1000_storms() {
    all_hold("sagas", 1_000, |seed| weathered("sagas", seed, true));
}

#[test]
fn disks_that_lose_what_is_not_synced_lose_no_money() {
    all_hold("disks", 100, |seed| {
        let saga = seed % 2 == 1;
        let mut maker = storm("money on disks", seed, saga);
        let store = maker.one_of(&["btree", "lsm"]);
        maker.set("store", store);
        let faults = maker.between(3, 10);
        maker.faults(faults, 50, CALM_MS, &[Kind::Crash, Kind::Blink, Kind::Blackout, Kind::Partition]);
        ended(maker)
    });
}

/// A setting is caught within so many seeds, and what is left of the run is a short script that comes to the same verdict
/// in the lab. The same plans without the setting violate nothing.
fn is_caught(name: &str, plan: impl Fn(u64, bool) -> Plan) {
    let plans = (0..SEEDS).map(|seed| plan(seed, true));
    let caught: Vec<Plan> =
        plans.filter(|plan| run_plan(plan).found.is_some_and(|found| found.check == "money")).collect();
    let shortest = caught.iter().take(SHORTENED).map(|plan| shrink(plan, "money")).min_by_key(|plan| plan.steps.len());
    let short = shortest.unwrap_or_else(|| panic!("{name} is not caught within {SEEDS} seeds"));
    let again = run_plan(&short).found.expect("it fails as before");
    let script = short.script(&format!("{name}. {}", again.text), "money violated");
    println!("{name}: caught in {} of {SEEDS} seeds, first in {}\n{script}", caught.len(), caught[0].seed);
    assert!(short.steps.len() <= DEEDS_MAX, "{} deeds:\n{script}", short.steps.len());
    let mut session = Session::new(&script);
    while session.step(5000) != Progress::Idle {}
    assert!(session.problems().is_empty(), "{script}");
    assert_eq!(session.expectations(), (1, 0), "the lab comes to another verdict:\n{script}");
    for seed in [caught[0].seed, caught[0].seed + 1] {
        assert_eq!(run_plan(&plan(seed, false)).found, None, "{name}, but set right, seed {seed}");
    }
}

/// Crashes of one moment, of nodes among these.
fn blinks(maker: &mut Maker, nodes: &[u16], count: u64) {
    use glassbase_core::replication::cluster::Action;
    for _ in 0..count {
        let (at_ms, node) = (maker.between(20, CALM_MS), NodeId(maker.one_of(nodes)));
        maker.add(at_ms, Deed::Fault(Action::Crash(node)));
        let up_ms = at_ms + maker.between(1, 60);
        maker.add(up_ms, Deed::Fault(Action::Restart(node)));
    }
}

#[test]
fn a_coordinator_without_a_log_is_caught() {
    is_caught("The coordinator keeps its decisions in memory alone", |seed, broken| {
        let mut maker = storm("no log", seed, false);
        maker.set("peers", "no");
        if broken {
            maker.set("coordinator_log", "no");
        }
        blinks(&mut maker, &[1], 8);
        maker.faults(4, 50, CALM_MS, &[Kind::Weather, Kind::OneWay]);
        ended(maker)
    });
}

#[test]
fn a_vote_that_is_not_durable_is_caught() {
    is_caught("Shards vote without making the vote durable", |seed, broken| {
        let mut maker = storm("no sync", seed, false);
        if broken {
            maker.set("sync_votes", "no");
        }
        blinks(&mut maker, &[2, 3, 4], 12);
        ended(maker)
    });
}
