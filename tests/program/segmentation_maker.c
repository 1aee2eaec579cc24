/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes what tests/program/segmentation.sh works on:
 *
 *     segmentation_maker network CLASSES FILE.onnx   a network for images of 3x48x64 that tells colours apart
 *     segmentation_maker half FILE.onnx              one whose output has half the size of its input
 *     segmentation_maker cityscapes FOLDER           a set in the layout of Cityscapes, for 19 classes
 *     segmentation_maker voc FOLDER                  one in the layout of PASCAL VOC, for 21 classes
 *
 * A pixel of class c that the network is to take for class k has the label c and the colour of k, so that it
 * is known without the program what the network says. The sets are counted here, by a confusion matrix, and
 * what comes out is written to standard output: "mIoU VALUE", "pixels VALUE", "image NUMBER VALUE", "class
 * NAME IoU". */
#include <math.h>
#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/status.h"
#include "onnx/onnx_write.h"
#include "support/graph_maker.h"
#include "support/segmenter.h"

enum { HEIGHT = 48, WIDTH = 64, PIXELS = HEIGHT * WIDTH, IMAGES = 4, MOST_CLASSES = 21, VOID = 255 };

/* Far apart from one another, and the same for both sets. */
static void color_of(int label, uint8_t color[3])
{
    color[0] = (uint8_t)(20 + 100 * (label % 3));
    color[1] = (uint8_t)(20 + 100 * (label / 3 % 3));
    color[2] = (uint8_t)(20 + 100 * (label / 9));
}

/* --- the network ------------------------------------------------------------------------------------------
 */

static struct tensor *reals(int count, const double *values, int rank, const int64_t *dims)
{
    const struct shape shape = shape_of(rank, dims);
    struct tensor *tensor = tensor_new(ELEMENT_FLOAT, &shape);
    if (!tensor)
        abort();
    for (int i = 0; i < count; i++)
        ((float *)tensor->data)[i] = (float)values[i];
    return tensor;
}

/* A 1x1 convolution whose first three channels are the colours and the others next to nothing, a Relu, and
 * one to the logits 2 c.x - c.c of the colours c: the largest is that of the nearest colour. */
static struct graph *color_network(int classes)
{
    enum { CHANNELS = 12, FIRST = CHANNELS * 3, MOST_SECOND = MOST_CLASSES * CHANNELS };
    double first[FIRST] = {0}, second[MOST_SECOND] = {0}, bias[MOST_CLASSES] = {0};
    struct graph *graph = make_graph(13);
    for (int i = 0; i < FIRST; i++)
        first[i] = i % 3 == i / 3 ? 1 : i < 9 ? 0 : 1e-3 * (1 + i % 5);
    for (int c = 0; c < classes; c++) {
        uint8_t color[3];
        color_of(c, color);
        for (int k = 0; k < CHANNELS; k++)
            second[c * CHANNELS + k] = k < 3 ? 2 * color[k] / 255.0 : 0;
        for (int k = 0; k < 3; k++)
            bias[c] -= color[k] / 255.0 * color[k] / 255.0;
    }
    make_input(graph, "image", DIMS(DIMENSION_UNKNOWN, 3, HEIGHT, WIDTH));
    make_tensor(graph, "colors.weight", reals(FIRST, first, 4, (const int64_t[]){CHANNELS, 3, 1, 1}));
    make_tensor(graph, "classes.weight",
                reals(classes * CHANNELS, second, 4, (const int64_t[]){classes, CHANNELS, 1, 1}));
    make_tensor(graph, "classes.bias", reals(classes, bias, 1, (const int64_t[]){classes}));
    make_node(graph, "colors", "Conv", NAMES("image", "colors.weight"), NAMES("c"), NO_ATTRIBUTES);
    make_node(graph, "relu", "Relu", NAMES("c"), NAMES("r"), NO_ATTRIBUTES);
    make_node(graph, "classes", "Conv", NAMES("r", "classes.weight", "classes.bias"), NAMES("scores"),
              NO_ATTRIBUTES);
    make_output(graph, "scores");
    return graph;
}

