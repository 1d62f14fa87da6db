//! A cache hierarchy as plain data: application servers with what each keeps in its own memory, the distributed cache, the
//! database behind its pool of connections, the requests on their way, and what was counted.
//!
//! ```text
//!   clients ──▶ application servers (L1 in each) ──▶ L2 nodes ──▶ database
//!               places 1..                           then these   the last place
//! ```

use std::rc::Rc;

use crate::id::TierWait;
use crate::id::{BreakerState, DropCause, NodeId, TierFate, TierKind, TierLook, TierOperation, TierSource, TierStatus};
use crate::plain::plain;
use crate::{Bytes, Event};

/// Stale answers that are kept, the latest ones.
pub const STALE_KEPT: usize = 32;
/// Samples over time that are kept; then two become one.
pub const SAMPLES_KEPT: usize = 240;
/// How long a sample is at first.
pub const SAMPLE_NS: u64 = 5_000_000;

plain! {
    /// The hierarchy.
    #[derive(Default)]
    struct TiersState {
        /// Application servers, then nodes of the distributed cache, then the database.
        places: Vec<Rc<PlaceState>>,
        clients: u16,
        /// Queries that the database works on at once, at most, and those that may wait.
        connections: u32,
        queue_limit: u32,
        busy: u32,
        queued: u32,
        /// Requests under way, by number.
        open: Vec<Rc<TierRequest>>,
        /// Stale answers, the latest last.
        stale: Vec<Rc<StaleRead>>,
        /// Acknowledged writes that are lost, the latest last.
        lost: Vec<Rc<LostWrite>>,
        counts: TierCounts,
        /// How long it took to be served from each tier: L1, L2, database, anywhere.
        latencies: Vec<Latencies>,
        series: Series,
    }

    /// A server.
    struct PlaceState {
        kind: TierKind,
        status: TierStatus,
        /// Entries that fit.
        capacity: u32,
        /// By key.
        entries: Vec<EntryState>,
        hits: u64,
        misses: u64,
        breaker: BreakerState,
    }

    /// What a cache has of a key.
    struct EntryState {
        key: Bytes,
        version: u64,
        /// The database has no such key, and the cache knows it.
        absent: bool,
        /// The database does not have it yet.
        dirty: bool,
        expires_ns: u64,
        /// Since when there is a newer version; 0: there is none.
        stale_ns: u64,
    }

    /// A request of a client, or work that the hierarchy gives itself.
    struct TierRequest {
        request: u64,
        client: NodeId,
        operation: TierOperation,
        key: Bytes,
        asked_ns: u64,
        from: NodeId,
        to: NodeId,
        left_ns: u64,
        /// 0: it is where it goes to.
        due_ns: u64,
        wait: TierWait,
    }

    /// An answer that was older than it had to be.
    struct StaleRead {
        request: u64,
        key: Bytes,
        version: u64,
        age_ns: u64,
        at_ns: u64,
        source: TierSource,
    }

    /// A write that was acknowledged and is nowhere any more.
    struct LostWrite {
        key: Bytes,
        version: u64,
        at_ns: u64,
    }

    /// What was counted.
    #[derive(Copy, Default)]
    struct TierCounts {
        asked: u64,
        served: u64,
        failed: u64,
        late: u64,
        /// Reads that were served from L1, L2, the database, and by a filter.
        l1: u64,
        l2: u64,
        database: u64,
        filtered: u64,
        stale: u64,
        lost: u64,
        /// Queries that the database began.
        reads: u64,
        writes: u64,
        /// Queries that found no room in the queue, or waited too long in it.
        refused: u64,
        most_queued: u32,
    }

    /// How many took how long: four steps for each power of two.
    #[derive(Default)]
    struct Latencies {
        counts: Vec<u32>,
    }

    /// What went on over time.
    struct Series {
        sample_ns: u64,
        samples: Vec<Sample>,
    }

    /// What went on during a stretch of time.
    #[derive(Copy, Default)]
    struct Sample {
        asked: u32,
        l1: u32,
        l2: u32,
        database: u32,
        failed: u32,
        stale: u32,
        reads: u32,
        writes: u32,
        most_queued: u32,
        most_busy: u32,
        /// Entries that expired.
        expired: u32,
    }
}

impl Default for Series {
    fn default() -> Series {
        Series { sample_ns: SAMPLE_NS, samples: Vec::new() }
    }
}

