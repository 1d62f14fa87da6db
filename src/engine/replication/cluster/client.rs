//! Clients: each has one operation at a time, waits for the answer, asks again, and writes down what it was told.
//!
//! ```text
//!   ask ──▶ attempt ──answer──▶ done, or refused
//!             │ ├──redirect──▶ attempt at the node that was named
//!             │ └──time-out──▶ attempt at another node, while there are retries
//!             └──▶ given up: nobody knows whether it happened
//! ```
//!
//! **Invariant:** an operation is said to have failed only if no attempt at it can have happened.

use glassbase_trace::sorted::SortedMap;

use super::measures::StaleSample;
use super::options::stamp_of;
use super::{Cluster, ClusterError, Flight};
use crate::message::{Answer, Call, Consistency, MergeCall, Message, Request, RequestId, Response};
use glassbase_history::payments::Payment;
use glassbase_history::{self as history, OpId, Outcome};
use glassbase_sim::{Cx, Generator};
use glassbase_trace::{Bytes, Event, NodeId, RequestFate};

/// How long a client waits before it asks again after a refusal to serve.
const PAUSE_NS: u64 = 10_000_000;
/// Redirections that a client follows at once.
const HOPS_MAX: u32 = 3;

/// Why a client is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wake {
    /// The answer may be late.
    Late,
    /// It asks again.
    Again { request: RequestId, attempt: u32 },
    /// It begins its next operation of the workload.
    Next,
}

/// An operation under way.
#[derive(Clone, Debug)]
struct Open {
    request: std::rc::Rc<Request>,
    /// What is sent instead: an operator's order, which the protocol alone understands.
    order: Option<Message>,
    /// It is one of the workload.
    of_load: bool,
    operation: Option<OpId>,
    asked_ns: u64,
    node: NodeId,
    attempt: u32,
    /// When the answer to this attempt is late; none while it pauses before the next.
    late_ns: Option<u64>,
    hops: u32,
    retries: u32,
    /// An attempt may have been carried out without an answer.
    in_doubt: bool,
    /// The newest version that was acknowledged before it began, and when.
    newest: Option<(u64, u64)>,
}

#[derive(Clone, Debug)]
pub(super) struct Client {
    pub id: NodeId,
    open: Option<Open>,
    /// A wake-up for late answers is in the queue: one, however many operations begin and end before it comes.
    watches: bool,
    /// The node that it asks first.
    pub home: NodeId,
    /// What it brings along: what the last answers gave it, key by key, and of all keys together.
    contexts: SortedMap<Bytes, Bytes>,
    pub random: Generator,
}

/// An order that a client gave, and what became of it as far as the client knows.
#[derive(Clone, Debug)]
pub struct Ordered {
    pub request: RequestId,
    pub message: Message,
    pub fate: RequestFate,
}

/// What is known of an operation that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub request: RequestId,
    pub fate: RequestFate,
    pub answer: Option<Answer>,
    pub latency_ns: u64,
    pub stale: bool,
    /// The node that answered.
    pub by: Option<NodeId>,
}

impl Client {
    pub fn new(seed: u64, id: NodeId) -> Client {
        let random = Generator::new(seed, &format!("client {}", id.number()));
        Client { id, open: None, watches: false, home: NodeId(0), contexts: SortedMap::new(), random }
    }

    pub fn is_idle(&self) -> bool {
        self.open.is_none()
    }
}

impl Cluster {
    /// A client begins an operation. `node`: the one that it asks first (none: its own choice).
    pub fn ask(
        &mut self,
        cx: &mut Cx,
        client: NodeId,
        key: &Bytes,
        call: Call,
        consistency: Consistency,
        node: Option<NodeId>,
    ) -> Result<RequestId, ClusterError> {
        let at = self.idle_client(client, node)?;
        self.choose_home(at, node);
        Ok(self.begin_request(cx, at, key, call, consistency, false))
    }

