//! Clients, and the router that each of them has: it finds the shard, waits, asks again, asks many at once.
//!
//! ```text
//!   put, get ──▶ one part, at the key's shard            bounced? a newer map, and again
//!   get of a salted key ──▶ a part for each piece        late? again; a read that is only slow: hedged
//!   scan ──▶ a part for each shard that may have keys    silent to the end? a partial answer that says so
//! ```
//!
//! A router without a newer map goes on with the one it has: keys that did not move are found as before, others bounce
//! until the map service answers or the operation's time is over, and then it says so.
//!
//! A hedged request is sent once more, over a second connection, before it is given up (Dean and Barroso, "The Tail at
//! Scale", 2013): whichever answer comes first counts.
//!
//! **Invariant:** an operation ends exactly once.

use std::rc::Rc;

use super::{Cluster, Happening};
use crate::checker::{Noted, Seen, Swept};
use crate::error::ShardingError;
use crate::message::{Answer, Ask, Message, News, Question, Told, scan_text};
use crate::row::Record;
use crate::shard::MAP_SERVICE;
use glassbase_sim::{Cx, Generator};
use glassbase_trace::bytes::show;
use glassbase_trace::parts::sharding::{QueryPart, QueryState};
use glassbase_trace::sorted::SortedMap;
use glassbase_trace::{Bytes, Event, NodeId, RequestFate};

/// How long a router waits before it asks again somewhere, at first.
const PAUSE_NS: u64 = 1_000_000;

/// Why an operation ended without an answer whose router was sent elsewhere, and got no newer map.
const NO_MAP: &str = "the deadline is over, the router's map is old and the map service does not answer";

/// Why a client is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wake {
    /// To take the next operation of a load.
    Next,
    /// An answer is late.
    Late { request: u64, part: u32, attempt: u32 },
    /// A read is slow.
    Hedge { request: u64, part: u32, attempt: u32 },
    /// To ask again.
    Again { request: u64, part: u32, attempt: u32 },
    /// It has waited for long enough.
    Deadline { request: u64 },
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// The value, for a read of one key.
    Found(Option<Record>),
    Written(u64),
    /// Keys and values; shards that did not answer.
    Rows {
        rows: Vec<(Bytes, Record)>,
        missing: Vec<NodeId>,
    },
    Failed(String),
    /// Nobody knows.
    Unknown(&'static str),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    pub client: NodeId,
    pub fate: Fate,
    pub latency_ns: u64,
    /// Shards that were asked.
    pub asked: usize,
    pub hedged: usize,
}

#[derive(Clone, Debug)]
struct Part {
    question: Question,
    shard: NodeId,
    attempt: u32,
    tries: u32,
    hedged: bool,
    sent_ns: u64,
    answered_ns: u64,
    answer: Option<Answer>,
    /// Shards of which an answer to this attempt may still come.
    asked: u32,
}

#[derive(Clone, Debug)]
struct Operation {
    request: u64,
    question: Question,
    parts: Vec<Part>,
    asked_ns: u64,
    began: u64,
    of_load: bool,
    /// A write of it was sent.
    in_doubt: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Client {
    id: NodeId,
    news: Rc<News>,
    operation: Option<Operation>,
    random: Generator,
    wakes_next: bool,
    /// It asked for a map so many times, for its operation, since it heard from the map service.
    unheard: u32,
}

impl Client {
    pub fn new(seed: u64, id: NodeId, news: Rc<News>) -> Client {
        let random = Generator::new(seed, &format!("client {}", id.number()));
        Client { id, news, operation: None, random, wakes_next: false, unheard: 0 }
    }

    pub fn is_busy(&self) -> bool {
        self.operation.is_some()
    }

    /// Where the router believes a key to be, and where else it may be while it is on its way.
    fn route(&self, key: &[u8]) -> Result<(NodeId, Option<NodeId>), ShardingError> {
        let now = self.news.map.place(key)?;
        let Some((from, to)) = self.news.plan.as_ref().and_then(|plan| plan.step(key)) else { return Ok((now, None)) };
        Ok(if self.news.done.contains(&(from, to)) { (to, Some(from)) } else { (from, Some(to)) })
    }

