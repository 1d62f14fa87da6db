//! The settings of the B+tree lab as values.

use super::BTREE;
use super::keys::Distribution;
use crate::lab::argument::Value;
use crate::lab::statement::default_value;
use crate::sim::Device;
use crate::storage::{Options, SplitPolicy};

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
}
