-- SPDX-License-Identifier: GPL-3.0-or-later
-- MobileNetV2, for ImageNet and for images of 32x32 pixels, which keep their size for longer. Other widths than 1
-- follow from the shapes of the weights, but where a width has shortcuts that width 1 has not: a block has one where
-- its channels are as many as before it. Those widths are described.

-- Of each stage: expansion, channels, blocks, stride.
local stages = {
  {1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1},
}

-- A convolution and its BatchNorm, which follow each other in a sequence.
local function layer(n, sequence, x, channels, kernel, options)
  return n:batchnorm(sequence .. ".1", n:conv(sequence .. ".0", x, channels, kernel, options))
end

local function inverted_residual(n, name, x, expansion, channels, stride)
  local y, index = x, 0
  if expansion > 1 then
    y, index = n:relu6(layer(n, name .. ".conv.0", y, expansion * x.channels, 1)), 1
  end
  local depthwise = {stride = stride, groups = y.channels}
  y = n:relu6(layer(n, ("%s.conv.%d"):format(name, index), y, y.channels, 3, depthwise))
  y = n:conv(("%s.conv.%d"):format(name, index + 1), y, channels, 1)
  y = n:batchnorm(("%s.conv.%d"):format(name, index + 2), y)
  return stride == 1 and x.channels == channels and n:add(x, y) or y
end

-- The multiple of 8 that is nearest to this share of the channels, at least 8, and not below nine tenths of it.
local function share(channels, width)
  local exact = channels * width
  local nearest = math.max(8, (exact + 4) // 8 * 8)
  return math.tointeger(nearest < 0.9 * exact and nearest + 8 or nearest)
end

-- `small`: the images are, and the first convolution and the second stage have no stride.
local function mobilenet(n, small, width)
  local x = n:relu6(layer(n, "features.0", n.input, share(32, width), 3, {stride = small and 1 or 2}))
  local index = 1
  for number, stage in ipairs(stages) do
    local expansion, channels, count, stride = table.unpack(stage)
    for i = 1, count do
      local step = i == 1 and not (small and number == 2) and stride or 1
      x = inverted_residual(n, "features." .. index, x, expansion, share(channels, width), step)
      index = index + 1
    end
  end
  x = n:relu6(layer(n, "features." .. index, x, 1280, 1))
  return n:linear("classifier.1", n:flatten(n:average(x)), n.classes)
end

-- Timm counts stages and blocks, and names what is in them.
local timm = {
  by = "timm", {"^features%.0%.0", "conv_stem"}, {"^features%.0%.1", "bn1"},
  {"^features%.18%.0", "conv_head"}, {"^features%.18%.1", "bn2"}, {"^classifier%.1", "classifier"},
}
do
  local index = 1
  for number, stage in ipairs(stages) do
    for i = 0, stage[3] - 1 do
      table.insert(timm, {("^features%%.%d%%."):format(index), ("blocks.%d.%d."):format(number - 1, i)})
      index = index + 1
    end
  end
  for _, rule in ipairs{
    {"^(blocks%.0%.0)%.conv%.0%.0", "%1.conv_dw"}, {"^(blocks%.0%.0)%.conv%.0%.1", "%1.bn1"},
    {"^(blocks%.0%.0)%.conv%.1", "%1.conv_pw"}, {"^(blocks%.0%.0)%.conv%.2", "%1.bn2"},
    {"%.conv%.0%.0", ".conv_pw"}, {"%.conv%.0%.1", ".bn1"}, {"%.conv%.1%.0", ".conv_dw"},
    {"%.conv%.1%.1", ".bn2"}, {"%.conv%.2", ".conv_pwl"}, {"%.conv%.3", ".bn3"},
  } do
    table.insert(timm, rule)
  end
end

-- As kuangliu writes it for CIFAR: relu, every block expands, and every one without a stride has a shortcut.
local function block(n, name, x, expansion, channels, stride)
  local y = n:relu(n:batchnorm(name .. ".bn1", n:conv(name .. ".conv1", x, expansion * x.channels, 1)))
  y = n:conv(name .. ".conv2", y, y.channels, 3, {stride = stride, groups = y.channels})
  y = n:relu(n:batchnorm(name .. ".bn2", y))
  y = n:batchnorm(name .. ".bn3", n:conv(name .. ".conv3", y, channels, 1))
  if stride > 1 then
    return y
  end
  return n:add(y, x.channels == channels and x or layer(n, name .. ".shortcut", x, channels, 1))
end

local function kuangliu(n)
  local x = n:relu(n:batchnorm("bn1", n:conv("conv1", n.input, 32, 3)))
  local index = 0
  for number, stage in ipairs(stages) do
    local expansion, channels, count, stride = table.unpack(stage)
    for i = 1, count do
      x = block(n, "layers." .. index, x, expansion, channels, i == 1 and number ~= 2 and stride or 1)
      index = index + 1
    end
  end
  x = n:relu(n:batchnorm("bn2", n:conv("conv2", x, 1280, 1)))
  return n:linear("linear", n:flatten(n:average(x)), n.classes)
end

-- Up to 0.25 the first block has a shortcut, and of networks for small images up to 0.35 the second. All have the same
-- widths, so that the number of classes tells them apart.
local widths = {1, 0.35, 0.25, 0.2, 0.15, 0.1}

-- How names and titles tell widths.
local function told(text, form, width)
  return width == 1 and text or text .. form:format(width)
end

for _, width in ipairs(widths) do
  ippro.network{
    name = told("mobilenet-v2", "-x%g", width), title = told("MobileNetV2", ", width %g", width),
    paper = "arXiv:1801.04381", input = {3, 224, 224}, classes = 1000, by = "torchvision", names = {timm},
    build = function(n) return mobilenet(n, false, width) end,
  }
end
-- Torchvision's names are the ones for CIFAR too: the number of classes tells them apart.
for _, row in ipairs{{"cifar", 10}, {"cifar100", 100}} do
  local prefix, classes = table.unpack(row)
  for _, width in ipairs(widths) do
    ippro.network{
      name = told(prefix .. "-mobilenet-v2", "-x%g", width),
      title = told("MobileNetV2 for small images", ", width %g", width), paper = "arXiv:1801.04381",
      input = {3, 32, 32}, classes = classes, by = "chenyaofo", build = function(n) return mobilenet(n, true, width) end,
    }
  end
end
ippro.network{
  name = "cifar-mobilenet-v2s", title = "MobileNetV2, shortcuts", paper = "arXiv:1801.04381", input = {3, 32, 32},
  classes = 10, by = "kuangliu", build = kuangliu,
}
