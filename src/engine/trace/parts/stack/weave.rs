//! How a request is followed: the events of all floors, each told for its own sake, are woven into one tree of spans a request.
//!
//! ```text
//!   get k7 ───────────────────────────────────────────────────────────▶          request     tier-asked … tier-told
//!     link ─▶ app ──────────────────────────────────────────────────▶            place       tier-moved
//!               l1: miss ─▶ link ─▶ l2: miss ─▶ link ─▶ router ─────▶            what is there
//!                                                         shard ────▶            query-routed … request-ended
//!                                                           link ─▶ node ─▶ link     message-sent, message-delivered
//!                                                                     pool: page 7   store-touched
//! ```
//!
//! Inside a shard the cause decides: what a node sends or touches while it deals with a message belongs to the request that
//! led to that message. The events of one step of a node follow one another, so it is enough to remember what is being dealt
//! with. What a leader does for many requests at once (a batch) belongs to the one whose message made it act.
//!
//! **Invariant:** a span's parent stands before it in the list; the first is its own parent.

use std::rc::Rc;

use super::{FOLLOWS_MAX, Follow, Leg, SPANS_MAX, Span, Thread, Weave};
use crate::id::{MessageId, NodeId, SpanLayer, StoreTouch, TierFate, TierLook, TierSource, TierWait};
use crate::parts::cluster::why_dropped;
use crate::{Bytes, Event};

/// Before the shards.
const FRONT: NodeId = NodeId(0);

impl Weave {
    /// Follows what `event`, of this moment, says.
    pub fn fold(&mut self, event: &Event, now_ns: u64) {
        match event {
            Event::Within { shard, event } => self.inside(*shard, event, now_ns),
            Event::TierAsked { request, client, operation, key, from, to, due_ns } if client.is_client() => {
                let text = format!("{} {}", operation.word(), shown(key));
                self.begin(*request, *client, text.into(), now_ns);
                self.hop(*request, *from, *to, now_ns, *due_ns);
            }
            Event::TierMoved { request, from, to, due_ns } => self.hop(*request, *from, *to, now_ns, *due_ns),
            Event::TierLooked { request, at, look, .. } => self.looked(*request, *at, *look, now_ns),
            Event::TierWaits { request, wait } => self.waits(*request, *wait, now_ns),
            Event::DatabaseBegan { request, writes, .. } => {
                let text = if *writes { "write" } else { "read" };
                self.within_place(*request, SpanLayer::Router, text, now_ns);
            }
            Event::DatabaseRefused { request, text } => self.remark(*request, FRONT, text, now_ns),
            Event::TierTold { request, fate, source, age_ns, .. } => {
                self.told(*request, *fate, *source, *age_ns > 0, now_ns);
            }
            Event::QueryRouted { request, shard, client } => self.routed(*request, *shard, *client, now_ns),
            Event::QueryBounced { request, shard, version, due_ns, .. } => {
                let text = format!("turned away: map {version} says where");
                self.bounced(*request, *shard, (now_ns, *due_ns), &text);
            }
            Event::QueryHeld { request, shard, why } => self.remark(*request, *shard, why, now_ns),
            _ => {}
        }
    }

    /// Nothing is told any more: what was under way is over, as far as anybody can see.
    pub fn lose_sight(&mut self) {
        if self.legs.is_empty() && self.threads.is_empty() && self.follows.iter().all(|follow| follow.ended_ns != 0) {
            return;
        }
        self.follows.retain(|follow| follow.ended_ns != 0);
        (self.legs, self.threads, self.doing) = Default::default();
    }

    fn edit(&mut self, request: u64) -> Option<&mut Follow> {
        self.follows.iter_mut().find(|follow| follow.request == request).map(Rc::make_mut)
    }

    fn begin(&mut self, request: u64, client: NodeId, text: Rc<str>, now_ns: u64) {
        if self.follows.len() >= FOLLOWS_MAX {
            // One that is over makes room; while all are open, nobody else is followed.
            let Some(at) = self.follows.iter().position(|follow| follow.ended_ns != 0) else { return };
            let gone = self.follows.remove(at).request;
            self.legs.retain(|leg| leg.request != gone);
            self.threads.retain(|thread| thread.request != gone);
            self.doing = self.doing.take().filter(|doing| doing.request != gone);
        }
        let layer = SpanLayer::Client;
        let first = Span {
            parent: 0,
            layer,
            shard: FRONT,
            at: client,
            to: client,
            from_ns: now_ns,
            to_ns: 0,
            text: text.clone(),
        };
        self.follows.push(Rc::new(Follow {
            request,
            client,
            text,
            began_ns: now_ns,
            ended_ns: 0,
            fate: None,
            source: TierSource::Database,
            stale: false,
            spans: vec![first],
            skipped: 0,
            place: 0,
            inner: 0,
        }));
    }

