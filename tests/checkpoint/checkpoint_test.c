/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checkpoints written by hand, by this program and, where it is there, by PyTorch; and files made to do harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "archive/package_write.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "checkpoint/checkpoint.h"
#include "nn/graph/file_type.h"
#include "support/skip.h"

static char folder[] = "/tmp/ippro-checkpoint-XXXXXX";
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

/* --- Files by hand -------------------------------------------------------------------------------------- */

#define BYTES(literal)     literal, sizeof literal - 1
#define NAME(length, name) "U" length name
#define DICT               "ccollections\nOrderedDict\n)R("
#define STORAGE(type, key, count)                                                                            \
    "(" NAME("\7", "storage") "ctorch\n" type "\n" NAME("\1", key) NAME("\3", "cpu") "K" count "tQ"
#define REBUILD(storage, offset, size, stride)                                                               \
    "ctorch._utils\n_rebuild_tensor_v2\n(" storage "K" offset "(" size "t(" stride "t\x89" DICT "utR"
#define FLOATS(key, count, offset, size, stride)                                                             \
    REBUILD(STORAGE("FloatStorage", key, count), offset, size, stride)
/* Of storage 0, which has eight elements: some, the first two, the next two. */
#define EIGHT(offset, size, stride) FLOATS("0", "\x8", offset, size, stride)
#define FIRST                       EIGHT("\0", "K\2", "K\1")
#define SECOND                      EIGHT("\2", "K\2", "K\1")

static void fill_bytes(const void *argument, unsigned char *out)
{
    const struct text *bytes = argument;
    memcpy(out, text_data(bytes), bytes->length);
}

static struct package_source source(const char *name, const struct text *bytes)
{
    return (struct package_source){name, bytes->length, fill_bytes, bytes};
}

static struct text bytes_of(const char *bytes, size_t size)
{
    return (struct text){.data = (char *)bytes, .length = size};
}

static const float numbers[] = {0, 1, 2, 3, 4, 5, 6, 7};

/* A file of the zip format; storage 0 has `count` of the numbers. */
static void write_zip(const char *object, size_t size, size_t count, const char *order, const char *version)
{
    const struct text parts[] = {bytes_of(object, size), bytes_of((const char *)numbers, count * 4),
                                 bytes_of(order, strlen(order)), bytes_of(version, strlen(version))};
    const struct package_source members[] = {
        source("any/data.pkl", &parts[0]), source("any/data/0", &parts[1]),
        source("any/byteorder", &parts[2]), source("any/version", &parts[3])};
    struct error error = {0};
    use("made.pth");
    assert_int_equal(package_write(path, members, 4, &error), STATUS_OK);
}

#define LEGACY_HEAD                                                                                          \
    "\x80\2\x8a\xal\xfc\x9c\x46\xf9 j\xa8P\x19.\x80\2M\xe9\3.\x80\2}" NAME("\xd", "little_endian") "\x88s."

/* Its keys are a list with "0"; `behind`: bytes at the end. */
static struct text legacy(const char *object, size_t size, size_t count, const char *behind)
{
    struct text file = {0};
    const uint64_t stored = count; /* little-endian machines write these tests' files */
    text_add_bytes(&file, BYTES(LEGACY_HEAD));
    text_add_bytes(&file, object, size);
    text_add_bytes(&file, BYTES("\x80\2]" NAME("\1", "0") "a."));
    text_add_bytes(&file, (const char *)&stored, sizeof stored);
    text_add_bytes(&file, (const char *)numbers, count * 4);
    text_add(&file, behind);
    return file;
}

