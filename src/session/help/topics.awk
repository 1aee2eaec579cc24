# SPDX-License-Identifier: GPL-3.0-or-later
# Make a C table of the help topics in the files given: NAME.txt is the topic NAME. The first line of a file is
# what `help` says of it in one line, an empty line follows, then paragraphs. Where lines of a paragraph are broken
# does not matter, for they are filled again when they are shown.

# A literal that stands for the text.
function literal(text)
{
    gsub(/\\/, "\\\\&", text)
    gsub(/"/, "\\\"", text)
    return "\"" text "\""
}

function fail(what)
{
    print FILENAME ":" FNR ": " what > "/dev/stderr"
    failed = 1
    exit 1
}

function end_topic()
{
    if (topics > 0)
        print "},"
    if (topics > 0 && lines == 0)
        fail("the topic before has no text")
}

BEGIN {
    print "/* Made by topics.awk from the texts beside it. */"
    print "#include \"session/language/help_text.h\"\n"
    print "const struct help_topic help_texts[] = {"
}

FNR == 1 {
    end_topic()
    name = FILENAME
    sub(/.*\//, "", name)
    sub(/\.txt$/, "", name)
    print "{.name = " literal(name) ", .help = " literal($0) ", .text ="
    topics++
    lines = 0
    between = ""
    next
}

FNR == 2 && $0 != "" { fail("the line behind the first must be empty") }

$0 == "" {
    between = lines > 0 ? "\\n\\n" : ""
    next
}

{
    print "\"" between "\" " literal($0)
    between = " "
    lines++
}

END {
    if (failed)
        exit 1
    end_topic()
    print "};"
    print "const int help_text_count = " topics ";"
}