impl Latencies {
    /// The step that a time belongs to.
    fn step(ns: u64) -> usize {
        let ns = ns.max(4);
        let power = 63 - ns.leading_zeros();
        (power as usize - 2) * 4 + ((ns >> (power - 2)) & 3) as usize
    }

    /// The longest time of a step.
    fn top_ns(step: usize) -> u64 {
        let (power, quarter) = (step / 4 + 2, step as u128 % 4);
        if power > 63 { u64::MAX } else { u64::try_from(((5 + quarter) << (power - 2)) - 1).unwrap_or(u64::MAX) }
    }

    pub fn add(&mut self, ns: u64) {
        let step = Latencies::step(ns);
        if self.counts.len() <= step {
            self.counts.resize(step + 1, 0);
        }
        self.counts[step] += 1;
    }

    pub fn count(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    /// How many took no longer than this, up to a quarter more.
    pub fn within(&self, ns: u64) -> u64 {
        self.counts.iter().take(Latencies::step(ns)).map(|count| u64::from(*count)).sum()
    }

    /// A time that so many of a hundred did not exceed, up to a quarter too long; 0 if there was none.
    pub fn percentile_ns(&self, percent: u64) -> u64 {
        let wanted = (self.count() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (step, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= wanted {
                return Latencies::top_ns(step);
            }
        }
        0
    }
}

impl Series {
    /// The sample of a moment. In those that have gone by without an event the database went on as it was.
    fn at(&mut self, now_ns: u64, busy: u32, queued: u32) -> &mut Sample {
        self.sample_ns = self.sample_ns.max(1);
        while now_ns / self.sample_ns >= SAMPLES_KEPT as u64 {
            self.sample_ns *= 2;
            let halves = std::mem::take(&mut self.samples);
            self.samples = halves.chunks(2).map(Sample::joined).collect();
        }
        let place = (now_ns / self.sample_ns) as usize;
        if self.samples.len() <= place {
            let as_it_was = Sample { most_busy: busy, most_queued: queued, ..Sample::default() };
            self.samples.resize(place + 1, as_it_was);
        }
        &mut self.samples[place]
    }
}

impl Sample {
    fn joined(parts: &[Sample]) -> Sample {
        let mut sum = Sample::default();
        for part in parts {
            sum.asked += part.asked;
            sum.l1 += part.l1;
            sum.l2 += part.l2;
            sum.database += part.database;
            sum.failed += part.failed;
            sum.stale += part.stale;
            sum.reads += part.reads;
            sum.writes += part.writes;
            sum.most_queued = sum.most_queued.max(part.most_queued);
            sum.most_busy = sum.most_busy.max(part.most_busy);
            sum.expired += part.expired;
        }
        sum
    }
}

impl PlaceState {
    pub fn new(kind: TierKind, capacity: u32) -> PlaceState {
        PlaceState {
            kind,
            status: TierStatus::Up,
            capacity,
            entries: Vec::new(),
            hits: 0,
            misses: 0,
            breaker: BreakerState::Closed,
        }
    }

    pub fn entry(&self, key: &[u8]) -> Option<&EntryState> {
        self.find(key).ok().map(|at| &self.entries[at])
    }

    fn find(&self, key: &[u8]) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| (*entry.key).cmp(key))
    }

    fn keep(&mut self, entry: EntryState) {
        match self.find(&entry.key) {
            Ok(at) => self.entries[at] = entry,
            Err(at) => self.entries.insert(at, entry),
        }
    }
}

/// The key that an entry is about: what is kept of `k` may be kept as `k#2` (a split key) or `k@17` (a versioned one).
pub fn plain_key(key: &[u8]) -> &[u8] {
    if key.len() == 8 && key[0] == 0 {
        // A number.
        return key;
    }
    let end = key.iter().rposition(|byte| matches!(byte, b'#' | b'@'));
    end.filter(|end| *end > 0).map_or(key, |end| &key[..end])
}

