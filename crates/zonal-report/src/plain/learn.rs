//! Reports of `sq learn`.

use super::table::{Layout, csv};
use zonal_documents::number::{short, short_count};
use zonal_documents::options::STEP;
use zonal_documents::sq::LearnReport;

pub(crate) fn text(r: &LearnReport, layout: Layout) -> String {
    let mut text = format!(
        "{} through {} answers ({}), {} {} units in dimension {}, {} trained, step {}\n\n",
        r.target,
        r.oracle,
        match r.convention.as_str() {
            "unit" => "tolerance relative to the norm of each query",
            "range" => "tolerance relative to the range of each query",
            _ => "absolute tolerance",
        },
        r.width,
        r.activation,
        r.dim,
        if r.layers == "both" { "both layers" } else { "output layer" },
        short(r.step_size)
    );
    // Degrees whose energy exceeds 1 % of the target's at some iteration.
    let shown: Vec<usize> = (0..r.target_energy.len())
        .filter(|&k| {
            let largest =
                r.path.iter().map(|c| c.degrees[k].energy.max(c.degrees[k].exact_energy)).fold(0.0, f64::max);
            largest > 1e-2 * r.target_norm_sq
        })
        .collect();
    let mut header = ["iteration", "loss", "exact"].map(String::from).to_vec();
    for k in &shown {
        header.push(format!("degree {k}"));
        header.push(format!("exact {k}"));
    }
    // Iterations that are powers of ten, and the last one.
    let round = |t: u64| t == 0 || 10u64.pow(t.ilog10()) == t;
    let last = r.path.last().map(|c| c.iteration);
    let rows: Vec<Vec<String>> = r
        .path
        .iter()
        .filter(|c| round(c.iteration) || Some(c.iteration) == last)
        .map(|c| {
            let mut row = vec![short_count(c.iteration), short(c.loss), short(c.exact_loss)];
            for &k in &shown {
                row.extend([short(c.degrees[k].energy), short(c.degrees[k].exact_energy)]);
            }
            row
        })
        .collect();
    text += &layout.columns(&header, &rows);
    if shown.len() < r.target_energy.len() {
        text += "Degrees whose energy stays below 1 % are omitted; the CSV report lists all of them.\n";
    }
    if let Some(at) = r.diverged {
        text += &format!("\nThe loss diverged at iteration {at}; use a smaller {STEP}.\n");
    }
    text += &format!(
        "\nSmallest loss {} (exact oracle: {}, zero network: {}).\n",
        short(r.smallest_loss),
        short(r.smallest_exact_loss),
        short(r.target_norm_sq)
    );
    text += &format!(
        "Queries: {} distinct, {} if every step asks all of them.\n",
        r.queries_distinct,
        if r.queries_issued == u64::MAX {
            "more than 1.8e19".to_owned()
        } else {
            short_count(r.queries_issued)
        }
    );
    if r.vanishing_tolerance == 0.0 {
        return text + "The activation has no component on the target's degrees; no oracle can help.\n";
    }
    text + &format!(
        "At a lazy tolerance of {} per unit norm (raw: {}) every answer of the first step is zero, and descent stays at \
         zero.\n",
        short(r.vanishing_tolerance),
        short(r.vanishing_tolerance_raw)
    )
}

pub(crate) fn path_csv(r: &LearnReport) -> String {
    let header = ["iteration", "loss", "exact_loss", "degree", "energy", "exact_energy"].map(String::from);
    let mut rows = Vec::new();
    for c in &r.path {
        for d in &c.degrees {
            rows.push(vec![
                c.iteration.to_string(),
                c.loss.to_string(),
                c.exact_loss.to_string(),
                d.degree.to_string(),
                d.energy.to_string(),
                d.exact_energy.to_string(),
            ]);
        }
    }
    csv(&header, &rows)
}
