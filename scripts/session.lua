-- SPDX-License-Identifier: GPL-3.0-or-later
-- A whole pruning session: score, set ratios, select, judge, change one's mind, remove, export. The residual streams lose
-- less than the layers inside the blocks, as in the paper's ResNet-56 (appendix C of arXiv 2507.14171).
--
--   ippro-explore session.lua [MODEL [CIFAR-10-FOLDER [OUT.onnx]]]
--
-- Without a model: the built-in example. Writes the small network (pruned.onnx), session.csv and session.png.
local model = ippro.load(arg[1] or "example")
local data = arg[2] and ippro.data("cifar10", arg[2], {split = "train"}) or ippro.data("shapes")
local images = arg[2] and 2000 or 500
local rows = {}
local function note(what)
    local cost = model:cost()
    rows[#rows + 1] = {what, cost.parameters, cost.macs / 1e6, 100 * model:eval(data, {samples = images}).top1}
end

note("as loaded")
model:score(data, {"l1", "proscore"})
model:ratios(function(layer) return layer.stream and 0.15 or 0.4 end)
print(model:prune("l1"))
note("mask by l1")
model:undo()
print(model:prune("proscore"))
note("mask by proscore")
model:apply()
note("removed for good")
model:save(arg[3] or "pruned.onnx")
print(ippro.table{
    name = "session", title = "A pruning session",
    columns = {"network", "parameters", "million multiply-adds", "accuracy, %"}, rows = rows,
}:csv("session.csv"):png("session.png"))