    /// A client gives the nodes an order that no key is the object of: who is a member, who shall lead. `make` gives the
    /// message for the number of the operation; `text` tells people what is wanted.
    pub fn order(
        &mut self,
        cx: &mut Cx,
        client: NodeId,
        node: Option<NodeId>,
        text: &str,
        make: impl FnOnce(RequestId) -> Message,
    ) -> Result<RequestId, ClusterError> {
        let at = self.idle_client(client, node)?;
        let id = self.next_id();
        self.choose_home(at, node);
        let (key, call, context) = (Bytes::default(), Call::Put(Bytes::default()), Bytes::default());
        let request = std::rc::Rc::new(Request { id, key, call, consistency: Consistency::Default, context });
        let message = make(id);
        self.orders.push(Ordered { request: id, message: message.clone(), fate: RequestFate::Open });
        let open = Open { order: Some(message), ..self.open_request(cx, at, request) };
        self.clients[at].open = Some(open);
        self.tell_asked(cx, at, text.into());
        self.attempt(cx, at);
        Ok(id)
    }

    /// The place of a client that may ask this node.
    fn idle_client(&self, client: NodeId, node: Option<NodeId>) -> Result<usize, ClusterError> {
        let at = self.client_place(client)?;
        if !self.clients[at].is_idle() {
            return Err(ClusterError::ClientBusy { client });
        }
        if let Some(node) = node {
            self.known(node)?;
        }
        Ok(at)
    }

    fn next_id(&mut self) -> RequestId {
        self.next_request += 1;
        RequestId(self.next_request)
    }

    /// The node that a client asks next: that one, the one that answered last, or any.
    pub(super) fn choose_home(&mut self, at: usize, node: Option<NodeId>) {
        let (nodes, sticky) = (self.options.nodes, self.options.sticky);
        let client = &mut self.clients[at];
        if let Some(node) = node {
            client.home = node;
        } else if !sticky || client.home.0 == 0 {
            client.home = NodeId(1 + client.random.below(u64::from(nodes)) as u16);
        }
    }

    /// The first client that waits for nothing.
    pub fn first_idle(&self) -> Option<NodeId> {
        self.clients.iter().find(|client| client.is_idle()).map(|client| client.id)
    }

    /// The node that a client asks at the moment.
    pub fn asks(&self, client: NodeId) -> Option<NodeId> {
        let at = self.client_place(client).ok()?;
        self.clients[at].open.as_ref().map(|open| open.node)
    }

    /// How many clients wait for an answer.
    pub fn waiting(&self) -> u64 {
        self.waiting
    }

    pub(super) fn client_place(&self, client: NodeId) -> Result<usize, ClusterError> {
        let clients = self.clients.len() as u16;
        match client.is_client() && (1..=clients).contains(&client.number()) {
            true => Ok(usize::from(client.number()) - 1),
            false => Err(ClusterError::NoClient { client, clients }),
        }
    }

    /// Whether a client waits for an answer.
    pub fn is_waiting(&self, client: NodeId) -> bool {
        self.client_place(client).is_ok_and(|at| !self.clients[at].is_idle())
    }

    pub(super) fn begin_request(
        &mut self,
        cx: &mut Cx,
        at: usize,
        key: &Bytes,
        call: Call,
        consistency: Consistency,
        of_load: bool,
    ) -> RequestId {
        let id = self.next_id();
        let consistency = if consistency == Consistency::Default { self.options.consistency } else { consistency };
        let spanned = self.spanned(key);
        let client = &self.clients[at];
        let context = if call.writes() && self.options.protocol.clients_stamp_writes() {
            stamp_of(cx.now_ns())
        } else if self.options.sessions {
            client.contexts.get(&spanned).cloned().unwrap_or_default()
        } else {
            Bytes::default()
        };
        if let Call::Merge(_) = &call
            && !self.merged.contains(key)
        {
            self.merged.insert(key.clone());
        }
        let client = &self.clients[at];
        let operation = history_call(&call)
            .filter(|_| self.options.history && !self.merged.contains(key))
            .map(|call| self.history.invoke(cx.now_ns(), u32::from(client.id.number()), key.clone(), call));
        if operation.is_some() {
            self.requests.push(id.0);
        }
        self.pay(cx, at, id, key, &call);
        let request = std::rc::Rc::new(Request { id, key: key.clone(), call, consistency, context });
        let newest = self.measures.newest(key);
        let open = Open { operation, newest, of_load, ..self.open_request(cx, at, request) };
        self.clients[at].open = Some(open);
        if cx.recorder.is_on() {
            let text = self.clients[at].open.as_ref().map(|open| open.request.text()).unwrap_or_default();
            self.tell_asked(cx, at, text.into());
        }
        self.attempt(cx, at);
        id
    }