static void put(const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static bool is_checkpoint(const char *file)
{
    bool is = true;
    struct error error = {0};
    assert_int_equal(checkpoint_probe(file, &is, &error), STATUS_OK);
    return is;
}

/* "name type shape: values", one after another, of the file at `path`; then place, prefix and notes. */
static void show(struct text *text, const struct checkpoint *checkpoint)
{
    for (int i = 0; i < checkpoint->count; i++) {
        const struct tensor *tensor = checkpoint->weights[i].tensor;
        text_add_format(text, "%s %s ", checkpoint->weights[i].name, file_type_name(tensor->file_type));
        shape_text(&tensor->shape, text);
        text_add(text, ":");
        for (int64_t k = 0; k < shape_elements(&tensor->shape) && k < 12; k++) {
            text_add(text, " ");
            text_add_double(text, tensor_get(tensor, k));
        }
        text_add(text, "\n");
    }
    if (*checkpoint->place)
        text_add_format(text, "place %s\n", checkpoint->place);
    if (*checkpoint->prefix)
        text_add_format(text, "prefix %s\n", checkpoint->prefix);
    for (int i = 0; i < checkpoint->note_count; i++)
        text_add_format(text, "note %s\n", checkpoint->notes[i]);
}

static struct checkpoint *read_file(void)
{
    struct checkpoint *checkpoint;
    struct error error = {0};
    if (checkpoint_read(path, &checkpoint, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return checkpoint;
}

static void reads_as(const char *expected)
{
    struct text text = {0};
    struct checkpoint *checkpoint = read_file();
    assert_true(is_checkpoint(path));
    show(&text, checkpoint);
    assert_string_equal(text_data(&text), expected);
    for (int i = 0; i < checkpoint->count; i++)
        assert_int_equal(checkpoint_find(checkpoint, checkpoint->weights[i].name), i);
    assert_int_equal(checkpoint_find(checkpoint, "no such name"), -1);
    text_free(&text);
    checkpoint_free(checkpoint);
}

static void refused(status code, const char *message)
{
    struct checkpoint *checkpoint;
    struct error error = {0};
    char whole[512];
    snprintf(whole, sizeof whole, "%s: %s", path, message);
    status got = checkpoint_read(path, &checkpoint, &error);
    if (got != code || strncmp(error.message, whole, strlen(whole)) != 0)
        fail_msg("expected %d \"%s\", got %d \"%s\"", code, whole, got, error.message);
    assert_null(checkpoint);
}

/* --- PyTorch: what is understood ------------------------------------------------------------------------ */

#define ONE(tensor)       "\x80\2" DICT NAME("\1", "w") tensor "u."
#define PARAMETER(tensor) "ctorch._utils\n_rebuild_parameter\n(" tensor "\x88" DICT "utR"
#define MODULE(parameters, buffers, modules, besides)                                                        \
    "cnet\nNet\n)\x81}(" NAME("\xb", "_parameters") DICT parameters "u" NAME("\x8", "_buffers") DICT buffers \
        "u" NAME("\x8", "_modules") DICT modules "u" besides "ub"

static const struct {
    const char *object;
    size_t size;
    const char *expected;
} understood[] = {
    {BYTES(ONE(FLOATS("0", "\x8", "\0", "K\2K\4", "K\4K\1"))), "w float 2x4: 0 1 2 3 4 5 6 7\n"},
    {BYTES(ONE(FLOATS("0", "\x8", "\1", "K\3K\2", "K\1K\3"))), "w float 3x2: 1 4 2 5 3 6\n"},
    {BYTES(ONE(FLOATS("0", "\x8", "\7", "K\2K\3", "K\0K\0"))), "w float 2x3: 7 7 7 7 7 7\n"},
    {BYTES(ONE(FLOATS("0", "\x8", "\5", "", ""))), "w float scalar: 5\n"},
    {BYTES(ONE(FLOATS("0", "\x8", "\x8", "K\0K\5", "K\5K\1"))), "w float 0x5:\n"},
    {BYTES(ONE(PARAMETER(FIRST))), "w float 2: 0 1\n"},
    {BYTES(ONE(REBUILD(STORAGE("HalfStorage", "0", "\x10"), "\0", "K\4", "K\4"))), "w float16 4: 0 0 0 0\n"},
    {BYTES(ONE(REBUILD(STORAGE("BFloat16Storage", "0", "\x10"), "\3", "K\3", "K\2"))),
     "w bfloat16 3: 1 2 3\n"},
    {BYTES(ONE(REBUILD(STORAGE("ByteStorage", "0", "\x20"), "\x06", "K\2", "K\1"))), "w uint8 2: 128 63\n"},
    {BYTES(ONE(REBUILD(STORAGE("CharStorage", "0", "\x20"), "\x06", "K\2", "K\1"))), "w int8 2: -128 63\n"},
    {BYTES(ONE(REBUILD(STORAGE("BoolStorage", "0", "\x20"), "\x06", "K\3", "K\1"))), "w bool 3: 1 1 0\n"},
    {BYTES(ONE("ctorch._utils\n_rebuild_tensor_v3\n((" NAME(
         "\7", "storage") "ctorch.storage\nUntypedStorage\n" NAME("\1", "0")
                   NAME("\3", "cpu") "K\x20tQK\1(K\2t(K\1t\x89" DICT "uctorch\nfloat32\ntR")),
     "w float 2: 1 2\n"},
    {BYTES(ONE(
         "ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\nctorch\nTensor\n(" STORAGE(
             "FloatStorage", "0", "\x8") "K\1(K\2t(K\1t\x89" DICT "ut}tR")),
     "w float 2: 1 2\n"},
};

static const struct {
    const char *object;
    size_t size;
    const char *expected;
} found[] = {
    /* Beside an epoch, with a prefix; taken off twice. */
    {BYTES("\x80\2}(" NAME("\5", "epoch") "K\3" NAME("\xa", "state_dict") DICT NAME("\xe", "module.model.a")
               FIRST NAME("\xe", "module.model.b") SECOND "uu."),
     "a float 2: 0 1\nb float 2: 2 3\nplace state_dict\nprefix module.model.\n"},
    /* One name without it: it stays. */
    {BYTES("\x80\2}(" NAME("\x8", "module.a") FIRST NAME("\1", "b") SECOND "u."),
     "module.a float 2: 0 1\nb float 2: 2 3\n"},
    /* Of two alike the first; in a list; an optimizer's tensors are fewer. */
    {BYTES("\x80\2](}(" NAME("\5", "model") "}(" NAME("\1", "a") FIRST NAME("\1", "b") SECOND
           "u" NAME("\3", "ema") "}(" NAME("\1", "a") SECOND NAME("\1", "b") FIRST
           "u" NAME("\3", "opt") "}(" NAME("\1", "m") FIRST "uue."),
     "a float 2: 0 1\nb float 2: 2 3\nplace [0].model\nnote [0].ema: 2 tensors too, not read\n"},
    /* Classes that are not known, entries that are no tensors. */
    {BYTES("\x80\2}(" NAME("\1", "a")
               FIRST NAME("\4", "args") "cargparse\nNamespace\n)\x81}bK\5" FIRST NAME("\2", "lr") "Nu."),
     "a float 2: 0 1\nnote argparse.Namespace: a class that is not known here, passed over\n"
     "note args: an object, no tensor\nnote a tensor whose name is an integer, not read\nnote lr: None, no tensor\n"},
    /* A whole module: None is no parameter, one buffer is not to be saved, a module is None. */
    {BYTES("\x80\2" MODULE(NAME("\1", "w") PARAMETER(FIRST) NAME("\4", "bias") "N",
                           NAME("\4", "mean") SECOND NAME("\4", "temp") FIRST,
                           NAME("\1", "0") MODULE(NAME("\1", "w") SECOND, "", "", "") NAME("\1", "1") "N",
                           NAME("\x1b", "_non_persistent_buffers_set") "c__builtin__\nset\n](" NAME(
                               "\4", "temp") "e\x85R") "."),
     "w float 2: 0 1\nmean float 2: 2 3\n0.w float 2: 2 3\n"
     "note a whole module (net.Net): its weights are taken, its code is not\n"},
};

static void understands_tensors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof understood / sizeof *understood; i++) {
        write_zip(understood[i].object, understood[i].size, 8, "little", "3\n");
        reads_as(understood[i].expected);
    }
}

static void finds_weights(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        write_zip(found[i].object, found[i].size, 8, "little", "3\n");
        reads_as(found[i].expected);
        struct text file = legacy(found[i].object, found[i].size, 8, "");
        put(file.data, file.length);
        reads_as(found[i].expected);
        text_free(&file);
    }
}

