//! The script language: parsing yields commands and a list of problems, never a failure as a whole.

/// Something wrong with a line of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What would be right, with the nearest known word.
    pub remedy: String,
}

/// A parsed script.
#[derive(Clone, Debug, Default)]
pub struct Script {
    pub problems: Vec<Problem>,
}