    /// Writes down what a client pays in or takes out.
    fn pay(&mut self, cx: &Cx, at: usize, id: RequestId, account: &Bytes, call: &Call) {
        let Call::Merge(call) = call else { return };
        let (amount, takes) = match **call {
            MergeCall::Count(by) if by > 0 => (by.unsigned_abs(), false),
            MergeCall::Withdraw(amount) => (amount, true),
            _ => return,
        };
        if self.options.history {
            let (request, client, account) = (id.0, u32::from(self.clients[at].id.number()), account.clone());
            let asked_ns = cx.now_ns();
            self.payments.push(Payment { request, client, account, amount, takes, asked_ns, ended: None });
        }
    }

    /// An operation that a client begins now, at its home.
    fn open_request(&mut self, cx: &Cx, at: usize, request: std::rc::Rc<Request>) -> Open {
        self.waiting += 1;
        Open {
            request,
            order: None,
            of_load: false,
            operation: None,
            asked_ns: cx.now_ns(),
            node: self.clients[at].home,
            attempt: 1,
            late_ns: None,
            hops: 0,
            retries: self.options.retries,
            in_doubt: false,
            newest: None,
        }
    }

    fn tell_asked(&mut self, cx: &mut Cx, at: usize, text: std::rc::Rc<str>) {
        let client = &self.clients[at];
        let (Some(open), true) = (&client.open, cx.recorder.is_on()) else { return };
        let (request, writes) = (open.request.id.0, open.request.call.writes());
        let (client, node, asked_ns) = (client.id, open.node, open.asked_ns);
        let event = Event::RequestAsked { request, client, node, text, writes, asked_ns };
        self.told.fold(&event);
        cx.emit(|| event);
    }

    /// What a client brings along with an operation on a key is kept under this key.
    fn spanned(&self, key: &Bytes) -> Bytes {
        if self.options.protocol.spans_keys() { Bytes::default() } else { key.clone() }
    }

    /// Sends the request of a client to the node that it has chosen.
    fn attempt(&mut self, cx: &mut Cx, at: usize) {
        let late_ns = cx.now_ns().saturating_add(self.options.timeout_ns);
        let client = &mut self.clients[at];
        let Some(open) = &mut client.open else { return };
        open.late_ns = Some(late_ns);
        let (id, node) = (client.id, open.node);
        let message = open.order.clone().unwrap_or_else(|| Message::Request(open.request.clone()));
        let is_twice = self.send(cx, id, node, cx.now_ns(), message);
        // A refusal of one of them says nothing of the other.
        if is_twice && let Some(open) = &mut self.clients[at].open {
            open.in_doubt |= open.request.call.writes();
        }
        self.watch_for_late(at);
    }

    /// Sees to it that the client is woken when its answer is late.
    fn watch_for_late(&mut self, at: usize) {
        let client = &mut self.clients[at];
        if client.watches {
            return;
        }
        let Some(late_ns) = client.open.as_ref().and_then(|open| open.late_ns) else { return };
        client.watches = true;
        self.queue.push(late_ns, super::Happening::ClientDue { client: client.id, wake: Wake::Late });
    }

    /// The client looks whether its answer is late.
    fn look_for_late(&mut self, cx: &mut Cx, at: usize) {
        self.clients[at].watches = false;
        if let Some(open) = &mut self.clients[at].open
            && open.late_ns.is_some_and(|late_ns| late_ns <= cx.now_ns())
        {
            open.in_doubt |= open.request.call.writes();
            self.retry(cx, at, None, "no answer");
        }
        self.watch_for_late(at);
    }

    pub(super) fn client_due(&mut self, cx: &mut Cx, client: NodeId, wake: Wake) {
        let Ok(at) = self.client_place(client) else { return };
        match wake {
            Wake::Next => self.next_operation(cx, at),
            Wake::Late => self.look_for_late(cx, at),
            Wake::Again { request, attempt } if self.is_attempt(at, request, attempt) => self.attempt(cx, at),
            Wake::Again { .. } => {}
        }
    }

    fn is_attempt(&self, at: usize, request: RequestId, attempt: u32) -> bool {
        self.clients[at].open.as_ref().is_some_and(|open| open.request.id == request && open.attempt == attempt)
    }

