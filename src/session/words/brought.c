/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of words from elsewhere. A test sees to it that all they lead to is there. */
#include "session/words/brought.h"

#include <ctype.h>
#include <stddef.h>

static const struct brought table[] = {
    {{"magnitude", "weight magnitude", "norm"},
     "How large a filter's weights are: the criterion l1 adds their absolute values, l2 is their Euclidean "
     "length.",
     {"l1", "l2"}},
    {{"l1-norm", "l1 norm", "sum of absolute weights"},
     "The criterion l1: the sum of the absolute weights of a filter.",
     {"l1"}},
    {{"l2-norm", "euclidean norm", "frobenius norm"},
     "The criterion l2: the Euclidean length of a filter.",
     {"l2"}},
    {{"fpgm", "geometric median", "median", "redundancy"},
     "FPGM prunes the filters nearest to the geometric median of their layer: the criterion geomedian.",
     {"geomedian"}},
    {{"ippro", "projective", "projective geometry", "pro", "offset"},
     "IPPRO is the method that the criterion proscore comes from: how a gradient step moves a filter in "
     "projective space.",
     {"proscore", "gamma"}},
    {{"lambda", "step", "step size", "learning rate"},
     "PROscore's step is called gamma here; with grad=batchsum or grad=sum the effective gamma is the option "
     "times the number of batches or images.",
     {"gamma", "grad"}},
    {{"beta", "batchnorm", "batch normalization", "slimming", "network slimming", "bn scale"},
     "A layer's BatchNorm has a scale (gamma elsewhere) and a shift (beta). The criterion bn, as in network "
     "slimming, is the absolute scale.",
     {"bn", "layer"}},
    {{"taylor expansion", "first order", "importance estimation"},
     "The criterion taylor: to first order, by how much the loss changes when a channel goes.",
     {"taylor"}},
    {{"saliency", "importance", "sensitivity score", "metric"},
     "What a criterion computes: one number for each channel; the smallest go first. score computes them.",
     {"criteria", "score"}},
    {{"gradient", "gradients", "backward"},
     "The criteria taylor and proscore need gradients of the loss: score runs the images through the network "
     "and back.",
     {"score", "taylor", "proscore"}},
    {{"random pruning", "baseline"},
     "The criterion random is the baseline: random scores from a seed.",
     {"random", "seed"}},
    {{"zeros", "dead channels", "activations"},
     "The criterion apoz counts zeros behind a ReLU; variance, hrank and chip look at activations too. A criterion "
     "of one's own is a few lines of Lua; those that come with the program show how.",
     {"apoz", "variance", "scripts"}},
    {{"hessian", "obs", "optimal brain surgeon", "gauss-newton"},
     "The criterion obd takes the diagonal of the empirical Fisher information for the Hessian; jacobian has its "
     "other elements too, within a channel.",
     {"obd", "jacobian", "fisher"}},
    {{"cop", "torque"},
     "A criterion in Lua that comes with the program: run it by its name, such as run cop.lua; then it "
     "scores and prunes like the others.",
     {"scripts", "run"}},
    {{"flops", "flop", "gflops"},
     "Papers on pruning mostly mean multiply-adds by FLOPs; cost counts these, and count=ptflops counts as "
     "Torch-Pruning does.",
     {"cost"}},
    {{"macs", "mac", "multiply-adds", "parameters", "params"},
     "cost counts parameters, multiply-adds (MACs) and bytes of activations, layer by layer, before and after "
     "pruning.",
     {"cost"}},
    {{"sparsity", "pruning rate", "pruning ratio", "compression"},
     "The share of channels that goes is a ratio: ratio sets it for layers, prune takes one for all, a recipe "
     "has those of a whole network.",
     {"ratio", "prune", "recipes"}},
    {{"global", "global pruning", "threshold", "layerwise"},
     "prune takes a share of every layer; with global=yes it ranks the channels of all layers together.",
     {"prune"}},
    {{"filter pruning", "channel pruning", "structured pruning", "structured", "unstructured"},
     "What this program is about: whole channels go, with the filters that make them. Single weights are never "
     "set to zero.",
     {"pruning", "prune", "apply"}},
    {{"channel", "filters", "neuron", "feature map", "kernel size"},
     "A filter makes a channel. LAYER:CHANNEL names one, counted from 0: filter shows all that is known of it.",
     {"filter", "layer"}},
    {{"stage", "stages", "block", "blocks"},
     "Layers whose names begin alike are a stage, and its name stands for them: layers layer1. A block is what "
     "has one ratio: channels tied together over the same layers.",
     {"syntax", "ratio", "group"}},
    {{"residual", "stream", "skip connection", "shortcut", "coupling", "dependency"},
     "Channels that an addition joins go together: group tells which; streams stands for the residual streams "
     "where a ratio is set.",
     {"group", "ratio"}},
    {{"mask", "masking", "soft pruning"},
     "prune selects: what is selected is masked, and can come back. apply removes it for good.",
     {"prune", "unprune", "apply"}},
    {{"surgery", "remove", "hard pruning", "export"},
     "apply removes the selected channels; save writes the smaller network as an ONNX file.",
     {"apply", "save"}},
    {{"finetune", "fine-tuning", "retrain", "train"},
     "finetune trains what pruning left; train does with the defaults of a whole training. 'help presets' lists "
     "recipes by name.",
     {"finetune", "train", "training"}},
    {{"accuracy", "top-1", "evaluate", "test", "loss"},
     "eval measures accuracy and loss on images; curve does for many ratios.",
     {"eval", "curve"}},
    {{"spearman", "kendall", "pearson", "correlation", "agreement"},
     "corr shows how far criteria order filters alike; the option method chooses the coefficient.",
     {"corr", "method", "overlap"}},
    {{"histogram", "distribution", "heatmap", "plot", "chart"},
     "hist shows how scores are spread, heat and scatter show more; > FILE.png behind a command writes its "
     "figure.",
     {"hist", "heat", "scatter", "files"}},
    {{"png", "csv", "json", "write", "redirect"},
     "> FILE.csv, .json, .npy, .npz, .png or .txt behind a command writes its figures to a file.",
     {"files", "syntax"}},
    {{"onnx", "model", "network", "pytorch", "checkpoint", "pth"},
     "load reads a network from an ONNX file, as torch.onnx.export writes it, or recognises a checkpoint's weights.",
     {"load", "networks", "files"}},
    {{"state_dict", "safetensors", "weights", "torchvision", "timm", "architecture"},
     "load recognises weights without a graph by the names and shapes of their parameters; networks lists which.",
     {"load", "networks"}},
    {{"from scratch", "initialise", "initialization", "random weights", "kaiming", "xavier"},
     "build makes a network that is described, with weights drawn at random, to be trained from nothing.",
     {"build", "networks"}},
    {{"cifar", "cifar-10", "dataset", "image folder", "mnist", "fashion mnist"},
     "data opens images: CIFAR and MNIST as they are downloaded, folders and lists of pictures, arrays of NumPy; "
     "shapes is made by the program; normalize=imagenet is a way to normalise pixels.",
     {"data", "images", "normalize", "samples"}},
    {{"jpeg", "jpg", "resize", "center crop", "transform", "preprocessing"},
     "data scales and crops pictures as Torchvision does for evaluation: resize=, crop=.",
     {"data", "images"}},
    {{"script", "batch", "automation", "macro"},
     "run FILE.lua runs a Lua script, run FILE a file of commands; help scripts lists those that have names.",
     {"run", "scripts", "lua"}},
    {{"keyboard", "shortcuts", "key bindings", "mouse", "tab"},
     "F1 lists the keys of the full screen; bind changes them.",
     {"keys", "panes", "bind"}},
};

const struct brought *brought_at(int index)
{
    return index >= 0 && index < (int)(sizeof table / sizeof *table) ? &table[index] : NULL;
}

static int plain(char character)
{
    return character == '-' || character == '_' ? ' ' : tolower((unsigned char)character);
}

bool brought_is(const struct brought *brought, const char *name)
{
    for (int i = 0; i < BROUGHT_WORDS && brought->words[i]; i++) {
        size_t at = 0;
        while (name[at] && plain(name[at]) == plain(brought->words[i][at]))
            at++;
        if (!name[at] && !brought->words[i][at])
            return true;
    }
    return false;
}
