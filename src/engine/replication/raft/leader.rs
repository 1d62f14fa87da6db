//! The leader: it sends its log, counts who has it, and commits.
//!
//! ```text
//!   peer      matched ≤ known to agree      next: what is sent to it next
//!   ──────────●─────────────────────────────○──────────────▶ index
//!             ▲ raised by "appended"        ▲ raised when sent, lowered by "rejected"
//!
//!   committed = the highest index that a majority has, if the entry there is of the leader's own term
//! ```
//!
//! Entries are sent on without waiting for answers (the thesis, 10.2.1). A rejection says which term the follower has in the
//! way and where that begins, so that one message skips a term (the paper, 5.3).
//!
//! Each message carries the number of the leader's round of heartbeats. Once a majority has answered a round, the leader
//! knows that it was one when the round began: reads and leases rest on this.
//!
//! **Invariant:** an entry of an older term is never committed by counting, only with one of the own term (5.4.2).

use std::collections::VecDeque;

use glassbase_trace::sorted::SortedMap;
use std::rc::Rc;

use super::super::message::{Answer, RequestId, Response};
use super::super::node::Step;
use super::entry::{Entry, Payload, names};
use super::members::{Change, Transfer};
use super::message::{Append, Install, Message, Snapshot};
use super::reads::Read;
use super::{ELECTION, HEARTBEAT, Raft, Role};
use glassbase_storage::StorageError;
use glassbase_trace::NodeId;

/// What a leader knows, and forgets when it leads no longer.
#[derive(Clone, Debug)]
pub(super) struct Leadership {
    pub peers: SortedMap<NodeId, Progress>,
    /// Who waits for the entry at an index.
    pub waiting: SortedMap<u64, (NodeId, RequestId)>,
    pub reads: VecDeque<Read>,
    /// The latest round of heartbeats, and when those began that no majority has answered.
    pub round: u64,
    rounds: VecDeque<(u64, u64)>,
    /// The latest round that a majority has answered.
    pub confirmed: u64,
    pub lease_until_ns: u64,
    /// Heartbeats so far, and those since a majority answered last. They are counted because a clock may jump: a leader
    /// whose clock jumps back must not wait for hours.
    beats: u64,
    silent_beats: u64,
    /// Index of its first entry.
    pub first: u64,
    pub change: Option<Change>,
    pub transfer: Option<Transfer>,
    /// It has offered its place to somebody, who may take it at any time: it has no lease from there on.
    pub transferred: bool,
}

/// How far a peer is.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    pub next: u64,
    pub matched: u64,
    round: u64,
    /// A snapshot up to an index is on its way since that heartbeat.
    installing: Option<(u64, u64)>,
}

impl Progress {
    fn new(next: u64) -> Progress {
        Progress { next, matched: 0, round: 0, installing: None }
    }
}

impl Raft {
    pub(super) fn leadership(&mut self) -> Option<&mut Leadership> {
        match &mut self.role {
            Role::Leader(leadership) => Some(leadership),
            _ => None,
        }
    }

    /// It was elected.
    pub(super) fn lead(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let next = self.log.last_index() + 1;
        self.role = Role::Leader(Box::new(Leadership {
            peers: SortedMap::new(),
            waiting: SortedMap::new(),
            reads: VecDeque::new(),
            round: 0,
            rounds: VecDeque::new(),
            confirmed: 0,
            lease_until_ns: 0,
            beats: 0,
            silent_beats: 0,
            first: next,
            change: None,
            transfer: None,
            transferred: false,
        }));
        self.leader = Some(self.me);
        self.heard_ns = Some(step.clock_ns);
        step.disarm(ELECTION);
        self.meet_peers();
        if self.options.no_op {
            self.log.append(step.shelf, Entry { term: self.term, payload: Payload::Nothing })?;
            self.dirty = true;
        }
        step.arm(HEARTBEAT, self.options.heartbeat_ns);
        self.begin_round(step)
    }

    /// Knows each member of the configuration, and nobody else.
    pub(super) fn meet_peers(&mut self) {
        let (members, me, next) = (self.configuration().members(), self.me, self.log.last_index() + 1);
        let Some(leadership) = self.leadership() else { return };
        leadership.peers.retain(|node, _| members.contains(node));
        for node in members.into_iter().filter(|node| *node != me) {
            leadership.peers.entry(node).or_insert_with(|| Progress::new(next));
        }
    }

    /// Starts a round of heartbeats, with the entries that are due.
    pub(super) fn begin_round(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let Some(leadership) = self.leadership() else { return Ok(()) };
        leadership.round += 1;
        leadership.rounds.push_back((leadership.round, step.clock_ns));
        self.broadcast(step);
        self.confirm_rounds(step)?;
        self.commit(step)
    }

    /// Sends everybody what is due.
    pub(super) fn broadcast(&mut self, step: &mut Step) {
        let Some(leadership) = self.leadership() else { return };
        let peers: Vec<NodeId> = leadership.peers.keys().copied().collect();
        let mut last = None;
        for peer in peers {
            self.send_to(step, peer, &mut last);
        }
    }

