/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pickles, byte by byte: what every opcode makes, what is refused and where, and what was made to do harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/memory.h"
#include "base/text.h"
#include "pickle/numpy.h"
#include "pickle/opcodes.h"
#include "pickle/pickle.h"
#include "pickle/walk.h"

#define BYTES(literal) literal, sizeof literal - 1

/* --- Values as text ------------------------------------------------------------------------------------- */

static void show(struct text *text, const struct pickle_value *value, int depth);

static void show_items(struct text *text, const struct pickle_value *value, const char *open,
                       const char *close, int depth)
{
    bool pairs = value->kind == PICKLE_DICT;
    text_add(text, open);
    for (size_t i = 0; i < value->list.count; i++) {
        text_add(text, i == 0 ? "" : pairs && i % 2 ? ": " : ", ");
        show(text, value->list.items[i], depth + 1);
    }
    text_add(text, close);
    if (value->list.state) {
        text_add(text, "@");
        show(text, value->list.state, depth + 1);
    }
}

static void show_record(struct text *text, const struct pickle_record *record, int depth)
{
    const struct pickle_value *parts[] = {record->state, record->elements, record->pairs};
    show(text, record->callable, depth + 1);
    show(text, record->arguments, depth + 1);
    for (size_t i = 0; i < 3; i++)
        if (parts[i]) {
            text_add(text, i == 0 ? "@" : i == 1 ? "+" : "*");
            show(text, parts[i], depth + 1);
        }
}

static void show(struct text *text, const struct pickle_value *value, int depth)
{
    if (depth > 20) {
        text_add(text, "...");
        return;
    }
    switch (value->kind) {
    case PICKLE_NONE:
        text_add(text, "None");
        break;
    case PICKLE_BOOL:
        text_add(text, value->integer ? "True" : "False");
        break;
    case PICKLE_INTEGER:
        text_add_format(text, "%lld", (long long)value->integer);
        break;
    case PICKLE_LARGE_INTEGER:
        text_add_format(text, "large %s", value->text.data);
        break;
    case PICKLE_REAL:
        text_add_format(text, "%.17g", value->real);
        break;
    case PICKLE_STRING:
    case PICKLE_BYTES:
        text_add(text, value->kind == PICKLE_BYTES ? "b'" : "'");
        text_add_bytes(text, value->text.data, value->text.length);
        text_add(text, "'");
        break;
    case PICKLE_TUPLE:
        show_items(text, value, "(", ")", depth);
        break;
    case PICKLE_LIST:
        show_items(text, value, "[", "]", depth);
        break;
    case PICKLE_DICT:
        show_items(text, value, "{", "}", depth);
        break;
    case PICKLE_SET:
        show_items(text, value, "<", ">", depth);
        break;
    case PICKLE_CLASS:
        text_add_format(text, "%s.%s", value->class.module, value->class.name);
        break;
    case PICKLE_RECORD:
        show_record(text, &value->record, depth);
        break;
    case PICKLE_PERSISTENT:
        text_add(text, "persistent ");
        show(text, value->id, depth + 1);
        break;
    default:
        fail();
    }
}

/* Read a copy of just these bytes, so that sanitizers see what is read beyond them. */
static status read_copy(struct arena *arena, const char *bytes, size_t size, unsigned char **copy,
                        const struct pickle_value **value, uint32_t *count, size_t *offset,
                        struct error *error)
{
    *error = (struct error){0};
    *offset = 0;
    *copy = malloc(size ? size : 1);
    memcpy(*copy, bytes, size);
    return pickle_read(arena, *copy, size, offset, value, count, error);
}

static void reads_as(const char *bytes, size_t size, const char *expected)
{
    struct arena *arena = arena_new();
    const struct pickle_value *value;
    unsigned char *copy;
    uint32_t count;
    size_t offset;
    struct error error;
    struct text text = {0};
    if (read_copy(arena, bytes, size, &copy, &value, &count, &offset, &error) != STATUS_OK)
        fail_msg("%s: expected %s", error.message, expected);
    assert_int_equal(offset, size);
    assert_true(value->number < count);
    show(&text, value, 0);
    assert_string_equal(text_data(&text), expected);
    text_free(&text);
    free(copy);
    arena_free(arena);
}