    /// The parts of an operation, without the shards.
    fn questions(&mut self, question: &Question) -> Vec<Question> {
        let Some(key) = question.key() else { return vec![question.clone()] };
        let pieces = self.news.map.pieces(key);
        if pieces == 0 {
            return vec![question.clone()];
        }
        match question {
            Question::Put { text, .. } => {
                let key = piece(key, self.random.below(u64::from(pieces)) as u16);
                vec![Question::Put { key, text: text.clone() }]
            }
            _ => {
                let keys = std::iter::once(key.clone()).chain((0..pieces).map(|number| piece(key, number)));
                keys.map(|key| Question::Get { key }).collect()
            }
        }
    }
}

/// The name under which a piece of a salted key is kept: the key, a colon, a letter for the number. A region stays in front.
fn piece(key: &Bytes, number: u16) -> Bytes {
    Bytes::from(&[&key[..], format!("#{number}").as_bytes()].concat()[..])
}

impl Cluster {
    pub(super) fn wake_client(&mut self, at_ns: u64, client: NodeId, wake: Wake) {
        let known = &mut self.clients[usize::from(client.number()) - 1];
        if wake == Wake::Next {
            if known.wakes_next {
                return;
            }
            known.wakes_next = true;
        }
        self.queue.push(at_ns, Happening::ClientDue { client, wake });
    }

    pub(super) fn client_due(&mut self, cx: &mut Cx, client: NodeId, wake: Wake) {
        let at = usize::from(client.number()) - 1;
        match wake {
            Wake::Next => {
                self.clients[at].wakes_next = false;
                self.next_of_load(cx, at);
            }
            Wake::Late { request, part, attempt } => {
                if let Some(open) = self.open_part(at, request, part).filter(|open| open.attempt == attempt) {
                    open.tries += 1;
                    if open.tries > self.options.retries {
                        return self.finish(cx, at, Some("no answer"));
                    }
                    self.want_map(cx, at);
                    self.send_part(cx, at, part);
                }
            }
            Wake::Hedge { request, part, attempt } => {
                if let Some(open) = self.open_part(at, request, part).filter(|open| open.attempt == attempt) {
                    open.hedged = true;
                    open.asked += 1;
                    let shard = open.shard;
                    self.send_ask(cx, at, part, shard, true);
                }
            }
            Wake::Again { request, part, attempt } => {
                if self.open_part(at, request, part).is_some_and(|open| open.attempt == attempt) {
                    self.send_part(cx, at, part);
                }
            }
            Wake::Deadline { request } => {
                let is_it = |operation: &Operation| operation.request == request;
                if self.clients[at].operation.as_ref().is_some_and(is_it) {
                    let is_deaf = self.clients[at].unheard > 1;
                    self.finish(cx, at, Some(if is_deaf { NO_MAP } else { "the deadline is over" }));
                }
            }
        }
    }

    /// A part that waits for its answer.
    fn open_part(&mut self, at: usize, request: u64, part: u32) -> Option<&mut Part> {
        let operation = self.clients[at].operation.as_mut().filter(|operation| operation.request == request)?;
        operation.parts.get_mut(part as usize).filter(|part| part.answer.is_none())
    }

