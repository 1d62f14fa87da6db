//! A cluster as plain data: its nodes and what each holds, the messages on their way, what clients asked and were told.
//!
//! Every protocol describes a node in the same terms: a role and facts about it ([`NodeHead`]), a log if it has one, and
//! keys with their versions. So one fold and one set of events ([`Event`]) serves them all.

use std::rc::Rc;

use crate::id::{DropReason, MessageId, NodeId, NodeStatus, RequestFate, VerdictKind};
use crate::plain::plain;
use crate::{Bytes, Event};

/// Operations of clients that are kept: those that are open, and the latest of the others.
pub const REQUESTS_KEPT: usize = 64;

plain! {
    /// The cluster.
    #[derive(Default)]
    struct ClusterState {
        nodes: Vec<Rc<NodeState>>,
        /// How many clients there are.
        clients: u16,
        /// Messages on their way, in the order in which they were sent.
        flying: Vec<Rc<FlyingState>>,
        /// Links that are cut, from one node to another, in order.
        cut: Vec<(NodeId, NodeId)>,
        requests: Vec<Rc<RequestState>>,
        counts: ClusterCounts,
        verdicts: Vec<Rc<Verdict>>,
    }

    /// What was counted.
    #[derive(Copy, Default)]
    struct ClusterCounts {
        sent: u64,
        delivered: u64,
        dropped: u64,
        done: u64,
        failed: u64,
        unknown: u64,
        /// Sum over the operations that are done.
        latency_ns: u64,
        /// Reads that gave an older version than the newest that was acknowledged before they began.
        stale: u64,
    }

    /// A node.
    #[derive(Default)]
    struct NodeState {
        status: NodeStatus,
        /// How far its clock is ahead of the true time, or behind it.
        ahead_ns: u64,
        behind_ns: u64,
        detail: NodeDetail,
    }

    /// What a protocol says of a node.
    #[derive(Default)]
    struct NodeDetail {
        head: Rc<NodeHead>,
        log: Rc<NodeLog>,
        /// In the order of the keys.
        data: Vec<Rc<Datum>>,
    }

    struct NodeHead {
        /// "leader", "follower", "replica".
        role: Rc<str>,
        /// It is the one that decides.
        crowned: bool,
        /// Term, epoch or ballot; 0: none.
        term: u64,
        /// Index of the last entry of its log that is decided, and of the last that its data has.
        committed: u64,
        applied: u64,
        facts: Vec<Fact>,
    }

    /// Something to know of a node: "voted for", "n2".
    struct Fact {
        name: Rc<str>,
        value: Rc<str>,
    }

    /// The end of a node's log.
    struct NodeLog {
        /// Index of the first entry that is told.
        first: u64,
        entries: Vec<LogEntry>,
    }

    struct LogEntry {
        term: u64,
        text: Rc<str>,
    }

    /// A key at a node. Several versions: siblings.
    struct Datum {
        key: Bytes,
        versions: Vec<Version>,
    }

    struct Version {
        value: Rc<str>,
        /// Its stamp, as people read it: "7", "n1:3 n2:1", "12.003 s".
        stamp: Rc<str>,
        /// It marks a deletion.
        deleted: bool,
    }

    /// A message on its way.
    struct FlyingState {
        message: MessageId,
        from: NodeId,
        to: NodeId,
        kind: Rc<str>,
        text: Rc<str>,
        sent_ns: u64,
        due_ns: u64,
    }

    /// An operation of a client.
    struct RequestState {
        request: u64,
        client: NodeId,
        /// The node that was asked last.
        node: NodeId,
        text: Rc<str>,
        writes: bool,
        asked_ns: u64,
        /// 0 while it is open.
        ended_ns: u64,
        fate: RequestFate,
        answer: Rc<str>,
        stale: bool,
    }

    /// What a checker says.
    struct Verdict {
        checker: Rc<str>,
        kind: VerdictKind,
        text: Rc<str>,
        /// The moment that it is about.
        at_ns: u64,
        proof: Rc<Proof>,
    }

    /// What shows that a promise is broken; empty where it is not, or where no operations of clients show it.
    #[derive(Default)]
    struct Proof {
        /// The smallest part of what clients asked and were told that breaks it, in the order in which it began.
        part: Vec<Suspect>,
        /// Operations that one order explains up to there: the end of the longest prefix that it explains.
        prefix: Vec<Explained>,
    }

    /// An operation of the smallest part.
    struct Suspect {
        request: u64,
        client: NodeId,
        /// What it asked and was told: "x: read: 1".
        text: Rc<str>,
        asked_ns: u64,
        /// Nothing when nobody knows.
        ended_ns: Option<u64>,
        /// It is the one that nothing explains.
        failing: bool,
    }

    /// An operation, and the moment at which it took effect in an order that explains it.
    struct Explained {
        request: u64,
        at_ns: u64,
    }
}

