//! The algorithms in pseudocode, and the line that runs at an event.

use super::guide::told;
use super::{Change, View};
use glassbase_trace::{Event, Operation, PageBody, PageId, Record};

/// An algorithm to read beside the picture.
#[derive(Debug, PartialEq, Eq)]
pub struct Algorithm {
    pub name: &'static str,
    pub title: &'static str,
    /// Lines, indented by two blanks a level.
    pub lines: &'static [&'static str],
}

pub static SEARCH: Algorithm = Algorithm {
    name: "search",
    title: "Search",
    lines: &[
        "search(key):",
        "  page = fetch(root)",
        "  while page is an inner page:",
        "    i = number of separators ≤ key",
        "    page = fetch(page.child[i])",
        "  i = number of keys < key in page",
        "  return page.key[i] == key",
    ],
};

pub static INSERT: Algorithm = Algorithm {
    name: "insert",
    title: "Insert",
    lines: &[
        "insert(key, value):",
        "  leaf, slot, found = search(key)",
        "  if found: replace the value, or refuse",
        "  if value is longer than a leaf takes:",
        "    write it to a chain of overflow pages",
        "  if leaf is full:",
        "    split leaf",
        "  put (key, value) into its slot",
    ],
};

pub static LEAF_SPLIT: Algorithm = Algorithm {
    name: "leaf-split",
    title: "Leaf split",
    lines: &[
        "split leaf:",
        "  right = new leaf",
        "  move the upper cells to right",
        "  link right between leaf and leaf.next",
        "  separator = first key of right (a copy)",
        "  if leaf was the root:",
        "    new root over leaf and right",
        "  else:",
        "    put (separator, right) into the parent",
        "    if the parent is full: split it first",
    ],
};

pub static INNER_SPLIT: Algorithm = Algorithm {
    name: "inner-split",
    title: "Inner split",
    lines: &[
        "split inner:",
        "  right = new inner page",
        "  middle = the separator in the middle",
        "  move the separators above middle to right",
        "  right.leftmost = child right of middle",
        "  take middle out: it goes up, no copy stays",
        "  if inner was the root:",
        "    new root over inner and right",
        "  else:",
        "    put (middle, right) into the parent",
    ],
};

pub static DELETE: Algorithm = Algorithm {
    name: "delete",
    title: "Delete",
    lines: &[
        "delete(key):",
        "  leaf, slot, found = search(key)",
        "  if not found: done",
        "  take the cell out of its slot",
        "  if leaf is less than half full:",
        "    if a sibling can spare: borrow",
        "    else: merge with a sibling",
        "  if the root has one child left:",
        "    that child is the root",
    ],
};

pub static BORROW: Algorithm = Algorithm {
    name: "borrow",
    title: "Borrow",
    lines: &[
        "borrow(page, sibling):",
        "  move cells from sibling to page",
        "  new border = first key of the right one",
        "  put the border into the parent",
    ],
};

pub static MERGE: Algorithm = Algorithm {
    name: "merge",
    title: "Merge",
    lines: &[
        "merge(left, right):",
        "  in an inner page: separator comes down",
        "  move all cells of right to left",
        "  left.next = right.next",
        "  take (separator, right) out of the parent",
        "  free right",
    ],
};

pub static SCAN: Algorithm = Algorithm {
    name: "scan",
    title: "Range scan",
    lines: &[
        "scan(from, to):",
        "  leaf, slot = search(from)",
        "  while leaf:",
        "    read cells from slot on, until to",
        "    if past to: done",
        "    leaf = fetch(leaf.next)",
    ],
};

pub static BULK: Algorithm = Algorithm {
    name: "bulk",
    title: "Bulk load",
    lines: &[
        "bulk_load(sorted records, fill):",
        "  for each record:",
        "    if the last leaf has reached fill:",
        "      start a new leaf, link it",
        "    append the record to it",
        "  while a level has more than one page:",
        "    build the level above in the same way",
        "  the last page is the root",
    ],
};

pub static VERIFY: Algorithm = Algorithm {
    name: "verify",
    title: "Verify",
    lines: &[
        "verify():",
        "  for each part that the engine consists of:",
        "    read it, and check its checksum",
        "    hold it against every invariant",
        "  name the first that is broken, if one is",
    ],
};

pub static EXPECT: Algorithm = Algorithm {
    name: "expect",
    title: "Expect",
    lines: &[
        "expect(what):",
        "  look up what there is",
        "  held, if it is what was expected",
        "  else say what was found",
    ],
};