static void tied_weights_are_one(void **state)
{
    (void)state;
    write_zip(BYTES("\x80\2}(" NAME("\1", "a") FIRST NAME("\1", "b") SECOND NAME("\1", "c") FIRST "u."), 8,
              "", "");
    struct checkpoint *checkpoint = read_file(), *other = checkpoint_retain(checkpoint);
    assert_ptr_equal(checkpoint->weights[0].tensor, checkpoint->weights[2].tensor);
    assert_ptr_not_equal(checkpoint->weights[0].tensor, checkpoint->weights[1].tensor);
    checkpoint_free(checkpoint);
    assert_int_equal(other->weights[0].tensor->references, 2);
    assert_int_equal(strlen(other->digest), 64);
    checkpoint_free(other);
}

/* --- PyTorch: what is refused --------------------------------------------------------------------------- */

static const struct {
    const char *object;
    size_t size;
    status code;
    const char *message;
} refusals[] = {
    {BYTES(ONE(EIGHT("\0", "K\3K\3", "K\3K\1"))), STATUS_FILE,
     "tensor w: it reaches beyond the 8 elements of storage 0"},
    {BYTES(ONE(EIGHT("\7", "K\2", "K\1"))), STATUS_FILE, "tensor w: it reaches beyond"},
    {BYTES(ONE(
         EIGHT("\0", "\x8a\x8\xff\xff\xff\xff\xff\xff\xff\x7f", "\x8a\x8\xff\xff\xff\xff\xff\xff\xff\x7f"))),
     STATUS_FILE, "tensor w: the product of its dimensions is too large"},
    {BYTES(ONE(EIGHT("\0", "K\3", "\x8a\x8\xff\xff\xff\xff\xff\xff\xff\x7f"))), STATUS_FILE,
     "tensor w: it reaches beyond"},
    {BYTES(ONE(EIGHT("\0", "J\xff\xff\xff\xff", "K\1"))), STATUS_FILE,
     "tensor w: the product of its dimensions"},
    {BYTES(ONE(EIGHT("\7", "K\2", "J\xff\xff\xff\xff"))), STATUS_FILE,
     "tensor w: dimension 0 has no size or no stride"},
    {BYTES(ONE(EIGHT("\0", "K\2", ""))), STATUS_FILE, "tensor w: its shape and its strides are none"},
    {BYTES(ONE(EIGHT("\0", "K\1K\1K\1K\1K\1K\1K\1K\1K\1", "K\1K\1K\1K\1K\1K\1K\1K\1K\1"))),
     STATUS_UNSUPPORTED, "tensor w: 9 dimensions, at most 8"},
    {BYTES(ONE(EIGHT("\0", "J\0\0\0\x04", "K\0"))), STATUS_FILE,
     "its tensors would take more than 64 times its size"},
    {BYTES(ONE(FLOATS("1", "\x8", "\0", "K\2", "K\1"))), STATUS_FILE, "storage 1 is missing"},
    {BYTES(ONE(FLOATS("0", "\x9", "\0", "K\2", "K\1"))), STATUS_FILE,
     "storage 0 has 32 bytes where 36 are declared"},
    {BYTES("\x80\2}(" NAME("\1", "a") FIRST NAME("\1", "b") FLOATS("0", "\x7", "\0", "K\2", "K\1") "u."),
     STATUS_FILE, "storage 0 is given two types or sizes"},
    {BYTES(ONE(REBUILD(STORAGE("ComplexFloatStorage", "0", "\4"), "\0", "K\2", "K\1"))), STATUS_UNSUPPORTED,
     "tensor w: the type ComplexFloatStorage is not supported"},
    {BYTES(ONE(REBUILD(STORAGE("StrangeStorage", "0", "\4"), "\0", "K\2", "K\1"))), STATUS_UNSUPPORTED,
     "storage 0: the type StrangeStorage is not supported"},
    {BYTES(ONE("ctorch._utils\n_rebuild_qtensor\n(" STORAGE("QUInt8Storage", "0", "\x20") "tR")),
     STATUS_UNSUPPORTED, "tensor w: quantised tensors are not supported"},
    {BYTES(ONE("ctorch._utils\n_rebuild_sparse_tensor\n(tR")), STATUS_UNSUPPORTED,
     "tensor w: sparse tensors"},
    {BYTES(ONE("ctorch._utils\n_rebuild_tensor_v2\n(K\1K\2tR")), STATUS_FILE, "tensor w: it has no storage"},
    {BYTES(ONE("ctorch._utils\n_rebuild_parameter\n(tR")), STATUS_FILE, "tensor w: it is no tensor"},
    {BYTES("\x80\2" FIRST "."), STATUS_FILE, "no weights are in it"},
    {BYTES("\x80\2}."), STATUS_FILE, "no weights are in it"},
    {BYTES("\x80\2}(" NAME("\1", "a") FIRST NAME("\1", "a") SECOND "u."), STATUS_FILE,
     "two tensors have the name a"},
    {BYTES("\x80\2}(" NAME("\2", "\xff\xfe") FIRST "u."), STATUS_FILE, "a name is no text"},
    {BYTES("\x80\2}(" NAME("\3", "a\0b") FIRST "u."), STATUS_FILE, "a name is no text"},
    {BYTES("\x80\2}NNs"), STATUS_FILE, "member any/data.pkl: byte 6: the pickle does not end"},
    {BYTES("\x80\2N.N."), STATUS_FILE, "member any/data.pkl: byte 4: 2 bytes follow the object"},
    {BYTES("\x80\2cos\nsystem\nN\x81."), STATUS_FILE,
     "member any/data.pkl: byte 14: NEWOBJ: None stands where"},
    /* A module that is its own module. */
    {BYTES("\x80\2"
           "cnet\nNet\n)\x81q\1}(" NAME("\xb", "_parameters") "}" NAME("\1", "w") FIRST
           "s" NAME("\x8", "_modules") "}" NAME("\1", "m") "h\1sub."),
     STATUS_FILE, "modules are nested more than 100 deep"},
};

