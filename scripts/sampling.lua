-- SPDX-License-Identifier: GPL-3.0-or-later
-- Table 5 of the paper (arXiv 2507.14171): how many images does scoring need? For 100, 50, 25 and 5 % of the data, balanced
-- over the classes, five draws each: how well the scores agree with those of all images, and how long a pass takes.
--
--   ippro-explore sampling.lua [MODEL [CIFAR-10-FOLDER [CRITERION [REPEATS]]]]
--
-- Without a model: the built-in example. Writes sampling.csv and sampling.png.
local model = ippro.load(arg[1] or "example")
local data = arg[2] and ippro.data("cifar10", arg[2], {split = "train"}) or ippro.data("shapes", {images = 600})
local criterion = arg[3] or "proscore"
local repeats = math.tointeger(arg[4] or 5)

local begun = ippro.clock()
local whole = model:score(data, criterion, {samples = "all"})[criterion]
local whole_time = ippro.clock() - begun
local rows, mean, worst = {}, {name = "mean", x = {}, y = {}}, {name = "worst", x = {}, y = {}}
for _, share in ipairs{1, 0.5, 0.25, 0.05} do
    local sum, lowest, overlap, best = 0, 1, 0, -1
    local draws = share == 1 and 1 or repeats
    local start = ippro.clock()
    for seed = 1, draws do
        local samples = share == 1 and "all" or ("%g%%"):format(100 * share)
        local set = model:score(data, criterion, {samples = samples, balanced = share < 1, seed = seed})
        local correlation = set[criterion]:corr(whole, "spearman") or 1
        sum, lowest, best = sum + correlation, math.min(lowest, correlation), math.max(best, correlation)
        overlap = overlap + (set[criterion]:overlap(whole, 0.4) or 1)
    end
    local seconds = share == 1 and whole_time or (ippro.clock() - start) / draws
    rows[#rows + 1] = {100 * share, draws, sum / draws, best, lowest, overlap / draws, seconds}
    mean.x[#mean.x + 1], mean.y[#mean.y + 1] = 100 * share, sum / draws
    worst.x[#worst.x + 1], worst.y[#worst.y + 1] = 100 * share, lowest
end
print(ippro.table{
    name = "sampling", title = criterion .. " from a share of the images, compared with all of them",
    columns = {"% of images", "draws", "mean correlation", "max", "min", "overlap at 0.4", "seconds per pass"}, rows = rows,
}:csv("sampling.csv"))
ippro.curve{
    name = "sampling", title = criterion .. ": Spearman's correlation with the scores of all images",
    x_axis = "% of images", y_axis = "correlation", series = {mean, worst},
}:png("sampling.png")
