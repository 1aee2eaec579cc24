-- SPDX-License-Identifier: GPL-3.0-or-later
-- Table 3 of the paper (arXiv 2507.14171): one ranking over the whole network, or one share from every layer? For every
-- criterion both, at the same share of all channels: what is left of the network, what it still gets right without
-- fine-tuning, and how unevenly the layers are cut. A criterion whose scores mean the same in every layer can afford the
-- global ranking; one that measures size empties whole layers.
--
--   ippro-explore -e 'set normalize imagenet' global-vs-layerwise.lua \
--       [MODEL [CIFAR-10-FOLDER [RATIO [TEST-IMAGES [CURVE-RATIO...]]]]]
--
-- Without a model, or with "example" and "-": the built-in example and its images. Writes global-vs-layerwise.csv (the
-- table at RATIO) and global-vs-layerwise.png (accuracy against ratio). At the prompt: prune CRITERION RATIO global=yes.
local model = ippro.load(arg[1] or "example")
local folder = arg[2] ~= "-" and arg[2]
local test = folder and ippro.data("cifar10", folder, {split = "test"}) or ippro.data("shapes", {seed = 2})
local data = folder and ippro.data("cifar10", folder, {split = "train"}) or ippro.data("shapes")
local ratio = tonumber(arg[3] or 0.1)
local name = arg[1] and arg[1]:gsub(".*/", "") or "example"
local images = math.tointeger(arg[4] or (folder and 1000 or 200))
local curve_ratios = {table.unpack(arg, 5)}
if #curve_ratios == 0 then curve_ratios = {0.05, 0.1, 0.2, 0.3} end
local criteria = {"l1", "taylor", "geomedian", "proscore"}
local before = model:eval(test, {samples = images, order = "first"}).top1
model:score(data, criteria)

-- The selection, what it leaves of the accuracy, and the layer that keeps the least.
local function prune(criterion, share, global)
    local chosen = model:prune(criterion, share, {global = global})
    local least, where, emptied = 1, "", 0
    for _, layer in ipairs(model:layers()) do
        local kept = chosen:kept(layer.name) / layer.channels
        if kept < least then least, where = kept, layer.name end
        if kept < 0.25 then emptied = emptied + 1 end
    end
    local cost = chosen:cost()
    local accuracy = model:eval(test, {samples = images, order = "first"}).top1
    model:undo()
    return {cost = cost, accuracy = accuracy, least = least, where = where, emptied = emptied}
end

local rows, series = {}, {}
local whole = model:cost()
for _, criterion in ipairs(criteria) do
    for _, global in ipairs{false, true} do
        local ranking = global and "global" or "layer-wise"
        local found = prune(criterion, ratio, global)
        rows[#rows + 1] = {
            criterion, ranking, 100 * found.accuracy, 100 * found.cost.parameters / whole.parameters,
            100 * found.cost.macs / whole.macs, 100 * found.least, found.where, found.emptied,
        }
        local line = {name = criterion .. " " .. ranking, x = {0}, y = {before}}
        for i, share in ipairs(curve_ratios) do
            share = tonumber(share)
            line.x[i + 1] = share
            line.y[i + 1] = share == ratio and found.accuracy or prune(criterion, share, global).accuracy
        end
        series[#series + 1] = line
    end
end
print(ippro.table{
    name = "global-vs-layerwise", title = ("Ratio %g of all channels of %s, without fine-tuning"):format(
        ratio, name),
    columns = {
        "criterion", "ranking", "accuracy, %", "parameters left, %", "MACs left, %", "least kept, %", "in layer",
        "layers below a quarter",
    },
    rows = rows,
}:csv("global-vs-layerwise.csv"))
print(("Unpruned %.2f %% on %d test images."):format(100 * before, images))
ippro.curve{
    name = "global-vs-layerwise", title = "One ranking, or one share from every layer, " .. name,
    x_axis = "ratio of all channels", x_percent = true,
    y_axis = "accuracy without fine-tuning", percent = true, reference = before, reference_label = "unpruned",
    series = series,
}:png("global-vs-layerwise.png")