static void refuses_what_contradicts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        write_zip(refusals[i].object, refusals[i].size, 8, "little", "3\n");
        refused(refusals[i].code, refusals[i].message);
    }
    write_zip(BYTES(ONE(EIGHT("\0", "K\2", "K\1"))), 8, "big", "3\n");
    refused(STATUS_UNSUPPORTED, "its byte order is big, only little is supported");
    write_zip(BYTES(ONE(EIGHT("\0", "K\2", "K\1"))), 8, "little", "11\n");
    refused(STATUS_UNSUPPORTED, "version 11 of the format, up to 10 are supported");
}

/* Thirty modules, each twice in the next: 2^30 names. */
static void refuses_modules_that_double(void **state)
{
    struct text object = {0};
    (void)state;
    text_add_bytes(&object, BYTES("\x80\2" MODULE(NAME("\1", "w") FIRST, "", "", "")));
    for (int i = 1; i <= 30; i++) {
        const char number = (char)i;
        text_add_bytes(&object, BYTES("q"));
        text_add_bytes(&object, &number, 1);
        text_add_bytes(&object, BYTES("0cnet\nNet\n)\x81}(" NAME("\xb", "_parameters") "}" NAME(
                                    "\x8", "_modules") "}(" NAME("\1", "a") "h"));
        text_add_bytes(&object, &number, 1);
        text_add_bytes(&object, BYTES(NAME("\1", "b") "h"));
        text_add_bytes(&object, &number, 1);
        text_add_bytes(&object, BYTES("uub"));
    }
    text_add(&object, ".");
    write_zip(object.data, object.length, 8, "little", "3\n");
    refused(STATUS_FILE, "its modules contain each other too often");
    text_free(&object);
}

static void refuses_damaged_legacy_files(void **state)
{
    static const char object[] = ONE(EIGHT("\0", "K\2", "K\1"));
    struct text file = legacy(object, sizeof object - 1, 8, "");
    (void)state;
    put(file.data, file.length);
    reads_as("w float 2: 0 1\n");
    for (size_t i = 1; i < file.length; i++) {
        put(file.data, i);
        refused(STATUS_FILE, "");
    }
    text_free(&file);
    file = legacy(object, sizeof object - 1, 8, "x");
    put(file.data, file.length);
    refused(STATUS_FILE, "byte 243: 1 bytes follow the last storage");
    file.data[file.length - 1 - 32 - 8] = 7;
    put(file.data, file.length - 1);
    refused(STATUS_FILE, "byte 203: storage 0 has 7 elements where 8 are declared");
    text_free(&file);
    file = (struct text){0};
    text_add_bytes(&file, BYTES("sys_info"));
    text_add_repeated(&file, "0", 1000);
    memset(file.data + 8, 0, 92);
    memcpy(file.data + 257, "ustar", 5);
    put(file.data, file.length);
    refused(STATUS_UNSUPPORTED, "a checkpoint of PyTorch 0.1, a tar file");
    assert_true(is_checkpoint(path));
    text_free(&file);
}

/* Every byte of a file changed, of both formats and of safetensors: a message, or weights. */
static void survives_changed_bytes(const unsigned char *bytes, size_t size)
{
    static const unsigned char masks[] = {0x01, 0x80, 0xff};
    for (size_t i = 0; i < size; i++)
        for (size_t k = 0; k < sizeof masks; k++) {
            struct checkpoint *checkpoint;
            struct error error = {0};
            unsigned char *copy = malloc(size);
            memcpy(copy, bytes, size);
            copy[i] ^= masks[k];
            status code = checkpoint_read_bytes("f", copy, size, &checkpoint, &error);
            free(copy);
            assert_true(code == STATUS_OK || code == STATUS_FILE || code == STATUS_UNSUPPORTED);
            assert_true(code == STATUS_OK || strncmp(error.message, "f: ", 3) == 0);
            checkpoint_free(checkpoint);
        }
}

