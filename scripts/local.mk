# SPDX-License-Identifier: GPL-3.0-or-later
# Command files that `ippro-explore -f` runs.
commandfiledir = $(pkgdatadir)/scripts
dist_commandfile_DATA = scripts/compare-criteria.ippro scripts/gamma.ippro scripts/tour.ippro
