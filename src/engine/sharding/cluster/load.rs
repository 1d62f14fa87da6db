//! Many requests: clients that ask again as soon as they were told, or after a while.

use super::Cluster;
use super::router::Wake;
use crate::message::Question;
use glassbase_sim::{Cx, Generator, Zipf};
use glassbase_trace::{Bytes, NodeId};

/// Which keys are asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Keys {
    /// Every number below this is as likely.
    Uniform { count: u64 },
    /// Some of them are asked for most often.
    Zipf { count: u64 },
    /// Each write takes the next number, as ids and times do; reads take one of the last hundred.
    Ascending { from: u64 },
    /// One key is asked for in so many of a hundred cases, the numbers below `count` in the others.
    Star { key: Bytes, percent: u64, count: u64 },
    /// Names of people in regions: "eu:17".
    Regions { names: Vec<String>, count: u64 },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    pub operations: u64,
    pub keys: Keys,
    /// So many of a hundred write, and so many ask for a range of `width` numbers; the others read.
    pub writes_percent: u64,
    pub scans_percent: u64,
    pub width: u64,
    /// How long a client waits before it asks again.
    pub think_ns: u64,
}

impl Default for Load {
    fn default() -> Load {
        let keys = Keys::Uniform { count: 1000 };
        Load { operations: 0, keys, writes_percent: 50, scans_percent: 0, width: 50, think_ns: 0 }
    }
}

/// The load under way.
#[derive(Clone, Debug, Default)]
pub(super) struct LoadState {
    load: Option<(Load, Generator, Option<Zipf>)>,
    pub begun: u64,
    pub ended: u64,
    ascending: u64,
}

impl Cluster {
    /// Lets the clients go to work.
    pub fn start_load(&mut self, cx: &mut Cx, load: Load) {
        let random = Generator::new(self.random.next_u64(), "load");
        let zipf = match load.keys {
            Keys::Zipf { count } => Some(Zipf::new(count, 0.99)),
            _ => None,
        };
        if let Keys::Ascending { from } = load.keys {
            self.load.ascending = self.load.ascending.max(from);
        }
        (self.load.begun, self.load.ended) = (0, 0);
        self.load.load = Some((load, random, zipf));
        for number in 1..=self.options.clients {
            self.wake_client(cx.now_ns(), NodeId::client(number), Wake::Next);
        }
    }

    /// No more operations are begun.
    pub fn stop_load(&mut self) {
        if let Some((load, ..)) = &mut self.load.load {
            load.operations = self.load.begun;
        }
    }

    /// Operations that are over, and that there shall be.
    pub fn load_progress(&self) -> (u64, u64) {
        let total = self.load.load.as_ref().map_or(0, |(load, ..)| load.operations);
        (self.load.ended.min(total), total)
    }

    pub fn load_begun(&self) -> u64 {
        self.load.begun
    }

    /// A client is idle: it takes the next operation of the load, if there is one.
    pub(super) fn next_of_load(&mut self, cx: &mut Cx, at: usize) {
        let LoadState { load: Some((load, random, zipf)), begun, ascending, .. } = &mut self.load else { return };
        if self.clients[at].is_busy() || *begun >= load.operations {
            return;
        }
        *begun += 1;
        let chance = random.below(100);
        let writes = chance < load.writes_percent;
        let scans = !writes && chance < load.writes_percent + load.scans_percent;
        let number = match &load.keys {
            Keys::Uniform { count } | Keys::Regions { count, .. } | Keys::Star { count, .. } => random.below(*count),
            // Ranks are spread over the numbers, else the frequent ones would be neighbours.
            Keys::Zipf { count } => {
                zipf.as_ref().map_or(0, |zipf| crate::hash::mix(zipf.sample(random)) % count.max(&1))
            }
            Keys::Ascending { .. } if writes => {
                *ascending += 1;
                *ascending - 1
            }
            Keys::Ascending { .. } => ascending.saturating_sub(1 + random.below(100)),
        };
        let key = match &load.keys {
            Keys::Star { key, percent, .. } if random.below(100) < *percent => key.clone(),
            Keys::Regions { names, .. } if !names.is_empty() => {
                let region = &names[random.below(names.len() as u64) as usize];
                Bytes::from(format!("{region}:{number}").as_bytes())
            }
            _ => Bytes::number(number),
        };
        let question = if scans {
            let to = Some(Bytes::number(number.saturating_add(load.width)));
            Question::Scan { from: Some(Bytes::number(number)), to, limit: u64::MAX }
        } else if writes {
            let text = Bytes::from(format!("v{begun}").as_bytes());
            Question::Put { key, text }
        } else {
            Question::Get { key }
        };
        if self.begin_operation(cx, at, question, true).is_err() {
            // It has no place: it is over, and counts as one that was refused.
            self.load_ended(cx, at);
        }
    }

    /// A client's operation is over. One that was not of the load may have kept the client from taking part in it.
    pub(super) fn client_idle(&mut self, cx: &mut Cx, at: usize, of_load: bool) {
        let is_wanted = self.load.load.as_ref().is_some_and(|(load, ..)| self.load.begun < load.operations);
        if of_load {
            self.load_ended(cx, at);
        } else if is_wanted {
            self.wake_client(cx.now_ns(), NodeId::client(at as u16 + 1), Wake::Next);
        }
    }

    /// An operation of the load is over.
    pub(super) fn load_ended(&mut self, cx: &mut Cx, at: usize) {
        self.load.ended += 1;
        let think_ns = self.load.load.as_ref().map_or(0, |(load, ..)| load.think_ns);
        self.wake_client(cx.now_ns().saturating_add(think_ns.max(1)), NodeId::client(at as u16 + 1), Wake::Next);
    }
}