static void refused(const char *bytes, size_t size, status code, const char *message)
{
    struct arena *arena = arena_new();
    const struct pickle_value *value = NULL;
    unsigned char *copy;
    uint32_t count;
    size_t offset;
    struct error error;
    assert_int_equal(read_copy(arena, bytes, size, &copy, &value, &count, &offset, &error), code);
    assert_null(value);
    if (strncmp(error.message, message, strlen(message)) != 0)
        fail_msg("expected \"%s\", got \"%s\"", message, error.message);
    free(copy);
    arena_free(arena);
}

/* --- What opcodes make ---------------------------------------------------------------------------------- */

static const struct {
    const char *bytes;
    size_t size;
    const char *expected;
} made[] = {
    {BYTES("N."), "None"},
    {BYTES("\x80\x02\x88."), "True"},
    {BYTES("\x80\x05\x89."), "False"},
    {BYTES("I01\n."), "True"},
    {BYTES("I00\n."), "False"},
    {BYTES("I-12\n."), "-12"},
    {BYTES("L34L\n."), "34"},
    {BYTES("L99999999999999999999L\n."), "large 99999999999999999999"},
    {BYTES("K\xff."), "255"},
    {BYTES("M\x01\x02."), "513"},
    {BYTES("J\xfe\xff\xff\xff."), "-2"},
    {BYTES("\x8a\x00."), "0"},
    {BYTES("\x8a\x01\xff."), "-1"},
    {BYTES("\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80."), "-9223372036854775808"},
    {BYTES("\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\x00."), "large 0x00ffffffffffffffff"},
    {BYTES("\x8a\x09\x01\x00\x00\x00\x00\x00\x00\x00\xff."), "large -0x00ffffffffffffffff"},
    {BYTES("\x8b\x02\x00\x00\x00\x00\x01."), "256"},
    {BYTES("F1.5\n."), "1.5"},
    {BYTES("F-inf\n."), "-inf"},
    {BYTES("G\x3f\xf8\x00\x00\x00\x00\x00\x00."), "1.5"},
    {BYTES("S'a\\'b\\n\\x41\\101\\\\'\n."), "'a'b\nAA\\'"},
    {BYTES("S\"it's\"\n."), "'it's'"},
    {BYTES("T\x02\x00\x00\x00hi."), "'hi'"},
    {BYTES("U\x02hi."), "'hi'"},
    {BYTES("Vh\\u00e9\\U0001f600\xe9\n."), "'h\xc3\xa9\xf0\x9f\x98\x80\xc3\xa9'"},
    {BYTES("X\x02\x00\x00\x00hi."), "'hi'"},
    {BYTES("\x8c\x02hi."), "'hi'"},
    {BYTES("\x8d\x02\x00\x00\x00\x00\x00\x00\x00hi."), "'hi'"},
    {BYTES("B\x02\x00\x00\x00hi."), "b'hi'"},
    {BYTES("C\x02hi."), "b'hi'"},
    {BYTES("\x8e\x02\x00\x00\x00\x00\x00\x00\x00hi."), "b'hi'"},
    {BYTES("\x96\x02\x00\x00\x00\x00\x00\x00\x00hi."), "b'hi'"},
    {BYTES(")."), "()"},
    {BYTES("(K\1K\2t."), "(1, 2)"},
    {BYTES("K\1\x85."), "(1)"},
    {BYTES("K\1K\2\x86."), "(1, 2)"},
    {BYTES("K\1K\2K\3\x87."), "(1, 2, 3)"},
    {BYTES("]."), "[]"},
    {BYTES("(K\1l."), "[1]"},
    {BYTES("]K\1a(K\2K\3K\4K\5K\6e."), "[1, 2, 3, 4, 5, 6]"},
    {BYTES("}."), "{}"},
    {BYTES("(K\1K\2d."), "{1: 2}"},
    {BYTES("}K\1K\2s(K\3K\4u."), "{1: 2, 3: 4}"},
    {BYTES("\x8f(K\1K\2\x90."), "<1, 2>"},
    {BYTES("(K\1\x91."), "<1>"},
    {BYTES("K\1K\2"
           "0."),
     "1"},
    {BYTES("K\1(0."), "1"},
    {BYTES("K\1(K\2K\3"
           "1."),
     "1"},
    {BYTES("K\1"
           "2\x86."),
     "(1, 1)"},
    {BYTES("]p0\ng0\na."), "[[[[[[[[[[[[[[[[[[[[[...]]]]]]]]]]]]]]]]]]]]]"},
    {BYTES("K\7q\0h\0\x86."), "(7, 7)"},
    {BYTES("K\7r\1\0\0\0j\1\0\0\0\x86."), "(7, 7)"},
    {BYTES("(K\7\x94K\10\x94h\0h\1t."), "(7, 8, 7, 8)"},
    {BYTES("\x80\x04\x95\x02\0\0\0\0\0\0\0N."), "None"},
    {BYTES("Pkey\n."), "persistent 'key'"},
    {BYTES("K\1Q."), "persistent 1"},
    {BYTES("cos\nsystem\n."), "os.system"},
    {BYTES("\x8c\x02os\x8c\x06system\x93."), "os.system"},
    {BYTES("cos\nsystem\n(S'rm'\ntR."), "os.system('rm')"},
    {BYTES("cos\nsystem\nK\1\x85\x81."), "os.system(1)"},
    {BYTES("cm\nC\n)}(X\1\0\0\0kK\1u\x92."), "m.C()*{'k': 1}"},
    {BYTES("(cm\nC\nK\1o."), "m.C(1)"},
    {BYTES("(K\1im\nC\n."), "m.C(1)"},
    {BYTES("cm\nC\n)\x81}b."), "m.C()@{}"},
    {BYTES("cm\nC\n)RK\1aK\2K\3s."), "m.C()+[1]*{2: 3}"},
    {BYTES("cm\nC\n)R(K\1\x90."), "m.C()+[1]"},
    {BYTES("cm\nC\n)R)R."), "m.C()()"},
    {BYTES("ccollections\nOrderedDict\n)R(K\1K\2u}b."), "{1: 2}@{}"},
    {BYTES("ccollections\nOrderedDict\n]]K\1aK\2aa\x85R."), "{1: 2}"},
    {BYTES("ccollections\ndefaultdict\nc__builtin__\nlist\n\x85R(K\1K\2u."), "{1: 2}"},
    {BYTES("ccollections\nCounter\n}K\1K\2s\x85R."), "{1: 2}"},
    {BYTES("c__builtin__\nset\n(K\1K\2l\x85R."), "<1, 2>"},
    {BYTES("cbuiltins\nfrozenset\n(K\1l\x85R."), "<1>"},
    {BYTES("c_codecs\nencode\nX\3\0\0\0a\xc3\xbfX\6\0\0\0latin1\x86R."), "b'a\xff'"},
    {BYTES("c__builtin__\nbytes\n)R."), "b''"},
    {BYTES("ccopy_reg\n_reconstructor\n(cm\nC\nc__builtin__\nobject\nNtR}b."), "m.C()@{}"},
};

