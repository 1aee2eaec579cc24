/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zip, tar and gzip files: members as they were put in, and damage that is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <archive.h>
#include <archive_entry.h>
#include <zip.h>
#include <cmocka.h>
#include "archive/archive.h"
#include "archive/package.h"
#include "archive/package_write.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

static char folder[] = "/tmp/ippro-archive-XXXXXX";
static char path[128]; /* of the file of the running case */

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void use(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", folder, name);
}

static void put(const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static unsigned char *get(size_t *size)
{
    unsigned char *bytes;
    struct error error = {0};
    assert_int_equal(file_read(path, 1 << 26, &bytes, size, &error), STATUS_OK);
    return bytes;
}

/* --- Zip ------------------------------------------------------------------------------------------------ */

static void fill_string(const void *argument, unsigned char *out)
{
    memcpy(out, argument, strlen(argument));
}

static struct package_source source(const char *name, const char *content)
{
    return (struct package_source){name, strlen(content), fill_string, content};
}

/* Three members, stored as they are. */
static void write_small(void)
{
    const struct package_source members[] = {source("a/one", "hello"), source("a/two", ""),
                                             source("b", "0123456789")};
    struct error error = {0};
    use("small.zip");
    assert_int_equal(package_write(path, members, 3, &error), STATUS_OK);
}

/* Through libzip, packed; `repeats` times the same byte. */
static void write_packed(size_t repeats)
{
    int problem;
    char *bytes = malloc(repeats);
    memset(bytes, 'x', repeats);
    use("packed.zip");
    unlink(path);
    zip_t *zip = zip_open(path, ZIP_CREATE, &problem);
    assert_non_null(zip);
    zip_source_t *content = zip_source_buffer(zip, bytes, repeats, 0);
    assert_true(zip_file_add(zip, "x", content, ZIP_FL_ENC_UTF_8) >= 0);
    assert_int_equal(zip_close(zip), 0);
    free(bytes);
}

static void zip_refused(status code, const char *message)
{
    struct package *package;
    struct error error = {0};
    char whole[256];
    status got = package_open(path, &package, &error);
    for (int i = 0; got == STATUS_OK && i < package_count(package); i++) {
        unsigned char *data;
        size_t size;
        got = package_read_new(package, i, &data, &size, &error);
        if (got == STATUS_OK)
            mem_free(data);
    }
    package_close(package);
    snprintf(whole, sizeof whole, "%s: %s", path, message);
    assert_int_equal(got, code);
    if (strncmp(error.message, whole, strlen(whole)) != 0)
        fail_msg("expected \"%s\", got \"%s\"", whole, error.message);
}

static void members_come_back(void **state)
{
    struct package *package;
    struct package_member *member;
    struct error error = {0};
    unsigned char *data;
    char piece[8] = "";
    size_t size;
    (void)state;
    write_small();
    assert_int_equal(package_open(path, &package, &error), STATUS_OK);
    assert_int_equal(package_count(package), 3);
    assert_string_equal(package_name(package, 0), "a/one");
    assert_int_equal(package_find(package, "b"), 2);
    assert_int_equal(package_find(package, "a"), -1);
    assert_int_equal(package_size(package, 2), 10);
    assert_int_equal(package_read_new(package, 0, &data, &size, &error), STATUS_OK);
    assert_string_equal(data, "hello");
    mem_free(data);
    assert_int_equal(package_read_new(package, 1, &data, &size, &error), STATUS_OK);
    assert_int_equal(size, 0);
    mem_free(data);
    assert_int_equal(package_member_open(package, 2, &member, &error), STATUS_OK);
    assert_int_equal(package_member_read(member, piece, 4, &error), STATUS_OK);
    assert_memory_equal(piece, "0123", 4);
    assert_int_equal(package_member_read(member, piece, 6, &error), STATUS_OK);
    assert_memory_equal(piece, "456789", 6);
    assert_int_equal(package_member_read(member, piece, 1, &error), STATUS_FILE);
    package_member_close(member);
    package_close(package);
}

static void members_are_aligned(void **state)
{
    size_t size;
    (void)state;
    write_small();
    unsigned char *bytes = get(&size), *found = memmem(bytes, size, "0123456789", 10);
    assert_non_null(found);
    assert_int_equal((found - bytes) % PACKAGE_ALIGNMENT, 0);
    mem_free(bytes);
}

/* Where the nth header of a kind is. */
static size_t header(const unsigned char *bytes, size_t size, const char *mark, int nth)
{
    const unsigned char *at = bytes;
    for (int i = 0; i <= nth; i++) {
        at = memmem(at + (i > 0), size - (size_t)(at - bytes) - (i > 0), mark, 4);
        assert_non_null(at);
    }
    return (size_t)(at - bytes);
}

/* Change one byte of a header and see what is said. */
static void changed(const char *mark, int nth, size_t offset, int value, status code, const char *message)
{
    size_t size;
    write_small();
    unsigned char *bytes = get(&size);
    bytes[header(bytes, size, mark, nth) + offset] = (unsigned char)value;
    put(bytes, size);
    zip_refused(code, message);
    mem_free(bytes);
}

static void refuses_headers_that_lie(void **state)
{
    static const char local[] = "PK\3\4", central[] = "PK\1\2";
    static const char contradiction[] = "the headers of its members contradict each other";
    size_t size;
    (void)state;
    changed(local, 0, 14, 1, STATUS_FILE, contradiction);   /* the sum */
    changed(local, 0, 22, 6, STATUS_FILE, contradiction);   /* the size */
    changed(local, 0, 30, 'x', STATUS_FILE, contradiction); /* the name */
    changed(central, 2, 46, 'x', STATUS_FILE, contradiction);
    changed(central, 0, 42, 9, STATUS_FILE, "");  /* the place */
    changed("PK\5\6", 0, 10, 2, STATUS_FILE, ""); /* how many there are */
    write_small();
    unsigned char *bytes = get(&size);
    memcpy(memmem(bytes, size, "hello", 5), "Hello", 5);
    put(bytes, size);
    zip_refused(STATUS_FILE, "member a/one: its sum is wrong");
    mem_free(bytes);
}

/* Both headers of the first member changed the same way. */
static void changed_twice(size_t offset, int value, status code, const char *message)
{
    size_t size;
    write_small();
    unsigned char *bytes = get(&size);
    bytes[header(bytes, size, "PK\3\4", 0) + offset] = (unsigned char)value;
    bytes[header(bytes, size, "PK\1\2", 0) + offset + 2] = (unsigned char)value;
    put(bytes, size);
    zip_refused(code, message);
    mem_free(bytes);
}

static void refuses_what_is_not_read(void **state)
{
    const struct package_source twins[] = {source("a", "1"), source("b", "2"), source("a", "3")};
    struct error error = {0};
    (void)state;
    changed_twice(6, 1, STATUS_UNSUPPORTED, "member a/one: it is encrypted");
    changed_twice(8, 12, STATUS_UNSUPPORTED, "member a/one: compression method 12 is not supported");
    use("twins.zip");
    assert_int_equal(package_write(path, twins, 3, &error), STATUS_OK);
    zip_refused(STATUS_FILE, "two of its members have the same name");
}

static void reads_packed_members(void **state)
{
    struct package *package;
    struct error error = {0};
    unsigned char *data;
    size_t size;
    (void)state;
    write_packed(100000);
    assert_int_equal(package_open(path, &package, &error), STATUS_OK);
    assert_int_equal(package_read_new(package, 0, &data, &size, &error), STATUS_OK);
    assert_int_equal(size, 100000);
    assert_true(data[0] == 'x' && data[99999] == 'x');
    mem_free(data);
    package_close(package);
}

/* 70 MB of one byte take 70 KB. The same with a size that no such file can have. */
static void refuses_bombs(void **state)
{
    size_t size;
    (void)state;
    write_packed((size_t)90 << 20);
    zip_refused(STATUS_FILE, "its members would unpack to more than 256 times its size");
    write_packed(100000);
    unsigned char *bytes = get(&size);
    bytes[header(bytes, size, "PK\3\4", 0) + 25] = 0x10;
    bytes[header(bytes, size, "PK\1\2", 0) + 27] = 0x10;
    put(bytes, size);
    zip_refused(STATUS_FILE, "member x: ");
    mem_free(bytes);
}

static void refuses_cut_and_prefixed_files(void **state)
{
    size_t size;
    (void)state;
    write_small();
    unsigned char *bytes = get(&size), *longer = malloc(size + 1);
    for (size_t i = 1; i < size; i++) {
        put(bytes, i);
        zip_refused(STATUS_FILE, "");
    }
    longer[0] = '#';
    memcpy(longer + 1, bytes, size);
    put(longer, size + 1);
    zip_refused(STATUS_FILE, "it does not begin as a zip file");
    free(longer);
    mem_free(bytes);
}

/* Any byte changed: a message or the same members, nothing else. */
static void survives_changed_bytes(void **state)
{
    size_t size;
    (void)state;
    write_small();
    unsigned char *bytes = get(&size);
    for (size_t i = 0; i < size; i++) {
        struct package *package;
        struct error error = {0};
        bytes[i] ^= 0x41;
        status code = package_open_bytes("z", bytes, size, &package, &error);
        for (int k = 0; code == STATUS_OK && k < package_count(package); k++) {
            unsigned char *data;
            size_t length;
            if (package_read_new(package, k, &data, &length, &error) == STATUS_OK)
                mem_free(data);
        }
        assert_true(error.code == STATUS_OK || strncmp(error.message, "z: ", 3) == 0);
        package_close(package);
        bytes[i] ^= 0x41;
    }
    mem_free(bytes);
}

static void survives_failing_memory(void **state)
{
    struct error error = {0};
    status code = STATUS_MEMORY;
    (void)state;
    write_small();
    for (long nth = 1; code != STATUS_OK; nth++) {
        struct package *package;
        unsigned char *data;
        size_t size;
        mem_fail_at(nth);
        code = package_open(path, &package, &error);
        if (code == STATUS_OK && (code = package_read_new(package, 0, &data, &size, &error)) == STATUS_OK)
            mem_free(data);
        mem_fail_at(0);
        package_close(package);
        assert_true(code == STATUS_OK || code == STATUS_MEMORY);
    }
}

/* --- Streams -------------------------------------------------------------------------------------------- */

static void add_file(struct archive *tar, const char *name, int type, const char *content)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, (unsigned)type);
    archive_entry_set_perm(entry, 0644);
    if (type == AE_IFLNK)
        archive_entry_set_symlink(entry, content);
    else
        archive_entry_set_size(entry, (int64_t)strlen(content));
    assert_int_equal(archive_write_header(tar, entry), ARCHIVE_OK);
    if (type == AE_IFREG)
        assert_int_equal(archive_write_data(tar, content, strlen(content)), (int)strlen(content));
    archive_entry_free(entry);
}

