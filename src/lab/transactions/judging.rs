//! Judges the accounts: what clients ordered and were told, and copies of what the shards' stores hold.

use super::node::unwrapped;
use super::options;
use crate::lab::cluster::ClusterLab;
use crate::replication::Cluster;
use crate::replication::cluster::{ClusterError, Ruling};
use crate::sharding::transaction::checker::{self, Finding, Holding, Seen, Told, Verdict};
use crate::sharding::transaction::{Account, COORDINATOR, Message};
use crate::sim::Cx;
use crate::trace::{RequestFate, VerdictKind};

/// The name of the checker, for people and in scripts.
pub const MONEY: &str = "money";

/// What the checker finds in a cluster of these accounts.
pub fn find(cluster: &Cluster, accounts: &[Account]) -> Result<Finding, ClusterError> {
    let mut seen = Vec::new();
    for ordered in cluster.orders() {
        let Some(Message::Order(order)) = unwrapped(&ordered.message) else { continue };
        let Some(legs) = order.what.legs() else { continue };
        let told = match ordered.fate {
            RequestFate::Done => Told::Done,
            RequestFate::Failed => Told::Refused,
            RequestFate::Unknown | RequestFate::Open => Told::Nothing,
        };
        seen.push(Seen { request: ordered.request.0, legs: legs.to_vec(), told });
    }
    let mut held = Vec::new();
    for shard in cluster.nodes().filter(|node| *node != COORDINATOR) {
        held.push(Holding::read(shard, &mut cluster.shelf(shard)?.clone())?);
    }
    let unfinished = checker::unfinished(&mut cluster.shelf(COORDINATOR)?.clone())?;
    Ok(checker::judge(accounts, &seen, &held, &unfinished))
}

/// The same as a ruling: what is not over is not violated yet.
pub fn judge(lab: &ClusterLab, now_ns: u64) -> Ruling {
    let accounts = options(&lab.settings.values).accounts;
    match find(&lab.cluster, &accounts) {
        Ok(finding) => {
            let kind = match finding.verdict {
                Verdict::Conserved | Verdict::Open(_) => VerdictKind::Holds,
                Verdict::Violated(_) => VerdictKind::Violated,
            };
            Ruling { kind, text: format!("{}.", finding.text()), at_ns: now_ns, proof: Default::default() }
        }
        Err(error) => {
            let text = format!("{error}.");
            Ruling { kind: VerdictKind::GaveUp, text, at_ns: now_ns, proof: Default::default() }
        }
    }
}

/// Judges aloud.
pub fn check(lab: &mut ClusterLab, cx: &mut Cx) -> String {
    let ruling = judge(lab, cx.now_ns());
    let word = match ruling.kind {
        VerdictKind::Holds => "holds",
        VerdictKind::Violated => "violated",
        VerdictKind::GaveUp => "gave up",
        VerdictKind::Nothing => "nothing to check",
    };
    let text = format!("{MONEY}: {word}. {}", ruling.text);
    lab.cluster.tell_ruling(cx, MONEY, ruling);
    text
}
