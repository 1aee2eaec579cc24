/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks to measure with. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/memory.h"
#include "bench.h"
#include "images.h"

enum { IMAGE_FILE_BYTES = 16 << 20, IMAGES_MOST = 512, IMAGES_LEAST = 32 };

/* FOLDER/NAME.onnx or FOLDER/NAME_bn.onnx, owned; NULL when neither is there. */
static char *find_file(const char *folder, const char *name)
{
    static const char *const endings[] = {"_bn.onnx", ".onnx"};
    for (size_t i = 0; folder && i < sizeof endings / sizeof *endings; i++) {
        char *path = mem_format("%s/%s%s", folder, name, endings[i]);
        if (path && access(path, R_OK) == 0)
            return path;
        mem_free(path);
    }
    return NULL;
}

static status export_network(const struct settings *settings, const char *name, char **path,
                             struct error *error)
{
    if (!settings->python)
        return error_set(error, STATUS_NOT_FOUND, "there is no %s.onnx, and without PyTorch none can be made",
                         name);
    *path = mem_format("%s/%s.onnx", settings->folder, name);
    if (!*path)
        return error_memory(error);
    if (access(*path, R_OK) == 0)
        return STATUS_OK;
    const char *const export[] = {settings->python, settings->peer, "export", name, *path, NULL};
    return child_run(export, error);
}

static status find_model(struct subject *subject, const struct settings *settings, struct error *error)
{
    const char *name = subject->name;
    size_t length = strlen(name);
    if (subject->built_in || (length > 5 && strcmp(name + length - 5, ".onnx") == 0))
        subject->model = mem_string(name);
    else if (!(subject->model = find_file(settings->models, name)))
        return export_network(settings, name, &subject->model, error);
    return subject->model ? STATUS_OK : error_memory(error);
}

static status study(struct subject *subject, const struct settings *settings, struct error *error)
{
    struct child child;
    double macs[2] = {0};
    status code = subject_worker(subject, settings, 1, &child, error);
    if (code != STATUS_OK)
        return code;
    code = child_ask(&child, "macs", macs, 2, NULL, error);
    subject->forward_macs = macs[0];
    subject->backward_macs = macs[1];
    child_end(&child);
    return code;
}

status subject_init(struct subject *subject, const struct settings *settings, const char *name,
                    struct error *error)
{
    *subject = (struct subject){.name = name, .built_in = strcmp(name, "example") == 0};
    status code = find_model(subject, settings, error);
    if (code == STATUS_OK)
        code = images_write(subject->model, settings->cifar, IMAGES_LEAST, settings->folder, &subject->images,
                            error);
    if (code == STATUS_OK) {
        const char *shape = strrchr(subject->images, '.'); /* .CxHxWxCLASSES */
        int channels = 0, height = 0, width = 0;
        if (sscanf(shape, ".%dx%dx%d", &channels, &height, &width) != 3 || channels * height * width <= 0)
            code = error_set(error, STATUS_UNSUPPORTED, "%s: its input has no fixed size", name);
        subject->side = height;
        int most = code == STATUS_OK ? IMAGE_FILE_BYTES / (channels * height * width) : 0;
        if (most > IMAGES_LEAST) {
            mem_free(subject->images);
            subject->images = NULL;
            code = images_write(subject->model, settings->cifar, most < IMAGES_MOST ? most : IMAGES_MOST,
                                settings->folder, &subject->images, error);
        }
    }
    return code == STATUS_OK ? study(subject, settings, error) : code;
}

void subject_free(struct subject *subject)
{
    mem_free(subject->model);
    mem_free(subject->images);
}

status subject_worker(const struct subject *subject, const struct settings *settings, int threads,
                      struct child *child, struct error *error)
{
    char count[16];
    snprintf(count, sizeof count, "%d", threads);
    const char *const worker[] = {settings->self, "--worker", subject->model, subject->images, count, NULL};
    return child_start(child, worker, error);
}

static status seconds_of(struct child *child, const char *request, int64_t images, double *seconds,
                         struct error *error)
{
    char line[128];
    const char *count = strchr(request, '%');
    snprintf(line, sizeof line, "%.*s%lld%s", (int)(count - request), request, (long long)images, count + 1);
    return child_ask(child, line, seconds, 1, NULL, error);
}

status images_for(struct child *child, const char *request, int64_t unit, double seconds, int64_t *images,
                  struct error *error)
{
    enum { LONG = 4 };
    double first = 0, taken = 0, more = 0;
    *images = unit;
    status code = seconds_of(child, request, unit, &first, error);
    if (code != STATUS_OK || first > LONG * seconds)
        return code; /* what one unit begins with is a small part of it */
    while (code == STATUS_OK && more < seconds / 4 && *images < IMAGES_ENDLESS / 4) {
        const double factor = more > 0 ? 1 + seconds / 2 / more : 8;
        *images = (int64_t)((double)*images * (factor > 8 ? 8 : factor < 2 ? 2 : factor)) / unit * unit;
        code = seconds_of(child, request, *images, &taken, error);
        more = taken - first;
    }
    if (code != STATUS_OK)
        return code;
    double wanted = (double)unit + (double)(*images - unit) * (more > 0 ? seconds / more : 1);
    wanted = wanted < IMAGES_ENDLESS ? wanted : IMAGES_ENDLESS;
    *images = wanted < (double)(2 * unit) ? 2 * unit : (int64_t)wanted / unit * unit;
    return STATUS_OK;
}
