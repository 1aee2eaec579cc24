-- SPDX-License-Identifier: GPL-3.0-or-later
-- The built-in example, shapes-resnet.onnx, from nothing: a ResNet-14 for images of 32x32 pixels (He et al. 2015, section
-- 4.2; widths 16, 32, 64, shortcuts without parameters), trained on the first 20,000 images of the set shapes.
--
--   ippro-explore examples/train-example.lua [FILE.onnx [SEED [EPOCHS]]]
--
-- Some minutes on two cores. The same seed gives the same file, whatever the number of threads, on processors with the
-- same vector instructions; on others, and with other kernels, sums round differently: it is another one of the kind.
local file, seed, epochs = arg[1] or "trained.onnx", math.tointeger(arg[2] or 1), math.tointeger(arg[3] or 12)
local images = 20000

local model = ippro.build("cifar-resnet14", {classes = 10, seed = seed})
ippro.data("shapes", {images = images, seed = 1, normalize = "half"})
model = model:train{
    epochs = epochs, batch = 64, lr = 0.1, warmup = 1, nesterov = true, decay = 5e-4, schedule = "cosine",
    augment = {"crop:2", "flip"}, judge = 2000, seed = seed,
    on_epoch = function(record)
        local loss = record.epoch > 0 and ("loss %.4f, "):format(record.train_loss) or ""
        print(("epoch %d: %stest accuracy %.2f %%"):format(record.epoch, loss, 100 * record.value))
    end,
}

local answer = model:eval(ippro.data("shapes", {split = "test", images = 2000, seed = 1, normalize = "half"}), {samples = "all"})
model:save(file)
print(("%s: %.2f %% of %d test images, mean loss %.4f"):format(file, 100 * answer.top1, answer.images, answer.loss))
