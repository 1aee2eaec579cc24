-- SPDX-License-Identifier: GPL-3.0-or-later
-- Learns to prune or to keep each filter, whatever its size: Catalyst (Jung and Lee 2025, arXiv 2507.14170), the sequel
-- of PROscore's paper. Each filter F_i is given a coordinate D_i of its own, as PROscore injects one, and
--   R = lambda * sum over filters of ||D_i F_i||
-- is added to the loss. R is zero where F_i = 0 (the filter can go) or D_i = 0 (it stays as it is): two ways to please it.
-- D_i begins at ||F_i||, on the line between both, so that no filter is nearer to one of them because it is small.
-- Descent has dF/dt = -lambda D F/||F|| and dD/dt = -lambda ||F||: ||F||^2 - D^2 does not change by R, only by the
-- loss, so that what the loss wants decides, and the gap grows: below the line (||F|| < D) a filter goes, above it stays.
--
-- Known of the paper are its abstract (auxiliary variables, zero bias to magnitude, a bifurcation with a wide margin) and
-- the picture of the line. OUR READING, which the paper may do otherwise: F_i is scale and shift of BatchNorm where there
-- is one, else the filter with its bias; D learns with the rate and momentum of the network, without decay, and stops
-- at 0; the margin after the last epoch, ||F_i|| - D_i, is the criterion; only layers inside blocks lose filters. The wide
-- margin of the paper did NOT come out in the short runs that we made (six epochs of the built-in example): both
-- coordinates shrink together, and filters stay near the line. The table of margins shows how near.
--
--   ippro-explore scripts/training/catalyst.lua model=resnet20.onnx data=cifar-10-batches-bin epochs=3 lambda=0.5
--   run training/catalyst.lua ratio=0.4                    at the prompt, on the network that is loaded
--
-- lambda= (0.5), ratio= of the filters that go (0: those below the line), cap= the most that one layer may lose (0.9),
-- momentum= (0.9), epochs= with the regulariser, tune= epochs without it (as many); the settings of all scripts here are
-- in experiment.lua. Writes catalyst.csv and catalyst-margins.csv. The criterion catalyst stays: rank, hist, corr have it.
local new = dofile((arg[0]:gsub("[^/]*$", "")) .. "experiment.lua")
local x = new("catalyst", {lambda = 0.5, ratio = 0, cap = 0.9, momentum = 0.9, tune = 0})
local model, set = x.model, x.set
local layers = x:inner()

-- What F is made of, and its length for each filter.
local function parts(parameters, layer)
    local own = parameters[layer.name]
    local list = own.scale and {own.scale, own.shift} or {own.weight, own.bias}
    local F = {}
    for _, part in ipairs(list) do
        for i, norm in ipairs(part.data:norms()) do F[i] = math.sqrt((F[i] or 0) ^ 2 + norm ^ 2) end
    end
    return F, list
end

local D, speed, margins = {}, {}, {}
model:finetune(x:recipe{
    keep = "last", momentum = set.momentum,
    penalty = function(parameters, _, rate)
        local R = 0
        for _, layer in ipairs(layers) do
            local F, list = parts(parameters, layer)
            local d = D[layer.name] or {table.unpack(F)}
            local v, factors = speed[layer.name] or {}, {}
            for i, norm in ipairs(F) do
                factors[i] = norm > 0 and set.lambda * d[i] / norm or 0
                R = R + set.lambda * d[i] * norm
                v[i] = set.momentum * (v[i] or 0) + (d[i] > 0 and set.lambda * norm or 0)
                d[i] = math.max(0, d[i] - rate * v[i])
            end
            for _, part in ipairs(list) do part.gradient:add(factors, part.data) end
            D[layer.name], speed[layer.name] = d, v
        end
        return R
    end,
    mask = function(parameters) -- changes nothing: looks at what the epoch has come to
        for _, layer in ipairs(layers) do
            local F = parts(parameters, layer)
            for i, norm in ipairs(F) do F[i] = norm - D[layer.name][i] end
            margins[layer.name] = F
        end
    end,
})
x:stage("learned with the regulariser")

ippro.criterion{
    name = "catalyst", title = "Catalyst", paper = "arXiv 2507.14170", help = "||F|| - D after learning with ||D F||",
    score = function(layer) return margins[layer.name] end,
}
local line, rows, below_all = 0, {}, 0
if set.ratio > 0 then
    local all = {}
    for _, layer in ipairs(layers) do table.move(margins[layer.name], 1, layer.channels, #all + 1, all) end
    table.sort(all)
    line = all[math.max(1, math.floor(set.ratio * #all + 0.5))]
end
x:ratios(function(layer)
    local below, gap, smallest, largest = 0, math.huge, math.huge, -math.huge
    for _, margin in ipairs(margins[layer.name]) do
        if margin < line or (set.ratio > 0 and margin == line) then below = below + 1 end
        gap = math.min(gap, math.abs(margin - line))
        smallest, largest = math.min(smallest, margin), math.max(largest, margin)
    end
    rows[#rows + 1] = {layer.name, layer.channels, smallest, largest, gap, below}
    below = math.min(below, math.floor(set.cap * layer.channels))
    below_all = below_all + below
    return below / layer.channels
end)
print(ippro.table{
    name = "catalyst-margins", title = ("||F|| - D, and the line at %.3g"):format(line),
    columns = {"layer", "channels", "smallest", "largest", "nearest to the line", "below the line"}, rows = rows,
}:csv("catalyst-margins.csv"))

if below_all > 0 then
    model:score(nil, "catalyst")
    model:prune("catalyst")
    x:remove()
else
    print("No filter is below the line: lambda was too small, or so large that the loss holds all of them.")
end
x:stage("pruned below the line")
model:finetune(x:recipe{epochs = set.tune > 0 and set.tune or set.epochs})
x:stage("learned again")
x:report(("Catalyst, lambda %g"):format(set.lambda))
