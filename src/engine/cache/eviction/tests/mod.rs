//! The policies beside slow, obvious implementations; beside the answers that their papers give; and beside the optimum.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use super::*;
mod models;
mod sized;
mod window;
use glassbase_sim::{Generator, Zipf};
use glassbase_trace::{PolicyKind, TARGET_ONE};

/// Something that hits or misses.
type Model<'a> = Box<dyn FnMut(u32) -> bool + 'a>;

fn queue_model<'a>(frames: usize, by_use: bool) -> Model<'a> {
    let mut pages: VecDeque<u32> = VecDeque::new();
    Box::new(move |page| {
        let place = pages.iter().position(|held| *held == page);
        if let Some(place) = place.filter(|_| by_use) {
            pages.remove(place);
        }
        if place.is_none() && pages.len() == frames {
            pages.pop_front();
        }
        if place.is_none() || by_use {
            pages.push_back(page);
        }
        place.is_some()
    })
}

fn clock_model<'a>(frames: usize) -> Model<'a> {
    let mut circle: Vec<(u32, bool)> = Vec::new();
    let mut hand = 0;
    Box::new(move |page| {
        if let Some(held) = circle.iter_mut().find(|held| held.0 == page) {
            held.1 = true;
            return true;
        }
        if circle.len() < frames {
            circle.push((page, true));
            return false;
        }
        while circle[hand].1 {
            circle[hand].1 = false;
            hand = (hand + 1) % frames;
        }
        circle[hand] = (page, true);
        hand = (hand + 1) % frames;
        false
    })
}

/// Figure 2.1 of the paper, with its names; ties go to the least recently used, and if all pages were used too lately, to
/// the one that LRU-K would take without that rule.
fn lru_k_model<'a>(frames: usize, k: usize, correlated: u64, retained: usize) -> Model<'a> {
    let mut hist: BTreeMap<u32, (Vec<u64>, u64)> = BTreeMap::new();
    let mut buffer: Vec<u32> = Vec::new();
    let mut gone: VecDeque<u32> = VecDeque::new();
    let mut t = 0;
    Box::new(move |p| {
        t += 1;
        if buffer.contains(&p) {
            let (times, last) = hist.get_mut(&p).unwrap();
            if t - *last > correlated {
                let correl_period = *last - times[0];
                for i in (1..k).rev() {
                    times[i] = if times[i - 1] == 0 { 0 } else { times[i - 1] + correl_period };
                }
                times[0] = t;
            }
            *last = t;
            return true;
        }
        if buffer.len() == frames {
            let rank = |q: &u32| (hist[q].0[k - 1], hist[q].1);
            let eligible = buffer.iter().filter(|q| t - hist[q].1 > correlated);
            let victim = *eligible.min_by_key(|q| rank(q)).or(buffer.iter().min_by_key(|q| rank(q))).unwrap();
            buffer.retain(|q| *q != victim);
            gone.push_back(victim);
        }
        gone.retain(|q| *q != p);
        if gone.len() > retained {
            hist.remove(&gone.pop_front().unwrap());
        }
        let (times, last) = hist.entry(p).or_insert((vec![0; k], 0));
        times.rotate_right(1);
        times[0] = t;
        *last = t;
        buffer.push(p);
        false
    })
}

/// The full version of section 3 of the paper; fronts are heads.
fn two_queue_model<'a>(frames: usize) -> Model<'a> {
    let (k_in, k_out) = ((frames / 4).max(1), (frames / 2).max(1));
    let (mut am, mut a1in, mut a1out) = (VecDeque::new(), VecDeque::new(), VecDeque::new());
    Box::new(move |x: u32| {
        if let Some(place) = am.iter().position(|page| *page == x) {
            am.remove(place);
            am.push_front(x);
            return true;
        }
        if a1in.contains(&x) {
            return true;
        }
        let known = a1out.contains(&x);
        if am.len() + a1in.len() == frames {
            if a1in.len() > k_in || am.is_empty() {
                a1out.push_front(a1in.pop_back().unwrap());
            } else {
                am.pop_back();
            }
        }
        if known {
            a1out.retain(|page| *page != x);
            am.push_front(x);
        } else {
            a1in.push_front(x);
        }
        a1out.truncate(k_out);
        false
    })
}

