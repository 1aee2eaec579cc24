/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast is it? `make bench`; see HACKING.md. */
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/memory.h"
#include "base/text.h"
#include "bench.h"
#include "nn/operator/matrix.h"
#include "peak.h"
#include "support/shared_data.h"
#include "worker.h"

static const char usage[] =
    "usage: bench [OPTION]...\n"
    "  --networks LIST  example, resnet20, resnet56, vgg19_bn, resnet18, resnet50, mobilenet_v2, vit_b_16,\n"
    "                   convnext_tiny, any other name of torchvision.models, or ONNX files\n"
    "                   [resnet56,vgg19_bn,resnet18,resnet50,mobilenet_v2,vit_b_16,convnext_tiny;\n"
    "                   without PyTorch what is in --models, or else the example]\n"
    "  --repeats N      measurements of each, in turn [5]\n"
    "  --seconds S      about how long one takes beyond the first images [1]\n"
    "  --threads N      [one per processor]\n"
    "  --images N       100 % in the test of linearity [10000]\n"
    "  --no-peer        leave PyTorch out\n"
    "  --python FILE    interpreter with torch, torchvision and onnx [/usr/bin/python3]\n"
    "  --models FOLDER  with NAME.onnx or NAME_bn.onnx [$IPPRO_SHARED/data/models]\n"
    "  --cifar FOLDER   CIFAR-10, binary [$IPPRO_SHARED/data/cifar-10-batches-bin]\n"
    "  --csv FILE       every measurement\n"
    "  --sections LIST  throughput, layers, training, learning (its layers), load, accuracy, and scaling and waiting,\n"
    "                   which take the first network [all]\n"
    "  --parties LIST   of the section throughput: forward, criteria, proscore, taylor, double, and of PyTorch\n"
    "                   peer-forward, peer-fused, peer-written, peer-tuned, peer-gates, peer-double [all]\n"
    "  --quick          the example alone, just long enough to see that everything runs\n";

enum { REPEATS = 5, QUICK_IMAGES = 40, WHOLE_IMAGES = 10000 };

static void set_networks(struct settings *settings, const char *list)
{
    char *copy = mem_string(list);
    settings->network_count = 0;
    for (char *rest = copy, *name; (name = strsep(&rest, ","));) {
        if (*name && settings->network_count < NETWORKS_MOST)
            settings->networks[settings->network_count++] = mem_string(name);
    }
    mem_free(copy);
}

static void find_peer(struct settings *settings)
{
    struct error error = {0};
    const char *const check[] = {settings->python, settings->peer, "check", NULL};
    if (settings->python && (!settings->peer || child_run(check, &error) != STATUS_OK))
        settings->python = NULL;
}

static bool whole_number(const char *text, int64_t low, int64_t high, int64_t *number)
{
    return text_to_integer(text, number) && *number >= low && *number <= high;
}

