-- SPDX-License-Identifier: GPL-3.0-or-later
-- Table 5 of the paper (arXiv 2507.14171): how many images does scoring need? With 100, 50, 25 and 5 % of the training
-- data, balanced over the classes, five draws of each: time of a pass, agreement with the scores of all images, and the
-- accuracy that is left when the layers inside the blocks lose RATIO of their filters by these scores, without
-- fine-tuning; mean and best of the draws.
--
--   ippro-explore -e 'set normalize imagenet' sampling.lua \
--       [MODEL [CIFAR-10-FOLDER [CRITERION [REPEATS [RATIO [TEST-IMAGES]]]]]]
--
-- Without a model, or with "example" and "-": the built-in example and its images. Writes sampling.csv (every draw),
-- sampling.png (agreement) and sampling-accuracy.png. At the prompt: sampling 100% 50% 25% 5%.
local model = ippro.load(arg[1] or "example")
local folder = arg[2] ~= "-" and arg[2]
local test = folder and ippro.data("cifar10", folder, {split = "test"}) or ippro.data("shapes", {seed = 2})
local data = folder and ippro.data("cifar10", folder, {split = "train"}) or ippro.data("shapes", {images = 600})
local criterion = arg[3] or "proscore"
local repeats = math.tointeger(arg[4] or 5)
local ratio = tonumber(arg[5] or 0.2)
local name = arg[1] and arg[1]:gsub(".*/", "") or "example"
local images = arg[6] or (folder and 1000 or 200)
local shares = {1, 0.5, 0.25, 0.05}

-- Statistics of an array of numbers.
local function mean(values)
    local sum = 0
    for _, value in ipairs(values) do sum = sum + value end
    return sum / #values
end

local function deviation(values)
    local centre, squares = mean(values), 0
    for _, value in ipairs(values) do squares = squares + (value - centre) ^ 2 end
    return #values > 1 and math.sqrt(squares / (#values - 1)) or 0
end

local before = model:eval(test, {samples = images, order = "first"}).top1
local whole
local columns = {"% of images", "draw", "correlation", "overlap at 0.4", "accuracy, %", "seconds"}
local rows, draws = {}, {}

-- One draw: scores, their agreement with those of all images, and what they leave of the accuracy.
local function draw(share, seed)
    local begun = ippro.clock()
    local options = {samples = ("%g%%"):format(100 * share), balanced = share < 1, seed = seed, order = "random"}
    local set = model:score(data, criterion, options)
    local seconds = ippro.clock() - begun
    local scores = set[criterion]
    whole = whole or scores
    model:ratios{all = 0, inner = ratio}
    model:prune(criterion)
    local accuracy = model:eval(test, {samples = images, order = "first"}).top1
    model:undo()
    return {
        correlation = scores:corr(whole, "spearman") or 1, overlap = scores:overlap(whole, 0.4) or 1,
        accuracy = accuracy, seconds = seconds,
    }
end

for i, share in ipairs(shares) do
    draws[i] = {correlation = {}, overlap = {}, accuracy = {}, seconds = {}}
    for seed = 1, share < 1 and repeats or 1 do
        local found = draw(share, seed)
        for field, value in pairs(found) do table.insert(draws[i][field], value) end
        rows[#rows + 1] = {
            100 * share, seed, found.correlation, found.overlap, 100 * found.accuracy, found.seconds,
        }
    end
end
ippro.table{
    name = "sampling", title = criterion .. " from shares of the images, every draw", columns = columns, rows = rows,
}:csv("sampling.csv")

local summary = {}
local agreement = {name = "Spearman's correlation", x = {}, y = {}, spread = {}}
local overlap = {name = "overlap of the pruned sets", x = {}, y = {}, spread = {}}
local left = {name = criterion, x = {}, y = {}, spread = {}}
for i, share in ipairs(shares) do
    local d = draws[i]
    summary[i] = {
        100 * share, #d.seconds, mean(d.seconds), mean(d.correlation), math.max(table.unpack(d.correlation)),
        mean(d.overlap), 100 * mean(d.accuracy), 100 * math.max(table.unpack(d.accuracy)),
    }
    for _, line in ipairs{{agreement, d.correlation}, {overlap, d.overlap}, {left, d.accuracy}} do
        line[1].x[i], line[1].y[i], line[1].spread[i] = 100 * share, mean(line[2]), deviation(line[2])
    end
end
print(ippro.table{
    name = "sampling", title = ("%s from shares of the images, %s"):format(criterion, name),
    columns = {
        "% of images", "draws", "seconds a pass", "correlation, mean", "max", "overlap, mean", "accuracy, mean %",
        "accuracy, max %",
    },
    rows = summary,
})
print(("Accuracy on %s test images, the layers inside the blocks pruned at %g; unpruned %.2f %%."):format(
    images, ratio, 100 * before))
ippro.curve{
    name = "sampling", title = ("%s from a share of the images, compared with all of them, %s"):format(criterion, name),
    x_axis = "% of images", y_axis = "agreement (bars: standard deviation of the draws)",
    series = {agreement, overlap},
}:png("sampling.png")
ippro.curve{
    name = "sampling-accuracy", title = ("Accuracy after pruning at %g, without fine-tuning, %s"):format(ratio, name),
    x_axis = "% of images used to score", y_axis = "accuracy", percent = true, reference = before,
    reference_label = "unpruned", series = {left},
}:png("sampling-accuracy.png")
