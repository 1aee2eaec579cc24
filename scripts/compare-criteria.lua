-- SPDX-License-Identifier: GPL-3.0-or-later
-- Who cuts what, and what it costs: every criterion selects at the same ratio; the tables show how far they agree, in
-- which layers PROscore and magnitude differ most, and what is left of the accuracy without fine-tuning.
--
--   ippro-explore compare-criteria.lua [MODEL [CIFAR-10-FOLDER [RATIO]]]
--
-- Without a model: the built-in example. Writes compare-criteria.csv and compare-criteria.png.
local model = ippro.load(arg[1] or "example")
local test = arg[2] and ippro.data("cifar10", arg[2], {split = "test"}) or ippro.data("shapes", {seed = 2})
local data = arg[2] and ippro.data("cifar10", arg[2], {split = "train"}) or ippro.data("shapes")
local ratio = tonumber(arg[3] or 0.4)
local criteria = {"l1", "taylor", "geomedian", "proscore"}
local set = model:score(data, criteria)
local images = arg[2] and 2000 or 500

local overlap = set:overlap(ratio)
print(overlap)
overlap:png("compare-criteria.png")

local rows = {}
local before = model:eval(test, {samples = images}).top1
for _, criterion in ipairs(criteria) do
    local chosen = model:prune(criterion, ratio)
    local cost = chosen:cost()
    rows[#rows + 1] = {
        criterion, chosen:count(), cost.parameters, cost.macs / 1e6, 100 * model:eval(test, {samples = images}).top1,
    }
    model:undo()
end
print(ippro.table{
    name = "compare-criteria", title = ("Pruned at ratio %g without fine-tuning; %.2f %% before"):format(ratio, 100 * before),
    columns = {"criterion", "channels cut", "parameters left", "million multiply-adds left", "accuracy, %"}, rows = rows,
}:csv("compare-criteria.csv"))

local layers = {}
for _, layer in ipairs(set.l1:layers()) do
    layers[#layers + 1] = {layer, set.proscore:overlap(set.l1, ratio, layer), set.proscore:corr(set.l1, "spearman", layer)}
end
table.sort(layers, function(a, b) return (a[2] or 2) < (b[2] or 2) end)
print(ippro.table{
    title = "Where PROscore and magnitude disagree most",
    columns = {"layer", "overlap", "rank correlation"}, rows = {table.unpack(layers, 1, 10)},
})
