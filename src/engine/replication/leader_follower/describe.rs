//! What is shown of a node.

use std::rc::Rc;

use super::leader::Leadership;
use super::{Replica, Role};
use glassbase_trace::Bytes;
use glassbase_trace::parts::cluster::{Datum, LogEntry, NodeDetail, NodeHead, NodeLog, Version};

/// Lost writes that are named; of more than these the number is told.
const NAMED: usize = 4;

/// What was shown last, to be shown again while it is true.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown(Option<(u64, Rc<NodeLog>, Vec<Rc<Datum>>)>);

impl Replica {
    pub(super) fn detail(&self) -> NodeDetail {
        let mut shown = self.shown.borrow_mut();
        if shown.0.as_ref().is_none_or(|(known, ..)| *known != self.changes) {
            shown.0 = Some((self.changes, Rc::new(self.shown_log()), self.shown_data()));
        }
        let (log, data) = shown.0.as_ref().map(|(_, log, data)| (log.clone(), data.clone())).unwrap_or_default();
        NodeDetail { head: Rc::new(self.head()), log, data }
    }

    fn head(&self) -> NodeHead {
        let role = match &self.role {
            Role::Leader(_) => "leader",
            Role::Asking(_) => "asks around",
            Role::Follower(following) if following.receiving.is_some() => "takes a snapshot",
            Role::Follower(_) => "follower",
        };
        let mut head = NodeHead::new(role);
        head.crowned = self.is_leader();
        head.term = self.epoch.number;
        head.committed = self.committed;
        head.applied = self.end;
        match &self.role {
            Role::Leader(leadership) => head = leader_facts(head, leadership, self.end),
            _ => {
                let leader = self.known_leader().map_or("nobody known".to_string(), |node| node.to_string());
                head = head.fact("leader", leader);
            }
        }
        if self.promised > self.epoch.number {
            head = head.fact("promised", format!("epoch {}", self.promised));
        }
        if !self.waiting.is_empty() {
            head = head.fact("reads that wait", self.waiting.len().to_string());
        }
        if !self.lost.is_empty() {
            head = head.fact("lost", lost(&self.lost));
        }
        head
    }

    fn shown_log(&self) -> NodeLog {
        let first = self.entries.front().map_or(self.end + 1, |(first, ..)| *first);
        let entry =
            |(_, epoch, text): &(u64, super::Epoch, Rc<str>)| LogEntry { term: epoch.number, text: text.clone() };
        NodeLog { first, entries: self.entries.iter().map(entry).collect() }
    }

    fn shown_data(&self) -> Vec<Rc<Datum>> {
        let datum = |(key, (value, stamp)): (&Bytes, &(Option<Bytes>, super::Stamp))| {
            let version = Version {
                value: value.as_ref().map_or_else(|| "".into(), |value| value.to_string().into()),
                stamp: stamp.position.to_string().into(),
                deleted: value.is_none(),
            };
            Rc::new(Datum { key: key.clone(), versions: vec![version] })
        };
        self.data.iter().map(datum).collect()
    }
}

fn leader_facts(mut head: NodeHead, leadership: &Leadership, end: u64) -> NodeHead {
    for (node, peer) in &leadership.peers {
        let text = match (&peer.snapshot, peer.sent) {
            (Some(sending), _) => format!("gets a snapshot of all up to {}", sending.at),
            (None, None) => "not heard yet".to_string(),
            _ => match end - peer.acked {
                0 => format!("has all {end}"),
                behind => format!("has {}, {behind} behind", peer.acked),
            },
        };
        head = head.fact(&node.to_string(), text);
    }
    if !leadership.pending.is_empty() {
        head = head.fact("writes that wait", leadership.pending.len().to_string());
    }
    if leadership.degraded {
        head = head.fact("acknowledgements", "does without");
    }
    head
}

fn lost(lost: &[String]) -> String {
    match lost.len().checked_sub(NAMED) {
        None | Some(0) => format!("{}: {}", lost.len(), lost.join(", ")),
        Some(more) => format!("{}: {} and {more} more", lost.len(), lost[..NAMED].join(", ")),
    }
}
