-- SPDX-License-Identifier: GPL-3.0-or-later
-- What the paper (arXiv 2507.14171) leaves open, tried out: accuracy after pruning without any fine-tuning (figure 5) by L1,
-- BatchNorm's scale, Taylor, the geometric median, random filters, and by every reading of PROscore that `help proscore`
-- lists, in reversed order and with long steps too. The filters inside the blocks lose the ratio, or every group does, streams
-- too; and scores come from training images, from images that the network has not learnt, and from training images changed at
-- random (crop, flip). Beside that, how far each ranking is that of L1, Taylor and the geometric median (table 4).
--
--   ippro-explore -e 'set normalize imagenet samples=all' paper/readings.lua [MODEL [DATA [TEST-IMAGES [SEEDS [RATIO...]]]]]
--
-- Without a model, or with "example" and "-": the built-in example and its images. DATA is what the command data takes. The
-- options samples and seed say on which images is scored; accuracy is that of the first TEST-IMAGES of the images for judging,
-- which are among those that "unseen" scores on. Every figure has its standard error. Writes readings.csv (all of it),
-- readings-correlation.csv, and readings-train.png, readings-unseen.png and readings-augmented.png (inner layers). At the prompt:
-- score proscore:tail on=test; curve proscore:tail where=inner.
local model = ippro.load(arg[1] or "example")
local path = arg[2] ~= "-" and arg[2]
local name = arg[1] and arg[1]:gsub(".*/", "") or "example"
local images = math.tointeger(arg[3] or (path and 1000 or 200))
local seeds = math.tointeger(arg[4] or 3)
local ratios = {table.unpack(arg, 5)}
if #ratios == 0 then ratios = {0.1, 0.2, 0.3, 0.4} end
for i, ratio in ipairs(ratios) do ratios[i] = tonumber(ratio) end

-- The images to judge on, under whichever name they go.
local function open_unseen()
    if not path then return ippro.data("shapes", {split = "test"}) end
    local there, data = pcall(ippro.data, path, {split = "test"})
    return there and data or ippro.data(path, {split = "val"})
end
local data = open_unseen()

