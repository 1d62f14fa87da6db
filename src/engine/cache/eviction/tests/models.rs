//! The newer policies beside slow, obvious ones written after their papers, on random traces with random sizes; and the
//! worked examples.

use std::collections::{BTreeMap, VecDeque};

use super::super::*;
use glassbase_trace::PolicyKind;
use proptest::prelude::*;

/// Lists of keys with their sizes: fronts are newest.
#[derive(Default)]
struct List(VecDeque<(u32, u64)>);

impl List {
    fn weight(&self) -> u64 {
        self.0.iter().map(|(_, size)| size).sum()
    }

    fn has(&self, key: u32) -> bool {
        self.0.iter().any(|(held, _)| *held == key)
    }

    fn take(&mut self, key: u32) -> Option<(u32, u64)> {
        let place = self.0.iter().position(|(held, _)| *held == key)?;
        self.0.remove(place)
    }

    fn front(&mut self, item: (u32, u64)) {
        self.0.push_front(item);
    }
}

/// Something that hits or misses: a key and its size.
pub type Model = Box<dyn FnMut(u32, u64) -> bool>;

/// Two lists; a hit goes to the protected one, what is too much there goes back.
fn slru(room: u64) -> Model {
    let (mut probation, mut protected) = (List::default(), List::default());
    Box::new(move |key, size| {
        if let Some(item) = protected.take(key) {
            protected.front(item);
            return true;
        }
        if let Some(item) = probation.take(key) {
            protected.front(item);
            while protected.weight() > room * 4 / 5 {
                let item = protected.0.pop_back().unwrap();
                probation.front(item);
            }
            return true;
        }
        while probation.weight() + protected.weight() + size > room {
            probation.0.pop_back().or_else(|| protected.0.pop_back()).unwrap();
        }
        probation.front((key, size));
        false
    })
}

/// Counts and last uses; the least of them leaves; all counts are halved when their average is more than ten.
fn lfu(room: u64) -> Model {
    let mut held: BTreeMap<u32, (u32, u64, u64)> = BTreeMap::new();
    let mut now = 0u64;
    Box::new(move |key, size| {
        now += 1;
        let hit = held.contains_key(&key);
        if let Some((count, used, _)) = held.get_mut(&key) {
            (*count, *used) = (*count + 1, now);
            if held.values().map(|held| u64::from(held.0)).sum::<u64>() > 10 * held.len() as u64 {
                // Those that fall to one count keep their order: by the old count first.
                let mut order: Vec<u32> = held.keys().copied().collect();
                order.sort_by_key(|key| (held[key].0, held[key].1));
                now += order.len() as u64;
                for (place, key) in order.iter().enumerate() {
                    let held = held.get_mut(key).unwrap();
                    (held.0, held.1) = (held.0.div_ceil(2), now - (order.len() - place) as u64);
                }
            }
            return hit;
        }
        while held.values().map(|held| held.2).sum::<u64>() + size > room {
            let least = *held.iter().min_by_key(|(_, held)| (held.0, held.1)).unwrap().0;
            held.remove(&least);
        }
        held.insert(key, (1, now, size));
        false
    })
}

/// Algorithm 1 of the paper: a doubly linked queue, whose head is the front here, and a hand that goes from its tail.
fn sieve(room: u64) -> Model {
    let mut queue: VecDeque<(u32, u64, bool)> = VecDeque::new();
    let mut hand: Option<u32> = None;
    Box::new(move |key, size| {
        if let Some(object) = queue.iter_mut().find(|object| object.0 == key) {
            object.2 = true;
            return true;
        }
        while queue.iter().map(|object| object.1).sum::<u64>() + size > room {
            let of_hand = hand.and_then(|hand| queue.iter().position(|object| object.0 == hand));
            let mut place = of_hand.unwrap_or(queue.len() - 1);
            while queue[place].2 {
                queue[place].2 = false;
                place = if place == 0 { queue.len() - 1 } else { place - 1 };
            }
            hand = place.checked_sub(1).map(|before| queue[before].0);
            queue.remove(place);
        }
        queue.push_front((key, size, false));
        false
    })
}

