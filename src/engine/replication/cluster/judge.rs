//! What the checkers say of a run so far.
//!
//! ```text
//!   History of the clients ──▶ linearizable · sessions · regular ──▶ Ruling ──▶ trace (Judged)
//!   what the nodes hold    ──▶ convergence
//!   what clients paid in and took out ──▶ money
//! ```
//!
//! Checking changes nothing: the cluster goes on as if nobody had looked.

use glassbase_trace::sorted::SortedSet;
use glassbase_trace::sorting::sort_by;

use std::rc::Rc;

use super::Cluster;
use crate::wording::counted;
use glassbase_history::convergence::{FinalState, check_convergence};
use glassbase_history::judgement::label;
use glassbase_history::linearizable::{self, Limits, Model, Point, Verdict};
use glassbase_history::payments::{Overdrawn, PaymentsReport, check_payments};
use glassbase_history::regular::check_regular;
use glassbase_history::sessions::check_sessions;
use glassbase_history::{HistoryError, OpId};
use glassbase_trace::id::words;
use glassbase_trace::parts::cluster::{Explained, NodeState, Proof, Suspect};
use glassbase_trace::{Bytes, NodeId, NodeStatus, VerdictKind};

words! {
    /// A promise that is checked.
    Promise {
        Linearizable = "linearizable",
        Sessions = "sessions",
        Regular = "regular",
        Convergence = "convergence",
        Money = "money",
    }
}

/// What a checker says.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruling {
    pub kind: VerdictKind,
    /// A sentence.
    pub text: String,
    /// The moment that it is about.
    pub at_ns: u64,
    /// The operations that show it, if it is violated.
    pub proof: Rc<Proof>,
}

/// What a check may use: about a fifth of a second.
const LIMITS: Limits = Limits { steps: 20_000_000, memory_bytes: 64 << 20 };
/// Explained operations that a proof names at most: the last ones before what nothing explains.
const PREFIX_TOLD: usize = 64;
/// Keys that a node tells of at most; of those behind the last one nothing is known.
const KEYS_TOLD: usize = 32;

impl Cluster {
    /// Whether a promise was kept so far.
    pub fn judge(&self, now_ns: u64, promise: Promise) -> Ruling {
        self.judge_within(now_ns, promise, LIMITS)
    }

    /// The same with no more work than that.
    pub fn judge_within(&self, now_ns: u64, promise: Promise, limits: Limits) -> Ruling {
        let found = match promise {
            Promise::Linearizable => self.linearizable(now_ns, limits),
            Promise::Sessions => self.sessions(now_ns),
            Promise::Regular => self.regular(now_ns),
            Promise::Convergence => self.convergence(now_ns),
            Promise::Money => Ok(self.money(now_ns)),
        };
        found.unwrap_or_else(|error| gave_up(now_ns, format!("{error}.")))
    }

    /// Acknowledged writes of which nothing is left, though nothing newer is there either: at the leader, or, where nobody
    /// leads, at every node that is up.
    pub fn lost_writes(&self) -> Vec<OpId> {
        let mut lost: Option<SortedSet<OpId>> = None;
        for replica in self.final_states(true) {
            let Ok(report) = check_convergence(&self.history, &[replica], self.options.protocol.kept()) else {
                return Vec::new();
            };
            let here: SortedSet<OpId> = report.lost.iter().map(|lost| lost.write).collect();
            match &mut lost {
                Some(lost) => lost.retain(|op| here.contains(op)),
                None => lost = Some(here),
            }
        }
        let last = self.last_key_told();
        let is_told = |op: &OpId| last.as_ref().is_none_or(|last| self.history.operation(*op).key <= *last);
        lost.unwrap_or_default().into_iter().filter(is_told).collect()
    }

    fn linearizable(&self, now_ns: u64, limits: Limits) -> Result<Ruling, HistoryError> {
        let report = linearizable::check(&self.history, Model::of(&self.history), limits)?;
        let count = self.history.operations.len();
        Ok(match report.verdict {
            Verdict::Holds(_) if count == 0 && !self.merged.is_empty() => {
                nothing(now_ns, "Values that merge are no registers: what clients asked of them is not looked at.")
            }
            Verdict::Holds(_) if count == 0 => nothing(now_ns, "No client has asked for anything yet."),
            Verdict::Holds(_) => holds(now_ns, format!("{count} operations, and one order explains every answer.")),
            Verdict::Violated(violation) => {
                let proof = self.proof(&violation.part, violation.op, &violation.prefix);
                violated(violation.until.time_ns, format!("{}.", violation.reason), proof)
            }
            Verdict::GaveUp { why, .. } => gave_up(now_ns, format!("{why}.")),
        })
    }

