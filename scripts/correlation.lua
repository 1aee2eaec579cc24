-- SPDX-License-Identifier: GPL-3.0-or-later
-- Table 4 of the paper (arXiv 2507.14171): how far do the criteria order the filters in the same way? Spearman's and
-- Kendall's coefficients, the mean over layers.
--
--   ippro-explore correlation.lua [MODEL [CIFAR-10-FOLDER]]
--
-- Without a model: the built-in example. Writes correlation.csv (layer by layer) and correlation.png.
local model = ippro.load(arg[1] or "example")
local data = arg[2] and ippro.data("cifar10", arg[2], {split = "train"}) or ippro.data("shapes")
local set = model:score(data, {"l1", "taylor", "geomedian", "proscore"})

local spearman, kendall = set:corr("spearman"), set:corr("kendall")
print(spearman)
print(kendall)
local rows = {}
for i, a in ipairs(spearman.row_names) do
    for j = i + 1, #spearman.row_names do
        local b = spearman.row_names[j]
        rows[#rows + 1] = {a .. " ~ " .. b, spearman.values[a][b], kendall.values[a][b], set[a]:overlap(set[b], 0.4)}
    end
end
table.sort(rows, function(a, b) return (a[2] or -2) > (b[2] or -2) end)
print(ippro.table{
    name = "correlation", title = "Pairs of criteria, most alike first",
    columns = {"pair", "Spearman", "Kendall", "overlap at 0.4"}, rows = rows,
})
set:corr{by = "layer"}:csv("correlation.csv")
spearman:png("correlation.png")
