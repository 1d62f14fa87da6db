//! The doors: a shard as the cluster that it is, and all before the shards as the caches that they are, told by what the run
//! tells of them. (The store of a replica is filmed: see `lab/session/behind.rs`.)

use std::rc::Rc;

use crate::lab::LabInfo;
use crate::stack::Place;
use crate::trace::parts::tiers::TiersState;
use crate::trace::{ClusterState, EngineState, Event, Lane, Parts};

/// A shard alone.
pub fn shard(cluster: Rc<ClusterState>) -> EngineState {
    EngineState { parts: Parts { cluster: Some(cluster), ..Parts::default() }, ..EngineState::default() }
}

/// The caches alone.
pub fn tiers(tiers: Rc<TiersState>) -> EngineState {
    EngineState { parts: Parts { tiers: Some(tiers), ..Parts::default() }, ..EngineState::default() }
}

/// The lab of a place that the run tells of.
pub fn lab(place: Place, protocol: &str) -> Option<&'static LabInfo> {
    let name = match (place, protocol) {
        (Place::Replica(..) | Place::Leader(_), _) => return None,
        (Place::Shard(_), "raft") => "raft",
        (Place::Shard(_), "quorum") => "quorum",
        (Place::Shard(_), _) => "leader-follower",
        _ => "cache",
    };
    crate::lab::lab(name)
}

/// What an event says of a place, in the words of its lab.
pub fn of_part(place: Place, event: &Event) -> Option<Event> {
    let taken = |state: EngineState| Event::StateTaken { state: Rc::new(state) };
    match (place, event) {
        (Place::Replica(..) | Place::Leader(_), _) => None,
        (Place::Shard(wanted), Event::StateTaken { state }) => {
            let part = state.parts.stack.as_ref()?.shards.iter().find(|part| part.shard == wanted)?;
            Some(taken(shard(part.cluster.clone())))
        }
        (Place::Shard(wanted), Event::ShardJoined { part, .. }) if part.shard == wanted => {
            Some(taken(shard(part.cluster.clone())))
        }
        (Place::Shard(wanted), Event::Within { shard, event }) if *shard == wanted => Some((**event).clone()),
        (Place::Shard(_), _) => None,
        (_, Event::StateTaken { state }) => Some(taken(tiers(state.parts.stack.as_ref()?.tiers.clone()))),
        (_, event) => matches!(event.lane(), Lane::Tiers | Lane::Database).then(|| event.clone()),
    }
}
