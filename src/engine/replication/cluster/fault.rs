//! What is done to a cluster: by command, by schedule, or by a storm.

use super::place::Incoming;
use super::{Cluster, ClusterError, Happening};
use crate::node::Timer;
use glassbase_sim::Cx;
use glassbase_sim::network::Rule;
use glassbase_trace::{DropReason, Event, MessageId, NodeId, NodeStatus};

pub use glassbase_sim::Fault;

/// Something that is done to the cluster.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// The groups can't reach each other; nodes in none of them form one more. Clients reach everybody.
    Partition(Vec<Vec<NodeId>>),
    /// One link, in one direction.
    Cut {
        from: NodeId,
        to: NodeId,
    },
    Mend {
        from: NodeId,
        to: NodeId,
    },
    /// No client reaches this node any more, nor it any client.
    CutClients(NodeId),
    Heal,
    Crash(NodeId),
    Restart(NodeId),
    /// An empty machine takes the node's place.
    Replace(NodeId),
    Pause(NodeId),
    Resume(NodeId),
    Slow {
        node: NodeId,
        times: u64,
    },
    /// The clock jumps ahead, or back.
    Skew {
        node: NodeId,
        by_ns: i64,
    },
    Drift {
        node: NodeId,
        ppm: i64,
    },
    Drop(MessageId),
    Delay {
        message: MessageId,
        by_ns: u64,
    },
    Rule(Rule),
    /// A timer goes off before its time, as if the node's patience had ended.
    Expire {
        node: NodeId,
        timer: Timer,
    },
    /// The disk of a node fails after so many more operations.
    Disk {
        node: NodeId,
        after_operations: u64,
        fault: Fault,
    },
    /// Shares of messages that are lost, doubled, overtaken from now on.
    Weather {
        loss: f64,
        duplication: f64,
        reordering: f64,
    },
}

impl Cluster {
    /// Does something to the cluster at a later time.
    pub fn schedule(&mut self, at_ns: u64, action: Action) {
        let number = self.next_fault;
        self.next_fault += 1;
        self.faults.insert(number, action);
        self.queue.push(at_ns, Happening::FaultDue { number });
    }

    /// Does something to the cluster now.
    pub fn inject(&mut self, cx: &mut Cx, action: &Action) -> Result<(), ClusterError> {
        match action {
            Action::Partition(groups) => self.partition(cx, groups)?,
            Action::Cut { from, to } => {
                self.known(*from)?;
                self.known(*to)?;
                self.network.cut(*from, *to);
                self.tell_links(cx);
            }
            Action::Mend { from, to } => {
                self.network.mend(*from, *to);
                self.tell_links(cx);
            }
            Action::CutClients(node) => {
                self.known(*node)?;
                for client in (1..=self.options.clients).map(NodeId::client) {
                    self.network.cut(client, *node);
                    self.network.cut(*node, client);
                }
                self.tell_links(cx);
            }
            Action::Heal => {
                self.network.heal();
                self.tell_links(cx);
            }
            Action::Crash(node) => {
                self.up(*node)?;
                self.power_off(cx, *node);
            }
            Action::Restart(node) => {
                self.down(*node)?;
                self.boot(cx, *node);
            }
            Action::Replace(node) => {
                self.down(*node)?;
                let place = self.place_mut(*node);
                place.shelf.replace()?;
                place.machine = place.machine.saturating_add(1);
                self.boot(cx, *node);
            }
            Action::Pause(node) => self.pause(cx, *node)?,
            Action::Resume(node) => self.resume(cx, *node)?,
            Action::Slow { node, times } => self.slow(cx, *node, *times)?,
            Action::Skew { node, by_ns } => {
                self.known(*node)?;
                let now_ns = cx.now_ns();
                self.place_mut(*node).clock.shift(now_ns, *by_ns);
                self.tell_status(cx, *node);
            }
            Action::Drift { node, ppm } => {
                self.known(*node)?;
                let now_ns = cx.now_ns();
                self.place_mut(*node).clock.set_drift(now_ns, *ppm);
                self.tell_status(cx, *node);
            }
            Action::Drop(message) => self.drop_message(cx, *message)?,
            Action::Delay { message, by_ns } => self.delay_message(cx, *message, *by_ns)?,
            Action::Expire { node, timer } => {
                self.up(*node)?;
                if !self.place_mut(*node).take_timer(*timer) {
                    return Err(ClusterError::NoTimer { node: *node });
                }
                self.take_in(cx, *node, Incoming::Timer(*timer));
            }
            Action::Rule(rule) => self.network.rules.push(rule.clone()),
            Action::Disk { node, after_operations, fault } => {
                self.known(*node)?;
                if !self.place_mut(*node).shelf.plan(*after_operations, *fault) {
                    return Err(ClusterError::NoDisk { node: *node });
                }
            }
            Action::Weather { loss, duplication, reordering } => {
                let quality = glassbase_sim::network::Quality {
                    loss: *loss,
                    duplication: *duplication,
                    reordering: *reordering,
                    ..self.options.quality.clone()
                };
                quality.check().map_err(|what| ClusterError::BadOption { option: "network", what })?;
                self.network.set_quality(quality);
            }
        }
        Ok(())
    }

