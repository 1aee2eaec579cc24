-- SPDX-License-Identifier: GPL-3.0-or-later
-- Prunes a little, learns again, and so on: rounds with a schedule of ratios. After round t of n the share
--   s_t = s (1 - (1 - t/n)^3)    schedule=cubic, To prune or not to prune (Zhu and Gupta 2017), equation 1
--   s_t = s t/n                  schedule=linear
-- of the filters that each layer inside a block had at first is gone: cubic takes much while there is much, and less
-- and less as what is left counts for more. Each round is judged, just pruned and after learning.
--
--   ippro-explore scripts/training/rounds.lua model=resnet20.onnx data=cifar-10-batches-bin normalize=imagenet epochs=1
--   run training/rounds.lua rounds=3 ratio=0.5            at the prompt, on the network that is loaded
--
-- ratio= is s (0.5), rounds= is n (3), schedule=, criterion= (l1; a built-in one, or one in Lua that was run before),
-- samples= images to score with, epochs= of each round; the settings of all scripts here are in experiment.lua. Writes
-- rounds.csv and rounds.png.
local new = dofile((arg[0]:gsub("[^/]*$", "")) .. "experiment.lua")
local x = new("rounds", {ratio = 0.5, rounds = 3, schedule = "cubic", criterion = "l1", samples = 200, epochs = 1})
local model, set = x.model, x.set
local schedule = ({
    linear = function(t) return t end,
    cubic = function(t) return 1 - (1 - t) ^ 3 end,
})[set.schedule] or error("schedule= is linear or cubic", 0)

local at_first = {}
for _, layer in ipairs(x:inner()) do at_first[layer.name] = layer.channels end
local start = x.rows[1][2] / 100
local pruned = {name = "just pruned", x = {0}, y = {start}}
local tuned = {name = "after learning", x = {0}, y = {start}}
for round = 1, set.rounds do
    local share = set.ratio * schedule(round / set.rounds)
    model:score(x.data, set.criterion, {samples = set.samples})
    x:ratios(function(layer)
        local stay = math.max(1, math.floor(at_first[layer.name] * (1 - share) + 0.5))
        return 1 - stay / layer.channels
    end)
    if model:prune(set.criterion):count() > 0 then x:remove() end
    pruned.x[round + 1], tuned.x[round + 1] = share, share
    pruned.y[round + 1] = x:stage(("round %d: pruned to %.1f %%"):format(round, 100 * share))
    model:finetune(x:recipe())
    tuned.y[round + 1] = x:stage(("round %d: learned"):format(round))
end

x:report(("%d rounds to a ratio of %g by %s, %s"):format(set.rounds, set.ratio, set.criterion, set.schedule))
print(ippro.curve{
    name = "rounds", title = "Accuracy over rounds, " .. set.schedule, x_axis = "share of the filters that is gone",
    x_percent = true, y_axis = "accuracy", percent = true, reference = start, reference_label = "as loaded",
    series = {tuned, pruned},
}:png("rounds.png"))
