# %% [markdown]
# # A lower bound
#
# Gradient descent sees its labels only through averages, each of which could be off by a little: it is an algorithm of
# statistical queries. How many queries does any such algorithm need?

# %%
import numpy as np

import zonal

# %% [markdown]
# The targets: harmonics of degree 6 about an unknown axis in dimension 100. An answer may be off by 1 percent of the norm
# of what is asked.

# %%
bound = zonal.sq.bound(family="zonal", dim=100, degree=6, tolerance=0.01)
print(bound)
print("at least 10 to the power", bound.log10_queries, "queries, by", bound.theorem)
assert not bound.vacuous and bound.log10_queries > 3

# %% [markdown]
# It grows with the degree, and with the dimension: many directions are far from each other, and more so in more dimensions.

# %%
grid = zonal.sq.bound(family="zonal", dim=[50, 100, 200, 400], degree=[2, 4, 6], tolerance=0.01)
table = {(b.dim, b.degree): b.log10_queries for b in grid}
for degree in (2, 4, 6):
    print(degree, [table[dim, degree] for dim in (50, 100, 200, 400)])
assert (np.diff([table[dim, 6] for dim in (50, 100, 200, 400)]) > 0).all()
assert table[400, 2] < table[400, 4] < table[400, 6]

# %% [markdown]
# A bound is a promise about every learner. A game lets one learner try: the oracle commits itself to no target, and drops
# from a finite family as few members as each answer forces it to.

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
    "targets are left",
)
assert (game.transcript.dropped <= game.dropped_per_query_bound).all()

# %% [markdown]
# And descent itself, through answers that are as bad as they may be: from a tolerance on that can be computed, it never
# leaves zero.

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