/// What a command is that only looks, whatever the engine does meanwhile: its pages and searches serve the check.
pub fn of_check(command: &str) -> Option<&'static Algorithm> {
    match command.split_whitespace().next()? {
        "verify" => Some(&VERIFY),
        "expect" => Some(&EXPECT),
        _ => None,
    }
}

pub static ALGORITHMS: &[&Algorithm] =
    &[&SEARCH, &INSERT, &LEAF_SPLIT, &INNER_SPLIT, &DELETE, &BORROW, &MERGE, &SCAN, &BULK];

/// The line that runs at `record`, which happens to the engine as `view` shows it.
pub fn running(view: &View, record: &Record) -> Option<(&'static Algorithm, usize)> {
    if let Some(place) = told(|guide| (guide.running)(view, record)) {
        return Some(place);
    }
    if let Some(place) = at_change(view, &record.event) {
        return Some(place);
    }
    let operation = match &record.event {
        Event::OperationBegun { operation, .. } => return Some((algorithm(*operation)?, 0)),
        _ => view.operation.as_ref().filter(|operation| operation.ended.is_none())?.operation,
    };
    match operation {
        Operation::Insert | Operation::Upsert => insert(&record.event),
        Operation::Get => search(view, &record.event),
        Operation::Delete => delete(view, &record.event),
        Operation::Scan => scan(view, &record.event),
        Operation::BulkLoad => bulk(&record.event),
        Operation::Verify | Operation::Flush => None,
    }
    .map(|line| (algorithm(operation).unwrap_or(&SEARCH), line))
}

fn algorithm(operation: Operation) -> Option<&'static Algorithm> {
    match operation {
        Operation::Insert | Operation::Upsert => Some(&INSERT),
        Operation::Get => Some(&SEARCH),
        Operation::Delete => Some(&DELETE),
        Operation::Scan => Some(&SCAN),
        Operation::BulkLoad => Some(&BULK),
        Operation::Verify | Operation::Flush => None,
    }
}

/// The line of a split, merge or borrow, when one begins or is under way.
fn at_change(view: &View, event: &Event) -> Option<(&'static Algorithm, usize)> {
    let inner = |page: PageId| view.page(page).is_some_and(|page| matches!(page.body, PageBody::Inner { .. }));
    if let Some(place) = above_split(view, event) {
        return Some(place);
    }
    match (event, view.changes.last()) {
        (Event::SplitBegun { page, .. }, _) => Some((if inner(*page) { &INNER_SPLIT } else { &LEAF_SPLIT }, 0)),
        (Event::MergeBegun { .. }, _) => Some((&MERGE, 0)),
        (Event::BorrowBegun { .. }, _) => Some((&BORROW, 0)),
        (_, Some(Change::Split { page, .. })) if inner(*page) => Some((&INNER_SPLIT, inner_split(event)?)),
        (_, Some(Change::Split { .. })) => Some((&LEAF_SPLIT, leaf_split(event)?)),
        (_, Some(Change::Merge { right, .. })) => Some((&MERGE, merge(event, *right)?)),
        (_, Some(Change::Borrow { .. })) => Some((&BORROW, borrow(event)?)),
        _ => None,
    }
}

/// What a split does above the two pages: it links the new one, or puts a new root over both.
fn above_split(view: &View, event: &Event) -> Option<(&'static Algorithm, usize)> {
    let leaf = |page: PageId| view.page(page).is_some_and(|page| page.level() == Some(0));
    let last = view.unlinked.last()?;
    match event {
        Event::ChildInserted { page, child, .. } if view.unlinked.iter().any(|unlinked| unlinked.right == *child) => {
            let root = view.crown == Some(*page);
            Some(if leaf(*child) {
                (&LEAF_SPLIT, if root { 6 } else { 8 })
            } else {
                (&INNER_SPLIT, if root { 7 } else { 9 })
            })
        }
        Event::PageFormatted { level, .. } if usize::from(*level) >= usize::from(view.state.height) => {
            Some(if leaf(last.right) { (&LEAF_SPLIT, 6) } else { (&INNER_SPLIT, 7) })
        }
        Event::LeftmostChildSet { page, .. } if view.crown == Some(*page) => {
            Some(if leaf(last.right) { (&LEAF_SPLIT, 6) } else { (&INNER_SPLIT, 7) })
        }
        _ => None,
    }
}

