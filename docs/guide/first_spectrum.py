# %% [markdown]
# # A first spectrum
#
# A unit phi(<w, x>) on the sphere sees a function degree by degree: of the part in degree k it keeps the factor alpha_k, its
# Funk-Hecke coefficient. Gradient descent learns a degree at the rate alpha_k^2, so the spectrum of an activation tells
# what will be learned, and in which order.

# %%
import numpy as np

import zonal

relu = zonal.spectrum("relu", dim=10, max_degree=8)
print(relu)

# %% [markdown]
# Degrees 3, 5, 7 have a coefficient of exactly zero: relu(t) is t/2 plus an even function.

# %%
print("seen:", relu.degrees.degree[relu.degrees.visible])
assert relu.degrees.degree[relu.degrees.visible].tolist() == [0, 1, 2, 4, 6, 8]

# %% [markdown]
# The picture has the eigenvalues, and crosses where there are none. In a notebook `relu` by itself shows the same.

# %%
axes = relu.plot()
axes.figure.clear()

# %% [markdown]
# Any function of one array is an activation. Name the points where it is not smooth, and the bounds on the errors, which
# each coefficient has, stay small.


# %%
def hinge(t):
    return np.maximum(t - 0.2, 0.0)


ours = zonal.spectrum(hinge, dim=10, max_degree=8, kinks=[0.2])
print(np.column_stack([ours.degrees.degree, ours.degrees.coefficient, ours.degrees.error]))
assert ours.degrees.visible.all(), "a shift makes every degree visible"
exact = zonal.spectrum("relu(t - 0.2)", dim=10, max_degree=8)
assert np.allclose(ours.degrees.coefficient, exact.degrees.coefficient, rtol=0, atol=1e-12)

# %% [markdown]
# How long does degree 2 take? At infinite width what is left of it is multiplied by 1 - eta lambda_2 at each step.

# %%
run = zonal.train(target="harmonic(2)", dim=10, width="inf", iterations=10_000)
rate = 1 - run.step_size * relu.degrees.eigenvalue[2]
print(
    "left after 1,000 steps:",
    run.path.energy[run.path.iteration == 1_000, 2],
    "predicted:",
    rate**2_000,
)
assert np.allclose(run.path.energy[:, 2], rate ** (2.0 * run.path.iteration), rtol=1e-9, atol=1e-300)
