//! What is done to a stack: places that go down and come back, links that are cut, disks that are full.

use super::{Place, Stack, StackError};
use glassbase_cache::Place as TierPlace;
use glassbase_replication::Action;
use glassbase_sim::{Crash, Cx, Fault};
use glassbase_trace::{Event, NodeId};

impl Stack {
    /// Takes the power from a place. What was not synced may be lost.
    pub fn kill(&mut self, cx: &mut Cx, place: Place) -> Result<(), StackError> {
        self.turn(cx, place, false)
    }

    /// Gives a place its power back.
    pub fn restart(&mut self, cx: &mut Cx, place: Place) -> Result<(), StackError> {
        self.turn(cx, place, true)
    }

    fn turn(&mut self, cx: &mut Cx, place: Place, on: bool) -> Result<(), StackError> {
        self.watched(cx, |stack, cx| {
            match place {
                Place::App(number) => stack.turn_tier(cx, TierPlace::App(number), on)?,
                Place::Cache(number) => stack.turn_tier(cx, TierPlace::Cache(number), on)?,
                Place::Router => stack.turn_tier(cx, TierPlace::Database, on)?,
                Place::Caches => {
                    let others = |stack: &Stack, number| stack.tiers.is_up(TierPlace::Cache(number)).ok() != Some(on);
                    let all = 1..=stack.options.tiers.caches;
                    let concerned: Vec<u16> = all.filter(|number| others(stack, *number)).collect();
                    // With none left to turn, the first one says so.
                    for number in if concerned.is_empty() { vec![1] } else { concerned } {
                        stack.turn_tier(cx, TierPlace::Cache(number), on)?;
                    }
                }
                Place::Shard(shard) => {
                    let mut turned = false;
                    for node in (1..=stack.options.cluster.nodes).map(NodeId) {
                        turned |= stack.turn_replica(cx, shard, node, on).is_ok();
                    }
                    if !turned {
                        stack.turn_replica(cx, shard, NodeId(1), on)?;
                    }
                }
                Place::Replica(shard, node) => stack.turn_replica(cx, shard, node, on)?,
                Place::Leader(shard) => {
                    let node = stack.leader(shard).ok_or(StackError::NoLeader { shard })?;
                    stack.turn_replica(cx, shard, node, on)?;
                }
            }
            stack.after_tiers(cx);
            Ok(())
        })
    }

    fn turn_tier(&mut self, cx: &mut Cx, place: TierPlace, on: bool) -> Result<(), StackError> {
        match on {
            true => {
                self.tiers.restart(cx, place, false)?;
                // A server that is started asks for the map.
                if let TierPlace::App(number) = place {
                    self.learn_map(number - 1);
                }
            }
            false => self.tiers.kill(cx, place)?,
        }
        Ok(())
    }

    fn turn_replica(&mut self, cx: &mut Cx, shard: NodeId, node: NodeId, on: bool) -> Result<(), StackError> {
        self.inject(cx, shard, &if on { Action::Restart(node) } else { Action::Crash(node) })
    }

    fn inject(&mut self, cx: &mut Cx, shard: NodeId, action: &Action) -> Result<(), StackError> {
        let Some(at) = self.groups.iter().position(|group| group.shard == shard) else {
            return Err(StackError::NoPlace { word: Place::Shard(shard).to_string() });
        };
        self.inside(cx, at, |cluster, cx| cluster.inject(cx, action))
            .map_err(|error| StackError::Shard { shard, error })
    }

    /// The disk of a replica is full the next time that it is to grow: the replica stops.
    pub fn fill_disk(&mut self, cx: &mut Cx, shard: NodeId, node: NodeId) -> Result<(), StackError> {
        self.fail_disk(cx, (shard, node), 0, Fault::DiskFull)
    }

    /// Something befalls the disk of a replica, after so many more operations.
    pub fn fail_disk(
        &mut self,
        cx: &mut Cx,
        (shard, node): (NodeId, NodeId),
        after_operations: u64,
        fault: Fault,
    ) -> Result<(), StackError> {
        let action = Action::Disk { node, after_operations, fault };
        self.watched(cx, |stack, cx| stack.inject(cx, shard, &action))
    }

    /// What became of what the disk of a replica had not synced when its power was cut last.
    pub fn crashed(&self, shard: NodeId, node: NodeId) -> Option<Crash> {
        self.cluster(shard)?.crashed(node)
    }

