/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding theme files by name. Their lines are read in theme_read.c. */
#include "view/theme.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/file.h"
#include "base/memory.h"
#include "base/share.h"
#include "base/text.h"

static const char suffix[] = ".theme";
enum { SUFFIX_LENGTH = sizeof suffix - 1, NAME_LENGTH = 100 };

/* A name, not a path. */
static bool name_is_plain(const char *name)
{
    return name[0] && name[0] != '.' && !strchr(name, '/') && strlen(name) <= NAME_LENGTH;
}

/* The user's folder of themes; NULL when there is none. */
static char *user_folder(void)
{
    char *config = file_user_directory("XDG_CONFIG_HOME", ".config", 0);
    char *folder = config ? path_join(config, "themes") : NULL;
    mem_free(config);
    return folder;
}

/* "FOLDER/NAME.theme" when that is a file of the user's; NULL when it is not there. */
static char *user_theme(const char *file)
{
    struct stat about;
    char *folder = user_folder(), *path = folder ? path_join(folder, file) : NULL;
    mem_free(folder);
    if (path && stat(path, &about) != 0) {
        mem_free(path);
        path = NULL;
    }
    return path;
}

static status unknown_theme(const char *name, struct error *error)
{
    char **names = NULL;
    size_t count = 0;
    status code = theme_list(&names, &count, error);
    if (code != STATUS_OK)
        return code;
    struct text known = {0};
    for (size_t i = 0; i < count; i++)
        text_add_format(&known, "%s%s", i ? ", " : "", names[i]);
    const char *near = nearest_word(name, (const char *const *)names, count);
    if (count == 0)
        code = error_set(error, STATUS_NOT_FOUND, "there is no theme '%s': no themes are installed", name);
    else
        code =
            error_set(error, STATUS_NOT_FOUND, "there is no theme '%s'%s%s%s (there are: %s)", name,
                      near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "", text_data(&known));
    text_free(&known);
    theme_list_free(names, count);
    return code;
}

status theme_load(const char *name, struct theme **theme, struct error *error)
{
    *theme = NULL;
    if (!name_is_plain(name))
        return unknown_theme(name, error);
    char *file = mem_format("themes/%s%s", name, suffix);
    if (!file)
        return error_memory(error);
    char *path = user_theme(path_base(file));
    status code = path ? STATUS_OK : file_program_data(file, &path, error);
    mem_free(file);
    if (code == STATUS_NOT_FOUND)
        return unknown_theme(name, error);
    if (code == STATUS_OK)
        code = theme_read(path, theme, error);
    mem_free(path);
    return code;
}

struct name_list {
    char **names;
    size_t count, capacity;
};

static status add_name(struct name_list *list, const char *file, struct error *error)
{
    size_t length = strlen(file);
    if (length <= SUFFIX_LENGTH || strcmp(file + length - SUFFIX_LENGTH, suffix) != 0 || file[0] == '.')
        return STATUS_OK;
    char *name = mem_format("%.*s", (int)(length - SUFFIX_LENGTH), file);
    if (!name || !mem_grow(&list->names, &list->capacity, list->count + 1, sizeof *list->names)) {
        mem_free(name);
        return error_memory(error);
    }
    list->names[list->count++] = name;
    return STATUS_OK;
}

/* A folder that cannot be read has no themes. */
static status add_folder(struct name_list *list, const char *folder, struct error *error)
{
    status code = STATUS_OK;
    DIR *directory = folder ? opendir(folder) : NULL;
    struct dirent *entry;
    while (directory && code == STATUS_OK && (entry = readdir(directory)) != NULL)
        code = add_name(list, entry->d_name, error);
    if (directory)
        closedir(directory);
    return code;
}

/* The program's folder is where its default theme lies. */
static status add_program_folder(struct name_list *list, struct error *error)
{
    char *path;
    struct error absent = {0};
    status code = file_program_data("themes/dark.theme", &path, &absent);
    if (code == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (code != STATUS_OK) {
        *error = absent;
        return code;
    }
    *strrchr(path, '/') = '\0';
    code = add_folder(list, path, error);
    mem_free(path);
    return code;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

status theme_list(char ***names, size_t *count, struct error *error)
{
    struct name_list list = {0};
    char *folder = user_folder();
    status code = add_folder(&list, folder, error);
    mem_free(folder);
    if (code == STATUS_OK)
        code = add_program_folder(&list, error);
    if (code != STATUS_OK) {
        theme_list_free(list.names, list.count);
        return code;
    }
    if (list.count > 0)
        qsort(list.names, list.count, sizeof *list.names, compare_names);
    size_t kept = 0;
    for (size_t i = 0; i < list.count; i++) {
        if (kept > 0 && strcmp(list.names[i], list.names[kept - 1]) == 0)
            mem_free(list.names[i]);
        else
            list.names[kept++] = list.names[i];
    }
    *names = list.names;
    *count = kept;
    return STATUS_OK;
}

void theme_list_free(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mem_free(names[i]);
    mem_free(names);
}

struct theme *theme_retain(struct theme *theme)
{
    if (theme)
        share_add(&theme->shares);
    return theme;
}

void theme_free(struct theme *theme)
{
    if (!theme || !share_drop(&theme->shares))
        return;
    mem_free(theme->name);
    mem_free(theme);
}

void theme_palette(int color, unsigned char rgb[3])
{
    static const unsigned char basic[16][3] = {
        {0, 0, 0},     {205, 0, 0},     {0, 205, 0},     {205, 205, 0},   {0, 0, 238}, {205, 0, 205},
        {0, 205, 205}, {229, 229, 229}, {127, 127, 127}, {255, 0, 0},     {0, 255, 0}, {255, 255, 0},
        {92, 92, 255}, {255, 0, 255},   {0, 255, 255},   {255, 255, 255},
    };
    static const unsigned char cube[6] = {0, 95, 135, 175, 215, 255};
    if (color < 0 || color > 255)
        color = 0;
    if (color < 16) {
        memcpy(rgb, basic[color], 3);
    } else if (color < 232) {
        rgb[0] = cube[(color - 16) / 36];
        rgb[1] = cube[(color - 16) / 6 % 6];
        rgb[2] = cube[(color - 16) % 6];
    } else {
        rgb[0] = rgb[1] = rgb[2] = (unsigned char)(8 + 10 * (color - 232));
    }
}
