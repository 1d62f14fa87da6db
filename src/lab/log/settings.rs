//! The settings of the log lab as values.

use crate::lab::values::Values;
use crate::lab::words::{counted, grouped};
use crate::sim::Device;
use crate::storage::{CommitMode, LogOptions, Options, TornPages};

/// Log that is kept in memory before it is handed to the disk, unless a commit asks for it earlier.
const BUFFER_BYTES: u32 = 16 << 10;

/// All settings.
#[derive(Clone, Debug)]
pub struct Settings {
    pub options: Options,
    pub log: LogOptions,
    /// Dirty pages that are written after each transaction.
    pub flusher: u32,
    /// Bytes of a value that is made.
    pub value_size: usize,
}

impl Settings {
    pub fn of(values: &Values) -> Settings {
        let number = |name| values.number(name) as u32;
        let options = Options {
            page_size: number("page_size"),
            order: number("order"),
            frames: number("frames"),
            device: Device::from_word(values.word("device")).unwrap_or(Options::default().device),
            ..Options::default()
        };
        let wait_ns = values.number("interval_us") * 1000;
        let commit = match values.word("commit") {
            "group" => CommitMode::Group { commits: number("group_size"), wait_ns },
            "async" => CommitMode::Async { every_ns: wait_ns },
            _ => CommitMode::Sync,
        };
        let torn_pages = match values.word("torn_pages") {
            "doublewrite" => TornPages::Doublewrite,
            "none" => TornPages::Nothing,
            _ => TornPages::Images,
        };
        let log = LogOptions {
            commit,
            torn_pages,
            segment_bytes: number("segment_size"),
            buffer_bytes: BUFFER_BYTES,
            checkpoint_bytes: number("checkpoint_bytes"),
        };
        Settings { options, log, flusher: number("flusher"), value_size: values.number("value_size") as usize }
    }

    pub fn is_async(&self) -> bool {
        matches!(self.log.commit, CommitMode::Async { .. })
    }

    /// What a setting means now, in a sentence.
    pub fn sentence(&self, name: &str) -> String {
        let Settings { options, log, .. } = self;
        match name {
            "page_size" => format!("Pages have {} bytes now.", grouped(u64::from(options.page_size))),
            "order" if options.order == 0 => "A page takes as many cells as fit now.".to_string(),
            "order" => format!("A page has at most {} keys now.", options.order - 1),
            "frames" => format!("The pool has {} frames now.", grouped(u64::from(options.frames))),
            "device" => format!("Log and pages are stored on {} now.", options.device.word()),
            "commit" | "group_size" | "interval_us" => self.commit(),
            "torn_pages" => match log.torn_pages {
                TornPages::Images => {
                    "The log holds an image of each page before its first change since a checkpoint now."
                }
                TornPages::Doublewrite => "A page is written to a file beside the pages first now, then to its place.",
                TornPages::Nothing => "A torn page is lost now.",
            }
            .to_string(),
            "segment_size" => {
                format!("A file of the log has about {} bytes now.", grouped(u64::from(log.segment_bytes)))
            }
            "checkpoint_bytes" if log.checkpoint_bytes == 0 => {
                "Checkpoints are made only when asked for now.".to_string()
            }
            "checkpoint_bytes" => {
                format!("A checkpoint is made after {} bytes of log now.", grouped(u64::from(log.checkpoint_bytes)))
            }
            "flusher" if self.flusher == 0 => "No page is written in the background now.".to_string(),
            "flusher" => format!("After each transaction {} written now.", counted(self.flusher.into(), "dirty page")),
            _ => format!("A value that is made has {} now.", counted(self.value_size as u64, "byte")),
        }
    }

    fn commit(&self) -> String {
        match self.log.commit {
            CommitMode::Sync => "Each commit is acknowledged after a sync of its own now.".to_string(),
            CommitMode::Group { commits, wait_ns } => format!(
                "One sync serves {} now, or those of {} microseconds.",
                counted(commits.into(), "commit"),
                grouped(wait_ns / 1000)
            ),
            CommitMode::Async { every_ns } => format!(
                "Commits are acknowledged at once now; the log is synced every {} microseconds.",
                grouped(every_ns / 1000)
            ),
        }
    }
}
