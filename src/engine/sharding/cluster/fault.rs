//! What is done to shards and links.

use super::{Cluster, Happening};
use crate::error::ShardingError;
use glassbase_sim::Cx;
use glassbase_sim::network::Quality;
use glassbase_trace::{Event, NodeId};

#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    Crash(NodeId),
    Restart(NodeId),
    /// So many times slower; 1: as usual.
    Slow(NodeId, u64),
    /// The shards named here on one side, all other shards and the map service on the other. Clients reach both.
    Partition(Vec<NodeId>),
    /// Cuts the links of a shard with clients too.
    Isolate(NodeId),
    Heal,
    /// The map service: nobody hears it, until it starts with what it knew.
    StopService,
    StartService,
    Weather {
        loss: f64,
        duplication: f64,
        reordering: f64,
    },
}

impl Cluster {
    /// Plans a fault for a time.
    pub fn plan_fault(&mut self, at_ns: u64, fault: Fault) {
        self.queue.push(at_ns, Happening::FaultDue { fault });
    }

    /// Does it now.
    pub fn inject(&mut self, cx: &mut Cx, fault: &Fault) -> Result<(), ShardingError> {
        match fault {
            Fault::Crash(id) => {
                if self.known_mut(*id)?.shard.is_none() {
                    return Err(ShardingError::AlreadySo { name: id.to_string(), status: "down" });
                }
                self.power_off(cx, *id);
            }
            Fault::Restart(id) => {
                if self.known_mut(*id)?.shard.is_some() {
                    return Err(ShardingError::AlreadySo { name: id.to_string(), status: "up" });
                }
                self.boot(cx, *id)?;
            }
            Fault::Slow(id, times) => {
                self.known_mut(*id)?.slowness = (*times).max(1);
                self.tell_status(cx, *id);
            }
            Fault::Partition(side) => {
                for id in side {
                    self.known_mut(*id)?;
                }
                let others: Vec<NodeId> =
                    self.shards().chain([crate::shard::MAP_SERVICE]).filter(|id| !side.contains(id)).collect();
                for (one, other) in side.iter().flat_map(|one| others.iter().map(move |other| (*one, *other))) {
                    self.network.cut(one, other);
                    self.network.cut(other, one);
                }
                self.tell_links(cx);
            }
            Fault::Isolate(id) => {
                self.known_mut(*id)?;
                let hedges = (1..=2 * self.options.clients).map(NodeId::client);
                let others: Vec<NodeId> = self.shards().chain([crate::shard::MAP_SERVICE]).chain(hedges).collect();
                for other in others.into_iter().filter(|other| other != id) {
                    self.network.cut(*id, other);
                    self.network.cut(other, *id);
                }
                self.tell_links(cx);
            }
            Fault::Heal => {
                self.network.heal();
                self.tell_links(cx);
            }
            Fault::StopService | Fault::StartService => {
                let stops = *fault == Fault::StopService;
                if !self.service.set_down(stops) {
                    let status = if stops { "down" } else { "up" };
                    return Err(ShardingError::AlreadySo { name: "the map service".to_string(), status });
                }
                self.tell_map(cx);
                if !stops {
                    self.broadcast(cx);
                    self.give_orders(cx);
                }
            }
            Fault::Weather { loss, duplication, reordering } => {
                let quality = Quality {
                    loss: *loss,
                    duplication: *duplication,
                    reordering: *reordering,
                    ..self.options.quality.clone()
                };
                self.network.set_quality(quality);
            }
        }
        Ok(())
    }

    fn tell_links(&mut self, cx: &mut Cx) {
        let cut = self.network.cuts().collect();
        self.tell(cx, || Event::LinksChanged { cut });
    }
}
