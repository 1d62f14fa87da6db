//! The settings of the buffer pool lab as values.

use super::job::counted_accesses;
use crate::lab::refusal::{FILE_BYTES_MAX, Refusal};
use crate::lab::values::Values;
use crate::lab::words::{counted, grouped};
use crate::sim::Device;
use crate::storage::replacement::PolicyOptions;
use crate::trace::PolicyKind;

/// All settings.
#[derive(Clone, Debug)]
pub struct Settings {
    pub policy: PolicyOptions,
    pub frames: u32,
    pub pages: u32,
    pub rows: u32,
    pub read_ahead: u32,
    /// Dirty frames in a hundred beyond which the background flusher writes; 0: it is off.
    pub flusher: u32,
    pub page_size: u32,
    pub device: Device,
}

impl Settings {
    pub fn of(values: &Values) -> Result<Settings, Refusal> {
        let number = |name| values.number(name) as u32;
        let kind = PolicyKind::from_word(values.word("policy")).unwrap_or_default();
        let (k, correlated) = (number("k"), values.number("correlated"));
        let settings = Settings {
            policy: PolicyOptions { k, correlated, ..PolicyOptions::of(kind) },
            frames: number("frames"),
            pages: number("pages"),
            rows: number("rows"),
            read_ahead: number("read_ahead"),
            flusher: number("flusher"),
            page_size: number("page_size"),
            device: Device::from_word(values.word("device")).unwrap_or(Device::Ssd),
        };
        let bytes = settings.pages as usize * settings.page_size as usize;
        if bytes > FILE_BYTES_MAX {
            return Err(Refusal::PagesTooLarge { pages: u64::from(settings.pages), mib: bytes >> 20 });
        }
        Ok(settings)
    }

    /// What a setting means now, in a sentence.
    pub fn sentence(&self, name: &str) -> String {
        let number = |number: u32| grouped(u64::from(number));
        match name {
            "policy" => policy_sentence(&self.policy),
            "frames" => format!("The pool has {} now.", counted(u64::from(self.frames), "frame")),
            "pages" => format!("The file has {} now.", counted(u64::from(self.pages), "page")),
            "rows" if self.rows == 0 => "The file has plain pages now.".to_string(),
            "rows" => format!(
                "The file is a B+tree and a heap file of {} now: {} pages.",
                counted(u64::from(self.rows), "row"),
                number(self.pages)
            ),
            "k" => format!("LRU-K looks {} back now.", counted_accesses(u64::from(self.policy.k))),
            "correlated" => {
                format!("Accesses that are no more than {} apart are one for LRU-K now.", self.policy.correlated)
            }
            "read_ahead" if self.read_ahead == 0 => "Nothing is read ahead now.".to_string(),
            "read_ahead" => {
                format!("Up to {} are read ahead in a run now.", counted(u64::from(self.read_ahead), "page"))
            }
            "flusher" if self.flusher == 0 => "The background flusher is off now.".to_string(),
            "flusher" => {
                format!("The background flusher writes while more than {} % of the frames are dirty now.", self.flusher)
            }
            "page_size" => format!("Pages have {} bytes now.", number(self.page_size)),
            _ => format!("The pages are stored on {} now.", self.device.word()),
        }
    }
}

/// What a policy does, in a sentence.
pub fn policy_sentence(options: &PolicyOptions) -> String {
    let text = match options.kind {
        PolicyKind::Fifo => "FIFO: what came first leaves first.",
        PolicyKind::Random => "Random: any of them leaves, each as likely.",
        PolicyKind::Clock => "Clock: a hand goes round and spares what was used since it last came by.",
        PolicyKind::Lru => "LRU: what was not used for longest leaves.",
        PolicyKind::Slru => "SLRU: who is hit again is protected; of the others, who was not used for longest leaves.",
        PolicyKind::Lfu => "LFU: what was used least often leaves; all counts are halved now and then.",
        PolicyKind::LruK => {
            let back = options.k.saturating_sub(1);
            return format!("LRU-{}: what has its last use but {back} furthest back leaves.", options.k);
        }
        PolicyKind::TwoQueue => "2Q: newcomers queue apart; only who is asked for again gets in.",
        PolicyKind::Arc => {
            "ARC: a list for what was used once, one for what was used again, and a balance that learns."
        }
        PolicyKind::Lirs => "LIRS: what comes back after a short time keeps its place; the others pass through.",
        PolicyKind::WTinyLfu => "W-TinyLFU: who wants in has to be asked for more often than who would leave for it.",
        PolicyKind::S3Fifo => "S3-FIFO: a small queue lets only those through that were hit twice.",
        PolicyKind::Sieve => "SIEVE: a hand sifts the queue; who was hit since it last came by stays where it is.",
        PolicyKind::Optimum => "The optimum: what will be used last leaves.",
    };
    text.to_string()
}
