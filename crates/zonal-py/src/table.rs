//! Tables whose columns are NumPy arrays, read in place.

use crate::error::exception;
use numpy::{PyArray1, PyArrayDescrMethods, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use std::ops::Range;
use std::sync::Arc;
use zonal_documents::table::{Data, Memory};
use zonal_io::source::{Columns, Encoding, Source};

/// A table of columns of equal length: features, labels and, optionally, the weights of the rows and the numbers of their groups or
/// their times.
#[pyclass(frozen, module = "zonal._native")]
pub(crate) struct Table {
    memory: Memory,
    drop_missing: bool,
}

/// The names of the features and of the labels, of the weight and of the column of groups or times.
type Names = (Vec<String>, Vec<String>, Option<String>, Option<String>);

#[pymethods]
impl Table {
    #[new]
    #[pyo3(signature = (columns: "list[object]", names, first_row = 0, drop_missing = false, classes = None, texts = None))]
    fn new(
        py: Python<'_>,
        columns: Vec<Bound<'_, PyUntypedArray>>,
        names: Names,
        first_row: u64,
        drop_missing: bool,
        classes: Option<Vec<String>>,
        texts: Option<Vec<Option<Vec<String>>>>,
    ) -> PyResult<Self> {
        let (features, labels, weight, key) = names;
        let reject = |message: &str| Err(exception(py, "DataError", message));
        if columns.len()
            != features.len() + labels.len() + usize::from(weight.is_some()) + usize::from(key.is_some())
        {
            return reject("the number of columns differs from the number of names");
        }
        let rows = columns.first().map_or(0, |c| c.len());
        let mut views = Vec::with_capacity(columns.len());
        for column in &columns {
            let Some(view) = View::of(column) else {
                return reject("a column is not a one-dimensional array of numbers in native byte order");
            };
            if column.len() != rows {
                return reject("the columns have different lengths");
            }
            views.push(view);
        }
        let owners = columns.into_iter().map(|c| c.into_any().unbind()).collect();
        let table = Arc::new(Arrays { rows, views, texts: texts.unwrap_or_default(), _owners: owners });
        let memory = Memory { table, validation: None, features, labels, classes, weight, key, first_row };
        Ok(Self { memory, drop_missing })
    }

    /// Returns the table with the rows of another one with the same columns for validation.
    fn with_validation(&self, other: &Self) -> Self {
        let validation = Some(Arc::clone(&other.memory.table));
        Self { memory: Memory { validation, ..self.memory() }, drop_missing: self.drop_missing }
    }
}

impl Table {
    /// Returns the table for a request.
    pub(crate) fn memory(&self) -> Memory {
        self.memory.clone()
    }

    /// Returns the number of rows.
    pub(crate) fn rows(&self) -> u64 {
        self.memory.table.rows()
    }

    /// Opens the table for reading.
    pub(crate) fn source(&self) -> zonal_documents::Result<Source> {
        Data::in_memory(self.memory(), self.drop_missing).open(&Columns::default())
    }

    /// Opens the table for a network whose features are encoded like this.
    pub(crate) fn encoded(&self, encoding: &Encoding) -> zonal_documents::Result<Source> {
        let data = Data { fill_missing: true, ..Data::in_memory(self.memory(), false) };
        Ok(data.open(&Columns::default())?.encoded(Arc::new(encoding.clone()))?)
    }

    /// Returns the names of the labels.
    pub(crate) fn labels(&self) -> &[String] {
        &self.memory.labels
    }
}

/// The representation of a number.
#[derive(Clone, Copy, Debug)]
enum Number {
    F64,
    F32,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
}

/// A strided view of the numbers of one column.
#[derive(Clone, Copy, Debug)]
struct View {
    start: *const u8,
    stride: isize,
    number: Number,
}

impl View {
    fn of(array: &Bound<'_, PyUntypedArray>) -> Option<Self> {
        let dtype = array.dtype();
        if array.ndim() != 1 || dtype.is_native_byteorder() == Some(false) {
            return None;
        }
        let number = match (dtype.kind(), dtype.itemsize()) {
            (b'f', 8) => Number::F64,
            (b'f', 4) => Number::F32,
            (b'i', 8) => Number::I64,
            (b'i', 4) => Number::I32,
            (b'i', 2) => Number::I16,
            (b'i', 1) => Number::I8,
            (b'u', 8) => Number::U64,
            (b'u', 4) => Number::U32,
            (b'u', 2) => Number::U16,
            (b'u' | b'b', 1) => Number::U8,
            _ => return None,
        };
        // SAFETY: it is an array of one dimension, whose type of numbers was checked above; only the address of its
        // numbers is taken.
        let start = unsafe { array.cast_unchecked::<PyArray1<u8>>().data() }.cast_const();
        Some(Self { start, stride: array.strides()[0], number })
    }

    /// Returns the number in a row.
    ///
    /// # Safety
    /// The array that it is a view of is alive and has that row.
    unsafe fn read(self, row: usize) -> f64 {
        // SAFETY: the row is inside the array, whose stride this is; arrays need not be aligned.
        unsafe {
            let at = self.start.offset(row as isize * self.stride);
            match self.number {
                Number::F64 => at.cast::<f64>().read_unaligned(),
                Number::F32 => f64::from(at.cast::<f32>().read_unaligned()),
                Number::I64 => at.cast::<i64>().read_unaligned() as f64,
                Number::I32 => f64::from(at.cast::<i32>().read_unaligned()),
                Number::I16 => f64::from(at.cast::<i16>().read_unaligned()),
                Number::I8 => f64::from(at.cast::<i8>().read_unaligned()),
                Number::U64 => at.cast::<u64>().read_unaligned() as f64,
                Number::U32 => f64::from(at.cast::<u32>().read_unaligned()),
                Number::U16 => f64::from(at.cast::<u16>().read_unaligned()),
                Number::U8 => f64::from(at.read()),
            }
        }
    }
}

/// Views of arrays, and the arrays that own the memory.
#[derive(Debug)]
struct Arrays {
    rows: usize,
    views: Vec<View>,
    /// The texts of columns that hold their numbers.
    texts: Vec<Option<Vec<String>>>,
    _owners: Vec<Py<PyAny>>,
}

// SAFETY: the pointers are to memory of arrays that `_owners` keeps alive, and are only read. NumPy itself makes no
// promise to those who write to an array while another thread reads it, and neither does this.
unsafe impl Send for Arrays {}
// SAFETY: as above.
unsafe impl Sync for Arrays {}

/// The number of rows read column by column, few enough that their memory stays in cache.
const BLOCK_ROWS: usize = 64;

impl zonal_io::source::Table for Arrays {
    fn rows(&self) -> u64 {
        self.rows as u64
    }

    fn columns(&self) -> usize {
        self.views.len()
    }

    fn texts(&self, column: usize) -> Option<&[String]> {
        self.texts.get(column)?.as_deref()
    }

    fn read(&self, rows: Range<u64>, out: &mut [f64]) {
        let (first, end) = (rows.start as usize, (rows.end as usize).min(self.rows));
        let columns = self.views.len();
        for from in (first..end).step_by(BLOCK_ROWS) {
            let to = (from + BLOCK_ROWS).min(end);
            for (j, view) in self.views.iter().enumerate() {
                for row in from..to {
                    // SAFETY: the owners are alive, and each array has `self.rows` rows.
                    out[(row - first) * columns + j] = unsafe { view.read(row) };
                }
            }
        }
    }
}
