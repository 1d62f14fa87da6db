//! The algorithms of a heap file in pseudocode.

use crate::View;
use crate::pseudocode::Algorithm;
use glassbase_trace::{CellKind, Event, HeapKind, HeapOperation, Record};

pub static INSERT: Algorithm = Algorithm {
    name: "heap-insert",
    title: "Insert a row",
    lines: &[
        "insert(row):",
        "  if row is longer than half a page:",
        "    write it to a chain of overflow pages",
        "  page = the last one, if it has room",
        "    else what the free-space map finds",
        "    else a new page at the end of the file",
        "  if its free space is in pieces: compact",
        "  put the bytes before the other rows",
        "  put their place into a free slot",
        "  note the page's room in the map",
        "  return (page, slot)",
    ],
};

pub static UPDATE: Algorithm = Algorithm {
    name: "heap-update",
    title: "Change a row",
    lines: &[
        "update(id, row):",
        "  page, slot = where the row is (see get)",
        "  if it fits in its place: overwrite",
        "  else if it fits in the page:",
        "    compact if it must, give it a new place",
        "  else if it had moved and fits at home:",
        "    put it back there",
        "  else:",
        "    put it into a page with room",
        "    leave its new address in its slot",
        "  note the pages' room in the map",
    ],
};

pub static GET: Algorithm = Algorithm {
    name: "heap-get",
    title: "Look a row up",
    lines: &[
        "get(page, slot):",
        "  fetch(page), check its checksum",
        "  cell = what the slot leads to",
        "  if cell is a forwarding address:",
        "    fetch that page, cell = the row there",
        "  if cell begins a chain:",
        "    fetch its pages one after the other",
        "  return the row",
    ],
};

pub static SCAN: Algorithm = Algorithm {
    name: "heap-scan",
    title: "Full scan",
    lines: &[
        "scan():",
        "  for each page of the file, in order:",
        "    fetch(page), check its checksum",
        "    for each slot:",
        "      forwarding address: it comes later",
        "      row: read it (and its chain)",
    ],
};

pub static DELETE: Algorithm = Algorithm {
    name: "heap-delete",
    title: "Delete a row",
    lines: &[
        "delete(id):",
        "  page, slot = where the row is (see get)",
        "  free the slot; its bytes stay: garbage",
        "  if it had moved: free that slot too",
        "  if it had a chain: free its pages",
        "  if the page is empty: free it",
        "  note the pages' room in the map",
    ],
};

pub fn running(view: &View, record: &Record) -> Option<(&'static Algorithm, usize)> {
    let operation = match &record.event {
        Event::HeapBegun { operation, .. } => *operation,
        _ => view.pages.operation?.0,
    };
    view.state.parts.heap.as_ref()?;
    let event = &record.event;
    Some(match operation {
        HeapOperation::Insert => (&INSERT, insert(event)?),
        HeapOperation::Update => (&UPDATE, update(event)?),
        HeapOperation::Get => (&GET, get(event)?),
        HeapOperation::Scan => (&SCAN, scan(event)?),
        HeapOperation::Delete => (&DELETE, delete(event)?),
        HeapOperation::Compact | HeapOperation::Read | HeapOperation::Flush => return None,
    })
}

fn insert(event: &Event) -> Option<usize> {
    use Event::*;
    Some(match event {
        HeapBegun { .. } => 0,
        HeapOverflowWritten { .. } | HeapFormatted { kind: HeapKind::Overflow, .. } => 2,
        HeapMapSearched { .. } => 4,
        HeapFormatted { .. } | DiskExtended { .. } => 5,
        HeapCompacted { .. } => 6,
        HeapCellPut { .. } => 7,
        HeapMapSet { .. } => 9,
        HeapEnded { .. } => 10,
        PoolHit { .. } | PoolMiss { .. } => 3,
        _ => return None,
    })
}

fn update(event: &Event) -> Option<usize> {
    use Event::*;
    Some(match event {
        HeapBegun { .. } => 0,
        HeapCellRead { .. } | PoolHit { .. } | PoolMiss { .. } => 1,
        HeapCellPut { kind: CellKind::Stub, .. } => 9,
        HeapCellPut { offset, from, .. } if offset == from => 2,
        HeapCellPut { kind: CellKind::Moved, from: 0, .. } => 8,
        HeapCellPut { .. } | HeapCompacted { .. } => 4,
        HeapCameHome { .. } => 6,
        HeapForwarded { .. } | HeapMapSearched { .. } | HeapFormatted { .. } => 8,
        HeapMapSet { .. } => 10,
        _ => return None,
    })
}

fn get(event: &Event) -> Option<usize> {
    use Event::*;
    Some(match event {
        HeapBegun { .. } => 0,
        PoolHit { .. } | PoolMiss { .. } | DiskRead { .. } | DiskFault { .. } => 1,
        HeapCellRead { kind: CellKind::Stub, .. } => 3,
        HeapCellRead { kind: CellKind::Moved, .. } => 4,
        HeapCellRead { .. } => 2,
        HeapOverflowRead { .. } => 6,
        HeapEnded { .. } => 7,
        _ => return None,
    })
}

fn scan(event: &Event) -> Option<usize> {
    use Event::*;
    Some(match event {
        HeapBegun { .. } => 0,
        PoolHit { .. } | PoolMiss { .. } | DiskRead { .. } | DiskFault { .. } => 2,
        HeapOverflowRead { .. } | HeapPageScanned { .. } => 5,
        HeapEnded { .. } => 1,
        _ => return None,
    })
}

fn delete(event: &Event) -> Option<usize> {
    use Event::*;
    Some(match event {
        HeapBegun { .. } => 0,
        HeapCellRead { .. } | PoolHit { .. } | PoolMiss { .. } => 1,
        HeapSlotFreed { .. } => 2,
        HeapFormatted { .. } => 5,
        HeapMapSet { .. } => 6,
        _ => return None,
    })
}
