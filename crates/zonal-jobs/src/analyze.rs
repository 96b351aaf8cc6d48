//! `analyze`: the best polynomial of each degree, the noise floor, and the energies of the labels by degree.

use crate::data::for_each_block;
use crate::encode::{self, Roles};
use crate::memory::{check_need, needed};
use crate::survey::{Survey, standardise_labels};
use zonal::lift::{LabelScale, Lift};
use zonal::linalg::{Matrix, dot};
use zonal::measure::{
    BestPolynomial, Monomials, Repeats, best_polynomials, monomials, sampled_energies, unexplained_share,
};
use zonal::observer::{Observer, Stage};
use zonal::rows::{Part, Split};
use zonal::sphere::{Degree, multiplicities};
use zonal::statistics::{Batch, Precision, Statistics, block_rows};
use zonal_documents::analyze::{
    AnalyzeConfig, AnalyzeReport, DeterminingColumn, EnergyEstimate, LabelAnalysis, PolynomialError, Skipped,
};
use zonal_documents::number::readable_bytes;
use zonal_documents::options::MOST_MONOMIALS;
use zonal_documents::{Error, Result};
use zonal_io::model::SCHEMA;
use zonal_io::source::Columns;

/// The largest number of rows for the energies, which sum over pairs of rows.
const PAIRED_ROWS: usize = 4_096;
/// The largest number of groups of equal rows that are compared.
const GROUPS: usize = 1 << 20;
/// A column that leaves less than this fraction of the label's variance unexplained determines the label.
pub(crate) const UNEXPLAINED: f64 = 1e-3;
/// The tolerance of the squared length of a point of the sphere.
const UNIT: f64 = 1e-6;

/// Analyses a table.
///
/// # Errors
/// The errors of the table; [`zonal::Error::TooFewRows`].
pub fn analyze(config: &AnalyzeConfig, observer: &mut dyn Observer) -> Result<AnalyzeReport> {
    if config.labels.is_empty() {
        return Err(Error::Usage("no label is specified; name the column to explain".into()));
    }
    let (labels, features) = (config.labels.clone(), config.features.clone());
    let columns = Columns { labels, features, ..Columns::default() };
    let source = config.data.open(&columns)?;
    let split = Split::new(config.seed, 0.0, config.test_fraction)?;
    let (source, survey) = encode::survey(&config.data, source, &Roles::default(), &split, observer)?;
    let train = survey.counts[Part::Train as usize] as usize;
    if train < 3 {
        let total = survey.rows() as usize;
        return Err(zonal::Error::TooFewRows { part: "train", found: train, required: 3, total }.into());
    }
    let names = source.label_names();
    let labels: Vec<LabelScale> = (0..names.len())
        .map(|i| LabelScale::learn(&names[i], &survey.labels, i))
        .collect::<std::result::Result<_, _>>()?;
    let lift = Lift::learn(source.feature_names(), &survey.features, 0.0)?;
    let variables = lift.kept.len();
    let degree = highest_degree(config, variables)?;
    let skipped = (degree < config.max_degree)
        .then(|| Skipped { degree: degree + 1, monomials: monomials(variables, degree + 1) });

    let width = monomials(variables, degree).unwrap_or(usize::MAX);
    check_memory(width, survey.covered.rows())?;
    let basis = Monomials::new(variables, degree);
    let mut statistics = Statistics::new(width, labels.len(), 2, Precision::F64);
    let mut repeats = Repeats::new(labels.len(), GROUPS);
    for_each_block(&source, Stage::Statistics, survey.covered.rows(), observer, |rows| {
        let parts: Vec<usize> =
            rows.parts(&split).into_iter().map(|part| usize::from(part == Part::Test)).collect();
        let standard = standardise_labels(&labels, &rows.labels);
        let batch = Batch {
            covered: (rows.covered.start, rows.covered.end),
            numbers: &rows.numbers,
            parts: &parts,
            points: &lift.standardise(&rows.features)?,
            labels: &standard,
            weights: &[],
        };
        statistics.update(&basis, &batch)?;
        (0..rows.len()).try_for_each(|i| repeats.push(rows.features.row(i), rows.labels.row(i)))?;
        Ok(())
    })?;
    statistics.close(&basis)?;
    let sums = statistics.into_parts();
    let polynomials = best_polynomials(&basis, &sums[0], &sums[1])?;
    let noise = repeats.noise_floor();
    let energies = Energies::of(&survey, &lift, config.max_degree)?;

    let analyses = labels.iter().enumerate().map(|(i, scale)| {
        let values = survey.sample.labels.column(i);
        Ok(LabelAnalysis {
            determined_by: determining(source.feature_names(), &survey.sample.features, &values)?,
            noise_rmse: noise.as_ref().map(|n| n.variance[i].sqrt()),
            energies: energies.of_label(scale, &values)?,
            ..analysis(i, scale, &polynomials)
        })
    });
    Ok(AnalyzeReport {
        schema: SCHEMA,
        rows: survey.rows(),
        dropped: survey.dropped(),
        columns: source.feature_names().len(),
        dropped_columns: lift.dropped(),
        encoded_columns: source.encoding().map(encode::reports),
        skipped,
        repeated_rows: noise.as_ref().map_or(0, |n| n.repeated_rows),
        followed: noise.as_ref().map_or(1.0, |n| n.followed),
        sampled_rows: energies.positions.len(),
        sphere_dim: energies.points.columns() as u64,
        on_sphere: energies.on_sphere,
        uniformity: energies.uniformity()?,
        labels: analyses.collect::<Result<_>>()?,
    })
}

