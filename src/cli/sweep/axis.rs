//! What changes from point to point: a setting, a word of the script, the seed.
//!
//! ```text
//!   set page_size 512 1024 4096          a list
//!   set order from 4 to 64 step 4        4, 8, 12, ...: up to 64
//!   let count from 1000 to 1000000 times 10
//!   seeds from 1 to 5
//! ```
//!
//! Numbers of a range are exact, also with decimals: they are counted in thousand-millionths.

use crate::lab::Problem;
use crate::lab::token::Token;
use crate::lab::words::{grouped, shortened};

use super::plan::POINTS_MAX;

/// A decimal number has so many places.
const PLACES: usize = 9;
const ONE: u128 = 1_000_000_000;

/// What an axis changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A setting of the lab.
    Setting,
    /// What stands for `{name}` in the script.
    Word,
    Seed,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Whole,
    Real,
    Text,
}

#[derive(Clone, Debug)]
pub struct Axis {
    pub role: Role,
    pub name: String,
    pub values: Vec<String>,
    /// Where it stands in the file: its line, the column of its name, those of its values (of a range: one).
    pub line: usize,
    pub column: usize,
    value_columns: Vec<usize>,
}

impl Axis {
    /// Reads what stands behind the name.
    pub fn read(role: Role, name: &Token, values: &[Token], line: usize) -> Result<Axis, Problem> {
        let problem = |token: &Token, what: String, remedy: &str| Problem::new(line, token.column, what, remedy);
        let is_word = |token: &Token, word| !token.quoted && token.text == word;
        let (texts, value_columns) = match values {
            [] => return Err(problem(name, format!("{} has no values", name.text), FORMS)),
            [from, to, rest @ ..] if is_word(from, "from") => {
                let range = Range::read(from, to, rest, line)?;
                (range.values(), vec![to.column])
            }
            _ => (
                values.iter().map(|token| token.text.clone()).collect(),
                values.iter().map(|token| token.column).collect(),
            ),
        };
        let axis = Axis { role, name: name.text.clone(), values: texts, line, column: name.column, value_columns };
        for (index, value) in axis.values.iter().enumerate() {
            let at = Problem::new(line, axis.value_column(index), "", "");
            if value.chars().any(char::is_control) {
                let what = "a value has a line end, or another character that is no letter".to_string();
                return Err(Problem { what, remedy: "leave it out".to_string(), ..at });
            }
        }
        let mut seen: Vec<(&str, usize)> =
            axis.values.iter().enumerate().map(|(index, value)| (value.as_str(), index)).collect();
        seen.sort_unstable();
        if let Some(twice) = seen.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let what = format!("the value {} is there twice", shortened(twice[0].0, 40));
            return Err(Problem::new(line, axis.value_column(twice[1].1), what, "take one of them out"));
        }
        Ok(axis)
    }

    /// Where a value stands.
    pub fn value_column(&self, index: usize) -> usize {
        self.value_columns.get(index).or(self.value_columns.first()).copied().unwrap_or(self.column)
    }

    /// What all its values are.
    pub fn kind(&self) -> Kind {
        let is_whole = |text: &String| text.parse::<u64>().is_ok_and(|number| number.to_string() == *text);
        if self.values.iter().all(is_whole) {
            Kind::Whole
        } else if self.values.iter().all(|text| decimal(text).is_some()) {
            Kind::Real
        } else {
            Kind::Text
        }
    }
}

const FORMS: &str = "write a list, as in 4 8 16, or a range, as in from 4 to 64 step 4, or from 4 to 64 times 2";

enum Way {
    Step(u128),
    Times(u128),
}

/// Numbers from one to another, in thousand-millionths.
struct Range {
    from: u128,
    to: u128,
    way: Way,
}

