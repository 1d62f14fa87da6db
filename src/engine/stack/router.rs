//! The router: errands to shards.
//!
//! ```text
//!   query of the tiers ─┐
//!   row to be preloaded ├─▶ lock of the key (writes) ─▶ map: which shard ─▶ a connection ─▶ the shard's client asks
//!   key that moves ─────┘        one at a time                             one of so many        time-outs, retries
//! ```
//!
//! **Invariant:** of one key there is one write under way at most, so versions of a key grow in the order in which its shard
//! gets them; unless nobody knows what became of a write, which may happen late.

use glassbase_cache::{RemoteQuery, Row};
use glassbase_history::Call as HistoryCall;
use glassbase_replication::cluster::Asked;
use glassbase_replication::message::{Answer, Call, Consistency};
use glassbase_sim::Cx;
use glassbase_trace::{Bytes, Event, NodeId, RequestFate};

use super::Stack;
use super::world::Happening;
use glassbase_sharding::ClusterMap;

/// What an errand is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Query {
        number: u64,
        request: u64,
        /// The application server that asks, from 0, if one does.
        app: Option<u16>,
    },
    Preload,
    /// A key that moves is read at its old shard, and written at its new one.
    Fetch,
    Store,
}

/// A thing to be done at a shard.
#[derive(Clone, Debug)]
pub(super) struct Errand {
    pub purpose: Purpose,
    pub key: Bytes,
    /// What is to be written; none: it reads.
    pub row: Option<Row>,
    /// It holds the lock of its key, or inherits it.
    pub locks: bool,
    /// The shard that it goes to, whatever the map says.
    pub shard: Option<NodeId>,
}

/// A row as shards keep it: its version, and the value as text; `-` for one that is deleted.
pub(super) fn record(row: &Row) -> Bytes {
    let text = match &row.value {
        Some(value) => format!("{}={}", row.version, value.to_trace()),
        None => format!("{}-", row.version),
    };
    Bytes::from(text.as_bytes())
}

/// The row of a record. What is no record has version 0.
pub(super) fn row_of(record: Option<&Bytes>) -> Row {
    let Some(text) = record.and_then(|record| std::str::from_utf8(record).ok()) else { return Row::default() };
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (version, rest) = text.split_at(digits);
    let value = rest.strip_prefix('=').and_then(Bytes::from_trace);
    Row { version: version.parse().unwrap_or_default(), value }
}

impl Stack {
    /// The tiers ask.
    pub(super) fn begin_query(&mut self, cx: &mut Cx, query: RemoteQuery) {
        let RemoteQuery { number, request, app, key, row } = query;
        if row.is_some() {
            self.keys.insert(key.clone());
        }
        let purpose = Purpose::Query { number, request, app };
        let locks = row.is_some();
        self.begin_errand(cx, Errand { purpose, key, row, locks, shard: None });
    }

    /// Begins an errand, which may have to wait for its key.
    pub(super) fn begin_errand(&mut self, cx: &mut Cx, errand: Errand) {
        self.next_errand += 1;
        let number = self.next_errand;
        let (key, locks) = (errand.key.clone(), errand.locks);
        self.errands.insert(number, errand);
        if locks {
            if let Some(line) = self.locks.get_mut(&key) {
                line.push_back(number);
                return self.tell_held(cx, number, "the key is being written or moved");
            }
            self.locks.insert(key, Default::default());
        }
        self.send(cx, number);
    }

    fn tell_held(&mut self, cx: &mut Cx, number: u64, why: &str) {
        let Some(errand) = self.errands.get(&number) else { return };
        let Purpose::Query { request, .. } = errand.purpose else { return };
        let shard = self.shard_of(&errand.key);
        cx.emit(|| Event::QueryHeld { request, shard, why: why.into() });
    }

    /// The newest map: that of a move under way counts.
    pub(super) fn newest_map(&self) -> &ClusterMap {
        self.moving.as_ref().map_or(&self.map, |moving| &moving.next)
    }

    /// An application server goes by the newest map from now on.
    pub(super) fn learn_map(&mut self, app: u16) {
        let newest = self.newest_map().clone();
        if let Some(copy) = self.copies.get_mut(usize::from(app)) {
            *copy = newest;
        }
    }

