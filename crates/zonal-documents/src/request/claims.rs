//! The options of `reproduce`.

use super::output::FolderOptions;
use crate::claims::Size;
use crate::number::text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Check the claims of the theory one by one, measured against predicted
#[derive(Clone, Debug, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ReproduceRequest {
    /// The claims to check, separated by commas, with every comparison [default: all, in brief]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    #[serde(deserialize_with = "text::list")]
    pub claim: Vec<String>,
    /// Check at smaller sizes, with thresholds to match; the output states what is smaller
    #[arg(long)]
    pub quick: bool,
    /// The folder of the run.
    #[command(flatten)]
    #[serde(flatten)]
    pub folder: FolderOptions,
}

impl ReproduceRequest {
    /// Returns the sizes at which claims are checked.
    pub fn size(&self) -> Size {
        if self.quick { Size::Quick } else { Size::Whole }
    }

    /// Returns the configuration for the record of the run.
    pub fn configuration(&self) -> serde_json::Value {
        serde_json::json!({ "claims": self.claim, "quick": self.quick })
    }
}