    fn sessions(&self, now_ns: u64) -> Result<Ruling, HistoryError> {
        let report = check_sessions(&self.history)?;
        Ok(match report.violations.first() {
            None if self.history.operations.is_empty() => nothing(now_ns, "No client has read or written a register."),
            None => {
                let sessions = report.sessions;
                holds(now_ns, format!("Each of {sessions} clients saw its own writes, and time go forward."))
            }
            Some(first) => {
                let at = first.ops.last().and_then(|op| self.history.operation(*op).settled());
                let at_ns = at.map_or(now_ns, |moment| moment.time_ns);
                let proof = first.ops.last().map(|last| self.proof(&first.ops, *last, &[])).unwrap_or_default();
                violated(at_ns, format!("{}: {}.", first.guarantee.name(), first.reason), proof)
            }
        })
    }

    fn regular(&self, now_ns: u64) -> Result<Ruling, HistoryError> {
        let report = check_regular(&self.history)?;
        Ok(match report.violations.first() {
            Some(first) => {
                let at = self.history.operation(first.read).settled();
                let part: Vec<OpId> = first.missed.into_iter().chain([first.read]).collect();
                let proof = self.proof(&part, first.read, &[]);
                violated(at.map_or(now_ns, |moment| moment.time_ns), format!("{}.", first.reason), proof)
            }
            None if !report.several_writers.is_empty() => {
                let keys = counted(report.several_writers.len(), "key");
                let text = format!("{keys} written by several clients at once: nothing is promised of that.");
                gave_up(now_ns, text)
            }
            None if report.reads == 0 => nothing(now_ns, "No client has read a register."),
            None => holds(now_ns, format!("{} reads, and none was older than a write that had ended.", report.reads)),
        })
    }

    /// Key by key, for not every node keeps every key.
    fn convergence(&self, now_ns: u64) -> Result<Ruling, HistoryError> {
        let (states, members) = (self.final_states(false), self.options.member_ids());
        let written = self.history.operations.iter().map(|operation| &operation.key);
        let keys: SortedSet<&Bytes> = states.iter().flat_map(|(_, state)| state.keys()).chain(written).collect();
        if keys.is_empty() {
            return Ok(nothing(now_ns, "No node holds anything, and nothing was written."));
        }
        let last = self.last_key_told();
        for key in keys.into_iter().filter(|key| last.as_ref().is_none_or(|last| *key <= last)) {
            let keeps =
                |(node, _): &&(u32, FinalState)| self.options.protocol.keeps(NodeId(*node as u16), key, &members);
            let of_key = |(node, state): &(u32, FinalState)| {
                (*node, state.get_key_value(key).into_iter().map(|(key, held)| (key.clone(), held.clone())).collect())
            };
            let replicas: Vec<(u32, FinalState)> = states.iter().filter(keeps).map(of_key).collect();
            let report = check_convergence(&self.history, &replicas, self.options.protocol.kept())?;
            let lost = report.lost.into_iter().find(|lost| self.history.operation(lost.write).key == *key);
            let reason = report.diverged.into_iter().map(|diverged| diverged.reason).next();
            let proof =
                lost.as_ref().filter(|_| reason.is_none()).map(|lost| self.proof(&[lost.write], lost.write, &[]));
            if let Some(reason) = reason.or(lost.map(|lost| lost.reason)) {
                return Ok(violated(now_ns, format!("{reason}."), proof.unwrap_or_default()));
            }
        }
        let nodes = states.len();
        Ok(holds(now_ns, format!("{nodes} nodes hold the same, and no acknowledged write is lost.")))
    }