/// Whether what is kept under a name becomes stale with a key: the key itself, a copy `k#2`, the pointer `k@`. What is kept
/// as `k@17` never does: nobody asks for it any more.
pub fn is_copy(kept: &[u8], key: &[u8]) -> bool {
    match kept.strip_prefix(key) {
        Some([]) | Some(b"@") => true,
        Some([b'#', copy @ ..]) => !copy.is_empty() && copy.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

impl TiersState {
    pub fn place(&self, id: NodeId) -> Option<&PlaceState> {
        self.places.get(usize::from(id.0).checked_sub(1)?).map(|place| &**place)
    }

    pub fn request(&self, request: u64) -> Option<&TierRequest> {
        self.find(request).ok().map(|at| &*self.open[at])
    }

    fn find(&self, request: u64) -> Result<usize, usize> {
        self.open.binary_search_by_key(&request, |known| known.request)
    }

    /// Changes what `event`, of this moment, says.
    pub fn fold(&mut self, event: &Event, now_ns: u64) {
        match event {
            Event::TierAsked { .. } => self.asked(event, now_ns),
            Event::TierMoved { request, from, to, due_ns } => self.edit_request(*request, |known| {
                (known.from, known.to, known.left_ns, known.due_ns) = (*from, *to, now_ns, *due_ns);
                known.wait = TierWait::None;
            }),
            Event::TierWaits { request, wait } => self.edit_request(*request, |known| {
                (known.due_ns, known.wait) = (0, *wait);
            }),
            Event::TierTold { .. } => self.told(event, now_ns),
            Event::TierLost { key, version } => {
                self.counts.lost += 1;
                if self.lost.len() >= STALE_KEPT {
                    self.lost.remove(0);
                }
                self.lost.push(Rc::new(LostWrite { key: key.clone(), version: *version, at_ns: now_ns }));
            }
            Event::DatabaseBegan { request, busy, queued, writes } => {
                let (reads, writes) = (u32::from(!writes), u32::from(*writes));
                self.counts.reads += u64::from(reads);
                self.counts.writes += u64::from(writes);
                let sample = self.sample(now_ns);
                sample.reads += reads;
                sample.writes += writes;
                self.database(*busy, *queued, now_ns);
                self.edit_request(*request, |known| (known.due_ns, known.wait) = (0, TierWait::Service));
            }
            Event::DatabaseLoad { busy, queued } => self.database(*busy, *queued, now_ns),
            Event::DatabaseRefused { .. } => self.counts.refused += 1,
            _ => self.place_event(event, now_ns),
        }
    }

    /// What goes on now.
    fn sample(&mut self, now_ns: u64) -> &mut Sample {
        self.series.at(now_ns, self.busy, self.queued)
    }

    fn asked(&mut self, event: &Event, now_ns: u64) {
        let Event::TierAsked { request, client, operation, key, from, to, due_ns } = event else { return };
        if client.is_client() {
            self.counts.asked += 1;
            self.sample(now_ns).asked += 1;
        }
        self.open.push(Rc::new(TierRequest {
            request: *request,
            client: *client,
            operation: *operation,
            key: key.clone(),
            asked_ns: now_ns,
            from: *from,
            to: *to,
            left_ns: now_ns,
            due_ns: *due_ns,
            wait: TierWait::None,
        }));
    }

    fn told(&mut self, event: &Event, now_ns: u64) {
        let Event::TierTold { request, fate, source, version, latency_ns, age_ns } = event else { return };
        let Ok(at) = self.find(*request) else { return };
        let known = self.open.remove(at);
        if !known.client.is_client() {
            return;
        }
        let sample = self.series.at(now_ns, self.busy, self.queued);
        let counts = &mut self.counts;
        match fate {
            TierFate::Served => counts.served += 1,
            TierFate::Failed => counts.failed += 1,
            TierFate::Late => counts.late += 1,
        }
        if *fate != TierFate::Served {
            sample.failed += 1;
            return;
        }
        self.latencies.resize(4, Latencies::default());
        self.latencies[3].add(*latency_ns);
        if known.operation != TierOperation::Get {
            return;
        }
        let (count, column, place) = match source {
            TierSource::L1 => (&mut counts.l1, &mut sample.l1, 0),
            TierSource::L2 => (&mut counts.l2, &mut sample.l2, 1),
            TierSource::Database => (&mut counts.database, &mut sample.database, 2),
            TierSource::Filter => {
                counts.filtered += 1;
                return;
            }
        };
        *count += 1;
        *column += 1;
        self.latencies[place].add(*latency_ns);
        if *age_ns > 0 {
            counts.stale += 1;
            sample.stale += 1;
            if self.stale.len() >= STALE_KEPT {
                self.stale.remove(0);
            }
            let (key, version, source) = (known.key.clone(), *version, *source);
            let read = StaleRead { request: *request, key, version, age_ns: *age_ns, at_ns: now_ns, source };
            self.stale.push(Rc::new(read));
        }
    }

    fn database(&mut self, busy: u32, queued: u32, now_ns: u64) {
        // What it was until now is told of the time that has gone by.
        self.sample(now_ns);
        (self.busy, self.queued) = (busy, queued);
        self.counts.most_queued = self.counts.most_queued.max(queued);
        let sample = self.sample(now_ns);
        sample.most_queued = sample.most_queued.max(queued);
        sample.most_busy = sample.most_busy.max(busy);
    }

    fn place_event(&mut self, event: &Event, now_ns: u64) {
        match event {
            Event::TierLooked { at, look, .. } => {
                self.edit(*at, |place| match look {
                    TierLook::Hit | TierLook::Absent | TierLook::Stale => place.hits += 1,
                    TierLook::Miss | TierLook::Expired | TierLook::Early | TierLook::Locked => place.misses += 1,
                    TierLook::Filtered => {}
                });
                if *look == TierLook::Expired {
                    self.sample(now_ns).expired += 1;
                }
            }
            Event::TierKept { at, key, version, absent, dirty, expires_ns, stale_ns } => self.edit(*at, |place| {
                place.keep(EntryState {
                    key: key.clone(),
                    version: *version,
                    absent: *absent,
                    dirty: *dirty,
                    expires_ns: *expires_ns,
                    stale_ns: *stale_ns,
                });
            }),
            Event::TierDropped { at, key, .. } => self.edit(*at, |place| {
                if let Ok(found) = place.find(key) {
                    place.entries.remove(found);
                }
            }),
            Event::TierWritten { key, version } => {
                for place in &mut self.places {
                    let is_old = |entry: &EntryState| {
                        entry.version < *version && entry.stale_ns == 0 && is_copy(&entry.key, key)
                    };
                    if place.entries.iter().any(is_old) {
                        let entries = &mut Rc::make_mut(place).entries;
                        entries
                            .iter_mut()
                            .filter(|entry| is_old(entry))
                            .for_each(|entry| entry.stale_ns = now_ns.max(1));
                    }
                }
            }
            Event::TierStatusChanged { at, status } => self.edit(*at, |place| {
                place.status = *status;
                if *status == TierStatus::Down {
                    place.entries.clear();
                }
            }),
            Event::BreakerTurned { at, state } => self.edit(*at, |place| place.breaker = *state),
            _ => {}
        }
    }

    fn edit(&mut self, at: NodeId, change: impl FnOnce(&mut PlaceState)) {
        if let Some(place) = usize::from(at.0).checked_sub(1).and_then(|at| self.places.get_mut(at)) {
            change(Rc::make_mut(place));
        }
    }

    fn edit_request(&mut self, request: u64, change: impl FnOnce(&mut TierRequest)) {
        if let Ok(at) = self.find(request) {
            change(Rc::make_mut(&mut self.open[at]));
        }
    }
}

/// The sentence of why an entry left.
pub fn why_left(why: DropCause) -> &'static str {
    match why {
        DropCause::Evicted => "evicted: there was no room",
        DropCause::Expired => "its time to live was over",
        DropCause::Invalidated => "invalidated: there is a newer version",
        DropCause::Refused => "no longer wanted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_at_most_a_quarter_too_long() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentile_ns(99), 0);
        (1..=1000u64).for_each(|micros| latencies.add(micros * 1000));
        for percent in [1u64, 50, 95, 99, 100] {
            let (found, exact) = (latencies.percentile_ns(percent), percent * 10_000);
            assert!((exact..=exact * 5 / 4 + 1).contains(&found), "{percent}: {found} for {exact}");
        }
        latencies.add(u64::MAX);
        assert_eq!(latencies.percentile_ns(100), u64::MAX);
    }

    #[test]
    fn a_series_that_is_full_has_longer_samples() {
        let mut series = Series::default();
        for at in 0..SAMPLES_KEPT as u64 * 3 {
            series.at(at * SAMPLE_NS, 0, 0).asked += 1;
        }
        assert_eq!(series.sample_ns, SAMPLE_NS * 4);
        assert_eq!(series.samples.iter().map(|sample| sample.asked).sum::<u32>(), SAMPLES_KEPT as u32 * 3);
    }

    #[test]
    fn copies_and_versions_are_of_the_key() {
        for (key, plain) in [("x", "x"), ("x#2", "x"), ("x@17", "x"), ("@", "@"), ("user:7@1", "user:7")] {
            assert_eq!(plain_key(key.as_bytes()), plain.as_bytes());
        }
    }
}