static void write_stream(const char *name, bool tar, bool packed)
{
    struct archive *archive = archive_write_new();
    use(name);
    if (packed)
        archive_write_add_filter_gzip(archive);
    if (tar)
        archive_write_set_format_pax_restricted(archive);
    else
        archive_write_set_format_raw(archive);
    assert_int_equal(archive_write_open_filename(archive, path), ARCHIVE_OK);
    if (tar) {
        add_file(archive, "d", AE_IFDIR, "");
        add_file(archive, "d/one", AE_IFREG, "hello");
        add_file(archive, "d/link", AE_IFLNK, "/etc/passwd");
        add_file(archive, "../out", AE_IFREG, "0123456789");
    } else {
        add_file(archive, "data", AE_IFREG, "hello");
    }
    archive_write_free(archive);
}

/* "name=content;" for each file, or the message of what went wrong. */
static status read_stream(struct text *text)
{
    struct members *members;
    struct error error = {0};
    const char *name;
    status code = members_open(path, &members, &error);
    while (code == STATUS_OK && (code = members_next(members, &name, &error)) == STATUS_OK && name) {
        unsigned char *data;
        size_t size;
        if ((code = members_read_all(members, 1000, &data, &size, &error)) != STATUS_OK)
            break;
        text_add_format(text, "%s=%s;", name, (const char *)data);
        mem_free(data);
    }
    members_close(members);
    if (code != STATUS_OK)
        text_add(text, error.message);
    return code;
}

