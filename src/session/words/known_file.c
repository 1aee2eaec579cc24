/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names and folders of known files. */
#include "session/words/known_file.h"

#include <ctype.h>
#include <dirent.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "session/words/word_list.h"

enum { HEAD_BYTES = 2048 };

const struct known_files known_scripts = {
    .name = "script",
    .folders = {{"scripts", "scripts"},
                {"scripts/criteria", "scripts/criteria"},
                {"scripts/paper", "scripts/paper"}},
    .extensions = {".lua", ".ippro"},
    .whole = true,
};
const struct known_files known_recipes = {
    .name = "recipe",
    .folders = {{"recipes", "scripts/recipes"}},
    .extensions = {".recipe", ".lua"},
};
const struct known_files known_networks = {
    .name = "file of networks",
    .folders = {{"networks", "scripts/networks"}},
    .extensions = {".lua"},
};

/* --- finding -------------------------------------------------------------------------------------------- */

static const char *extension_of(const struct known_files *kind, const char *name)
{
    const char *dot = strrchr(path_base(name), '.');
    for (int i = 0; dot && i < KNOWN_EXTENSIONS && kind->extensions[i]; i++) {
        if (strcmp(dot, kind->extensions[i]) == 0 && dot != path_base(name))
            return kind->extensions[i];
    }
    return NULL;
}

struct search {
    const struct known_files *kind;
    const char *name;
    char *found;
    bool failed; /* memory is out */
};

/* The file if it could be read: while the program is confined the user's own may not. */
static void try_file(struct search *search, const char *folder, const char *extension)
{
    struct error error = {0};
    char *path = mem_format("%s/%s%s", folder, search->name, extension);
    status code = path ? file_check(path, SIZE_MAX, &error) : STATUS_MEMORY;
    search->failed |= code == STATUS_MEMORY;
    if (code == STATUS_OK)
        search->found = path;
    else
        mem_free(path);
}

/* The name, as it is or with every extension. */
static bool search_folder(const char *folder, void *argument)
{
    struct search *search = argument;
    const struct known_files *kind = search->kind;
    if (extension_of(kind, search->name))
        try_file(search, folder, "");
    for (int i = 0; i < KNOWN_EXTENSIONS && kind->extensions[i] && !search->found && !search->failed; i++)
        try_file(search, folder, kind->extensions[i]);
    return search->found || search->failed;
}

/* Every folder of the kind, the user's first, until `visit` has seen enough. False when memory is out. */
static bool visit_folders(const struct known_files *kind, bool (*visit)(const char *folder, void *argument),
                          void *argument)
{
    bool done = false, kept = true;
    char *user = file_user_directory("XDG_CONFIG_HOME", ".config", 0);
    for (int place = user ? -1 : 0; !done && (place < 0 || file_program_folder(place)); place++) {
        const char *root = place < 0 ? user : file_program_folder(place);
        for (int i = 0; !done && i < KNOWN_FOLDERS && kind->folders[i].user; i++) {
            char *folder = path_join(root, place < 0 ? kind->folders[i].user : kind->folders[i].program);
            kept &= folder != NULL;
            done = !folder || visit(folder, argument);
            mem_free(folder);
        }
    }
    mem_free(user);
    return kept;
}

/* Names lead down from a folder, never out of it. */
static bool leads_down(const char *name)
{
    return *name && *name != '/' && *name != '.' && *name != '~' && !strstr(name, "/.");
}

status known_file_find(const struct known_files *kind, const char *name, char **path, struct error *error)
{
    struct stat about;
    char *plain = path_expand(name);
    if (!plain)
        return error_memory(error);
    bool there = stat(plain, &about) == 0, folder = there && S_ISDIR(about.st_mode);
    struct search search = {kind, name, NULL, false};
    if ((!there || folder) && leads_down(name))
        search.failed |= !visit_folders(kind, search_folder, &search);
    if (search.found) {
        mem_free(plain);
        *path = search.found;
        return STATUS_OK;
    }
    if (there && !search.failed) {
        *path = plain;
        return STATUS_OK;
    }
    mem_free(plain);
    if (search.failed)
        return error_memory(error);
    struct word_list words = {0};
    known_file_words(kind, &words);
    const char *hint = word_list_hint(&words, name);
    status code = leads_down(name)
                      ? error_set(error, STATUS_FILE, "%s: no such file, and no %s of that name%s", name,
                                  kind->name, *hint ? hint : ": 'help scripts' lists them")
                      : error_set(error, STATUS_FILE, "%s: no such file", name);
    word_list_free(&words);
    return code;
}

/* --- listing -------------------------------------------------------------------------------------------- */

struct listing {
    const struct known_files *kind;
    struct word_list *list;
};

static bool list_folder(const char *path, void *argument)
{
    struct listing *listing = argument;
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        const char *extension = extension_of(listing->kind, entry->d_name);
        if (!extension)
            continue;
        size_t length = strlen(entry->d_name) - (listing->kind->whole ? 0 : strlen(extension));
        char *word = mem_format("%.*s", (int)length, entry->d_name);
        listing->list->failed |= !word;
        if (word && !word_list_has(listing->list, word))
            word_list_add(listing->list, word);
        mem_free(word);
    }
    if (folder)
        closedir(folder);
    return false;
}

void known_file_words(const struct known_files *kind, struct word_list *list)
{
    struct listing listing = {kind, list};
    list->failed |= !visit_folders(kind, list_folder, &listing);
    word_list_sort(list); /* folders have no order */
}

/* --- heads ---------------------------------------------------------------------------------------------- */

/* The text of a comment line; NULL for every other line. */
static const char *comment_of(const char *line)
{
    size_t marks = strspn(line, "#");
    if (!marks && strncmp(line, "--", 2) == 0)
        marks = strspn(line, "-");
    return marks ? line + marks + strspn(line + marks, " \t") : NULL;
}

/* Bytes of the first sentence: to a stop that a capital or the end follows. */
static size_t sentence_length(const char *text)
{
    size_t i = 0;
    for (; text[i]; i++) {
        bool apart = !text[i + 1] || text[i + 1] == ' ';
        if (apart && text[i] == '?')
            return i + 1;
        if (apart && strchr(".:", text[i]) && (!text[i + 1] || isupper((unsigned char)text[i + 2])))
            return i;
    }
    return i;
}

void text_add_file_head(struct text *text, const char *path)
{
    char head[HEAD_BYTES], *rest = head;
    struct error ignored = {0};
    struct text comment = {0};
    if (file_peek(path, head, sizeof head, &ignored) != STATUS_OK)
        return;
    for (char *line; (line = strsep(&rest, "\n"));) {
        const char *said = comment_of(line);
        if (said && (strstr(said, "SPDX") || *said == '!'))
            continue;
        if (!said || !*said)
            break;
        text_add_format(&comment, "%s%s", comment.length ? " " : "", said);
    }
    char *sentence = mem_format("%.*s", (int)sentence_length(text_data(&comment)), text_data(&comment));
    text->failed |= comment.failed || !sentence;
    if (sentence)
        text_add_escaped(text, sentence, 0);
    mem_free(sentence);
    text_free(&comment);
}
