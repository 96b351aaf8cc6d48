//! Subjects: what a network is trained on.

pub(super) mod table;
pub(super) mod target;

use super::method::{Course, Origin};
use super::run::TrainingRun;
use zonal_documents::Result;
use zonal_documents::train::{NetworkReport, SubjectReport, TestRow};
use zonal_io::model::Model;

/// What a network is trained on.
pub(crate) trait Subject {
    /// The findings of a training in addition to its course.
    type Findings;

    /// The network to train.
    fn network(&self) -> Result<NetworkReport>;

    /// The description of the subject in a model.
    fn origin(&self) -> Origin;

    /// Its part of the report, and predictions on test rows.
    fn report(
        &self,
        findings: Self::Findings,
        model: Option<&Model>,
        run: &mut TrainingRun<'_>,
    ) -> Result<(SubjectReport, Vec<TestRow>)>;
}

/// A way to train a network on a subject.
pub(crate) trait Method<S: Subject> {
    /// Trains the network. Returns the course and the findings on this kind of subject.
    fn train(&self, subject: &S, run: &mut TrainingRun<'_>) -> Result<(Course, S::Findings)>;
}