    /// How far a node's clock is ahead of the true time, and how far behind; one of them is 0.
    pub fn clock_off(&self, now_ns: u64, node: NodeId) -> Result<(u64, u64), ClusterError> {
        self.known(node)?;
        Ok(self.place(node).clock.off(now_ns))
    }

    fn up(&self, node: NodeId) -> Result<(), ClusterError> {
        self.known(node)?;
        if self.place(node).status == NodeStatus::Down { Err(ClusterError::IsDown { node }) } else { Ok(()) }
    }

    fn down(&self, node: NodeId) -> Result<(), ClusterError> {
        self.known(node)?;
        if self.place(node).status == NodeStatus::Down { Ok(()) } else { Err(ClusterError::IsUp { node }) }
    }

    fn pause(&mut self, cx: &mut Cx, node: NodeId) -> Result<(), ClusterError> {
        self.up(node)?;
        self.place_mut(node).status = NodeStatus::Paused;
        self.tell_status(cx, node);
        Ok(())
    }

    fn resume(&mut self, cx: &mut Cx, node: NodeId) -> Result<(), ClusterError> {
        self.up(node)?;
        let now_ns = cx.now_ns();
        let place = self.place_mut(node);
        if place.status == NodeStatus::Up {
            return Err(ClusterError::NotPaused { node });
        }
        (place.status, place.slowness) = (NodeStatus::Up, 1);
        place.goes_on(now_ns);
        self.tell_status(cx, node);
        self.wake_later(node);
        Ok(())
    }

    fn slow(&mut self, cx: &mut Cx, node: NodeId, times: u64) -> Result<(), ClusterError> {
        self.up(node)?;
        let place = self.place_mut(node);
        place.slowness = times.max(1);
        // One that stands still goes on standing still: to resume it is another matter.
        if place.status != NodeStatus::Paused {
            place.status = if times > 1 { NodeStatus::Slow } else { NodeStatus::Up };
        }
        self.tell_status(cx, node);
        self.wake_later(node);
        Ok(())
    }

    fn partition(&mut self, cx: &mut Cx, groups: &[Vec<NodeId>]) -> Result<(), ClusterError> {
        let mut side = vec![0; self.places.len()];
        for (number, group) in groups.iter().enumerate() {
            for &node in group {
                self.known(node)?;
                let place = &mut side[usize::from(node.0) - 1];
                if *place != 0 && *place != number + 1 {
                    return Err(ClusterError::OnBothSides { node });
                }
                *place = number + 1;
            }
        }
        self.network.heal();
        for from in self.nodes() {
            for to in self.nodes() {
                if side[usize::from(from.0) - 1] != side[usize::from(to.0) - 1] {
                    self.network.cut(from, to);
                }
            }
        }
        self.tell_links(cx);
        Ok(())
    }

    fn tell_links(&mut self, cx: &mut Cx) {
        cx.emit(|| Event::LinksChanged { cut: self.network.cuts().collect() });
    }

    /// Whether a message is on its way, and its cause.
    fn flight(&self, message: MessageId) -> Option<(u64, u32)> {
        let in_queue = self.queue.iter().find_map(|happening| match happening {
            Happening::Arrives(flight) | Happening::Lost { flight, .. } if flight.id == message => {
                Some((flight.due_ns, flight.cause))
            }
            _ => None,
        });
        in_queue.filter(|_| !self.dropped.contains(&message))
    }

    fn drop_message(&mut self, cx: &mut Cx, message: MessageId) -> Result<(), ClusterError> {
        let Some(_) = self.flight(message) else { return Err(ClusterError::NoMessage { message }) };
        self.dropped.insert(message);
        self.delayed.remove(&message);
        self.counts.dropped += 1;
        cx.emit(|| Event::MessageDropped { message, why: DropReason::Asked });
        Ok(())
    }

    fn delay_message(&mut self, cx: &mut Cx, message: MessageId, by_ns: u64) -> Result<(), ClusterError> {
        let Some((due_ns, _)) = self.flight(message) else { return Err(ClusterError::NoMessage { message }) };
        let due_ns = self.delayed.get(&message).copied().unwrap_or(due_ns).saturating_add(by_ns);
        self.delayed.insert(message, due_ns);
        cx.emit(|| Event::MessageDelayed { message, due_ns });
        Ok(())
    }
}