static void stream_is(const char *expected)
{
    struct text text = {0};
    assert_int_equal(read_stream(&text), STATUS_OK);
    assert_string_equal(text_data(&text), expected);
    text_free(&text);
}

static void files_come_one_after_another(void **state)
{
    (void)state;
    write_stream("s.tar", true, false);
    stream_is("d/one=hello;../out=0123456789;");
    write_stream("s.tar.gz", true, true);
    stream_is("d/one=hello;../out=0123456789;");
    write_stream("labels.gz", false, true);
    stream_is("labels=hello;");
    use("plain");
    put("hello", 5);
    stream_is("plain=hello;");
}

static void reads_parts_and_passes_over(void **state)
{
    struct members *members;
    struct error error = {0};
    const char *name;
    char piece[16] = "";
    unsigned char *data;
    size_t got;
    (void)state;
    write_stream("s.tar.gz", true, true);
    assert_int_equal(members_open(path, &members, &error), STATUS_OK);
    assert_int_equal(members_next(members, &name, &error), STATUS_OK);
    assert_int_equal(members_read(members, piece, 2, &got, &error), STATUS_OK);
    assert_string_equal(piece, "he");
    assert_int_equal(members_next(members, &name, &error), STATUS_OK);
    assert_string_equal(name, "../out");
    assert_int_equal(members_read_all(members, 9, &data, &got, &error), STATUS_FILE);
    assert_non_null(strstr(error.message, "a file in it has more than 9 bytes"));
    members_close(members);
    use("missing");
    assert_int_equal(members_open(path, &members, &error), STATUS_FILE);
    assert_null(members);
}

