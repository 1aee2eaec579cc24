#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every source file includes what it uses: whatever it names of a header of ours, it includes this header itself or
# its own header (base/text.h is that of base/text.c) does. So no file hangs on what another header happens to include.
#
# Names are functions, variables, macros, types, and constants of enumerations. A type that is only pointed to
# needs no definition. A name that a file declares itself, or that stands behind a dot or an arrow, is its own.
. "$SRCDIR/tests/support/program.sh"

# check_includes FOLDER: one line for each header that a .c below it lacks, and at the end how many names were known.
# All headers are read before the first .c.
check_includes() {
    cd "$1" && find . -name '*.h' ! -name '*.pb-c.h' | sed 's|^\./||' | sort >"$work/headers" &&
        find . -name '*.c' ! -name '*.pb-c.c' | sed 's|^\./||' | sort >"$work/sources" &&
        cat "$work/headers" "$work/sources" | xargs awk '
function declare(name) {
    if (name in keywords)
        return
    if (!is_header)
        own[FILENAME, name] = 1
    else if (!((name, FILENAME) in declared)) {
        declared[name, FILENAME] = 1
        owners[name] = owners[name] " " FILENAME
        known++
    }
}

# Code without comments and with empty strings; `in_comment` lasts over lines.
function code_of(line,    code, rest, at) {
    code = ""
    for (;;) {
        if (in_comment) {
            if (!(at = index(line, "*/")))
                return code
            in_comment = 0
            line = " " substr(line, at + 2)
        }
        if (!match(line, /["\047]|\/\*|\/\//))
            return code line
        code = code substr(line, 1, RSTART - 1)
        rest = substr(line, RSTART)
        if (rest ~ /^\/\//)
            return code
        if (rest ~ /^\/\*/) {
            in_comment = 1
            line = substr(rest, 3)
        } else if (match(rest, /^"([^"\\]|\\.)*"/) || match(rest, /^\047([^\047\\]|\\.)*\047/)) {
            code = code "0"
            line = substr(rest, RLENGTH + 1)
        } else
            return code " " substr(rest, 2)
    }
}

function is_name(token) { return token ~ /^[A-Za-z_]/ && !(token in keywords) }

BEGIN {
    n = split("auto bool break case char const continue default do double else extern float for goto if inline int " \
              "long register restrict return short signed sizeof static switch unsigned void volatile while " \
              "__attribute__ _Static_assert _Atomic defined", word, " ")
    for (i = 1; i <= n; i++)
        keywords[word[i]] = 1
}

# What a line behind #define declares. The constants of a list for an enumeration are the capitals in its rows.
function read_macro(count,    i) {
    if (token[4] == "(" && token[5] ~ /^[A-Z]$/)
        list = token[3]
    if (token[3] !~ /_H$/)
        declare(token[3])
}

# Declarations at the outermost level, and constants of enumerations at any.
function read_declarations(count,    i, t) {
    for (i = 1; i <= count; i++) {
        t = token[i]
        if (t == "{") {
            if (braces++ == 0 && tagged != "")
                declare(tagged)
            tagged = ""
            if (token[i - 1] == "enum" || token[i - 2] == "enum") {
                expect = in_enum = 1
                enum_depth = braces
            }
        } else if (t == "}") {
            if (in_enum && braces == enum_depth)
                in_enum = expect = 0
            if (--braces == 0 && body)
                named = body = 0
        } else if (t == ";") {
            if (braces == 0 && parentheses == 0) {
                if ((is_typedef || is_extern) && !named && last_name != "")
                    declare(is_typedef ? "type " last_name : last_name)
                named = is_typedef = is_extern = 0
                tagged = last_name = ""
            }
        } else if (t == "(") {
            if (braces == 0 && parentheses++ == 0 && !named && (is_name(token[i - 1]) || token[i + 1] == "*")) {
                name = token[i + 1] == "*" ? token[i + 2] : token[i - 1]
                declare(is_typedef ? "type " name : name)
                named = body = 1
            } else if (in_enum && expect == 0 && is_name(token[i - 1]) && token[i - 1] in lists)
                declare_list(lists[token[i - 1]])
        } else if (t == ")") {
            if (braces == 0)
                parentheses--
        } else if (t == ",") {
            expect = in_enum
        } else if (t == "extern") {
            is_extern = 1
        } else if (is_name(t)) {
            if (expect) {
                declare(t)
                if (t in lists)
                    declare_list(lists[t])
                expect = 0
            }
            is_typedef = is_typedef || t == "typedef"
            if (braces == 0 && parentheses == 0 && (t == "struct" || t == "union" || t == "enum") && is_name(token[i + 1]))
                tagged = t " " token[i + 1]
            if (braces == 0 && parentheses == 0)
                last_name = t
        } else if (t == "=" && braces == 0 && last_name != "" && !named) {
            declare(last_name)
            named = 1
        }
    }
}

function declare_list(rows,    words, n, i) {
    n = split(rows, words, " ")
    for (i = 1; i <= n; i++)
        declare(words[i])
}

function use(name, shown,    candidates, n, i) {
    if (!(name in owners) || (FILENAME, name) in own || (FILENAME, name) in used)
        return
    used[FILENAME, name] = 1
    uses[++use_count] = FILENAME SUBSEP name SUBSEP shown
}

function read_uses(count,    i, t, before) {
    for (i = 1; i <= count; i++) {
        t = token[i]
        if (!is_name(t))
            continue
        before = token[i - 1]
        if (before == "." || (before == ">" && token[i - 2] == "-"))
            continue
        if (before == "struct" || before == "union" || before == "enum") {
            if (is_name(token[i + 1]) || token[i + 1] == "{" || (token[i + 1] == ")" && token[i - 2] == "("))
                if (token[i + 1] != "const")
                    use(before " " t, before " " t)
            continue
        }
        if (is_name(token[i + 1]))
            use("type " t, t)
        use(t, t)
    }
}

FNR == 1 {
    is_header = FILENAME ~ /\.h$/
    in_comment = braces = parentheses = named = body = is_typedef = is_extern = in_enum = expect = 0
    tagged = last_name = list = ""
}

/^#[ \t]*include "/ && !in_comment {
    split($0, part, "\"")
    includes[FILENAME, part[2]] = 1
    list_of[FILENAME] = list_of[FILENAME] " " part[2]
    next
}

{
    continued = continues
    continues = /\\$/
    sub(/\\$/, "")
    line = code_of($0)
    if (line !~ /[A-Za-z0-9_{}();,]/)
        next
    gsub(/[^A-Za-z0-9_]/, " & ", line)
    count = split(line, token, " ")
    token[0] = token[-1] = ""
    token[count + 1] = token[count + 2] = ""
    if (token[1] == "#") {
        if (token[2] == "define")
            read_macro(count)
        else if (token[2] !~ /^(if|elif)$/)
            next
        in_macro = 1
    } else if (!continued)
        in_macro = 0
    if (in_macro && list != "")
        for (i = 1; i <= count; i++)
            if (token[i] ~ /^[A-Z][A-Z0-9]*_[A-Z0-9_]+$/ && token[i] != list)
                lists[list] = lists[list] " " token[i]
    if (!continues)
        list = ""
    if (!in_macro)
        read_declarations(count)
    if (!is_header)
        read_uses(count)
}

# Does the file see this header, if only through others? A name of a header that it does not see is another.
function sees(file, header,    todo, count, i, n, names) {
    if (file != seen_by) {
        split("", seen)
        seen_by = file
        todo[count = 1] = file
        for (i = 1; i <= count; i++) {
            n = split(list_of[todo[i]], names, " ")
            for (; n > 0; n--)
                if (!(names[n] in seen)) {
                    seen[names[n]] = 1
                    todo[++count] = names[n]
                }
        }
    }
    return header in seen
}

END {
    for (u = 1; u <= use_count; u++) {
        split(uses[u], part, SUBSEP)
        file = part[1]
        name = part[2]
        if ((file, name) in own)
            continue
        mine = substr(file, 1, length(file) - 1) "h"
        n = split(owners[name], header, " ")
        good = 0
        lacking = ""
        for (i = 1; i <= n && !good; i++) {
            good = (file, header[i]) in includes || header[i] == mine || (mine, header[i]) in includes
            if (sees(file, header[i]))
                lacking = header[i]
        }
        if (!good && lacking != "" && !((file, lacking) in told)) {
            told[file, lacking] = 1
            print file ": " part[3] " is in " lacking
        }
    }
    print known + 0 " names in headers"
}'
}

# What must be found, and what must not.
mkdir -p "$work/made/room"
cat >"$work/made/room/all.h" <<'END'
#include "room/code.h"
#include "room/tools.h"
END
cat >"$work/made/room/code.h" <<'END'
#define CODES(X) X(CODE_OK, "fine") X(CODE_BAD, "not /* fine")
typedef enum code {
#define CODE_ENUM(name, text) name,
    CODES(CODE_ENUM)
} code;
END
cat >"$work/made/room/tools.h" <<'END'
#ifndef ROOM_TOOLS_H
#define ROOM_TOOLS_H
struct tool;
struct box {
    int side;
};
enum colour { RED, GREEN = 2 };
enum {
    LARGEST = 7,
};
struct later {
    int weight;
};
/* Don't read `absent(1)` here. */
typedef int (*tool_function)(struct tool *tool, int how);
extern const struct tool *const tools[];
int tool_use(struct tool *tool, int (*how)(int hammer));
static inline int tool_count(void)
{
    return LARGEST;
}
#define EACH_TOOL(i) for (int i = 0; i < LARGEST; i++)
#endif
END
for use in 'code f(void)' 'int f = CODE_BAD' 'struct box f' 'struct later f' 'enum colour f' 'int f = GREEN' 'int f[LARGEST]' \
    'tool_function f' 'const void *f = tools' 'int f(void) { return tool_use(0, 0); }' \
    'int f(void) { return tool_count(); }' 'void f(void) { EACH_TOOL(i) ; }'; do
    printf '#include "room/all.h"\n%s;\n' "$use" >"$work/made/room/user.c"
    (check_includes "$work/made") >"$work/out"
    grep -q '^room/user.c: .* is in room/' "$work/out"
    ok $? "found without its header: $use"
    printf '#include "room/code.h"\n#include "room/tools.h"\n%s;\n' "$use" >"$work/made/room/user.c"
    (check_includes "$work/made") >"$work/out"
    ! grep -q '^room' "$work/out"
    ok $? "and not with it: $use"
done
for use in 'struct tool *f' 'int f(struct box *box)' 'static int tool_count(void)' 'int f = sizeof "RED"' \
    'int f; /* tool_use(0, 0) */' 'int f(struct x *x) { return x->tools + x->RED; }' 'int absent, hammer'; do
    printf '#include "room/all.h"\n%s;\n' "$use" >"$work/made/room/user.c"
    (check_includes "$work/made") >"$work/out"
    ! grep -q '^room' "$work/out"
    ok $? "needs no header: $use"
done
printf '#include "room/user.h"\nint f = RED;\n' >"$work/made/room/user.c"
printf '#include "room/tools.h"\n' >"$work/made/room/user.h"
(check_includes "$work/made") >"$work/out"
! grep -q '^room' "$work/out"
ok $? "its own header may include it"

(check_includes "$SRCDIR/src") >"$work/out"
awk '/ names in headers$/ { exit !($1 > 1000) }' "$work/out"
ok $? "the headers of the program are read: $(tail -n 1 "$work/out")"
sed '$d' "$work/out" >"$work/missing"
explain "$work/missing"
test ! -s "$work/missing"
ok $? "every source file includes what it uses"
finish
