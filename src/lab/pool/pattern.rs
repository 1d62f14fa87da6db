//! Where accesses come from: scans, draws, data lines, lists.
//!
//! **Invariant:** the n-th access does not depend on how many are asked for, so a command that was stopped after n is the
//! same as one that says `stop n`.

use std::rc::Rc;

use crate::lab::data::{self, Data};
use crate::lab::keys::ZIPF_EXPONENT;
use crate::lab::refusal::Refusal;
use crate::lab::script::Call;
use crate::lab::words::shortened;
use crate::sim::{Generator, Zipf};
use crate::trace::decimal::number;

/// A sequence of page numbers.
#[derive(Clone)]
pub enum Pattern {
    Scan {
        from: u32,
        to: u32,
    },
    Uniform {
        from: u32,
        count: u32,
        generator: Generator,
    },
    Zipf {
        from: u32,
        ranks: Ranks,
        generator: Generator,
    },
    Mixed {
        hot: u32,
        pages: u32,
        every: u64,
        generator: Generator,
    },
    /// A hot set of `hot` pages that moves on after `every` accesses.
    Shifting {
        hot: u32,
        pages: u32,
        every: u64,
        generator: Generator,
    },
    List(Rc<[u32]>),
}

/// Pages by how often they are drawn. Which page has which rank looks like chance, and is the same in every run.
#[derive(Clone)]
pub struct Ranks {
    zipf: Zipf,
    count: u64,
    /// Bits of half a place.
    half: u32,
}

impl Ranks {
    pub fn new(count: u64) -> Ranks {
        let count = count.max(1);
        let bits = 64 - (count - 1).leading_zeros();
        Ranks { zipf: Zipf::new(count, ZIPF_EXPONENT), count, half: bits.div_ceil(2).max(1) }
    }

    pub fn draw(&self, generator: &mut Generator) -> u64 {
        self.place(self.zipf.sample(generator) - 1)
    }

    /// The page of a rank, both counted from 0: a permutation. Four rounds of a Feistel network permute the numbers of so
    /// many bits; who lands beyond the last page goes through again (Black and Rogaway, "Ciphers with Arbitrary Finite
    /// Domains", 2002).
    fn place(&self, rank: u64) -> u64 {
        let mask = (1u64 << self.half) - 1;
        let mut place = rank;
        loop {
            let (mut left, mut right) = (place >> self.half & mask, place & mask);
            for round in 1..=4u64 {
                let mixed = (right + round).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                (left, right) = (right, left ^ (mixed >> 40 & mask));
            }
            place = left << self.half | right;
            if place < self.count {
                return place;
            }
        }
    }
}

impl Pattern {
    /// What a command asks for, of a file of so many pages.
    pub fn of(call: &Call, pages: u32, generator: Generator) -> Pattern {
        let arguments = &call.arguments;
        let given = |name| arguments.number(name).map(|number| number as u32);
        match call.info.name {
            "scan" => Pattern::Scan { from: given("from").unwrap_or(0), to: given("to").unwrap_or(0) },
            "mixed" => {
                let every = arguments.number("every").unwrap_or(3);
                Pattern::Mixed { hot: given("hot").unwrap_or(0) + 1, pages, every, generator }
            }
            "shifting" => {
                let every = arguments.number("every").unwrap_or(100);
                Pattern::Shifting { hot: given("hot").unwrap_or(1).min(pages), pages, every, generator }
            }
            _ => {
                let (from, to) = (given("from").unwrap_or(0), given("to").unwrap_or(pages - 1));
                let (from, count) = (from.min(to), from.abs_diff(to) + 1);
                match arguments.word("choice") {
                    Some("zipf") => Pattern::Zipf { from, ranks: Ranks::new(u64::from(count)), generator },
                    _ => Pattern::Uniform { from, count, generator },
                }
            }
        }
    }

    /// Access `index`, counted from 0; they must be asked for in order.
    pub fn next(&mut self, index: u64) -> u32 {
        match self {
            Pattern::Scan { from, to } => {
                let away = (index % (u64::from(from.abs_diff(*to)) + 1)) as u32;
                if from <= to { *from + away } else { *from - away }
            }
            Pattern::Uniform { from, count, generator } => *from + generator.below(u64::from(*count)) as u32,
            Pattern::Zipf { from, ranks, generator } => *from + ranks.draw(generator) as u32,
            Pattern::Mixed { hot, pages, every, generator } => {
                let cold = u64::from(pages.saturating_sub(*hot));
                if (index + 1).is_multiple_of(*every) && cold > 0 {
                    *hot + (index / *every % cold) as u32
                } else {
                    generator.below(u64::from(*hot)) as u32
                }
            }
            Pattern::Shifting { hot, pages, every, generator } => {
                let begun = index / *every * u64::from(*hot);
                ((begun + generator.below(u64::from(*hot))) % u64::from(*pages)) as u32
            }
            Pattern::List(accesses) => accesses.get(index as usize).copied().unwrap_or(0),
        }
    }
}

/// The page numbers of data lines. The error names the line that is none, or past the end of the file.
pub fn read_pages(data: &Data, column: Option<usize>, pages: u32) -> Result<Rc<[u32]>, Refusal> {
    let page = |(index, line): (usize, &str)| {
        let cut = column.map(|column| data::csv_column(line, column, ','));
        let text = cut.as_deref().unwrap_or(line).trim();
        let line = index as u64 + 1;
        match number::<u32>(text) {
            Some(page) if page < pages => Ok(page),
            Some(page) => Err(Refusal::PagePastEnd { line, page, pages }),
            None => Err(Refusal::NoPageNumber { line, text: shortened(text, 40) }),
        }
    };
    data.iter().enumerate().map(page).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rank_has_a_page_of_its_own() {
        for count in [1u64, 2, 3, 10, 61, 100, 1024] {
            let ranks = Ranks::new(count);
            let mut places: Vec<u64> = (0..count).map(|rank| ranks.place(rank)).collect();
            places.sort_unstable();
            assert!(places.into_iter().eq(0..count), "{count}");
        }
    }

    #[test]
    fn lines_that_are_no_pages_are_named() {
        let data: Data = ["3", " 7", "x7", "9"].into_iter().collect();
        assert_eq!(read_pages(&data, None, 10), Err(Refusal::NoPageNumber { line: 3, text: "x7".into() }));
        let data: Data = ["a,3", "b,12"].into_iter().collect();
        assert_eq!(read_pages(&data, Some(2), 13).unwrap()[..], [3, 12]);
        assert_eq!(read_pages(&data, Some(2), 12), Err(Refusal::PagePastEnd { line: 2, page: 12, pages: 12 }));
    }
}
