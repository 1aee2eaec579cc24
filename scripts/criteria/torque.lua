-- SPDX-License-Identifier: GPL-3.0-or-later
-- The criterion torque, after Torque (Gupta et al., WACV 2024): there a force that grows with the distance from a pivot
-- filter draws the weights together during training, and the filters far away go. Here nothing is trained; what is left
-- of the idea on a finished network is the score ||F_i|| / (1 + |i - pivot|), with the filter of the largest norm as the
-- pivot: of two filters of one size the farther one goes. On a network that was not trained with the force the place of a
-- filter means nothing, so expect little: that is worth seeing beside the others.
--
--   run torque.lua                 then: score l2 torque random; overlap
ippro.criterion{
    name = "torque", title = "Torque", needs = {"weights"},
    help = "norm of the filter over 1 + its distance from the largest filter of the layer",
    score = function(_, c)
        local scores, pivot = {}, 1
        for i, filter in ipairs(c.weights) do
            local squares = 0
            for _, weight in ipairs(filter) do squares = squares + weight * weight end
            scores[i] = math.sqrt(squares)
            if scores[i] > scores[pivot] then pivot = i end
        end
        for i = 1, #scores do scores[i] = scores[i] / (1 + math.abs(i - pivot)) end
        return scores
    end,
}
