-- SPDX-License-Identifier: GPL-3.0-or-later
-- The criterion cop, after COP (Wang et al., IJCAI 2019, arXiv 1906.10337): a filter that another filter of its layer
-- resembles is redundant. The score is 1 less the largest absolute Pearson correlation of its weights with those of any
-- other filter of the layer. COP itself goes on from there with a normalisation over layers and with terms for parameters
-- and multiply-adds, which are not here: this is its measure of redundancy alone.
--
--   run cop.lua                    then: score geomedian cop; corr
local function standardised(filter)
    local mean, squares, result = 0, 0, {}
    for _, weight in ipairs(filter) do mean = mean + weight / #filter end
    for i, weight in ipairs(filter) do
        result[i] = weight - mean
        squares = squares + result[i] * result[i]
    end
    local length = math.sqrt(squares)
    for i = 1, #result do result[i] = length > 0 and result[i] / length or 0 end
    return result
end

ippro.criterion{
    name = "cop", title = "Correlation of filters", needs = {"weights"}, paper = "arXiv 1906.10337",
    help = "1 - largest absolute correlation with another filter of the layer",
    score = function(_, c)
        local filters, highest = {}, {}
        for i, filter in ipairs(c.weights) do filters[i], highest[i] = standardised(filter), 0 end
        for i = 1, #filters do
            local a = filters[i]
            for j = i + 1, #filters do
                local b, dot = filters[j], 0
                for k = 1, #a do dot = dot + a[k] * b[k] end
                dot = math.min(math.abs(dot), 1)
                if dot > highest[i] then highest[i] = dot end
                if dot > highest[j] then highest[j] = dot end
            end
        end
        for i = 1, #highest do highest[i] = 1 - highest[i] end
        return highest
    end,
}
