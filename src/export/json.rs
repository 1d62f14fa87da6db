//! A trace as JSON, for programs: every record with all that it tells.
//!
//! ```text
//!   {"format": "glassbase-trace-json", "version": 1, "script": "insert 37\n", "records": [
//!   {"time_ns": 0, "cause": null, "node": 0, "lane": "script", "event": "command-begun", "fields": {"line": 1, ...}},
//!   ...
//!   ]}
//! ```
//!
//! `cause` is the index of a record in the list. What happened within a shard has `shard`, its number. Numbers that a double does not hold exactly are texts.

use super::spans::unwrapped;
use super::text::{push_fields, push_json, push_json_number};
use crate::trace::{NO_CAUSE, NodeId, Trace};

/// The whole trace, one record a line, unless it is longer than `bytes_max`.
pub fn write(script: &str, trace: &Trace, bytes_max: usize) -> Option<String> {
    let mut out = String::from("{\"format\":\"glassbase-trace-json\",\"version\":1,\"script\":");
    push_json(&mut out, script);
    out.push_str(",\"records\":[");
    for (index, record) in trace.iter().enumerate() {
        out.push_str(if index == 0 { "\n{\"time_ns\":" } else { ",\n{\"time_ns\":" });
        push_json_number(&mut out, record.time_ns);
        out.push_str(",\"cause\":");
        match record.cause {
            NO_CAUSE => out.push_str("null"),
            cause => push_json_number(&mut out, u64::from(cause)),
        }
        out.push_str(",\"node\":");
        push_json_number(&mut out, u64::from(record.node));
        let (shard, event) = unwrapped(&record.event);
        if shard != NodeId::default() {
            out.push_str(",\"shard\":");
            push_json_number(&mut out, u64::from(shard.0));
        }
        out.push_str(",\"lane\":");
        push_json(&mut out, event.lane().word());
        out.push_str(",\"event\":");
        push_json(&mut out, event.name());
        out.push_str(",\"fields\":");
        push_fields(&mut out, event);
        out.push('}');
        if out.len() > bytes_max {
            return None;
        }
    }
    out.push_str("\n]}\n");
    Some(out)
}
