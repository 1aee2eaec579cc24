-- SPDX-License-Identifier: GPL-3.0-or-later
-- Soft filter pruning: filters are set to zero, and learn on. Soft Filter Pruning for Accelerating Deep Convolutional
-- Neural Networks (SFP, He et al. 2018, arXiv 1808.06866), algorithm 1: after each epoch the filters of smallest norm
--   ||F_i||_2 = (sum over n, k1, k2 of |F_i(n, k1, k2)|^2)^(1/2)
-- of every layer, N P_i of its N, become zero. In the next epoch all filters learn, the zeroed ones too; who is small
-- then may be another. After the last epoch those that are zero are removed.
--
--   ippro-explore scripts/training/soft-pruning.lua model=resnet20.onnx data=cifar-10-batches-bin epochs=5 augment=crop,flip
--   run training/soft-pruning.lua ratio=0.3                at the prompt, on the network that is loaded
--
-- ratio= is P, the same in every layer (0.3), clip= the largest norm of all gradients (0.1; 0: any), tune= epochs after the
-- removal (1; 0 as in the paper); the settings of all scripts here are in experiment.lua. Behind a filter of zeros
-- BatchNorm divides by the root of its epsilon alone, so that its first gradients are hundreds of times as large as
-- others: without clipping, which the paper does not have, such filters become the largest of all within an epoch.
-- Layers are those inside blocks; the paper zeroes filters of residual streams as well, which one layer alone cannot
-- lose. What BatchNorm makes of a filter of zeros, a constant, goes into the biases behind it when it is removed. Writes
-- soft-pruning.csv.
local new = dofile((arg[0]:gsub("[^/]*$", "")) .. "experiment.lua")
local x = new("soft-pruning", {ratio = 0.3, clip = 0.1, tune = 1})
local model, set = x.model, x.set

x:ratios(function() return set.ratio end)
local goes = model:score(nil, "l2") and model:prune("l2"):removed()
model:undo()

model:finetune(x:recipe{
    keep = "last", clip = set.clip,
    mask = function(parameters)
        for layer, channels in pairs(goes) do
            local filters = parameters[layer].weight.data
            local norms, order = filters:norms(), {}
            for i = 1, #norms do order[i] = i end
            table.sort(order, function(a, b) return norms[a] < norms[b] or norms[a] == norms[b] and a < b end)
            for i = 1, #channels do filters:scale(order[i] - 1, 0) end
        end
    end,
})
x:stage("learned, filters at zero")

model:score(nil, "l2")
model:prune("l2")
x:remove()
x:stage("filters removed")
if set.tune > 0 then
    model:finetune(x:recipe{epochs = set.tune})
    x:stage("learned again")
end
x:report(("Soft pruning, %g of the filters of every inner layer"):format(set.ratio))
