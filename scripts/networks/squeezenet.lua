-- SPDX-License-Identifier: GPL-3.0-or-later
-- SqueezeNet: few channels, then many from 1x1 and 3x3 convolutions side by side.

local function fire(n, name, x, squeezed, expanded)
  local y = n:relu(n:conv(name .. ".squeeze", x, squeezed, 1, {bias = true}))
  return n:concat(n:relu(n:conv(name .. ".expand1x1", y, expanded, 1, {bias = true})),
    n:relu(n:conv(name .. ".expand3x3", y, expanded, 3, {bias = true})))
end

-- The channels of all fires, and the places of the poolings in the sequence of layers.
local fires = {{16, 64}, {16, 64}, {32, 128}, {32, 128}, {48, 192}, {48, 192}, {64, 256}, {64, 256}}

local function squeezenet(n, channels, kernel, pools)
  local x = n:relu(n:conv("features.0", n.input, channels, kernel, {stride = 2, padding = 0, bias = true}))
  local index = 2
  for _, widths in ipairs(fires) do
    if pools[index] then
      x, index = n:maxpool(x, 3, {stride = 2, ceil = true}), index + 1
    end
    x, index = fire(n, "features." .. index, x, table.unpack(widths)), index + 1
  end
  x = n:relu(n:conv("classifier.1", x, n.classes, 1, {bias = true}))
  return n:flatten(n:average(x))
end

local function describe(version, ...)
  local layers = {...}
  ippro.network{
    name = "squeezenet" .. version, title = "SqueezeNet " .. version, paper = "arXiv:1602.07360",
    input = {3, 224, 224}, classes = 1000, by = "torchvision",
    build = function(n) return squeezenet(n, table.unpack(layers)) end,
  }
end

describe("1.0", 96, 7, {[2] = true, [6] = true, [11] = true})
describe("1.1", 64, 3, {[2] = true, [5] = true, [8] = true})
