-- SPDX-License-Identifier: GPL-3.0-or-later
-- The criterion l2-normalised: the Euclidean norm of a filter, divided by the mean norm of its layer. Within a layer the
-- order is that of l2; ranked together (prune l2-normalised 0.3 global=yes) layers of large weights lose their advantage.
--
--   run l2-normalised.lua          then: score l2 l2-normalised; overlap; prune l2-normalised 0.3 global=yes
ippro.criterion{
    name = "l2-normalised", title = "Normalised l2 norm", needs = {"weights"},
    help = "Euclidean norm of the filter over the mean norm of its layer",
    score = function(_, c)
        local norms, sum = {}, 0
        for i, filter in ipairs(c.weights) do
            local squares = 0
            for _, weight in ipairs(filter) do squares = squares + weight * weight end
            norms[i] = math.sqrt(squares)
            sum = sum + norms[i]
        end
        for i = 1, #norms do norms[i] = sum > 0 and norms[i] * #norms / sum or 0 end
        return norms
    end,
}