/// Figure 4 of the paper: ARC(c), case by case; fronts are most recently used.
fn arc_model<'a>(c: usize) -> Model<'a> {
    let [mut t1, mut t2, mut b1, mut b2]: [VecDeque<u32>; 4] = Default::default();
    let mut p = 0u64;
    fn take(list: &mut VecDeque<u32>, x: u32) -> bool {
        let place = list.iter().position(|page| *page == x);
        place.is_some_and(|place| list.remove(place).is_some())
    }
    Box::new(move |x| {
        let replace = |t1: &mut VecDeque<u32>,
                       t2: &mut VecDeque<u32>,
                       b1: &mut VecDeque<u32>,
                       b2: &mut VecDeque<u32>,
                       in_b2,
                       p| {
            let length = t1.len() as u64 * TARGET_ONE;
            if !t1.is_empty() && ((in_b2 && length == p) || length > p) {
                b1.push_front(t1.pop_back().unwrap());
            } else if let Some(page) = t2.pop_back() {
                b2.push_front(page);
            } else {
                b1.push_front(t1.pop_back().unwrap());
            }
        };
        if take(&mut t1, x) || take(&mut t2, x) {
            t2.push_front(x);
            return true;
        }
        let (length_1, length_2) = (b1.len() as u64 * TARGET_ONE, b2.len() as u64 * TARGET_ONE);
        if b1.contains(&x) {
            p = (p + (length_2 / b1.len() as u64).max(TARGET_ONE)).min(c as u64 * TARGET_ONE);
            replace(&mut t1, &mut t2, &mut b1, &mut b2, false, p);
            take(&mut b1, x);
            t2.push_front(x);
            return false;
        }
        if b2.contains(&x) {
            p = p.saturating_sub((length_1 / b2.len() as u64).max(TARGET_ONE));
            replace(&mut t1, &mut t2, &mut b1, &mut b2, true, p);
            take(&mut b2, x);
            t2.push_front(x);
            return false;
        }
        let total = t1.len() + t2.len() + b1.len() + b2.len();
        if t1.len() + b1.len() == c {
            if t1.len() < c {
                b1.pop_back();
                replace(&mut t1, &mut t2, &mut b1, &mut b2, false, p);
            } else {
                t1.pop_back();
            }
        } else if total >= c {
            if total == 2 * c {
                b2.pop_back();
            }
            replace(&mut t1, &mut t2, &mut b1, &mut b2, false, p);
        }
        t1.push_front(x);
        false
    })
}

fn optimum_model<'a>(frames: usize, trace: &'a [u32]) -> Model<'a> {
    let mut held: Vec<u32> = Vec::new();
    let mut now = 0;
    Box::new(move |page| {
        now += 1;
        if held.contains(&page) {
            return true;
        }
        if held.len() == frames {
            let next = |page: &u32| trace[now..].iter().position(|later| later == page).unwrap_or(usize::MAX);
            let furthest = (0..held.len()).max_by_key(|place| next(&held[*place])).unwrap();
            held.remove(furthest);
        }
        held.push(page);
        false
    })
}

fn options(kind: PolicyKind, trace: &[u32]) -> PolicyOptions {
    let future = (kind == PolicyKind::Optimum).then(|| Rc::new(Future::new(trace)));
    PolicyOptions { future, ..PolicyOptions::of(kind) }
}

fn hits(kind: PolicyKind, frames: u32, trace: &[u32]) -> u64 {
    simulate(&options(kind, trace), frames, trace)
}

fn misses(kind: PolicyKind, frames: u32, trace: &[u32]) -> u64 {
    trace.len() as u64 - hits(kind, frames, trace)
}