    /// Cuts links, both ways: between two places, or between one and all that it has to do with. Of a replica alone: the other
    /// replicas; of the router alone: all before it.
    pub fn cut(&mut self, cx: &mut Cx, one: Place, other: Option<Place>) -> Result<(), StackError> {
        self.watched(cx, |stack, cx| match (one, other) {
            (Place::Replica(shard, node), None) => stack.cut_replica(cx, shard, node, None),
            (Place::Replica(shard, node), Some(Place::Replica(same, peer))) if same == shard && peer != node => {
                stack.cut_replica(cx, shard, node, Some(peer))
            }
            (Place::Replica(shard, node), Some(Place::Router)) | (Place::Router, Some(Place::Replica(shard, node))) => {
                stack.inject(cx, shard, &Action::CutClients(node))
            }
            (Place::Shard(shard), None | Some(Place::Router)) | (Place::Router, Some(Place::Shard(shard))) => {
                for node in (1..=stack.options.cluster.nodes).map(NodeId) {
                    stack.inject(cx, shard, &Action::CutClients(node))?;
                }
                Ok(())
            }
            _ => stack.cut_front(cx, one, other),
        })
    }

    fn cut_replica(
        &mut self,
        cx: &mut Cx,
        shard: NodeId,
        node: NodeId,
        peer: Option<NodeId>,
    ) -> Result<(), StackError> {
        let all = (1..=self.options.cluster.nodes).map(NodeId).filter(|other| *other != node);
        let peers: Vec<NodeId> = all.filter(|other| peer.is_none_or(|peer| peer == *other)).collect();
        for peer in peers {
            self.inject(cx, shard, &Action::Cut { from: node, to: peer })?;
            self.inject(cx, shard, &Action::Cut { from: peer, to: node })?;
        }
        Ok(())
    }

    /// Links before the shards.
    fn cut_front(&mut self, cx: &mut Cx, one: Place, other: Option<Place>) -> Result<(), StackError> {
        let apps = || (1..=self.options.tiers.apps).map(TierPlace::App);
        let caches = || (1..=self.options.tiers.caches).map(TierPlace::Cache);
        let router = || std::iter::once(TierPlace::Database);
        let those = |place: Place| -> Vec<TierPlace> {
            match place {
                Place::App(number) => vec![TierPlace::App(number)],
                Place::Cache(number) => vec![TierPlace::Cache(number)],
                Place::Caches => caches().collect(),
                Place::Router => router().collect(),
                _ => Vec::new(),
            }
        };
        let ones = those(one);
        let others = match (other, one) {
            (Some(other), _) => those(other),
            (None, Place::App(_)) => caches().chain(router()).collect(),
            (None, Place::Router) => apps().chain(caches()).collect(),
            (None, _) => apps().chain(router()).collect(),
        };
        let talk = |a: TierPlace, b: TierPlace| std::mem::discriminant(&a) != std::mem::discriminant(&b);
        if ones.is_empty() || !others.iter().any(|other| talk(ones[0], *other)) {
            let other = other.map_or(String::new(), |other| other.to_string());
            return Err(StackError::NoLink { one: one.to_string(), other });
        }
        for one in &ones {
            for other in others.iter().filter(|other| talk(*one, **other)) {
                self.tiers.cut(*one, *other)?;
            }
        }
        self.tell_front(cx);
        Ok(())
    }

    fn tell_front(&self, cx: &mut Cx) {
        cx.emit(|| Event::FrontLinksChanged { cut: self.tiers.cuts() });
    }

    /// Lets a replica do everything many times slower; 1: as usual.
    pub fn slow(&mut self, cx: &mut Cx, shard: NodeId, node: NodeId, times: u64) -> Result<(), StackError> {
        self.watched(cx, |stack, cx| stack.inject(cx, shard, &Action::Slow { node, times }))
    }

    /// All links are whole.
    pub fn heal(&mut self, cx: &mut Cx) {
        self.watched(cx, |stack, cx| {
            if !stack.tiers.cuts().is_empty() {
                stack.tiers.heal();
                stack.tell_front(cx);
            }
            for at in 0..stack.groups.len() {
                // Healing fails nowhere.
                let _ = stack.inside(cx, at, |cluster, cx| cluster.inject(cx, &Action::Heal));
            }
        });
    }
}
