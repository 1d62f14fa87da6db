//! The table of a sweep: comma-separated values, or Parquet.
//!
//! Both are a function of the plan and its rows, in the order of the points: how the work was shared can't be seen in them.

use std::fmt::Display;
use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::axis::Kind;
use super::plan::Plan;
use super::row::{Cell, Row, Rows};
use crate::export::text::push_column;

/// Rows of a row group.
const GROUP: usize = 65_536;

/// The form of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Csv,
    Parquet,
}

/// The rows of a plan, all of them.
pub fn write(plan: &Plan, rows: &Rows, form: Form) -> Result<Vec<u8>, String> {
    match form {
        Form::Csv => Ok(csv(plan, rows).into_bytes()),
        Form::Parquet => parquet(plan, rows).map_err(|error| failed(&error)),
    }
}

fn failed(error: &dyn Display) -> String {
    format!("glassbase: the table can't be written as Parquet: {error}; --format csv has no such limits")
}

/// The cells of a row as texts, in the order of the columns.
fn texts(plan: &Plan, point: u64, row: &Row) -> Vec<String> {
    let values = plan.values(point).map(|(_, value)| value.to_string());
    let cells = row.cells.iter().map(|cell| cell.text());
    let outcome = row.outcome.word().to_string();
    std::iter::once(point.to_string()).chain(values).chain(cells).chain([outcome]).collect()
}

fn csv(plan: &Plan, rows: &Rows) -> String {
    let mut out = String::new();
    let mut line = |texts: &[String]| {
        for (index, text) in texts.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            push_column(&mut out, text);
        }
        out.push('\n');
    };
    line(&plan.columns().into_iter().map(|(name, _)| name).collect::<Vec<_>>());
    for (point, row) in rows {
        line(&texts(plan, *point, row));
    }
    out
}

/// A column of a Parquet file: whole numbers without sign, doubles or texts; measures may be missing.
fn column(name: &str, kind: Kind, may_be_missing: bool) -> Result<Arc<Type>, ParquetError> {
    let (physical, logical) = match kind {
        Kind::Whole => (Physical::INT64, Some(LogicalType::integer(64, false))),
        Kind::Real => (Physical::DOUBLE, None),
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let repetition = if may_be_missing { Repetition::OPTIONAL } else { Repetition::REQUIRED };
    let builder = Type::primitive_type_builder(name, physical).with_logical_type(logical);
    builder.with_repetition(repetition).build().map(Arc::new)
}

fn parquet(plan: &Plan, rows: &Rows) -> Result<Vec<u8>, ParquetError> {
    let columns = plan.columns();
    let measures = 1 + plan.axes.len()..columns.len() - 1;
    let fields = columns.iter().enumerate().map(|(at, (name, kind))| column(name, *kind, measures.contains(&at)));
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    let schema = Arc::new(Type::group_type_builder("sweep").with_fields(fields).build()?);
    let properties = WriterProperties::builder().set_created_by("glassbase".to_string()).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    let all: Vec<(&u64, &Row)> = rows.iter().collect();
    for group in all.chunks(GROUP) {
        let mut row_group = writer.next_row_group()?;
        for (at, (_, kind)) in columns.iter().enumerate() {
            let Some(mut column) = row_group.next_column()? else { break };
            let cells = group.iter().map(|(point, row)| cell(plan, **point, row, at));
            let (cells, levels) = split(cells);
            let levels = measures.contains(&at).then_some(&levels[..]);
            match kind {
                Kind::Whole => {
                    let numbers: Vec<i64> = cells.iter().map(whole).collect();
                    column.typed::<Int64Type>().write_batch(&numbers, levels, None)?;
                }
                Kind::Real => {
                    let numbers: Vec<f64> = cells.iter().map(real).collect();
                    column.typed::<DoubleType>().write_batch(&numbers, levels, None)?;
                }
                Kind::Text => {
                    let texts: Vec<ByteArray> = cells.into_iter().map(text).collect();
                    column.typed::<ByteArrayType>().write_batch(&texts, levels, None)?;
                }
            }
            column.close()?;
        }
        row_group.close()?;
    }
    writer.into_inner()
}

/// What stands in a column.
enum Content<'a> {
    Cell(Cell),
    Text(&'a str),
}

/// The column `at` of a row; nothing where nothing was measured.
fn cell<'a>(plan: &'a Plan, point: u64, row: &'a Row, at: usize) -> Option<Content<'a>> {
    if at == 0 {
        return Some(Content::Cell(Cell::Whole(point)));
    }
    if let Some((_, value)) = plan.values(point).nth(at - 1) {
        return Some(Content::Text(value));
    }
    match row.cells.get(at - 1 - plan.axes.len()) {
        Some(Cell::Nothing) => None,
        Some(cell) => Some(Content::Cell(*cell)),
        None => Some(Content::Text(row.outcome.word())),
    }
}

/// What is there, and for each row whether it is: the form in which Parquet keeps what may be missing.
fn split<'a>(cells: impl Iterator<Item = Option<Content<'a>>>) -> (Vec<Content<'a>>, Vec<i16>) {
    let (mut there, mut levels) = (Vec::new(), Vec::new());
    for cell in cells {
        levels.push(i16::from(cell.is_some()));
        there.extend(cell);
    }
    (there, levels)
}

/// A whole number without sign has the bits of one with a sign.
fn whole(content: &Content) -> i64 {
    match content {
        Content::Cell(Cell::Whole(number)) => *number as i64,
        Content::Text(text) => text.parse::<u64>().unwrap_or_default() as i64,
        Content::Cell(_) => 0,
    }
}

fn real(content: &Content) -> f64 {
    match content {
        Content::Cell(Cell::Real(number)) => *number,
        Content::Cell(Cell::Whole(number)) => *number as f64,
        Content::Text(text) => text.parse().unwrap_or_default(),
        Content::Cell(Cell::Nothing) => 0.0,
    }
}

fn text(content: Content) -> ByteArray {
    match content {
        Content::Text(text) => ByteArray::from(text),
        Content::Cell(cell) => ByteArray::from(cell.text().as_str()),
    }
}
