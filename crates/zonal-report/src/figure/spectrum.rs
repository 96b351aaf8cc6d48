//! The spectrum of the activation: the learning speed of each degree, and the invisible degrees.

use crate::axis::Axis;
use crate::chart::{Chart, Form, Series};
use zonal::spectrum::Spectrum;
use zonal_documents::spectrum::SpectrumReport;
use zonal_documents::train::TrainReport;

/// Eigenvalues below this fraction of the largest are not drawn.
const FLOOR: f64 = 1e-12;
/// The smallest and largest value of the last degree.
const DEGREES: [usize; 2] = [8, 24];

/// Returns the last degree of the figure, for a run that lists degrees up to `listed`.
pub fn last_degree(listed: usize) -> usize {
    listed.clamp(DEGREES[0], DEGREES[1])
}

/// Returns the figure of the degrees up to `last` for the units of a run.
pub fn spectrum(id: &str, report: &TrainReport, spectrum: &Spectrum, last: usize) -> Chart {
    let biases = report.descent.as_ref().is_some_and(|d| d.biases);
    let computed = spectrum.iter().take(last + 1);
    let values = computed.map(|(k, c)| (k, c.visible().then(|| c.eigenvalue())));
    let name = match (biases, report.target.is_some()) {
        (true, _) => "not without biases",
        (false, true) => "invisible",
        (false, false) => "invisible on the sphere",
    };
    let mut chart = eigenvalues(id, &report.activation_names(), values, name);
    let hidden = chart.series.len() > 1;
    chart.caption = match (&report.descent, report.target.is_some()) {
        (None, true) => {
            "A degree is learned in about 1 / (2 step x eigenvalue) iterations: lower points take longer."
        }
        (None, false) => {
            "On uniformly distributed points a degree takes about 1 / (2 step x eigenvalue) iterations."
        }
        (Some(_), _) => "The eigenvalue of each degree for the random units at the start.",
    }
    .to_owned();
    if hidden {
        chart.caption += if report.target.is_none() {
            " Crosses: degrees that are invisible on the whole sphere. The rows of a table lie in one half of it, where other degrees \
             replace them."
        } else if biases {
            " Crosses: degrees that are invisible to units without biases; with biases every degree can be learned."
        } else {
            " Crosses: degrees that are not learned at any width or number of iterations."
        };
    }
    chart
}

/// Returns the figure of a spectrum report.
pub fn of_spectrum(id: &str, report: &SpectrumReport) -> Chart {
    let values = report.degrees.iter().map(|d| (d.degree, d.visible.then_some(d.eigenvalue)));
    let mut chart = eigenvalues(id, &report.activation.name(), values, "invisible");
    chart.caption =
        "The rate at which gradient descent learns each degree, per iteration and unit of the step."
            .to_owned();
    chart
}

/// Returns a chart of eigenvalues by degree. Degrees without an eigenvalue form a series named `hidden`.
fn eigenvalues(
    id: &str,
    activation: &str,
    values: impl Iterator<Item = (usize, Option<f64>)>,
    hidden: &str,
) -> Chart {
    let values: Vec<(usize, Option<f64>)> = values.collect();
    let last = values.last().map_or(0, |v| v.0);
    let y_axis = Axis::logarithmic("eigenvalue", values.iter().filter_map(|v| v.1), FLOOR);
    let name = crate::text::shorten(activation, 40);
    let mut chart = Chart::new(id, format!("Spectrum of {name}"), Axis::whole("degree", 0, last), y_axis);
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
