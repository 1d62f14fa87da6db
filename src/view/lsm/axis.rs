//! Keys on a line, to scale: the axis that memtables, tables and gets share.
//!
//! A key's place is its number: what all keys have in common at the front is left out, the next eight bytes count.

use super::super::arrange::Place;
use super::super::camera::within;
use glassbase_trace::Bytes;
use glassbase_trace::bytes::show;

/// The lowest and the highest key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extent {
    pub ends: Option<(Bytes, Bytes)>,
}

impl Extent {
    pub fn see(&mut self, key: &Bytes) {
        match &mut self.ends {
            None => self.ends = Some((key.clone(), key.clone())),
            Some((low, _)) if key < low => *low = key.clone(),
            Some((_, high)) if key > high => *high = key.clone(),
            Some(_) => {}
        }
    }
}

/// From keys to places.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    low: Bytes,
    high: Bytes,
    skip: usize,
    from: f64,
    scale: f64,
    pub x: f64,
    pub w: f64,
}

/// Free room at both ends, so that the lowest key does not stand on the edge.
const EDGE: f64 = 4.0;

impl Axis {
    pub fn new(extent: &Extent, x: f64, w: f64) -> Axis {
        let none = || Bytes::from(&[][..]);
        let (low, high) = extent.ends.clone().unwrap_or_else(|| (none(), none()));
        let skip = low.iter().zip(high.iter()).take_while(|(one, other)| one == other).count();
        let from = number(&low, skip);
        let span = number(&high, skip) - from;
        let room = (w - 2.0 * EDGE).max(1.0);
        let scale = if span > 0.0 { room / span } else { 0.0 };
        Axis { low, high, skip, from, scale, x: x + EDGE, w: room }
    }

    /// Where a key is; beyond the ends, at the end.
    pub fn of(&self, key: &[u8]) -> f64 {
        if *key >= *self.high {
            return if self.scale > 0.0 { self.x + self.w } else { self.x + self.w / 2.0 };
        }
        if *key <= *self.low {
            return self.x;
        }
        self.x + within((number(key, self.skip) - self.from) * self.scale, 0.0, self.w)
    }

    /// The place of a range of keys in a row, never narrower than `least`.
    pub fn range(&self, smallest: &[u8], largest: &[u8], row: Place, least: f64) -> Place {
        let (left, right) = (self.of(smallest), self.of(largest));
        let w = (right - left).max(least);
        let x = left.min(self.x + self.w - w).max(self.x);
        Place { x, w, ..row }
    }

    /// Keys to write below the line, with their places: round numbers, or the ends.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        if self.scale <= 0.0 {
            return Vec::new();
        }
        let both = <[u8; 8]>::try_from(&self.low[..]).ok().zip(<[u8; 8]>::try_from(&self.high[..]).ok());
        let is_number = |bytes: &Bytes| show(bytes).bytes().all(|byte| byte.is_ascii_digit());
        match both {
            Some((low, high)) if is_number(&self.low) && is_number(&self.high) => {
                self.round_numbers(u64::from_be_bytes(low), u64::from_be_bytes(high))
            }
            _ => vec![(self.x, show(&self.low)), (self.x + self.w, show(&self.high))],
        }
    }

    fn round_numbers(&self, low: u64, high: u64) -> Vec<(f64, String)> {
        let most = if self.w < 420.0 { 3 } else { 6 };
        let (mut step, mut index) = (1u64, 0);
        // 1, 2, 5, 10, 20, 50 …
        while (high - low) / step > most {
            step = if index % 3 == 1 { step / 2 * 5 } else { step.saturating_mul(2) };
            index += 1;
        }
        let first = low.div_ceil(step).saturating_mul(step);
        let at = |count: u64| first.checked_add(count.checked_mul(step)?).filter(|number| *number <= high);
        (0..=most).filter_map(at).map(|number| (self.of(&number.to_be_bytes()), number.to_string())).collect()
    }
}

/// The eight bytes of a key from `skip` on as a number; those that are not there count as zero.
fn number(key: &[u8], skip: usize) -> f64 {
    let bytes = key.get(skip..).unwrap_or_default();
    let at = |index: usize| u64::from(bytes.get(index).copied().unwrap_or(0));
    (0..8).fold(0, |sum: u64, index| sum << 8 | at(index)) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(low: &str, high: &str) -> Extent {
        let mut extent = Extent::default();
        extent.see(&Bytes::typed(high));
        extent.see(&Bytes::typed(low));
        extent
    }

    #[test]
    fn numbers_stand_to_scale() {
        let axis = Axis::new(&extent("100", "1100"), 0.0, 1008.0);
        assert_eq!(axis.of(&Bytes::typed("100")), 4.0);
        assert_eq!(axis.of(&Bytes::typed("600")).round(), 504.0);
        assert_eq!(axis.of(&Bytes::typed("99999")), 1004.0);
        assert_eq!(axis.of(&Bytes::typed("3")), 4.0);
        let ticks = axis.ticks();
        assert_eq!(ticks.iter().map(|(_, text)| &text[..]).collect::<Vec<_>>(), ["200", "400", "600", "800", "1000"]);
    }

    #[test]
    fn words_stand_in_order_and_one_key_in_the_middle() {
        let axis = Axis::new(&extent("ash", "yew"), 0.0, 200.0);
        let [elm, oak] = ["elm", "oak"].map(|key| axis.of(key.as_bytes()));
        assert!(4.0 < elm && elm < oak && oak < 196.0);
        let one = Axis::new(&extent("ash", "ash"), 0.0, 200.0);
        assert_eq!(one.of(b"ash"), 100.0);
        assert!(one.ticks().is_empty());
        let none = Axis::new(&Extent::default(), 0.0, 200.0);
        assert!(none.of(b"ash").is_finite());
    }
}
