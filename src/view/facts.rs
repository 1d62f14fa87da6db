//! What a selected thing is made of, in words and tables: what the inspector shows, as plain data.

use super::Selection;
use glassbase_trace::PageId;

/// All there is to say about a thing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    pub title: String,
    pub rows: Vec<(&'static str, Said)>,
    pub tables: Vec<FactTable>,
    /// The page whose bytes are shown below, and the slot in it.
    pub page: Option<PageId>,
    pub slot: Option<u16>,
    /// Bytes that the view has itself: the offset of the first, and they.
    pub bytes: Option<(u64, Vec<u8>)>,
}

/// A value: plain, or one that leads to another thing.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Plain(String),
    Link(String, Selection),
}

impl From<String> for Said {
    fn from(text: String) -> Said {
        Said::Plain(text)
    }
}

impl From<&str> for Said {
    fn from(text: &str) -> Said {
        Said::Plain(text.to_string())
    }
}

/// A small table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FactTable {
    pub title: String,
    pub heads: Vec<&'static str>,
    pub rows: Vec<Vec<Said>>,
    /// The row that is the selected thing.
    pub chosen: Option<usize>,
}

impl Facts {
    pub fn new(title: impl Into<String>) -> Facts {
        Facts { title: title.into(), ..Facts::default() }
    }

    #[must_use]
    pub fn row(mut self, name: &'static str, value: impl Into<Said>) -> Facts {
        self.rows.push((name, value.into()));
        self
    }

    #[must_use]
    pub fn link(mut self, name: &'static str, text: impl Into<String>, to: Selection) -> Facts {
        self.rows.push((name, Said::Link(text.into(), to)));
        self
    }

    #[must_use]
    pub fn table(mut self, table: FactTable) -> Facts {
        self.tables.push(table);
        self
    }

    /// Shows the bytes of a page below.
    #[must_use]
    pub fn of_page(self, page: PageId, slot: Option<u16>) -> Facts {
        Facts { page: Some(page), slot, ..self }
    }
}