    /// It leaves where it is, and will be somewhere else.
    fn hop(&mut self, request: u64, from: NodeId, to: NodeId, now_ns: u64, due_ns: u64) {
        let layer = self.layer_of(to);
        let Some(follow) = self.edit(request) else { return };
        follow.close(now_ns);
        follow.leaf(0, SpanLayer::Link, FRONT, (from, to), (now_ns, due_ns), "");
        let place = follow.push(0, layer, FRONT, (to, to), (due_ns, 0), "");
        if let Some(place) = place {
            (follow.place, follow.inner) = (place, place);
        }
    }

    fn layer_of(&self, place: NodeId) -> SpanLayer {
        match place.0 {
            _ if place.is_client() => SpanLayer::Client,
            number if number <= self.apps => SpanLayer::App,
            number if number <= self.apps + self.caches => SpanLayer::L2,
            _ => SpanLayer::Router,
        }
    }

    fn looked(&mut self, request: u64, at: NodeId, look: TierLook, now_ns: u64) {
        let layer = if self.layer_of(at) == SpanLayer::App { SpanLayer::L1 } else { SpanLayer::L2 };
        let Some(follow) = self.edit(request) else { return };
        let (place, from_ns) = (follow.place, follow.idle_since_ns(now_ns));
        follow.leaf(place, layer, FRONT, (at, at), (from_ns, now_ns), look.word());
    }

    fn waits(&mut self, request: u64, wait: TierWait, now_ns: u64) {
        let text = match wait {
            TierWait::None => return,
            TierWait::Flight => "somebody fetches it already",
            TierWait::Lock => "asks for the lock again",
            TierWait::Connection => "no connection is free",
            TierWait::Service => "being served",
            TierWait::Silence => "no answer",
        };
        self.within_place(request, SpanLayer::Wait, text, now_ns);
    }

    /// Something begins where it is.
    fn within_place(&mut self, request: u64, layer: SpanLayer, text: &str, now_ns: u64) {
        let Some(follow) = self.edit(request) else { return };
        follow.close_inner(now_ns);
        let (place, at) = (follow.place, follow.at_place());
        if let Some(inner) = follow.push(place, layer, FRONT, (at, at), (now_ns, 0), text) {
            follow.inner = inner;
        }
    }

    fn remark(&mut self, request: u64, shard: NodeId, text: &str, now_ns: u64) {
        let Some(follow) = self.edit(request) else { return };
        let (inner, at) = (follow.inner, follow.at_place());
        follow.leaf(inner, SpanLayer::Wait, shard, (at, at), (now_ns, now_ns), text);
    }

    fn told(&mut self, request: u64, fate: TierFate, source: TierSource, stale: bool, now_ns: u64) {
        let Some(follow) = self.edit(request) else { return };
        follow.close(now_ns);
        (follow.ended_ns, follow.fate, follow.source, follow.stale) = (now_ns.max(1), Some(fate), source, stale);
        follow.end_span(0, now_ns);
    }

    /// A shard is about to be asked.
    fn routed(&mut self, request: u64, shard: NodeId, client: NodeId, now_ns: u64) {
        let Some(follow) = self.edit(request) else { return };
        let inner = follow.inner;
        let Some(span) = follow.push(inner, SpanLayer::Shard, shard, (client, client), (now_ns, 0), "") else { return };
        self.legs.retain(|leg| (leg.shard, leg.client) != (shard, client));
        self.legs.push(Leg { request, span, shard, client, query: 0 });
    }

    /// A shard turns it away.
    fn bounced(&mut self, request: u64, shard: NodeId, times: (u64, u64), text: &str) {
        let Some(follow) = self.edit(request) else { return };
        let (inner, at) = (follow.inner, NodeId::client(1));
        follow.leaf(inner, SpanLayer::Shard, shard, (at, at), times, text);
    }

    fn leg_of(&self, shard: NodeId, client: NodeId) -> Option<&Leg> {
        self.legs.iter().find(|leg| (leg.shard, leg.client) == (shard, client))
    }

