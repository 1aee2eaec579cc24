-- SPDX-License-Identifier: GPL-3.0-or-later
-- GoogLeNet with BatchNorm, as Torchvision has it: the branch of 5x5 convolutions has 3x3 ones. Its two further
-- classifiers are for training only. Its option transform_input, which Torchvision's own weights have, makes images
-- that are normalised as for ImageNet into what normalize=half gives at once: use that with such weights.

local function layer(n, name, x, channels, kernel, options)
  local y = n:conv(name .. ".conv", x, channels, kernel, options)
  return n:relu(n:batchnorm(name .. ".bn", y, {epsilon = 0.001}))
end

-- Channels: of the 1x1 branch, of the two branches with a 3x3 convolution, before and in it, and behind the pooling.
local function inception(n, name, x, one, before, three, narrow, five, pooled)
  return n:concat(
    layer(n, name .. ".branch1", x, one, 1),
    layer(n, name .. ".branch2.1", layer(n, name .. ".branch2.0", x, before, 1), three, 3),
    layer(n, name .. ".branch3.1", layer(n, name .. ".branch3.0", x, narrow, 1), five, 3),
    layer(n, name .. ".branch4.1", n:maxpool(x, 3, {stride = 1, padding = 1}), pooled, 1))
end

local stages = {
  {{"3a", 64, 96, 128, 16, 32, 32}, {"3b", 128, 128, 192, 32, 96, 64}},
  {{"4a", 192, 96, 208, 16, 48, 64}, {"4b", 160, 112, 224, 24, 64, 64}, {"4c", 128, 128, 256, 24, 64, 64},
    {"4d", 112, 144, 288, 32, 64, 64}, {"4e", 256, 160, 320, 32, 128, 128}},
  {{"5a", 256, 160, 320, 32, 128, 128}, {"5b", 384, 192, 384, 48, 128, 128}},
}

local function googlenet(n, x)
  x = n:maxpool(layer(n, "conv1", x, 64, 7, {stride = 2}), 3, {stride = 2, ceil = true})
  x = layer(n, "conv3", layer(n, "conv2", x, 64, 1), 192, 3)
  for number, stage in ipairs(stages) do
    x = n:maxpool(x, number == 3 and 2 or 3, {stride = 2, ceil = true})
    for _, row in ipairs(stage) do
      x = inception(n, "inception" .. row[1], x, table.unpack(row, 2))
    end
  end
  return n:linear("fc", n:flatten(n:average(x)), n.classes)
end

ippro.network{
  name = "googlenet", title = "GoogLeNet; normalize=half for transform_input", paper = "arXiv:1409.4842",
  input = {3, 224, 224}, classes = 1000, by = "torchvision", extras = {"aux1.*", "aux2.*"},
  build = function(n) return googlenet(n, n.input) end,
}