    /// Asks again, at `hint` or at another node; or gives up.
    fn retry(&mut self, cx: &mut Cx, at: usize, hint: Option<NodeId>, why: &'static str) {
        let nodes = self.options.nodes;
        let client = &mut self.clients[at];
        let Some(open) = &mut client.open else { return };
        let follows = hint.is_some() && open.hops < HOPS_MAX;
        if !follows && open.retries == 0 {
            let answer = if open.in_doubt { Answer::Unknown(why) } else { Answer::Refused(why) };
            return self.finish(cx, at, answer, None, 0);
        }
        open.attempt += 1;
        open.late_ns = None;
        open.node = match hint {
            Some(node) => node,
            None => NodeId(open.node.0 % nodes + 1),
        };
        let (id, request, attempt, node) = (client.id, open.request.id, open.attempt, open.node);
        if follows {
            open.hops += 1;
        } else {
            (open.hops, open.retries) = (0, open.retries - 1);
        }
        client.home = node;
        if cx.recorder.is_on() {
            let event = Event::RequestMoved { request: request.0, node };
            self.told.fold(&event);
            cx.emit(|| event);
        }
        if follows {
            return self.attempt(cx, at);
        }
        let wake = Wake::Again { request, attempt };
        self.queue.push(cx.now_ns().saturating_add(PAUSE_NS), super::Happening::ClientDue { client: id, wake });
    }

    /// An answer reaches its client.
    pub(super) fn answer(&mut self, cx: &mut Cx, flight: Flight) {
        self.counts.delivered += 1;
        let before = cx.recorder.caused_by(flight.cause);
        let message = flight.id;
        cx.emit(|| Event::MessageDelivered { message });
        let inner = cx.recorder.latest();
        let outer = cx.recorder.caused_by(inner);
        if let (Ok(at), Message::Response(response)) = (self.client_place(flight.to), flight.message) {
            let is_open = self.clients[at].open.as_ref().is_some_and(|open| open.request.id == response.id);
            if is_open {
                self.told_client(cx, at, flight.from, &response);
            }
        }
        cx.recorder.end(outer);
        cx.recorder.end(before);
    }

    fn told_client(&mut self, cx: &mut Cx, at: usize, from: NodeId, response: &Response) {
        match &response.answer {
            Answer::Redirect(hint) => {
                let hint = hint.filter(|node| *node != from && self.known(*node).is_ok());
                self.retry(cx, at, hint, "no leader");
            }
            Answer::Unknown(why) => {
                if let Some(open) = &mut self.clients[at].open {
                    open.in_doubt |= open.request.call.writes();
                }
                self.finish(cx, at, Answer::Unknown(why), Some(from), response.version);
            }
            Answer::Refused(why) => {
                let in_doubt = self.clients[at].open.as_ref().is_some_and(|open| open.in_doubt);
                let answer = if in_doubt { Answer::Unknown(why) } else { Answer::Refused(why) };
                self.finish(cx, at, answer, Some(from), response.version);
            }
            answer => {
                let client = &mut self.clients[at];
                client.home = from;
                if self.options.sessions
                    && !response.context.is_empty()
                    && let Some(open) = &client.open
                {
                    let key = open.request.key.clone();
                    let spanned = if self.options.protocol.spans_keys() { Bytes::default() } else { key };
                    client.contexts.insert(spanned, response.context.clone());
                }
                self.finish(cx, at, answer.clone(), Some(from), response.version);
            }
        }
    }

