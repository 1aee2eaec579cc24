-- SPDX-License-Identifier: GPL-3.0-or-later
-- Who cuts what, and what it costs: where do PROscore (arXiv 2507.14171) and magnitude disagree on a trained network?
--   1. How far the criteria agree on what to cut, and what each leaves of the accuracy at the same ratio.
--   2. Layer by layer, where PROscore and magnitude disagree most, and the price: the accuracy when that layer alone is
--      cut by the one and by the other.
--   3. The filters that divide them: low for PROscore and high for magnitude, and the other way round.
--   4. The same in sentences, with what chance would give.
-- The layers inside the blocks lose the ratio, the residual streams stay whole; nothing is fine-tuned.
--
--   ippro-explore -e 'set normalize imagenet' compare-criteria.lua [MODEL [CIFAR-10-FOLDER [RATIO [TEST-IMAGES [LAYERS]]]]]
--
-- Without a model, or with "example" and "-": the built-in example and its images. Writes compare-criteria.csv (criteria),
-- compare-criteria-layers.csv, compare-criteria.png (overlap) and compare-criteria-layers.png.
-- At the prompt: overlap, corr by=layer, prune, eval, filter.
local model = ippro.load(arg[1] or "example")
local folder = arg[2] ~= "-" and arg[2]
local test = folder and ippro.data("cifar10", folder, {split = "test"}) or ippro.data("shapes", {seed = 2})
local data = folder and ippro.data("cifar10", folder, {split = "train"}) or ippro.data("shapes")
local ratio = tonumber(arg[3] or 0.4)
local images = math.tointeger(arg[4] or (folder and 2000 or 300))
local shown = math.tointeger(arg[5] or 10)
local criteria = {"l1", "l2", "taylor", "geomedian", "proscore", "proscore:inf", "random"}
local name = arg[1] and arg[1]:gsub(".*/", "") or "example"

local before = model:eval(test, {samples = images, order = "first"})
local set = model:score(data, criteria)
local chance = ratio / (2 - ratio)

-- Accuracy when the blocks of `target` lose the ratio by a criterion.
local function accuracy(criterion, target)
    model:ratios{all = 0, [target] = ratio}
    local chosen = model:prune(criterion)
    local found = model:eval(test, {samples = images, order = "first"})
    local cost = chosen:cost()
    local count = chosen:count()
    model:undo()
    return found.top1, cost, count
end

-- 1 ---------------------------------------------------------------------------------------------------------
local overlap = set:overlap(ratio)
print(overlap:png("compare-criteria.png"))
local rows, left = {}, {}
for i, criterion in ipairs(criteria) do
    local top1, cost, count = accuracy(criterion, "inner")
    left[criterion] = 100 * top1
    rows[i] = {
        criterion, count, cost.parameters, cost.macs / 1e6, 100 * top1, 100 * (top1 - before.top1),
        overlap.values[criterion].l1, set[criterion]:corr(set.l1),
    }
end
table.sort(rows, function(a, b) return a[5] > b[5] end)
print(ippro.table{
    name = "compare-criteria",
    title = ("%s, %g of the filters inside the blocks cut, no fine-tuning; unpruned %.2f %% of %d test images"):format(
        name, ratio, 100 * before.top1, images),
    columns = {
        "criterion", "cut", "parameters", "million MACs", "accuracy, %", "change", "overlap with l1", "rank corr. with l1",
    },
    rows = rows,
}:csv("compare-criteria.csv"))

