# %% [markdown]
# # A lower bound
#
# Gradient descent sees the labels only through averages, each of which may have a small error: it is a
# statistical-query algorithm. How many queries does any such algorithm need?

# %%
import numpy as np

import zonal

# %% [markdown]
# The targets are harmonics of degree 6 around an unknown axis in dimension 100. The error of an answer may be up to 1 percent
# of the norm of the query.

# %%
bound = zonal.sq.bound(family="zonal", dim=100, degree=6, tolerance=0.01)
print(bound)
print("at least 10 to the power", bound.log10_queries, "queries, by", bound.theorem)
assert not bound.vacuous and bound.log10_queries > 3

# %% [markdown]
# The bound grows with the degree and the dimension: the more dimensions, the more directions are nearly orthogonal to each
# other.

# %%
grid = zonal.sq.bound(family="zonal", dim=[50, 100, 200, 400], degree=[2, 4, 6], tolerance=0.01)
table = {(b.dim, b.degree): b.log10_queries for b in grid}
for degree in (2, 4, 6):
    print(degree, [table[dim, degree] for dim in (50, 100, 200, 400)])
assert (np.diff([table[dim, 6] for dim in (50, 100, 200, 400)]) > 0).all()
assert table[400, 2] < table[400, 4] < table[400, 6]

# %% [markdown]
# A bound is a statement about every learner. In a game one learner plays against an oracle that commits to no target:
# with each answer it excludes as few members of a finite family as it must.

# %%
game = zonal.sq.play(family="monomials", dim=12, degree=3, tolerance=0.25)
print(
    game.learner,
    "asked",
    game.queries_distinct,
    "queries;",
    game.live,
    "of",
    game.family_size,
    "targets remain",
)
assert (game.transcript.dropped <= game.dropped_per_query_bound).all()

# %% [markdown]
# Finally gradient descent itself, with the worst answers that the tolerance allows: above a tolerance that can be computed, it
# never leaves zero.

# %%
stalled = zonal.sq.learn("harmonic(2)", dim=10, oracle="lazy:0.3", width=200)
print("tolerance that stops it:", stalled.vanishing_tolerance)
print(
    "smallest loss through the oracle:",
    stalled.smallest_loss,
    " exact:",
    stalled.smallest_exact_loss,
)
assert stalled.vanishing_tolerance < 0.3 and stalled.smallest_loss == 1.0