static int write_network(struct graph *graph, const char *path)
{
    struct error error = {0};
    status code = graph_finish(graph, &error);
    if (code == STATUS_OK)
        code = onnx_write(path, graph, NULL, 0, &error);
    graph_free(graph);
    if (code != STATUS_OK)
        fprintf(stderr, "%s\n", error.message);
    return code != STATUS_OK;
}

/* --- a set ------------------------------------------------------------------------------------------------
 */

struct set {
    const char *folder;
    int classes;
    const uint8_t *numbers; /* of the labels in files, per class */
    int palette;
    int64_t confusion[MOST_CLASSES][MOST_CLASSES];
};

static void write_png(const char *path, const uint8_t *pixels, bool map, bool palette)
{
    png_image image = {.version = PNG_IMAGE_VERSION, .width = WIDTH, .height = HEIGHT};
    uint8_t colors[256 * 3];
    for (int i = 0; i < 256 * 3; i++)
        colors[i] = (uint8_t)(i * 37); /* not grey, so that the file keeps them */
    image.format = !map ? PNG_FORMAT_RGB : palette ? PNG_FORMAT_RGB_COLORMAP : PNG_FORMAT_GRAY;
    image.colormap_entries = palette ? 256 : 0;
    if (!png_image_write_to_file(&image, path, 0, pixels, 0, palette && map ? colors : NULL)) {
        fprintf(stderr, "%s: %s\n", path, image.message);
        exit(1);
    }
}

/* Mean over the classes that are there. */
static double mean_iou(const struct set *set, const int64_t confusion[MOST_CLASSES][MOST_CLASSES],
                       double iou[MOST_CLASSES])
{
    double sum = 0;
    int present = 0;
    for (int c = 0; c < set->classes; c++) {
        int64_t row = 0, column = 0;
        for (int k = 0; k < set->classes; k++) {
            row += confusion[c][k];
            column += confusion[k][c];
        }
        const int64_t either = row + column - confusion[c][c];
        iou[c] = either > 0 ? (double)confusion[c][c] / (double)either : NAN;
        present += either > 0;
        sum += either > 0 ? iou[c] : 0;
    }
    return sum / present;
}

/* Rectangles of labels, some of none, and patches that look like another class. The last two classes are
 * nowhere. */
static void draw(struct set *set, int index, uint8_t *colors, uint8_t *labels)
{
    static int truth[PIXELS], seen[PIXELS];
    int64_t confusion[MOST_CLASSES][MOST_CLASSES] = {0};
    double iou[MOST_CLASSES];
    struct random_state random;
    random_seed(&random, 11, (uint64_t)index);
    for (int layer = 0; layer < 30; layer++) {
        const int top = (int)random_below(&random, HEIGHT), left = (int)random_below(&random, WIDTH);
        const int label = (int)random_below(&random, (uint64_t)set->classes - 2);
        const int other = (int)random_below(&random, (uint64_t)set->classes - 2);
        for (int i = 0; i < PIXELS; i++) {
            if (layer > 0 &&
                (i / WIDTH < top || i % WIDTH < left || i / WIDTH > top + 20 || i % WIDTH > left + 25))
                continue;
            truth[i] = layer % 7 == 6 ? -1 : label;
            seen[i] = layer % 3 == 2 ? other : label;
        }
    }
    for (int i = 0; i < PIXELS; i++) {
        color_of(seen[i], colors + (size_t)3 * (size_t)i);
        labels[i] = truth[i] < 0 ? VOID : set->numbers[truth[i]];
        if (truth[i] < 0)
            continue;
        confusion[truth[i]][seen[i]]++;
        set->confusion[truth[i]][seen[i]]++;
    }
    printf("image %d %.17g\n", index, mean_iou(set, (const int64_t(*)[MOST_CLASSES])confusion, iou));
}

static void make_folder(const struct set *set, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", set->folder, name);
    for (char *at = path + 1; *at; at++)
        if (*at == '/') {
            *at = '\0';
            mkdir(path, 0777);
            *at = '/';
        }
    mkdir(path, 0777);
}

