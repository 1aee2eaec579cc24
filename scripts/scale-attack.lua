-- SPDX-License-Identifier: GPL-3.0-or-later
-- Magnitude indifference (section 3 of the paper, arXiv 2507.14171): the same network is written with one layer c times
-- as large and the layers behind it c times as small. No answer of the network changes. Which criteria change their mind
-- about where the least important filters of the whole network are?
--
--   ippro-explore scale-attack.lua [MODEL [CIFAR-10-FOLDER [LAYER [C]]]]
--
-- Without a layer: the first one inside a block. Writes scale-attack.csv and scale-attack.png.
local model = ippro.load(arg[1] or "example")
local data = arg[2] and ippro.data("cifar10", arg[2], {split = "train"}) or ippro.data("shapes")
local criteria = {"l1", "l2", "taylor", "geomedian", "proscore"}
local target, factor = arg[3], tonumber(arg[4] or 10)
if not target then
    for _, layer in ipairs(model:layers()) do
        if not layer.stream and not layer.locked then target = layer.name break end
    end
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
        local low, high = 1, #all
        while low < high do
            local middle = (low + high) // 2
            if all[middle] < value then low = middle + 1 else high = middle end
        end
        sum = sum + (low - 1) / math.max(#all - 1, 1)
    end
    return sum / #values
end

local before = model:score(data, criteria)
local answer = ippro.rescale(target, factor)
local after = model:score(data, criteria)
local rows, old, new = {}, {name = "before", x = {}, y = {}}, {name = "after", x = {}, y = {}}
for i, criterion in ipairs(criteria) do
    local from, to = place(before[criterion]), place(after[criterion])
    rows[i] = {criterion, from, to, to - from}
    old.x[i], old.y[i], new.x[i], new.y[i] = i, from, i, to
end
print(answer.text)
print(ippro.table{
    name = "scale-attack", title = ("Mean place of %s among all filters, before and after a factor of %g"):format(target, factor),
    columns = {"criterion", "before", "after", "moved"}, rows = rows,
}:csv("scale-attack.csv"))
ippro.curve{
    name = "scale-attack", title = target .. " times " .. factor, x_axis = "criterion: " .. table.concat(criteria, ", "),
    y_axis = "mean place (0 lowest)", series = {old, new},
}:png("scale-attack.png")