/// Returns the highest degree whose monomials are few enough.
fn highest_degree(config: &AnalyzeConfig, variables: usize) -> Result<Degree> {
    let fits = |k: &Degree| monomials(variables, *k).is_some_and(|n| n <= config.most_monomials);
    (0..=config.max_degree)
        .take_while(fits)
        .last()
        .ok_or_else(|| Error::Usage(format!("{MOST_MONOMIALS} must be at least 1")))
}

/// Returns the columns that determine the label, of those of a table with several.
pub(crate) fn determining(
    names: &[String],
    features: &Matrix,
    label: &[f64],
) -> Result<Vec<DeterminingColumn>> {
    let mut found = Vec::new();
    for (i, column) in names.iter().enumerate().filter(|_| names.len() > 1) {
        if let Some(unexplained) = unexplained_share(&features.column(i), label)?.filter(|s| *s < UNEXPLAINED)
        {
            found.push(DeterminingColumn { column: column.clone(), unexplained });
        }
    }
    found.sort_by(|a, b| a.unexplained.total_cmp(&b.unexplained));
    Ok(found)
}

/// Returns the polynomials of label `i`, in the units of its column.
fn analysis(i: usize, scale: &LabelScale, polynomials: &[BestPolynomial]) -> LabelAnalysis {
    let unit = scale.deviation * scale.deviation;
    let one = |p: &BestPolynomial| PolynomialError {
        degree: p.degree,
        monomials: p.monomials,
        rank: p.rank,
        error: unit * p.errors[i],
        test_error: p.test_errors.as_ref().map(|e| unit * e[i]),
    };
    LabelAnalysis {
        label: scale.name.clone(),
        mean: scale.mean,
        deviation: scale.deviation,
        best_polynomial: polynomials.iter().map(one).collect(),
        noise_rmse: None,
        determined_by: Vec::new(),
        energies: Vec::new(),
    }
}

/// Checks that the sums over monomials fit into memory.
fn check_memory(width: usize, rows: u64) -> Result<()> {
    let blocks = rows / block_rows(width) + 1;
    // Half a square for each run of blocks and the current block, for both parts; then the parts and an eigenproblem.
    let squares = u64::from(blocks.ilog2() + 2).max(9);
    let need = |m: u64| needed(m, squares, 8 * 4096);
    match check_need(width as u64, need) {
        Err(Error::Memory { needed, free, widest, .. }) => Err(Error::Usage(format!(
            "{width} monomials need about {}; {} of memory is available; {} would fit",
            readable_bytes(needed),
            readable_bytes(free),
            MOST_MONOMIALS.with(widest)
        ))),
        other => other,
    }
}

/// The sampled rows as points of the sphere, from which energies are estimated.
struct Energies {
    points: Matrix,
    /// The positions of the points in the sample.
    positions: Vec<usize>,
    on_sphere: bool,
    max_degree: Degree,
}

impl Energies {
    fn of(survey: &Survey, lift: &Lift, max_degree: Degree) -> Result<Self> {
        let features = &survey.sample.features;
        let count = survey.sample.len();
        let stride = count.div_ceil(PAIRED_ROWS).max(1);
        let mut positions: Vec<usize> = (0..count).step_by(stride).collect();
        let is_unit = |row: &[f64]| (dot(row, row) - 1.0).abs() <= UNIT;
        let on_sphere = features.columns() >= 2 && (0..count).all(|i| is_unit(features.row(i)));
        if !on_sphere && lift.kept.len() < 2 {
            // A single column has only two directions, which form no sphere.
            positions.clear();
            return Ok(Self { points: Matrix::zeros(0, lift.kept.len()), positions, on_sphere, max_degree });
        }
        let rows = features.select(&positions);
        let points = if on_sphere { rows } else { lift.apply(&rows)? };
        // A row equal to the mean in every column has no direction.
        let units: Vec<usize> = (0..points.rows()).filter(|&i| is_unit(points.row(i))).collect();
        let positions = units.iter().map(|&i| positions[i]).collect();
        Ok(Self { points: points.select(&units), positions, on_sphere, max_degree })
    }

    fn of_label(&self, scale: &LabelScale, labels: &[f64]) -> Result<Vec<EnergyEstimate>> {
        if self.positions.len() < 3 {
            return Ok(Vec::new());
        }
        let mut values: Vec<f64> = self.positions.iter().map(|&i| labels[i]).collect();
        let constant = sampled_energies(&self.points, &values, 0)?;
        // The mean does not contribute to higher degrees, but would increase the variance of their estimates.
        values.iter_mut().for_each(|y| *y -= scale.mean);
        let mut found = sampled_energies(&self.points, &values, self.max_degree)?;
        found.energies[0] = constant.energies[0];
        let one = |(degree, e): (usize, &zonal::measure::Estimate)| EnergyEstimate {
            degree,
            energy: e.value,
            standard_error: e.standard_error,
        };
        Ok(found.energies.iter().enumerate().map(one).collect())
    }

    /// Computes the same statistic for the constant 1. For uniform rows it has mean 0 and variance 2 N_k / (M (M -
    /// 1)).
    fn uniformity(&self) -> Result<Vec<f64>> {
        let count = self.points.rows();
        if count < 3 {
            return Ok(Vec::new());
        }
        let found = sampled_energies(&self.points, &vec![1.0; count], 2)?;
        let dim = zonal::sphere::Dim::new(self.points.columns() as u64)?;
        let multiplicity = multiplicities(dim, 2);
        let pairs = count as f64 * (count as f64 - 1.0);
        let z = |k: usize| found.energies[k].value / (2.0 * multiplicity[k].to_f64() / pairs).sqrt();
        Ok(vec![z(1), z(2)])
    }
}
