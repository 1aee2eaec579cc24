/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measurements as JSON. Which images were right stands there as hex digits, four images each, the first in
 * the highest bit. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/sampler.h"
#include "nn/engine/quality.h"
#include "session/commands/document.h"
#include "session/commands/session_log.h"
#include "session/measurement.h"

enum { PER_DIGIT = 4 };

/* --- writing -------------------------------------------------------------------------------------------- */

static json_t *correct_string(struct document *document, const struct measurement *measurement)
{
    struct text text = {0};
    for (int64_t i = 0; i < measurement->images; i += PER_DIGIT) {
        int digit = 0;
        for (int64_t k = i; k < i + PER_DIGIT; k++)
            digit = 2 * digit + (k < measurement->images && measurement->correct[k]);
        text_add_format(&text, "%x", digit);
    }
    json_t *value = text.failed ? NULL : json_string(text_data(&text));
    document->failed |= !value;
    text_free(&text);
    return value;
}

static json_t *number_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *measurement_object(struct document *document, const struct measurement *measurement)
{
    const struct sample_options *sample = &measurement->on.sample;
    json_t *object = json_object();
    document_set(document, object, "network", json_string(measurement->network));
    document_set(document, object, "data", json_string(measurement->on.data));
    document_set(document, object, "normalization", document_string(measurement->on.normalization));
    document_set(document, object, "split", document_string(measurement->on.split));
    document_set(document, object, "count", json_integer(sample->count));
    document_set(document, object, "fraction", json_real(sample->fraction));
    document_set(document, object, "balanced", json_boolean(sample->balanced));
    document_set(document, object, "first", json_boolean(sample->order == SAMPLE_FIRST));
    document_set(document, object, "seed", json_integer((json_int_t)sample->seed));
    document_set(document, object, "images", json_integer(measurement->images));
    if (measurement->measure == QUALITY_MEAN_IOU) {
        document_set(document, object, "miou", number_or_null(measurement->value));
        document_set(document, object, "error", number_or_null(measurement->error));
    } else {
        document_set(document, object, "top1", json_integer(measurement->top1));
        document_set(document, object, "top5", json_integer(measurement->top5));
    }
    document_set(document, object, "unanswered", json_integer(measurement->unanswered));
    document_set(document, object, "loss", number_or_null(measurement->loss));
    if (measurement->correct)
        document_set(document, object, "correct", correct_string(document, measurement));
    return object;
}

int session_log_measurements(struct document *document, json_t *array,
                             const struct measurements *measurements, long after)
{
    int count = 0;
    for (int i = 0; i < measurements->count; i++) {
        if (measurements->items[i].serial <= after)
            continue;
        document_append(document, array, measurement_object(document, &measurements->items[i]));
        count++;
    }
    return count;
}

/* --- reading -------------------------------------------------------------------------------------------- */

static bool take_digest(const json_t *object, const char *key, char digest[DIGEST_SIZE])
{
    const char *text = json_string_value(json_object_get(object, key));
    if (!text || strlen(text) != DIGEST_SIZE - 1 || strspn(text, "0123456789abcdef") != DIGEST_SIZE - 1)
        return false;
    memcpy(digest, text, DIGEST_SIZE);
    return true;
}

static bool take_count(const json_t *object, const char *key, int64_t most, int64_t *count)
{
    const json_t *value = json_object_get(object, key);
    *count = json_integer_value(value);
    return json_is_integer(value) && *count >= 0 && *count <= most;
}

/* Older files say only whether it was the training split. */
static bool take_split(const json_t *object, char *split, size_t size)
{
    const json_t *value = json_object_get(object, "split");
    const char *name = json_string_value(value);
    if (!value)
        name = json_is_true(json_object_get(object, "training")) ? "train" : "";
    if (!name || strlen(name) >= size || name[strspn(name, "abcdefghijklmnopqrstuvwxyz")])
        return false;
    strcpy(split, name);
    return true;
}

