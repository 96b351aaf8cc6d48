//! Hidden units with several activations, side by side.

use super::Network;
use crate::activation::Scalar;
use crate::block::FeatureMap;
use crate::error::{Error, Result, check_size};
use crate::linalg::Matrix;

/// A hidden layer made of groups of units, each group with its own activation, scale and biases. Features and output
/// coefficients are in the order of the groups.
#[derive(Clone, Debug)]
pub struct Mixed {
    groups: Vec<Network>,
}

impl Mixed {
    /// Puts groups of units side by side.
    ///
    /// # Errors
    /// [`Error::Size`] without a group, or for groups with other numbers of coordinates than the first one.
    pub fn new(groups: Vec<Network>) -> Result<Self> {
        let Some(first) = groups.first() else {
            return Err(Error::Size { what: "groups of hidden units".into(), found: 0, required: 1 });
        };
        let coordinates = first.directions().columns();
        for group in &groups {
            check_size("coordinates of a hidden unit", group.directions().columns(), coordinates)?;
        }
        Ok(Self { groups })
    }

    /// Returns the groups.
    pub fn groups(&self) -> &[Network] {
        &self.groups
    }

    /// Returns the number of units of all groups.
    pub fn width(&self) -> usize {
        self.groups.iter().map(Network::width).sum()
    }

    /// Computes f(x_i) for each row of `points` and each row of output coefficients, as [`Network::values`]. The bits of
    /// a row do not depend on the other rows.
    ///
    /// # Errors
    /// [`Error::Size`] if dimensions differ.
    pub fn values(&self, coefficients: &Matrix, points: &Matrix) -> Result<Matrix> {
        check_size("output coefficients", coefficients.columns(), self.width())?;
        let mut sum = Matrix::zeros(points.rows(), coefficients.rows());
        let mut first = 0;
        for group in &self.groups {
            let last = first + group.width();
            let own = (0..coefficients.rows()).flat_map(|i| &coefficients.row(i)[first..last]);
            let own = Matrix::from_rows(coefficients.rows(), group.width(), own.copied().collect())?;
            let part = group.values(&own, points)?;
            sum.values_mut().iter_mut().zip(part.values()).for_each(|(x, y)| *x += y);
            first = last;
        }
        Ok(sum)
    }
}

impl FeatureMap for Mixed {
    fn coordinates(&self) -> usize {
        self.groups[0].directions().columns()
    }

    fn width(&self) -> usize {
        Self::width(self)
    }

    fn fill<T: Scalar>(&self, points: &Matrix, panel: usize, out: &mut [T]) {
        let (rows, width) = (points.rows(), Self::width(self));
        assert_eq!(out.len(), rows * width, "features of the points");
        let mut first = 0;
        for group in &self.groups {
            let own = group.width();
            let mut features = vec![T::default(); rows * own];
            group.fill(points, own, &mut features);
            for row in 0..rows {
                let mut from = first;
                // A group may begin and end within a panel.
                while from < first + own {
                    let start = from / panel * panel;
                    let columns = panel.min(width - start);
                    let to = (start + columns).min(first + own);
                    let at = rows * start + row * columns + (from - start);
                    out[at..at + (to - from)]
                        .copy_from_slice(&features[row * own + from - first..row * own + to - first]);
                    from = to;
                }
            }
            first += own;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Activation;
    use crate::numeric::random::Purpose;
    use crate::sphere::{Dim, uniform_points};

    #[test]
    fn groups_stand_side_by_side_in_panels_of_any_width() {
        let dim = Dim::new(5).unwrap();
        let group = |activation, width| Network::random(activation, 1.5, dim, width, width as u64).unwrap();
        let groups = vec![group(Activation::Relu, 7), group(Activation::Tanh, 12), group(Activation::Sin, 1)];
        let points = uniform_points(dim, 9, 0, Purpose::Points);
        let features: Vec<Matrix> = groups.iter().map(|g| g.features(&points).unwrap()).collect();
        let mixed = Mixed::new(groups).unwrap();
        let expected = |i: usize| features.iter().flat_map(|f| f.row(i).to_vec()).collect::<Vec<f64>>();
        for panel in [1, 4, 8, 20, 64] {
            let mut out = vec![0.0; 9 * 20];
            mixed.fill(&points, panel, &mut out);
            for i in 0..9 {
                for (j, x) in expected(i).into_iter().enumerate() {
                    let start = j / panel * panel;
                    let columns = panel.min(20 - start);
                    assert_eq!(out[9 * start + i * columns + j - start], x, "{panel} {i} {j}");
                }
            }
        }
        let ones = Matrix::from_rows(1, 20, vec![1.0; 20]).unwrap();
        let sums = mixed.values(&ones, &points).unwrap();
        for i in 0..9 {
            assert!((sums.row(i)[0] - expected(i).iter().sum::<f64>()).abs() < 1e-14);
        }
    }

    #[test]
    fn groups_of_different_dimensions_are_refused() {
        let group = |n| Network::random(Activation::Relu, 1.0, Dim::new(n).unwrap(), 3, 0).unwrap();
        assert!(Mixed::new(vec![group(3), group(4)]).is_err() && Mixed::new(Vec::new()).is_err());
    }
}
