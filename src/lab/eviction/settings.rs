//! The settings of the eviction lab as values.

use crate::eviction::{Capacity, PolicyOptions, metadata};
use crate::lab::pool::job::counted_accesses;
use crate::lab::pool::settings::policy_sentence;
use crate::lab::refusal::Refusal;
use crate::lab::values::Values;
use crate::lab::words::{counted, grouped};
use crate::trace::PolicyKind;

/// All settings.
#[derive(Clone, Debug)]
pub struct Settings {
    pub policy: PolicyOptions,
    pub in_bytes: bool,
    pub capacity: u64,
    pub keys: u32,
    /// Most bytes of a key that is given no size.
    pub largest: u32,
}

impl Settings {
    pub fn of(values: &Values, seed: u64) -> Result<Settings, Refusal> {
        let kind = PolicyKind::from_word(values.word("policy")).unwrap_or_default();
        let (k, correlated) = (values.number("k") as u32, values.number("correlated"));
        let adapts = values.word("window") == "adaptive";
        let settings = Settings {
            policy: PolicyOptions { k, correlated, seed, adapts, ..PolicyOptions::of(kind) },
            in_bytes: values.word("count") == "bytes",
            capacity: values.number("capacity"),
            keys: values.number("keys") as u32,
            largest: values.number("largest") as u32,
        };
        let Settings { capacity, largest, .. } = settings;
        if settings.in_bytes && u64::from(largest) > capacity {
            return Err(Refusal::LargestTooLarge { largest: largest.into(), capacity });
        }
        Ok(settings)
    }

    /// The room of the cache. What is larger than all keys together has room for all.
    pub fn room(&self) -> Capacity {
        if self.in_bytes {
            // Sizes of keys that are given none: half of them have at most a sixteenth of the largest.
            let mean = u64::from(self.largest).div_ceil(4);
            let entries = (self.capacity / mean).clamp(1, u64::from(self.keys)) as u32;
            Capacity::Bytes { bytes: self.capacity, entries }
        } else {
            Capacity::Entries(self.capacity.min(u64::from(self.keys)) as u32)
        }
    }

    /// What a setting means now, in a sentence.
    pub fn sentence(&self, name: &str) -> String {
        match name {
            "policy" => {
                let kept = metadata(&self.policy);
                let each = format!("It keeps {} for each entry", counted(kept.entry.into(), "byte"));
                let gone = match kept.remembered {
                    0 => String::new(),
                    bytes => {
                        let share = kept.remembered_percent;
                        format!(", {bytes} for each of up to {share} % as many that left")
                    }
                };
                format!("{} {each}{gone}.", policy_sentence(&self.policy))
            }
            "count" if self.in_bytes => "The capacity counts bytes now.".to_string(),
            "count" => "The capacity counts entries now.".to_string(),
            "capacity" if self.in_bytes => format!("The cache has room for {} now.", counted(self.capacity, "byte")),
            "capacity" => {
                let entries = if self.capacity == 1 { "entry" } else { "entries" };
                format!("The cache has room for {} {entries} now.", grouped(self.capacity))
            }
            "keys" => format!("There are {} now.", counted(self.keys.into(), "key")),
            "largest" => {
                format!("Keys that are given no size have up to {} now.", counted(self.largest.into(), "byte"))
            }
            "window" if self.policy.adapts => {
                "W-TinyLFU's window grows or shrinks now after every ten accesses for each entry, by its hits."
                    .to_string()
            }
            "window" => "W-TinyLFU's window is a hundredth of the room now.".to_string(),
            "k" => format!("LRU-K looks {} back now.", counted_accesses(self.policy.k.into())),
            _ => format!("Accesses that are no more than {} apart are one for LRU-K now.", self.policy.correlated),
        }
    }
}
