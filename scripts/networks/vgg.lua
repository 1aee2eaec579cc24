-- SPDX-License-Identifier: GPL-3.0-or-later
-- VGG networks: five stages of 3x3 convolutions, with and without BatchNorm, for ImageNet and for images of 32x32
-- pixels, where there are several customs of what follows the convolutions.

local depths = {[11] = {1, 1, 2, 2, 2}, [13] = {2, 2, 2, 2, 2}, [16] = {2, 2, 3, 3, 3}, [19] = {2, 2, 4, 4, 4}}
local widths = {64, 128, 256, 512, 512}

-- The stages with their layers numbered through, as a sequence of PyTorch's has them. `pools`: how many of the
-- stages end with one.
local function stages(n, depth, sequence, normalised, bias, pools)
  local x, index = n.input, 0
  for stage, count in ipairs(depths[depth]) do
    for _ = 1, count do
      x = n:conv(sequence .. index, x, widths[stage], 3, {bias = bias})
      if normalised then
        x = n:batchnorm(sequence .. index + 1, x)
      end
      x, index = n:relu(x), index + (normalised and 3 or 2)
    end
    if stage <= pools then
      x, index = n:maxpool(x, 2), index + 1
    end
  end
  return x
end

-- Three linear layers.
local function perceptron(n, x, width)
  x = n:relu(n:linear("classifier.0", n:flatten(x), width))
  x = n:relu(n:linear("classifier.3", x, width))
  return n:linear("classifier.6", x, n.classes)
end

local function torchvision(n, depth, normalised)
  return perceptron(n, n:adaptive_average(stages(n, depth, "features.", normalised, true, 5), 7), 4096)
end

-- Timm's linear layers are convolutions, and the average is behind them.
local function timm(n, depth, normalised)
  local x = stages(n, depth, "features.", normalised, true, 5)
  x = n:relu(n:conv("pre_logits.fc1", x, 4096, 7, {padding = 0, bias = true}))
  x = n:relu(n:conv("pre_logits.fc2", x, 4096, 1, {bias = true}))
  return n:linear("head.fc", n:flatten(n:average(x)), n.classes)
end

local function one_linear(n, depth, normalised)
  return n:linear("classifier", n:flatten(stages(n, depth, "features.", normalised, true, 5)), n.classes)
end

local function three_linear(n, depth, normalised)
  return perceptron(n, stages(n, depth, "features.", normalised, true, 5), 512)
end

-- As in network slimming: no biases, and an average in the place of the last pooling.
local function slim(n, depth, normalised)
  local x = stages(n, depth, "feature.", normalised, false, 4)
  return n:linear("classifier", n:flatten(n:avgpool(x, 2)), n.classes)
end

-- A sequence for each stage, three poolings, and an average over all that is left.
local function blocks(n, depth, normalised)
  local x = n.input
  for stage, count in ipairs(depths[depth]) do
    for i = 0, count - 1 do
      local name = ("block%d."):format(stage - 1)
      x = n:conv(name .. 3 * i, x, widths[stage], 3, {bias = true})
      x = n:relu(n:batchnorm(name .. 3 * i + 1, x))
    end
    x = stage <= 3 and n:maxpool(x, 2) or x
  end
  return n:linear("classifier", n:flatten(n:average(x)), n.classes)
end

local function describe(prefix, suffix, size, classes, title, by, build, plain)
  for _, depth in ipairs{11, 13, 16, 19} do
    for _, normalised in ipairs(plain and {false, true} or {true}) do
      ippro.network{
        name = ("%svgg%d%s%s"):format(prefix, depth, normalised and "-bn" or "", suffix),
        title = ("VGG-%d%s%s"):format(depth, normalised and "-BN" or "", title),
        paper = "arXiv:1409.1556", input = {3, size, size}, classes = classes, by = by,
        build = function(n) return build(n, depth, normalised) end,
      }
    end
  end
end

describe("", "", 224, 1000, "", "torchvision", torchvision, true)
describe("", "-timm", 224, 1000, ", convolutions", "timm", timm, true)
describe("cifar-", "", 32, 10, ", 1 linear", "kuangliu", one_linear, true)
describe("cifar-", "-mlp", 32, 10, ", 3 linear", "chenyaofo", three_linear, true)
describe("cifar-", "-slim", 32, 10, ", no biases", "network slimming", slim, false)
describe("cifar-", "-blocks", 32, 10, ", 3 poolings", "DepGraph", blocks, false)