    /// A client begins an operation. A key that has no place is refused at once.
    pub(super) fn begin_operation(
        &mut self,
        cx: &mut Cx,
        at: usize,
        question: Question,
        of_load: bool,
    ) -> Result<(), ShardingError> {
        let client = &mut self.clients[at];
        client.unheard = 0;
        let mut parts = Vec::new();
        let blank = |question: &Question, shard: NodeId| Part {
            question: question.clone(),
            shard,
            attempt: 0,
            tries: 0,
            hedged: false,
            sent_ns: 0,
            answered_ns: 0,
            answer: None,
            asked: 0,
        };
        for single in client.questions(&question) {
            match &single {
                Question::Scan { from, to, .. } => {
                    let shards = scanned(&client.news, from.as_deref(), to.as_deref());
                    parts.extend(shards.into_iter().map(|shard| blank(&single, shard)));
                }
                Question::Get { key } | Question::Put { key, .. } => {
                    let (shard, _) = client.route(key)?;
                    parts.push(blank(&single, shard));
                }
            }
        }
        self.next_request += 1;
        let (request, asked_ns, began) = (self.next_request, cx.now_ns(), self.next_moment());
        let first = parts.first().map_or(NodeId(0), |part| part.shard);
        let count = parts.len() as u32;
        let writes = question.writes();
        let text = text_of(&question);
        let client = &mut self.clients[at];
        let id = client.id;
        client.operation = Some(Operation { request, question, parts, asked_ns, began, of_load, in_doubt: false });
        let told = || Event::RequestAsked { request, client: id, node: first, text: text.into(), writes, asked_ns };
        self.tell(cx, told);
        let deadline_ns = asked_ns.saturating_add(self.options.deadline_ns);
        self.wake_client(deadline_ns, id, Wake::Deadline { request });
        for part in 0..count {
            self.send_part(cx, at, part);
        }
        if count == 0 {
            self.finish(cx, at, None);
        }
        Ok(())
    }

    /// Asks for a part, where the router believes it to be now.
    fn send_part(&mut self, cx: &mut Cx, at: usize, part: u32) {
        let (dual_reads, timeout_ns, hedge_ns) =
            (self.options.dual_reads, self.options.timeout_ns, self.options.hedge_ns);
        let client = &mut self.clients[at];
        let Some(operation) = &client.operation else { return };
        let Some(key) = operation.parts.get(part as usize).map(|part| part.question.key().cloned()) else { return };
        let route = key.as_ref().map(|key| client.route(key));
        let Some(operation) = &mut client.operation else { return };
        let request = operation.request;
        let Some(open) = operation.parts.get_mut(part as usize) else { return };
        let mut other = None;
        match route {
            Some(Ok((shard, second))) => {
                open.shard = shard;
                other = second.filter(|_| dual_reads && !open.question.writes());
            }
            Some(Err(error)) => return self.finish_with(cx, at, Fate::Failed(error.to_string())),
            None => {}
        }
        open.attempt += 1;
        (open.sent_ns, open.asked) = (cx.now_ns(), 1 + u32::from(other.is_some()));
        let (attempt, shard, writes) = (open.attempt, open.shard, open.question.writes());
        operation.in_doubt |= writes;
        let id = client.id;
        self.send_ask(cx, at, part, shard, false);
        if let Some(other) = other {
            self.send_ask(cx, at, part, other, false);
        }
        let now_ns = cx.now_ns();
        self.wake_client(now_ns.saturating_add(timeout_ns), id, Wake::Late { request, part, attempt });
        if hedge_ns > 0 && !writes {
            self.wake_client(now_ns.saturating_add(hedge_ns), id, Wake::Hedge { request, part, attempt });
        }
    }

    fn send_ask(&mut self, cx: &mut Cx, at: usize, part: u32, shard: NodeId, is_hedge: bool) {
        let clients = self.options.clients;
        let client = &self.clients[at];
        let Some(operation) = &client.operation else { return };
        let Some(open) = operation.parts.get(part as usize) else { return };
        let (serial, stage) = (client.news.serial, client.news.stage());
        let ask =
            Ask { request: operation.request, part, client: client.id, question: open.question.clone(), serial, stage };
        // The second connection of a client has an id of its own: what is slow on the first is not slow on it.
        let from = if is_hedge { NodeId::client(clients + client.id.number()) } else { client.id };
        self.send(cx, from, shard, cx.now_ns(), Message::Ask(Rc::new(ask)));
    }

    fn want_map(&mut self, cx: &mut Cx, at: usize) {
        let id = self.clients[at].id;
        self.clients[at].unheard += 1;
        self.send(cx, id, MAP_SERVICE, cx.now_ns(), Message::WantMap { nonce: 0 });
    }

