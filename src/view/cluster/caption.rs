//! What happens in a cluster, in one sentence.
//!
//! A note is the node's own sentence, word for word.

use super::words;
use crate::View;
use crate::caption::duration;
use crate::describe::{count, key};
use glassbase_trace::parts::cluster::{FlyingState, NodeState, why_dropped};
use glassbase_trace::{Event, MessageId, NodeId, NodeStatus, Record, RequestFate, VerdictKind};

/// The sentence for a record, told from the view before it.
pub fn caption(view: &View, record: &Record) -> Option<String> {
    let cluster = view.cluster()?;
    let flying = |message: MessageId| cluster.flying.iter().find(|flying| flying.message == message);
    let node_at = |node: NodeId| cluster.nodes.get(usize::from(node.number().checked_sub(1)?)).map(|node| &**node);
    Some(match &record.event {
        Event::MessageDelivered { message } => match flying(*message) {
            Some(flying) => {
                let took = duration(record.time_ns.saturating_sub(flying.sent_ns));
                format!("{} has {} from {}, {took} on the way{}.", flying.to, of(flying), flying.from, text(flying))
            }
            None => return describe(record),
        },
        Event::MessageDropped { message, why } => match flying(*message) {
            Some(flying) => {
                let why = why_dropped(*why);
                format!("{} from {} to {} does not arrive: {why}.", upper(&of(flying)), flying.from, flying.to)
            }
            None => return describe(record),
        },
        Event::MessageDelayed { message, due_ns } => match flying(*message) {
            Some(flying) => format!(
                "{} from {} to {} is held up: it is due at {} now.",
                upper(&of(flying)),
                flying.from,
                flying.to,
                words::time(*due_ns)
            ),
            None => return describe(record),
        },
        Event::RequestEnded { request, fate, answer, latency_ns, stale } => {
            let Some(asked) = cluster.requests.iter().rev().find(|known| known.request == *request) else {
                return describe(record);
            };
            let stale =
                if *stale { " That is stale: a newer version had been acknowledged before it was asked." } else { "" };
            let took = duration(*latency_ns);
            match fate {
                RequestFate::Done if answer.is_empty() => {
                    format!("{}: {} is done after {took}.{stale}", asked.client, asked.text)
                }
                RequestFate::Done => format!("{}: {} gives {answer} after {took}.{stale}", asked.client, asked.text),
                fate => {
                    let why = if answer.is_empty() { String::new() } else { format!(" ({answer})") };
                    format!("{}: {} ended after {took}{why}, {}.", asked.client, asked.text, words::fate(*fate))
                }
            }
        }
        Event::RequestMoved { request, node } => {
            let Some(asked) = cluster.requests.iter().rev().find(|known| known.request == *request) else {
                return describe(record);
            };
            match asked.node == *node {
                true => format!("{} asks {node} again: {}.", asked.client, asked.text),
                false => format!("{} turns from {} to {node}: {}.", asked.client, asked.node, asked.text),
            }
        }
        Event::NodeChanged { node, head } => {
            let before = node_at(*node).map(|node| &node.detail.head)?;
            if before.role != head.role {
                format!("{node} was {} and is {} now{}.", role(&before.role), role(&head.role), term(head.term))
            } else if before.term == 0 && head.term != 0 {
                format!("{node} is in {} now.", words::term(head))
            } else if before.term != head.term {
                format!("{node} goes from {} to {}.", words::term(before), words::term(head))
            } else if before.committed != head.committed {
                format!("{node} knows that its log is committed up to {}.", head.committed)
            } else if before.applied != head.applied {
                format!("{node} has applied its log up to {}.", head.applied)
            } else {
                let changed = head.facts.iter().find(|fact| !before.facts.contains(fact));
                match changed {
                    Some(fact) => format!("{node}: {} is {} now.", fact.name, fact.value),
                    None => return describe(record),
                }
            }
        }
        Event::NodeLogChanged { node, first, kept, tail } => {
            let before = node_at(*node).map_or(0, |node| node.detail.log.entries.len() as u64);
            let skipped = node_at(*node).map_or(0, |node| first.saturating_sub(node.detail.log.first).min(before));
            let lost = (before - skipped).saturating_sub(u64::from(*kept));
            log(*node, *first, lost, tail.first, tail.entries.len() as u64)
        }
        Event::NodeStatusChanged { node, status, ahead_ns, behind_ns } => {
            let before = node_at(*node)?;
            if before.status == *status {
                skewed(*node, *ahead_ns, *behind_ns, Some(before))
            } else {
                status_changed(*node, *status, before.status)
            }
        }
        Event::LinksChanged { cut } if cut.is_empty() => {
            "The network is whole again: every node reaches every other.".to_string()
        }
        _ => return describe(record),
    })
}

fn of(flying: &FlyingState) -> String {
    flying.kind.to_string()
}

fn text(flying: &FlyingState) -> String {
    if flying.text.is_empty() { String::new() } else { format!(": {}", flying.text) }
}

fn role(role: &str) -> &str {
    if role.is_empty() { "nothing yet" } else { role }
}

fn term(term: u64) -> String {
    if term == 0 { String::new() } else { format!(", in term {term}") }
}