static void reads_every_opcode(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        reads_as(made[i].bytes, made[i].size, made[i].expected);
}

/* Of the 68 that Python has, two and three are refused by name; the rest stands in a row above. */
static void knows_all_opcodes(void **state)
{
    int known = 0;
    (void)state;
    for (int byte = 0; byte < 256; byte++)
        known += opcode_of((unsigned char)byte)->name != NULL;
    assert_int_equal(known, 68);
}

static void reads_one_after_another(void **state)
{
    static const char bytes[] = "K\1.]K\2a.N.rest";
    struct arena *arena = arena_new();
    const struct pickle_value *value;
    struct error error = {0};
    uint32_t count;
    size_t offset = 0;
    (void)state;
    assert_int_equal(
        pickle_read(arena, (const unsigned char *)bytes, sizeof bytes - 1, &offset, &value, &count, &error),
        0);
    assert_int_equal(offset, 3);
    assert_int_equal(
        pickle_read(arena, (const unsigned char *)bytes, sizeof bytes - 1, &offset, &value, &count, &error),
        0);
    assert_int_equal(offset, 8);
    assert_int_equal(pickle_length(value), 1);
    assert_int_equal(
        pickle_read(arena, (const unsigned char *)bytes, sizeof bytes - 1, &offset, &value, &count, &error),
        0);
    assert_int_equal(value->kind, PICKLE_NONE);
    assert_int_equal(offset, 10);
    arena_free(arena);
}

