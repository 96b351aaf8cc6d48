//! Tables of results, one row per case, as CSV and as Arrow files for pandas, polars and similar tools.

use crate::error::{Error, Result};
#[cfg(feature = "arrow")]
use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, UInt64Array};
#[cfg(feature = "arrow")]
use arrow_ipc::writer::FileWriter;
#[cfg(feature = "arrow")]
use std::sync::Arc;

/// The values of one column.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Text.
    Text(Vec<String>),
    /// Counts; None is missing.
    Count(Vec<Option<u64>>),
    /// Numbers; None is missing.
    Number(Vec<Option<f64>>),
}

impl Values {
    fn len(&self) -> usize {
        match self {
            Self::Text(v) => v.len(),
            Self::Count(v) => v.len(),
            Self::Number(v) => v.len(),
        }
    }

    /// Formats a cell: empty if missing, numbers in the shortest form that parses to the same value.
    pub fn text(&self, row: usize) -> String {
        fn show<T: ToString>(x: Option<&Option<T>>) -> String {
            x.and_then(Option::as_ref).map_or(String::new(), T::to_string)
        }
        match self {
            Self::Text(v) => v.get(row).cloned().unwrap_or_default(),
            Self::Count(v) => show(v.get(row)),
            Self::Number(v) => show(v.get(row)),
        }
    }
}

/// A table of results: named columns of equal length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    columns: Vec<(String, Values)>,
}

impl Results {
    /// Adds a column. It must have the length of the others: a table with unequal columns cannot be encoded.
    pub fn push(&mut self, name: &str, values: Values) {
        self.columns.push((name.to_owned(), values));
    }

    /// Returns the number of rows, the length of the first column.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, v)| v.len())
    }

    /// Returns the names and values of the columns.
    pub fn columns(&self) -> &[(String, Values)] {
        &self.columns
    }

    /// Encodes the table as CSV.
    ///
    /// # Errors
    /// [`Error::Results`] for columns of different lengths.
    pub fn csv(&self) -> Result<String> {
        let fail = |e: csv::Error| Error::results(&e);
        if let Some((name, values)) = self.columns.iter().find(|(_, v)| v.len() != self.rows()) {
            let message =
                format!("the column '{name}' has {} rows, but {} are needed", values.len(), self.rows());
            return Err(Error::results(&message));
        }
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.columns.iter().map(|(name, _)| name)).map_err(fail)?;
        for row in 0..self.rows() {
            writer.write_record(self.columns.iter().map(|(_, v)| v.text(row))).map_err(fail)?;
        }
        let bytes = writer.into_inner().map_err(|e| Error::results(&e))?;
        String::from_utf8(bytes).map_err(|e| Error::results(&e))
    }

    /// Encodes the table as an uncompressed Arrow IPC file (Feather version 2); None in a build without the feature `arrow`.
    ///
    /// # Errors
    /// [`Error::Results`] for columns of different lengths, and for no columns.
    pub fn arrow(&self) -> Result<Option<Vec<u8>>> {
        #[cfg(feature = "arrow")]
        let bytes = Some(encode(&self.columns).map_err(|e| Error::results(&e))?);
        #[cfg(not(feature = "arrow"))]
        let bytes = None;
        Ok(bytes)
    }
}

/// Encodes columns as an Arrow file.
#[cfg(feature = "arrow")]
fn encode(columns: &[(String, Values)]) -> std::result::Result<Vec<u8>, arrow_schema::ArrowError> {
    let arrays = columns.iter().map(|(name, values)| {
        let array: ArrayRef = match values {
            Values::Text(v) => Arc::new(StringArray::from_iter_values(v)),
            Values::Count(v) => Arc::new(UInt64Array::from(v.clone())),
            Values::Number(v) => Arc::new(Float64Array::from(v.clone())),
        };
        (name.as_str(), array, !matches!(values, Values::Text(_)))
    });
    let batch = RecordBatch::try_from_iter_with_nullable(arrays)?;
    let mut writer = FileWriter::try_new(Vec::new(), &batch.schema())?;
    writer.write(&batch)?;
    writer.finish()?;
    writer.into_inner()
}

/// Decodes the rows of CSV text written by zonal.
///
/// # Errors
/// [`Error::Results`] for text that does not match the row type.
pub fn read_csv<T: serde::de::DeserializeOwned>(text: &str) -> Result<Vec<T>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().collect::<std::result::Result<_, _>>().map_err(|e| Error::results(&e))
}

#[cfg(test)]
#[cfg(feature = "arrow")]
mod tests {
    use super::*;
    use arrow_array::Array;
    use arrow_ipc::reader::FileReader;

    fn sample() -> Results {
        let mut results = Results::default();
        results.push("what", Values::Text(vec!["a, \"b\"".into(), "c".into()]));
        results.push("count", Values::Count(vec![Some(1 << 60), None]));
        results.push("x", Values::Number(vec![Some(0.1), None]));
        results
    }

    #[test]
    fn csv_quotes_and_leaves_missing_cells_empty() {
        let text = sample().csv().unwrap();
        assert_eq!(text, "what,count,x\n\"a, \"\"b\"\"\",1152921504606846976,0.1\nc,,\n");
    }

    #[test]
    fn arrow_reads_back() {
        let bytes = sample().arrow().unwrap().unwrap();
        assert_eq!(Some(&bytes), sample().arrow().unwrap().as_ref());
        let reader = FileReader::try_new(std::io::Cursor::new(bytes), None).unwrap();
        let batches: Vec<RecordBatch> = reader.map(|b| b.unwrap()).collect();
        assert_eq!((batches.len(), batches[0].num_rows(), batches[0].num_columns()), (1, 2, 3));
        let x = batches[0].column(2).as_any().downcast_ref::<Float64Array>().unwrap();
        assert!(x.value(0) == 0.1 && x.is_null(1));
    }
}