    /// Sends a peer the entries from its next one on, or a snapshot if those are cut off. `last` is the message that was
    /// built last, which often fits the next peer too.
    fn send_to(&mut self, step: &mut Step, peer: NodeId, last: &mut Option<Rc<Append>>) {
        let (term, committed, start) = (self.term, self.committed, self.log.start());
        let limit = self.options.max_entries;
        let retry_beats = self.options.beats_of_silence();
        let Role::Leader(leadership) = &mut self.role else { return };
        let (round, beats) = (leadership.round, leadership.beats);
        let Some(progress) = leadership.peers.get_mut(&peer) else { return };
        let is_on_its_way = |(_, since): (u64, u64)| beats - since < retry_beats;
        if progress.installing.is_some_and(is_on_its_way) {
            // The follower may have nothing to check entries against yet; it hears its leader all the same.
            let committed = committed.min(progress.matched);
            let bare = Append { term, prev_index: 0, prev_term: 0, entries: Vec::new(), committed, round };
            step.send(peer, Message::Append(Rc::new(bare)));
            return;
        }
        if progress.next <= start {
            self.send_snapshot(step, peer);
            return;
        }
        let prev_index = progress.next - 1;
        let append = match last {
            Some(append) if append.prev_index == prev_index => append.clone(),
            _ => {
                let entries = self.log.copy(progress.next, limit);
                let prev_term = self.log.term(prev_index).unwrap_or(0);
                Rc::new(Append { term, prev_index, prev_term, entries, committed, round })
            }
        };
        progress.installing = None;
        progress.next += append.entries.len() as u64;
        *last = Some(append.clone());
        step.send(peer, Message::Append(append));
    }

    fn send_snapshot(&mut self, step: &mut Step, peer: NodeId) {
        let last_index = self.machine.applied;
        let last_term = self.log.term(last_index).unwrap_or(0);
        let configuration = self.log.configuration_at(last_index);
        let contents = self.machine.contents.clone();
        let snapshot = Rc::new(Snapshot { last_index, last_term, configuration, contents });
        let (term, start) = (self.term, self.log.start());
        let Role::Leader(leadership) = &mut self.role else { return };
        let Some(progress) = leadership.peers.get_mut(&peer) else { return };
        let next = progress.next;
        step.note("snapshot-sent", || {
            format!("{peer} needs entry {next}, but the log is cut off up to {start}: it gets all up to {last_index}.")
        });
        progress.installing = Some((last_index, leadership.beats));
        progress.next = last_index + 1;
        step.send(peer, Message::Install(Rc::new(Install { term, round: leadership.round, snapshot })));
    }

    pub(super) fn heartbeat(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let most = 2 * self.options.beats_of_silence();
        let Some(leadership) = self.leadership() else { return Ok(()) };
        leadership.beats += 1;
        leadership.silent_beats += 1;
        if leadership.silent_beats > most {
            let term = self.term;
            step.note("majority-lost", || "No majority has answered for two time-outs.".to_string());
            return self.follow(step, term, None);
        }
        step.arm(HEARTBEAT, self.options.heartbeat_ns);
        self.begin_round(step)
    }

    /// A follower has answered. False if the answer is of no use.
    pub(super) fn answered(
        &mut self,
        step: &mut Step,
        from: NodeId,
        term: u64,
        round: u64,
    ) -> Result<bool, StorageError> {
        if term > self.term {
            self.follow(step, term, None)?;
            return Ok(false);
        }
        let known = self.term;
        let Some(leadership) = self.leadership() else { return Ok(false) };
        let Some(progress) = leadership.peers.get_mut(&from) else { return Ok(false) };
        if term < known {
            return Ok(false);
        }
        if round > progress.round {
            progress.round = round;
            self.confirm_rounds(step)?;
        }
        Ok(true)
    }

    /// Looks which rounds a majority has answered.
    fn confirm_rounds(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let (me, lease_ns) = (self.me, self.options.lease_ns());
        let configuration = self.log.configuration().1.clone();
        let Role::Leader(leadership) = &mut self.role else { return Ok(()) };
        let confirmed = configuration.reached(|node| match node == me {
            true => leadership.round,
            false => leadership.peers.get(&node).map_or(0, |progress| progress.round),
        });
        if confirmed <= leadership.confirmed {
            return Ok(());
        }
        (leadership.confirmed, leadership.silent_beats) = (confirmed, 0);
        while let Some((_, began_ns)) = leadership.rounds.front().filter(|(round, _)| *round <= confirmed) {
            self.heard_ns = Some(*began_ns);
            leadership.lease_until_ns = began_ns + lease_ns;
            leadership.rounds.pop_front();
        }
        self.serve_reads(step)
    }

