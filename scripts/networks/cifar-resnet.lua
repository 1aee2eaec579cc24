-- SPDX-License-Identifier: GPL-3.0-or-later
-- ResNets for images of 32x32 pixels: three stages of 16, 32 and 64 channels in two versions of the shortcut, and
-- the four wide stages of ImageNet's networks behind a 3x3 stem.

-- Two 3x3 convolutions, or three of which the middle one is 3x3, beside a shortcut. `shortcut(n, name, x, width,
-- stride)` makes what is added where channels or size change.
local function block(n, name, x, width, stride, bottleneck, shortcut)
  local expanded = bottleneck and 4 * width or width
  local y = x
  local function convolution(index, channels, kernel, step)
    y = n:batchnorm(name .. ".bn" .. index, n:conv(name .. ".conv" .. index, y, channels, kernel, {stride = step}))
  end
  if bottleneck then
    convolution(1, width, 1, 1)
    y = n:relu(y)
    convolution(2, width, 3, stride)
    y = n:relu(y)
    convolution(3, expanded, 1, 1)
  else
    convolution(1, width, 3, stride)
    y = n:relu(y)
    convolution(2, width, 3, 1)
  end
  if stride > 1 or x.channels ~= expanded then
    x = shortcut(n, name .. ".shortcut", x, expanded, stride)
  end
  return n:relu(n:add(y, x))
end

-- Option A has no parameters: every second pixel, and channels of zeros on both sides.
local function zeros(n, name, x, width, stride)
  local more = width - x.channels
  return n:pad_channels(n:subsample(x, stride), more // 2, more - more // 2)
end

local function projection(n, name, x, width, stride)
  return n:batchnorm(name .. ".1", n:conv(name .. ".0", x, width, 1, {stride = stride}))
end

-- `blocks`: how many there are in each stage.
local function resnet(n, width, blocks, bottleneck, shortcut)
  local x = n:relu(n:batchnorm("bn1", n:conv("conv1", n.input, width, 3)))
  for stage, count in ipairs(blocks) do
    for i = 0, count - 1 do
      local stride = i == 0 and stage > 1 and 2 or 1
      x = block(n, ("layer%d.%d"):format(stage, i), x, width << (stage - 1), stride, bottleneck, shortcut)
    end
  end
  return n:linear("linear", n:flatten(n:average(x)), n.classes)
end

local others = {{by = "chenyaofo and DepGraph", {"%.shortcut%.", ".downsample."}, {"^linear%.", "fc."}}}

for _, depth in ipairs{8, 14, 20, 32, 44, 56, 110} do
  local blocks = (depth - 2) // 6
  local function describe(name, option, shortcut, by, names)
    ippro.network{
      name = name, title = ("ResNet-%d for CIFAR, option %s"):format(depth, option), paper = "arXiv:1512.03385",
      input = {3, 32, 32}, classes = 10, by = by, names = names,
      build = function(n) return resnet(n, 16, {blocks, blocks, blocks}, false, shortcut) end,
    }
  end
  describe("cifar-resnet" .. depth, "A", zeros, "akamaster", {{by = "others", {"^linear%.", "fc."}}})
  describe("cifar-resnet" .. depth .. "b", "B", projection, "akamaster", others)
end

for _, size in ipairs{
  {18, {2, 2, 2, 2}}, {34, {3, 4, 6, 3}}, {50, {3, 4, 6, 3}, true}, {101, {3, 4, 23, 3}, true}, {152, {3, 8, 36, 3}, true},
} do
  local depth, blocks, bottleneck = table.unpack(size)
  ippro.network{
    name = "cifar-resnet" .. depth, title = ("ResNet-%d for CIFAR, 64 channels wide"):format(depth),
    paper = "arXiv:1512.03385", input = {3, 32, 32}, classes = 10, by = "kuangliu and DepGraph",
    names = {{by = "torchvision, with a stem for small images", {"%.shortcut%.", ".downsample."}, {"^linear%.", "fc."}}},
    build = function(n) return resnet(n, 64, blocks, bottleneck, projection) end,
  }
end
