//! Gradient descent through answers: the same descent as ever, with another source for the label part of the gradient.

use crate::answers::Answers;
use crate::query::{Query, Unit, from_tangents};
use std::sync::Arc;
use zonal::Result;
use zonal::linalg::Matrix;
use zonal::network::Network;
use zonal::risk::GradientOracle;

/// Gradient descent as a learner by queries: each unit's part of the gradient is a query, or one query for each direction in which
/// the unit can turn.
#[derive(Debug)]
pub struct AskedGradients<'a> {
    answers: &'a dyn Answers,
    unit: Arc<Unit>,
}

impl<'a> AskedGradients<'a> {
    /// Gradients of networks whose units are `unit`, from answers.
    pub fn new(answers: &'a dyn Answers, unit: Arc<Unit>) -> Self {
        Self { answers, unit }
    }
}

impl GradientOracle for AskedGradients<'_> {
    fn output_layer(&self, network: &Network) -> Result<Vec<f64>> {
        let directions = network.directions();
        let queries: Vec<Query> = (0..directions.rows())
            .map(|j| Query::unit(&self.unit, directions.row(j)))
            .collect::<Result<_>>()?;
        let mut b = self.answers.ask_all(&queries)?;
        b.iter_mut().for_each(|x| *x *= network.factor());
        Ok(b)
    }

    fn hidden_layer(&self, network: &Network) -> Result<Matrix> {
        let directions = network.directions();
        let (m, n) = (directions.rows(), directions.columns());
        let mut queries = Vec::with_capacity(m * (n - 1));
        for j in 0..m {
            queries.extend(Query::turns(&self.unit, directions.row(j))?);
        }
        let answers = self.answers.ask_all(&queries)?;
        let mut gradient = Matrix::zeros(m, n);
        for j in 0..m {
            let row = from_tangents(directions.row(j), &answers[j * (n - 1)..(j + 1) * (n - 1)])?;
            for (g, x) in gradient.row_mut(j).iter_mut().zip(row) {
                *g = network.scale() * x;
            }
        }
        Ok(gradient)
    }
}
