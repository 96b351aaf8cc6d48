//! `faults PROGRAM PAGE KILLS OTHERS`: injects every fault and writes the table into the page.

use std::path::Path;
use zonal_verify::faults::{Kind, try_all};

const BEGIN: &str = "<!-- faults: written by cargo xtask faults -->";
const END: &str = "<!-- end of faults -->";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [program, page, kills, others] = arguments.as_slice() else {
        return Err("faults PROGRAM PAGE KILLS OTHERS".into());
    };
    let place = tempfile::tempdir()?;
    let report = try_all(Path::new(program), place.path(), &Kind::ALL, kills.parse()?, others.parse()?)?;
    print!("{}", report.table());
    report.skipped.iter().for_each(|what| println!("skipped: {what}"));
    let text = std::fs::read_to_string(page)?;
    let (before, rest) = text.split_once(BEGIN).ok_or("the page has no place for the table")?;
    let (_, after) = rest.split_once(END).ok_or("the place for the table has no end")?;
    std::fs::write(page, format!("{before}{BEGIN}\n\n{}\n{END}{after}", report.table()))?;
    if report.broken.is_empty() {
        return Ok(());
    }
    Err(report.broken.join("\n").into())
}
