/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The criterion table: the program's rows in their order of display, then those that were added. */
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "score/criteria.h"

enum { ADDED_MAX = 32, NAME_LENGTH = 31 };

#define CRITERION_ROW(name) &criterion_##name,
static const struct criterion *const criteria[] = {CRITERION_LIST(CRITERION_ROW)};
enum { CRITERIA = sizeof criteria / sizeof *criteria };

/* A copy of a row with its texts. Retired ones stay for the scores that name them. */
struct added {
    struct criterion row;
    struct added *older; /* of all that were ever made */
};
static struct added *newest;
static const struct criterion *added[ADDED_MAX];
static int added_count;

const struct criterion *criterion_at(int index)
{
    if (index < 0 || index >= CRITERIA + added_count)
        return NULL;
    return index < CRITERIA ? criteria[index] : added[index - CRITERIA];
}

const struct criterion *criterion_find(const char *name)
{
    for (int i = 0; criterion_at(i); i++) {
        if (strcmp(criterion_at(i)->name, name) == 0)
            return criterion_at(i);
    }
    return NULL;
}

/* --- adding --------------------------------------------------------------------------------------------- */

static status score_retired(const struct criterion_input *input, double *scores,
                            struct criterion_report *report, struct error *error)
{
    (void)scores;
    (void)report;
    return error_set(error, STATUS_STATE, "the criterion %s is not defined any more: define it again",
                     input->criterion->name);
}

bool criterion_is_retired(const struct criterion *criterion)
{
    return criterion->score == score_retired;
}

static void retire(int index)
{
    ((struct criterion *)added[index])->score = score_retired;
    memmove(&added[index], &added[index + 1], (size_t)(added_count - index - 1) * sizeof *added);
    added_count--;
}

void criterion_retire(const void *owner)
{
    for (int i = added_count - 1; i >= 0; i--) {
        if (added[i]->owner == owner)
            retire(i);
    }
}

static status check_name(const char *name, struct error *error)
{
    static const char *const words[] = {"all", "every"}; /* that stand for several criteria */
    size_t length = strlen(name);
    if (length == 0 || length > NAME_LENGTH || !(*name >= 'a' && *name <= 'z') ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != length)
        return error_set(error, STATUS_USAGE,
                         "a criterion's name is a word of at most %d small letters, digits and hyphens",
                         NAME_LENGTH);
    bool taken = false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        taken |= strcmp(words[i], name) == 0;
    for (int i = 0; i < CRITERIA; i++)
        taken |= strcmp(criteria[i]->name, name) == 0;
    return taken
               ? error_set(error, STATUS_USAGE, "the name %s is taken: it is one of the program's own", name)
               : STATUS_OK;
}

static void free_copy(struct added *copy)
{
    if (!copy)
        return;
    mem_free((char *)copy->row.name);
    mem_free((char *)copy->row.title);
    mem_free((char *)copy->row.help);
    mem_free((char *)copy->row.paper);
    mem_free((char *)copy->row.file);
    mem_free(copy);
}

static struct added *copy_row(const struct criterion *row)
{
    struct added *copy = mem_new(1, sizeof *copy);
    if (!copy)
        return NULL;
    copy->row = *row;
    copy->row.name = mem_string(row->name);
    copy->row.title = mem_string(row->title);
    copy->row.help = mem_string(row->help);
    copy->row.paper = row->paper ? mem_string(row->paper) : NULL;
    copy->row.file = row->file ? mem_string(row->file) : NULL;
    if (copy->row.name && copy->row.title && copy->row.help && !row->paper == !copy->row.paper &&
        !row->file == !copy->row.file)
        return copy;
    free_copy(copy);
    return NULL;
}

status criterion_add(const struct criterion *row, const struct criterion **result, struct error *error)
{
    status code = check_name(row->name, error);
    if (code != STATUS_OK)
        return code;
    int place = 0;
    while (place < added_count && strcmp(added[place]->name, row->name) != 0)
        place++;
    if (place == ADDED_MAX)
        return error_set(error, STATUS_RANGE, "more than %d criteria were added", ADDED_MAX);
    struct added *copy = copy_row(row);
    if (!copy)
        return error_memory(error);
    copy->older = newest;
    newest = copy;
    if (place < added_count) {
        ((struct criterion *)added[place])->score = score_retired;
    } else {
        added_count++;
    }
    added[place] = &copy->row;
    *result = &copy->row;
    return STATUS_OK;
}
