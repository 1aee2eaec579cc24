-- SPDX-License-Identifier: GPL-3.0-or-later
-- DenseNet: every layer of a block reads what all before it made.

local function dense_layer(n, name, x, growth)
  local y = n:relu(n:batchnorm(name .. ".norm1", x))
  y = n:relu(n:batchnorm(name .. ".norm2", n:conv(name .. ".conv1", y, 4 * growth, 1)))
  return n:conv(name .. ".conv2", y, growth, 3)
end

local function densenet(n, growth, first, blocks)
  local x = n:conv("features.conv0", n.input, first, 7, {stride = 2})
  x = n:maxpool(n:relu(n:batchnorm("features.norm0", x)), 3, {stride = 2, padding = 1})
  for block, count in ipairs(blocks) do
    local made = {x}
    for i = 1, count do
      local name = ("features.denseblock%d.denselayer%d"):format(block, i)
      table.insert(made, dense_layer(n, name, i == 1 and x or n:concat(made), growth))
    end
    x = n:concat(made)
    if block < #blocks then
      local name = ("features.transition%d"):format(block)
      x = n:conv(name .. ".conv", n:relu(n:batchnorm(name .. ".norm", x)), x.channels // 2, 1)
      x = n:avgpool(x, 2)
    end
  end
  x = n:relu(n:batchnorm("features.norm5", x))
  return n:linear("classifier", n:flatten(n:average(x)), n.classes)
end

for _, row in ipairs{
  {121, 32, 64, {6, 12, 24, 16}}, {161, 48, 96, {6, 12, 36, 24}}, {169, 32, 64, {6, 12, 32, 32}},
  {201, 32, 64, {6, 12, 48, 32}},
} do
  local depth, growth, first, blocks = table.unpack(row)
  ippro.network{
    name = "densenet" .. depth, title = "DenseNet-" .. depth, paper = "arXiv:1608.06993", input = {3, 224, 224},
    classes = 1000, by = "torchvision and timm", build = function(n) return densenet(n, growth, first, blocks) end,
    names = {{by = "torchvision's older files", {"(%.denselayer%d+%.%a+)(%d)", "%1.%2"}}},
  }
end
