-- SPDX-License-Identifier: GPL-3.0-or-later
-- Learns which channels are not needed: Network Slimming (Liu et al. 2017, arXiv 1708.06519), equation 1:
--   L = sum over images of l(f(x, W), y) + lambda * sum over scales of |gamma|
-- with the scales gamma of BatchNorm, which L1 pushes to zero where the loss does not hold them. Then one threshold for
-- the whole network, the quantile of all |gamma| at the ratio, says which channels go; what is left learns again.
--
--   ippro-explore scripts/training/slimming.lua model=resnet20.onnx data=cifar-10-batches-bin epochs=3 lambda=0.001
--   run training/slimming.lua ratio=0.4                    at the prompt, on the network that is loaded
--
-- lambda= (0.001; the paper has 1e-4 and 1e-5 over 160 epochs), ratio= of the channels of layers inside blocks (0.4),
-- cap= the most that one layer may lose (0.9), epochs= with the penalty, tune= epochs without it (as many); the settings
-- of all scripts here are in experiment.lua. Channels of residual streams stay: the paper puts a selection of channels
-- before them instead, which the exported network would have to have. The same penalty in Lua, for one of another form:
--   penalty = function(parameters)
--       for _, p in ipairs(parameters) do
--           if p.kind == "scale" then
--               for i = 1, #p.data do p.gradient[i] = p.gradient[i] + (p.data[i] > 0 and lambda or -lambda) end
--           end
--       end
--   end
-- Writes slimming.csv and slimming-scales.csv (the scales after learning with the penalty, by layer).
local new = dofile((arg[0]:gsub("[^/]*$", "")) .. "experiment.lua")
local x = new("slimming", {lambda = 0.001, ratio = 0.4, cap = 0.9, tune = 0})
local model, set = x.model, x.set

model:finetune(x:recipe{l1_scale = set.lambda, keep = "last"})
x:stage("learned with the penalty")

-- The threshold: so many of all scales are below it.
local scales, all, rows = model:score(nil, "bn").bn, {}, {}
for _, layer in ipairs(x:inner()) do
    for _, scale in ipairs(scales:of(layer.name)) do all[#all + 1] = scale end
end
table.sort(all)
local threshold = all[math.max(1, math.floor(set.ratio * #all + 0.5))]
x:ratios(function(layer)
    local below, smallest, largest = 0, math.huge, 0
    for _, scale in ipairs(scales:of(layer.name)) do
        if scale <= threshold then below = below + 1 end
        smallest, largest = math.min(smallest, scale), math.max(largest, scale)
    end
    rows[#rows + 1] = {layer.name, layer.channels, smallest, largest, below}
    return math.min(below, math.floor(set.cap * layer.channels)) / layer.channels
end)
print(ippro.table{
    name = "slimming-scales", title = ("Scales of BatchNorm, threshold %.4g"):format(threshold),
    columns = {"layer", "channels", "smallest", "largest", "below the threshold"}, rows = rows,
}:csv("slimming-scales.csv"))

model:prune("bn")
x:remove()
x:stage("pruned by the threshold")
model:finetune(x:recipe{epochs = set.tune > 0 and set.tune or set.epochs})
x:stage("learned again")
x:report(("Network Slimming, lambda %g, ratio %g"):format(set.lambda, set.ratio))
