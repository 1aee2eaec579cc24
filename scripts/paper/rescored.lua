-- SPDX-License-Identifier: GPL-3.0-or-later
-- Criteria that are asked again: all channels of the network ranked together, a few of them removed, the rest scored anew,
-- and so on, without any fine-tuning. It is the comparison of arXiv 2508.05521 (Optimal Brain Connection), in which the
-- Jacobian criterion comes first, Taylor and BatchNorm's scale follow, then FPGM and L1, and random filters are last; there
-- the scores of channels that are tied together are summed, and 18 steps remove 5 % of all channels each.
--
--   ippro-explore -e 'set normalize imagenet samples=1000' paper/rescored.lua \
--       [MODEL [CIFAR-10-FOLDER [STEP [TEST-IMAGES [COMBINE [CRITERION...]]]]]]
--
-- Without a model, or with "example" and "-": the built-in example and its images. STEP is the share of the channels there
-- were at first that one step removes (0.05), COMBINE what `prune combine=` takes (sum). Steps end when 60 % of the
-- multiply-adds are gone, or nothing more can go. The table gives accuracy at shares of the multiply-adds that are gone,
-- between steps by a straight line. Writes rescored.csv (every step) and rescored.png.
local file, folder = arg[1] or "example", arg[2] ~= "-" and arg[2]
local test = folder and ippro.data("cifar10", folder, {split = "test"}) or ippro.data("shapes", {seed = 2})
local data = folder and ippro.data("cifar10", folder, {split = "train"}) or ippro.data("shapes")
local step = tonumber(arg[3] or 0.05)
local images = math.tointeger(arg[4] or (folder and 1000 or 200))
local combine = arg[5] or "sum"
local criteria = {table.unpack(arg, 6)}
if #criteria == 0 then
    criteria = {
        "jacobian", "taylor", "taylor:weight", "fisher", "bn", "obd", "geomedian", "whc", "l1", "random:1", "random:2",
        "random:3",
    }
end
local name = file:gsub(".*/", "")
local shares, furthest = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, 0.6

local function channels(model)
    local sum = 0
    for _, layer in ipairs(model:layers()) do
        if not layer.output and not layer.locked then sum = sum + layer.channels end
    end
    return sum
end

-- What is left after each step: shares of the multiply-adds that are gone, and accuracies.
local function descend(criterion)
    local model = ippro.load(file)
    local first, macs = channels(model), model:cost().macs
    local line = {name = criterion, x = {0}, y = {model:eval(test, {samples = images, order = "first"}).top1}}
    local gone = 0
    while gone < furthest do
        model:score(data, criterion)
        model:prune(criterion, math.min(step * first / channels(model), 1), {global = true, combine = combine})
        model = model:apply()
        local share = 1 - model:cost().macs / macs
        if share <= gone then break end
        gone = share
        line.x[#line.x + 1] = gone
        line.y[#line.y + 1] = model:eval(test, {samples = images, order = "first"}).top1
    end
    return line
end

-- Accuracy at a share, between two steps; nil beyond the last.
local function accuracy_at(line, share)
    for i = 2, #line.x do
        if line.x[i] >= share then
            local part = (share - line.x[i - 1]) / (line.x[i] - line.x[i - 1])
            return line.y[i - 1] + part * (line.y[i] - line.y[i - 1])
        end
    end
end

local columns, rows, series, steps = {"criterion", "steps"}, {}, {}, {}
for i, share in ipairs(shares) do columns[i + 2] = ("%g %%"):format(100 * share) end
for _, criterion in ipairs(criteria) do
    local line, row = descend(criterion), {criterion}
    row[2] = #line.x - 1
    for i, share in ipairs(shares) do
        local accuracy = accuracy_at(line, share)
        row[i + 2] = accuracy and 100 * accuracy or "-"
    end
    for i = 1, #line.x do steps[#steps + 1] = {criterion, i - 1, 100 * line.x[i], 100 * line.y[i]} end
    series[#series + 1], rows[#rows + 1] = line, row
end
ippro.table{
    name = "rescored", title = "Every step", columns = {"criterion", "step", "MACs gone, %", "accuracy, %"}, rows = steps,
}:csv("rescored.csv")
print(ippro.table{
    name = "rescored", columns = columns, rows = rows,
    title = ("Accuracy in %% of %s by share of the multiply-adds gone, scored anew after every %g %% of the channels"):format(
        name, 100 * step),
})
print(("On %d test images, no fine-tuning; the standard error of each figure is at most %.1f points."):format(
    images, 50 / math.sqrt(images)))
ippro.curve{
    name = "rescored", title = "Scored anew at each step, without fine-tuning, " .. name,
    x_axis = "share of the multiply-adds gone", x_percent = true, y_axis = "accuracy", percent = true,
    reference = series[1].y[1], reference_label = "unpruned", series = series,
}:png("rescored.png")
