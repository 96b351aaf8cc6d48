# %% [markdown]
# # Why a network does not learn your function
#
# A function, a network of ReLU units, long training, and an error that does not go away. Where does it come from?


# %%
import numpy as np

import zonal


def target(x):
    return x[:, 0] * x[:, 1] * x[:, 2] + 0.5 * x[:, 3]


# %% [markdown]
# First, how is the function distributed over degrees? Values at random points of the sphere are enough to estimate that.

# %%
x = zonal.uniform_points(6, 4_000, seed=0)
found = zonal.spherical_harmonic_energies(x, target(x), max_degree=4)
for k, energy, error in zip(found.degree, found.energy, found.standard_error, strict=True):
    print(f"degree {k}: {energy:.5f} +- {error:.5f}")

# %% [markdown]
# It has energy in degrees 1 and 3. Now train with exact expectations, so that neither noise nor the number of rows matters.

# %%
relu = zonal.train(target="x1*x2*x3 + 0.5*x4", dim=6, width=1_000)
print("loss at the end:", relu.loss, " invisible degrees:", relu.invisible_degrees)
print("residual by degree:", relu.path.energy[-1])
assert relu.invisible_degrees.tolist() == [3]
assert np.isclose(relu.loss, relu.target_energy[3], rtol=0.05), "all of degree 3 remains, at any width"

# %% [markdown]
# ReLU cannot see degree 3. The plan states this before any training, and names remedies: a bias, or another activation.

# %%
plan = zonal.plan("x1*x2*x3 + 0.5*x4", dim=6, degree=3, epsilon=0.01)
print("remaining:", plan.invisible_energy)
print(plan.ways_out.kind, plan.ways_out.activation, plan.ways_out.width)

# %%
tanh = zonal.train(target="x1*x2*x3 + 0.5*x4", dim=6, width=1_000, activation="tanh", scale=2)
print("with tanh at scale 2:", tanh.loss)
assert tanh.loss < 0.01 * relu.loss

# %% [markdown]
# The same question for any model: its residual, degree by degree. Here it is that of the ReLU network on new
# points; with PyTorch or JAX it would be `target(x) - model(x)` as an array.

# %%
fresh = zonal.uniform_points(6, 4_000, seed=1)
residual = zonal.spherical_harmonic_energies(fresh, target(fresh) - relu.network.predict(fresh), max_degree=4)
print("residual in degree 3:", residual.energy[3], "+-", residual.standard_error[3])
assert abs(residual.energy[3] - relu.target_energy[3]) < 4 * residual.standard_error[3]
