/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ranks' turns in a run. Every rank hears of every task in order, from the rank that computes it, until
 * one tells of a failure: so none waits for what never comes. A rank that cannot go on takes part until it is
 * its own turn to tell. */
#include "nn/engine/run_internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/pool.h"
#include "base/ranks.h"
#include "base/status.h"
#include "nn/engine/engine.h"
#include "nn/engine/handover.h"

enum { RUN_NAME = 120 };

static void name_run(const struct runner *runner, const char *when, char name[RUN_NAME])
{
    snprintf(name, RUN_NAME, "%s: %s %" PRId64 " images", runner->run->title ? runner->run->title : "a run",
             when, runner->run->images - runner->run->start);
}

status turns_begin(struct runner *runner, status code, struct error *error)
{
    char name[RUN_NAME];
    if (ranks_count() == 1)
        return code;
    name_run(runner, "before", name);
    code = ranks_agree(name, code, error);
    if (code == STATUS_OK)
        runner->options.batch = ranks_least(runner->options.batch);
    return code;
}

int64_t turns_share(int64_t tasks)
{
    return (tasks - ranks_index() + ranks_count() - 1) / ranks_count();
}

int64_t turns_task(int64_t share)
{
    return share * ranks_count() + ranks_index();
}

static struct handover_parts parts_of(const struct runner *runner, const struct run_worker *results,
                                      const struct engine *engine, int64_t count)
{
    const int64_t losses = count * (runner->replacement_count + 1);
    const int64_t classes = results->pixels ? engine_output(engine)->shape.dim[1] : 0;
    return (struct handover_parts){.losses = results->losses,
                                   .pixels = results->pixels,
                                   .labels = results->labels,
                                   .loss_count = losses,
                                   .pixel_count = losses * classes,
                                   .label_count = count * runner->labels_per_image,
                                   .outputs = !runner->run->without_outputs};
}

/* What it takes to hear of other ranks' tasks. */
static status make_handover(struct runner *runner, const struct engine *model, struct error *error)
{
    if (runner->handover)
        return STATUS_OK;
    if (!worker_memory(runner, &runner->others, engine_output(model)->shape.dim[1]))
        return error_memory(error);
    return handover_new(model, &runner->handover, error);
}

/* Task runner->next of another rank. model: an engine of this rank, NULL: what was computed is of no use. */
static status hear(struct runner *runner, const struct engine *model, struct error *error)
{
    const int64_t task = runner->next++;
    const int root = (int)(task % ranks_count());
    int64_t bytes, first, count = runner_images(runner, task, &first);
    if (handover_hear(root, &bytes, error) != STATUS_OK) {
        runner->over = true;
        return error->code;
    }
    if (!model || make_handover(runner, model, error) != STATUS_OK) {
        handover_drop(bytes, root);
        return model ? error->code : STATUS_OK;
    }
    const struct handover_parts parts = parts_of(runner, &runner->others, model, count);
    const struct engine *arrived = handover_receive(runner->handover, &parts, count, bytes, root);
    return runner_commit(runner, arrived, &runner->others, first, count, error);
}

status turns_take(struct runner *runner, struct run_worker *worker, int64_t task, int64_t *failed,
                  struct error *error)
{
    int64_t first, count = runner_images(runner, task, &first);
    if (ranks_count() == 1)
        return STATUS_OK;
    while (runner->next < task) {
        *failed = runner->next;
        if (hear(runner, worker->engine, error) != STATUS_OK)
            return error->code;
    }
    *failed = task;
    if (make_handover(runner, worker->engine, error) != STATUS_OK)
        return error->code;
    const struct handover_parts parts = parts_of(runner, worker, worker->engine, count);
    handover_send(runner->handover, worker->engine, &parts, count);
    runner->next++;
    return STATUS_OK;
}

/* An engine to know results by, made where this rank had no task; NULL when it cannot be, which `error` says.
 */
static const struct engine *find_model(struct runner *runner, struct error *error)
{
    for (int i = 0; i < pool_threads(runner->run->pool); i++)
        if (runner->workers[i].engine)
            return runner->workers[i].engine;
    return worker_start(runner, &runner->workers[0], error) == STATUS_OK ? runner->workers[0].engine : NULL;
}

void turns_finish(struct runner *runner, int64_t tasks)
{
    struct error error = {0};
    const struct engine *model = NULL;
    if (ranks_count() == 1)
        return;
    if (!runner->over && runner->next < tasks)
        model = find_model(runner, &error);
    if (error.code != STATUS_OK)
        runner_task_failed(runner, runner->next, &error);
    while (!runner->over && runner->next < tasks) {
        const int64_t task = runner->next;
        if (task % ranks_count() == ranks_index()) { /* which was not done, because something failed */
            ranks_name(&runner->error);
            handover_fail(&runner->error);
            runner->over = true;
            continue;
        }
        error = (struct error){0};
        if (hear(runner, task < runner->stop ? model : NULL, &error) != STATUS_OK)
            runner_task_failed(runner, task, &error);
    }
}

status turns_end(struct runner *runner, struct error *error)
{
    char name[RUN_NAME];
    if (runner->error.code != STATUS_OK)
        *error = runner->error;
    if (ranks_count() == 1)
        return runner->error.code;
    name_run(runner, "after", name);
    return ranks_agree(name, runner->error.code, error);
}
