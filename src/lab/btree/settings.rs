//! The settings of the B+tree lab as values.

use super::BTREE;
use super::keys::Distribution;
use crate::lab::argument::Value;
use crate::lab::statement::default_value;
use crate::lab::words::{counted, grouped};
use crate::sim::Device;
use crate::storage::{Options, SplitPolicy};
use crate::trace::decimal::fixed;

/// All settings; the defaults are those that are declared.
#[derive(Clone, Debug)]
pub struct Settings {
    pub options: Options,
    /// How full bulk-load makes pages, 0.5 to 1.
    pub fill: f64,
    /// Bytes of a value that is made.
    pub value_size: usize,
    pub keys: Distribution,
}

impl Default for Settings {
    fn default() -> Settings {
        let options = Options::default();
        let mut settings = Settings { options, fill: 0.9, value_size: 8, keys: Distribution::Uniform };
        for setting in BTREE.settings {
            if let Some(value) = default_value(setting) {
                settings.set(setting.name, &value);
            }
        }
        settings
    }
}

impl Settings {
    /// Changes one setting. Values are of the declared kind and range, so nothing can be wrong with them here; whether
    /// they fit together is for the engine to say.
    pub fn set(&mut self, name: &str, value: &Value) {
        let options = &mut self.options;
        match (name, value) {
            ("page_size", Value::Word(bytes)) => options.page_size = bytes.parse().unwrap_or(options.page_size),
            ("order", Value::Number(order)) => options.order = *order as u32,
            ("frames", Value::Number(frames)) => options.frames = *frames as u32,
            ("device", Value::Word(word)) => options.device = Device::from_word(word).unwrap_or(options.device),
            ("split", Value::Word("middle")) => options.split = SplitPolicy::Middle,
            ("split", Value::Word(_)) => options.split = SplitPolicy::Auto,
            ("disk_pages", Value::Number(pages)) => options.disk_pages = *pages as u32,
            ("fill", Value::Decimal(fill)) => self.fill = *fill,
            ("value_size", Value::Number(bytes)) => self.value_size = *bytes as usize,
            ("keys", Value::Word(word)) => self.keys = Distribution::from_word(word).unwrap_or(self.keys),
            _ => debug_assert!(false, "setting {name} is declared but not known"),
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