    /// Something has come for a client, on either connection.
    pub(super) fn hear(&mut self, cx: &mut Cx, to: NodeId, from: NodeId, message: Message) {
        let clients = self.options.clients;
        let at = usize::from((to.number() - 1) % clients);
        if let Message::News { .. } = message {
            self.clients[at].unheard = 0;
        }
        match message {
            Message::News { news, .. } if news.serial > self.clients[at].news.serial => {
                let is_other = news.stage() != self.clients[at].news.stage();
                self.clients[at].news = news;
                if is_other {
                    self.plan_scan_anew(cx, at);
                }
            }
            Message::Told(told) => self.told(cx, at, from, &told),
            _ => {}
        }
    }

    /// The map is another one: a scan that is under way begins anew, because its parts would not fit together.
    fn plan_scan_anew(&mut self, cx: &mut Cx, at: usize) {
        let client = &mut self.clients[at];
        let news = client.news.clone();
        let Some(operation) = &mut client.operation else { return };
        let Question::Scan { from, to, .. } = &operation.question else { return };
        let shards = scanned(&news, from.as_deref(), to.as_deref());
        let tries = operation.parts.iter().map(|part| part.tries).max().unwrap_or(0);
        let attempt = operation.parts.iter().map(|part| part.attempt).max().unwrap_or(0);
        let Some(first) = operation.parts.first().cloned() else { return };
        let part = |shard| Part { shard, tries, attempt, hedged: false, answer: None, ..first.clone() };
        operation.parts = shards.into_iter().map(part).collect();
        for part in 0..operation.parts.len() as u32 {
            self.send_part(cx, at, part);
        }
    }

    fn told(&mut self, cx: &mut Cx, at: usize, from: NodeId, told: &Told) {
        let (now_ns, backoff_ns) = (cx.now_ns(), PAUSE_NS + self.clients[at].random.below(PAUSE_NS));
        let timeout_ns = self.options.timeout_ns;
        let client = &self.clients[at];
        let (id, known, unheard) = (client.id, client.news.serial, client.unheard);
        let Some(open) = self.open_part(at, told.request, told.part) else { return };
        // An answer to a scan is of one shard; one that was asked for under another map says nothing.
        if open.question.key().is_none() && open.shard != from {
            return;
        }
        match &told.answer {
            Answer::Elsewhere(_) | Answer::NotYet | Answer::Overloaded => {
                open.asked = open.asked.saturating_sub(1);
                if open.asked > 0 {
                    return;
                }
                let is_overrun = told.answer == Answer::Overloaded;
                open.tries += u32::from(is_overrun);
                // A shard that has too much to do gets time; so does a map service that does not answer, but not so much
                // that the shard seems to be late.
                let wait_ns = match is_overrun {
                    true => backoff_ns << open.tries.min(6),
                    false => (backoff_ns << unheard.min(6)).min(backoff_ns.max(timeout_ns / 2)),
                };
                let (request, part, attempt, tries) = (told.request, told.part, open.attempt, open.tries);
                if tries > self.options.retries {
                    return self.finish(cx, at, Some("no answer"));
                }
                if !is_overrun && told.serial >= known {
                    self.want_map(cx, at);
                }
                self.wake_client(now_ns + wait_ns, id, Wake::Again { request, part, attempt });
            }
            answer => {
                (open.answer, open.answered_ns) = (Some(answer.clone()), now_ns);
                if told.serial > known {
                    self.want_map(cx, at);
                }
                self.part_over(cx, at);
            }
        }
    }

