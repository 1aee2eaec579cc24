-- SPDX-License-Identifier: GPL-3.0-or-later
-- Table 4 of the paper (arXiv 2507.14171): how far do the criteria order the filters in the same way? The paper does not
-- say which coefficient it shows, nor how layers are put together: here are Spearman's, Kendall's and Pearson's, as the
-- mean over layers, and beside them the overlap of the pruned sets, which is what decides.
--
--   ippro-explore -e 'set normalize imagenet' correlation.lua [MODEL [CIFAR-10-FOLDER [RATIO]]]
--
-- Without a model, or with "example" and "-": the built-in example and its images. Writes correlation.csv (Spearman layer
-- by layer), correlation.png and correlation-pairs.csv. At the prompt: score all; corr; overlap.
local model = ippro.load(arg[1] or "example")
local folder = arg[2] ~= "-" and arg[2]
local data = folder and ippro.data("cifar10", folder, {split = "train"}) or ippro.data("shapes")
local ratio = tonumber(arg[3] or 0.4)
local set = model:score(data, {"l1", "taylor", "geomedian", "proscore"})

local spearman, kendall, pearson = set:corr("spearman"), set:corr("kendall"), set:corr("pearson")
local overlap = set:overlap(ratio)
print(spearman:png("correlation.png"))
local rows = {}
for i, a in ipairs(spearman.row_names) do
    for j = i + 1, #spearman.row_names do
        local b = spearman.row_names[j]
        rows[#rows + 1] = {
            a .. " ~ " .. b, spearman.values[a][b], kendall.values[a][b], pearson.values[a][b], overlap.values[a][b],
        }
    end
end
table.sort(rows, function(a, b) return a[2] > b[2] end)
print(ippro.table{
    name = "correlation", title = "Pairs of criteria, most alike first: means over layers",
    columns = {"pair", "Spearman", "Kendall", "Pearson", "overlap at " .. ratio}, rows = rows,
}:csv("correlation-pairs.csv"))
print(("Two random choices would overlap by about %.2f."):format(ratio / (2 - ratio)))
set:corr{by = "layer"}:csv("correlation.csv")
