//! What is done to a stack: places that go down and come back, links that are cut, disks that are full.

use super::{Place, Stack, StackError};
use glassbase_cache::Place as TierPlace;
use glassbase_replication::Action;
use glassbase_sim::{Cx, Fault};
use glassbase_trace::NodeId;

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
            true => self.tiers.restart(cx, place, false)?,
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
        let action = Action::Disk { node, after_operations: 0, fault: Fault::DiskFull };
        self.watched(cx, |stack, cx| stack.inject(cx, shard, &action))
    }

    /// Cuts the link between two replicas of a shard, or between one and all others, both ways.
    pub fn cut(&mut self, cx: &mut Cx, shard: NodeId, node: NodeId, other: Option<NodeId>) -> Result<(), StackError> {
        self.watched(cx, |stack, cx| {
            let all = (1..=stack.options.cluster.nodes).map(NodeId).filter(|peer| *peer != node);
            let peers: Vec<NodeId> = all.filter(|peer| other.is_none_or(|other| other == *peer)).collect();
            for peer in peers {
                stack.inject(cx, shard, &Action::Cut { from: node, to: peer })?;
                stack.inject(cx, shard, &Action::Cut { from: peer, to: node })?;
            }
            Ok(())
        })
    }

    /// Lets a replica do everything many times slower; 1: as usual.
    pub fn slow(&mut self, cx: &mut Cx, shard: NodeId, node: NodeId, times: u64) -> Result<(), StackError> {
        self.watched(cx, |stack, cx| stack.inject(cx, shard, &Action::Slow { node, times }))
    }

    /// All links are whole.
    pub fn heal(&mut self, cx: &mut Cx) {
        self.watched(cx, |stack, cx| {
            for at in 0..stack.groups.len() {
                // Healing fails nowhere.
                let _ = stack.inside(cx, at, |cluster, cx| cluster.inject(cx, &Action::Heal));
            }
        });
    }
}
