//! Gradient descent through an oracle: the label part of the gradient comes from answers to queries.

use crate::answers::Answers;
use crate::query::{Query, Unit, from_tangents};
use std::sync::Arc;
use zonal::Result;
use zonal::linalg::Matrix;
use zonal::network::Network;
use zonal::risk::GradientOracle;

/// Gradients computed from queries: one query per output weight, and one per tangent direction of each hidden unit.
#[derive(Debug)]
pub struct QueryGradients<'a> {
    answers: &'a dyn Answers,
    unit: Arc<Unit>,
}

impl<'a> QueryGradients<'a> {
    /// Creates gradients for networks whose hidden units are `unit`.
    pub fn new(answers: &'a dyn Answers, unit: Arc<Unit>) -> Self {
        Self { answers, unit }
    }
}

impl GradientOracle for QueryGradients<'_> {
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
            queries.extend(Query::derivatives(&self.unit, directions.row(j))?);
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
