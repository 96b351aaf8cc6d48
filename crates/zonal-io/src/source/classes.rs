//! The classes of a label: a column of labels becomes one column for each class, which is 1 in rows of that class and 0 elsewhere.

use super::reader::Cell;
use crate::error::shorten;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// The number of classes that messages list.
const LISTED: usize = 10;

/// The classes of a label column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classes {
    /// The name of the label column.
    pub label: String,
    /// The classes: numbers in ascending order, or texts in alphabetical order.
    pub names: Vec<String>,
    /// The number of rows of each class in the table of the training, in all parts.
    pub rows: Vec<u64>,
}

/// A label column with its classes.
#[derive(Clone, Debug)]
pub(super) struct Classified {
    pub(super) classes: Arc<Classes>,
    /// The names of the columns of the classes.
    pub(super) columns: Vec<String>,
    /// The class of each number, by its bits.
    pub(super) numbers: HashMap<u64, usize>,
    /// Whether a table in memory holds the numbers of classes.
    pub(super) is_coded: bool,
}

impl Classes {
    /// Returns the names of the columns of the classes.
    pub fn columns(&self) -> Vec<String> {
        self.names.iter().map(|name| format!("{}={name}", self.label)).collect()
    }

    /// Returns the number of each class by its name.
    pub(super) fn numbers(&self) -> HashMap<String, usize> {
        self.names.iter().enumerate().map(|(i, name)| (name.clone(), i)).collect()
    }

    /// Returns whether there are at least two classes with different names, for classes that were read from a file.
    pub fn is_sound(&self) -> bool {
        let count = self.names.len();
        count >= 2 && self.numbers().len() == count && self.rows.len() == count
    }

    /// Returns the message for a label that is none of the classes.
    pub(super) fn unknown(&self, found: &str) -> String {
        let listed: Vec<&str> = self.names.iter().take(LISTED).map(String::as_str).collect();
        let more = if self.names.len() > LISTED { ", .." } else { "" };
        format!("found '{}', but the classes are {}{more}", shorten(found), listed.join(", "))
    }
}

/// Returns the name of the class of a cell; None if it is missing.
pub(super) fn class_name<'a>(cell: &Cell<'a>) -> Option<Cow<'a, str>> {
    match cell {
        Cell::Missing => None,
        Cell::Boolean(is_true) => Some(if *is_true { "true" } else { "false" }.into()),
        Cell::Number(x) => Some(x.to_string().into()),
        Cell::Text(text) => Some((*text).into()),
    }
}
