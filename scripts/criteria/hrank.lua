-- SPDX-License-Identifier: GPL-3.0-or-later
-- The criterion hrank, after HRank (Lin et al., CVPR 2020, arXiv 2002.10179): the rank of a filter's feature map, as a
-- matrix of height x width, averaged over the images; maps of low rank carry little information. The maps are those behind
-- the element-wise layer that follows. Their ranks are whole numbers that images seldom change, so filters tie: see the
-- column tied of score.
--
--   run hrank.lua                  then: score hrank l1 samples=200; corr
ippro.criterion{
    name = "hrank", title = "Rank of feature maps", needs = {"feature-ranks"}, paper = "arXiv 2002.10179",
    help = "mean rank of the filter's feature maps",
    score = function(_, c)
        local scores = {}
        for i, sum in ipairs(c.rank) do scores[i] = sum / c.images end
        return scores
    end,
}