/// Algorithm 1 of the paper, one eviction after the other: S while it has its tenth, else M.
fn s3_fifo(room: u64) -> Model {
    let (mut small, mut main, mut ghost) = (List::default(), List::default(), List::default());
    let mut freq: BTreeMap<u32, u32> = BTreeMap::new();
    let tenth = (room / 10).max(1);
    Box::new(move |key, size| {
        if small.has(key) || main.has(key) {
            let freq = freq.entry(key).or_default();
            *freq = (*freq + 1).min(3);
            return true;
        }
        while small.weight() + main.weight() + size > room {
            if small.weight() >= tenth || main.0.is_empty() {
                let tail = small.0.pop_back().unwrap();
                if freq.remove(&tail.0).unwrap_or(0) > 1 {
                    main.front(tail);
                } else {
                    ghost.front(tail);
                }
            } else {
                let tail = main.0.pop_back().unwrap();
                match freq.get(&tail.0).copied().unwrap_or(0) {
                    0 => {}
                    left => {
                        freq.insert(tail.0, left - 1);
                        main.front(tail);
                    }
                }
            }
        }
        freq.remove(&key);
        if ghost.take(key).is_some() {
            main.front((key, size))
        } else {
            small.front((key, size))
        }
        while ghost.weight() > room - tenth {
            ghost.0.pop_back();
        }
        false
    })
}

/// S as one list of keys, statuses beside it, Q as another list.
fn lirs(room: u64) -> Model {
    #[derive(Default)]
    struct State {
        stack: List,
        queue: List,
        lir: Vec<(u32, u64)>,
        gone: Vec<u32>,
        most: u64,
    }
    impl State {
        fn is_lir(&self, key: u32) -> bool {
            self.lir.iter().any(|(lir, _)| *lir == key)
        }
        fn prune(&mut self) {
            while self.stack.0.back().is_some_and(|(key, _)| !self.is_lir(*key)) {
                let (key, _) = self.stack.0.pop_back().unwrap();
                self.gone.retain(|gone| *gone != key);
            }
        }
        fn touch(&mut self, item: (u32, u64)) {
            self.stack.take(item.0);
            self.stack.front(item);
        }
        fn rise(&mut self, item: (u32, u64)) {
            self.lir.push(item);
            self.touch(item);
            while self.lir.iter().map(|lir| lir.1).sum::<u64>() > self.most {
                let bottom = self.stack.0.pop_back().unwrap();
                self.lir.retain(|lir| lir.0 != bottom.0);
                self.queue.front(bottom);
                self.prune();
            }
        }
    }
    let mut state = State { most: room - (room / 100).max(1), ..State::default() };
    Box::new(move |key, size| {
        let item = (key, size);
        let state = &mut state;
        if state.is_lir(key) {
            state.touch(item);
            state.prune();
            return true;
        }
        if state.queue.take(key).is_some() {
            if state.stack.has(key) && state.most > 0 {
                state.rise(item);
            } else {
                state.touch(item);
                state.queue.front(item);
                state.prune();
            }
            return true;
        }
        let lir_weight = |state: &State| state.lir.iter().map(|lir| lir.1).sum::<u64>();
        while lir_weight(state) + state.queue.weight() + size > room {
            match state.queue.0.pop_back() {
                Some((gone, _)) if state.stack.has(gone) => state.gone.push(gone),
                Some(_) => {}
                // Nothing in Q: the bottom of S, which is LIR, goes.
                None => {
                    let bottom = state.stack.0.pop_back().unwrap();
                    state.lir.retain(|lir| lir.0 != bottom.0);
                    state.prune();
                }
            }
        }
        if state.gone.contains(&key) || lir_weight(state) + size <= state.most {
            state.gone.retain(|gone| *gone != key);
            state.rise(item);
        } else {
            state.touch(item);
            state.queue.front(item);
            state.prune();
        }
        while state.gone.len() > 2 * (state.lir.len() + state.queue.0.len()) {
            let forgotten = state.gone.remove(0);
            state.stack.take(forgotten);
        }
        false
    })
}

