/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Work that is kept. */
#include "session/judgement.h"

#include <string.h>

#include "base/digest.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "session/model.h"

void judgement_free(struct judgement *judgement)
{
    curve_free(judgement->curve);
    sensitivity_free(judgement->sensitivity);
    search_free(judgement->search);
    model_free(judgement->model);
    dataset_free(judgement->dataset);
    *judgement = (struct judgement){0};
}

void judgement_hold(struct judgement *held, struct judgement made, const char key[DIGEST_SIZE],
                    struct model *model, struct dataset *dataset)
{
    judgement_free(held);
    *held = made;
    held->model = model_retain(model);
    held->dataset = dataset_retain(dataset);
    memcpy(held->key, key, sizeof held->key);
}

void key_add(struct text *key, const void *bytes, size_t size)
{
    text_add_bytes(key, bytes, size);
}

void key_add_number(struct text *key, double number)
{
    text_add_bytes(key, (const char *)&number, sizeof number);
}

status key_finish(struct text *key, char out[DIGEST_SIZE], struct error *error)
{
    status code = key->failed ? error_memory(error) : STATUS_OK;
    if (code == STATUS_OK)
        digest_bytes(text_data(key), key->length, out);
    text_free(key);
    return code;
}