/* --- What is refused ------------------------------------------------------------------------------------ */

static const struct {
    const char *bytes;
    size_t size;
    const char *message;
} wrong[] = {
    {BYTES(""), "byte 0: the pickle does not end"},
    {BYTES("N"), "byte 1: the pickle does not end"},
    {BYTES("\xff"), "byte 0: 0xff is no opcode of a pickle"},
    {BYTES("."), "byte 0: STOP: it ends with 0 values on the stack"},
    {BYTES("NN."), "byte 2: STOP: it ends with 2 values on the stack"},
    {BYTES("0"), "byte 0: POP: nothing is on the stack"},
    {BYTES("N(\x85"), "byte 2: TUPLE1: nothing is on the stack above the mark"},
    {BYTES("t"), "byte 0: TUPLE: no mark is on the stack"},
    {BYTES("NNNs"), "byte 3: SETITEM: nothing can be put into None this way"},
    {BYTES("]NNs"), "byte 3: SETITEM: nothing can be put into a list this way"},
    {BYTES("}Na"), "byte 2: APPEND: nothing can be put into a dict this way"},
    {BYTES(")Na"), "byte 2: APPEND: nothing can be put into a tuple this way"},
    {BYTES("K\1Na"), "byte 3: APPEND: nothing can be put into an integer this way"},
    {BYTES("cm\nC\nNNs"), "byte 7: SETITEM: nothing can be put into a class this way"},
    {BYTES("}(NNNu"), "byte 5: SETITEMS: a key has no value"},
    {BYTES("(NNNd"), "byte 4: DICT: a key has no value"},
    {BYTES("K\1}b"), "byte 3: BUILD: an integer can be given no attributes"},
    {BYTES("cm\nC\n}b"), "byte 6: BUILD: a class can be given no attributes"},
    {BYTES("K\1)R"), "byte 3: REDUCE: an integer cannot be called"},
    {BYTES("X\1\0\0\0a)R"), "byte 7: REDUCE: a string cannot be called"},
    {BYTES("cm\nC\nNR"), "byte 6: REDUCE: None stands where a tuple of arguments should"},
    {BYTES("cm\nC\n)N\x92"), "byte 7: NEWOBJ_EX: None stands where a dict"},
    {BYTES("(o"), "byte 1: OBJ: nothing is there to be called"},
    {BYTES("h\5"), "byte 0: BINGET: nothing was kept as number 5"},
    {BYTES("g12x\n"), "byte 0: GET: what follows is no memo index"},
    {BYTES("Nr\xff\xff\xff\x7f"), "byte 1: LONG_BINPUT: memo index 2147483647 is too large"},
    {BYTES("Np99999999999999999999\n"), "byte 1: PUT: what follows is no memo index"},
    {BYTES("q\0"), "byte 0: BINPUT: nothing is on the stack"},
    {BYTES("K"), "byte 0: BININT1: 1 bytes should follow where 0 are left"},
    {BYTES("X\xff\xff\xff\xff"), "byte 0: BINUNICODE: 4294967295 bytes should follow where 0"},
    {BYTES("\x8d\xff\xff\xff\xff\xff\xff\xff\xff"), "byte 0: BINUNICODE8: 18446744073709551615 bytes"},
    {BYTES("\x8b\xff\xff\xff\xff"), "byte 0: LONG4: the length of the integer is negative"},
    {BYTES("\x95\xff\0\0\0\0\0\0\0"), "byte 0: FRAME: a frame of 255 bytes, but 0 are left"},
    {BYTES("I12"), "byte 0: INT: the line that should follow does not end"},
    {BYTES("I1.5\n"), "byte 0: INT: what follows is no integer"},
    {BYTES("F1.5%\n"), "byte 0: FLOAT: what follows is no number"},
    {BYTES("Shello\n"), "byte 0: STRING: the string that should follow is not quoted"},
    {BYTES("S'\\q'\n"), "byte 0: STRING: the string has an escape that does not exist"},
    {BYTES("S'\\'\n"), "byte 0: STRING: the string has an escape that does not exist"},
    {BYTES("V\\u12\n"), "byte 0: UNICODE: the string has an escape that does not exist"},
    {BYTES("c\nx\n"), "byte 0: GLOBAL: the name of a class is none"},
    {BYTES("K\1K\2\x93"), "byte 4: STACK_GLOBAL: the name of a class is none"},
    {BYTES("ccollections\nOrderedDict\n(K\1l\x85R"), "byte 30: REDUCE: a dict is made of something"},
    {BYTES("c_codecs\nencode\nX\3\0\0\0\xe2\x82\xacX\6\0\0\0latin1\x86R"),
     "byte 36: REDUCE: bytes are written"},
};

