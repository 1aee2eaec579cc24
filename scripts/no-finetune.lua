-- SPDX-License-Identifier: GPL-3.0-or-later
-- Figure 5 of the paper (arXiv 2507.14171): accuracy against ratio without any fine-tuning, for every criterion, and for
-- filters drawn at random with several seeds.
--
--   ippro-explore no-finetune.lua [MODEL [CIFAR-10-FOLDER [IMAGES [SEEDS]]]]
--
-- Without a model: the built-in example. Writes no-finetune.csv and no-finetune.png.
local model = ippro.load(arg[1] or "example")
local test = arg[2] and ippro.data("cifar10", arg[2], {split = "test"}) or ippro.data("shapes", {seed = 2})
local data = arg[2] and ippro.data("cifar10", arg[2], {split = "train"}) or ippro.data("shapes")
local images = math.tointeger(arg[3] or (arg[2] and 2000 or 300))
local seeds = math.tointeger(arg[4] or 3)
local criteria = {"l1", "l2", "taylor", "geomedian", "proscore"}
local ratios = {0.1, 0.2, 0.3, 0.4, 0.5}
local before = model:eval(test, {samples = images}).top1
model:score(data, criteria)

local function accuracy(criterion, ratio)
    model:prune(criterion, ratio)
    local top1 = model:eval(test, {samples = images}).top1
    model:undo()
    return top1
end

local series, rows = {}, {}
for _, criterion in ipairs(criteria) do
    local line, row = {name = criterion, x = {0}, y = {before}}, {criterion}
    for i, ratio in ipairs(ratios) do
        line.x[i + 1], line.y[i + 1] = ratio, accuracy(criterion, ratio)
        row[i + 1] = 100 * line.y[i + 1]
    end
    series[#series + 1], rows[#rows + 1] = line, row
end

local line, row = {name = "random", x = {0}, y = {before}}, {("random (mean of %d)"):format(seeds)}
for i = 1, #ratios do line.x[i + 1], line.y[i + 1] = ratios[i], 0 end
for seed = 1, seeds do
    model:score(nil, "random", {seed = seed})
    for i, ratio in ipairs(ratios) do
        line.y[i + 1] = line.y[i + 1] + accuracy("random", ratio) / seeds
        row[i + 1] = 100 * line.y[i + 1]
    end
end
series[#series + 1], rows[#rows + 1] = line, row

local columns = {"criterion"}
for i, ratio in ipairs(ratios) do columns[i + 1] = ("%.0f %%"):format(100 * ratio) end
print(ippro.table{
    name = "no-finetune", title = ("Accuracy in %% by ratio without fine-tuning; %.2f before"):format(100 * before),
    columns = columns, rows = rows,
}:csv("no-finetune.csv"))
ippro.curve{
    name = "no-finetune", title = "Accuracy without fine-tuning", x_axis = "ratio of channels removed",
    y_axis = "accuracy", percent = true, series = series,
}:png("no-finetune.png")
