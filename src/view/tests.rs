//! Tests of the fold as a whole: on traces written by hand, on engines, and on nonsense.

use std::cell::RefCell;
use std::rc::Rc;

use super::*;
use glassbase_trace::{Bytes, Event, NO_CAUSE, Operation, Outcome, PageBody, SplitKind, Trace};

/// Deterministic nonsense (a linear congruential generator; the high bits are good enough here).
pub(crate) struct Noise(pub u64);

impl Noise {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound.max(1)
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }

    /// Any event at all, mostly about pages that exist.
    pub fn event(&mut self) -> Event {
        let name = self.pick(Event::NAMES);
        let texts: Vec<String> = (0..16).map(|_| self.number()).collect();
        let words =
            [self.pick(&["insert", "get", "delete", "scan", "verify"]), self.pick(&["inserted", "found", "done"])];
        let kinds = [self.pick(&["leaf", "inner", "overflow", "free", "meta"]), self.pick(&["middle", "right-edge"])];
        let small = (self.below(4)).to_string();
        let yes = self.pick(&["yes", "no"]);
        let state = glassbase_trace::state_text::write(&sample_state(self.below(6) as u32 + 1), None);
        let key = self.below(100).to_string();
        let lookup = |field: &str| {
            Some(match field {
                "text" | "problem" => "\"some text\"",
                "operation" => words[0],
                "outcome" => words[1],
                "kind" if name == "split-begun" => kinds[1],
                "kind" => kinds[0],
                "level" | "height" => &small,
                "found" if name != "expectation-failed" => yes,
                "found" => "\"something\"",
                "backward" | "sequential" => yes,
                "state" => &state,
                "key" => &key,
                "pages" if name == "extended" => "40",
                other => &texts[other.len() % 16],
            })
        };
        // A field that is no number may be a yes or a no, or a text; an event with a field of any other kind is passed over.
        let tries = RefCell::new(Vec::<(&'static str, usize)>::new());
        let guess = |field: &str| {
            let tries = tries.borrow();
            match tries.iter().find(|(name, _)| *name == field) {
                Some((_, kind)) => ["no", "\"some text\"", "some-word"].get(*kind).copied(),
                None => lookup(field),
            }
        };
        for _ in 0..32 {
            let field = match Event::from_fields(name, &guess) {
                Ok(Some(event)) => return event,
                Ok(None) => break,
                Err(field) => field,
            };
            let mut tries = tries.borrow_mut();
            match tries.iter_mut().find(|(name, _)| *name == field) {
                Some((_, kind)) => *kind += 1,
                None => tries.push((field, 0)),
            }
        }
        self.event()
    }

    fn number(&mut self) -> String {
        match self.below(12) {
            0 => "65535".to_string(),
            _ => self.below(9).to_string(),
        }
    }

    pub fn trace(&mut self, length: usize) -> Trace {
        let mut trace = Trace::new();
        push(&mut trace, Event::StateTaken { state: Rc::new(sample_state(4)) });
        for _ in 0..length {
            let event = match self.event() {
                // Otherwise a state would replace everything once in fifty events.
                Event::StateTaken { .. } if self.below(20) > 0 => self.event(),
                event => event,
            };
            push(&mut trace, event);
        }
        trace
    }
}

pub(crate) fn push(trace: &mut Trace, event: Event) {
    let time_ns = trace.len() as u64 * 100;
    trace.push(Record { time_ns, cause: NO_CAUSE, node: 0, event });
}

/// A root over `leaves` leaves of order 4; keys 10, 20, 30, ... two to a leaf.
pub(crate) fn sample_state(leaves: u32) -> EngineState {
    use glassbase_trace::state::Cell;
    use glassbase_trace::{Cells, Lsn};
    let page = |page: u32, used: u32, body| Rc::new(PageState { page: PageId(page), lsn: Lsn(1), used, body });
    let mut pages = vec![page(0, 0, PageBody::Meta)];
    let mut separators = Cells::default();
    for leaf in 0..leaves {
        let mut cells = Cells::default();
        for key in [u64::from(leaf) * 20 + 10, u64::from(leaf) * 20 + 20] {
            cells.push(&key.to_be_bytes(), Cell { value_len: 4, link: PageId::NONE });
        }
        if leaf > 0 {
            separators.push(cells.key(0), Cell { value_len: 0, link: PageId(leaf + 1) });
        }
        let (prev, next) = (PageId(leaf), if leaf + 1 == leaves { PageId::NONE } else { PageId(leaf + 2) });
        pages.push(page(leaf + 1, 32, PageBody::Leaf { prev, next, cells }));
    }
    let root = PageId(leaves + 1);
    pages.push(page(root.0, 14, PageBody::Inner { level: 1, leftmost: PageId(1), cells: separators }));
    let height = 2;
    let records = u64::from(leaves) * 2;
    EngineState {
        page_size: 128,
        capacity: 96,
        order: 4,
        frames: 4,
        root,
        height,
        records,
        pages,
        ..EngineState::default()
    }
}

fn lsn(number: u64) -> glassbase_trace::Lsn {
    glassbase_trace::Lsn(number)
}

/// Insert 25 between 20 and 30 of a leaf that is full, as an engine would tell it.
pub(crate) fn split_trace() -> Trace {
    use glassbase_trace::{FrameId, PageKind};
    let mut trace = Trace::new();
    let (root, leaf, right) = (PageId(3), PageId(2), PageId(4));
    push(&mut trace, Event::StateTaken { state: Rc::new(sample_state(2)) });
    push(&mut trace, Event::CommandBegun { line: 1, text: "insert 35".into() });
    let key = Bytes::typed("35");
    push(&mut trace, Event::OperationBegun { operation: Operation::Insert, key: key.clone(), value_len: 4 });
    push(&mut trace, Event::DiskRead { page: root, sequential: false });
    push(&mut trace, Event::PoolMiss { page: root, frame: FrameId(0) });
    push(&mut trace, Event::Searched { page: root, slot: 1, found: false, child: leaf });
    push(&mut trace, Event::PoolHit { page: leaf, frame: FrameId(1) });
    push(&mut trace, Event::Searched { page: leaf, slot: 1, found: false, child: PageId::NONE });
    push(&mut trace, Event::DiskExtended { pages: 5 });
    push(&mut trace, Event::PageFormatted { page: right, kind: PageKind::Leaf, level: 0, lsn: lsn(2) });
    push(&mut trace, Event::SplitBegun { page: leaf, right, at: 1, kind: SplitKind::Middle });
    let (from_used, to_used) = (16, 16);
    let moved = Event::CellsMoved {
        from: leaf,
        from_slot: 1,
        count: 1,
        to: right,
        to_slot: 0,
        from_used,
        to_used,
        lsn: lsn(3),
    };
    push(&mut trace, moved);
    push(&mut trace, Event::LeafLinked { page: leaf, prev: PageId(1), next: right, lsn: lsn(4) });
    push(&mut trace, Event::LeafLinked { page: right, prev: leaf, next: PageId::NONE, lsn: lsn(4) });
    let separator = Bytes::typed("40");
    push(&mut trace, Event::ChildInserted { page: root, slot: 1, key: separator, child: right, used: 28, lsn: lsn(5) });
    push(&mut trace, Event::SplitEnded { page: leaf, right });
    let overflow = PageId::NONE;
    push(&mut trace, Event::RecordInserted { page: leaf, slot: 1, key, value_len: 4, overflow, used: 32, lsn: lsn(6) });
    push(&mut trace, Event::RecordCount { records: 5 });
    push(&mut trace, Event::OperationEnded { operation: Operation::Insert, outcome: Outcome::Inserted, count: 1 });
    push(&mut trace, Event::CommandEnded { line: 1 });
    trace
}

fn fold(trace: &Trace) -> View {
    let mut view = View::default();
    for (index, record) in trace.iter().enumerate() {
        view.apply(index, record);
    }
    view
}

fn keys(view: &View, page: u32) -> Vec<String> {
    let cells = view.page(PageId(page)).and_then(|page| page.cells());
    cells.map_or(Vec::new(), |cells| cells.iter().map(|(key, _)| glassbase_trace::bytes::show(key)).collect())
}

#[test]
fn a_split_is_folded_cell_by_cell() {
    let trace = split_trace();
    let view = fold(&trace);
    assert_eq!(keys(&view, 1), ["10", "20"]);
    assert_eq!(keys(&view, 2), ["30", "35"]);
    assert_eq!(keys(&view, 4), ["40"]);
    assert_eq!(keys(&view, 3), ["30", "40"]);
    assert_eq!((view.state.records, view.state.counters.splits, view.state.counters.operations), (5, 1, 1));
    assert_eq!(view.tally, Tally { widest_page: view.tally.widest_page, ..Tally::of(&view.state.pages) });
    let operation = view.operation.unwrap();
    assert_eq!(operation.path.iter().map(|step| step.page.0).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(operation.ended.unwrap().disk_reads, 1);
    assert!(view.changes.is_empty());
}

#[test]
fn captions_say_what_happens_with_numbers() {
    let timeline = Timeline::new(split_trace());
    let said: Vec<String> = (1..=timeline.len()).map(|position| timeline.caption_at(position)).collect();
    let has = |sentence: &str| assert!(said.iter().any(|one| one == sentence), "{sentence}\nnot in\n{said:#?}");
    has("30 ≤ 35: go to child page 2.");
    has("Leaf 2 does not have 35: 30 < 35 < 40.");
    has("Page 2 is in the pool: frame 1, no disk read.");
    has("40 moves from page 2 to page 4.");
    has("40 goes up into page 3: keys below it stay in 2, the others are in 4.");
    has("35 goes into leaf 2, behind 30: 2 of 3 keys now.");
    has("35 is inserted: 1 page read from disk, 1.6 µs.");
}

#[test]
fn a_refusal_is_said_once() {
    let mut trace = Trace::new();
    let why: Rc<str> = Rc::from("page 3 fails its checksum: it is damaged");
    push(&mut trace, Event::CommandBegun { line: 1, text: Rc::from("get 5") });
    push(&mut trace, Event::DiskFault { text: why.clone() });
    push(&mut trace, Event::Refused { text: why.clone() });
    push(&mut trace, Event::CommandEnded { line: 1 });
    push(&mut trace, Event::CommandBegun { line: 2, text: Rc::from("get 6") });
    push(&mut trace, Event::DiskFault { text: why.clone() });
    push(&mut trace, Event::Answered { text: Rc::from("6 is there: yew") });
    push(&mut trace, Event::CommandEnded { line: 2 });
    let timeline = Timeline::new(trace);
    let said: Vec<String> = (1..=timeline.len()).map(|position| timeline.caption_at(position)).collect();
    assert_eq!(said.iter().filter(|said| said.contains(&*why)).count(), 2, "{said:#?}");
    assert!(said[2].contains(&*why) && said[3] == "Not done: get 5", "{said:#?}");
    assert!(said[5].contains(&*why) && said[7] == "Done: get 6", "{said:#?}");
}

#[test]
fn a_check_is_no_algorithm_of_the_engine() {
    let title = |command: &str| pseudocode::of_check(command).map(|algorithm| algorithm.title);
    assert_eq!(
        [title("verify"), title("expect height = 2"), title("get 5"), title("")],
        [Some("Verify"), Some("Expect"), None, None]
    );
}

#[test]
fn pseudocode_follows_the_events() {
    let timeline = Timeline::new(split_trace());
    let line = |index: usize| running(&timeline.view_at(index), timeline.record(index).unwrap());
    assert_eq!(line(2), Some((&pseudocode::INSERT, 0)));
    assert_eq!(line(11), Some((&pseudocode::LEAF_SPLIT, 2)));
    assert_eq!(line(14), Some((&pseudocode::LEAF_SPLIT, 8)));
    assert_eq!(line(16), Some((&pseudocode::INSERT, 7)));
    assert_eq!(line(19), None);
}

#[test]
fn a_jump_is_the_same_as_folding_all_the_way() {
    let trace = Noise(7).trace(3000);
    let timeline = Timeline::new(trace.clone());
    let mut view = View::default();
    let mut noise = Noise(1);
    let mut wanted: Vec<usize> = (0..60).map(|_| noise.below(3001) as usize).collect();
    wanted.sort_unstable();
    for position in wanted.iter().copied() {
        while view.position < position {
            let index = view.position;
            view.apply(index, trace.get(index).unwrap());
        }
        assert_eq!(*timeline.view_at(position), view, "position {position}");
    }
    for position in wanted.into_iter().rev() {
        assert_eq!(timeline.view_at(position).position, position);
    }
}

#[test]
fn growing_in_parts_is_the_same_as_all_at_once() {
    let trace = Noise(9).trace(2000);
    let mut grown = Timeline::default();
    for length in [0, 1, 255, 256, 300, 1500, 2001] {
        let mut part = trace.clone();
        part.truncate(length);
        grown.extend(part);
    }
    let whole = Timeline::new(trace);
    assert_eq!(grown.markers(), whole.markers());
    assert_eq!(grown.series(), whole.series());
    assert_eq!(grown.view_at(2001), whole.view_at(2001));
    assert_eq!(grown.view_at(777), whole.view_at(777));
    grown.truncate(777);
    assert_eq!(grown.view_at(5000), whole.view_at(777));
}

#[test]
fn stepping_by_commands_goes_where_they_begin() {
    let timeline = Timeline::new(split_trace());
    assert_eq!(timeline.commands(), [1]);
    assert_eq!((timeline.command_before(9), timeline.command_before(1)), (1, 0));
    assert_eq!((timeline.command_after(0), timeline.command_after(1)), (1, timeline.len()));
}

#[test]
fn no_trace_makes_it_panic() {
    for seed in 0..40 {
        let trace = Noise(seed).trace(1500);
        let mut view = View::default();
        for (index, record) in trace.iter().enumerate() {
            assert!(!caption(&view, record).is_empty());
            assert!(!describe(record).is_empty());
            let _ = running(&view, record);
            view.apply(index, record);
            for measure in MEASURES {
                let _ = measure.text(measure.value(&view));
            }
        }
        let exact = Tally::of(&view.state.pages);
        assert_eq!((exact.leaf_keys, exact.leaf_used), (view.tally.leaf_keys, view.tally.leaf_used));
    }
}

#[test]
fn a_file_that_claims_too_many_pages_is_clamped() {
    let mut view = View::default();
    let event = Event::DiskExtended { pages: u32::MAX };
    view.apply(0, &Record { time_ns: 0, cause: NO_CAUSE, node: 0, event });
    assert_eq!(view.state.pages.len(), PAGES_MAX);
    let event = Event::DiskExtended { pages: 2 };
    view.apply(1, &Record { time_ns: 0, cause: NO_CAUSE, node: 0, event });
    assert_eq!((view.state.pages.len(), view.tally.free_pages), (2, 2));
}