static void refuses_with_the_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refused(wrong[i].bytes, wrong[i].size, STATUS_FILE, wrong[i].message);
    refused(BYTES("\x80\x06N."), STATUS_UNSUPPORTED, "byte 0: PROTO: protocol 6 is not supported");
    refused(BYTES("\x82\x05."), STATUS_UNSUPPORTED, "byte 0: EXT1: classes by number (5)");
    refused(BYTES("\x97."), STATUS_UNSUPPORTED, "byte 0: NEXT_BUFFER: buffers that are kept elsewhere");
    refused(BYTES("C\1x\x98."), STATUS_UNSUPPORTED, "byte 3: READONLY_BUFFER: ");
}

/* --- What was made to do harm --------------------------------------------------------------------------- */

/* `head`, then `body` so many times, then `tail`. */
static struct text repeated(const char *head, const char *body, int times, const char *tail)
{
    struct text bytes = {0};
    text_add(&bytes, head);
    text_add_repeated(&bytes, body, times);
    text_add(&bytes, tail);
    return bytes;
}

static void reads_deep_nesting(void **state)
{
    enum { DEPTH = 200000 };
    struct text open = repeated("", "]", DEPTH, ""), close = repeated("", "a", DEPTH - 1, ".");
    struct arena *arena = arena_new();
    const struct pickle_value *value;
    unsigned char *copy;
    uint32_t count;
    size_t offset;
    struct error error;
    (void)state;
    text_add(&open, close.data);
    assert_int_equal(read_copy(arena, open.data, open.length, &copy, &value, &count, &offset, &error),
                     STATUS_OK);
    assert_int_equal(count, DEPTH);
    free(copy);
    arena_free(arena);
    text_free(&open);
    text_free(&close);
}

/* A string that is copied by every call, a list that is made anew by every call. */
static void refuses_amplification(void **state)
{
    struct text string = {0}, copies;
    (void)state;
    text_add(&string, "c_codecs\nencode\nq");
    text_add_bytes(&string, "\1", 1);
    text_add(&string, "0X");
    text_add_bytes(&string, "\x20\x4e\0\0", 4); /* 20,000 */
    text_add_repeated(&string, "a", 20000);
    text_add(&string, "X");
    text_add_bytes(&string, "\6\0\0\0", 4);
    text_add(&string, "latin1\x86q\2"
                      "0(");
    copies = repeated("", "h\1h\2R", 2000, "t.");
    text_add(&string, copies.data);
    refused(string.data, string.length, STATUS_FILE, "byte ");
    text_free(&string);
    text_free(&copies);
}