/// A trace of one of several kinds.
fn random_trace(seed: u64) -> Vec<u32> {
    let mut generator = Generator::new(seed, "trace");
    let pages = 2 + generator.below(40);
    let zipf = Zipf::new(pages, 0.9);
    let kind = generator.below(4);
    let mut at = 0;
    let draw = |index: u64| match kind {
        0 => generator.below(pages) as u32,
        1 => zipf.sample(&mut generator) as u32,
        // A loop with side steps.
        2 => {
            at = if generator.chance(0.1) { generator.below(pages) } else { at + 1 };
            (at % pages) as u32
        }
        // Phases: the working set moves.
        _ => (generator.below(pages / 2 + 1) + index / 100 * 5) as u32,
    };
    (0..600).map(draw).collect()
}

#[test]
fn policies_do_what_slow_obvious_ones_do() {
    for seed in 0..120 {
        let trace = random_trace(seed);
        for frames in [1usize, 2, 3, 4, 7, 8, 16, 25] {
            let lru_k = |k, correlated, retained| {
                let options =
                    PolicyOptions { k, correlated, retained: Some(retained), ..PolicyOptions::of(PolicyKind::LruK) };
                (options, lru_k_model(frames, k as usize, correlated, retained as usize))
            };
            let plain = |kind, model| (options(kind, &trace), model);
            let subjects: Vec<(PolicyOptions, Model)> = vec![
                plain(PolicyKind::Fifo, queue_model(frames, false)),
                plain(PolicyKind::Lru, queue_model(frames, true)),
                plain(PolicyKind::Clock, clock_model(frames)),
                plain(PolicyKind::TwoQueue, two_queue_model(frames)),
                plain(PolicyKind::Arc, arc_model(frames)),
                lru_k(1, 0, 0),
                lru_k(2, 0, frames as u32),
                lru_k(2, 3, 9),
                lru_k(3, 1, 100),
            ];
            for (options, mut model) in subjects {
                let mut simulation = Simulation::new(&options, frames as u32, 200);
                for (index, page) in trace.iter().enumerate() {
                    let before = simulation.hits;
                    simulation.run(&[*page]);
                    let hit = simulation.hits > before;
                    assert_eq!(hit, model(*page), "{options:?}, seed {seed}, {frames} frames, access {index}: {page}");
                }
            }
        }
    }
}

#[test]
fn the_optimum_is_what_looking_ahead_finds_and_nothing_beats_it() {
    for seed in 0..60 {
        let trace = random_trace(seed);
        for frames in [1u32, 2, 3, 5, 8, 13, 30] {
            let mut model = optimum_model(frames as usize, &trace);
            let best = trace.iter().filter(|page| model(**page)).count() as u64;
            assert_eq!(hits(PolicyKind::Optimum, frames, &trace), best, "seed {seed}, {frames} frames");
            for kind in PolicyKind::ALL {
                assert!(hits(*kind, frames, &trace) <= best, "{} beats the optimum, seed {seed}", kind.word());
            }
        }
    }
}

/// Belady, Nelson and Shedler, "An Anomaly in Space-Time Characteristics of Certain Programs Running in a Paging Machine",
/// 1969: with FIFO, a larger pool may miss more often.
#[test]
fn beladys_anomaly() {
    let trace = [1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5];
    let misses = |kind| [3, 4].map(|frames| misses(kind, frames, &trace));
    assert_eq!(misses(PolicyKind::Fifo), [9, 10]);
    assert_eq!(misses(PolicyKind::Lru), [10, 8]);
    assert_eq!(misses(PolicyKind::Optimum), [7, 6]);
}

/// The reference string of Silberschatz, Galvin and Gagne, "Operating System Concepts".
#[test]
fn the_textbooks_reference_string() {
    let trace = [7, 0, 1, 2, 0, 3, 0, 4, 2, 3, 0, 3, 2, 1, 2, 0, 1, 7, 0, 1];
    let misses = |kind| misses(kind, 3, &trace);
    assert_eq!([misses(PolicyKind::Fifo), misses(PolicyKind::Optimum), misses(PolicyKind::Lru)], [15, 9, 12]);
}

