//! The hidden layers of grown networks, which a training grows, and a repetition takes from the network's file.

use zonal::activation::Activation;
use zonal::columns::ColumnMap;
use zonal::error::check_size;
use zonal::network::{Mixed, Network};
use zonal_documents::Result;
use zonal_documents::train::Importance;

/// The hidden layers of all networks.
#[derive(Clone, Debug)]
pub(crate) struct GrownLayers {
    /// The map from features to the inputs of units.
    pub(crate) columns: ColumnMap,
    /// One for each network; its first unit is the constant 1.
    pub(crate) networks: Vec<Mixed>,
    /// How much the mean of the networks moves with each feature, the largest first.
    pub(crate) importances: Vec<Importance>,
}

impl GrownLayers {
    /// Takes the layers of a training from its network's file, in which they follow each other.
    ///
    /// # Errors
    /// Those of [`Mixed::new`].
    pub(crate) fn stored(columns: ColumnMap, all: &Mixed, importances: Vec<Importance>) -> Result<Self> {
        let mut networks: Vec<Vec<Network>> = Vec::new();
        for group in all.groups() {
            match networks.last_mut() {
                Some(network) if !is_constant(group) => network.push(group.clone()),
                _ => networks.push(vec![group.clone()]),
            }
        }
        let networks = networks.into_iter().map(Mixed::new).collect::<zonal::Result<_>>()?;
        Ok(Self { columns, networks, importances })
    }

    /// Returns the groups of units of all networks.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &Network> {
        self.networks.iter().flat_map(Mixed::groups)
    }

    /// Returns all units side by side, as a network's file has them.
    pub(crate) fn side_by_side(&self) -> Result<Mixed> {
        Ok(Mixed::new(self.groups().cloned().collect())?)
    }

    /// Returns the activations of the units, without that of constants.
    pub(crate) fn activations(&self) -> Vec<Activation> {
        let mut out = Vec::new();
        for group in self.groups().filter(|group| !is_constant(group)) {
            if !out.contains(group.activation()) {
                out.push(group.activation().clone());
            }
        }
        out
    }

    /// Returns whether both have the same units, bit by bit.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let bits = |layers: &Self| -> Vec<u64> {
            let values =
                |group: &Network| [group.directions().values(), group.biases().unwrap_or(&[])].concat();
            layers.groups().flat_map(values).map(f64::to_bits).collect()
        };
        self.columns == other.columns
            && self.networks.len() == other.networks.len()
            && self.groups().map(Network::activation).eq(other.groups().map(Network::activation))
            && bits(self) == bits(other)
    }

    /// Checks that there are this many networks on this many columns.
    ///
    /// # Errors
    /// [`zonal::Error::Size`]: the file is of another run.
    pub(crate) fn check(&self, networks: usize, columns: usize) -> Result<()> {
        check_size("networks of the file", self.networks.len(), networks)?;
        self.groups()
            .map(|g| g.directions().columns())
            .try_for_each(|found| Ok(check_size("columns of the units of the file", found, columns)?))
    }
}

/// Returns whether this is the constant with which each network begins.
fn is_constant(group: &Network) -> bool {
    group.width() == 1 && group.directions().values().iter().all(|w| *w == 0.0)
}
