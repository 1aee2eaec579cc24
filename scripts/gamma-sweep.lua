-- SPDX-License-Identifier: GPL-3.0-or-later
-- Appendix G of the paper (arXiv 2507.14171): what does PROscore's gamma decide? For the paper's four values and for a
-- grid from 1e-4 to 1e4 and beyond: how wide the scores spread, how many of the filters that gamma 0.01 prunes are pruned
-- still (the preserved indices), and the exact gamma at which the first filter changes sides. The gradients come from one
-- pass: no gamma needs another.
--
--   ippro-explore -e 'set normalize imagenet' gamma-sweep.lua [MODEL [CIFAR-10-FOLDER [RATIO]]]
--
-- Without a model, or with "example" and "-": the built-in example and its images. Writes gamma-sweep.csv (all gammas),
-- gamma-sweep.png (agreement) and gamma-spread.png. At the prompt: gamma sweep. What the options samples and seed say holds.
local model = ippro.load(arg[1] or "example")
local folder = arg[2] ~= "-" and arg[2]
local data = folder and ippro.data("cifar10", folder, {split = "train"}) or ippro.data("shapes")
local ratio = tonumber(arg[3] or 0.4)
local name = arg[1] and arg[1]:gsub(".*/", "") or "example"
local reference = 0.01
local gammas = {1, 0.1, 0.01, 0.001}

local set = model:score(data, "proscore", {gamma = reference})

-- A command's figure by its name.
local function figure(answer, wanted)
    for _, item in ipairs(answer) do
        if item.name == wanted then return item end
    end
    error("no figure " .. wanted)
end

local grid = ippro.gamma("sweep", "1e-4:1e4:log:81", "inf", {at = ratio, rows = "100000"})
figure(grid, "gamma_sweep"):csv("gamma-sweep.csv")
print(figure(grid, "gamma_agreement"):png("gamma-sweep.png"))
print(figure(grid, "gamma_spread"):png("gamma-spread.png"))

local paper = figure(ippro.gamma("sweep", gammas, {at = ratio}), "gamma_sweep")
local rows = {}
for i, row in ipairs(paper.rows) do
    rows[i] = {row.gamma, row.spread, 100 * row.preserved, row.overlap, row["rank agreement"], row.changed}
end
print(ippro.table{
    title = ("The paper's four gammas against %g at ratio %g: %s"):format(reference, ratio, name),
    columns = {"gamma", "spread", "preserved, %", "overlap", "rank agreement", "changed"}, rows = rows,
})

-- Where the pruned set begins to change, and how much is left of it farther out.
local flips = figure(grid, "gamma_flip").rows
local up, down = flips[1], flips[2]
print(figure(grid, "gamma_flip"))
local function say(row, words, never)
    if row.gamma then
        print(("%s gamma %.6g: in %s filter %d is saved and %d goes (gamma*max|a| = %.3g, gamma*max|b| = %.3g)."):format(
            words, row.gamma, row["in layer"], row.saved, row["pruned instead"], row["gamma*max|a|"],
            row["gamma*max|b|"]))
    else
        print(never)
    end
end
say(up, "Upward the first change comes at", "Upward the set never changes, all the way to infinity.")
say(down, "Downward it comes at", "Downward the set never changes, all the way to 0.")
local last = figure(grid, "gamma_sweep").rows
last = last[#last]
print(("At gamma inf %.1f %% of the filters are still pruned; two random choices would share %.0f %%."):format(
    100 * last.preserved, 100 * ratio))

-- The same by hand, from the score set: one gamma, without a pass.
assert(math.abs((set:proscore{gamma = 1}:overlap(set.proscore, ratio) or 1) - (paper.rows[4].overlap or 1)) < 1e-9)