/// Table 4.1 of the LRU-K paper, the two pool experiment: accesses alternate between 100 pages and 10,000.
#[test]
fn lru_k_finds_the_index_pages_as_in_its_paper() {
    let mut generator = Generator::new(1993, "two pools");
    let draw =
        |index: u32| if index.is_multiple_of(2) { generator.below(100) } else { 100 + generator.below(10_000) } as u32;
    let trace: Vec<u32> = (0..400_000).map(draw).collect();
    let ratio = |k, frames| {
        let options = PolicyOptions { k, retained: Some(20_000), ..PolicyOptions::of(PolicyKind::LruK) };
        simulate(&options, frames, &trace) as f64 / trace.len() as f64
    };
    for (frames, lru, lru_2) in [(60, 0.14, 0.291), (80, 0.18, 0.382), (200, 0.37, 0.505), (450, 0.50, 0.517)] {
        let found = [ratio(1, frames), ratio(2, frames)];
        assert!((found[0] - lru).abs() < 0.015, "LRU-1 with {frames} frames: {} for {lru}", found[0]);
        assert!((found[1] - lru_2).abs() < 0.015, "LRU-2 with {frames} frames: {} for {lru_2}", found[1]);
    }
}

/// "ARC is scan-resistant" (section IV.C of its paper): a scan of new pages passes through T1 and leaves T2 alone. 2Q and
/// LRU-K are made for the same; LRU, FIFO and Clock lose everything.
#[test]
fn a_scan_spares_the_hot_pages_of_those_policies_that_are_made_for_it() {
    let hot = || (0..40u32).flat_map(|page| [page % 10, 20 + page]);
    let scan = 1000..1200u32;
    let trace: Vec<u32> = hot().chain(scan).chain(0..10).collect();
    let after_scan = |kind| {
        let before = &trace[..trace.len() - 10];
        hits(kind, 20, &trace) - simulate(&options(kind, &trace), 20, before)
    };
    let spared: Vec<u64> = PolicyKind::ALL.iter().map(|kind| after_scan(*kind)).collect();
    let expected = [
        ("fifo", 0),
        ("clock", 0),
        ("lru", 0),
        ("slru", 10),
        ("lru-k", 10),
        ("2q", 10),
        ("arc", 10),
        ("lirs", 10),
        ("s3-fifo", 10),
        ("optimum", 10),
    ];
    let found: Vec<(&str, u64)> = PolicyKind::ALL.iter().map(|kind| kind.word()).zip(spared).collect();
    for expected in expected {
        assert!(found.contains(&expected), "{expected:?} is not in {found:?}");
    }
}

/// A loop one page larger than the pool: LRU, FIFO and Clock miss always; the optimum misses once in every (frames) or so.
#[test]
fn a_loop_one_page_larger_than_the_pool() {
    let trace: Vec<u32> = (0..1100).map(|access| access % 11).collect();
    for kind in [PolicyKind::Fifo, PolicyKind::Lru, PolicyKind::Clock] {
        assert_eq!(hits(kind, 10, &trace), 0, "{}", kind.word());
    }
    assert_eq!(misses(PolicyKind::Optimum, 10, &trace), 10 + (1100 - 10u64).div_ceil(10));
}

fn lists(policy: &Policy) -> Vec<(&'static str, Vec<u32>)> {
    policy.state().lists.into_iter().map(|held| (held.list.word(), held.items)).collect()
}

