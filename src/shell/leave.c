/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell/leave.h"

#include <time.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "session/commands/document.h"
#include "session/commands/unsaved.h"
#include "shell/recovery.h"

void leave_begin(struct shell *shell)
{
    unsaved_tidy();
    shell->recovery = recovery_new(shell->session, shell->resumed);
}

/* The newest that can be read and holds something. */
static bool describe(const struct unsaved *unsaved, struct text *text)
{
    struct document document;
    struct error ignored = {0};
    int damaged;
    if (unsaved_read(unsaved->path, &document, &damaged, &ignored) != STATUS_OK)
        return false;
    bool holds = json_array_size(json_object_get(document.root, "commands")) > 0;
    if (holds)
        text_add_unsaved(text, &document, unsaved->changed.tv_sec, time(NULL));
    document_end(&document);
    return holds;
}

char *leave_offer(void)
{
    struct unsaved_list list;
    struct error ignored = {0};
    struct text text = {0};
    if (unsaved_list(&list, &ignored) != STATUS_OK)
        return NULL;
    for (size_t i = 0; i < list.count && !text.length; i++)
        describe(&list.items[i], &text);
    char *line =
        text.length && !text.failed
            ? mem_format("the last session (%s) was not saved: --resume or the command 'session resume' "
                         "brings it back",
                         text_data(&text))
            : NULL;
    text_free(&text);
    unsaved_list_free(&list);
    return line;
}

static void add_count(struct text *text, int count, const char *what)
{
    if (count)
        text_add_format(text, "%s%d %s%s", text->length ? ", " : "", count, what, count == 1 ? "" : "s");
}

bool leave_asked(struct shell *shell, const char *running)
{
    struct unsaved_work work = recovery_unsaved(shell->recovery);
    struct text text = {0};
    struct error error = {0};
    bool asks = shell->recovery && (running || work.selections || work.ratios);
    if (!asks || shell->leaving)
        return true;
    shell->leaving = true;
    add_count(&text, work.selections, "selection");
    add_count(&text, work.ratios, "ratio");
    if (running)
        error_set(&error, STATUS_STATE, "%s is running: quit again to cancel it and leave", running);
    else
        error_set(&error, STATUS_STATE, "unsaved: %s: quit again to leave, or session save FILE",
                  text_data(&text));
    text_free(&text);
    shell_warn(shell, &error);
    return false;
}

void leave_stay(struct shell *shell)
{
    shell->leaving = false;
}

void leave_note(struct shell *shell, const struct reply *reply)
{
    struct error error = {0};
    if (!shell->recovery && reply->resumed) {
        mem_free(shell->resumed);
        shell->resumed = mem_string(reply->resumed);
    } else if (shell->recovery &&
               recovery_note(shell->recovery, shell->session, reply, &error) != STATUS_OK) {
        shell_warn(shell, &error);
    }
}

bool leave_end(struct shell *shell)
{
    bool kept = recovery_end(shell->recovery);
    shell->recovery = NULL;
    mem_free(shell->resumed);
    shell->resumed = NULL;
    return kept;
}