local others = {"l1", "bn", "taylor", "geomedian"}
local readings = {
    "proscore", "proscore:affine", "proscore:filter", "proscore:channel", "proscore:masked", "proscore:tail", "proscore:free",
    "proscore:affine:free", "proscore:opposite", "proscore:reversed", "proscore:unsigned", "proscore:coordinate", "proscore:100",
    "proscore:1e4",
}
local normed = false
for _, layer in ipairs(model:layers()) do normed = normed or layer.norm and not layer.output end
if not normed then
    -- Every target is the filter there.
    local short = {}
    table.remove(others, 2)
    for _, reading in ipairs(readings) do
        if not reading:find("affine") and not reading:find("filter") and not reading:find("channel") then
            short[#short + 1] = reading
        end
    end
    readings = short
end

local function joined(...)
    local all = {}
    for _, list in ipairs{...} do table.move(list, 1, #list, #all + 1, all) end
    return all
end

local before = model:eval(data, {samples = images, order = "first"}).top1
local wheres = {{word = "inner", what = "the layers inside the blocks"}, {word = "all", what = "every group, streams too"}}
local sources = {
    {word = "train", on = "train", what = "training images"},
    {word = "unseen", on = "test", what = "images that it has not learnt"},
    {word = "augmented", on = "augmented", what = "training images, augmented"},
}

-- The figure of the given kind of what a line of commands answers.
local function answer(line, kind)
    for _, figure in ipairs(ippro.command(line)) do
        if figure.kind == kind then return figure end
    end
    error("no " .. kind .. " from " .. line)
end

-- Accuracies of some criteria by their names: arrays over the ratios, with standard errors.
local function judge(criteria, where)
    local found = {}
    local curve = answer(("curve %s where=%s ratios=%s samples=%d order=first seeds=%d"):format(
        table.concat(criteria, ","), where, table.concat(ratios, ","), images, seeds), "curve")
    for _, series in ipairs(curve.series) do
        local label = series.name:gsub("^log ", "")
        local row = {y = {}, errors = {}}
        for i, ratio in ipairs(ratios) do
            for k, x in ipairs(series.x) do
                if math.abs(x - ratio) < 1e-9 then
                    local share, spread = series.y[k], label == "random" and seeds > 1 and series.spread[k] or 0
                    row.y[i] = share
                    row.errors[i] = math.sqrt(share * (1 - share) / images + spread * spread / seeds)
                end
            end
        end
        found[label] = row
    end
    return found
end

local all, shown = {}, joined(others, {"random"}, readings)
local columns = {"criterion"}
for _, ratio in ipairs(ratios) do
    columns[#columns + 1] = ("%g %%"):format(100 * ratio)
end

-- One table: all criteria on one kind of images, for one choice of layers.
local function show(source, where, found, sample)
    local rows = {}
    for i, criterion in ipairs(shown) do
        local row = {criterion}
        for k, ratio in ipairs(ratios) do
            local share, err = found[criterion].y[k], found[criterion].errors[k]
            row[#row + 1] = ("%5.1f ± %.1f"):format(100 * share, 100 * err)
            all[#all + 1] = {source.word, sample.loss, where.word, criterion, ratio, share, err}
        end
        rows[i] = row
    end
    print(ippro.table{
        name = "readings",
        title = ("%s, %s pruned, scored on %s (mean loss %.2g): accuracy in %% without fine-tuning"):format(
            name, where.what, source.what, sample.loss),
        columns = columns, rows = rows,
    })
end

local function draw(source, found)
    local series = {}
    for i, criterion in ipairs(shown) do
        local row = found[criterion]
        series[i] = {name = criterion, x = joined({0}, ratios), y = joined({before}, row.y), spread = joined({0}, row.errors)}
    end
    ippro.curve{
        name = "readings", title = ("Accuracy without fine-tuning, %s, scored on %s"):format(name, source.what),
        x_axis = "ratio of the filters inside the blocks removed", x_percent = true, y_axis = "accuracy", percent = true,
        reference = before, reference_label = "unpruned", series = series,
    }:png(("readings-%s.png"):format(source.word), {width = 1400, height = 1000})
end

local weights, correlations = {}, {}
for _, source in ipairs(sources) do
    local begun = ippro.clock()
    local set = model:score(data, joined(others, {"random"}, readings), {on = source.on})
    local loss = tonumber(set:corr("spearman").facts.sample_loss)
    for _, where in ipairs(wheres) do
        -- What looks at no images is the same for all of them.
        weights[where.word] = weights[where.word] or judge({"l1", "geomedian", "random", normed and "bn" or nil}, where.word)
        local found = judge(joined({"taylor"}, readings), where.word)
        for label, row in pairs(weights[where.word]) do found[label] = row end
        show(source, where, found, {loss = loss})
        if where.word == "inner" then draw(source, found) end
    end
    for _, reading in ipairs(readings) do
        local row = {source.word, reading}
        for _, other in ipairs{"l1", "taylor", "geomedian"} do row[#row + 1] = set[reading]:corr(set[other]) or "" end
        correlations[#correlations + 1] = row
    end
    print(("Scored and judged in %.0f s."):format(ippro.clock() - begun))
end
print(ippro.table{
    name = "readings-correlation", title = "How far readings of PROscore rank filters as others do: Spearman, mean over layers, "
        .. name,
    columns = {"scored on", "reading", "l1", "taylor", "geomedian"}, rows = correlations,
}:csv("readings-correlation.csv"))
ippro.table{
    name = "readings", title = "Accuracy after pruning without fine-tuning, " .. name,
    columns = {"scored on", "mean loss", "pruned", "criterion", "ratio", "accuracy", "standard error"}, rows = all,
}:csv("readings.csv")
print(("Unpruned %.2f %% on the first %d images of %s %s; ± is one standard error, that of random over its draws too (%d)."):format(
    100 * before, images, data.kind, data.split, seeds))