static void stream_refused(const char *message)
{
    struct text text = {0};
    assert_int_equal(read_stream(&text), STATUS_FILE);
    if (!strstr(text_data(&text), message))
        fail_msg("expected \"%s\", got \"%s\"", message, text_data(&text));
    text_free(&text);
}

static void refuses_damaged_streams(void **state)
{
    size_t size;
    (void)state;
    write_stream("s.tar.gz", true, true);
    unsigned char *bytes = get(&size);
    for (size_t i = 1; i < size; i += 1 + (size > 200 && i > 20 && i + 20 < size ? 7 : 0)) {
        put(bytes, i);
        struct text text = {0};
        status code = read_stream(&text);
        assert_true(code == STATUS_FILE || i < 18); /* the beginning of a gzip file is no gzip file */
        text_free(&text);
    }
    bytes[size - 6] ^= 1;
    put(bytes, size);
    stream_refused("its sum is wrong");
    bytes[size - 6] ^= 1;
    bytes[size - 2] ^= 1;
    put(bytes, size);
    stream_refused("its sum is wrong");
    mem_free(bytes);
    write_stream("s.tar", true, false);
    bytes = get(&size);
    put(bytes, 512 + 512 + 3);
    stream_refused("s.tar: ");
    mem_free(bytes);
}

static void streams_survive_failing_memory(void **state)
{
    status code = STATUS_MEMORY;
    (void)state;
    write_stream("s.tar.gz", true, true);
    for (long nth = 1; code != STATUS_OK; nth++) {
        struct members *members;
        struct error error = {0};
        const char *name;
        unsigned char *data;
        size_t size;
        mem_fail_at(nth);
        code = members_open(path, &members, &error);
        if (code == STATUS_OK)
            code = members_next(members, &name, &error);
        if (code == STATUS_OK && (code = members_read_all(members, 100, &data, &size, &error)) == STATUS_OK)
            mem_free(data);
        mem_fail_at(0);
        members_close(members);
        assert_true(code == STATUS_OK || code == STATUS_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_come_back),
        cmocka_unit_test(members_are_aligned),
        cmocka_unit_test(refuses_headers_that_lie),
        cmocka_unit_test(refuses_what_is_not_read),
        cmocka_unit_test(reads_packed_members),
        cmocka_unit_test(refuses_bombs),
        cmocka_unit_test(refuses_cut_and_prefixed_files),
        cmocka_unit_test(survives_changed_bytes),
        cmocka_unit_test(survives_failing_memory),
        cmocka_unit_test(files_come_one_after_another),
        cmocka_unit_test(reads_parts_and_passes_over),
        cmocka_unit_test(refuses_damaged_streams),
        cmocka_unit_test(streams_survive_failing_memory),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
