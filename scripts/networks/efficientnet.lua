-- SPDX-License-Identifier: GPL-3.0-or-later
-- EfficientNet: seven stages of inverted residuals with squeeze and excitation, scaled in width, depth and size; and
-- its second version.

-- Of each stage: expansion, kernel, stride, channels, blocks.
local stages = {
  {1, 3, 1, 16, 1}, {6, 3, 2, 24, 2}, {6, 5, 2, 40, 2}, {6, 3, 2, 80, 3}, {6, 5, 1, 112, 3}, {6, 5, 2, 192, 4},
  {6, 3, 1, 320, 1},
}

-- The next multiple of 8, but not less than nine tenths.
local function scaled(channels, width)
  local wanted = channels * width
  local rounded = math.max(8, math.floor(wanted + 4) // 8 * 8)
  return rounded < 0.9 * wanted and rounded + 8 or rounded
end

local function layer(n, name, x, epsilon, channels, kernel, options)
  return n:batchnorm(name .. ".1", n:conv(name .. ".0", x, channels, kernel, options), {epsilon = epsilon})
end

local function squeeze(n, name, x, channels)
  local y = n:silu(n:conv(name .. ".fc1", n:average(x), channels, 1, {bias = true}))
  return n:mul(n:sigmoid(n:conv(name .. ".fc2", y, x.channels, 1, {bias = true})), x)
end

local function inverted_residual(n, name, x, epsilon, expansion, kernel, stride, channels)
  local y, part = x, -1
  local function following()
    part = part + 1
    return ("%s.block.%d"):format(name, part)
  end
  if expansion > 1 then
    y = n:silu(layer(n, following(), y, epsilon, expansion * x.channels, 1))
  end
  y = n:silu(layer(n, following(), y, epsilon, y.channels, kernel, {stride = stride, groups = y.channels}))
  y = squeeze(n, following(), y, math.max(1, x.channels // 4))
  y = layer(n, following(), y, epsilon, channels, 1)
  return stride == 1 and x.channels == channels and n:add(y, x) or y
end

-- In the first stages of the second version one 3x3 convolution is in the place of two.
local function fused(n, name, x, epsilon, expansion, kernel, stride, channels)
  local widened = expansion > 1 and expansion * x.channels or channels
  local y = n:silu(layer(n, name .. ".block.0", x, epsilon, widened, kernel, {stride = stride}))
  y = expansion > 1 and layer(n, name .. ".block.1", y, epsilon, channels, 1) or y
  return stride == 1 and x.channels == channels and n:add(y, x) or y
end

-- `rows`: of each stage what `stages` has; those up to `fusions` are fused.
local function build(n, first, rows, fusions, last, epsilon)
  local x = n:silu(layer(n, "features.0", n.input, epsilon, first, 3, {stride = 2}))
  for number, row in ipairs(rows) do
    local expansion, kernel, stride, channels, count = table.unpack(row)
    for i = 0, count - 1 do
      x = (number <= fusions and fused or inverted_residual)(n, ("features.%d.%d"):format(number, i), x, epsilon,
        expansion, kernel, i == 0 and stride or 1, channels)
    end
  end
  x = n:silu(layer(n, "features." .. #rows + 1, x, epsilon, last, 1))
  return n:linear("classifier.1", n:flatten(n:average(x)), n.classes)
end

local function efficientnet(n, width, depth, epsilon)
  local rows = {}
  for i, stage in ipairs(stages) do
    local expansion, kernel, stride, channels, count = table.unpack(stage)
    rows[i] = {expansion, kernel, stride, scaled(channels, width), math.ceil(count * depth)}
  end
  return build(n, scaled(32, width), rows, 0, 4 * rows[#rows][4], epsilon)
end

local timm = {
  by = "timm, not its tf_ versions", {"^features%.0%.0", "conv_stem"}, {"^features%.0%.1", "bn1"},
  {"^features%.8%.0", "conv_head"}, {"^features%.8%.1", "bn2"}, {"^classifier%.1", "classifier"},
  {"^features%.1%.(%d+)%.block%.0%.0", "blocks.0.%1.conv_dw"}, {"^features%.1%.(%d+)%.block%.0%.1", "blocks.0.%1.bn1"},
  {"^features%.1%.(%d+)%.block%.1%.", "blocks.0.%1.se."}, {"^features%.1%.(%d+)%.block%.2%.0", "blocks.0.%1.conv_pw"},
  {"^features%.1%.(%d+)%.block%.2%.1", "blocks.0.%1.bn2"},
}
for stage = 2, 7 do
  table.insert(timm, {("^features%%.%d%%."):format(stage), ("blocks.%d."):format(stage - 1)})
end
for _, rule in ipairs{
  {"%.block%.0%.0", ".conv_pw"}, {"%.block%.0%.1", ".bn1"}, {"%.block%.1%.0", ".conv_dw"}, {"%.block%.1%.1", ".bn2"},
  {"%.block%.2%.", ".se."}, {"%.block%.3%.0", ".conv_pwl"}, {"%.block%.3%.1", ".bn3"}, {"%.fc1", ".conv_reduce"},
  {"%.fc2", ".conv_expand"}, {"%.se%.fc1", ".se.conv_reduce"}, {"%.se%.fc2", ".se.conv_expand"},
} do
  table.insert(timm, rule)
end

for i, row in ipairs{
  {1.0, 1.0, 224}, {1.0, 1.1, 240}, {1.1, 1.2, 288}, {1.2, 1.4, 300}, {1.4, 1.8, 380}, {1.6, 2.2, 456}, {1.8, 2.6, 528},
  {2.0, 3.1, 600},
} do
  local width, depth, size = table.unpack(row)
  local function describe(suffix, by, names, epsilon)
    ippro.network{
      name = ("efficientnet-b%d%s"):format(i - 1, suffix), title = "EfficientNet-B" .. i - 1,
      paper = "arXiv:1905.11946", input = {3, size, size}, classes = 1000, by = by, names = names,
      build = function(n) return efficientnet(n, width, depth, epsilon) end,
    }
  end
  -- Torchvision's larger ones have another epsilon than timm's.
  describe("", "torchvision", i <= 5 and {timm} or {}, i <= 5 and 1e-5 or 0.001)
  if i > 5 then
    describe("-timm", "torchvision, with timm's epsilon", {timm}, 1e-5)
  end
end

for _, row in ipairs{
  {"s", 24, 384, {{1, 3, 1, 24, 2}, {4, 3, 2, 48, 4}, {4, 3, 2, 64, 4}, {4, 3, 2, 128, 6}, {6, 3, 1, 160, 9},
    {6, 3, 2, 256, 15}}},
  {"m", 24, 480, {{1, 3, 1, 24, 3}, {4, 3, 2, 48, 5}, {4, 3, 2, 80, 5}, {4, 3, 2, 160, 7}, {6, 3, 1, 176, 14},
    {6, 3, 2, 304, 18}, {6, 3, 1, 512, 5}}},
  {"l", 32, 480, {{1, 3, 1, 32, 4}, {4, 3, 2, 64, 7}, {4, 3, 2, 96, 7}, {4, 3, 2, 192, 10}, {6, 3, 1, 224, 19},
    {6, 3, 2, 384, 25}, {6, 3, 1, 640, 7}}},
} do
  local name, first, size, rows = table.unpack(row)
  ippro.network{
    name = "efficientnet-v2-" .. name, title = "EfficientNetV2-" .. name:upper(), paper = "arXiv:2104.00298",
    input = {3, size, size}, classes = 1000, by = "torchvision",
    build = function(n) return build(n, first, rows, 3, 1280, 0.001) end,
  }
end