static status count_visit(void *argument, const struct pickle_step *steps, size_t at, bool *descend,
                          struct error *error)
{
    (void)steps;
    (void)at;
    (void)error;
    assert_true(*descend);
    ++*(size_t *)argument;
    return STATUS_OK;
}

/* Thirty tuples, each twice in the next: 2^30 ways through them, and one visit for each. */
static void walks_each_value_once(void **state)
{
    struct text bytes = repeated(")", "2\x86", 30, ".");
    struct arena *arena = arena_new();
    const struct pickle_value *value;
    unsigned char *copy;
    uint32_t count;
    size_t offset, visits = 0;
    struct error error;
    (void)state;
    assert_int_equal(read_copy(arena, bytes.data, bytes.length, &copy, &value, &count, &offset, &error),
                     STATUS_OK);
    assert_int_equal(pickle_walk(value, count, count_visit, &visits, &error), STATUS_OK);
    assert_int_equal(visits, 31);
    free(copy);
    arena_free(arena);
    text_free(&bytes);
}

/* What there is in one: every kind of value, memo, classes and objects. */
#define WHOLE                                                                                                \
    "\x80\x02}q\1(X\1\0\0\0aK\1X\1\0\0\0b]q\2(K\2M\1\2J\1\2\3\4\x8a\1\5G\x3f\xf8\0\0\0\0\0\0eX\1\0\0\0c"     \
    "ccollections\nOrderedDict\n)R(U\1xNu}bX\1\0\0\0dcm\nC\n)\x81}(U\1yh\2ubX\1\0\0\0e(K\1K\2tQ"             \
    "X\1\0\0\0fC\3abcu."

static void survives_damage(void **state)
{
    static const char whole[] = WHOLE;
    const size_t size = sizeof whole - 1;
    static const unsigned char masks[] = {0x01, 0x02, 0x10, 0x80, 0xff};
    struct error error;
    (void)state;
    reads_as(
        whole, size,
        "{'a': 1, 'b': [2, 513, 67305985, 5, 1.5], 'c': {'x': None}@{}, 'd': m.C()@{'y': [2, 513, 67305985, "
        "5, 1.5]}, 'e': persistent (1, 2), 'f': b'abc'}");
    for (size_t i = 0; i < size; i++)
        refused(whole, i, STATUS_FILE, "byte ");
    for (size_t i = 0; i < size; i++)
        for (size_t k = 0; k < sizeof masks; k++) {
            char changed[sizeof whole];
            struct arena *arena = arena_new();
            const struct pickle_value *value;
            unsigned char *copy;
            uint32_t count;
            size_t offset;
            memcpy(changed, whole, sizeof whole);
            changed[i] = (char)(changed[i] ^ masks[k]);
            status code = read_copy(arena, changed, size, &copy, &value, &count, &offset, &error);
            assert_true(code == STATUS_OK || code == STATUS_FILE || code == STATUS_UNSUPPORTED);
            free(copy);
            arena_free(arena);
        }
}

static void survives_failing_memory(void **state)
{
    static const char whole[] = WHOLE;
    struct error error = {0};
    status code = STATUS_MEMORY;
    long nth;
    (void)state;
    for (nth = 1; code != STATUS_OK; nth++) {
        struct arena *arena = arena_new();
        const struct pickle_value *value = NULL;
        uint32_t count;
        size_t offset = 0;
        mem_fail_at(nth);
        code = pickle_read(arena, (const unsigned char *)whole, sizeof whole - 1, &offset, &value, &count,
                           &error);
        mem_fail_at(0);
        assert_true(code == STATUS_OK || code == STATUS_MEMORY);
        arena_free(arena);
    }
    assert_true(nth > 30);
}

/* --- NumPy's arrays ------------------------------------------------------------------------------------- */

#define RECONSTRUCT(module) "c" module "\n_reconstruct\n(cnumpy\nndarray\n(K\0tU\1btR"
#define DTYPE(name, order)                                                                                   \
    "cnumpy\ndtype\n(U\2" name "I0\nI1\ntR(K\3U\1" order "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"