    /// What happens inside a shard.
    fn inside(&mut self, shard: NodeId, event: &Event, now_ns: u64) {
        match event {
            Event::RequestAsked { client, request: query, .. } => {
                self.doing = None;
                if let Some(leg) = self.legs.iter_mut().find(|leg| (leg.shard, leg.client) == (shard, *client)) {
                    leg.query = *query;
                }
            }
            Event::RequestMoved { .. } | Event::TimerFired { .. } | Event::NodeStatusChanged { .. } => {
                self.doing = None;
            }
            Event::RequestEnded { request: query, answer, .. } => {
                self.doing = None;
                let is_it = |leg: &Leg| leg.shard == shard && leg.query == *query;
                let Some(at) = self.legs.iter().position(is_it) else { return };
                let Leg { request, span, .. } = self.legs.remove(at);
                if let Some(follow) = self.edit(request) {
                    follow.end_span(span, now_ns);
                    follow.edit_span(span, |span| span.text = answer.clone());
                }
            }
            Event::MessageSent { .. } => self.sent(shard, event),
            Event::MessageDelivered { message } => self.delivered(shard, *message, now_ns),
            Event::MessageDropped { message, why } => {
                let Some(thread) = self.take_thread(shard, *message) else { return };
                let Some(follow) = self.edit(thread.request) else { return };
                let why = why_dropped(*why);
                follow.edit_span(thread.span, |span| span.text = format!("{}: {why}", span.text).into());
            }
            Event::MessageDelayed { message, due_ns } => {
                let is_it = |thread: &&Thread| thread.shard == shard && thread.message == message.0;
                let known = self.threads.iter().find(is_it).map(|thread| (thread.request, thread.span));
                let Some((request, span)) = known else { return };
                if let Some(follow) = self.edit(request) {
                    follow.edit_span(span, |span| span.to_ns = *due_ns);
                }
            }
            Event::StoreTouched { node, what, number, from_ns, to_ns } => {
                self.touched(shard, *node, *what, *number, (*from_ns, *to_ns));
            }
            _ => {}
        }
    }

    /// A message leaves: it belongs to the request whose client it goes to or comes from, or to what the sender is at.
    fn sent(&mut self, shard: NodeId, event: &Event) {
        let Event::MessageSent { message, from, to, kind, sent_ns, due_ns, .. } = event else { return };
        let doing = self.doing.as_ref().filter(|doing| doing.shard == shard).map(|doing| (doing.request, doing.span));
        let leg = |client: NodeId| self.leg_of(shard, client).map(|leg| (leg.request, leg.span));
        let owner = match (from.is_client(), to.is_client()) {
            (true, _) => leg(*from),
            (_, true) => match (leg(*to), doing) {
                (Some((request, _)), Some((same, span))) if request == same => Some((same, span)),
                (found, _) => found,
            },
            _ => doing,
        };
        let Some((request, parent)) = owner else { return };
        let Some(follow) = self.edit(request) else { return };
        follow.reach(parent, *sent_ns);
        let Some(span) = follow.push(parent, SpanLayer::Link, shard, (*from, *to), (*sent_ns, *due_ns), kind) else {
            return;
        };
        self.threads.push(Thread { request, span, shard, message: message.0 });
    }

    fn take_thread(&mut self, shard: NodeId, message: MessageId) -> Option<Thread> {
        let at = self.threads.iter().position(|thread| thread.shard == shard && thread.message == message.0)?;
        Some(self.threads.remove(at))
    }

    /// A node deals with a message.
    fn delivered(&mut self, shard: NodeId, message: MessageId, now_ns: u64) {
        self.doing = None;
        let Some(thread) = self.take_thread(shard, message) else { return };
        let Some(follow) = self.edit(thread.request) else { return };
        let Some(link) = follow.spans.get(thread.span as usize) else { return };
        let (at, arrived_ns, kind) = (link.to, link.to_ns, link.text.clone());
        if at.is_client() {
            return;
        }
        if now_ns > arrived_ns {
            follow.leaf(thread.span, SpanLayer::Wait, shard, (at, at), (arrived_ns, now_ns), "the node is busy");
        }
        if let Some(span) = follow.push(thread.span, SpanLayer::Node, shard, (at, at), (now_ns, now_ns), &kind) {
            self.doing = Some(Thread { span, ..thread });
        }
    }

