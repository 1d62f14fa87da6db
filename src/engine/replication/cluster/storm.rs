//! A storm: faults at random times, from a seed, that all are over at its end.
//!
//! It is worked out beforehand, as a schedule: plain data that can be written as a script, and shortened.

use super::fault::{Action, Fault};
use glassbase_sim::Generator;
use glassbase_trace::NodeId;

/// What a storm may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StormKind {
    Partition,
    /// One link, in one direction.
    Cut,
    Crash,
    Pause,
    Slow,
    Skew,
    Drift,
    /// Loss, duplication and reordering for a while.
    Weather,
    /// A disk fails a read or a write; the node is restarted later.
    Disk,
}

/// A storm.
#[derive(Clone, Debug, PartialEq)]
pub struct Storm {
    pub kinds: Vec<StormKind>,
    pub nodes: u16,
    /// It begins and ends at these virtual times; afterwards everything works again.
    pub from_ns: u64,
    pub to_ns: u64,
    /// How many faults there are.
    pub faults: u64,
    /// Most that a clock is set wrong by.
    pub skew_ns: u64,
    /// Most nodes that are down at a time.
    pub most_down: u16,
}

impl Storm {
    /// Its schedule, by time.
    pub fn schedule(&self, seed: u64) -> Vec<(u64, Action)> {
        let mut random = Generator::new(seed, "storm");
        let mut schedule = Vec::new();
        let length_ns = self.to_ns.saturating_sub(self.from_ns);
        if self.kinds.is_empty() || self.nodes == 0 || length_ns == 0 {
            return schedule;
        }
        // For each node until when it is down or paused.
        let mut out_until = vec![0; usize::from(self.nodes)];
        let mut begins: Vec<u64> = (0..self.faults).map(|_| self.from_ns + random.below(length_ns)).collect();
        begins.sort_unstable();
        for begin_ns in begins {
            let kind = self.kinds[random.below(self.kinds.len() as u64) as usize];
            let left_ns = self.to_ns - begin_ns;
            let end_ns = begin_ns + 1 + random.below((length_ns / 3).max(1)).min(left_ns.saturating_sub(1));
            self.add(&mut schedule, &mut out_until, &mut random, kind, begin_ns, end_ns);
        }
        schedule.push((self.to_ns, Action::Heal));
        schedule.push((self.to_ns, Action::Weather { loss: 0.0, duplication: 0.0, reordering: 0.0 }));
        for number in 1..=self.nodes {
            // Those that are up already refuse, and nothing happens.
            schedule.push((self.to_ns, Action::Resume(NodeId(number))));
            schedule.push((self.to_ns, Action::Restart(NodeId(number))));
        }
        schedule.sort_by_key(|(at_ns, _)| *at_ns);
        schedule
    }

    fn add(
        &self,
        schedule: &mut Vec<(u64, Action)>,
        out_until: &mut [u64],
        random: &mut Generator,
        kind: StormKind,
        begin_ns: u64,
        end_ns: u64,
    ) {
        let node = NodeId(1 + random.below(u64::from(self.nodes)) as u16);
        let other = NodeId(1 + random.below(u64::from(self.nodes)) as u16);
        let out = out_until.iter().filter(|until| **until > begin_ns).count();
        let place = &mut out_until[usize::from(node.0) - 1];
        let may_go = out < usize::from(self.most_down) && *place <= begin_ns;
        let mut during = |begin: Action, end: Action| schedule.extend([(begin_ns, begin), (end_ns, end)]);
        match kind {
            StormKind::Partition => {
                let mut ids: Vec<NodeId> = (1..=self.nodes).map(NodeId).collect();
                random.shuffle(&mut ids);
                let cut = 1 + random.below(u64::from(self.nodes.max(2)) - 1) as usize;
                let other = ids.split_off(cut.min(ids.len()));
                during(Action::Partition(vec![ids, other]), Action::Heal);
            }
            StormKind::Cut if node != other => {
                during(Action::Cut { from: node, to: other }, Action::Mend { from: node, to: other });
            }
            StormKind::Crash if may_go => {
                *place = end_ns;
                during(Action::Crash(node), Action::Restart(node));
            }
            StormKind::Pause if may_go => {
                *place = end_ns;
                during(Action::Pause(node), Action::Resume(node));
            }
            StormKind::Slow => {
                let times = 2 + random.below(50);
                during(Action::Slow { node, times }, Action::Slow { node, times: 1 });
            }
            StormKind::Skew if self.skew_ns > 0 => {
                let by_ns = random.below(2 * self.skew_ns + 1) as i64 - self.skew_ns as i64;
                schedule.push((begin_ns, Action::Skew { node, by_ns }));
            }
            StormKind::Drift => {
                let ppm = random.below(20_001) as i64 - 10_000;
                during(Action::Drift { node, ppm }, Action::Drift { node, ppm: 0 });
            }
            StormKind::Weather => {
                let mut share = |most: f64| random.unit() * most;
                let (loss, duplication, reordering) = (share(0.3), share(0.3), share(0.5));
                let calm = Action::Weather { loss: 0.0, duplication: 0.0, reordering: 0.0 };
                during(Action::Weather { loss, duplication, reordering }, calm);
            }
            StormKind::Disk if may_go => {
                let faults = [Fault::ReadFails, Fault::DiskFull];
                let fault = faults[random.below(faults.len() as u64) as usize];
                *place = end_ns;
                during(Action::Disk { node, after_operations: random.below(20), fault }, Action::Restart(node));
            }
            _ => {}
        }
    }
}
