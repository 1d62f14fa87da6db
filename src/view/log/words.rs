//! Records of the log in words.

use glassbase_trace::LogKind;
use glassbase_trace::parts::log::LogRecord;

/// What a record is, in a word or two.
pub fn kind(kind: LogKind) -> &'static str {
    match kind {
        LogKind::Begin => "begin",
        LogKind::Update => "update",
        LogKind::Compensation => "undo",
        LogKind::ActionEnd => "action end",
        LogKind::Commit => "COMMIT",
        LogKind::Abort => "abort",
        LogKind::End => "end",
        LogKind::Image => "image",
        LogKind::CheckpointBegin => "checkpoint",
        LogKind::CheckpointEnd => "tables",
    }
}

/// What stands in the box of a record.
pub fn label(record: &LogRecord) -> String {
    match record.kind {
        LogKind::Update => short(&record.text),
        LogKind::Compensation => format!("\u{21a9}{}", short(record.text.split(',').next().unwrap_or_default())),
        LogKind::Image => format!("image p{}", record.page.0),
        LogKind::ActionEnd => "\u{2514} whole".to_string(),
        LogKind::CheckpointBegin => "chkpoint".to_string(),
        other => kind(other).to_string(),
    }
}

/// Longer words are shortened so that the key is seen.
fn short(text: &str) -> String {
    let head = [
        ("insert separator ", "sep "),
        ("replace separator by ", "sep "),
        ("insert ", "+"),
        ("replace ", "="),
        ("remove slot ", "\u{2212}slot "),
        ("remove ", "\u{2212}"),
        ("format as ", "new "),
        ("link to ", "link "),
    ];
    let found = head.iter().find_map(|(long, short)| text.strip_prefix(long).map(|rest| (short, rest)));
    match found {
        Some((short, rest)) => {
            let rest = rest.split(',').next().unwrap_or_default();
            format!("{short}{}", rest.split(" to page").next().unwrap_or_default()).replace(" and ", "\u{b7}")
        }
        None => text.split(',').next().unwrap_or_default().to_string(),
    }
}

/// A record in a sentence.
pub fn sentence(record: &LogRecord, name: &str) -> String {
    let whose = match record.txn.0 {
        0 => String::new(),
        number if name.is_empty() => format!(" of transaction {number}"),
        _ => format!(" of {name}"),
    };
    let what = if record.text.is_empty() { String::new() } else { format!(": {}", record.text) };
    let place = if record.page.is_none() { String::new() } else { format!(", page {}", record.page.0) };
    format!("Record {}, {}{whose}{place}{what}", record.lsn.0, record.kind.word())
}

/// A number where a sentence needs one.
pub fn number(number: u32) -> String {
    crate::describe::grouped(u64::from(number))
}