/// The window, the main cache, and the sketch that the policy has too: what is compared is what is done with estimates.
/// With `adapts`, the hill climbing of "Adaptive Software Cache Management": every hit and miss is written down, and at the end of
/// a sample the hits of the last two are counted again.
fn w_tiny_lfu(room: u64, entries: u32, adapts: bool) -> Model {
    let [mut window, mut probation, mut protected]: [List; 3] = Default::default();
    let mut sketch = super::super::sketch::Sketch::new(entries);
    let least = (room / 100).max(1);
    let (mut window_max, mut way, mut told) = (least, 1, Vec::new());
    let sample = entries as usize * 10;
    Box::new(move |key, size| {
        let hit =
            tiny_lfu_access(&mut window, &mut probation, &mut protected, &mut sketch, (key, size), room, window_max);
        told.push(hit);
        if adapts && told.len().is_multiple_of(sample) {
            let hits = |samples_ago: usize| {
                let end = told.len().saturating_sub(samples_ago * sample);
                told[end.saturating_sub(sample)..end].iter().filter(|hit| **hit).count()
            };
            way = if hits(0) < hits(1) { -way } else { way };
            let step = (room * 5 / 100).max(1) as i64 * way;
            window_max = (window_max as i64 + step).clamp(least as i64, (room / 5 * 4).max(least) as i64) as u64;
            while window.weight() > window_max {
                probation.front(window.0.pop_back().unwrap());
            }
            while protected.weight() > (room - window_max) * 4 / 5 {
                probation.front(protected.0.pop_back().unwrap());
            }
            loop {
                let main = if probation.0.is_empty() { &mut protected } else { &mut probation };
                let fits = |item: &&(u32, u64)| window.weight() + item.1 <= window_max;
                if main.0.back().filter(fits).is_none() {
                    break;
                }
                window.front(main.0.pop_back().unwrap());
            }
        }
        hit
    })
}

/// One access; gives whether it hit.
fn tiny_lfu_access(
    window: &mut List,
    probation: &mut List,
    protected: &mut List,
    sketch: &mut super::super::sketch::Sketch,
    (key, size): (u32, u64),
    room: u64,
    window_max: u64,
) -> bool {
    let page = PageId(key);
    if let Some(item) = window.take(key) {
        sketch.count(page);
        window.front(item);
        return true;
    }
    if let Some(item) = protected.take(key) {
        sketch.count(page);
        protected.front(item);
        return true;
    }
    if let Some(item) = probation.take(key) {
        sketch.count(page);
        protected.front(item);
        while protected.weight() > (room - window_max) * 4 / 5 {
            let item = protected.0.pop_back().unwrap();
            probation.front(item);
        }
        return true;
    }
    while window.weight() + probation.weight() + protected.weight() + size > room {
        let main = if probation.0.is_empty() { &mut *protected } else { &mut *probation };
        let estimate = |list: &List| list.0.back().map(|(key, _)| sketch.estimate(PageId(*key)));
        match (estimate(window), estimate(main)) {
            (Some(candidate), Some(victim)) if window.weight() >= window_max && candidate > victim => {
                main.0.pop_back();
            }
            (Some(_), Some(_)) if window.weight() >= window_max => drop(window.0.pop_back()),
            (_, Some(_)) => drop(main.0.pop_back()),
            _ => drop(window.0.pop_back()),
        }
    }
    sketch.count(page);
    window.front((key, size));
    while window.weight() > window_max {
        let item = window.0.pop_back().unwrap();
        probation.front(item);
    }
    false
}

fn model(options: &PolicyOptions, room: u64, entries: u32) -> Model {
    let adapts = options.adapts;
    match options.kind {
        PolicyKind::Slru => slru(room),
        PolicyKind::Lfu => lfu(room),
        PolicyKind::Lirs => lirs(room),
        PolicyKind::WTinyLfu => w_tiny_lfu(room, entries, adapts),
        PolicyKind::S3Fifo => s3_fifo(room),
        _ => sieve(room),
    }
}

const MODELLED: [PolicyKind; 6] =
    [PolicyKind::Slru, PolicyKind::Lfu, PolicyKind::Lirs, PolicyKind::WTinyLfu, PolicyKind::S3Fifo, PolicyKind::Sieve];

