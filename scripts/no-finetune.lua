-- SPDX-License-Identifier: GPL-3.0-or-later
-- Figure 5 of the paper (arXiv 2507.14171): accuracy against the pruning ratio without any fine-tuning, for every
-- criterion, and for filters drawn at random with several seeds. The layers inside the blocks lose the ratio; the
-- residual streams stay whole. PROscore stands there twice: with its gamma, and at the limit gamma inf.
--
--   ippro-explore -e 'set normalize imagenet' no-finetune.lua [MODEL [CIFAR-10-FOLDER [TEST-IMAGES [SEEDS [RATIO...]]]]]
--
-- Without a model, or with "example" and "-": the built-in example and its images. Scores come from the training images,
-- accuracy from the first TEST-IMAGES of the test images. Writes no-finetune.csv and no-finetune.png. At the prompt, for
-- one data set: curve CRITERIA where=inner.
local model = ippro.load(arg[1] or "example")
local folder = arg[2] ~= "-" and arg[2]
local test = folder and ippro.data("cifar10", folder, {split = "test"}) or ippro.data("shapes", {seed = 2})
local data = folder and ippro.data("cifar10", folder, {split = "train"}) or ippro.data("shapes")
local name = arg[1] and arg[1]:gsub(".*/", "") or "example"
local images = math.tointeger(arg[3] or (folder and 1000 or 200))
local seeds = math.tointeger(arg[4] or 3)
local ratios = {table.unpack(arg, 5)}
if #ratios == 0 then ratios = folder and {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7} or {0.1, 0.2, 0.3, 0.4, 0.5} end
for i, ratio in ipairs(ratios) do ratios[i] = tonumber(ratio) end

local criteria = {"l1", "l2", "bn", "taylor", "geomedian", "proscore", "proscore:inf"}
for _, layer in ipairs(model:layers()) do
    if not layer.norm and not layer.output and criteria[3] == "bn" then table.remove(criteria, 3) end
end

local before = model:eval(test, {samples = images, order = "first"})
model:score(data, criteria)

local function accuracy(criterion, ratio)
    model:ratios{all = 0, inner = ratio}
    model:prune(criterion)
    local top1 = model:eval(test, {samples = images, order = "first"}).top1
    model:undo()
    return top1
end

local series, rows, columns = {}, {}, {"criterion"}
for i, ratio in ipairs(ratios) do columns[i + 1] = ("%g %%"):format(100 * ratio) end
for _, criterion in ipairs(criteria) do
    local line, row = {name = criterion, x = {0}, y = {before.top1}}, {criterion}
    for i, ratio in ipairs(ratios) do
        line.x[i + 1], line.y[i + 1] = ratio, accuracy(criterion, ratio)
        row[i + 1] = 100 * line.y[i + 1]
    end
    series[#series + 1], rows[#rows + 1] = line, row
end

-- Random filters: mean and standard deviation over the seeds.
local line = {name = "random", x = {0}, y = {before.top1}, spread = {}}
local mean, deviation = {("random, mean of %d"):format(seeds)}, {"  standard deviation"}
local found = {}
for seed = 1, seeds do
    model:score(nil, "random", {seed = seed})
    for i, ratio in ipairs(ratios) do
        found[i] = found[i] or {}
        found[i][seed] = accuracy("random", ratio)
    end
end
for i, ratio in ipairs(ratios) do
    local sum, squares = 0, 0
    for _, value in ipairs(found[i]) do sum = sum + value end
    for _, value in ipairs(found[i]) do squares = squares + (value - sum / seeds) ^ 2 end
    line.x[i + 1], line.y[i + 1] = ratio, sum / seeds
    line.spread[i + 1] = seeds > 1 and math.sqrt(squares / (seeds - 1)) or 0
    mean[i + 1], deviation[i + 1] = 100 * sum / seeds, 100 * line.spread[i + 1]
end
series[#series + 1] = line
rows[#rows + 1], rows[#rows + 2] = mean, deviation

print(ippro.table{
    name = "no-finetune",
    title = ("Accuracy in %% of %s by ratio of the filters inside the blocks, without fine-tuning"):format(
        name),
    columns = columns, rows = rows,
}:csv("no-finetune.csv"))
print(("Unpruned %.2f %% on %d test images; the standard error of each figure is at most %.1f points."):format(
    100 * before.top1, images, 50 / math.sqrt(images)))
ippro.curve{
    name = "no-finetune", title = "Accuracy without fine-tuning, " .. name,
    x_axis = "ratio of the filters inside the blocks removed", x_percent = true,
    y_axis = "accuracy", percent = true, reference = before.top1, reference_label = "unpruned", series = series,
}:png("no-finetune.png")