static void survives_failing_memory(const unsigned char *bytes, size_t size)
{
    status code = STATUS_MEMORY;
    long nth;
    for (nth = 1; code != STATUS_OK; nth++) {
        struct checkpoint *checkpoint;
        struct error error = {0};
        mem_fail_at(nth);
        code = checkpoint_read_bytes("f", bytes, size, &checkpoint, &error);
        mem_fail_at(0);
        assert_true(code == STATUS_OK || code == STATUS_MEMORY);
        checkpoint_free(checkpoint);
    }
    assert_true(nth > 8);
}

static void survives_damage(void **state)
{
    unsigned char *bytes;
    size_t size;
    struct error error = {0};
    (void)state;
    write_zip(found[0].object, found[0].size, 8, "little", "3\n");
    for (int round = 0; round < 3; round++) {
        assert_int_equal(file_read(path, 1 << 20, &bytes, &size, &error), STATUS_OK);
        survives_changed_bytes(bytes, size);
        survives_failing_memory(bytes, size);
        mem_free(bytes);
        if (round == 0) {
            struct text file = legacy(found[4].object, found[4].size, 8, "");
            put(file.data, file.length);
            text_free(&file);
        } else if (round == 1) {
            struct checkpoint *checkpoint = read_file();
            use("made.safetensors");
            assert_int_equal(checkpoint_write(path, "", checkpoint->weights, checkpoint->count, NULL, &error),
                             STATUS_OK);
            checkpoint_free(checkpoint);
        }
    }
}

/* --- safetensors ---------------------------------------------------------------------------------------- */

/* Length and header, then `data` bytes. */
static void write_safetensors(const char *header, size_t data)
{
    struct text file = {0};
    const uint64_t length = strlen(header);
    text_add_bytes(&file, (const char *)&length, sizeof length);
    text_add(&file, header);
    text_add_bytes(&file, (const char *)numbers, data);
    use("made.safetensors");
    put(file.data, file.length);
    text_free(&file);
}

#define TENSOR(name, type, shape, begin, end)                                                                \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":[" shape "],\"data_offsets\":[" begin "," end "]}"

static void reads_safetensors(void **state)
{
    (void)state;
    write_safetensors(
        "{" TENSOR("net.b", "F32", "2", "24", "32") "," TENSOR("net.a", "F32", "2,3", "0", "24") "}  ", 32);
    reads_as("b float 2: 6 7\na float 2x3: 0 1 2 3 4 5\nprefix net.\n");
    write_safetensors("{\"__metadata__\":{\"format\":\"pt\",\"from\":\"here\"}," TENSOR(
                          "h", "F16", "", "0", "2") "," TENSOR("z", "I64", "0", "2",
                                                               "2") "," TENSOR("u", "U8", "2", "2", "4") "}",
                      4);
    reads_as("h float16 scalar: 0\nz int64 0:\nu uint8 2: 0 0\nnote from: here\n");
}

static const struct {
    const char *header;
    size_t data;
    status code;
    const char *message;
} bad_headers[] = {
    {"{}", 0, STATUS_FILE, "it holds no tensors"},
    {"{\"a\":1}", 0, STATUS_FILE, "tensor a: dtype, shape and data_offsets are expected"},
    {"{" TENSOR("a", "F32", "2", "0", "8") ",}", 8, STATUS_FILE, "byte "},
    {"{" TENSOR("a", "F32", "2", "0", "8") "," TENSOR("a", "F32", "0", "8", "8") "}", 8, STATUS_FILE,
     "byte "},
    {"{" TENSOR("a", "F32", "2", "0", "8") "} x", 8, STATUS_FILE, "byte "},
    {"{" TENSOR("a", "F32", "2", "0", "8") "}", 12, STATUS_FILE,
     "8 bytes of data are described, and 12 are there"},
    {"{" TENSOR("a", "F32", "2", "0", "8") "}", 4, STATUS_FILE,
     "8 bytes of data are described, and 4 are there"},
    {"{" TENSOR("a", "F32", "2", "4", "12") "}", 12, STATUS_FILE,
     "tensor a: begins at byte 4 of the data, where 0 is the first that is free"},
    {"{" TENSOR("a", "F32", "2", "0", "8") "," TENSOR("b", "F32", "2", "4", "12") "}", 12, STATUS_FILE,
     "tensor b: begins at byte 4 of the data, where 8 is taken already"},
    {"{" TENSOR("a", "F32", "3", "0", "8") "}", 8, STATUS_FILE,
     "tensor a: it has 8 bytes where its shape and type need 12"},
    {"{" TENSOR("a", "F32", "2", "8", "0") "}", 8, STATUS_FILE, "tensor a: its data_offsets are none"},
    {"{" TENSOR("a", "F32", "-2", "0", "8") "}", 8, STATUS_FILE, "tensor a: dimension 0 is none"},
    {"{" TENSOR("a", "F32", "1.5", "0", "8") "}", 8, STATUS_FILE, "tensor a: dimension 0 is none"},
    {"{" TENSOR("a", "F32", "99999999999,99999999999", "0", "8") "}", 8, STATUS_FILE,
     "tensor a: the product of"},
    {"{" TENSOR("a", "F32", "99999999999999999999", "0", "8") "}", 8, STATUS_FILE, "byte "},
    {"{" TENSOR("a", "F8_E4M3", "2", "0", "2") "}", 2, STATUS_UNSUPPORTED,
     "tensor a: the type F8_E4M3 is not supported"},
    {"{" TENSOR("a", "F32", "1,1,1,1,1,1,1,1,1", "0", "4") "}", 4, STATUS_UNSUPPORTED,
     "tensor a: 9 dimensions"},
    {"{\"__metadata__\":{\"a\":1}}", 0, STATUS_FILE, "__metadata__: a is no string"},
    {"{\"__metadata__\":1}", 0, STATUS_FILE, "__metadata__ is no object"},
};