fn compare(options: &PolicyOptions, capacity: Capacity, sizes: &[u32], trace: &[u32]) -> Result<(), TestCaseError> {
    let mut cache = Cache::new(options, capacity);
    let mut model = model(options, capacity.units(), capacity.entries());
    for (index, key) in trace.iter().enumerate() {
        let size = if let Capacity::Bytes { .. } = capacity { sizes[*key as usize] } else { 1 };
        let hit = cache.get(*key, &mut ());
        if !hit {
            cache.put(*key, size, &mut ());
        }
        let expected = u64::from(size) <= capacity.units() && model(*key, u64::from(size));
        prop_assert_eq!(hit, expected, "{} {:?}, access {}: {}", options.kind.word(), capacity, index, key);
        prop_assert!(cache.used() <= capacity.units());
        prop_assert_eq!(cache.used(), cache.held().map(|(_, _, size)| u64::from(size)).sum::<u64>());
    }
    Ok(())
}

/// A trace of one of several kinds: few keys, a loop with side steps, phases.
fn trace() -> impl Strategy<Value = Vec<u32>> {
    let few = prop::collection::vec(0u32..12, 1..400);
    let skewed = prop::collection::vec((0u32..40, 0u32..40).prop_map(|(a, b)| a * b / 40), 1..400);
    let looped =
        (3u32..30, prop::collection::vec(prop::option::weighted(0.1, 0u32..40), 1..400)).prop_map(|(length, steps)| {
            let step = |(at, jump): (usize, Option<u32>)| jump.unwrap_or(at as u32 % length);
            steps.into_iter().enumerate().map(step).collect()
        });
    prop_oneof![few, skewed, looped]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn entries_are_evicted_as_by_the_model(trace in trace(), entries in 1u32..30, kind in 0usize..6) {
        compare(&PolicyOptions::of(MODELLED[kind]), Capacity::Entries(entries), &[], &trace)?;
    }

    #[test]
    fn bytes_are_evicted_as_by_the_model(
        trace in trace(), bytes in 1u64..300, kind in 0usize..6, sizes in prop::collection::vec(1u32..40, 40),
    ) {
        compare(&PolicyOptions::of(MODELLED[kind]), Capacity::Bytes { bytes, entries: (bytes / 20).max(1) as u32 }, &sizes, &trace)?;
    }

    #[test]
    fn a_window_that_adapts_does_what_the_model_does(
        trace in prop::collection::vec(trace(), 1..6), entries in 1u32..30, is_sized: bool,
        sizes in prop::collection::vec(1u32..40, 40),
    ) {
        let capacity = match is_sized {
            true => Capacity::Bytes { bytes: u64::from(entries) * 30, entries },
            false => Capacity::Entries(entries),
        };
        let options = PolicyOptions { adapts: true, ..PolicyOptions::of(PolicyKind::WTinyLfu) };
        compare(&options, capacity, &sizes, &trace.concat())?;
    }

    #[test]
    fn every_policy_keeps_within_its_bytes_and_its_table(
        trace in trace(), bytes in 1u64..300, kind in 0usize..14, sizes in prop::collection::vec(1u32..40, 40),
    ) {
        let future = Some(std::rc::Rc::new(Future::new(&trace)));
        let options = PolicyOptions { future, ..PolicyOptions::of(PolicyKind::ALL[kind]) };
        let mut cache = KeyCache::new(&options, Capacity::Bytes { bytes, entries: 10 });
        let mut held = std::collections::BTreeSet::new();
        for key in trace {
            let wide = u64::from(key) << 33;
            prop_assert_eq!(cache.get(wide, &mut ()), held.contains(&wide));
            if !held.contains(&wide) {
                held.insert(wide);
                for left in cache.put(wide, sizes[key as usize], &mut ()) {
                    prop_assert!(held.remove(&left));
                }
            }
            if key == 7 {
                prop_assert_eq!(cache.remove(wide, &mut ()), held.remove(&wide));
            }
            prop_assert!(cache.cache().used() <= bytes);
            let mut keys: Vec<u64> = cache.keys().collect();
            keys.sort_unstable();
            prop_assert!(keys.iter().eq(&held));
        }
    }
}

fn lists(cache: &Cache) -> Vec<(&'static str, Vec<u32>)> {
    let object =
        |frame: u32| cache.held().find(|(held, _, _)| held.0 == frame).map_or(u32::MAX, |(_, object, _)| object);
    let state = cache.policy().state();
    let named = |held: &glassbase_trace::parts::PolicyItems| {
        let items = held.items.iter();
        (held.list.word(), items.map(|item| if held.list.is_memory() { *item } else { object(*item) }).collect())
    };
    state.lists.iter().map(named).collect()
}

