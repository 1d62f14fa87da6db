//! What a server or a request is made of, and what can be done to it.

use super::scene;
use crate::facts::{FactTable, Facts, Said};
use crate::{Selection, View};
use glassbase_trace::parts::tiers::EntryState;
use glassbase_trace::{TierKind, TierStatus};

pub fn inspect(view: &View, selection: Selection) -> Option<Facts> {
    let tiers = view.tiers()?;
    match selection {
        Selection::Node(id) => {
            let place = tiers.place(id)?;
            let facts = Facts::new(scene::name(tiers, id)).row("status", place.status.word());
            if place.kind == TierKind::Database {
                let facts = facts.row("connections", format!("{} of {}", tiers.busy, tiers.connections));
                return Some(facts.row("waiting", format!("{} of {}", tiers.queued, tiers.queue_limit)));
            }
            let facts = facts.row("entries", format!("{} of {}", place.entries.len(), place.capacity));
            let facts = facts.row("hits", format!("{} of {}", place.hits, place.hits + place.misses));
            let rows = place.entries.iter().map(|entry| row(entry, view.time_ns)).collect();
            let heads = vec!["key", "version", "good for", "stale for"];
            Some(facts.table(FactTable { title: "Entries".to_string(), heads, rows, chosen: None }))
        }
        Selection::Request(number) => {
            let request = tiers.request(number)?;
            let facts = Facts::new(format!("Request {number}"));
            let facts = facts.row("asks", format!("{} {}", request.operation.word(), request.key));
            let facts = facts.row("since", format!("{} us", view.time_ns.saturating_sub(request.asked_ns) / 1000));
            let facts = facts.link("from", scene::name(tiers, request.from), Selection::Node(request.from));
            let facts = facts.link("to", scene::name(tiers, request.to), Selection::Node(request.to));
            Some(facts.row("now", scene::wait(request.wait)))
        }
        _ => None,
    }
}

fn row(entry: &EntryState, now_ns: u64) -> Vec<Said> {
    let ms = |ns: u64| format!("{} ms", ns / 1_000_000);
    let left = entry.expires_ns.saturating_sub(now_ns);
    let good = if left == 0 { "expired".to_string() } else { ms(left) };
    let stale = if entry.stale_ns > 0 { ms(now_ns.saturating_sub(entry.stale_ns)) } else { String::new() };
    vec![entry.key.to_string().into(), entry.version.to_string().into(), good.into(), stale.into()]
}

/// Killing a server, and starting it again.
pub fn actions(view: &View, selection: Selection) -> Vec<(String, String)> {
    let Selection::Node(id) = selection else { return Vec::new() };
    let Some(tiers) = view.tiers() else { return Vec::new() };
    let Some(place) = tiers.place(id) else { return Vec::new() };
    let number = tiers.places.iter().take(usize::from(id.0)).filter(|other| other.kind == place.kind).count();
    let what = match place.kind {
        TierKind::App => format!("app {number}"),
        TierKind::Cache => format!("l2 {number}"),
        TierKind::Database => "db".to_string(),
    };
    if place.status == TierStatus::Down {
        return vec![("Restart".to_string(), format!("restart {what}"))];
    }
    vec![("Kill".to_string(), format!("kill {what}"))]
}