static void refuses_bad_headers(void **state)
{
    struct text deep = {0};
    (void)state;
    for (size_t i = 0; i < sizeof bad_headers / sizeof *bad_headers; i++) {
        write_safetensors(bad_headers[i].header, bad_headers[i].data);
        refused(bad_headers[i].code, bad_headers[i].message);
    }
    text_add(&deep, "{\"a\":");
    text_add_repeated(&deep, "[", 100000);
    write_safetensors(deep.data, 0);
    refused(STATUS_FILE, "byte ");
    text_free(&deep);
    put("\xff\xff\0\0\0\0\0\0{}", 10);
    refused(STATUS_FILE, "a header of 65535 bytes, but the file has 10");
}

static void reads_many_tensors(void **state)
{
    enum { MANY = 100000 };
    struct text header = {0};
    (void)state;
    for (int i = 0; i < MANY; i++)
        text_add_format(
            &header,
            "%c\"a.long.beginning.of.a.name.%d\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}",
            i ? ',' : '{', i);
    text_add(&header, "}");
    write_safetensors(header.data, 0);
    struct checkpoint *checkpoint = read_file();
    assert_int_equal(checkpoint->count, MANY);
    assert_int_equal(checkpoint_find(checkpoint, "a.long.beginning.of.a.name.77777"), 77777);
    checkpoint_free(checkpoint);
    text_free(&header);
}

static void is_told_by_content(void **state)
{
    const struct text nothing = {0};
    const struct package_source other = source("a.npy", &nothing);
    struct error error = {0};
    (void)state;
    use("other.pth");
    put("import torch\n", 13);
    assert_false(is_checkpoint(path));
    refused(STATUS_FILE, "no checkpoint of PyTorch and no safetensors file");
    put("PK", 2);
    assert_false(is_checkpoint(path));
    assert_int_equal(package_write(path, &other, 1, &error), STATUS_OK);
    assert_false(is_checkpoint(path));
    refused(STATUS_FILE, "a zip file without data.pkl: no checkpoint");
    assert_false(is_checkpoint("/nonexistent"));
    assert_false(is_checkpoint(folder));
}

/* Without memory nothing is said of the file. */
static void is_told_or_memory_is_out(void **state)
{
    struct text bytes = {0};
    (void)state;
    use("probed.pth");
    struct error error = {0};
    const struct package_source object = source("probed/data.pkl", &bytes);
    assert_int_equal(package_write(path, &object, 1, &error), STATUS_OK);
    for (int nth = 1;; nth++) {
        bool is = false;
        mem_fail_at(nth);
        status code = checkpoint_probe(path, &is, &error);
        mem_fail_at(0);
        if (code == STATUS_OK) {
            assert_true(is);
            assert_true(nth > 2);
            break;
        }
        assert_int_equal(code, STATUS_MEMORY);
        error = (struct error){0};
    }
    text_free(&bytes);
}

/* --- Writing -------------------------------------------------------------------------------------------- */

/* One tensor of each type, one without elements, one twice. Values that all types hold. */
enum { WRITTEN = 15 };

static void make_weights(struct weight weights[WRITTEN], char names[WRITTEN][16])
{
    static const int types[WRITTEN - 1] = {FILE_FLOAT, FILE_DOUBLE, FILE_FLOAT16, FILE_BFLOAT16, FILE_INT64,
                                           FILE_INT32, FILE_INT16,  FILE_INT8,    FILE_UINT8,    FILE_BOOL,
                                           FILE_FLOAT, FILE_INT64,  FILE_UINT8,   FILE_FLOAT};
    for (int i = 0; i < WRITTEN - 1; i++) {
        const struct shape shape = {.rank = 2, .dim = {i == 10 ? 0 : 3, i}};
        struct tensor *tensor = tensor_new((enum element_type)file_type_element(types[i]), &shape);
        const unsigned char raw[] = {1, 0, 0, 0, 0, 0, 0, 0};
        tensor->file_type = types[i];
        for (int64_t k = 0; k < shape_elements(&shape); k++)
            if (types[i] == FILE_FLOAT)
                ((float *)tensor->data)[k] = (float)k / 3;
            else
                file_type_decode(types[i], raw, 1,
                                 (char *)tensor->data + (size_t)k * element_size(tensor->type));
        snprintf(names[i], 16, "layer%d.w", i);
        weights[i] = (struct weight){names[i], tensor, 0};
    }
    weights[WRITTEN - 1] = (struct weight){"tied", tensor_retain(weights[0].tensor), 0};
}

static void free_weights(struct weight weights[WRITTEN])
{
    for (int i = 0; i < WRITTEN; i++)
        tensor_free(weights[i].tensor);
}

static void comes_back(const char *name)
{
    struct weight weights[WRITTEN];
    char names[WRITTEN][16], whole[32];
    struct error error = {0};
    make_weights(weights, names);
    use(name);
    assert_int_equal(checkpoint_write(path, "x.", weights, WRITTEN, NULL, &error), STATUS_OK);
    struct checkpoint *checkpoint = read_file();
    assert_int_equal(checkpoint->count, WRITTEN);
    for (int i = 0; i < WRITTEN; i++) {
        const struct tensor *a = weights[i].tensor, *b = checkpoint->weights[i].tensor;
        snprintf(whole, sizeof whole, "x.%s", weights[i].name);
        assert_string_equal(checkpoint->weights[i].name, whole);
        assert_int_equal(a->file_type, b->file_type);
        assert_true(shape_equal(&a->shape, &b->shape));
        if (shape_elements(&a->shape) > 0)
            assert_memory_equal(a->data, b->data, (size_t)shape_elements(&a->shape) * element_size(a->type));
    }
    checkpoint_free(checkpoint);
    free_weights(weights);
}

