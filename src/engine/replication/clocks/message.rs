//! What the nodes with four clocks tell each other.

use std::rc::Rc;

use super::{Hybrid, Interval, Lamport};
use crate::message::Wire;
use crate::versions::{Input, Stamp, VersionVector, seconds};
use glassbase_trace::Bytes;

/// The four stamps of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamps {
    pub lamport: Lamport,
    pub vector: VersionVector,
    pub hybrid: Hybrid,
    pub interval: Interval,
}

/// A write, as it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub key: Bytes,
    pub value: Option<Bytes>,
    pub stamp: Stamp,
    /// The stamps of the event at which it was written.
    pub stamps: Stamps,
}

#[derive(Clone, Debug)]
pub enum Message {
    Told(Rc<Told>),
}

impl Stamps {
    pub fn interval_text(&self) -> String {
        format!("[{}, {}]", seconds(self.interval.earliest_ns), seconds(self.interval.latest_ns))
    }

    /// "L 2  V n1:1 n2:1  H 10 s+1  T [9.9 s, 10.1 s]".
    pub fn text(&self) -> String {
        let (lamport, vector, hybrid) = (self.lamport.0, self.vector.text(), self.hybrid.text());
        format!("L {lamport}  V {vector}  H {hybrid}  T {}", self.interval_text())
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.lamport.0.to_be_bytes().to_vec();
        self.vector.encode(&mut bytes);
        bytes.extend(self.hybrid.wall_ns.to_be_bytes());
        bytes.extend(self.hybrid.count.to_be_bytes());
        bytes.extend(self.interval.earliest_ns.to_be_bytes());
        bytes.extend(self.interval.latest_ns.to_be_bytes());
        bytes
    }

    pub fn decode(input: &mut Input) -> Option<Stamps> {
        Some(Stamps {
            lamport: Lamport(input.u64()?),
            vector: VersionVector::decode(input)?,
            hybrid: Hybrid { wall_ns: input.u64()?, count: input.u32()? },
            interval: Interval { earliest_ns: input.u64()?, latest_ns: input.u64()? },
        })
    }
}

impl Wire for Message {
    fn kind(&self) -> &'static str {
        "told"
    }

    fn bytes(&self) -> u32 {
        let Message::Told(told) = self;
        let value = told.value.as_ref().map_or(0, |value| value.len());
        (42 + told.stamps.to_bytes().len() + told.key.len() + value) as u32
    }

    fn text(&self) -> String {
        let Message::Told(told) = self;
        let value = told.value.as_ref().map_or_else(|| "deleted".to_string(), Bytes::to_string);
        format!("{} = {value}  L {}  V {}", told.key, told.stamps.lamport.0, told.stamps.vector.text())
    }
}
