//! How much of a label a single column leaves unexplained (TB-7).

use crate::error::{Result, check_size};

/// The share of equal values from which the variance within them is measured.
const TIED: f64 = 0.5;

/// Estimates which fraction of the variance of a label no continuous function of one column explains: 0 for a label that is
/// a function of the column, about 1 for one that is independent of it. It may exceed 1 by chance.
///
/// With many equal values it is the variance within groups of them. Otherwise each label is compared with the
/// interpolation between those of the rows before and after it in the order of the column (Gasser, Sroka and
/// Jennen-Steinmetz, Biometrika 1986), once by the column's values and once by their ranks; the smaller estimate counts.
/// None for fewer than 4 rows, and for a constant label or column.
///
/// Cost N log N.
///
/// # Errors
/// [`crate::Error::Size`] if there is not one label for each value.
pub fn unexplained_share(column: &[f64], label: &[f64]) -> Result<Option<f64>> {
    check_size("labels of a column", label.len(), column.len())?;
    let mut rows: Vec<usize> = (0..column.len()).collect();
    rows.sort_by(|&a, &b| column[a].total_cmp(&column[b]));
    let (x, y): (Vec<f64>, Vec<f64>) = rows.iter().map(|&i| (column[i], label[i])).unzip();
    let count = y.len() as f64;
    let mean = y.iter().sum::<f64>() / count;
    let variance = y.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / count;
    let groups = x.chunk_by(|a, b| a == b).count();
    // Rounding of the mean gives equal labels a variance.
    let is_constant = y.iter().all(|y| *y == label[0]);
    if y.len() < 4 || groups < 2 || is_constant || !variance.is_finite() || variance <= 0.0 {
        return Ok(None);
    }
    let noise = if groups as f64 <= (1.0 - TIED) * count {
        within_groups(&x, &y) / (y.len() - groups) as f64
    } else {
        between_neighbours(&x, &y)
    };
    Ok(Some(noise / variance).filter(|share| share.is_finite()))
}

/// Returns the sum of squared deviations from the mean of the rows with the same value.
fn within_groups(x: &[f64], y: &[f64]) -> f64 {
    let mut first = 0;
    let of_group = |group: &[f64]| {
        let labels = &y[first..first + group.len()];
        first += group.len();
        let mean = labels.iter().sum::<f64>() / labels.len() as f64;
        labels.iter().map(|y| (y - mean).powi(2)).sum::<f64>()
    };
    x.chunk_by(|a, b| a == b).map(of_group).sum()
}

/// Returns the mean squared difference from the interpolation between neighbours, divided by its expectation for
/// independent labels of variance 1.
fn between_neighbours(x: &[f64], y: &[f64]) -> f64 {
    let (mut by_value, mut by_rank) = (0.0, 0.0);
    for (x, y) in x.windows(3).zip(y.windows(3)) {
        let gap = x[2] - x[0];
        let t = if gap > 0.0 && gap.is_finite() { (x[1] - x[0]) / gap } else { 0.5 };
        let square = |t: f64| {
            let difference = y[1] - (1.0 - t) * y[0] - t * y[2];
            difference * difference / (1.0 + (1.0 - t) * (1.0 - t) + t * t)
        };
        by_value += square(t);
        by_rank += square(0.5);
    }
    by_value.min(by_rank) / (y.len() - 2) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::{Purpose, normal, stream};

    #[test]
    fn functions_of_a_column_are_told_from_noise() {
        let mut rng = stream(1, Purpose::Points, 0);
        let x: Vec<f64> = (0..2_000).map(|_| normal(&mut rng)).collect();
        let noise: Vec<f64> = (0..2_000).map(|_| normal(&mut rng)).collect();
        let share = |f: &dyn Fn(usize) -> f64| {
            let label: Vec<f64> = (0..2_000).map(f).collect();
            unexplained_share(&x, &label).unwrap().unwrap()
        };
        // Linear, monotone with a long tail, not monotone, and in steps.
        assert!(share(&|i| 3.0 - 2.0 * x[i]) < 1e-20);
        assert!(share(&|i| x[i].exp()) < 1e-3);
        assert!(share(&|i| (3.0 * x[i]).sin()) < 1e-3);
        // A tenth of the variance is noise: at 5 deviations of the mean of 2,000 squares, which are correlated.
        let tenth = share(&|i| 3.0 * x[i] + noise[i]);
        assert!((tenth - 0.1).abs() < 0.1 * 5.0 * (2.0f64 * 35.0 / 18.0 / 2_000.0).sqrt(), "{tenth}");
        assert!((share(&|i| noise[i]) - 1.0).abs() < 0.3);
        // Levels.
        assert_eq!(unexplained_share(&x, &[14.62; 2_000]).unwrap(), None);
        let levels: Vec<f64> = x.iter().map(|x| x.round()).collect();
        let of_levels: Vec<f64> = levels.iter().map(|l| (l * 1.7).cos()).collect();
        assert!(unexplained_share(&levels, &of_levels).unwrap().unwrap() < 1e-20);
        assert!((unexplained_share(&levels, &noise).unwrap().unwrap() - 1.0).abs() < 0.3);
    }

    #[test]
    fn what_shows_nothing_is_none() {
        assert_eq!(
            unexplained_share(&[1.0; 9], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]).unwrap(),
            None
        );
        assert_eq!(unexplained_share(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]).unwrap(), None);
        assert_eq!(unexplained_share(&[1.0, 2.0, 3.0, 4.0], &[5.0; 4]).unwrap(), None);
        assert_eq!(unexplained_share(&[-1e308, 0.0, 1.0, 1e308], &[-1e308, 1.0, 2.0, 1e308]).unwrap(), None);
        assert!(unexplained_share(&[1.0], &[]).is_err());
    }
}