static void what_is_written_comes_back(void **state)
{
    struct error error = {0};
    (void)state;
    comes_back("written.pth");
    struct checkpoint *checkpoint = read_file();
    assert_ptr_equal(checkpoint->weights[0].tensor, checkpoint->weights[WRITTEN - 1].tensor);
    checkpoint_free(checkpoint);
    comes_back("written.pt");
    comes_back("written.safetensors");
    assert_int_equal(checkpoint_write("/tmp/x.bin", "", NULL, 0, NULL, &error), STATUS_USAGE);
}

/* What is recorded of channels of zeros; a record of another kind is noted. */
static void zeros_come_back(void **state)
{
    static const char *const files[] = {"zeros.pth", "zeros.safetensors"};
    static const char *const texts[] = {"{\"format\": \"another\", \"zeros\": []}",
                                        "{\"format\": \"ippro-explore zeros 1\", \"zeros\": [[1, -1]]}",
                                        "{\"format\": \"ippro-explore zeros 1\", \"zeros\": [[1]]}", "[", ""};
    const struct channel_zeros list[] = {{3, 8}, {0, 0}, {11, 1 << 20}};
    const struct zeros_record zeros = {list, 3}, none = {list, 0};
    const struct shape shape = {.rank = 1, .dim = {4}};
    const struct weight weight = {"a", tensor_new(ELEMENT_FLOAT, &shape), FILE_FLOAT};
    struct error error = {0};
    (void)state;
    for (int i = 0; i < 2; i++) {
        use(files[i]);
        assert_int_equal(checkpoint_write(path, "", &weight, 1, &zeros, &error), STATUS_OK);
        struct checkpoint *checkpoint = read_file();
        assert_int_equal(checkpoint->zeros.count, 3);
        assert_memory_equal(checkpoint->zeros.list, list, sizeof list);
        assert_int_equal(checkpoint->note_count, 0);
        checkpoint_free(checkpoint);
        assert_int_equal(checkpoint_write(path, "", &weight, 1, &none, &error), STATUS_OK);
        checkpoint = read_file();
        assert_int_equal(checkpoint->zeros.count, 0);
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
            struct notes notes = {.arena = checkpoint->arena};
            assert_int_equal(zeros_read(texts[k], strlen(texts[k]), checkpoint, &notes, &error), STATUS_OK);
            assert_int_equal(checkpoint->zeros.count, 0);
            assert_string_equal(notes.lines[0],
                                "what ippro.json records of channels of zeros is not understood");
        }
        checkpoint_free(checkpoint);
    }
    tensor_free(weight.tensor);
}

/* Floats in memory, as the halves that they were in their file; a type of another kind is not taken. */
static void types_of_the_file_are_written(void **state)
{
    static const char *const files[] = {"typed.pth", "typed.safetensors"};
    const struct shape shape = {.rank = 1, .dim = {4}};
    struct error error = {0};
    struct tensor *tensor = tensor_new(ELEMENT_FLOAT, &shape);
    (void)state;
    for (int i = 0; i < 4; i++)
        ((float *)tensor->data)[i] = (float)i;
    tensor->file_type = FILE_FLOAT;
    const struct weight weights[] = {{"half", tensor, FILE_FLOAT16}, {"whole", tensor, FILE_INT64}};
    for (int i = 0; i < 2; i++) {
        use(files[i]);
        assert_int_equal(checkpoint_write(path, "", &weights[0], 1, NULL, &error), STATUS_OK);
        reads_as("half float16 4: 0 1 2 3\n");
        assert_int_equal(checkpoint_write(path, "", &weights[1], 1, NULL, &error), STATUS_OK);
        reads_as("whole float 4: 0 1 2 3\n");
    }
    const struct weight odd = {"a\xff", tensor, 0};
    assert_int_equal(checkpoint_write(path, "", &odd, 1, NULL, &error), STATUS_UNSUPPORTED);
    assert_string_equal(error.message,
                        "tensor a\\xff: its name is no UTF-8, which safetensors need: write a .pth");
    tensor_free(tensor);
}

static void rounds_to_even(void **state)
{
    static const float values[] = {1.0f,     1.00390625f, 1.01171875f, 3.0e38f,
                                   65519.0f, 65520.0f,    6.0e-8f,     -0.0f};
    static const uint16_t bfloat16[] = {0x3f80, 0x3f80, 0x3f82, 0x7f62, 0x4780, 0x4780, 0x3381, 0x8000};
    static const uint16_t float16[] = {0x3c00, 0x3c04, 0x3c0c, 0x7c00, 0x7bff, 0x7c00, 0x0001, 0x8000};
    uint16_t out[8];
    struct tensor tensor = {.type = ELEMENT_FLOAT, .data = (void *)values};
    (void)state;
    file_type_encode(FILE_BFLOAT16, &tensor, 0, 8, out);
    assert_memory_equal(out, bfloat16, sizeof out);
    file_type_encode(FILE_FLOAT16, &tensor, 0, 8, out);
    assert_memory_equal(out, float16, sizeof out);
}