    /// The operation is over for its client.
    fn finish(&mut self, cx: &mut Cx, at: usize, answer: Answer, from: Option<NodeId>, version: u64) {
        let Some(open) = self.clients[at].open.take() else { return };
        let answer = match &open.request.call {
            Call::Merge(_) if answer == Answer::Compared(false) => Answer::Refused(uncovered(&open.request.call)),
            _ => answer,
        };
        self.waiting -= 1;
        let is_order = open.order.is_some();
        let now_ns = cx.now_ns();
        let latency_ns = now_ns - open.asked_ns;
        let writes = open.request.call.writes();
        let (fate, outcome) = judged(&open.request.call, &answer);
        let reads = matches!(answer, Answer::Value(_) | Answer::Siblings(_));
        let stale = reads && version > 0 && open.newest.is_some_and(|(newest, _)| version < newest)
            || reads && version == 0 && open.newest.is_some() && answer == Answer::Value(None);
        if reads && let Some((_, acknowledged_ns)) = open.newest {
            let since_write_ns = open.asked_ns.saturating_sub(acknowledged_ns);
            self.measures.add_staleness(StaleSample { since_write_ns, stale });
        }
        match fate {
            RequestFate::Done => {
                self.counts.done += 1;
                self.counts.latency_ns = self.counts.latency_ns.wrapping_add(latency_ns);
                if !is_order {
                    self.measures.add(writes, latency_ns);
                }
                if writes && version > 0 && !is_order {
                    self.measures.acknowledge(&open.request.key, version, now_ns);
                }
                if let Some(from) = from.filter(|_| writes && !is_order) {
                    let client = self.clients[at].id;
                    self.told_watch(cx, client, open.request.id, from);
                }
            }
            RequestFate::Failed => self.counts.failed += 1,
            RequestFate::Unknown | RequestFate::Open => self.counts.unknown += 1,
        }
        self.counts.stale += u64::from(stale);
        if let Some(operation) = open.operation {
            self.history.complete(now_ns, operation, outcome);
            let version = (version > 0).then_some(history::Version { number: version, node: 0 });
            self.history.annotate(operation, from.map(|node| u32::from(node.0)), version);
        }
        let request = open.request.id;
        if let Ok(at) = self.payments.binary_search_by_key(&request.0, |payment| payment.request) {
            let is_done = fate == RequestFate::Done;
            self.payments[at].ended = (is_done || fate == RequestFate::Failed).then_some((now_ns, is_done));
        }
        if is_order && let Ok(at) = self.orders.binary_search_by_key(&request, |order| order.request) {
            self.orders[at].fate = fate;
        }
        if cx.recorder.is_on() || self.told.requests.iter().any(|known| known.request == request.0) {
            let answer = answer.text().into();
            let event = Event::RequestEnded { request: request.0, fate, answer, latency_ns, stale };
            self.told.fold(&event);
            cx.emit(|| event);
        }
        self.last = Some(Asked { request, fate, answer: Some(answer), latency_ns, stale, by: from });
        self.operation_over(cx, at, open.of_load);
    }

    /// The orders that clients gave, in the order of their numbers.
    pub fn orders(&self) -> &[Ordered] {
        &self.orders
    }

    /// The operation that ended last.
    pub fn last(&self) -> Option<&Asked> {
        self.last.as_ref()
    }
}

/// Why a change was not done.
fn uncovered(call: &Call) -> &'static str {
    match call {
        Call::Merge(call) if matches!(**call, MergeCall::Withdraw(_)) => "not enough is there",
        _ => "what is there is not of that kind",
    }
}

/// What the history calls it; nothing for operations on values that merge, which no checker of registers knows.
fn history_call(call: &Call) -> Option<history::Call> {
    Some(match call {
        Call::Get => history::Call::Read,
        Call::Put(value) => history::Call::Write(value.clone()),
        Call::Delete => history::Call::Delete,
        Call::CompareAndSet { expected, new } => {
            history::Call::CompareAndSet { expected: expected.clone(), new: new.clone() }
        }
        _ => return None,
    })
}

/// What an answer means: to the client, and in the history.
fn judged(call: &Call, answer: &Answer) -> (RequestFate, Outcome) {
    match answer {
        Answer::Value(value) if !call.writes() => (RequestFate::Done, Outcome::Found(value.iter().cloned().collect())),
        Answer::Siblings(values) if !call.writes() => (RequestFate::Done, Outcome::Found(values.to_vec())),
        Answer::Compared(false) => (RequestFate::Done, Outcome::Differs),
        Answer::Value(_) | Answer::Siblings(_) | Answer::Written | Answer::Compared(true) => {
            (RequestFate::Done, Outcome::Done)
        }
        Answer::Refused(_) | Answer::Redirect(_) => (RequestFate::Failed, Outcome::Failed),
        Answer::Unknown(_) if !call.writes() => (RequestFate::Failed, Outcome::Failed),
        Answer::Unknown(_) => (RequestFate::Unknown, Outcome::Unknown),
    }
}
