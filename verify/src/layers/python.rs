//! Imports between the modules of the Python package.

use super::root;
use std::collections::BTreeSet;

/// Returns the imports between modules of the package, including those within functions. Imports for type checkers and
/// those of `__init__` are ignored: nothing imports the package as a whole.
///
/// # Panics
/// If the package cannot be read.
pub fn imports() -> Vec<(String, String)> {
    let folder = root().join("crates/zonal-py/python/zonal");
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut found = Vec::new();
    for path in entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "py")) {
        let module = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        if module != "__init__" {
            found.extend(imports_of(&text).into_iter().map(|other| (module.clone(), other)));
        }
    }
    found.sort();
    found
}

/// Returns the modules of the package that a source imports.
pub fn imports_of(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    // Inside a block for type checkers, the indentation of its head.
    let mut block: Option<usize> = None;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let words = line.trim_start();
        let indent = line.len() - words.len();
        if block.is_some_and(|head| words.is_empty() || indent > head) {
            continue;
        }
        block = words.starts_with("if TYPE_CHECKING:").then_some(indent);
        if let Some((from, names)) = words.strip_prefix("from .").and_then(|w| w.split_once(" import ")) {
            if from.is_empty() {
                let code = |line: &str| line.split('#').next().unwrap_or_default().to_owned();
                let mut names = code(names);
                while names.contains('(') && !names.contains(')') {
                    names += &code(lines.next().unwrap_or(")"));
                }
                let names = names.replace(['(', ')'], "");
                found.extend(names.split(',').filter_map(first_word));
            } else {
                found.insert(from.to_owned());
            }
        } else if let Some(name) = words.strip_prefix("import zonal.") {
            found.extend(first_word(name));
        } else if let Some((name, _)) =
            words.strip_prefix("from zonal.").and_then(|w| w.split_once(" import "))
        {
            found.insert(name.to_owned());
        }
    }
    found
}

fn first_word(text: &str) -> Option<String> {
    text.split([' ', '.']).find(|w| !w.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_within_functions_count_and_those_of_type_checkers_do_not() {
        let text = "import os\nfrom . import errors, _arrays as x\nfrom ._result import (\n    A,\n)\n\
                    if TYPE_CHECKING:\n    from .network import Network\n\n    import zonal.sq\nimport zonal.theory\n\
                    def f():\n    from . import (  # late\n        _html,\n        _plot,\n    )\n    from zonal.dask import y\n";
        let found: Vec<String> = imports_of(text).into_iter().collect();
        assert_eq!(found, ["_arrays", "_html", "_plot", "_result", "dask", "errors", "theory"]);
    }
}
