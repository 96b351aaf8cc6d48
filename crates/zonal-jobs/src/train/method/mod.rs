//! Training methods: the whole path at once, and iterative descent.

pub(super) mod descent;
mod saved_descent;
pub(super) mod whole_path;

pub use saved_descent::measured;

use zonal::linalg::Matrix;
use zonal::network::Parametrisation;
use zonal_documents::train::{CourseReport, MethodReport, NetworkReport};
use zonal_io::model::{
    Description, GROWN_SCHEMA, GrownDescription, HiddenLayer, Model, SCHEMA, TableDescription,
};

/// The result of a method: the measurements and the network at each listed iteration.
pub(super) struct Course {
    pub(super) report: CourseReport,
    /// The hidden layer, and the output weights: for each listed iteration one row per label. None at infinite width.
    pub(super) network: Option<(HiddenLayer, Matrix)>,
    /// The units of grown networks.
    pub(super) grown: Option<GrownDescription>,
}

/// The description of the subject in a model: the expression of a target, or the map from rows of a table to points.
pub(crate) type Origin = (Option<String>, Option<TableDescription>);

impl Course {
    /// Returns the measurements and the model.
    pub(super) fn into_model(
        self,
        network: &NetworkReport,
        seed: u64,
        (target, table): Origin,
    ) -> (CourseReport, Option<Model>) {
        let Self { report, network: layers, grown } = self;
        let parametrisation = match &report.method {
            MethodReport::WholePath(_) if grown.is_some() => Parametrisation::Standard,
            MethodReport::WholePath(_) => Parametrisation::Ntk,
            MethodReport::Descent(descent) => descent.parametrisation,
        };
        let iterations: Vec<u64> = report.path.iter().map(|c| c.iteration).collect();
        let description = Description {
            schema: if grown.is_some() { GROWN_SCHEMA } else { SCHEMA },
            activation: network.activation.clone(),
            scale: network.scale,
            parametrisation,
            seed,
            step_size: report.step_size,
            best_iteration: iterations.get(report.best).copied().unwrap_or(report.iterations),
            target,
            table,
            grown,
            card: None,
        };
        let model =
            layers.map(|(hidden, coefficients)| Model { description, hidden, iterations, coefficients });
        (report, model)
    }
}
