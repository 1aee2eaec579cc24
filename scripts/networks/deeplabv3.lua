-- SPDX-License-Identifier: GPL-3.0-or-later
-- Networks that classify pixels: the last stages of a ResNet or MobileNetV3 have dilation in the place of strides, and
-- what a head makes of them is resized to the image. A second head is for training only.

local function layer(n, convolution, normalisation, x, channels, kernel, options)
  return n:relu(n:batchnorm(normalisation, n:conv(convolution, x, channels, kernel, options)))
end

-- Atrous spatial pyramid pooling: convolutions of several dilations, and an average over the whole image.
local function pyramid(n, name, x, channels)
  local branches = {layer(n, name .. "convs.0.0", name .. "convs.0.1", x, channels, 1)}
  for i, dilation in ipairs{12, 24, 36} do
    local branch = ("%sconvs.%d."):format(name, i)
    branches[i + 1] = layer(n, branch .. "0", branch .. "1", x, channels, 3, {dilation = dilation})
  end
  local mean = layer(n, name .. "convs.4.1", name .. "convs.4.2", n:average(x), channels, 1)
  table.insert(branches, n:resize(mean, x))
  return layer(n, name .. "project.0", name .. "project.1", n:concat(branches), channels, 1)
end

local function deeplab(n, x)
  x = layer(n, "classifier.1", "classifier.2", pyramid(n, "classifier.0.", x, 256), 256, 3)
  return n:conv("classifier.4", x, n.classes, 1, {bias = true})
end

local function fcn(n, x)
  x = layer(n, "classifier.0", "classifier.1", x, x.channels // 4, 3)
  return n:conv("classifier.4", x, n.classes, 1, {bias = true})
end

local function resnet(name)
  return function(n)
    local options = {features = true, dilated = {false, false, true, true}}
    return select(-1, n:part(name, "backbone.", n.input, options))
  end
end

local function mobilenet(n)
  return (n:part("mobilenet-v3-large", "backbone.", n.input, {features = true}))
end

local function describe(name, title, paper, backbone, head)
  ippro.network{
    name = name, title = title, paper = paper, input = {3, 520, 520}, classes = 21, by = "torchvision",
    extras = {"aux_classifier.*"},
    build = function(n) return n:resize(head(n, backbone(n)), n.input) end,
  }
end

describe("deeplabv3-resnet50", "DeepLabV3 on a ResNet-50", "arXiv:1706.05587", resnet("resnet50"), deeplab)
describe("deeplabv3-resnet101", "DeepLabV3 on a ResNet-101", "arXiv:1706.05587", resnet("resnet101"), deeplab)
describe("deeplabv3-mobilenet-v3", "DeepLabV3 on a large MobileNetV3", "arXiv:1706.05587", mobilenet, deeplab)
describe("fcn-resnet50", "FCN on a ResNet-50", "arXiv:1411.4038", resnet("resnet50"), fcn)
describe("fcn-resnet101", "FCN on a ResNet-101", "arXiv:1411.4038", resnet("resnet101"), fcn)
