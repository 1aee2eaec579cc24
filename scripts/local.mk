# SPDX-License-Identifier: GPL-3.0-or-later
# Command files that `ippro-explore -f` runs.
commandfiledir = $(pkgdatadir)/scripts
dist_commandfile_DATA = scripts/compare-criteria.ippro scripts/gamma.ippro scripts/tour.ippro

# Ratios of whole networks, for the command `recipe`.
recipedir = $(pkgdatadir)/scripts/recipes
dist_recipe_DATA = scripts/recipes/resnet56-50.recipe scripts/recipes/resnet56-75.recipe