    /// A server that goes by an old map asks a shard that does not have the key: it is turned away, and has the newest map
    /// when that is heard. Whether it was.
    fn bounces(&mut self, cx: &mut Cx, number: u64) -> bool {
        let Some(Errand { purpose: Purpose::Query { request, app: Some(app), .. }, key, .. }) =
            self.errands.get(&number)
        else {
            return false;
        };
        let (request, app, home) = (*request, *app, self.shard_of(key));
        let Some(copy) = self.copies.get(usize::from(app)) else { return false };
        let version = self.newest_map().version();
        let Some(shard) = copy.place(key).ok().filter(|shard| *shard != home && copy.version() != version) else {
            return false;
        };
        self.bounced += 1;
        self.learn_map(app);
        let due_ns = cx.now_ns().saturating_add(self.options.bounce_ns);
        cx.emit(|| Event::QueryBounced { request, shard, at: NodeId(app + 1), version, due_ns });
        self.queue.push(due_ns, Happening::SendAgain(number));
        true
    }

    /// Queries that a shard turned away, for the map was old.
    pub fn bounced(&self) -> u64 {
        self.bounced
    }

    /// Where a key is now. While keys move, the new map counts for all but those that are still to move.
    pub(super) fn shard_of(&self, key: &Bytes) -> NodeId {
        let map = match &self.moving {
            Some(moving) if !moving.waits(key) => &moving.next,
            _ => &self.map,
        };
        map.place(key).unwrap_or(NodeId(1))
    }

    fn group_at(&self, shard: NodeId) -> usize {
        self.groups.iter().position(|group| group.shard == shard).unwrap_or(0)
    }

    /// Sends an errand to its shard, or lets it wait for a connection.
    pub(super) fn send(&mut self, cx: &mut Cx, number: u64) {
        if self.bounces(cx, number) {
            return;
        }
        let Some(errand) = self.errands.get(&number) else { return };
        let shard = errand.shard.unwrap_or_else(|| self.shard_of(&errand.key));
        let at = self.group_at(shard);
        match self.groups[at].cluster.first_idle() {
            Some(client) => self.ask_shard(cx, at, client, number),
            None => {
                self.groups[at].waiting.push_back(number);
                self.tell_held(cx, number, "all connections to the shard are in use");
            }
        }
    }

    fn ask_shard(&mut self, cx: &mut Cx, at: usize, client: NodeId, number: u64) {
        let Some(errand) = self.errands.get(&number) else { return };
        let shard = self.groups[at].shard;
        let (key, purpose) = (errand.key.clone(), errand.purpose);
        let call = errand.row.as_ref().map_or(Call::Get, |row| Call::Put(record(row)));
        let reads_any = self.options.reads_any && call == Call::Get && purpose != Purpose::Fetch;
        let (consistency, node) = if reads_any {
            let nodes = u64::from(self.options.cluster.nodes.max(1));
            (Consistency::Any, Some(NodeId(1 + (number % nodes) as u16)))
        } else {
            (Consistency::Default, self.groups[at].led_by)
        };
        if let Purpose::Query { request, .. } = purpose {
            cx.emit(|| Event::QueryRouted { request, shard, client });
        }
        let asked = self.inside(cx, at, |cluster, cx| cluster.ask(cx, client, &key, call, consistency, node));
        match asked {
            Ok(query) => drop(self.groups[at].busy.insert(client, (query, number))),
            // An idle client may always ask.
            Err(_) => self.over(cx, number, None),
        }
    }

    /// After a step of a shard: has one of the router's clients been answered?
    pub(super) fn after_shard(&mut self, cx: &mut Cx, at: usize) {
        let group = &mut self.groups[at];
        let Some(last) = group.cluster.last().filter(|last| last.request != group.heard).cloned() else { return };
        group.heard = last.request;
        let is_it = |(_, (query, _)): &(&NodeId, &(_, u64))| *query == last.request;
        let Some((client, number)) = group.busy.iter().find(is_it).map(|(client, (_, number))| (*client, *number))
        else {
            return;
        };
        group.busy.remove(&client);
        let row = self.answered(at, number, &last);
        // Whoever waits for a connection has it before those who are answered can ask again.
        if let Some(next) = self.groups[at].waiting.pop_front() {
            self.ask_shard(cx, at, client, next);
        }
        self.over(cx, number, row);
    }

