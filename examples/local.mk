# SPDX-License-Identifier: GPL-3.0-or-later
# The example network, found by name at run time, and how it came to be.
exampledir = $(pkgdatadir)/examples
dist_example_DATA = examples/shapes-resnet.onnx
EXTRA_DIST += \
	examples/README.md \
	examples/compare-criteria-resnet56.txt \
	examples/panes-80x24.txt \
	examples/panes-200x60.txt \
	examples/prune-nodes.lua \
	examples/prune-nodes.sbatch \
	examples/record-panes.sh \
	examples/train-example.lua
