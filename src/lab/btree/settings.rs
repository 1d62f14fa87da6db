//! The settings of the B+tree lab as values.

use crate::lab::keys::Distribution;
use crate::lab::values::Values;
use crate::lab::words::{counted, grouped};
use crate::sim::Device;
use crate::storage::{Options, SplitPolicy};
use crate::trace::decimal::fixed;

/// All settings.
#[derive(Clone, Debug)]
pub struct Settings {
    pub options: Options,
    /// How full bulk-load makes pages, 0.5 to 1.
    pub fill: f64,
    /// Bytes of a value that is made.
    pub value_size: usize,
    pub keys: Distribution,
}

impl Settings {
    pub fn of(values: &Values) -> Settings {
        let split = if values.word("split") == "middle" { SplitPolicy::Middle } else { SplitPolicy::Auto };
        let options = Options {
            page_size: values.number("page_size") as u32,
            order: values.number("order") as u32,
            frames: values.number("frames") as u32,
            device: Device::from_word(values.word("device")).unwrap_or(Options::default().device),
            split,
            disk_pages: values.number("disk_pages") as u32,
        };
        Settings {
            options,
            fill: values.decimal("fill"),
            value_size: values.number("value_size") as usize,
            keys: Distribution::from_word(values.word("keys")).unwrap_or(Distribution::Uniform),
        }
    }

    /// What a setting means now, in a sentence.
    pub fn sentence(&self, name: &str) -> String {
        let options = &self.options;
        match name {
            "page_size" => format!("Pages have {} bytes now.", grouped(options.page_size as u64)),
            "order" if options.order == 0 => "A page takes as many cells as fit now.".to_string(),
            "order" => {
                let (children, keys) = (options.order, options.order - 1);
                format!("A page has at most {keys} keys now, an inner page {children} children.")
            }
            "frames" => format!("The pool has {} frames now.", grouped(u64::from(options.frames))),
            "device" => format!("The pages are stored on {} now.", options.device.word()),
            "split" if options.split == SplitPolicy::Middle => "A full page is split in the middle now.".to_string(),
            "split" => {
                "A full page is split in the middle now, or at its right edge while keys come ascending.".to_string()
            }
            "disk_pages" if options.disk_pages == 0 => "The disk has room for any number of pages now.".to_string(),
            "disk_pages" => format!("The disk has room for {} pages now.", grouped(u64::from(options.disk_pages))),
            "fill" => format!("`bulk-load` fills pages to {} percent now.", fixed(self.fill * 100.0, 1)),
            "value_size" => format!("A value that is made has {} now.", counted(self.value_size as u64, "byte")),
            _ => format!("`random` draws {} keys now.", self.keys.word()),
        }
    }
}
