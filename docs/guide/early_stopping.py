# %% [markdown]
# # Early stopping on a real table
#
# 442 patients, ten measurements, the progression of diabetes a year later. Gradient descent on the output layer is known
# at every iteration at once, so the choice of when to stop needs no second training. Here the hidden units are drawn at
# random, and a single network shows it best; the default of tables, units grown on the rows, are a mean of several.

# %%
import numpy as np

import zonal

run = zonal.train("examples/data/diabetes.csv", label="progression", hidden="drawn", seed=1)
print(run)

# %% [markdown]
# Activation, scale and bias were chosen on a sample of the rows that are not for testing. `candidates` lists all
# combinations that were tried, the best first.

# %%
best = run.candidates
print(best.activation[0], best.scale[0], best.bias[0], best.relative_rmse[0])

# %% [markdown]
# The training error falls for ever; the validation error has a minimum, and that is where to stop.

# %%
path = run.path
chosen = path.iteration.tolist().index(run.best_iteration)
print("stop at", run.best_iteration, "with test RMSE", run.test_rmse)
assert (np.diff(path.loss) <= 1e-9 * path.loss[0]).all()
assert path.validation_loss[chosen] == path.validation_loss.min()
assert path.validation_loss[-1] > path.validation_loss[chosen]
axes = run.plot()
axes.figure.clear()

# %% [markdown]
# The network is available at every listed iteration. Too early it predicts little more than the mean, too late it fits the
# noise of the training rows.

# %%
table = np.loadtxt("examples/data/diabetes.csv", delimiter=",", skiprows=1)
features, labels = table[:, :-1], table[:, -1]
for iteration in (0, run.best_iteration, int(path.iteration[-1])):
    error = labels - run.network.predict(features, iteration=iteration)
    print(f"iteration {iteration}: RMSE over all rows {np.sqrt(np.mean(error**2)):.1f}")

# %% [markdown]
# How good can a prediction be? The best polynomials are a yardstick that needs no network.

# %%
analysis = zonal.analyze("examples/data/diabetes.csv", label="progression", seed=1, max_degree=2)
print(np.sqrt(analysis.labels[0].best_polynomial.test_error))

# %% [markdown]
# The same as an estimator for scikit-learn, where it is installed.

# %%
try:
    from sklearn.model_selection import cross_val_score
except ImportError:
    print("scikit-learn is not installed")
else:
    scores = cross_val_score(zonal.OneHiddenLayerRegressor(), features, labels, cv=5)
    print("R^2 over five folds:", scores.round(3))
    assert np.median(scores) > 0.4
