-- SPDX-License-Identifier: GPL-3.0-or-later
-- Soft pruning of filters that others can stand for: Filter Pruning via Geometric Median (FPGM, He et al. 2019,
-- arXiv 1811.00250), equation 7: after each epoch the filters of every layer with the smallest
--   g(F_i) = sum over j of ||F_i - F_j||_2
-- become zero: those nearest to the geometric median, the point that makes g smallest. In the next epoch all learn;
-- after the last one those that are zero are removed.
--
--   ippro-explore scripts/training/fpgm.lua model=resnet20.onnx data=cifar-10-batches-bin epochs=5 augment=crop,flip
--   run training/fpgm.lua ratio=0.3                        at the prompt, on the network that is loaded
--
-- ratio= is the share of every layer (0.3), clip= (0.1) and tune= (1) are as in soft-pruning.lua, which says why; the
-- settings of all scripts here are in experiment.lua. Layers are those inside blocks. All pairs of a layer's filters are
-- compared in Lua, which takes long where there are thousands. Writes fpgm.csv.
local new = dofile((arg[0]:gsub("[^/]*$", "")) .. "experiment.lua")
local x = new("fpgm", {ratio = 0.3, clip = 0.1, tune = 1})
local model, set = x.model, x.set

x:ratios(function() return set.ratio end)
local goes = model:score(nil, "l2") and model:prune("l2"):removed()
model:undo()

local function distances(weight, count)
    local filters, g = {}, {}
    for i = 1, count do filters[i], g[i] = weight:filter(i - 1), 0 end
    for i = 1, count do
        for j = i + 1, count do
            local a, b, squares = filters[i], filters[j], 0
            for k = 1, #a do squares = squares + (a[k] - b[k]) ^ 2 end
            g[i], g[j] = g[i] + math.sqrt(squares), g[j] + math.sqrt(squares)
        end
    end
    return g
end

model:finetune(x:recipe{
    keep = "last", clip = set.clip,
    mask = function(parameters)
        for layer, channels in pairs(goes) do
            local weight = parameters[layer].weight
            local g, order = distances(weight.data, #weight.data:norms()), {}
            for i = 1, #g do order[i] = i end
            table.sort(order, function(a, b) return g[a] < g[b] or g[a] == g[b] and a < b end)
            for i = 1, #channels do weight.data:scale(order[i] - 1, 0) end
        end
    end,
})
x:stage("learned, filters at zero")

model:score(nil, "l2") -- zero, and so the smallest
model:prune("l2")
x:remove()
x:stage("filters removed")
if set.tune > 0 then
    model:finetune(x:recipe{epochs = set.tune})
    x:stage("learned again")
end
x:report(("FPGM, %g of the filters of every inner layer"):format(set.ratio))
