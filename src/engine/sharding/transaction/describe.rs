//! Coordinator and shards as plain data, for people.
//!
//! ```text
//!   role      coordinator, shard, in doubt
//!   facts     "in doubt" T1.1, waits for n1      what blocks it     "waits" T1.2 for alice       whom it blocks
//!             "forced" 3   "written" 4           what it costs      "money" 170  "opening" 200   what the badge adds up
//!   log       its records; `committed`: up to which of them they are durable
//!   data      accounts; the stamp says by whom they are locked
//! ```

use std::rc::Rc;

use super::coordinator::{Coordinator, Phase, names};
use super::listed;
use super::participant::Participant;
use glassbase_trace::Bytes;
use glassbase_trace::parts::cluster::{Datum, NodeDetail, NodeHead, Version};

/// Accounts that are shown of a shard.
const SHOWN: usize = 32;

impl Coordinator {
    pub fn describe(&self) -> NodeDetail {
        let mut head = NodeHead { crowned: true, ..NodeHead::new("coordinator") };
        for (work, open) in self.open.iter() {
            let (word, missing) = match open.phase {
                Phase::Voting => ("collects votes", names(&open.missing)),
                Phase::Committing => ("commits", names(&open.missing)),
                Phase::Aborting => ("aborts", names(&open.missing)),
            };
            head = head.fact(word, format!("{work}: {missing} missing"));
        }
        for (work, saga) in self.sagas.iter() {
            let steps = saga.legs.len();
            head = match saga.back {
                _ if saga.stuck => head.fact("stuck", work.to_string()),
                Some(left) => head.fact("goes back", format!("{work}: {left} to take back")),
                None => head.fact("saga", format!("{work}: {} of {steps} done", saga.done)),
            };
        }
        self.log.costs(head)
    }
}

impl Participant {
    pub fn describe(&self) -> NodeDetail {
        let is_blocked = self.prepared.values().any(|prepared| prepared.asked > 0);
        let role = match (is_blocked, self.prepared.is_empty()) {
            (true, _) => "in doubt",
            (false, false) => "prepared",
            (false, true) => "shard",
        };
        let mut head = NodeHead::new(role);
        for (work, prepared) in self.prepared.iter() {
            let word = if prepared.asked > 0 { "in doubt" } else { "prepared" };
            head = head.fact(word, format!("{work}: {}", listed(&prepared.legs)));
        }
        for waiting in &self.waiting {
            let blocker = waiting.share.legs.iter().find_map(|leg| Some((&leg.account, self.locks.get(&leg.account)?)));
            let blocker = blocker.map(|(account, holder)| format!("{account}, locked by {holder}")).unwrap_or_default();
            head = head.fact("waits", format!("{} for {blocker}", waiting.work));
        }
        for reader in &self.readers {
            head = head.fact("waits", format!("{} for {}", reader.client, reader.account));
        }
        if self.refusals > 0 {
            head = head.fact("refuses", format!("{} compensations", self.refusals));
        }
        let money = self.options.accounts.iter().filter(|account| account.money);
        let sums = money.fold((0i64, 0i64), |(held, opening), account| match self.balances.get(&account.name) {
            Some(balance) => (held.saturating_add(*balance), opening.saturating_add(account.opening)),
            None => (held, opening),
        });
        head = head.fact("money", sums.0.to_string()).fact("opening", sums.1.to_string());
        let data = self.balances.iter().take(SHOWN).map(|(account, balance)| self.datum(account, *balance)).collect();
        NodeDetail { data, ..self.log.costs(head) }
    }

    fn datum(&self, account: &Bytes, balance: i64) -> Rc<Datum> {
        let stamp = match self.locks.get(account) {
            Some(holder) => format!("locked by {holder}").into(),
            None => "free".into(),
        };
        let version = Version { value: balance.to_string().into(), stamp, deleted: false };
        Rc::new(Datum { key: account.clone(), versions: vec![version] })
    }
}

impl super::log::Log {
    /// A node with this log: how far it is durable, and what it has cost.
    fn costs(&self, head: NodeHead) -> NodeDetail {
        let head = head.fact("written", self.written.to_string()).fact("forced", self.forced.to_string());
        let head = NodeHead { committed: self.durable(), applied: self.durable(), ..head };
        NodeDetail { head: Rc::new(head), log: Rc::new(self.described()), data: Vec::new() }
    }
}
