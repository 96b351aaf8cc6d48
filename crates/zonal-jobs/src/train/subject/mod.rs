//! Subjects of a training: targets and tables.

pub(super) mod table;
pub(super) mod target;

use super::method::{Course, Origin};
use super::run::TrainingRun;
use zonal_documents::Result;
use zonal_documents::train::{NetworkReport, SubjectReport, TestRow};
use zonal_io::model::Model;

/// A target or a table on which a network is trained.
pub(crate) trait Subject {
    /// The results of a training in addition to its course.
    type Findings;

    /// Returns the description of the network to train.
    fn network(&self) -> Result<NetworkReport>;

    /// Returns the description of the subject in a model.
    fn origin(&self, findings: &Self::Findings) -> Origin;

    /// Returns the subject's part of the report, and predictions on test rows.
    fn report(
        &self,
        findings: Self::Findings,
        model: Option<&Model>,
        run: &mut TrainingRun<'_>,
    ) -> Result<(SubjectReport, Vec<TestRow>)>;
}

/// A way to train a network on a subject.
pub(crate) trait Method<S: Subject> {
    /// Trains the network. Returns the course and the further results for this kind of subject.
    fn train(&self, subject: &S, run: &mut TrainingRun<'_>) -> Result<(Course, S::Findings)>;
}
