-- SPDX-License-Identifier: GPL-3.0-or-later
-- For many ranks (see 'help mpi'), or one: mpirun -n 4 ippro-explore examples/prune-nodes.lua [MODEL CIFAR-FOLDER]
-- Scores a network on all training images, and evaluates what each criterion leaves at several ratios.
local model = ippro.load(arg[1] or "example")
local data = arg[2] and ippro.data("cifar10", arg[2], {normalize = "auto"}) or ippro.data("shapes", {images = 2000})
local set = model:score(data, {"l1", "taylor", "proscore"}, {samples = "all"})
set:corr():csv("correlation.csv")
ippro.command("curve l1,taylor,proscore,random ratios=0.1:0.7:0.2 where=inner samples=1000 > curve.csv")
ippro.command("sensitivity l1 ratios=0.3,0.6 samples=500 > sensitivity.csv")
print("correlation.csv, curve.csv and sensitivity.csv are written")