static void old_file_stays_when_memory_fails(void **state)
{
    static const char *const files[] = {"old.pth", "old.safetensors"};
    struct weight weights[WRITTEN];
    char names[WRITTEN][16];
    (void)state;
    make_weights(weights, names);
    for (size_t i = 0; i < 2; i++) {
        status code = STATUS_MEMORY;
        use(files[i]);
        for (long nth = 1; code != STATUS_OK; nth++) {
            unsigned char *bytes;
            size_t size;
            struct error error = {0};
            put("old", 3);
            mem_fail_at(nth);
            code = checkpoint_write(path, "", weights, WRITTEN, NULL, &error);
            mem_fail_at(0);
            assert_true(code == STATUS_OK || code == STATUS_MEMORY);
            assert_int_equal(file_read(path, 1 << 20, &bytes, &size, &error), STATUS_OK);
            assert_true(code == STATUS_OK || (size == 3 && memcmp(bytes, "old", 3) == 0));
            mem_free(bytes);
        }
    }
    free_weights(weights);
}

/* --- Beside PyTorch ------------------------------------------------------------------------------------- */

/* tests/checkpoint/peer.py COMMAND FOLDER [FILE]; skipped where PyTorch is not installed. */
static void run_peer(const char *command, const char *file)
{
    const char *source_folder = getenv("SRCDIR");
    char line[1024];
    snprintf(line, sizeof line,
             "/usr/bin/python3 '%s/tests/checkpoint/peer.py' %s '%s' '%s' >'%s/peer.out' 2>&1",
             source_folder ? source_folder : ".", command, folder, file, folder);
    int result = system(line);
    if (access("/usr/bin/python3", X_OK) != 0 || (WIFEXITED(result) && WEXITSTATUS(result) == 77))
        skip_because("python3-torch is not installed");
    if (result != 0) {
        snprintf(line, sizeof line, "cat '%s/peer.out'", folder);
        (void)!system(line);
        fail_msg("peer.py %s failed", command);
    }
}

/* "name type shape sum sum-of-weighted" of each weight, as peer.py writes it. */
static void summarise(struct text *text, const struct checkpoint *checkpoint)
{
    for (int i = 0; i < checkpoint->count; i++) {
        const struct tensor *tensor = checkpoint->weights[i].tensor;
        double sum = 0;
        for (int64_t k = 0; k < shape_elements(&tensor->shape); k++)
            sum += tensor_get(tensor, k) * (double)(k % 17 + 1);
        text_add_format(text, "%s %d ", checkpoint->weights[i].name, tensor->file_type);
        shape_text(&tensor->shape, text);
        text_add_format(text, " %.6f\n", sum + 1e-9);
    }
}

static void reads_what_pytorch_writes(void **state)
{
    static const char *const files[] = {"zip",    "legacy", "protocol4",    "module", "module-legacy",
                                        "nested", "types",  "types-legacy", "script"};
    (void)state;
    run_peer("make", "");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char name[64];
        unsigned char *expected;
        size_t size;
        struct error error = {0};
        struct text text = {0};
        snprintf(name, sizeof name, "%s.txt", files[i]);
        use(name);
        assert_int_equal(file_read(path, 1 << 20, &expected, &size, &error), STATUS_OK);
        snprintf(name, sizeof name, "%s.pt", files[i]);
        use(name);
        struct checkpoint *checkpoint = read_file();
        summarise(&text, checkpoint);
        if (strcmp(text_data(&text), (const char *)expected) != 0)
            fail_msg("%s:\n%sexpected:\n%s", files[i], text_data(&text), (const char *)expected);
        text_free(&text);
        mem_free(expected);
        checkpoint_free(checkpoint);
    }
}

/* The trained network, written again, loads with equal numbers; so do all types. */
static void pytorch_reads_what_is_written(void **state)
{
    struct error error = {0};
    (void)state;
    comes_back("types.pth");
    run_peer("types", path);
    const char *trained = need_shared("data/models/resnet56.th");
    struct checkpoint *checkpoint;
    assert_int_equal(checkpoint_read(trained, &checkpoint, &error), STATUS_OK);
    assert_string_equal(checkpoint->prefix, "module.");
    use("resnet56.pth");
    assert_int_equal(
        checkpoint_write(path, checkpoint->prefix, checkpoint->weights, checkpoint->count, NULL, &error),
        STATUS_OK);
    run_peer("equal", trained);
    use("resnet56.safetensors");
    assert_int_equal(
        checkpoint_write(path, checkpoint->prefix, checkpoint->weights, checkpoint->count, NULL, &error),
        STATUS_OK);
    run_peer("equal-safetensors", trained);
    checkpoint_free(checkpoint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(understands_tensors),
        cmocka_unit_test(finds_weights),
        cmocka_unit_test(tied_weights_are_one),
        cmocka_unit_test(refuses_what_contradicts),
        cmocka_unit_test(refuses_modules_that_double),
        cmocka_unit_test(refuses_damaged_legacy_files),
        cmocka_unit_test(survives_damage),
        cmocka_unit_test(reads_safetensors),
        cmocka_unit_test(refuses_bad_headers),
        cmocka_unit_test(reads_many_tensors),
        cmocka_unit_test(is_told_by_content),
        cmocka_unit_test(what_is_written_comes_back),
        cmocka_unit_test(rounds_to_even),
        cmocka_unit_test(is_told_or_memory_is_out),
        cmocka_unit_test(zeros_come_back),
        cmocka_unit_test(types_of_the_file_are_written),
        cmocka_unit_test(old_file_stays_when_memory_fails),
        cmocka_unit_test(reads_what_pytorch_writes),
        cmocka_unit_test(pytorch_reads_what_is_written),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