fn search(view: &View, event: &Event) -> Option<usize> {
    match event {
        Event::Searched { child, .. } if child.is_none() => Some(5),
        Event::Searched { .. } => Some(3),
        Event::OperationEnded { .. } => Some(6),
        Event::PoolHit { page, .. } | Event::PoolMiss { page, .. } | Event::DiskRead { page, .. } => {
            Some(if *page == view.state.root { 1 } else { 4 })
        }
        _ => None,
    }
}

fn insert(event: &Event) -> Option<usize> {
    match event {
        Event::Searched { .. } => Some(1),
        Event::PoolHit { .. } | Event::PoolMiss { .. } | Event::DiskRead { .. } => Some(1),
        Event::RecordReplaced { .. } => Some(2),
        Event::OverflowWritten { .. } => Some(4),
        Event::RecordInserted { .. } => Some(7),
        _ => None,
    }
}

fn delete(view: &View, event: &Event) -> Option<usize> {
    match event {
        Event::Searched { .. } => Some(1),
        Event::PoolHit { .. } | Event::PoolMiss { .. } | Event::DiskRead { .. } => Some(1),
        Event::CellRemoved { page, .. } if view.page(*page).is_some_and(|page| page.level() == Some(0)) => Some(3),
        Event::BorrowEnded { .. } => Some(5),
        Event::MergeEnded { .. } => Some(6),
        Event::RootCollapsed { .. } | Event::RootChanged { .. } => Some(8),
        _ => None,
    }
}

fn scan(view: &View, event: &Event) -> Option<usize> {
    let reading = view.operation.as_ref().is_some_and(|operation| operation.reading.is_some());
    match event {
        Event::CellsRead { .. } => Some(3),
        Event::OperationEnded { .. } => Some(4),
        Event::PoolHit { .. } | Event::PoolMiss { .. } | Event::DiskRead { .. } if reading => Some(5),
        Event::Searched { .. } | Event::PoolHit { .. } | Event::PoolMiss { .. } | Event::DiskRead { .. } => Some(1),
        _ => None,
    }
}

fn bulk(event: &Event) -> Option<usize> {
    match event {
        Event::RecordInserted { .. } => Some(4),
        Event::LeafLinked { .. } | Event::PageFormatted { .. } => Some(3),
        Event::ChildInserted { .. } | Event::LeftmostChildSet { .. } => Some(6),
        Event::RootChanged { .. } => Some(7),
        _ => None,
    }
}

fn leaf_split(event: &Event) -> Option<usize> {
    match event {
        Event::PageFormatted { level: 0, .. } | Event::PoolCreated { .. } | Event::PageReused { .. } => Some(1),
        Event::DiskExtended { .. } => Some(1),
        Event::CellsMoved { .. } => Some(2),
        Event::LeafLinked { .. } => Some(3),
        Event::ChildInserted { .. } => Some(8),
        Event::PageFormatted { .. } | Event::LeftmostChildSet { .. } | Event::RootChanged { .. } => Some(6),
        Event::SplitEnded { .. } => Some(0),
        _ => None,
    }
}

fn inner_split(event: &Event) -> Option<usize> {
    match event {
        Event::DiskExtended { .. } | Event::PoolCreated { .. } | Event::PageReused { .. } => Some(1),
        Event::PageFormatted { .. } => Some(1),
        Event::CellsMoved { .. } => Some(3),
        Event::LeftmostChildSet { .. } => Some(4),
        Event::CellRemoved { .. } => Some(5),
        Event::RootChanged { .. } => Some(7),
        Event::ChildInserted { .. } => Some(9),
        Event::SplitEnded { .. } => Some(0),
        _ => None,
    }
}

fn borrow(event: &Event) -> Option<usize> {
    match event {
        Event::CellsMoved { .. } | Event::LeftmostChildSet { .. } => Some(1),
        Event::CellRemoved { .. } | Event::ChildInserted { .. } => Some(2),
        Event::SeparatorReplaced { .. } => Some(3),
        _ => None,
    }
}

fn merge(event: &Event, right: PageId) -> Option<usize> {
    match event {
        Event::ChildInserted { .. } => Some(1),
        Event::CellsMoved { .. } => Some(2),
        Event::LeafLinked { .. } => Some(3),
        Event::CellRemoved { .. } => Some(4),
        Event::PageFreed { page, .. } if *page == right => Some(5),
        _ => None,
    }
}
