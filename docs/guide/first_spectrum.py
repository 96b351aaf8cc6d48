# %% [markdown]
# # A first spectrum
#
# A function g on the sphere is a sum of parts of degree 0, 1, 2, .. The mean of g(x) phi(<w, x>), as a function of w, is again a
# sum of parts: that of degree k is alpha_k times the part of g, with alpha_k the Funk-Hecke coefficient of phi. Gradient
# descent learns a degree at the rate alpha_k^2, so the spectrum of an activation determines what will be learned, and in which
# order.

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
# The figure shows the eigenvalues, and crosses where they are zero. In a notebook `relu` alone shows the same.

# %%
axes = relu.plot()
axes.figure.clear()

# %% [markdown]
# Any function of one array is an activation. Each coefficient has a bound on its error; name the points where the function is
# not smooth, and the bounds are small.


# %%
def hinge(t):
    return np.maximum(t - 0.2, 0.0)


shifted = zonal.spectrum(hinge, dim=10, max_degree=8, kinks=[0.2])
print(np.column_stack([shifted.degrees.degree, shifted.degrees.coefficient, shifted.degrees.error]))
assert shifted.degrees.visible.all(), "this shift makes the degrees up to 8 visible"
exact = zonal.spectrum("relu(t - 0.2)", dim=10, max_degree=8)
assert np.allclose(shifted.degrees.coefficient, exact.degrees.coefficient, rtol=0, atol=1e-12)

# %% [markdown]
# How long does degree 2 take? At infinite width each step multiplies the residual in degree 2 by 1 - eta lambda_2.

# %%
run = zonal.train(target="harmonic(2)", dim=10, width="inf", iterations=10_000)
rate = 1 - run.step_size * relu.degrees.eigenvalue[2]
print(
    "remaining after 1,000 steps:",
    run.path.energy[run.path.iteration == 1_000, 2],
    "predicted:",
    rate**2_000,
)
assert np.allclose(run.path.energy[:, 2], rate ** (2.0 * run.path.iteration), rtol=1e-9, atol=1e-300)
