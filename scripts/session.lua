-- SPDX-License-Identifier: GPL-3.0-or-later
-- A whole pruning session: score, set ratios, select, judge, change one's mind, remove, export, and check what was
-- exported. The residual streams lose less than the layers inside the blocks, as in the paper's recipes (appendix C of
-- arXiv 2507.14171).
--
--   ippro-explore -e 'set normalize imagenet' session.lua [MODEL [CIFAR-10-FOLDER [OUT.onnx [CRITERION [STREAMS INNER]]]]]
--
-- Without a model, or with "example" and "-": the built-in example and its images. Writes the small network (pruned.onnx),
-- what was cut (OUT.csv beside it), the session's log (OUT.session), session.csv and session.png.
local model = ippro.load(arg[1] or "example")
local folder = arg[2] ~= "-" and arg[2]
local test = folder and ippro.data("cifar10", folder, {split = "test"}) or ippro.data("shapes", {seed = 2})
local data = folder and ippro.data("cifar10", folder, {split = "train"}) or ippro.data("shapes")
local out = arg[3] or "pruned.onnx"
local criterion = arg[4] or "proscore"
local streams, inner = tonumber(arg[5] or 0.05), tonumber(arg[6] or 0.2)
local images = folder and 2000 or 300
local rows, whole = {}, model:cost()

local function note(what)
    local cost, found = model:cost(), model:eval(test, {samples = images, order = "first"})
    rows[#rows + 1] = {
        what, cost.parameters, 100 * cost.parameters / whole.parameters, cost.macs / 1e6, 100 * cost.macs / whole.macs,
        100 * found.top1, 100 * found.error,
    }
    return found.top1
end

note("as loaded")
model:score(data, criterion == "l1" and "l1" or {"l1", criterion})
model:ratios(function(layer) return layer.stream and streams or inner end)

-- Two selections, judged as masks; the better one stays.
print(model:prune("l1"))
local by_l1 = note("mask by l1")
model:undo()
print(model:prune(criterion))
local by_criterion = note("mask by " .. criterion)
local better = by_l1 > by_criterion and "l1" or criterion
if better ~= criterion then
    model:undo()
    model:prune(better)
end

-- Surgery gives the same answers as the mask: the smaller network takes its place.
local masked = math.max(by_l1, by_criterion)
model:apply()
local removed = note("removed, by " .. better)
assert(math.abs(removed - masked) <= 2 / images, "surgery changed the network")
local base = out:gsub("%.onnx$", "")
model:save(out)
model:save(base .. ".csv")
ippro.session("save", base .. ".session")

-- What was written is what there was.
local again = ippro.load(out)
local reopened = again:eval(test, {samples = images, order = "first"}).top1
rows[#rows + 1] = {
    "read from " .. out, again:cost().parameters, 100 * again:cost().parameters / whole.parameters,
    again:cost().macs / 1e6, 100 * again:cost().macs / whole.macs, 100 * reopened,
}
print(ippro.table{
    name = "session", title = ("%s, streams %g, inside the blocks %g, no fine-tuning"):format(
        arg[1] and arg[1]:gsub(".*/", "") or "example", streams, inner),
    columns = {
        "network", "parameters", "parameters, %", "million MACs", "MACs, %", "accuracy, %", "standard error",
    },
    rows = rows,
}:csv("session.csv"):png("session.png"))