impl Default for NodeHead {
    fn default() -> NodeHead {
        NodeHead { role: "".into(), crowned: false, term: 0, committed: 0, applied: 0, facts: Vec::new() }
    }
}

impl Default for NodeLog {
    fn default() -> NodeLog {
        NodeLog { first: 1, entries: Vec::new() }
    }
}

impl NodeHead {
    pub fn new(role: &str) -> NodeHead {
        NodeHead { role: role.into(), ..NodeHead::default() }
    }

    /// Adds a fact.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl Into<Rc<str>>) -> NodeHead {
        self.facts.push(Fact { name: name.into(), value: value.into() });
        self
    }
}

impl ClusterState {
    /// Changes what `event` says.
    pub fn fold(&mut self, event: &Event) {
        match event {
            Event::MessageSent { message, from, to, kind, text, sent_ns, due_ns } => {
                self.counts.sent += 1;
                self.flying.push(Rc::new(FlyingState {
                    message: *message,
                    from: *from,
                    to: *to,
                    kind: kind.clone(),
                    text: text.clone(),
                    sent_ns: *sent_ns,
                    due_ns: *due_ns,
                }));
            }
            Event::MessageDelivered { message } => {
                self.counts.delivered += 1;
                self.land(*message);
            }
            Event::MessageDropped { message, .. } => {
                self.counts.dropped += 1;
                self.land(*message);
            }
            Event::MessageDelayed { message, due_ns } => {
                if let Some(flying) = self.flying.iter_mut().find(|flying| flying.message == *message) {
                    Rc::make_mut(flying).due_ns = *due_ns;
                }
            }
            Event::LinksChanged { cut } => self.cut.clone_from(cut),
            Event::RequestAsked { .. } | Event::RequestMoved { .. } | Event::RequestEnded { .. } => self.request(event),
            Event::Judged { checker, kind, text, at_ns, proof } => {
                let (checker, text, proof) = (checker.clone(), text.clone(), proof.clone());
                let verdict = Verdict { checker: checker.clone(), kind: *kind, text, at_ns: *at_ns, proof };
                match self.verdicts.iter_mut().find(|known| known.checker == checker) {
                    Some(known) => *known = Rc::new(verdict),
                    None => self.verdicts.push(Rc::new(verdict)),
                }
            }
            _ => self.node_event(event),
        }
    }

    fn land(&mut self, message: MessageId) {
        // Most messages that land were sent lately, but the list is short: a few hundred.
        if let Some(at) = self.flying.iter().position(|flying| flying.message == message) {
            self.flying.remove(at);
        }
    }

    fn node_event(&mut self, event: &Event) {
        match event {
            Event::NodeStatusChanged { node, status, ahead_ns, behind_ns } => self.edit(*node, |node| {
                (node.status, node.ahead_ns, node.behind_ns) = (*status, *ahead_ns, *behind_ns);
            }),
            Event::NodeChanged { node, head } => self.edit(*node, |node| node.detail.head = head.clone()),
            Event::NodeLogChanged { node, first, kept, tail } => {
                self.edit(*node, |node| node.detail.log = Rc::new(node.detail.log.changed(*first, *kept, tail)));
            }
            Event::NodeDatumChanged { node, datum } => self.edit(*node, |node| node.detail.set_datum(datum)),
            _ => {}
        }
    }

    fn edit(&mut self, node: NodeId, change: impl FnOnce(&mut NodeState)) {
        if let Some(node) = usize::from(node.0).checked_sub(1).and_then(|at| self.nodes.get_mut(at)) {
            change(Rc::make_mut(node));
        }
    }