fn run(kind: PolicyKind, entries: u32, trace: &[u32]) -> Cache {
    let mut cache = Cache::new(&PolicyOptions::of(kind), entries);
    play(&mut cache, trace);
    cache
}

fn play(cache: &mut Cache, trace: &[u32]) {
    for key in trace {
        if !cache.get(*key, &mut ()) {
            cache.put(*key, 1, &mut ());
        }
    }
}

const A: u32 = 0;
const B: u32 = 1;
const C: u32 = 2;
const D: u32 = 3;
const E: u32 = 4;

/// The situation of Table 1 of the LIRS paper, at time 10: LIR are A and B, E is the resident HIR entry, D is HIR and gone,
/// and C is too far back to stand in S. A reference to D makes it LIR in the place of B; one to C changes nothing of that.
#[test]
fn lirs_as_in_its_papers_table() {
    let mut cache = run(PolicyKind::Lirs, 3, &[A, B, D, A, E]);
    let stack = |cache: &Cache| cache.policy().state().stack.iter().map(|page| page.0).collect::<Vec<u32>>();
    assert_eq!(lists(&cache), [("lir", vec![B, A]), ("hir", vec![E])]);
    assert_eq!(stack(&cache), [B, D, A, E]);
    let mut other = cache.clone();
    play(&mut cache, &[D]);
    assert_eq!(lists(&cache), [("lir", vec![A, D]), ("hir", vec![B])]);
    assert_eq!((stack(&cache), cache.evicted()), (vec![A, E, D], &[E][..]));
    play(&mut other, &[C]);
    assert_eq!(lists(&other), [("lir", vec![B, A]), ("hir", vec![C])]);
    assert_eq!(other.evicted(), [E]);
}

/// SIEVE step by step: survivors stay where they are, new ones come in at the head, the hand goes on from where it was.
#[test]
fn sieve_by_hand() {
    let mut cache = run(PolicyKind::Sieve, 7, &[0, 1, 2, 3, 4, 5, 6, 0, 1, 6]);
    play(&mut cache, &[7]);
    // The hand passed 0 and 1, which were visited, and took 2; it stands at 3.
    assert_eq!((lists(&cache), cache.evicted()), (vec![("queue", vec![0, 1, 3, 4, 5, 6, 7])], &[2][..]));
    play(&mut cache, &[0, 3, 8]);
    assert_eq!((lists(&cache), cache.evicted()), (vec![("queue", vec![0, 1, 3, 5, 6, 7, 8])], &[4][..]));
    play(&mut cache, &[1, 9]);
    assert_eq!((lists(&cache), cache.evicted()), (vec![("queue", vec![0, 1, 3, 6, 7, 8, 9])], &[5][..]));
}

/// S3-FIFO step by step, with room for ten: one in the small queue, nine in the main queue.
#[test]
fn s3_fifo_by_hand() {
    let mut cache = run(PolicyKind::S3Fifo, 10, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 1]);
    play(&mut cache, &[10]);
    // 0 was hit twice: it goes to the main queue. 1 was hit once: it goes, and its name is kept.
    let expected = [("small", (2..=10).collect()), ("main", vec![0]), ("ghost", vec![1])];
    assert_eq!(lists(&cache), expected);
    play(&mut cache, &[1]);
    let expected = [("small", (3..=10).collect()), ("main", vec![0, 1]), ("ghost", vec![2])];
    assert_eq!(lists(&cache), expected);
}

/// W-TinyLFU step by step: of a window of one, the newcomer's forerunner has to be asked for more often than the main cache's
/// own victim to get in.
#[test]
fn w_tiny_lfu_by_hand() {
    let mut cache = run(PolicyKind::WTinyLfu, 4, &[0, 1, 2, 3, 0, 0, 1, 2]);
    assert_eq!(lists(&cache), [("window", vec![3]), ("protected", vec![1, 2]), ("probation", vec![0])]);
    play(&mut cache, &[4]);
    assert_eq!(cache.evicted(), [3], "asked for once, and 0 three times");
    play(&mut cache, &[4, 4, 4, 4, 5]);
    assert_eq!(cache.evicted(), [0], "4 was asked for five times");
}
