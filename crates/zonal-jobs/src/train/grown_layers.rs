//! The hidden layers of grown networks, which a training grows, and a repetition takes from the network's file.

use zonal::error::check_size;
use zonal::network::{Mixed, Network};
use zonal_documents::Result;
use zonal_documents::train::Importance;

/// The hidden layers of all networks.
#[derive(Clone, Debug)]
pub(crate) struct GrownLayers {
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
    pub(crate) fn stored(all: &Mixed, importances: Vec<Importance>) -> Result<Self> {
        let is_constant =
            |group: &Network| group.width() == 1 && group.directions().values().iter().all(|w| *w == 0.0);
        let mut networks: Vec<Vec<Network>> = Vec::new();
        for group in all.groups() {
            match networks.last_mut() {
                Some(network) if !is_constant(group) => network.push(group.clone()),
                _ => networks.push(vec![group.clone()]),
            }
        }
        let networks = networks.into_iter().map(Mixed::new).collect::<zonal::Result<_>>()?;
        Ok(Self { networks, importances })
    }

    /// Checks that there are this many networks on this many columns.
    ///
    /// # Errors
    /// [`zonal::Error::Size`]: the file is of another run.
    pub(crate) fn check(&self, networks: usize, columns: usize) -> Result<()> {
        check_size("networks of the file", self.networks.len(), networks)?;
        let groups = self.networks.iter().flat_map(Mixed::groups);
        groups
            .map(|g| g.directions().columns())
            .try_for_each(|found| Ok(check_size("columns of the units of the file", found, columns)?))
    }
}
