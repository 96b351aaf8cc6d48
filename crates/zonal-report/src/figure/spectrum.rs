//! The spectrum of the activation: how fast each degree is learned, and which are not seen at all.

use crate::axis::Axis;
use crate::chart::{Chart, Form, Series};
use zonal::spectrum::Spectrum;
use zonal_documents::spectrum::SpectrumReport;
use zonal_documents::train::TrainReport;

/// Eigenvalues below this part of the largest are not drawn.
const FLOOR: f64 = 1e-12;
/// Degrees shown at least and at most.
const DEGREES: [usize; 2] = [8, 24];

/// The largest degree shown, where a run lists up to `listed`.
pub fn last_degree(listed: usize) -> usize {
    listed.clamp(DEGREES[0], DEGREES[1])
}

/// The figure of the degrees up to `last`, for the units of a run.
pub fn spectrum(id: &str, report: &TrainReport, spectrum: &Spectrum, last: usize) -> Chart {
    let biases = report.descent.as_ref().is_some_and(|d| d.biases);
    let values = (0..=last).map(|k| (k, spectrum.visible(k).then(|| spectrum.eigenvalue(k))));
    let name = match (biases, report.target.is_some()) {
        (true, _) => "not without biases",
        (false, true) => "invisible",
        (false, false) => "invisible on the sphere",
    };
    let mut chart = eigenvalues(id, &report.activation.name(), values, name);
    let hidden = chart.series.len() > 1;
    chart.caption = match (&report.descent, report.target.is_some()) {
        (None, true) => {
            "A degree is learned in about 1 / (2 step x eigenvalue) iterations: what lies lower takes longer."
        }
        (None, false) => "On points spread evenly a degree takes about 1 / (2 step x eigenvalue) iterations.",
        (Some(_), _) => "How strongly units in random directions, as they are at the start, see each degree.",
    }
    .to_owned();
    if hidden {
        chart.caption += if report.target.is_none() {
            " Crosses: degrees it does not see on the whole sphere; on the rows of a table, which lie in one half of it, others take \
             their place."
        } else if biases {
            " Crosses: degrees that units without their biases do not see; with them every degree can be learned."
        } else {
            " Crosses: degrees that no width and no number of iterations learns."
        };
    }
    chart
}

/// The figure of a spectrum by itself.
pub fn of_spectrum(id: &str, report: &SpectrumReport) -> Chart {
    let values = report.degrees.iter().map(|d| (d.degree, d.visible.then_some(d.eigenvalue)));
    let mut chart = eigenvalues(id, &report.activation.name(), values, "invisible");
    chart.caption =
        "What gradient descent learns of a degree per iteration, in units of the step.".to_owned();
    chart
}

/// Eigenvalues by degree, where degrees without one are called by a name.
fn eigenvalues(
    id: &str,
    activation: &str,
    values: impl Iterator<Item = (usize, Option<f64>)>,
    hidden: &str,
) -> Chart {
    let values: Vec<(usize, Option<f64>)> = values.collect();
    let last = values.last().map_or(0, |v| v.0);
    let up = Axis::logarithmic("eigenvalue", values.iter().filter_map(|v| v.1), FLOOR);
    let name = crate::text::shorten(activation, 40);
    let mut chart = Chart::new(id, format!("Spectrum of {name}"), Axis::whole("degree", 0, last), up);
    let seen = values.iter().filter_map(|&(k, v)| Some((k as f64, v?).into()));
    chart.series.push(Series {
        name: "seen".to_owned(),
        form: Form::Stem,
        points: seen.collect(),
        ..Series::default()
    });
    let points: Vec<_> = values.iter().filter(|v| v.1.is_none()).map(|v| (v.0 as f64, 0.0).into()).collect();
    if !points.is_empty() {
        let name = hidden.to_owned();
        chart.series.push(Series { name, look: 1, form: Form::Cross, points, ..Series::default() });
    }
    chart
}