static void write_image(struct set *set, int index, const char *image, const char *map)
{
    static uint8_t colors[PIXELS * 3], labels[PIXELS];
    char path[4096];
    draw(set, index, colors, labels);
    snprintf(path, sizeof path, "%s/%s", set->folder, image);
    write_png(path, colors, false, false);
    snprintf(path, sizeof path, "%s/%s", set->folder, map);
    write_png(path, labels, true, set->palette);
}

static void report(const struct set *set)
{
    double iou[MOST_CLASSES];
    int64_t right = 0, all = 0;
    printf("mIoU %.17g\n", mean_iou(set, set->confusion, iou));
    for (int c = 0; c < set->classes; c++)
        for (int k = 0; k < set->classes; k++) {
            all += set->confusion[c][k];
            right += c == k ? set->confusion[c][k] : 0;
        }
    printf("pixels %.17g\n", (double)right / (double)all);
    for (int c = 0; c < set->classes; c++)
        if (!isnan(iou[c]))
            printf("class %d %.17g\n", c, iou[c]);
}

static int make_cityscapes(const char *folder)
{
    static const uint8_t numbers[] = {7,  8,  11, 12, 13, 17, 19, 20, 21, 22,
                                      23, 24, 25, 26, 27, 28, 31, 32, 33};
    struct set set = {.folder = folder, .classes = 19, .numbers = numbers};
    for (int i = 0; i < IMAGES; i++) {
        char image[256], map[256];
        const char *city = i < 2 ? "aachen" : "ulm";
        snprintf(image, sizeof image, "leftImg8bit/val/%s", city);
        make_folder(&set, image);
        snprintf(map, sizeof map, "gtFine/val/%s", city);
        make_folder(&set, map);
        snprintf(image, sizeof image, "leftImg8bit/val/%s/%s_%06d_000019_leftImg8bit.png", city, city, i);
        snprintf(map, sizeof map, "gtFine/val/%s/%s_%06d_000019_gtFine_labelIds.png", city, city, i);
        write_image(&set, i, image, map);
    }
    report(&set);
    return 0;
}

/* A PNG by the name of a JPEG is read as what it is, so that this needs no libjpeg. */
static int make_voc(const char *folder)
{
    uint8_t numbers[MOST_CLASSES];
    char path[4096];
    struct set set = {.folder = folder, .classes = MOST_CLASSES, .numbers = numbers, .palette = 1};
    for (int i = 0; i < MOST_CLASSES; i++)
        numbers[i] = (uint8_t)i;
    make_folder(&set, "VOC2012/JPEGImages");
    make_folder(&set, "VOC2012/SegmentationClass");
    make_folder(&set, "VOC2012/ImageSets/Segmentation");
    snprintf(path, sizeof path, "%s/VOC2012/ImageSets/Segmentation/val.txt", folder);
    FILE *list = fopen(path, "w");
    if (!list)
        return 1;
    for (int i = 0; i < IMAGES; i++) {
        char image[256], map[256];
        snprintf(image, sizeof image, "VOC2012/JPEGImages/2007_%06d.jpg", i);
        snprintf(map, sizeof map, "VOC2012/SegmentationClass/2007_%06d.png", i);
        write_image(&set, i, image, map);
        fprintf(list, "2007_%06d\n", i);
    }
    fclose(list);
    report(&set);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "network") == 0)
        return write_network(color_network(atoi(argv[2])), argv[3]);
    if (argc == 3 && strcmp(argv[1], "half") == 0)
        return write_network(segmenter(19, HEIGHT, WIDTH, SEGMENTER_HALF_SIZE, 1), argv[2]);
    if (argc == 3 && strcmp(argv[1], "cityscapes") == 0)
        return make_cityscapes(argv[2]);
    if (argc == 3 && strcmp(argv[1], "voc") == 0)
        return make_voc(argv[2]);
    fprintf(stderr,
            "usage: segmentation_maker network CLASSES FILE | half FILE | cityscapes FOLDER | voc FOLDER\n");
    return 2;
}
