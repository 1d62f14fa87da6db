//! The settings of a lab as values: what it is opened with.

use super::argument::Value;
use super::declaration::LabInfo;
use super::statement::default_value;

/// A value for every setting of a lab, in the order of its declaration.
#[derive(Clone, Debug, PartialEq)]
pub struct Values(Vec<(&'static str, Value)>);

impl Values {
    /// The defaults.
    pub fn of(lab: &'static LabInfo) -> Values {
        let value = |setting| {
            let value = default_value(setting);
            debug_assert!(value.is_some(), "the default of {} is not of its kind", setting.name);
            Some((setting.name, value?))
        };
        Values(lab.settings.iter().filter_map(value).collect())
    }

    /// Changes a setting. Values are of the declared kind and range; whether they fit together is for the engine to say.
    pub fn set(&mut self, name: &str, value: Value) {
        if let Some((_, old)) = self.0.iter_mut().find(|(known, _)| *known == name) {
            *old = value;
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }

    fn get(&self, name: &str) -> Option<&Value> {
        let value = self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
        debug_assert!(value.is_some(), "setting {name} is not declared");
        value
    }

    /// A setting that is a whole number, or a choice among words that are numbers (`512`, `1024`).
    pub fn number(&self, name: &str) -> u64 {
        match self.get(name) {
            Some(Value::Number(number)) => *number,
            Some(Value::Word(word)) => word.parse().unwrap_or_default(),
            _ => 0,
        }
    }

    /// A setting that is a decimal number.
    pub fn decimal(&self, name: &str) -> f64 {
        match self.get(name) {
            Some(Value::Decimal(number)) => *number,
            _ => 0.0,
        }
    }

    /// A setting that is a time, in nanoseconds. None is declared that can be negative.
    pub fn duration_ns(&self, name: &str) -> u64 {
        match self.get(name) {
            Some(Value::Duration(ns)) => u64::try_from(*ns).unwrap_or_default(),
            _ => 0,
        }
    }

    /// A setting that is `yes` or `no`.
    pub fn is_on(&self, name: &str) -> bool {
        self.word(name) == "yes"
    }

    /// A setting that is a choice among words.
    pub fn word(&self, name: &str) -> &'static str {
        match self.get(name) {
            Some(Value::Word(word)) => word,
            _ => "",
        }
    }
}
