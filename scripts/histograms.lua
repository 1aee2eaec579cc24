-- SPDX-License-Identifier: GPL-3.0-or-later
-- Figure 2 of the paper (arXiv 2507.14171): how the scores of a layer's filters are spread under every criterion, side by
-- side on shared bins (standard deviations from the layer's mean), with the threshold below which filters would be pruned.
--
--   ippro-explore -e 'set normalize imagenet' histograms.lua [MODEL [CIFAR-10-FOLDER [LAYER...]]]
--
-- Without a model, or with "example" and "-": the built-in example and its images. Without layers: the first, one in the
-- middle and the last that is scored. Writes histograms.csv (a summary), and for each layer histogram-LAYER.csv and
-- histogram-LAYER.png. At the prompt: hist LAYER scale=standard.
local model = ippro.load(arg[1] or "example")
local folder = arg[2] ~= "-" and arg[2]
local data = folder and ippro.data("cifar10", folder, {split = "train"}) or ippro.data("shapes")
local set = model:score(data, {"l1", "taylor", "geomedian", "proscore"})

-- Mean, standard deviation and skewness of an array of numbers.
local function moments(values)
    local mean, squares, cubes = 0, 0, 0
    for _, value in ipairs(values) do mean = mean + value / #values end
    for _, value in ipairs(values) do
        squares = squares + (value - mean) ^ 2 / #values
        cubes = cubes + (value - mean) ^ 3 / #values
    end
    return mean, math.sqrt(squares), squares > 0 and cubes / squares ^ 1.5 or nil
end

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
        local mean, deviation, skewness = moments(values)
        rows[#rows + 1] = {
            layer, criterion, #values, values[1], values[(#values + 1) // 2], values[#values], mean, deviation, skewness,
        }
    end
end
print(ippro.table{
    name = "histograms", title = "Scores by layer and criterion (those of PROscore are logarithms)",
    columns = {
        "layer", "criterion", "filters", "lowest", "median", "highest", "mean", "standard deviation", "skewness",
    },
    rows = rows,
}:csv("histograms.csv"))
