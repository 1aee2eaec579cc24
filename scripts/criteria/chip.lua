-- SPDX-License-Identifier: GPL-3.0-or-later
-- The criterion chip, after CHIP (Sui et al., NeurIPS 2021, arXiv 2110.13981): the independence of a channel is the change
-- of the nuclear norm of a layer's feature maps, one row per channel, when the channel's row is set to zero. CHIP takes the
-- mean over images of that change; here the maps of all images stand side by side in one matrix, whose singular values are
-- the roots of the eigenvalues of the Gram matrix <map i, map j>, and the scores are shares of the whole norm.
-- O(channels^4) in a layer: made for CIFAR's networks (64 channels: a second), not for layers of 512.
--
--   run chip.lua                   then: score chip l1 samples=200; corr
local abs, sqrt = math.abs, math.sqrt

-- A symmetric matrix without row and column `skip` (0: none) made tridiagonal by Householder reflections.
-- Diagonal and the elements below it.
local function tridiagonal(matrix, skip)
    local a, n = {}, 0
    for i = 1, #matrix do
        if i ~= skip then
            local row, m = {}, 0
            for j = 1, #matrix do
                if j ~= skip then m = m + 1; row[m] = matrix[i][j] end
            end
            n = n + 1
            a[n] = row
        end
    end
    for k = 1, n - 2 do
        local scale = 0
        for i = k + 1, n do scale = scale + a[i][k] * a[i][k] end
        scale = sqrt(scale)
        if scale > 0 then
            local v, length, p, dot = {}, 0, {}, 0
            for i = k + 1, n do v[i] = a[i][k] end
            v[k + 1] = v[k + 1] + (v[k + 1] >= 0 and scale or -scale)
            for i = k + 1, n do length = length + v[i] * v[i] end
            for i = k + 1, n do
                local row, sum = a[i], 0
                for j = k + 1, n do sum = sum + row[j] * v[j] end
                p[i] = 2 * sum / length
                dot = dot + p[i] * v[i]
            end
            for i = k + 1, n do p[i] = p[i] - dot / length * v[i] end
            for i = k + 1, n do
                local row, vi, pi = a[i], v[i], p[i]
                for j = k + 1, n do row[j] = row[j] - vi * p[j] - pi * v[j] end
            end
            a[k + 1][k] = a[k + 1][k] >= 0 and -scale or scale
        end
    end
    local diagonal, below = {}, {}
    for i = 1, n do diagonal[i], below[i] = a[i][i], i < n and a[i + 1][i] or 0 end
    return diagonal, below
end

-- Eigenvalues of a tridiagonal matrix by QL steps with implicit shifts, in place of its diagonal.
local function eigenvalues(d, e)
    local n = #d
    for l = 1, n do
        for _ = 1, 60 do
            local m = l
            while m < n and abs(e[m]) > 1e-15 * (abs(d[m]) + abs(d[m + 1])) do m = m + 1 end
            if m == l then break end
            local g = (d[l + 1] - d[l]) / (2 * e[l])
            local r = sqrt(g * g + 1)
            g = d[m] - d[l] + e[l] / (g + (g >= 0 and r or -r))
            local s, c, p, early = 1, 1, 0, false
            for i = m - 1, l, -1 do
                local f, b = s * e[i], c * e[i]
                r = sqrt(f * f + g * g)
                e[i + 1] = r
                if r == 0 then
                    d[i + 1], e[m], early = d[i + 1] - p, 0, true
                    break
                end
                s, c = f / r, g / r
                g = d[i + 1] - p
                r = (d[i] - g) * s + 2 * c * b
                p = s * r
                d[i + 1] = g + p
                g = c * r - b
            end
            if not early then d[l], e[l], e[m] = d[l] - p, g, 0 end
        end
    end
    return d
end

-- Sum of the singular values of maps with this Gram matrix.
local function nuclear_norm(gram, skip)
    local sum = 0
    for _, value in ipairs(eigenvalues(tridiagonal(gram, skip))) do sum = sum + sqrt(math.max(value, 0)) end
    return sum
end

ippro.criterion{
    name = "chip", title = "Channel independence", needs = {"feature-gram"}, paper = "arXiv 2110.13981",
    help = "share of the nuclear norm of the layer's feature maps that goes with the channel",
    score = function(_, c)
        local whole, scores = nuclear_norm(c.gram, 0), {}
        for i = 1, #c.gram do scores[i] = whole > 0 and (whole - nuclear_norm(c.gram, i)) / whole or 0 end
        return scores
    end,
}