    fn request(&mut self, event: &Event) {
        match event {
            Event::RequestAsked { request, client, node, text, writes, asked_ns } => {
                if self.requests.len() >= REQUESTS_KEPT {
                    let ended = |known: &Rc<RequestState>| known.fate != RequestFate::Open;
                    let oldest = self.requests.iter().position(ended).unwrap_or(0);
                    self.requests.remove(oldest);
                }
                self.requests.push(Rc::new(RequestState {
                    request: *request,
                    client: *client,
                    node: *node,
                    text: text.clone(),
                    writes: *writes,
                    asked_ns: *asked_ns,
                    ended_ns: 0,
                    fate: RequestFate::Open,
                    answer: "".into(),
                    stale: false,
                }));
            }
            Event::RequestMoved { request, node } => self.edit_request(*request, |known| known.node = *node),
            Event::RequestEnded { request, fate, answer, latency_ns, stale } => {
                let counts = &mut self.counts;
                match fate {
                    RequestFate::Done => {
                        counts.done += 1;
                        counts.latency_ns = counts.latency_ns.wrapping_add(*latency_ns);
                    }
                    RequestFate::Failed => counts.failed += 1,
                    RequestFate::Unknown | RequestFate::Open => counts.unknown += 1,
                }
                counts.stale += u64::from(*stale);
                self.edit_request(*request, |known| {
                    known.ended_ns = known.asked_ns.saturating_add(*latency_ns);
                    (known.fate, known.answer, known.stale) = (*fate, answer.clone(), *stale);
                });
            }
            _ => {}
        }
    }

    fn edit_request(&mut self, request: u64, change: impl FnOnce(&mut RequestState)) {
        if let Some(known) = self.requests.iter_mut().rev().find(|known| known.request == request) {
            change(Rc::make_mut(known));
        }
    }
}

impl NodeLog {
    /// This log beginning at `first`, with `kept` entries of those from there on left, and `tail` behind them.
    fn changed(&self, first: u64, kept: u32, tail: &NodeLog) -> NodeLog {
        let skipped = first.saturating_sub(self.first).min(self.entries.len() as u64) as usize;
        let mut entries: Vec<LogEntry> = self.entries[skipped..].to_vec();
        entries.truncate(kept as usize);
        entries.extend_from_slice(&tail.entries);
        NodeLog { first, entries }
    }

    /// What turns this log into `next`: the fields of [`Event::NodeLogChanged`] but the node.
    pub fn change_to(&self, next: &NodeLog) -> (u64, u32, NodeLog) {
        let skipped = next.first.saturating_sub(self.first).min(self.entries.len() as u64) as usize;
        let rest = if next.first < self.first { &[][..] } else { &self.entries[skipped..] };
        let kept = rest.iter().zip(&next.entries).take_while(|(old, new)| old == new).count();
        let tail = NodeLog { first: next.first + kept as u64, entries: next.entries[kept..].to_vec() };
        (next.first, kept as u32, tail)
    }
}

impl NodeDetail {
    /// Puts a key in the place of itself; one without versions goes.
    fn set_datum(&mut self, datum: &Rc<Datum>) {
        match self.data.binary_search_by(|known| known.key.cmp(&datum.key)) {
            Ok(at) if datum.versions.is_empty() => drop(self.data.remove(at)),
            Ok(at) => self.data[at] = datum.clone(),
            Err(_) if datum.versions.is_empty() => {}
            Err(at) => self.data.insert(at, datum.clone()),
        }
    }

    /// The keys that differ in `next`, as they are there; one that is gone has no versions.
    pub fn data_changes(&self, next: &NodeDetail) -> Vec<Rc<Datum>> {
        let mut changes = Vec::new();
        let (mut old, mut new) = (self.data.iter().peekable(), next.data.iter().peekable());
        loop {
            match (old.peek(), new.peek()) {
                (None, None) => return changes,
                (Some(gone), there) if there.is_none_or(|there| gone.key < there.key) => {
                    changes.push(Rc::new(Datum { key: gone.key.clone(), versions: Vec::new() }));
                    old.next();
                }
                (known, Some(there)) => {
                    let same_key = known.is_some_and(|known| known.key == there.key);
                    if !same_key || known.is_some_and(|known| known.versions != there.versions) {
                        changes.push((*there).clone());
                    }
                    if same_key {
                        old.next();
                    }
                    new.next();
                }
                (Some(_), None) => old.next().map_or((), drop),
            }
        }
    }
}

/// The words of why a message did not arrive, for people.
pub fn why_dropped(why: DropReason) -> &'static str {
    match why {
        DropReason::Loss => "lost by the network",
        DropReason::Partition => "stopped by the partition",
        DropReason::Down => "nobody is there",
        DropReason::Asked => "dropped by command",
    }
}
