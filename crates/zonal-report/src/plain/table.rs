//! Columns of text, and CSV.

/// Formats a table in plain, right-aligned columns with a header.
pub(crate) fn columns(header: &[String], rows: &[Vec<String>]) -> String {
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
