//! Headings of groups of options in the help of a command.

pub(super) const ANALYSIS: &str = "Analysis";
pub(super) const FAMILY: &str = "Family";
pub(super) const FIGURES: &str = "Figures";
pub(super) const FITTING: &str = "Fitting";
pub(super) const GAME: &str = "Game";
pub(super) const GOAL: &str = "Goal";
pub(super) const ITERATIVE: &str = "Iterative training (hidden or both layers, or a batch)";
pub(super) const LEARNER: &str = "Learner";
pub(super) const NETWORK: &str = "Network";
pub(super) const ORACLE: &str = "Oracle";
pub(super) const PAGE: &str = "Report page";
pub(super) const PREDICTION: &str = "Prediction";
pub(super) const RUN: &str = "Run folder";
pub(super) const TABLE: &str = "Table";
pub(super) const TARGET: &str = "Target";
pub(super) const TRAINING: &str = "Training";