/// ARC step by step on paper: four frames, pages named by letters.
#[test]
fn arc_by_hand() {
    let mut simulation = Simulation::new(&PolicyOptions::of(PolicyKind::Arc), 4, 100);
    let mut run = |accesses: &[u32]| {
        simulation.run(accesses);
        (lists(simulation.policy()), simulation.policy().state().target / TARGET_ONE)
    };
    // Frames 0 1 2 3 hold pages 1 2 3 4; 1 and 2 are used again.
    let (held, _) = run(&[1, 2, 3, 4, 1, 2]);
    assert_eq!(held[..2], [("t1", vec![2, 3]), ("t2", vec![0, 1])]);
    // 5 and 6 are new: the target is 0, so T1 gives.
    let (held, target) = run(&[5, 6]);
    assert_eq!(held, [("t1", vec![2, 3]), ("t2", vec![0, 1]), ("b1", vec![3, 4]), ("b2", vec![])]);
    assert_eq!(target, 0);
    // 3 comes back: T1 was too short. It goes to T2; T1, of two, is longer than the target of 1 and gives page 5.
    let (held, target) = run(&[3]);
    assert_eq!(held, [("t1", vec![3]), ("t2", vec![0, 1, 2]), ("b1", vec![4, 5]), ("b2", vec![])]);
    assert_eq!(target, 1);
    // 7 is new; T1 has the length of its target, so T2 gives page 1.
    let (held, _) = run(&[7]);
    assert_eq!(held, [("t1", vec![3, 0]), ("t2", vec![1, 2]), ("b1", vec![4, 5]), ("b2", vec![1])]);
    // 1 comes back: the target falls by |B1| / |B2| = 2, to 0.
    let (held, target) = run(&[1]);
    assert_eq!(held, [("t1", vec![0]), ("t2", vec![1, 2, 3]), ("b1", vec![4, 5, 6]), ("b2", vec![])]);
    assert_eq!(target, 0);
}

/// 2Q step by step: eight frames, so A1in is to have two and A1out four.
#[test]
fn two_queue_by_hand() {
    let mut simulation = Simulation::new(&PolicyOptions::of(PolicyKind::TwoQueue), 8, 100);
    simulation.run(&[1, 2, 3, 4, 5, 6, 7, 8, 1, 1]);
    assert_eq!(lists(simulation.policy())[0], ("a1in", (0..8).collect()), "hits in A1in change nothing");
    simulation.run(&[9, 10]);
    let expected = [("a1in", vec![2, 3, 4, 5, 6, 7, 0, 1]), ("am", vec![]), ("a1out", vec![1, 2])];
    assert_eq!(lists(simulation.policy()), expected);
    simulation.run(&[1]);
    let expected = [("a1in", vec![3, 4, 5, 6, 7, 0, 1]), ("am", vec![2]), ("a1out", vec![2, 3])];
    assert_eq!(lists(simulation.policy()), expected);
}

#[test]
fn one_pass_gives_lru_at_every_size_and_slices_give_all() {
    for seed in 0..20 {
        let trace = random_trace(seed);
        let sizes = [0, 1, 2, 3, 9, 17, 40, 1000];
        let expected = sizes.map(|size| if size == 0 { 0 } else { hits(PolicyKind::Lru, size as u32, &trace) });
        let pages = trace.iter().max().unwrap() + 1;
        assert_eq!(lru_hits(&trace, pages, &sizes), expected, "seed {seed}");
        let sizes = curve_sizes(pages.into(), 6);
        let mut job = CurveJob::new(trace.clone().into(), sizes.clone(), PolicyKind::ALL, &PolicyOptions::default());
        let mut steps = 0;
        while !job.step(777) {
            steps += 1;
        }
        assert!(steps > 10 && job.progress().0 == job.progress().1);
        for curve in &job.curves().curves {
            let expected: Vec<u64> = sizes.iter().map(|size| hits(curve.policy, *size as u32, &trace)).collect();
            assert_eq!(curve.hits, expected, "{}", curve.policy.word());
        }
    }
    assert_eq!(curve_sizes(100, 5), [1, 4, 16, 36, 64, 100]);
    assert_eq!(curve_sizes(3, 5), [1, 2, 3]);
    assert_eq!(curve_sizes(1, 5), [1]);
}