impl Range {
    /// `from A to B`, and maybe `step S` or `times F`; `from` itself stands in front.
    fn read(from: &Token, first: &Token, rest: &[Token], line: usize) -> Result<Range, Problem> {
        let number = |token: &Token| {
            decimal(&token.text).ok_or_else(|| {
                let what = format!("\"{}\" is no number of a range", shortened(&token.text, 40));
                let remedy = format!("write digits, with up to {PLACES} decimals; list what has a unit, as in 1ms 2ms");
                Problem::new(line, token.column, what, remedy)
            })
        };
        let wrong = |token: &Token, what: &str| Problem::new(line, token.column, what, FORMS);
        let (last, way) = match rest {
            [to, last] if to.text == "to" => (last, Way::Step(ONE)),
            [to, last, word, by] if to.text == "to" && word.text == "step" => {
                let step = number(by)?;
                if step == 0 {
                    return Err(wrong(by, "a step of 0 comes to no end"));
                }
                (last, Way::Step(step))
            }
            [to, last, word, by] if to.text == "to" && word.text == "times" => {
                let factor = number(by)?;
                if factor < 2 * ONE || factor % ONE != 0 {
                    return Err(wrong(by, "a factor is a whole number from 2 on"));
                }
                (last, Way::Times(factor / ONE))
            }
            _ => return Err(wrong(from, "this range is not complete")),
        };
        let range = Range { from: number(first)?, to: number(last)?, way };
        if range.to < range.from {
            return Err(wrong(last, "the range ends before it begins"));
        }
        if matches!(range.way, Way::Times(_)) && range.from == 0 {
            return Err(wrong(first, "times anything 0 stays 0"));
        }
        match range.count() {
            count if count > u128::from(POINTS_MAX) => {
                let shown = u64::try_from(count).map_or("more than 10^19".to_string(), grouped);
                let what = format!("this range has {shown} values; a sweep has at most {} points", grouped(POINTS_MAX));
                Err(Problem::new(line, from.column, what, "take a larger step"))
            }
            _ => Ok(range),
        }
    }

    fn count(&self) -> u128 {
        match self.way {
            Way::Step(step) => (self.to - self.from) / step + 1,
            Way::Times(factor) => {
                let powers = std::iter::successors(Some(self.from), |at| at.checked_mul(factor));
                powers.take_while(|at| *at <= self.to).count() as u128
            }
        }
    }

    fn values(&self) -> Vec<String> {
        let next = |at: &u128| match self.way {
            Way::Step(step) => at.checked_add(step),
            Way::Times(factor) => at.checked_mul(factor),
        };
        std::iter::successors(Some(self.from), next).take_while(|at| *at <= self.to).map(written).collect()
    }
}

/// A number with or without decimals, in thousand-millionths.
fn decimal(text: &str) -> Option<u128> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let are_digits =
        |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(whole, 20) || !are_digits(part, PLACES) {
        return None;
    }
    let below: u128 = format!("{part:0<PLACES$}").parse().ok()?;
    Some(whole.parse::<u128>().ok()? * ONE + below)
}

fn written(value: u128) -> String {
    match value % ONE {
        0 => (value / ONE).to_string(),
        below => format!("{}.{below:09}", value / ONE).trim_end_matches('0').to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::token::tokens;

    fn read(line: &str) -> Result<Axis, Problem> {
        let tokens = tokens(line, 7).unwrap();
        Axis::read(Role::Word, &tokens[0], &tokens[1..], 7)
    }

    #[test]
    fn lists_and_ranges() {
        assert_eq!(read("x 3 1 ash").unwrap().values, ["3", "1", "ash"]);
        assert_eq!(read("x from 4 to 12 step 3").unwrap().values, ["4", "7", "10"]);
        assert_eq!(read("x from 1 to 3").unwrap().values, ["1", "2", "3"]);
        assert_eq!(read("x from 0.1 to 0.35 step 0.1").unwrap().values, ["0.1", "0.2", "0.3"]);
        assert_eq!(read("x from 8 to 100 times 3").unwrap().values, ["8", "24", "72"]);
        assert_eq!(read("x \"from\" to").unwrap().values, ["from", "to"]);
        let top = u64::MAX.to_string();
        assert_eq!(read(&format!("x from {top} to {top}")).unwrap().values, [top]);
        assert_eq!(read("x 3 1").unwrap().kind(), Kind::Whole);
        assert_eq!(read("x 3 0.5").unwrap().kind(), Kind::Real);
        assert_eq!(read("x 3 05 ash").unwrap().kind(), Kind::Text);
    }

    #[test]
    fn what_is_wrong_with_an_axis_is_told_with_its_place() {
        for (line, column, what) in [
            ("x", 1, "has no values"),
            ("x from 1 to", 3, "not complete"),
            ("x from 1 to 9 stp 2", 3, "not complete"),
            ("x from 1 to 9 step 0", 20, "comes to no end"),
            ("x from 1 to 9 times 1", 21, "from 2 on"),
            ("x from 0 to 9 times 2", 8, "stays 0"),
            ("x from 9 to 1", 13, "ends before it begins"),
            ("x from 1ms to 9ms", 8, "no number of a range"),
            ("x from 1 to 1000000000000", 3, "1,000,000,000,000 values"),
            ("x from 0.000000001 to 99999999999999999999", 3, "more than 10^19 values"),
            ("x 3 4 3", 7, "there twice"),
            ("x 3 \"a\\nb\"", 5, "line end"),
        ] {
            let problem = read(line).unwrap_err();
            assert_eq!((problem.line, problem.column), (7, column), "{line}: {problem}");
            assert!(problem.what.contains(what), "{line}: {problem}");
        }
    }
}
