/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Titles are set as terminfo says (tsl, fsl), or with OSC 2, which xterm and its kin know without telling;
 * these also keep the title before on a stack. */
#include "shell/window.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "session/model.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/words/option.h"
#include "shell/terminal.h"

static const char save_title[] = "\033[22;0t", restore_title[] = "\033[23;0t";
enum { NAME_WIDTH = 40 };

static struct {
    bool open;
    int terminal;
    struct terminal_title form;
    bool changed;      /* the title is ours */
    struct text shown; /* what it says */
    bool titled;       /* the option title */
    int64_t bell;      /* seconds; 0: never */
    struct text network;
} window;

static void send(const char *bytes, size_t length)
{
    if (write(window.terminal, bytes, length) != (ssize_t)length)
        return; /* a terminal that takes nothing shows nothing */
}

void window_open(int descriptor)
{
    if (window.open || terminal_colors(descriptor) < 0) /* no escape sequences at all */
        return;
    window.terminal = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    window.open = window.terminal >= 0;
    if (window.open)
        terminal_title(window.terminal, &window.form);
}

const char *window_end(void)
{
    return window.open && window.form.stacked ? restore_title : "";
}

static void show(const struct text *title)
{
    struct text bytes = {0};
    if (window.form.stacked && !window.changed)
        text_add(&bytes, save_title);
    text_add(&bytes, text_data(&window.form.before));
    text_add(&bytes, text_data(title));
    text_add(&bytes, text_data(&window.form.after));
    if (!bytes.failed)
        send(text_data(&bytes), bytes.length);
    text_free(&bytes);
    window.changed = true;
}

void window_leave(void)
{
    static const struct text empty;
    if (!window.open || !window.changed)
        return;
    if (window.form.stacked)
        send(restore_title, sizeof restore_title - 1);
    else
        show(&empty);
    window.changed = false;
}

void window_return(void)
{
    if (window.open && window.titled && window.shown.length)
        show(&window.shown);
}

void window_close(void)
{
    if (!window.open)
        return;
    window_leave();
    close(window.terminal);
    text_free(&window.form.before);
    text_free(&window.form.after);
    text_free(&window.shown);
    text_free(&window.network);
    memset(&window, 0, sizeof window);
}

/* In another encoding than UTF-8 the bytes of a character might end the title. */
static void make_plain(struct text *text)
{
    for (size_t i = 0; i < text->length && !terminal_utf8(); i++)
        text->data[i] = (unsigned char)text->data[i] < 0x7f ? text->data[i] : '?';
}

/* Takes the title over. */
static void tell(struct text *title)
{
    make_plain(title);
    bool told = window.changed && strcmp(text_data(title), text_data(&window.shown)) == 0;
    if (window.titled && !told && window.form.before.length && !title->failed) {
        show(title);
        text_free(&window.shown);
        window.shown = *title;
    } else {
        text_free(title);
    }
}

void window_idle(const struct session *session)
{
    struct text title = {0};
    if (!window.open)
        return;
    window.bell = option_integer(session->state.options, OPTION_BELL);
    window.titled = option_flag(session->state.options, OPTION_TITLE);
    text_clear(&window.network);
    if (session->state.model)
        text_add_escaped(&window.network, model_title(session->state.model), NAME_WIDTH);
    if (!window.titled)
        window_leave();
    text_add_format(&title, "ippro%s%s", window.network.length ? ": " : "", text_data(&window.network));
    tell(&title);
}

void window_work(const char *command, int64_t done, int64_t total)
{
    struct text title = {0};
    if (!window.open || terminal_in_background(window.terminal))
        return;
    text_add(&title, "ippro: ");
    text_add_escaped(&title, command, NAME_WIDTH);
    if (total > 0)
        text_add_format(&title, " %d %%", (int)(100.0 * (double)done / (double)total));
    if (window.network.length)
        text_add_format(&title, " - %s", text_data(&window.network));
    tell(&title);
}

void window_ring(double seconds)
{
    if (window.open && window.bell > 0 && seconds >= (double)window.bell)
        send("\a", 1);
}