static const struct {
    const char *bytes;
    size_t size;
    const char *expected; /* kind, width, order, elements, first bytes; or a message */
} arrays[] = {
    {BYTES(RECONSTRUCT("numpy.core.multiarray") "(K\1(K\2K\3t" DTYPE("u1", "|") "I00\nU\6abcdeftb."),
     "u1<C 2x3 abcdef"},
    {BYTES(RECONSTRUCT("numpy._core.multiarray") "(K\1(K\1K\2t" DTYPE("i2", ">") "\x89"
                                                                                 "C\4abcdtb."),
     "i2>C 1x2 abcd"},
    {BYTES(RECONSTRUCT("numpy.core.multiarray") "(K\1(K\2K\2t" DTYPE("f4", "<") "\x88"
                                                                                "C\x10"
                                                                                "abcdefghijklmnoptb."),
     "f4<F 2x2 abcdefghijklmnop"},
    {BYTES("cnumpy.core.numeric\n_frombuffer\n(\x96\2\0\0\0\0\0\0\0hi" DTYPE("b1", "|") "K\2\x85U\1CtR."),
     "b1<C 2 hi"},
    {BYTES(RECONSTRUCT("numpy.core.multiarray") "(K\1(K\2K\3t" DTYPE("u1", "|") "I00\nU\5abcdetb."),
     "an array of 6 elements of 1 bytes has 5 bytes"},
    {BYTES(RECONSTRUCT("numpy.core.multiarray") "(K\1(J\xff\xff\xff\xfft" DTYPE("u1", "|") "I00\nU\0tb."),
     "an array has a dimension that is none"},
    {BYTES(RECONSTRUCT("numpy.core.multiarray") "(K\1(J\xff\xff\xff\x7fJ\xff\xff\xff\x7ft" DTYPE(
         "u1", "|") "I00\nU\0tb."),
     "the product of an array's dimensions is too large"},
    {BYTES(RECONSTRUCT("numpy.core.multiarray") "(K\1(K\1t" DTYPE("O8", "|") "I00\n]tb."),
     "an array of dtype O8 is not supported"},
    {BYTES(RECONSTRUCT("numpy.core.multiarray") "(K\1(K\1t" DTYPE("u1", "|") "I00\n]tb."),
     "an array's bytes are a list"},
    {BYTES(RECONSTRUCT("numpy.core.multiarray") "."), "an array lacks its shape or its bytes"},
    {BYTES("]."), "a list stands where an array should"},
};

static void reads_arrays(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        struct arena *arena = arena_new();
        const struct pickle_value *value;
        unsigned char *copy;
        uint32_t count;
        size_t offset;
        struct error error;
        struct numpy_array array;
        struct text text = {0};
        assert_int_equal(
            read_copy(arena, arrays[i].bytes, arrays[i].size, &copy, &value, &count, &offset, &error), 0);
        if (numpy_array(value, &array, &error) == STATUS_OK) {
            assert_true(numpy_is_array(value));
            text_add_format(&text, "%c%d%c%c", array.kind, array.width, array.big_endian ? '>' : '<',
                            array.fortran ? 'F' : 'C');
            for (int k = 0; k < array.rank; k++)
                text_add_format(&text, "%c%lld", k ? 'x' : ' ', (long long)array.dim[k]);
            text_add(&text, " ");
            text_add_bytes(&text, (const char *)array.data, (size_t)(array.elements * array.width));
        } else {
            text_add(&text, error.message);
        }
        assert_string_equal(text_data(&text), arrays[i].expected);
        text_free(&text);
        free(copy);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_opcode),      cmocka_unit_test(knows_all_opcodes),
        cmocka_unit_test(reads_one_after_another), cmocka_unit_test(refuses_with_the_place),
        cmocka_unit_test(reads_deep_nesting),      cmocka_unit_test(refuses_amplification),
        cmocka_unit_test(walks_each_value_once),   cmocka_unit_test(survives_damage),
        cmocka_unit_test(survives_failing_memory), cmocka_unit_test(reads_arrays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
