//! The spectrum of the activation: how fast each degree is learned, and which are not seen at all.

use crate::axis::Axis;
use crate::chart::{Chart, Form, Series};
use zonal::spectrum::Spectrum;
use zonal_run::train::TrainReport;

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
    let invisible = |k: usize| !spectrum.visible(k);
    let values: Vec<(usize, f64)> =
        (0..=last).filter(|&k| !invisible(k)).map(|k| (k, spectrum.eigenvalue(k))).collect();
    let up = Axis::logarithmic("eigenvalue", values.iter().map(|v| v.1), FLOOR);
    let name = crate::text::shorten(&report.activation.name(), 40);
    let mut chart = Chart::new(id, format!("Spectrum of {name}"), Axis::whole("degree", 0, last), up);
    chart.series.push(Series {
        name: "seen".to_owned(),
        form: Form::Stem,
        points: values.into_iter().map(|(k, v)| (k as f64, v).into()).collect(),
        ..Series::default()
    });
    let hidden: Vec<_> = (0..=last).filter(|&k| invisible(k)).map(|k| (k as f64, 0.0).into()).collect();
    chart.caption = match (&report.descent, report.target.is_some()) {
        (None, true) => {
            "A degree is learned in about 1 / (2 step x eigenvalue) iterations: what lies lower takes longer."
        }
        (None, false) => "On points spread evenly a degree takes about 1 / (2 step x eigenvalue) iterations.",
        (Some(_), _) => "How strongly units in random directions, as they are at the start, see each degree.",
    }
    .to_owned();
    if !hidden.is_empty() {
        chart.caption += if report.target.is_none() {
            " Crosses: degrees it does not see on the whole sphere; on the rows of a table, which lie in one half of it, others take \
             their place."
        } else if biases {
            " Crosses: degrees that units without their biases do not see; with them every degree can be learned."
        } else {
            " Crosses: degrees that no width and no number of iterations learns."
        };
        let name = match (biases, report.target.is_some()) {
            (true, _) => "not without biases",
            (false, true) => "invisible",
            (false, false) => "invisible on the sphere",
        }
        .to_owned();
        chart.series.push(Series { name, look: 1, form: Form::Cross, points: hidden, ..Series::default() });
    }
    chart
}
