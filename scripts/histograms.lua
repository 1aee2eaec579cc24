-- SPDX-License-Identifier: GPL-3.0-or-later
-- Figure 2 of the paper (arXiv 2507.14171): how the scores of a layer's filters are spread under every criterion, with
-- the share that would be pruned.
--
--   ippro-explore histograms.lua [MODEL [CIFAR-10-FOLDER [LAYER...]]]
--
-- Without layers: the first, one in the middle and the last that is scored. Writes histograms.csv (the summary)
-- and for each layer histogram-LAYER.csv and histogram-LAYER.png.
local model = ippro.load(arg[1] or "example")
local data = arg[2] and ippro.data("cifar10", arg[2], {split = "train"}) or ippro.data("shapes")
local set = model:score(data, {"l1", "taylor", "geomedian", "proscore"})

local layers = {table.unpack(arg, 3)}
if #layers == 0 then
    local all = set.l1:layers()
    layers = {all[1], all[(#all + 1) // 2], all[#all]}
end
local rows = {}
for _, layer in ipairs(layers) do
    local file = "histogram-" .. layer:gsub("[^%w.]", "_")
    local figure = set:hist(layer, {scale = "standard"})
    print(figure)
    figure:csv(file .. ".csv"):png(file .. ".png")
    for _, criterion in ipairs(set:criteria()) do
        local values = set[criterion]:of(layer)
        table.sort(values)
        rows[#rows + 1] = {layer, criterion, #values, values[1], values[(#values + 1) // 2], values[#values]}
    end
end
print(ippro.table{
    name = "histograms", title = "Scores by layer and criterion (those of PROscore are logarithms)",
    columns = {"layer", "criterion", "filters", "lowest", "median", "highest"}, rows = rows,
}:csv("histograms.csv"))
