# SPDX-License-Identifier: GPL-3.0-or-later
# Replace each line @PART@ by what man/generator/generate writes for PART. Fails when it writes nothing.
/^@[a-z-]+@$/ {
    part = $0
    gsub(/@/, "", part)
    command = "'" generate "' " part
    lines = 0
    while ((command | getline line) > 0) {
        print line
        lines++
    }
    close(command)
    if (lines == 0) {
        print "man/fill.awk: nothing for " part > "/dev/stderr"
        exit 1
    }
    next
}
{ print }