static bool take_sample(const json_t *object, struct measured_on *on)
{
    const char *normalization = json_string_value(json_object_get(object, "normalization"));
    const json_t *fraction = json_object_get(object, "fraction");
    int64_t seed;
    if (!take_split(object, on->split, sizeof on->split) || !normalization ||
        strlen(normalization) >= sizeof on->normalization || !json_is_number(fraction) ||
        !take_count(object, "count", INT64_MAX, &on->sample.count) ||
        !take_count(object, "seed", INT64_MAX, &seed))
        return false;
    strcpy(on->normalization, normalization);
    on->sample.fraction = json_number_value(fraction);
    on->sample.balanced = json_is_true(json_object_get(object, "balanced"));
    on->sample.order = json_is_true(json_object_get(object, "first")) ? SAMPLE_FIRST : SAMPLE_RANDOM;
    on->sample.seed = (uint64_t)seed;
    return on->sample.fraction >= 0 && on->sample.fraction <= 1;
}

/* False when the digits are not those of the images, of which as many are right as is said. */
static bool take_correct(const char *digits, struct measurement *measurement)
{
    int64_t right = 0;
    for (int64_t i = 0; i < measurement->images; i++) {
        static const char known[] = "0123456789abcdef";
        const char *digit = strchr(known, digits[i / PER_DIGIT]);
        if (!digit)
            return false;
        measurement->correct[i] = (uint8_t)(((digit - known) >> (PER_DIGIT - 1 - i % PER_DIGIT)) & 1);
        right += measurement->correct[i];
    }
    return right == measurement->top1;
}

static bool take_accuracy(const json_t *object, struct measurement *measurement)
{
    const int64_t answered = measurement->images - measurement->unanswered;
    const bool good = take_count(object, "top5", answered, &measurement->top5) &&
                      take_count(object, "top1", measurement->top5, &measurement->top1);
    measurement_count(measurement);
    return good;
}

static bool take_mean_iou(const json_t *object, struct measurement *measurement)
{
    const json_t *value = json_object_get(object, "miou"), *error = json_object_get(object, "error");
    measurement->measure = QUALITY_MEAN_IOU;
    measurement->value = json_is_null(value) ? NAN : json_number_value(value);
    measurement->error = json_is_null(error) ? NAN : json_number_value(error);
    return (json_is_null(value) || json_is_number(value)) && !(measurement->value < 0) &&
           !(measurement->value > 1) && (json_is_null(error) || json_is_number(error)) &&
           !(measurement->error < 0) && !json_object_get(object, "correct");
}

status session_log_measurement(const json_t *object, struct measurement *measurement, struct error *error)
{
    enum { IMAGES_MAX = 1 << 30 };
    const json_t *loss = json_object_get(object, "loss");
    const char *digits = json_string_value(json_object_get(object, "correct"));
    *measurement =
        (struct measurement){.restored = true, .loss = json_is_null(loss) ? NAN : json_number_value(loss)};
    bool good = take_digest(object, "network", measurement->network) &&
                take_digest(object, "data", measurement->on.data) && take_sample(object, &measurement->on) &&
                take_count(object, "images", IMAGES_MAX, &measurement->images) && measurement->images > 0 &&
                take_count(object, "unanswered", measurement->images, &measurement->unanswered) &&
                (json_object_get(object, "miou") ? take_mean_iou(object, measurement)
                                                 : take_accuracy(object, measurement));
    good = good && (!digits || (int64_t)strlen(digits) == (measurement->images + PER_DIGIT - 1) / PER_DIGIT);
    if (good && digits) {
        measurement->correct = mem_new((size_t)measurement->images, sizeof *measurement->correct);
        if (!measurement->correct)
            return error_memory(error);
        good = take_correct(digits, measurement);
    }
    if (good)
        return STATUS_OK;
    mem_free(measurement->correct);
    measurement->correct = NULL;
    return error_set(error, STATUS_FILE, "a measurement that cannot be one");
}