    /// What an answer says: the row that was read or written; nothing if it failed.
    fn answered(&mut self, at: usize, number: u64, last: &Asked) -> Option<Row> {
        let written = self.errands.get(&number).and_then(|errand| errand.row.clone());
        if last.fate != RequestFate::Done {
            self.groups[at].led_by = None;
            return None;
        }
        if written.is_some() {
            self.groups[at].led_by = last.by;
        }
        match (&last.answer, written) {
            (_, Some(row)) => Some(row),
            (Some(Answer::Value(value)), None) => Some(row_of(value.as_ref())),
            (Some(Answer::Siblings(values)), None) => {
                values.iter().map(|value| row_of(Some(value))).max_by_key(|row| row.version)
            }
            _ => None,
        }
    }

    /// An errand is over.
    fn over(&mut self, cx: &mut Cx, number: u64, row: Option<Row>) {
        let Some(errand) = self.errands.remove(&number) else { return };
        // A key that moves keeps its lock until it has arrived, and whoever waits is to find it there.
        if errand.locks && !matches!(errand.purpose, Purpose::Fetch | Purpose::Store) {
            self.unlock(cx, &errand.key);
        }
        match errand.purpose {
            Purpose::Query { number, .. } => {
                self.tiers.give_answer(cx, number, row);
                self.after_tiers(cx);
            }
            Purpose::Preload => self.preloaded(cx, &errand.key, row.is_some()),
            Purpose::Fetch => self.fetched(cx, errand.key, row),
            Purpose::Store => self.stored(cx, errand.key, row.is_some()),
        }
    }

    /// The next in line for a key may go.
    pub(super) fn unlock(&mut self, cx: &mut Cx, key: &Bytes) {
        let Some(line) = self.locks.get_mut(key) else { return };
        match line.pop_front() {
            Some(next) => self.send(cx, next),
            None => drop(self.locks.remove(key)),
        }
    }

    /// Writes k1 to k`count` at their shards, without anybody asking; time passes meanwhile.
    pub fn preload(&mut self, cx: &mut Cx, count: u64) {
        self.watched(cx, |stack, cx| {
            stack.preloading.extend((1..=count).map(|number| Bytes::typed(&format!("k{number}"))));
            let at_once = usize::from(stack.options.cluster.clients) * stack.groups.len();
            for _ in 0..at_once {
                stack.preload_on(cx);
            }
        });
    }

    /// Rows that are still to be preloaded.
    pub fn preload_left(&self) -> u64 {
        self.preloading.len() as u64 + self.under_way
    }

    /// Of those, the ones that nobody has begun to write.
    pub fn preload_unbegun(&self) -> u64 {
        self.preloading.len() as u64
    }

    /// No more of them are begun.
    pub fn stop_preload(&mut self) {
        self.preloading.clear();
    }

    /// For the checkers a row that is written unasked is a write whose client never hears of it.
    fn note_preload(&mut self, cx: &Cx, key: &Bytes, value: &Bytes) {
        if self.options.history {
            let process = u32::MAX - self.preloads;
            self.preloads += 1;
            self.history.invoke(cx.now_ns(), process, key.clone(), HistoryCall::Write(value.clone()));
        }
    }

    fn preload_on(&mut self, cx: &mut Cx) {
        let Some(key) = self.preloading.pop_front() else { return };
        self.under_way += 1;
        self.keys.insert(key.clone());
        let version = self.tiers.version_for_row();
        let value = Bytes::number(version);
        self.note_preload(cx, &key, &value);
        let row = Some(Row { version, value: Some(value) });
        self.begin_errand(cx, Errand { purpose: Purpose::Preload, key, row, locks: true, shard: None });
    }

    fn preloaded(&mut self, cx: &mut Cx, key: &Bytes, is_there: bool) {
        self.under_way = self.under_way.saturating_sub(1);
        if is_there {
            self.tiers.row_is_there(key);
        } else {
            // The shard has no leader yet: once more, before all others.
            self.preloading.push_front(key.clone());
        }
        self.preload_on(cx);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_its_row() {
        for value in [None, Some(Bytes::typed("blue")), Some(Bytes::number(17)), Some(Bytes::typed("a \"b\" = c"))] {
            let row = Row { version: 42, value };
            assert_eq!(row_of(Some(&record(&row))), row);
            assert_eq!(Bytes::typed(&record(&row).to_string()), record(&row), "shown and read again");
        }
        for bad in ["", "x", "=1", "12", "12=\"", "99999999999999999999=1"] {
            let _ = row_of(Some(&Bytes::typed(bad)));
        }
        assert_eq!(row_of(None), Row::default());
    }
}
