-- SPDX-License-Identifier: GPL-3.0-or-later
-- What each criterion's pruning is worth after fine-tuning (as in tables 1 and 2 of the paper, arXiv 2507.14171): the
-- network is pruned by a recipe of ratios, made smaller, its BatchNorm statistics are taken anew, and it is trained for
-- a few epochs; its accuracy on test images stands beside each step, with the time that training took.
--
--   ippro-explore -e 'set normalize imagenet' finetune.lua [MODEL [CIFAR-10-FOLDER [RATIOS [RECIPE [EPOCHS [TEST-IMAGES [CRITERION...]]]]]]]
--
-- RATIOS is a recipe of ratios (resnet56-50) or one ratio for all, RECIPE a recipe of training ('help
-- presets'), "-" stands for the default of each. Without a model, or with "example" and "-": the built-in example and
-- its images. Scores and training are on the training images, augmented by crop and flip. Writes finetune.csv and
-- finetune.png. At the prompt, for one criterion: recipe resnet56-50; prune l1; apply; calibrate; finetune short.
local function given(i) return arg[i] and arg[i] ~= "-" and arg[i] or nil end
local path, folder = given(1) or "example", given(2)
local ratios, recipe, epochs = given(3) or "0.4", given(4) or "short", math.tointeger(given(5) or 3)
local images = math.tointeger(given(6) or (folder and 10000 or 300))
local criteria = {table.unpack(arg, 7)}
if #criteria == 0 then criteria = {"l1", "geomedian", "taylor", "proscore", "random"} end
local augment = folder and "crop,flip" or "none"

local test = folder and ippro.data("cifar10", folder, {split = "test"}) or ippro.data("shapes", {seed = 2})
local data = folder and ippro.data("cifar10", folder, {split = "train"}) or ippro.data("shapes", {images = 500})
local name = path:gsub(".*/", "")

local function accuracy(model) return model:eval(test, {samples = images, order = "first"}).top1 end

-- The network that a criterion leaves, by one recipe of ratios or the same ratio everywhere.
local function pruned(criterion)
    local model = ippro.load(path)
    model:score(data, criterion, {augment = augment})
    if tonumber(ratios) then model:ratios{all = tonumber(ratios)} else model:recipe(ratios) end
    model:prune(criterion)
    return model:apply()
end

local function trained(model)
    local seconds, learnt = 0, {x = {}, y = {}}
    model:finetune(recipe, {epochs = epochs, augment = augment, on = "none", on_epoch = function(record)
        seconds = record.seconds or seconds
        if record.train_accuracy then
            learnt.x[#learnt.x + 1], learnt.y[#learnt.y + 1] = record.epoch, record.train_accuracy
        end
    end})
    return seconds, learnt
end

local whole = ippro.load(path)
local before, parameters, macs = accuracy(whole), whole:cost().parameters, whole:cost().macs
local rows, series = {}, {}
for _, criterion in ipairs(criteria) do
    local model = pruned(criterion)
    local left, after = model:cost(), accuracy(model)
    model:calibrate()
    local calibrated = accuracy(model)
    local seconds, learnt = trained(model)
    learnt.name = criterion
    series[#series + 1] = learnt
    rows[#rows + 1] = {criterion, 100 * before, 100 * after, 100 * calibrated, 100 * accuracy(model),
        100 * (1 - left.parameters / parameters), 100 * (1 - left.macs / macs), seconds}
end

print(ippro.table{
    name = "finetune",
    title = ("Top-1 accuracy in %% of %s on %d test images, after %d epochs of %s"):format(name, images, epochs, recipe),
    columns = {"criterion", "unpruned", "pruned", "calibrated", "fine-tuned", "parameters gone", "MACs gone", "seconds"},
    rows = rows,
}:csv("finetune.csv"))
print(("The standard error of each accuracy is at most %.1f points."):format(50 / math.sqrt(images)))
ippro.curve{
    name = "finetune", title = "Accuracy on what is learnt from, " .. name, x_axis = "epoch", y_axis = "accuracy",
    percent = true, series = series,
}:png("finetune.png")
