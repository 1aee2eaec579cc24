/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/likeness.h"

#include <stdbool.h>
#include <string.h>

/* How files begin that are given as a model by mistake. */
static const struct {
    const char *bytes;
    size_t count, offset;
    const char *what;
} beginnings[] = {
    {"PK\x03\x04", 4, 0, "a zip file"},
    {"PK\x05\x06", 4, 0, "a zip file with nothing in it"},
    {"\x80\x02\x8a\x0al\xfc", 6, 0, "an old PyTorch checkpoint, which holds no network"},
    {"\x80\x02", 2, 0, "a pickle file"},
    {"\x80\x03", 2, 0, "a pickle file"},
    {"\x80\x04", 2, 0, "a pickle file"},
    {"\x80\x05", 2, 0, "a pickle file"},
    {"\x93NUMPY", 6, 0, "an array of NumPy"},
    {"\x89HDF", 4, 0, "an HDF5 file, perhaps of Keras"},
    {"{\"", 2, 8, "a safetensors file, which holds no network"},
    {"\x89PNG", 4, 0, "a PNG image"},
    {"\xff\xd8\xff", 3, 0, "a JPEG image"},
    {"\x1f\x8b", 2, 0, "a gzip file"},
    {"\177ELF", 4, 0, "a program"},
};

static bool looks_like_text(const unsigned char *bytes, size_t size)
{
    size_t count = size < 512 ? size : 512;
    for (size_t i = 0; i < count; i++)
        if (bytes[i] == 0x7f || (bytes[i] < ' ' && !memchr("\t\n\r\f", bytes[i], 4)))
            return false;
    return count > 0;
}

const char *file_looks_like(const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (size >= beginnings[i].offset + beginnings[i].count &&
            memcmp(bytes + beginnings[i].offset, beginnings[i].bytes, beginnings[i].count) == 0)
            return beginnings[i].what;
    return looks_like_text(bytes, size) ? "text" : NULL;
}
