-- SPDX-License-Identifier: GPL-3.0-or-later
-- ResNets for ImageNet, as Torchvision has them: the stride of a bottleneck is in its 3x3 convolution. Wide ones have
-- more channels inside the bottleneck, ResNeXts have them in groups.

-- `shape`: bottleneck (or not), width of a group, groups. `dilation` takes the place of the stride where it is larger
-- than 1.
local function block(n, name, x, planes, stride, dilation, shape)
  local width = shape.bottleneck and planes * shape.width // 64 * shape.groups or planes
  local expanded = shape.bottleneck and 4 * planes or planes
  local y = x
  local function convolution(index, channels, kernel, options)
    y = n:batchnorm(name .. ".bn" .. index, n:conv(name .. ".conv" .. index, y, channels, kernel, options))
  end
  if shape.bottleneck then
    convolution(1, width, 1)
    y = n:relu(y)
    convolution(2, width, 3, {stride = stride, dilation = dilation, groups = shape.groups})
    y = n:relu(y)
    convolution(3, expanded, 1)
  else
    convolution(1, width, 3, {stride = stride})
    y = n:relu(y)
    convolution(2, width, 3)
  end
  if stride > 1 or x.channels ~= expanded then
    local shortcut = n:conv(name .. ".downsample.0", x, expanded, 1, {stride = stride})
    x = n:batchnorm(name .. ".downsample.1", shortcut)
  end
  return n:relu(n:add(y, x))
end

-- As a part of other networks: options.dilated says of each stage whether dilation takes the place of its stride,
-- options.features that the values behind all stages are wanted, and not classes.
local function resnet(n, options, blocks, shape)
  local x = n:relu(n:batchnorm("bn1", n:conv("conv1", n.input, 64, 7, {stride = 2})))
  x = n:maxpool(x, 3, {stride = 2, padding = 1})
  local dilation, stages = 1, {}
  for stage, count in ipairs(blocks) do
    local stride, before = stage > 1 and 2 or 1, dilation
    if options.dilated and options.dilated[stage] then
      dilation, stride = dilation * stride, 1
    end
    for i = 0, count - 1 do
      x = block(n, ("layer%d.%d"):format(stage, i), x, 64 << (stage - 1), i == 0 and stride or 1,
        i == 0 and before or dilation, shape)
    end
    stages[stage] = x
  end
  if options.features then
    return table.unpack(stages)
  end
  return n:linear("fc", n:flatten(n:average(x)), n.classes)
end

local depths = {[18] = {2, 2, 2, 2}, [34] = {3, 4, 6, 3}, [50] = {3, 4, 6, 3}, [101] = {3, 4, 23, 3}, [152] = {3, 8, 36, 3}}

local function describe(name, title, paper, depth, shape)
  ippro.network{
    name = name, title = title, paper = paper, input = {3, 224, 224}, classes = 1000, by = "torchvision and timm",
    build = function(n, options) return resnet(n, options, depths[depth], shape) end,
  }
end

for _, depth in ipairs{18, 34, 50, 101, 152} do
  describe("resnet" .. depth, "ResNet-" .. depth, "arXiv:1512.03385", depth,
    {bottleneck = depth >= 50, width = 64, groups = 1})
end
describe("wide-resnet50", "Wide ResNet-50-2", "arXiv:1605.07146", 50, {bottleneck = true, width = 128, groups = 1})
describe("wide-resnet101", "Wide ResNet-101-2", "arXiv:1605.07146", 101, {bottleneck = true, width = 128, groups = 1})
describe("resnext50", "ResNeXt-50 32x4d", "arXiv:1611.05431", 50, {bottleneck = true, width = 4, groups = 32})
describe("resnext101", "ResNeXt-101 32x8d", "arXiv:1611.05431", 101, {bottleneck = true, width = 8, groups = 32})