    /// If all parts are there, and fit together, the operation is over.
    fn part_over(&mut self, cx: &mut Cx, at: usize) {
        let Some(operation) = &mut self.clients[at].operation else { return };
        if operation.parts.iter().any(|part| part.answer.is_none()) {
            return;
        }
        // A source that has handed keys over has not shown them; the target has to have shown them.
        let mut again = Vec::new();
        for part in &operation.parts {
            let Some(Answer::Rows { handed, .. }) = &part.answer else { continue };
            for (place, other) in operation.parts.iter().enumerate().filter(|(_, other)| handed.contains(&other.shard))
            {
                if let Some(Answer::Rows { taken, .. }) = &other.answer
                    && !taken.contains(&part.shard)
                {
                    again.push(place as u32);
                }
            }
        }
        if again.is_empty() {
            return self.finish(cx, at, None);
        }
        again.dedup();
        for part in again {
            if let Some(open) = operation.parts.get_mut(part as usize) {
                open.answer = None;
                let (request, attempt, id) = (operation.request, open.attempt, self.clients[at].id);
                self.wake_client(cx.now_ns() + PAUSE_NS, id, Wake::Again { request, part, attempt });
                return;
            }
        }
    }

    /// Puts the parts together. `why`: they are not all there; a query may do without, other operations can't.
    fn finish(&mut self, cx: &mut Cx, at: usize, why: Option<&'static str>) {
        let Some(operation) = &self.clients[at].operation else { return };
        let missing: Vec<NodeId> =
            operation.parts.iter().filter(|part| part.answer.is_none()).map(|part| part.shard).collect();
        let fate = match (&operation.question, why) {
            (Question::Scan { .. }, None) => Fate::Rows { rows: merged(operation), missing },
            (Question::Scan { .. }, Some(_)) if self.options.partial => Fate::Rows { rows: merged(operation), missing },
            (Question::Put { .. }, None) => {
                let count = operation.parts.iter().find_map(|part| match part.answer {
                    Some(Answer::Written(count)) => Some(count),
                    _ => None,
                });
                count.map_or(Fate::Unknown("no answer"), Fate::Written)
            }
            (Question::Get { .. }, None) => Fate::Found(newest(operation)),
            (Question::Put { .. }, Some(why)) => Fate::Unknown(why),
            (_, Some(why)) => Fate::Failed(why.to_string()),
        };
        self.finish_with(cx, at, fate);
    }

    fn finish_with(&mut self, cx: &mut Cx, at: usize, fate: Fate) {
        let Some(operation) = self.clients[at].operation.take() else { return };
        let (client, now_ns, ended) = (self.clients[at].id, cx.now_ns(), self.next_moment());
        let latency_ns = now_ns - operation.asked_ns;
        self.note(&operation, &fate, ended, now_ns);
        let (kind, answer) = worded(&fate);
        if kind == RequestFate::Done {
            self.latencies_ns.push(latency_ns);
        }
        let request = operation.request;
        if let Some(query) = query_of(&operation, &fate, latency_ns).filter(|_| !self.told.quiet) {
            self.tell(cx, || Event::Gathered { query: Rc::new(query) });
        }
        let is_write = operation.question.writes();
        for part in operation.parts.iter().filter(|part| part.answer.is_some()) {
            if let Some(key) = part.question.key() {
                self.tell_dot(cx, key, part.shard, is_write);
            }
        }
        let stale = false;
        self.tell(cx, || Event::RequestEnded { request, fate: kind, answer: answer.into(), latency_ns, stale });
        let hedged = operation.parts.iter().filter(|part| part.hedged).count();
        self.finished = Some(Finished { client, fate, latency_ns, asked: operation.parts.len(), hedged });
        self.client_idle(cx, at, operation.of_load);
    }

