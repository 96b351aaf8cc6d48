//! Options with a few named values.

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use zonal::dynamics::Solver;
use zonal::network::{Layers, Parametrisation, Start};
use zonal::rows::Part;
use zonal::statistics::Precision;
use zonal_io::source::{Decimal, Missing};

use crate::spectrum::KernelKind;
use crate::train::{DescentMethod, Stop, Task};

/// Deserialises one of the named values; the error message lists them all and suggests the nearest.
fn read<'de, T: ValueEnum, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Name(String);
    impl std::str::FromStr for Name {
        type Err = std::convert::Infallible;
        fn from_str(text: &str) -> Result<Self, Self::Err> {
            Ok(Self(text.to_owned()))
        }
    }
    let Name(name) = crate::number::text::deserialize(deserializer)?;
    T::from_str(&name, false).map_err(|_| {
        let names: Vec<String> = T::value_variants()
            .iter()
            .filter_map(|v| Some(v.to_possible_value()?.get_name().to_owned()))
            .collect();
        let near = zonal::error::nearest(&name, names.iter().map(String::as_str));
        let near = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
        serde::de::Error::custom(format!("'{name}' is not one of {}{near}", names.join(", ")))
    })
}

macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident -> $to:ty { $($(#[$vdoc:meta])* $variant:ident => $value:expr,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
        }

        impl $name {
            /// Returns the value in the form of the jobs.
            pub fn value(self) -> $to {
                match self {
                    $(Self::$variant => $value,)*
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                read(deserializer)
            }
        }
    )*};
}

choices! {
    /// The hidden units.
    HiddenChoice -> bool {
        /// Drawn at random, without sight of the labels.
        Drawn => false,
        /// Drawn where rows are, chosen in stages by what they add to the labels, and tuned.
        Grown => true,
    }
    /// What is to be predicted.
    TaskChoice -> Task {
        /// A class if the label is text or a boolean, otherwise a number
        Auto => Task::Auto,
        /// A number
        Regress => Task::Regress,
        /// A class: each different value of the label is one
        Classify => Task::Classify,
    }
    /// The rows that choose the iteration.
    StopChoice -> Stop {
        /// Rows that are split off, or rows of their own
        Validation => Stop::Validation,
        /// Each fold, predicted from the others
        Folds => Stop::Folds,
        /// Each row, predicted from all others
        LeaveOneOut => Stop::LeaveOneOut,
    }
    /// What a drawn unit sees of a row.
    LiftChoice -> bool {
        /// The standardised columns and the bias, divided by their length: a point of the sphere.
        Sphere => true,
        /// The standardised columns and the bias as they are.
        None => false,
    }
    /// The precision of features and weights.
    PrecisionChoice -> Precision {
        /// 53 bits
        F64 => Precision::F64,
        /// 24 bits for features and their products over a tile of rows
        F32 => Precision::F32,
    }

    /// The solver of a path.
    SolverChoice -> Solver {
        /// Lanczos where its bound is small after few steps
        Auto => Solver::Auto,
        /// The eigendecomposition
        Dense => Solver::Dense,
        /// Lanczos
        Lanczos => Solver::Lanczos,
    }

    /// The decimal mark of CSV files.
    DecimalChoice -> Decimal {
        /// 1234.5, also with commas that mark thousands: 1,234.5
        Point => Decimal::PointWithThousands,
        /// 1234,5, also with points that mark thousands: 1.234,5
        Comma => Decimal::Comma,
    }

    /// The treatment of missing values.
    MissingChoice -> Missing {
        /// Replace missing features by the mean of their column, and mark them in a column of their own; leave out rows without a label
        Fill => Missing::Fill,
        /// Leave out rows that lack a value
        Drop => Missing::Drop,
        /// Refuse the table
        Reject => Missing::Reject,
    }

    /// What determines a step of iterative training.
    MethodChoice -> DescentMethod {
        /// Gradient descent
        Descent => DescentMethod::Descent,
        /// L-BFGS: fewer, costlier steps; on all rows or exact expectations
        Lbfgs => DescentMethod::Lbfgs,
    }

    /// The layers that are trained.
    LayersChoice -> Layers {
        /// The output layer
        Output => Layers::Output,
        /// The hidden layer
        Hidden => Layers::Hidden,
        /// Both layers
        Both => Layers::Both,
    }

    /// The movement of hidden units: whether they stay on the sphere.
    UnitsChoice -> bool {
        /// Free to leave the sphere
        Free => false,
        /// Put back on the sphere after each step
        Sphere => true,
    }

    /// The factor before the sum of units.
    ParametrisationChoice -> Parametrisation {
        /// c = 1, deviation 1/sqrt m
        Standard => Parametrisation::Standard,
        /// c = 1/sqrt m, deviation 1
        Ntk => Parametrisation::Ntk,
        /// c = 1/m, deviation 1
        MeanField => Parametrisation::MeanField,
    }

    /// The initial output weights.
    StartChoice -> Start {
        /// Independent normal numbers
        Random => Start::Random,
        /// Units in pairs of opposite output weights, so that the network is exactly zero
        Symmetric => Start::Symmetric,
        /// Zero
        Zero => Start::Zero,
    }

    /// The kernel whose eigenvalues are listed.
    KernelChoice -> KernelKind {
        /// Random-feature kernel
        Feature => KernelKind::Feature,
        /// Tangent kernel
        Tangent => KernelKind::Tangent,
    }

    /// The part of a training's split: none for all rows.
    PartChoice -> Option<Part> {
        /// Rows that the network was fitted to
        Train => Some(Part::Train),
        /// Rows that the iteration was chosen on
        Validation => Some(Part::Validation),
        /// Rows that were only scored
        Test => Some(Part::Test),
        /// All rows
        All => None,
    }
}

/// Parses the field delimiter.
pub(super) fn delimiter(text: &str) -> Result<char, String> {
    let mut chars = text.chars();
    match (text, chars.next(), chars.next()) {
        ("tab" | "\\t", ..) => Ok('\t'),
        (_, Some(c), None) => Ok(c),
        _ => Err("one character is needed, such as ';', or tab".to_owned()),
    }
}

/// Deserialises the field delimiter.
pub(super) fn delimiter_of_json<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<char>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    text.as_deref().map(delimiter).transpose().map_err(serde::de::Error::custom)
}
