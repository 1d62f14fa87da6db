//! Whether money was lost or made: the checker of transfers and journeys.
//!
//! ```text
//!   Seen      what a client ordered and was told        ┐
//!   Holding   balances, statement lines, what is        ├──▶ judge ──▶ Finding: conserved, open, violated (and why)
//!             prepared: read from the store of a shard  ┘
//! ```
//!
//! It knows accounts and legs, and nothing of commits, votes or sagas. It asks:
//!
//! 1. Is a balance what the account opened with and its statement says? Otherwise something was applied twice, or unseen.
//! 2. Has each order all of its legs, each once, or none? An order that some shard still has prepared is not over; a leg that
//!    was taken back counts as none.
//! 3. Has what a client was told is done all legs, and what it was told is refused none?
//! 4. Is the sum over all accounts what it was, but for what finished orders took on purpose?

use super::log::{self, Entry, Line};
use super::{Account, Leg, listed};
use glassbase_storage::{Shelf, StorageError};
use glassbase_trace::sorted::SortedMap;
use glassbase_trace::{Bytes, NodeId};

/// What a client was told of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Done,
    Refused,
    /// Nothing, or that nobody knows.
    Nothing,
}

/// An order as its client saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub request: u64,
    pub legs: Vec<Leg>,
    pub told: Told,
}

/// What the store of a shard holds.
#[derive(Clone, Debug, Default)]
pub struct Holding {
    pub node: NodeId,
    pub balances: Vec<(Bytes, i64)>,
    pub lines: Vec<Line>,
    /// Requests with legs here that are ready, and not booked or dropped.
    pub prepared: Vec<u64>,
}

impl Holding {
    /// Reads a store. It is given a copy: reading moves what a store has in its pool.
    pub fn read(node: NodeId, shelf: &mut Shelf) -> Result<Holding, StorageError> {
        let mut prepared: Vec<(super::WorkId, u64)> = Vec::new();
        for record in log::records(shelf)? {
            match record.entry {
                Entry::Prepared => prepared.push((record.work, record.request)),
                Entry::Committed | Entry::Aborted => prepared.retain(|(work, _)| *work != record.work),
                _ => {}
            }
        }
        let prepared = prepared.into_iter().map(|(_, request)| request).collect();
        Ok(Holding { node, balances: log::balances(shelf)?, lines: log::lines(shelf)?, prepared })
    }
}

/// Requests of sagas that the coordinator's store says are not over.
pub fn unfinished(shelf: &mut Shelf) -> Result<Vec<u64>, StorageError> {
    let mut open: Vec<(super::WorkId, u64)> = Vec::new();
    for record in log::records(shelf)? {
        match record.entry {
            Entry::SagaBegun => open.push((record.work, record.request)),
            Entry::SagaEnded => open.retain(|(work, _)| *work != record.work),
            _ => {}
        }
    }
    Ok(open.into_iter().map(|(_, request)| request).collect())
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Conserved,
    /// Nothing is wrong so far; so many orders are not over.
    Open(u64),
    Violated(String),
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub verdict: Verdict,
    /// What all accounts of money hold, and what they opened with.
    pub sum: i64,
    pub opening: i64,
}

impl Finding {
    /// A sentence.
    pub fn text(&self) -> String {
        let Finding { sum, opening, .. } = self;
        match &self.verdict {
            Verdict::Conserved => format!("The accounts hold {sum}, as at first; every order is whole or nothing"),
            Verdict::Open(1) => format!("The accounts hold {sum} of {opening}; 1 order is not over"),
            Verdict::Open(count) => format!("The accounts hold {sum} of {opening}; {count} orders are not over"),
            Verdict::Violated(what) => format!("{what}. The accounts hold {sum} of {opening}"),
        }
    }
}

/// Judges: `accounts` as they were opened, what the clients saw, what the shards hold. `unfinished`: requests that the stores
/// say are under way, beside those that are prepared.
pub fn judge(accounts: &[Account], seen: &[Seen], held: &[Holding], unfinished: &[u64]) -> Finding {
    let money = |name: &Bytes| accounts.iter().any(|account| account.money && account.name == *name);
    let balances = held.iter().flat_map(|holding| &holding.balances);
    let sum = balances.filter(|(name, _)| money(name)).map(|(_, balance)| *balance).sum();
    let opening = accounts.iter().filter(|account| account.money).map(|account| account.opening).sum();
    let verdict = statements(accounts, held).and_then(|()| orders(seen, held, unfinished));
    let verdict = match verdict {
        Ok(open) if open > 0 => Verdict::Open(open),
        Ok(_) => total(accounts, seen, held).map_or_else(Verdict::Violated, |()| Verdict::Conserved),
        Err(what) => Verdict::Violated(what),
    };
    Finding { verdict, sum, opening }
}

