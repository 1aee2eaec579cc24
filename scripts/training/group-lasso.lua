-- SPDX-License-Identifier: GPL-3.0-or-later
-- Learns filters of length zero: group lasso over filters. Learning Structured Sparsity in Deep Neural Networks
-- (SSL, Wen et al. 2016, arXiv 1608.03665), equation 3, its filter-wise part:
--   E(W) = E_D(W) + lambda * sum over layers l, filters n of ||W_n^(l)||
-- with the gradient lambda W_n / ||W_n||, which is as long for short filters as for long ones. Then the shortest go, of
-- the whole network by one threshold, and what is left learns again.
--
--   ippro-explore scripts/training/group-lasso.lua model=resnet20.onnx data=cifar-10-batches-bin epochs=3 lambda=0.001
--   run training/group-lasso.lua ratio=0.4                 at the prompt, on the network that is loaded
--
-- lambda= (0.001), ratio= of the filters of layers inside blocks (0.4), cap= the most that one layer may lose (0.9),
-- epochs= with the penalty, tune= epochs without it (as many); the settings of all scripts here are in experiment.lua.
-- A filter with BatchNorm behind it can be shortened without a change of the network, so that its length relative to
-- the layer's mean is what is compared. finetune group_lasso=LAMBDA is the same over all layers that may be pruned; the
-- paper's part over input channels would be the sum over the filters' other dimension. Writes group-lasso.csv.
local new = dofile((arg[0]:gsub("[^/]*$", "")) .. "experiment.lua")
local x = new("group-lasso", {lambda = 0.001, ratio = 0.4, cap = 0.9, tune = 0})
local model, set = x.model, x.set
local layers = x:inner()

model:finetune(x:recipe{
    keep = "last",
    penalty = function(parameters)
        local sum = 0
        for _, layer in ipairs(layers) do
            local W = parameters[layer.name].weight
            local norms, factors = W.data:norms(), {}
            for n, norm in ipairs(norms) do
                factors[n] = norm > 0 and set.lambda / norm or 0
                sum = sum + norm
            end
            W.gradient:add(factors, W.data)
        end
        return set.lambda * sum
    end,
})
x:stage("learned with the penalty")

local l2, relative, all = model:score(nil, "l2").l2, {}, {}
for _, layer in ipairs(layers) do
    local norms, mean = l2:of(layer.name), 0
    for _, norm in ipairs(norms) do mean = mean + norm / #norms end
    relative[layer.name] = {}
    for n, norm in ipairs(norms) do
        relative[layer.name][n] = mean > 0 and norm / mean or 0
        all[#all + 1] = relative[layer.name][n]
    end
end
table.sort(all)
local threshold = all[math.max(1, math.floor(set.ratio * #all + 0.5))]
x:ratios(function(layer)
    local below = 0
    for _, norm in ipairs(relative[layer.name]) do if norm <= threshold then below = below + 1 end end
    return math.min(below, math.floor(set.cap * layer.channels)) / layer.channels
end)
model:prune("l2")
x:remove()
x:stage("pruned by the threshold")
model:finetune(x:recipe{epochs = set.tune > 0 and set.tune or set.epochs})
x:stage("learned again")
x:report(("Group lasso, lambda %g, ratio %g"):format(set.lambda, set.ratio))
