-- SPDX-License-Identifier: GPL-3.0-or-later
-- What the scripts of this folder share: their settings, how they train and judge, the table at the end. It is no
-- experiment of its own: they call the function that it returns with a name and the settings that are theirs.
--
-- Settings are words KEY=VALUE. All scripts have
--   model=    a network, by default that of the session, else the built-in example
--   data=     a folder with CIFAR-10's binary files, by default the session's images, else shapes
--   normalize=  how the images in the folder are normalised (auto)
--   images=   how many to learn from in each epoch (all; of shapes 400)
--   judge=    how many of the split test to judge on (1000; of shapes 200)
--   epochs= batch= lr= augment=   as of finetune; the learning rate falls to 0 as a cosine
--   save=     file for the smaller network
local experiment = {}
experiment.__index = experiment

local function read_settings(set)
    for _, word in ipairs(arg) do
        local key, value = word:match("^([%w_]+)=(.+)$")
        if set[key] == nil then
            local names = {}
            for name in pairs(set) do names[#names + 1] = name end
            table.sort(names)
            error(("'%s' is no setting KEY=VALUE of one of: %s"):format(word, table.concat(names, ", ")), 0)
        end
        if type(set[key]) == "number" and not tonumber(value) then
            error(("%s=%s: that is no number"):format(key, value), 0)
        end
        set[key] = type(set[key]) == "number" and (math.tointeger(value) or tonumber(value)) or value
    end
    return set
end

-- The images to learn from, which stay the session's, and those to judge on.
local function open_data(set)
    local test
    local function both(kind, path, options)
        options.split = "test"
        test = ippro.data(kind, path, options)
        options.split = "train"
        return ippro.data(kind, path, options), test
    end
    if set.data ~= "" then return both("cifar10", set.data, {normalize = set.normalize}) end
    local open = ippro.dataset
    if open and open.path then return both(open.kind, open.path, {normalize = open.normalize}) end
    return both(open and open.kind or "shapes", nil, {})
end

-- Channels of every stage so far, and what they are worth; the model's name stays the session's.
function experiment:stage(name)
    local cost, found = self.model:cost(), self.model:eval(self.test, {samples = self.set.judge})
    local accuracy = found.top1 or found.miou
    self.rows[#self.rows + 1] = {
        name, 100 * accuracy, cost.channels, cost.parameters, cost.macs / 1e6, ippro.clock() - self.start,
    }
    return accuracy
end

-- The settings of a training, with more of the script's own.
function experiment:recipe(more)
    local set = self.set
    local recipe = {
        epochs = set.epochs, batch = set.batch, lr = set.lr, augment = set.augment, samples = set.images,
        judge = set.judge, on = "test", schedule = "cosine",
    }
    for key, value in pairs(more or {}) do recipe[key] = value end
    return recipe
end

-- Layers that lose filters: those inside blocks, whose filters nothing but one other layer reads. What is cut from a
-- residual stream is cut from all layers that add to it.
function experiment:inner()
    local layers, members = {}, {}
    for _, layer in ipairs(self.model:layers()) do members[layer.group] = (members[layer.group] or 0) + 1 end
    for _, layer in ipairs(self.model:layers()) do
        if not (layer.stream or layer.locked or layer.output) and members[layer.group] == 1 then
            layers[#layers + 1] = layer
        end
    end
    if #layers == 0 then error("the network has no layer inside a block", 0) end
    return layers
end

-- Ratios by layer: `share` of a layer's channels goes, nothing of a layer that is not there.
function experiment:ratios(share)
    local ratios = {all = 0}
    for _, layer in ipairs(self:inner()) do ratios[layer.name] = share(layer) end
    return self.model:ratios(ratios)
end

-- What is selected goes, and what it added on average stays in the biases behind it.
function experiment:remove()
    self.model:apply{compensate = true, samples = math.min(500, self.data.images)}
end

-- The table of stages, into a file too.
function experiment:report(title)
    print(ippro.table{
        name = self.name, title = ("%s, judged on %d test images"):format(title, self.set.judge),
        columns = {"stage", "accuracy, %", "channels", "parameters", "MACs, millions", "seconds"}, rows = self.rows,
    }:csv(self.name .. ".csv"))
    if self.set.save ~= "" then self.model:save(self.set.save) end
end

return function(name, own)
    local set = {
        model = "", data = "", normalize = "auto", images = "all", judge = 0, epochs = 2, batch = 50, lr = 0.01,
        augment = "none", save = "",
    }
    for key, value in pairs(own) do set[key] = value end
    read_settings(set)
    local self = setmetatable({name = name, set = set, rows = {}, start = ippro.clock()}, experiment)
    self.model = set.model ~= "" and ippro.load(set.model) or ippro.model or ippro.load("example")
    self.data, self.test = open_data(set)
    local made = not self.data.path
    if set.images == "all" and made then set.images = 400 end
    if set.judge == 0 then set.judge = math.min(made and 200 or 1000, self.test.images) end
    self:stage("as loaded")
    return self
end