-- 2 ---------------------------------------------------------------------------------------------------------
-- Layers that can be cut alone: those inside blocks.
local inner = {}
for _, layer in ipairs(model:layers()) do
    if not layer.stream and not layer.locked and not layer.output then inner[#inner + 1] = layer.name end
end
local layers = {}
for i, layer in ipairs(inner) do
    layers[i] = {
        layer, #set.l1:of(layer), set.proscore:overlap(set.l1, ratio, layer) or 1,
        set.proscore:corr(set.l1, "spearman", layer),
    }
end
table.sort(layers, function(a, b)
    if a[3] ~= b[3] then return a[3] < b[3] end
    return a[1] < b[1]
end)
local dearest, mean_l1, mean_proscore, worse = nil, 0, 0, 0
local price = {{name = "cut by l1", x = {}, y = {}}, {name = "cut by proscore", x = {}, y = {}}}
local probed = math.min(shown, #layers)
for i = 1, probed do
    local row = layers[i]
    local by_l1, by_proscore = accuracy("l1", row[1]), accuracy("proscore", row[1])
    row[5], row[6], row[7] = 100 * by_l1, 100 * by_proscore, 100 * (by_proscore - by_l1)
    mean_l1, mean_proscore = mean_l1 + row[5] / probed, mean_proscore + row[6] / probed
    worse = worse + (by_proscore < by_l1 and 1 or 0)
    if not dearest or row[7] < dearest[7] then dearest = row end
    for k, value in ipairs{by_l1, by_proscore} do price[k].x[i], price[k].y[i] = i, value end
end
local columns = {
    "layer", "filters", "overlap", "rank corr.", "by l1, %", "by proscore, %", "difference",
}
ippro.table{name = "compare-criteria-layers", columns = columns, rows = layers}:csv("compare-criteria-layers.csv")
print(ippro.table{
    title = "Where PROscore and magnitude (l1) disagree most, and the accuracy when that layer alone is cut",
    columns = columns, rows = {table.unpack(layers, 1, probed)},
})
ippro.curve{
    name = "compare-criteria-layers", title = ("Accuracy when one layer loses %g, most disputed layer first"):format(ratio),
    x_axis = "layer by dispute", y_axis = "accuracy", percent = true, reference = before.top1,
    reference_label = "unpruned", series = price,
}:png("compare-criteria-layers.png")

-- 3 ---------------------------------------------------------------------------------------------------------
-- Places of a layer's channels, 0 lowest to 1 highest, by channel.
local function places(scores, layer)
    local order, place = scores:order(layer), {}
    for i, channel in ipairs(order) do place[channel] = (i - 1) / math.max(#order - 1, 1) end
    return place
end

local filters = {}
for _, layer in ipairs(inner) do
    local small, large, taylor = places(set.proscore, layer), places(set.l1, layer), places(set.taylor, layer)
    for channel, place in pairs(small) do
        filters[#filters + 1] = {("%s:%d"):format(layer, channel), place, large[channel], taylor[channel]}
    end
end
local function dispute(a, b)
    local x, y = a[3] - a[2], b[3] - b[2]
    if x ~= y then return x > y end
    return a[1] < b[1]
end
table.sort(filters, dispute)
local divided = {}
for i = 1, 5 do divided[i] = filters[i] end
for i = 1, 5 do divided[5 + i] = filters[#filters - 5 + i] end
print(ippro.table{
    title = "Filters that divide them, by place in their layer: 0 goes first, 1 last",
    columns = {"filter", "place by proscore", "by l1", "by taylor"}, rows = divided,
})

-- 4 ---------------------------------------------------------------------------------------------------------
-- Of what PROscore cuts: how much would l1 have kept, and how much of that lies in l1's upper half.
local cut, kept, upper = 0, 0, 0
for _, layer in ipairs(inner) do
    local order, large = set.proscore:order(layer), places(set.l1, layer)
    local lowest, count = {}, #order - math.floor(#order * (1 - ratio) + 1e-9)
    for i, channel in ipairs(set.l1:order(layer)) do lowest[channel] = i <= count end
    for i = 1, count do
        cut = cut + 1
        kept = kept + (lowest[order[i]] and 0 or 1)
        upper = upper + (large[order[i]] >= 0.5 and 1 or 0)
    end
end
local function say(...) print(string.format(...)) end
say("Inside the blocks PROscore cuts %d filters at ratio %g. l1 would have kept %d of them (%.0f %%; chance: %.0f %%),",
    cut, ratio, kept, 100 * kept / cut, 100 * (1 - ratio))
say("and %d (%.0f %%) are in the larger half of their layer. Over all layers the cut sets overlap by %.2f (chance: %.2f).",
    upper, 100 * upper / cut, overlap.values.proscore.l1, chance)
say("What it costs: of %.2f %% accuracy l1 leaves %.2f %%, PROscore %.2f %%, PROscore at gamma inf %.2f %%,",
    100 * before.top1, left.l1, left.proscore, left["proscore:inf"])
say("random filters %.2f %% (standard error of each at most %.1f points).", left.random, 50 / math.sqrt(images))
say("Layer by layer, in the %d most disputed ones: %.2f %% on average by l1, %.2f %% by PROscore, which leaves less in %d.",
    probed, mean_l1, mean_proscore, worse)
say("The dearest disagreement is %s: overlap %.2f, and %.2f %% by PROscore in the place of %.2f %% by l1", dearest[1],
    dearest[3], dearest[6], dearest[5])
say("(%+.2f points).", dearest[7])
