//! Records of the log in a few words, for whoever looks at it.

use crate::log::record::{Body, KeyUndo};
use crate::page::{Edit, Value};
use glassbase_trace::bytes::show;

/// What an edit does.
pub fn edit(edit: &Edit) -> String {
    match *edit {
        Edit::Format { kind, .. } => format!("format as {}", kind.word()),
        Edit::InsertRecord { key, value, .. } => format!("insert {}{}", show(key), overflow(value)),
        Edit::ReplaceRecord { key, value, .. } => format!("replace {}{}", show(key), overflow(value)),
        Edit::RemoveCell { slot } => format!("remove slot {slot}"),
        Edit::InsertChild { key, child, .. } => format!("insert separator {} to page {}", show(key), child.0),
        Edit::ReplaceChild { key, child, .. } => format!("replace separator by {} to page {}", show(key), child.0),
        Edit::SetLinks { prev, next } => format!("link to {} and {}", prev.0, next.0),
        Edit::SetMeta(meta) => format!("root {}, first free {}", meta.root.0, meta.free_head.0),
        Edit::WriteOverflow { part, .. } => format!("write {} bytes", part.len()),
        Edit::InsertCells { count, .. } => format!("insert {count} cells"),
        Edit::RemoveCells { count, .. } => format!("remove {count} cells"),
    }
}

fn overflow(value: Value) -> String {
    match value {
        Value::Inline(_) => String::new(),
        Value::Overflow(first) => format!(", value on page {}", first.0),
    }
}

/// What a record says.
pub fn body(body: &Body) -> String {
    match body {
        Body::Begin | Body::Abort | Body::End => String::new(),
        Body::Update { edit: done, .. } => edit(done),
        Body::Compensation { edit: done, undo_next, .. } => format!("{}, then undo {}", edit(done), undo_next.0),
        Body::ActionEnd { undo, undo_next, .. } => match undo {
            KeyUndo::Nothing => format!("skip to {}", undo_next.0),
            KeyUndo::Remove { key } => format!("undo: remove {}", show(key)),
            KeyUndo::Put { key, .. } => format!("undo: put {} back", show(key)),
        },
        Body::Commit { chains } if chains.is_empty() => String::new(),
        Body::Commit { chains } => format!("{} values to free", chains.len()),
        Body::Image { before_hole, behind_hole, .. } => format!("{} bytes", before_hole.len() + behind_hole.len()),
        Body::CheckpointBegin { records } => format!("{records} records"),
        Body::CheckpointEnd { dirty, transactions, .. } => {
            format!("{} dirty pages, {} transactions", dirty.len(), transactions.len())
        }
    }
}