    /// A follower's log agrees with the leader's up to `matched`.
    pub(super) fn appended(&mut self, step: &mut Step, from: NodeId, matched: u64) -> Result<(), StorageError> {
        let last = self.log.last_index();
        let Some(leadership) = self.leadership() else { return Ok(()) };
        let Some(progress) = leadership.peers.get_mut(&from) else { return Ok(()) };
        let matched = matched.min(last);
        progress.installing = progress.installing.filter(|(index, _)| *index > matched);
        let is_news = matched > progress.matched;
        progress.matched = progress.matched.max(matched);
        progress.next = progress.next.max(progress.matched + 1);
        let is_due = progress.next <= last && progress.installing.is_none();
        if is_news {
            self.commit(step)?;
            self.offer(step);
        }
        // Nothing may be committed by it: a learner that catches up has no vote.
        if is_news && self.leadership().is_some_and(|leadership| leadership.change.is_some()) {
            self.advance_change(step)?;
        }
        if is_due {
            self.send_to(step, from, &mut None);
        }
        Ok(())
    }

    /// A follower's log differs: back to where it may agree.
    pub(super) fn rejected(
        &mut self,
        step: &mut Step,
        from: NodeId,
        conflict_term: u64,
        conflict_index: u64,
    ) -> Result<(), StorageError> {
        // If the leader has entries of that term, they agree up to the last of them; if not, none of that term can stay.
        let last_of_term = (conflict_term > 0).then(|| self.log.last_of_term(conflict_term)).flatten();
        let next = last_of_term.map_or(conflict_index, |index| index + 1).max(1);
        let Some(leadership) = self.leadership() else { return Ok(()) };
        let Some(progress) = leadership.peers.get_mut(&from) else { return Ok(()) };
        if next >= progress.next || progress.installing.is_some() {
            return Ok(());
        }
        if next <= progress.matched {
            let matched = progress.matched;
            step.note("log-lost", || {
                format!("{from} had agreed up to {matched}: this is old, or it has lost what it promised to keep.")
            });
        }
        progress.next = next;
        step.note("backed-up", || format!("{from} differs: tries again from entry {next}."));
        self.send_to(step, from, &mut None);
        Ok(())
    }

    /// Commits what a majority has, by the rule of the paper.
    pub(super) fn commit(&mut self, step: &mut Step) -> Result<(), StorageError> {
        let (me, last) = (self.me, self.log.last_index());
        let configuration = self.log.configuration().1.clone();
        let Role::Leader(leadership) = &self.role else { return Ok(()) };
        let matched = |node| match node == me {
            true => last,
            false => leadership.peers.get(&node).map_or(0, |progress| progress.matched),
        };
        let reached = configuration.reached(matched);
        if reached <= self.committed {
            return Ok(());
        }
        let own = self.log.term(reached) == Some(self.term);
        if !own && !self.options.commit_old_terms {
            let entry_term = self.log.term(reached).unwrap_or(0);
            step.note("not-yet-committed", || {
                format!("Entry {reached} is on a majority, but of term {entry_term}: it waits for one of its own term.")
            });
            return Ok(());
        }
        let first = self.committed + 1;
        step.note("entry-committed", || {
            let who: Vec<NodeId> =
                configuration.members().into_iter().filter(|node| matched(*node) >= reached).collect();
            let what = if first == reached {
                format!("Entry {first} is")
            } else {
                format!("Entries {first} to {reached} are")
            };
            format!("{what} on {}: committed.", names(&who))
        });
        self.committed = reached;
        self.apply(step)?;
        self.serve_reads(step)?;
        self.advance_change(step)
    }

    /// Appends an entry of its own term, and sends it. Its index.
    pub(super) fn propose(&mut self, step: &mut Step, payload: Payload) -> Result<u64, StorageError> {
        let is_configuration = matches!(payload, Payload::Configuration(_));
        self.log.append(step.shelf, Entry { term: self.term, payload })?;
        self.dirty = true;
        if is_configuration {
            self.meet_peers();
        }
        Ok(self.log.last_index())
    }

    /// Answers the client that waits for an entry.
    pub(super) fn answer_waiting(&mut self, step: &mut Step, index: u64, answer: Answer, version: u64) {
        let Some((client, id)) = self.leadership().and_then(|leadership| leadership.waiting.remove(&index)) else {
            return;
        };
        self.tell(step, client, id, answer, version);
    }

    pub(super) fn tell(&self, step: &mut Step, client: NodeId, id: RequestId, answer: Answer, version: u64) {
        step.respond(client, Response { id, answer, context: self.nothing.clone(), version });
    }

    /// Tells everybody who waits that this node is not the one to wait for.
    pub(super) fn give_up(&mut self, step: &mut Step, leadership: Leadership) {
        for (client, id) in leadership.waiting.into_values() {
            self.tell(step, client, id, Answer::Unknown("the leader was replaced before it was decided"), 0);
        }
        for read in leadership.reads {
            self.tell(step, read.client, read.request.id, Answer::Redirect(self.leader), 0);
        }
        if let Some(change) = leadership.change {
            self.tell(step, change.client, change.id, Answer::Unknown("the leader was replaced"), 0);
        }
        if let Some(transfer) = leadership.transfer {
            let (client, id) = (transfer.client, transfer.id);
            let answer = if transfer.told { Answer::Written } else { Answer::Unknown("the leader was replaced") };
            self.tell(step, client, id, answer, 0);
        }
    }
}
