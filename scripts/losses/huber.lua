-- SPDX-License-Identifier: GPL-3.0-or-later
-- A loss for networks without classes: half the squares of outputs up to 1, and beyond that their size less a half
-- (Huber's function). So boxes in pixels, which are large, do not drown scores between 0 and 1.
--
--     set loss scripts/losses/huber.lua
--     score taylor proscore

local function half_square(x) return math.abs(x) <= 1 and x * x / 2 or math.abs(x) - 0.5 end

return function(outputs)
    local loss = 0
    for _, output in ipairs(outputs) do
        local data, gradient = output.data, output.gradient
        for i = 1, #data do
            local x = data[i]
            loss = loss + half_square(x)
            gradient[i] = math.max(-1, math.min(1, x))
        end
    end
    return loss
end
