-- SPDX-License-Identifier: GPL-3.0-or-later
-- Table 3 of the paper (arXiv 2507.14171): one ranking over the whole network, or one share from every layer? For every
-- criterion both, at the same share of all channels; what is left, and what it still gets right without fine-tuning.
--
--   ippro-explore global-vs-layerwise.lua [MODEL [CIFAR-10-FOLDER [RATIO]]]
--
-- Without a model: the built-in example. Writes global-vs-layerwise.csv and global-vs-layerwise.png.
local model = ippro.load(arg[1] or "example")
local test = arg[2] and ippro.data("cifar10", arg[2], {split = "test"}) or ippro.data("shapes", {seed = 2})
local data = arg[2] and ippro.data("cifar10", arg[2], {split = "train"}) or ippro.data("shapes")
local ratio = tonumber(arg[3] or 0.3)
local criteria = {"l1", "taylor", "geomedian", "proscore"}
local images = arg[2] and 2000 or 500
model:score(data, criteria)

local rows = {}
for _, criterion in ipairs(criteria) do
    for _, global in ipairs{false, true} do
        local chosen = model:prune(criterion, ratio, {global = global})
        local least, where = 1, ""
        for _, layer in ipairs(model:layers()) do
            local share = chosen:kept(layer.name) / layer.channels
            if share < least then least, where = share, layer.name end
        end
        rows[#rows + 1] = {
            criterion, global and "global" or "layer-wise", chosen:cost().parameters, chosen:cost().macs / 1e6,
            100 * model:eval(test, {samples = images}).top1, 100 * least, where,
        }
        model:undo()
    end
end
print(ippro.table{
    name = "global-vs-layerwise", title = ("Ratio %g of all channels, without fine-tuning"):format(ratio),
    columns = {"criterion", "ranking", "parameters", "million multiply-adds", "accuracy, %", "least kept, %", "in layer"},
    rows = rows,
}:csv("global-vs-layerwise.csv"):png("global-vs-layerwise.png"))
