//! Columns of text, and CSV.

/// The layout of text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Layout {
    /// Whether every check of a claim is listed, also those that hold.
    pub details: bool,
    /// The width of a terminal in characters, into which tables must fit; None for a file.
    pub width: Option<usize>,
}

impl Layout {
    /// Formats a table in plain, right-aligned columns with a header. Columns that do not fit are omitted from the right,
    /// and a line below names them.
    pub(crate) fn columns(self, header: &[String], rows: &[Vec<String>]) -> String {
        let order: Vec<usize> = (1..header.len()).rev().collect();
        self.columns_by_importance(header, rows, &order)
    }

    /// Formats a table as [`Self::columns`], with the order in which columns may be omitted.
    pub(crate) fn columns_by_importance(
        self,
        header: &[String],
        rows: &[Vec<String>],
        order: &[usize],
    ) -> String {
        let omitted = omitted(header, rows, order, self.width);
        if omitted.is_empty() {
            return table(header, rows);
        }
        let fitting = |cells: &[String]| -> Vec<String> {
            let kept = cells.iter().enumerate().filter(|(i, _)| !omitted.contains(i));
            kept.map(|(_, cell)| cell.clone()).collect()
        };
        let mut names: Vec<&str> = Vec::new();
        for (i, name) in header.iter().enumerate() {
            if omitted.contains(&i) && !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let rows: Vec<Vec<String>> = rows.iter().map(|row| fitting(row)).collect();
        let table = table(&fitting(header), &rows);
        format!("{table}Omitted to fit the terminal: {}; JSON lists all.\n", names.join(", "))
    }
}

/// Returns the columns to omit from a table that is wider than the terminal.
fn omitted(header: &[String], rows: &[Vec<String>], order: &[usize], width: Option<usize>) -> Vec<usize> {
    let Some(width) = width else { return Vec::new() };
    // Each column has a space on either side.
    let widest = |i: usize| {
        let cells = rows.iter().filter_map(|row| row.get(i)).chain([&header[i]]);
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0) + 2
    };
    let mut total: usize = (0..header.len()).map(widest).sum();
    let mut out = Vec::new();
    for &i in order {
        if total <= width {
            break;
        }
        total -= widest(i);
        out.push(i);
    }
    out
}

fn table(header: &[String], rows: &[Vec<String>]) -> String {
    use comfy_table::{CellAlignment, Table, presets};
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header.iter().map(|h| comfy_table::Cell::new(h).set_alignment(CellAlignment::Right)));
    for row in rows {
        table.add_row(row.iter().map(|c| comfy_table::Cell::new(c).set_alignment(CellAlignment::Right)));
    }
    let text = table.to_string();
    text.lines().map(|l| l.trim_end().to_owned() + "\n").collect()
}

/// Formats a CSV cell, quoted if necessary; formulas may contain commas.
pub fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Formats CSV from cells that need no quoting.
pub(crate) fn csv(header: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| cells.join(",") + "\n";
    line(header) + &rows.iter().map(|r| line(r)).collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::omitted;

    #[test]
    fn columns_are_omitted_only_on_a_narrow_terminal_and_in_order() {
        let header = ["iteration", "loss", "degree 1", "theory"].map(String::from);
        let rows = vec![["100", "0.5000", "0.2500", "0.2501"].map(String::from).to_vec()];
        // Widths with spaces: 11, 8, 10, 8.
        let of = |width| omitted(&header, &rows, &[3, 2, 1], width);
        assert_eq!(of(None), Vec::<usize>::new());
        assert_eq!(of(Some(37)), Vec::<usize>::new());
        assert_eq!(of(Some(36)), [3]);
        assert_eq!(of(Some(20)), [3, 2]);
        assert_eq!(of(Some(1)), [3, 2, 1]);
    }
}
