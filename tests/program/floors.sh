#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The order of the floors: ARCHITECTURE.md's table says on which floor each room stands, and no file of a room includes a
# header of another room on the same floor or above. Every folder below src/ has its row there. src/main.c stands above all.
. "$SRCDIR/tests/support/program.sh"

# check_floors FOLDER: the table in its ARCHITECTURE.md against its src. One line for each fault, and at the end how many
# floors and includes there were. Rows are "| 3 | `src/view/`, `src/other/` ... |": rooms in one row share a floor.
check_floors() {
    cd "$1" && find src -name '*.[ch]' ! -name '*.pb-c.[ch]' | sort | xargs awk '
    function folder_of(path) {
        return path ~ /\// ? substr(path, 1, match(path, /\/[^\/]*$/) - 1) : ""
    }

    FILENAME == "ARCHITECTURE.md" {
        if (split($0, cell, "|") < 4 || cell[2] !~ /^ *[0-9]+ *$/)
            next
        count = split(cell[3], part, "`")
        for (i = 2; i <= count; i += 2)
            if (part[i] ~ /^src\/[^.]*$/) {
                room = part[i]
                sub(/\/$/, "", room)
                if (room in floor)
                    print room " stands on two floors"
                floor[room] = cell[2] + 0
                floors++
            }
        next
    }

    FNR == 1 {
        room = folder_of(FILENAME)
        if (room != "src" && !(room in floor) && !(room in told)) {
            told[room] = 1
            print room " stands on no floor"
        }
    }

    /^#[ \t]*include "/ {
        split($0, part, "\"")
        other = "src/" folder_of(part[2])
        if (part[2] !~ /\// || room == "src" || room == other)
            next
        includes++
        if ((room in floor) && (other in floor) && floor[room] <= floor[other])
            print FILENAME " (floor " floor[room] ") includes " part[2] " (floor " floor[other] ")"
    }

    END { print floors + 0 " floors, " includes + 0 " includes" }' ARCHITECTURE.md
}

# What must be found, and what must not.
mkdir -p "$work/made/src/low" "$work/made/src/beside" "$work/made/src/high" "$work/made/src/lost"
cat >"$work/made/ARCHITECTURE.md" <<'END'
| floor | room | holds |
|---|---|---|
| 2 | `src/main.c` | nothing |
| 1 | `src/high/` | `src/lost/` |
| 0 | `src/low/`, `src/beside/` | much |
END
printf '#include "high/a.h"\n' >"$work/made/src/main.c"
printf '#include "high/b.h"\n#include "low/a.h"\n#include <beside/b.h>\n' >"$work/made/src/high/a.c"
printf '#include "low/b.h"\n#include "beside/a.h"\n' >"$work/made/src/low/a.c"
printf '#include "high/a.h"\n' >"$work/made/src/low/b.h"
printf '\n' >"$work/made/src/lost/a.h"
(check_floors "$work/made") >"$work/out"
cat >"$work/expected" <<'END'
src/lost stands on no floor
src/low/a.c (floor 0) includes beside/a.h (floor 0)
src/low/b.h (floor 0) includes high/a.h (floor 1)
3 floors, 3 includes
END
cmp -s "$work/out" "$work/expected"
ok $? "a room without a floor and includes from beside and above are found, and nothing else"
cmp -s "$work/out" "$work/expected" || explain "$work/out"

(check_floors "$SRCDIR") >"$work/out"
awk 'END { exit !($1 > 5 && $3 > 500) }' "$work/out"
ok $? "the table and the includes are read: $(tail -n 1 "$work/out")"
sed '$d' "$work/out" >"$work/faults"
explain "$work/faults"
test ! -s "$work/faults"
ok $? "every room stands on a floor, and none includes a header of its own floor or above"
finish
