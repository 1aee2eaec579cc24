-- SPDX-License-Identifier: GPL-3.0-or-later
-- Magnitude indifference (section 3 of the paper, arXiv 2507.14171): the same network is written with one layer C times
-- as large and the layers behind it C times as small. No answer of the network changes. Which criteria change their mind
-- about where the layer's filters stand among all filters of the network, and about their order within the layer?
-- (PROscore's rates are relative to ||F||: with F the BatchNorm scale, a changes by 1/C^2 and b by 1/C.)
--
--   ippro-explore -e 'set normalize imagenet samples=5%' scale-attack.lua [MODEL [CIFAR-10-FOLDER [LAYER [C...]]]]
--
-- Without a model, or with "example" and "-": the built-in example and its images. Without a layer: the first one inside
-- a block. Writes scale-attack.csv and scale-attack.png (mean place against C). At the prompt: rescale LAYER C.
local model = ippro.load(arg[1] or "example")
local folder = arg[2] ~= "-" and arg[2]
local data = folder and ippro.data("cifar10", folder, {split = "train"}) or ippro.data("shapes")
local criteria = {"l1", "l2", "taylor", "geomedian", "proscore"}
local target, ratio = arg[3], 0.4
local name = arg[1] and arg[1]:gsub(".*/", "") or "example"
local factors = {table.unpack(arg, 4)}
if #factors == 0 then factors = {0.01, 0.1, 1, 10, 100} end
for _, layer in ipairs(target and {} or model:layers()) do
    if not layer.stream and not layer.locked then target = layer.name break end
end

-- The mean place of the layer's filters among all filters of the network: 0 lowest, 1 highest.
local function place(scores)
    local all = {}
    for _, layer in ipairs(scores:layers()) do
        for _, value in ipairs(scores:of(layer)) do all[#all + 1] = value end
    end
    table.sort(all)
    local sum, values = 0, scores:of(target)
    for _, value in ipairs(values) do
        local low, high = 1, #all + 1
        while low < high do
            local middle = (low + high) // 2
            if all[middle] < value then low = middle + 1 else high = middle end
        end
        sum = sum + (low - 1) / #all
    end
    return sum / #values
end

-- How many of the network's pruned filters (the lowest share, all ranked together) are of the layer.
local function cut(scores)
    local all = {}
    for _, layer in ipairs(scores:layers()) do
        for _, value in ipairs(scores:of(layer)) do all[#all + 1] = {value, layer == target} end
    end
    table.sort(all, function(a, b) return a[1] < b[1] end)
    local count = 0
    for i = 1, math.floor(ratio * #all) do
        if all[i][2] then count = count + 1 end
    end
    return count
end

-- The channels of the layer's own lowest share, as a set.
local function lowest(scores)
    local order, set = scores:order(target), {}
    for i = 1, math.ceil(ratio * #order) do set[order[i]] = true end
    return set
end

local original, own = model:score(data, criteria), {}
for _, criterion in ipairs(criteria) do own[criterion] = lowest(original[criterion]) end
local filters = #original.l1:of(target)
local rows, places, same, series = {}, {}, {}, {}
for i, criterion in ipairs(criteria) do
    places[i], same[i], series[i] = {criterion}, {criterion}, {name = criterion, x = {}, y = {}}
end
local columns = {"criterion"}
for _, text in ipairs(factors) do
    local factor = assert(tonumber(text), "C is a number")
    local possible, answer = true, nil
    if factor ~= 1 then possible, answer = pcall(ippro.rescale, target, factor) end
    if possible then
        local set, k = model:score(data, criteria), #columns + 1
        columns[k] = ("C = %g"):format(factor)
        for i, criterion in ipairs(criteria) do
            local mean, kept, count = place(set[criterion]), 0, 0
            for channel in pairs(lowest(set[criterion])) do
                kept, count = kept + (own[criterion][channel] and 1 or 0), count + 1
            end
            rows[#rows + 1] = {criterion, factor, mean, cut(set[criterion]), kept / count}
            places[i][k], same[i][k] = mean, 100 * kept / count
            series[i].x[k - 1], series[i].y[k - 1] = math.log(factor, 10), mean
        end
    end
    if not possible then -- a variance smaller than BatchNorm's epsilon cannot become smaller still
        print(("C = %g is left out: %s"):format(factor, answer))
    elseif answer then
        print(("C = %g: %s"):format(factor, answer[1].notes[1]))
        model:undo()
    end
end
ippro.table{
    name = "scale-attack", title = ("%s of %s times C"):format(target, name),
    columns = {"criterion", "C", "mean place", "cut of the layer, all ranked together", "same lowest in the layer"},
    rows = rows,
}:csv("scale-attack.csv")
print()
print(ippro.table{
    title = ("Mean place of the %d filters of %s among all filters, 0 lowest"):format(filters, target),
    columns = columns, rows = places,
})
print(ippro.table{
    title = ("How many %% of the layer's own lowest %g %% are the same as at C = 1"):format(100 * ratio),
    columns = columns, rows = same,
})
for i, criterion in ipairs(criteria) do
    local low, high = math.min(table.unpack(series[i].y)), math.max(table.unpack(series[i].y))
    print(("%-10s %s"):format(criterion, high - low > 0.005
        and ("moves by %.2f of the network's filters: it depends on how the network is written"):format(high - low)
        or "stays where it is"))
end
ippro.curve{
    name = "scale-attack", title = ("%s of %s times C, the layers behind it divided by C"):format(target, name),
    x_axis = "log10 of C", y_axis = "mean place among all filters (0 lowest)", series = series,
}:png("scale-attack.png")
