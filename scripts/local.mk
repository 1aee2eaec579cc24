# SPDX-License-Identifier: GPL-3.0-or-later
# Command files and Lua scripts that `ippro-explore -f` and `ippro-explore SCRIPT.lua` run.
commandfiledir = $(pkgdatadir)/scripts
dist_commandfile_DATA = \
	scripts/compare-criteria.lua scripts/correlation.lua scripts/finetune.lua scripts/gamma-sweep.lua scripts/global-vs-layerwise.lua \
	scripts/histograms.lua scripts/no-finetune.lua scripts/sampling.lua scripts/scale-attack.lua scripts/session.lua \
	scripts/compare-criteria.ippro scripts/gamma.ippro scripts/tour.ippro scripts/README.md

# Experiments that the paper leaves to its readers, and comparisons of other papers.
paperdir = $(pkgdatadir)/scripts/paper
dist_paper_DATA = scripts/paper/readings.lua scripts/paper/rescored.lua

# Criteria in Lua.
criteriadir = $(pkgdatadir)/scripts/criteria
dist_criteria_DATA = \
	scripts/criteria/cop.lua scripts/criteria/l2-normalised.lua scripts/criteria/torque.lua

# Losses of networks without classes, for the option `loss`.
lossdir = $(pkgdatadir)/scripts/losses
dist_loss_DATA = scripts/losses/huber.lua

# Experiments that train.
trainingdir = $(pkgdatadir)/scripts/training
dist_training_DATA = \
	scripts/training/catalyst.lua scripts/training/experiment.lua scripts/training/fpgm.lua \
	scripts/training/group-lasso.lua scripts/training/rounds.lua scripts/training/slimming.lua \
	scripts/training/soft-pruning.lua

# Networks described for weights without a graph, for the command `load`.
networkdir = $(pkgdatadir)/scripts/networks
dist_network_DATA = \
	scripts/networks/cifar-resnet.lua scripts/networks/deeplabv3.lua scripts/networks/densenet.lua \
	scripts/networks/efficientnet.lua scripts/networks/googlenet.lua scripts/networks/mobilenet-v2.lua \
	scripts/networks/mobilenet-v3.lua scripts/networks/resnet.lua scripts/networks/squeezenet.lua \
	scripts/networks/vgg.lua

# Ratios of whole networks, for the command `recipe`.
recipedir = $(pkgdatadir)/scripts/recipes
dist_recipe_DATA = \
	scripts/recipes/mobilenet_v2-37.recipe scripts/recipes/resnet50-42.recipe scripts/recipes/resnet50-60.recipe \
	scripts/recipes/resnet50-75.recipe scripts/recipes/resnet56-50.recipe scripts/recipes/resnet56-75.recipe \
	scripts/recipes/vgg19-70.recipe