/* false: wrong usage */
static bool take_options(int argc, char **argv, struct settings *settings, const char **csv)
{
    static const struct option options[] = {{"networks", required_argument, NULL, 'n'},
                                            {"repeats", required_argument, NULL, 'r'},
                                            {"seconds", required_argument, NULL, 's'},
                                            {"threads", required_argument, NULL, 't'},
                                            {"images", required_argument, NULL, 'i'},
                                            {"no-peer", no_argument, NULL, 'p'},
                                            {"python", required_argument, NULL, 'y'},
                                            {"models", required_argument, NULL, 'm'},
                                            {"cifar", required_argument, NULL, 'c'},
                                            {"csv", required_argument, NULL, 'o'},
                                            {"sections", required_argument, NULL, 'e'},
                                            {"parties", required_argument, NULL, 'a'},
                                            {"quick", no_argument, NULL, 'q'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    bool right = true;
    int64_t number = 0;
    for (int option; right && (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'n':
            set_networks(settings, optarg);
            break;
        case 'r':
            right = whole_number(optarg, 1, SERIES_MOST, &number);
            settings->repeats = (int)number;
            break;
        case 's':
            right = text_to_double(optarg, &settings->seconds) && settings->seconds > 0;
            break;
        case 't':
            right = whole_number(optarg, 1, 256, &number);
            settings->threads = (int)number;
            break;
        case 'i':
            right = whole_number(optarg, 20, 1000000, &settings->images);
            break;
        case 'p':
            settings->python = NULL;
            break;
        case 'y':
            settings->python = optarg;
            break;
        case 'm':
            settings->models = optarg;
            break;
        case 'c':
            settings->cifar = optarg;
            break;
        case 'o':
            *csv = optarg;
            break;
        case 'e':
            settings->sections = optarg;
            break;
        case 'a':
            settings->parties = optarg;
            break;
        case 'q':
            set_networks(settings, "example");
            settings->repeats = 1;
            settings->seconds = 0.01;
            settings->images = QUICK_IMAGES;
            settings->python = NULL;
            break;
        default:
            right = false;
        }
    }
    return right && optind == argc;
}

/* Networks to measure when none are named: all that can be had. */
static void default_networks(struct settings *settings)
{
    if (settings->network_count)
        return;
    if (settings->python)
        set_networks(settings, "resnet56,vgg19_bn,resnet18,resnet50,mobilenet_v2,vit_b_16,convnext_tiny");
    else
        set_networks(settings, settings->models ? "resnet56" : "example");
}

static void report_machine(const struct settings *settings, struct report *report)
{
    struct series one = {0}, all = {0};
    const double long_enough = 0.1, seconds = fmax(settings->seconds / 5, long_enough);
    report_section(report, "machine", "The machine (multiply-adds between registers count as 2)");
    for (int i = 0; i < settings->repeats; i++) {
        series_add(&one, peak_measure(1, seconds));
        series_add(&all, peak_measure(settings->threads, seconds));
    }
    char item[32];
    snprintf(item, sizeof item, "peak, %d threads", settings->threads);
    report_series(report, "", "peak, 1 thread", &one, "GFLOP/s", NULL);
    report_series(report, "", item, &all, "GFLOP/s", NULL);
    if (!settings->python)
        report_note(report,
                    "The peer is missing: no PyTorch, torchvision and onnx for Python, or not wanted. "
                    "There are no ratios.");
}

static const struct section {
    const char *name;
    bool once; /* for the first network only */
    void (*run)(const struct settings *settings, const struct subject *subject, struct report *report);
} sections[] = {
    {"throughput", false, bench_throughput},
    {"layers", false, bench_layers},
    {"training", false, bench_training},
    {"learning", false, bench_learning_layers},
    {"load", false, bench_load},
    {"accuracy", false, bench_accuracy},
    {"scaling", true, bench_scaling},
    {"waiting", true, bench_waiting},
};

bool bench_listed(const char *list, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = list; at && *at; at += strcspn(at, ",") + (strchr(at, ',') != NULL))
        if (strcspn(at, ",") == length && strncmp(at, name, length) == 0)
            return true;
    return !list;
}

static bool has_section(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (strncmp(sections[i].name, name, length) == 0 && sections[i].name[length] == '\0')
            return true;
    return false;
}

/* What a list names that there is not would silently be left out. */
static bool names_are_known(const char *option, const char *list, bool (*known)(const char *, size_t))
{
    for (const char *at = list; at && *at; at += strcspn(at, ",") + (strchr(at, ',') != NULL)) {
        const size_t length = strcspn(at, ",");
        if (!known(at, length)) {
            fprintf(stderr, "bench: %s: there is no '%.*s'\n", option, (int)length, at);
            return false;
        }
    }
    return true;
}

static void run(const struct settings *settings, struct report *report)
{
    report_machine(settings, report);
    for (int i = 0; i < settings->network_count; i++) {
        struct subject subject;
        struct error error = {0};
        if (subject_init(&subject, settings, settings->networks[i], &error) == STATUS_OK) {
            for (size_t k = 0; k < sizeof sections / sizeof *sections; k++)
                if (bench_listed(settings->sections, sections[k].name) && (i == 0 || !sections[k].once))
                    sections[k].run(settings, &subject, report);
        } else {
            report_failure(report, settings->networks[i], &error);
        }
        subject_free(&subject);
    }
}

static int benchmark(struct settings *settings, const char *csv)
{
    char folder[] = "/tmp/ippro-bench-XXXXXX";
    struct report report = {0};
    if (csv && !(report.csv = fopen(csv, "w"))) {
        perror(csv);
        return EXIT_FAILURE;
    }
    if (!(settings->folder = mkdtemp(folder))) {
        perror(folder);
        return EXIT_FAILURE;
    }
    if (report.csv)
        fputs("section,network,item,repeat,value,unit\n", report.csv);
    run(settings, &report);
    if (report.csv && fclose(report.csv) != 0)
        report.failures++;
    struct error error = {0};
    const char *const clean[] = {"rm", "-r", folder, NULL};
    child_run(clean, &error);
    if (report.failures)
        printf("\n%d things could not be measured.\n", report.failures);
    return report.failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    matrix_choose_kernels(argv);
    if (argc == 5 && strcmp(argv[1], "--worker") == 0)
        return worker_main(argv[2], argv[3], atoi(argv[4]));
    const char *csv = NULL, *source = getenv("SRCDIR"), *program = getenv("IPPRO");
    char *peer = mem_format("%s/tests/bench/peer.py", source ? source : ".");
    char *cifar = shared_find("data/cifar-10-batches-bin"), *models = shared_find("data/models");
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    struct settings settings = {.self = "/proc/self/exe",
                                .program = program ? program : "ippro-explore",
                                .python = "/usr/bin/python3",
                                .peer = peer,
                                .cifar = cifar,
                                .models = models,
                                .threads = online > 1 ? (int)online : 1,
                                .repeats = REPEATS,
                                .seconds = 1,
                                .images = WHOLE_IMAGES};
    bool right = take_options(argc, argv, &settings, &csv) &&
                 names_are_known("--sections", settings.sections, has_section) &&
                 names_are_known("--parties", settings.parties, bench_has_party);
    if (right)
        find_peer(&settings);
    if (right)
        default_networks(&settings);
    if (!right)
        fputs(usage, stderr);
    int code = right ? benchmark(&settings, csv) : 2;
    for (int i = 0; i < settings.network_count; i++)
        mem_free(settings.networks[i]);
    mem_free(peer);
    mem_free(cifar);
    mem_free(models);
    return code;
}