/// Every balance is what its statement says.
fn statements(accounts: &[Account], held: &[Holding]) -> Result<(), String> {
    for account in accounts {
        let Some(holding) = held.iter().find(|holding| holding.node == account.home) else { continue };
        let name = &account.name;
        let balance = holding.balances.iter().find(|(known, _)| known == name).map(|(_, balance)| *balance);
        let lines = holding.lines.iter().filter(|line| line.leg.account == *name);
        let said = lines.fold(account.opening, |sum, line| sum.saturating_add(line.leg.amount));
        let Some(balance) = balance else { return Err(format!("{name} is gone from {}", account.home)) };
        if balance != said {
            return Err(format!("{name} holds {balance}, but what was done to it makes {said}"));
        }
    }
    Ok(())
}

/// What is there of an order, account by account.
fn net(lines: &[&Line]) -> SortedMap<Bytes, i64> {
    let mut net: SortedMap<Bytes, i64> = SortedMap::new();
    for line in lines {
        *net.entry(line.leg.account.clone()).or_insert(0) += line.leg.amount;
    }
    net.retain(|_, amount| *amount != 0);
    net
}

/// Every order is whole or nothing, and as its client was told; how many are not over.
fn orders(seen: &[Seen], held: &[Holding], unfinished: &[u64]) -> Result<u64, String> {
    let mut open = 0;
    for order in seen {
        let request = order.request;
        let here = held.iter().flat_map(|holding| &holding.lines).filter(|line| line.request == request);
        let there = net(&here.collect::<Vec<_>>());
        let mut whole: SortedMap<Bytes, i64> = SortedMap::new();
        for leg in &order.legs {
            *whole.entry(leg.account.clone()).or_insert(0) += leg.amount;
        }
        whole.retain(|_, amount| *amount != 0);
        let is_open = unfinished.contains(&request) || held.iter().any(|holding| holding.prepared.contains(&request));
        let name = format!("Order {request} ({})", listed(&order.legs));
        if let Some((account, amount)) = there.iter().find(|(account, amount)| !may_be(**amount, whole.get(*account))) {
            let leg = Leg { account: account.clone(), amount: *amount };
            return Err(format!("{name} has {leg}: applied twice, or what nobody ordered"));
        }
        if is_open {
            open += 1;
            continue;
        }
        let is_whole = there.len() == whole.len();
        if !is_whole && !there.is_empty() {
            let done: Vec<Leg> =
                there.iter().map(|(account, amount)| Leg { account: account.clone(), amount: *amount }).collect();
            return Err(format!("{name} is half done: {} and no more", listed(&done)));
        }
        match order.told {
            Told::Done if !is_whole => return Err(format!("{name} was said to be done, and nothing of it is there")),
            Told::Refused if is_whole && !whole.is_empty() => {
                return Err(format!("{name} was refused, and was done all the same"));
            }
            _ => {}
        }
    }
    Ok(open)
}

/// An account has what was ordered, or nothing.
fn may_be(amount: i64, ordered: Option<&i64>) -> bool {
    ordered.is_some_and(|ordered| *ordered == amount)
}

/// Nothing was made or lost: the sum is what it was, but for orders that take on purpose and are there.
fn total(accounts: &[Account], seen: &[Seen], held: &[Holding]) -> Result<(), String> {
    let opening: i64 = accounts.iter().map(|account| account.opening).sum();
    let sum: i64 = held.iter().flat_map(|holding| &holding.balances).map(|(_, balance)| *balance).sum();
    let net = |order: &Seen| -> i64 {
        let lines = held.iter().flat_map(|holding| &holding.lines).filter(|line| line.request == order.request);
        lines.map(|line| line.leg.amount).sum()
    };
    let is_there = |order: &&Seen| net(order) != 0;
    let taken: i64 = seen.iter().filter(is_there).flat_map(|order| &order.legs).map(|leg| leg.amount).sum();
    match opening.saturating_add(taken) {
        expected if expected == sum => Ok(()),
        expected => Err(format!("All accounts hold {sum} together, and should hold {expected}")),
    }
}
