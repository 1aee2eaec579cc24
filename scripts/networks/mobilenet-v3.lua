-- SPDX-License-Identifier: GPL-3.0-or-later
-- MobileNetV3: inverted residuals of which some have a squeeze and excitation. Torchvision and timm differ in the names,
-- in BatchNorm's epsilon and in what is a convolution in the head.

-- Of each block: kernel, expanded channels, channels, squeeze and excitation, activation, stride. Timm counts blocks
-- anew in each of its stages; `stages` is how many they have.
local sizes = {
  large = {
    last = 960, hidden = 1280, stages = {1, 2, 3, 4, 2, 3}, dilated = 13,
    blocks = {
      {3, 16, 16, false, "relu", 1}, {3, 64, 24, false, "relu", 2}, {3, 72, 24, false, "relu", 1},
      {5, 72, 40, true, "relu", 2}, {5, 120, 40, true, "relu", 1}, {5, 120, 40, true, "relu", 1},
      {3, 240, 80, false, "hardswish", 2}, {3, 200, 80, false, "hardswish", 1}, {3, 184, 80, false, "hardswish", 1},
      {3, 184, 80, false, "hardswish", 1}, {3, 480, 112, true, "hardswish", 1}, {3, 672, 112, true, "hardswish", 1},
      {5, 672, 160, true, "hardswish", 2}, {5, 960, 160, true, "hardswish", 1}, {5, 960, 160, true, "hardswish", 1},
    },
  },
  small = {
    last = 576, hidden = 1024, stages = {1, 2, 3, 2, 3}, dilated = 9,
    blocks = {
      {3, 16, 16, true, "relu", 2}, {3, 72, 24, false, "relu", 2}, {3, 88, 24, false, "relu", 1},
      {5, 96, 40, true, "hardswish", 2}, {5, 240, 40, true, "hardswish", 1}, {5, 240, 40, true, "hardswish", 1},
      {5, 120, 48, true, "hardswish", 1}, {5, 144, 48, true, "hardswish", 1}, {5, 288, 96, true, "hardswish", 2},
      {5, 576, 96, true, "hardswish", 1}, {5, 576, 96, true, "hardswish", 1},
    },
  },
}

-- The next multiple of 8, but not less than nine tenths.
local function divisible(channels)
  local rounded = math.max(8, (channels + 4) // 8 * 8)
  return rounded < 0.9 * channels and rounded + 8 or rounded
end

-- The names of one block's layers: of convolution and BatchNorm, and of the two convolutions of the squeeze. `prefix`
-- stands before Torchvision's.
local function torchvision_names(prefix, index, expands, squeezes)
  local part, names = -1, {}
  local function following(first, second)
    part = part + 1
    local name = ("%s%d.block.%d."):format(prefix, index, part)
    return {name .. first, name .. second}
  end
  names.expand = expands and following("0", "1")
  names.depthwise = following("0", "1")
  names.squeeze = squeezes and following("fc1", "fc2")
  names.project = following("0", "1")
  return names
end

local function timm_names(stages, index, expands)
  local stage = 1
  while index > stages[stage] do
    index, stage = index - stages[stage], stage + 1
  end
  local name = ("blocks.%d.%d."):format(stage - 1, index - 1)
  local function pair(first, second)
    return {name .. first, name .. second}
  end
  return {
    expand = pair("conv_pw", "bn1"), depthwise = pair("conv_dw", expands and "bn2" or "bn1"),
    squeeze = pair("se.conv_reduce", "se.conv_expand"),
    project = expands and pair("conv_pwl", "bn3") or pair("conv_pw", "bn2"),
  }
end

local function layer(n, names, x, epsilon, channels, kernel, options)
  return n:batchnorm(names[2], n:conv(names[1], x, channels, kernel, options), {epsilon = epsilon})
end

local function squeeze(n, names, x)
  local y = n:relu(n:conv(names[1], n:average(x), divisible(x.channels // 4), 1, {bias = true}))
  return n:mul(n:hardsigmoid(n:conv(names[2], y, x.channels, 1, {bias = true})), x)
end

local function inverted_residual(n, names, x, block, dilation, epsilon)
  local kernel, expanded, channels, squeezed, activation, stride = table.unpack(block)
  local y = x
  if expanded ~= x.channels then
    y = n[activation](n, layer(n, names.expand, y, epsilon, expanded, 1))
  end
  local depthwise = {stride = dilation > 1 and 1 or stride, dilation = dilation, groups = expanded}
  y = n[activation](n, layer(n, names.depthwise, y, epsilon, expanded, kernel, depthwise))
  y = squeezed and squeeze(n, names.squeeze, y) or y
  y = layer(n, names.project, y, epsilon, channels, 1)
  return stride == 1 and x.channels == channels and n:add(y, x) or y
end

-- As a part of other networks: options.features that the last convolution is wanted, and behind it the stage that makes
-- an eighth of the size; the last blocks are dilated then, and no `features.` is before the names.
local function torchvision(n, size, options)
  local prefix, epsilon = options.features and "" or "features.", 0.001
  local function ends(index, x, ...)
    return n:hardswish(layer(n, {prefix .. index .. ".0", prefix .. index .. ".1"}, x, epsilon, ...))
  end
  local x, eighth = ends(0, n.input, 16, 3, {stride = 2}), nil
  for i, block in ipairs(size.blocks) do
    local names = torchvision_names(prefix, i, block[2] ~= x.channels, block[4])
    x = inverted_residual(n, names, x, block, options.features and i >= size.dilated and 2 or 1, epsilon)
    eighth = block[3] == 40 and x or eighth
  end
  x = ends(#size.blocks + 1, x, size.last, 1)
  if options.features then
    return x, eighth
  end
  x = n:hardswish(n:linear("classifier.0", n:flatten(n:average(x)), size.hidden))
  return n:linear("classifier.3", x, n.classes)
end

local function timm(n, size)
  local epsilon = 1e-5
  local x = n:hardswish(layer(n, {"conv_stem", "bn1"}, n.input, epsilon, 16, 3, {stride = 2}))
  for i, block in ipairs(size.blocks) do
    x = inverted_residual(n, timm_names(size.stages, i, block[2] ~= x.channels), x, block, 1, epsilon)
  end
  local name = ("blocks.%d.0."):format(#size.stages)
  x = n:hardswish(layer(n, {name .. "conv", name .. "bn1"}, x, epsilon, size.last, 1))
  x = n:hardswish(n:conv("conv_head", n:average(x), size.hidden, 1, {bias = true}))
  return n:linear("classifier", n:flatten(x), n.classes)
end

for _, name in ipairs{"large", "small"} do
  local function describe(suffix, by, build)
    ippro.network{
      name = "mobilenet-v3-" .. name .. suffix, title = "MobileNetV3 " .. name, paper = "arXiv:1905.02244",
      input = {3, 224, 224}, classes = 1000, by = by,
      build = function(n, options) return build(n, sizes[name], options) end,
    }
  end
  describe("", "torchvision", torchvision)
  describe("-timm", "timm, not its tf_ versions", timm)
end