    /// Whether no account gave out more than was paid in.
    fn money(&self, now_ns: u64) -> Ruling {
        let report = check_payments(&self.payments);
        let PaymentsReport { taken, paid, withdrawals, others, .. } = report;
        let Some(first) = report.overdrawn.first() else {
            return match (withdrawals, others) {
                (0, 0) => nothing(now_ns, "Nobody has asked for money."),
                _ => holds(
                    now_ns,
                    format!(
                        "{taken} of the {paid} paid in were taken out, and {} not done.",
                        counted(others, "withdrawal")
                    ),
                ),
            };
        };
        let Overdrawn { account, taken, paid, at_ns, part } = first;
        let text = format!("{taken} were taken out of {account}, and no more than {paid} were ever paid in.");
        let suspect = |at: &usize| {
            let payment = &self.payments[*at];
            let (sign, end) = match (payment.takes, payment.ended) {
                (true, _) => ("withdraw", "done"),
                (false, Some(_)) => ("pay in", "done"),
                (false, None) => ("pay in", "no answer"),
            };
            Suspect {
                request: payment.request,
                client: NodeId::client(payment.client as u16),
                text: format!("{account}: {sign} {}: {end}", payment.amount).into(),
                asked_ns: payment.asked_ns,
                ended_ns: payment.ended.map(|(ended_ns, _)| ended_ns),
                failing: Some(at) == part.last(),
            }
        };
        let mut in_order = part.clone();
        sort_by(&mut in_order, Ord::cmp);
        let proof = Proof { part: in_order.iter().map(suspect).collect(), prefix: Vec::new() };
        violated(*at_ns, text, proof)
    }

    /// The operations of the smallest part that breaks a promise, and those that are explained before it.
    fn proof(&self, part: &[OpId], failing: OpId, prefix: &[Point]) -> Proof {
        let request = |op: OpId| self.requests.get(op.index()).copied().unwrap_or_default();
        let suspect = |op: OpId| {
            let operation = self.history.operation(op);
            Suspect {
                request: request(op),
                client: NodeId::client(operation.client as u16),
                text: format!("{}: {}", operation.key, label(operation)).into(),
                asked_ns: operation.invoked.time_ns,
                ended_ns: operation.settled().map(|moment| moment.time_ns),
                failing: op == failing,
            }
        };
        let mut ops = part.to_vec();
        sort_by(&mut ops, Ord::cmp);
        let told = &prefix[prefix.len().saturating_sub(PREFIX_TOLD)..];
        let explained = |point: &Point| Explained { request: request(point.op), at_ns: point.moment.time_ns };
        Proof { part: ops.into_iter().map(suspect).collect(), prefix: told.iter().map(explained).collect() }
    }

    /// What the nodes hold that are up, or the one that leads, if there is one and `led` asks for it.
    fn final_states(&self, led: bool) -> Vec<(u32, FinalState)> {
        let states: Vec<(NodeId, Rc<NodeState>)> = self.nodes().map(|id| (id, self.node_state(id))).collect();
        let is_up = |state: &NodeState| state.status != NodeStatus::Down;
        let leader = states.iter().filter(|(_, state)| is_up(state) && state.detail.head.crowned);
        let leader = leader.max_by_key(|(_, state)| state.detail.head.term).map(|(id, _)| *id);
        let is_meant = |id: NodeId| !led || leader.is_none_or(|leader| leader == id);
        let meant = states.iter().filter(|(id, state)| is_up(state) && is_meant(*id));
        meant.map(|(id, state)| (u32::from(id.number()), held(state))).collect()
    }

    /// The last key of which every node tells; nothing if all tell of all.
    fn last_key_told(&self) -> Option<Bytes> {
        let full = self.nodes().map(|id| self.node_state(id)).filter(|state| state.detail.data.len() >= KEYS_TOLD);
        full.filter_map(|state| state.detail.data.last().map(|datum| datum.key.clone())).min()
    }
}

/// Its values by key; a tombstone is none.
fn held(state: &NodeState) -> FinalState {
    let mut held = FinalState::new();
    for datum in &state.detail.data {
        let live = datum.versions.iter().filter(|version| !version.deleted);
        let values: Vec<Bytes> = live.map(|version| Bytes::typed(&version.value)).collect();
        if !values.is_empty() {
            held.insert(datum.key.clone(), values);
        }
    }
    held
}

fn holds(at_ns: u64, text: String) -> Ruling {
    Ruling { kind: VerdictKind::Holds, text, at_ns, proof: Rc::default() }
}

fn violated(at_ns: u64, text: String, proof: Proof) -> Ruling {
    Ruling { kind: VerdictKind::Violated, text, at_ns, proof: Rc::new(proof) }
}

/// There is nothing to judge; `why` says so.
fn nothing(at_ns: u64, why: &str) -> Ruling {
    Ruling { kind: VerdictKind::Nothing, text: why.to_string(), at_ns, proof: Rc::default() }
}

fn gave_up(at_ns: u64, text: String) -> Ruling {
    Ruling { kind: VerdictKind::GaveUp, text, at_ns, proof: Rc::default() }
}