    /// Writes down what the client was told, for the checker.
    fn note(&mut self, operation: &Operation, fate: &Fate, ended: u64, ended_ns: u64) {
        let (id, began) = (operation.request, operation.began);
        if let (Question::Scan { from, to, .. }, Fate::Rows { rows, missing }) = (&operation.question, fate) {
            if missing.is_empty() {
                let rows = rows.iter().map(|(key, record)| (key.clone(), record.count)).collect();
                self.swept.push(Swept { id, from: from.clone(), to: to.clone(), began, ended, rows });
            }
            return;
        }
        for part in &operation.parts {
            let Some(key) = part.question.key().cloned() else { continue };
            let seen = match &part.answer {
                Some(Answer::Written(count)) => Seen::Written { count: *count },
                Some(Answer::Value(record)) => Seen::Found {
                    count: record.as_ref().map_or(0, |r| r.count),
                    id: record.as_ref().map_or(0, |r| r.id),
                },
                _ if !part.question.writes() => continue,
                _ if operation.in_doubt => Seen::Unknown,
                _ => Seen::Refused,
            };
            self.noted.push(Noted { id, key, began, ended, ended_ns, seen });
        }
    }
}

/// The shards that a scan asks: those that may have keys of the range now, or once the plan is through.
fn scanned(news: &News, from: Option<&[u8]>, to: Option<&[u8]>) -> Vec<NodeId> {
    let mut shards = news.map.shards_of_range(from, to);
    if let Some(plan) = &news.plan {
        shards.extend(plan.next.shards_of_range(from, to));
        shards.sort_unstable();
        shards.dedup();
    }
    shards
}

/// The rows of all parts, by key. A key that two shards showed, because it was handed over in between, is taken as the
/// later one had it.
fn merged(operation: &Operation) -> Vec<(Bytes, Record)> {
    let mut rows: SortedMap<Bytes, Record> = SortedMap::new();
    for part in &operation.parts {
        let Some(Answer::Rows { rows: found, .. }) = &part.answer else { continue };
        for (key, record) in found {
            let is_newer = rows.get(key).is_none_or(|known| known.count < record.count);
            if is_newer {
                rows.insert(key.clone(), record.clone());
            }
        }
    }
    let limit = match operation.question {
        Question::Scan { limit, .. } => limit,
        _ => u64::MAX,
    };
    rows.into_iter().take(limit.min(usize::MAX as u64) as usize).collect()
}

/// Of the pieces of a key the one that was written last.
fn newest(operation: &Operation) -> Option<Record> {
    let records = operation.parts.iter().filter_map(|part| match &part.answer {
        Some(Answer::Value(record)) => record.clone(),
        _ => None,
    });
    records.max_by_key(|record| record.id)
}

fn text_of(question: &Question) -> String {
    match question {
        Question::Get { key } => format!("get {}", show(key)),
        Question::Put { key, text } => format!("put {} = {}", show(key), show(text)),
        Question::Scan { from, to, .. } => scan_text(from.as_ref(), to.as_ref()),
    }
}

fn worded(fate: &Fate) -> (RequestFate, String) {
    match fate {
        Fate::Found(Some(record)) => (RequestFate::Done, show(&record.text)),
        Fate::Found(None) => (RequestFate::Done, "no such key".to_string()),
        Fate::Written(_) => (RequestFate::Done, "written".to_string()),
        Fate::Rows { rows, missing } if missing.is_empty() => (RequestFate::Done, format!("{} rows", rows.len())),
        Fate::Rows { rows, missing } => {
            let missing = missing.iter().map(|shard| shard.to_string()).collect::<Vec<_>>().join(", ");
            (RequestFate::Done, format!("{} rows, without those of {missing}", rows.len()))
        }
        Fate::Failed(why) => (RequestFate::Failed, why.clone()),
        Fate::Unknown(why) => (RequestFate::Unknown, (*why).to_string()),
    }
}

/// A query's parts, for those who draw them.
fn query_of(operation: &Operation, fate: &Fate, latency_ns: u64) -> Option<QueryState> {
    let Fate::Rows { rows, .. } = fate else { return None };
    let part = |part: &Part| {
        let (word, ended_ns, rows) = match &part.answer {
            Some(Answer::Rows { rows, .. }) => {
                (if part.hedged { "hedged" } else { "answered" }, part.answered_ns, rows.len() as u64)
            }
            _ => ("missing", operation.asked_ns + latency_ns, 0),
        };
        let latency_ns = ended_ns.saturating_sub(operation.asked_ns);
        QueryPart { shard: part.shard, fate: word.into(), latency_ns, rows }
    };
    Some(QueryState {
        request: operation.request,
        text: text_of(&operation.question).into(),
        latency_ns,
        rows: rows.len() as u64,
        parts: operation.parts.iter().map(part).collect(),
    })
}