fn upper(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

fn log(node: NodeId, first: u64, lost: u64, from: u64, added: u64) -> String {
    let cut = if lost > 0 {
        format!("{} at its end are cut off; ", count(lost, "entry").replace("entrys", "entries"))
    } else {
        String::new()
    };
    match added {
        0 if lost > 0 => format!("{node}'s log: {}.", cut.trim_end_matches("; ")),
        0 => format!("{node}'s log begins at entry {first} now."),
        1 => format!("{node}'s log: {cut}entry {from} is appended."),
        added => format!("{node}'s log: {cut}entries {from} to {} are appended.", from + added - 1),
    }
}

fn status_changed(node: NodeId, status: NodeStatus, before: NodeStatus) -> String {
    match (status, before) {
        (NodeStatus::Up, NodeStatus::Down) => format!("{node} starts again, with what its disk has."),
        (NodeStatus::Up, NodeStatus::Paused) => format!("{node} goes on as if nothing had been: its timers are late."),
        (NodeStatus::Up, _) => format!("{node} is up."),
        (NodeStatus::Paused, _) => format!("{node} is paused: it does nothing, and keeps everything."),
        (NodeStatus::Slow, _) => format!("{node} is slow: everything takes it many times longer."),
        (NodeStatus::Down, _) => format!("{node} crashes: its memory is gone, and what was not synced."),
    }
}

fn skewed(node: NodeId, ahead_ns: u64, behind_ns: u64, before: Option<&NodeState>) -> String {
    let was_off = before.is_some_and(|before| (before.ahead_ns, before.behind_ns) != (0, 0));
    match (ahead_ns, behind_ns) {
        (0, 0) if was_off => format!("{node}'s clock is right again."),
        (0, 0) => format!("{node} is as it was."),
        (0, behind) => format!("{node}'s clock is {} behind the true time.", duration(behind)),
        (ahead, _) => format!("{node}'s clock is {} ahead of the true time.", duration(ahead)),
    }
}

/// The sentence from the record alone.
pub fn describe(record: &Record) -> Option<String> {
    Some(match &record.event {
        Event::Noted { node, text, .. } => noted(*node, text),
        Event::TimerFired { node, .. } => format!("A timer of {node} runs out."),
        Event::MessageSent { from, to, kind, text, sent_ns, due_ns, .. } => {
            let text = if text.is_empty() { String::new() } else { format!(": {text}") };
            let takes = duration(due_ns.saturating_sub(*sent_ns));
            let takes = if takes.is_empty() { String::new() } else { format!(", due in {takes}") };
            format!("{from} sends {kind} to {to}{takes}{text}.")
        }
        Event::MessageDelivered { message } => format!("Message {} arrives.", message.0),
        Event::MessageDropped { message, why } => {
            format!("Message {} does not arrive: {}.", message.0, why_dropped(*why))
        }
        Event::MessageDelayed { message, due_ns } => {
            format!("Message {} is held up until {}.", message.0, words::time(*due_ns))
        }
        Event::LinksChanged { cut } if cut.is_empty() => "No link is cut.".to_string(),
        Event::LinksChanged { cut } => links(cut),
        Event::RequestAsked { client, node, text, .. } => format!("{client} asks {node}: {text}."),
        Event::RequestMoved { request, node } => format!("Operation {request} is asked of {node} now."),
        Event::RequestEnded { request, fate, answer, latency_ns, .. } => {
            let answer = if answer.is_empty() { String::new() } else { format!(", {answer}") };
            format!("Operation {request} ended after {}: {}{answer}.", duration(*latency_ns), words::fate(*fate))
        }
        Event::Judged { checker, kind, text, .. } => {
            let word = match kind {
                VerdictKind::Holds => "holds",
                VerdictKind::Violated => "is violated",
                VerdictKind::GaveUp => "could not be decided",
                VerdictKind::Nothing => "has nothing to check",
            };
            let text = if text.is_empty() { String::new() } else { format!(": {text}") };
            format!("Checked: {checker} {word}{}.", text.trim_end_matches('.'))
        }
        Event::NodeStatusChanged { node, status, ahead_ns: 0, behind_ns: 0 } => {
            format!("{node} is {}.", words::status(*status))
        }
        Event::NodeStatusChanged { node, ahead_ns, behind_ns, .. } => skewed(*node, *ahead_ns, *behind_ns, None),
        Event::NodeChanged { node, head } => format!("{node} is {}{}.", role(&head.role), term(head.term)),
        Event::NodeLogChanged { node, first, tail, .. } => log(*node, *first, 0, tail.first, tail.entries.len() as u64),
        Event::NodeDatumChanged { node, datum } if datum.versions.is_empty() => {
            format!("{node} has {} no more.", key(&datum.key))
        }
        Event::NodeDatumChanged { node, datum } if datum.versions.len() > 1 => {
            format!("{node} keeps {} versions side by side: {}.", datum.versions.len(), words::datum(datum))
        }
        Event::NodeDatumChanged { node, datum } => format!("{node} has {} now.", words::datum(datum)),
        _ => return None,
    })
}

/// A node's sentence, word for word; its name comes first where the sentence does not begin with it.
fn noted(node: NodeId, text: &str) -> String {
    let name = node.to_string();
    let named = text.strip_prefix(&name).is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_digit()));
    if named { text.to_string() } else { format!("{name}: {text}") }
}

fn links(cut: &[(NodeId, NodeId)]) -> String {
    let both = |pair: &&(NodeId, NodeId)| pair.0 < pair.1 && cut.contains(&(pair.1, pair.0));
    let mut said: Vec<String> = cut.iter().filter(both).map(|(a, b)| format!("{a} and {b}")).collect();
    let one_way = cut.iter().filter(|(a, b)| !cut.contains(&(*b, *a)));
    said.extend(one_way.map(|(a, b)| format!("from {a} to {b}")));
    let more = said.len().saturating_sub(4);
    said.truncate(4);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("Cut: {}{more}.", said.join(", "))
}