    fn touched(&mut self, shard: NodeId, node: NodeId, what: StoreTouch, number: u64, (from_ns, to_ns): (u64, u64)) {
        let Some(doing) = self.doing.as_ref().filter(|doing| doing.shard == shard) else { return };
        let (request, span) = (doing.request, doing.span);
        let Some(follow) = self.edit(request) else { return };
        follow.reach(span, to_ns);
        let (layer, text) = words_of(what, number);
        follow.leaf(span, layer, shard, (node, node), (from_ns, to_ns), &text);
    }
}

impl Follow {
    fn push(
        &mut self,
        parent: u32,
        layer: SpanLayer,
        shard: NodeId,
        (at, to): (NodeId, NodeId),
        (from_ns, to_ns): (u64, u64),
        text: &str,
    ) -> Option<u32> {
        if self.spans.len() >= SPANS_MAX {
            self.skipped += 1;
            return None;
        }
        let parent = parent.min((self.spans.len() as u32).saturating_sub(1));
        self.spans.push(Span { parent, layer, shard, at, to, from_ns, to_ns, text: text.into() });
        Some(self.spans.len() as u32 - 1)
    }

    /// A span whose end is known.
    fn leaf(
        &mut self,
        parent: u32,
        layer: SpanLayer,
        shard: NodeId,
        ends: (NodeId, NodeId),
        (from_ns, to_ns): (u64, u64),
        text: &str,
    ) {
        self.push(parent, layer, shard, ends, (from_ns, to_ns.max(1)), text);
    }

    fn at_place(&self) -> NodeId {
        self.spans.get(self.place as usize).map_or(FRONT, |span| span.at)
    }

    /// A state that was read from a file may name spans that are not there.
    fn edit_span(&mut self, span: u32, change: impl FnOnce(&mut Span)) {
        if let Some(span) = self.spans.get_mut(span as usize) {
            change(span);
        }
    }

    /// A span is over; one that begins later only, at its beginning.
    fn end_span(&mut self, span: u32, now_ns: u64) {
        self.edit_span(span, |span| {
            if span.to_ns == 0 {
                span.to_ns = now_ns.max(span.from_ns).max(1);
            }
        });
    }

    /// A span lasts up to there at least.
    fn reach(&mut self, span: u32, to_ns: u64) {
        self.edit_span(span, |span| {
            if span.to_ns != 0 && span.layer == SpanLayer::Node {
                span.to_ns = span.to_ns.max(to_ns);
            }
        });
    }

    fn close_inner(&mut self, now_ns: u64) {
        if self.inner != self.place {
            self.end_span(self.inner, now_ns);
            self.inner = self.place;
        }
    }

    /// It leaves the place where it is.
    fn close(&mut self, now_ns: u64) {
        self.close_inner(now_ns);
        if self.place != 0 {
            self.end_span(self.place, now_ns);
        }
    }

    /// Since when nothing is told of what it does where it is.
    fn idle_since_ns(&self, now_ns: u64) -> u64 {
        let inside = self.spans.iter().filter(|span| span.parent == self.place).map(|span| span.to_ns);
        let began_ns = self.spans.get(self.place as usize).map(|span| span.from_ns);
        let since_ns = inside.chain(began_ns).filter(|ns| *ns <= now_ns);
        since_ns.max().unwrap_or(now_ns)
    }
}

/// A key as people write it.
fn shown(key: &Bytes) -> String {
    crate::bytes::show(key)
}

fn words_of(what: StoreTouch, number: u64) -> (SpanLayer, String) {
    match what {
        StoreTouch::PoolHit => (SpanLayer::Pool, format!("page {number}: hit")),
        StoreTouch::PoolMiss => (SpanLayer::Pool, format!("page {number}: miss")),
        StoreTouch::PageRead => (SpanLayer::Disk, format!("reads page {number}")),
        StoreTouch::PageWritten => (SpanLayer::Disk, format!("writes page {number}")),
        StoreTouch::LogAppended => (SpanLayer::Log, format!("log: appends {number}")),
        StoreTouch::LogSynced => (SpanLayer::Log, format!("log: synced up to {number}")),
        StoreTouch::Memtable => (SpanLayer::Pool, "into the memtable".to_string()),
        StoreTouch::FileRead => (SpanLayer::Disk, format!("reads file {number}")),
        StoreTouch::FileWritten => (SpanLayer::Disk, format!("writes file {number}")),
        StoreTouch::FileSynced => (SpanLayer::Disk, format!("syncs file {number}")),
        StoreTouch::Fault => (SpanLayer::Disk, "the disk fails".to_string()),
    }
}
