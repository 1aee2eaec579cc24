-- SPDX-License-Identifier: GPL-3.0-or-later
-- Appendix G of the paper (arXiv 2507.14171): what does PROscore's gamma decide? For the paper's four values and a grid
-- from 1e-4 to 1e4: how wide the scores spread, how much of what is pruned at gamma 0.01 stays pruned, and from which
-- gamma on the first filter changes sides. The gradients come from one pass: no gamma needs another.
--
--   ippro-explore gamma-sweep.lua [MODEL [CIFAR-10-FOLDER [RATIO]]]
--
-- Without a model: the built-in example. Writes gamma-sweep.csv and gamma-sweep.png into the current folder. What
-- the options samples, seed and normalize say holds: ippro-explore -e 'set normalize imagenet samples=5%' gamma-sweep.lua ...
local model = ippro.load(arg[1] or "example")
local data = arg[2] and ippro.data("cifar10", arg[2], {split = "train"}) or ippro.data("shapes")
local ratio = tonumber(arg[3] or 0.4)
local reference_gamma = 0.01

local set = model:score(data, "proscore")
local reference = set:proscore{gamma = reference_gamma}

-- Spread of the (logarithmic) scores: the mean over layers of highest minus lowest, in decades.
local function spread(scores)
    local sum, count = 0, 0
    for _, layer in ipairs(scores:layers()) do
        local values = scores:of(layer)
        table.sort(values)
        sum, count = sum + (values[#values] - values[1]) / math.log(10), count + 1
    end
    return sum / count
end

local gammas, rows = {1, 0.1, 0.01, 0.001}, {}
local kept = {name = "preserved at ratio " .. ratio, x = {}, y = {}}
local agreement = {name = "rank correlation", x = {}, y = {}}
local first_flip
for i = 0, 80 do gammas[#gammas + 1] = 10 ^ (i / 10 - 4) end
for i, gamma in ipairs(gammas) do
    local scores = set:proscore{gamma = gamma}
    local overlap = scores:overlap(reference, ratio) or 1
    local correlation = scores:corr(reference, "spearman") or 1
    if i <= 4 then rows[#rows + 1] = {gamma, spread(scores), overlap, correlation} end
    if i > 4 then
        local x = math.log(gamma, 10)
        kept.x[#kept.x + 1], kept.y[#kept.y + 1] = x, overlap
        agreement.x[#agreement.x + 1], agreement.y[#agreement.y + 1] = x, correlation
        if not first_flip and gamma > reference_gamma and overlap < 1 then first_flip = gamma end
    end
end

print(ippro.table{
    name = "gamma-sweep", title = "PROscore's gamma, compared with gamma " .. reference_gamma,
    columns = {"gamma", "spread in decades", "preserved at ratio " .. ratio, "rank correlation"}, rows = rows,
})
if first_flip then
    print(("The first filter changes sides between gamma %.3g and %.3g."):format(first_flip / 10 ^ 0.1, first_flip))
else
    print("No filter changes sides from gamma 0.01 to 10000.")
end
ippro.curve{
    name = "gamma-sweep", title = "PROscore against its own scores at gamma " .. reference_gamma,
    x_axis = "log10 of gamma", y_axis = "agreement", series = {kept, agreement},
}:csv("gamma-sweep.csv"):png("gamma-sweep.png")
