#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The manual is complete, well formed, and its examples work. Also the examples of `help`, and the shell completion.
. "$SRCDIR/tests/support/program.sh"
cd "$work" || exit 1
: "${GENERATE:?is the program that makes the lists of the manual}"
manual=$work/ippro-explore.1
awk -v generate="$GENERATE" -f "$SRCDIR/man/fill.awk" "$SRCDIR/man/ippro-explore.1.in" >"$manual"
ok $? "the manual can be made"

"$GENERATE" nonsense >out 2>err
[ $? -ne 0 ] && [ ! -s out ] && grep -q 'commands-mdoc.* bash-completion' err
ok $? "an unknown part is refused with the names of the known"

# Every command, option of set, criterion, program option, environment variable and exit status, by name.
"$GENERATE" names >names
[ "$(wc -l <names)" -gt 60 ]
ok $? "the tables have names"
missing=0
while read -r kind name; do
    escaped=$(printf '%s' "$name" | sed 's/-/\\\\\\\\-/g; s/?/\\\\\\\\\&?/')
    case $kind in
    command) pattern="^\\.It Ic $escaped( |\$)" ;;
    setting) pattern="^\\.It Cm \"$escaped\" Ns =" ;;
    criterion) pattern="^\\.It Cm \"$escaped\"\$" ;;
    option) pattern="Fl Fl \"$escaped\"" ;;
    environment) pattern="^\\.It Ev \"$escaped\"\$" ;;
    action) pattern="^\\.It Cm \"$escaped\" : Li" ;;
    exit) pattern="^\\.It Li \"$escaped\"\$" ;;
    esac
    if ! awk -v pattern="$pattern" '$0 ~ pattern { found = 1 } END { exit !found }' "$manual"; then
        echo "# $kind $name is not in the manual"
        missing=1
    fi
done <names
ok $missing "every name of the tables is in the manual"

# Every option that --help tells of, by one of its names.
sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$manual" | sed 's/\\-/-/g' >synopsis
"$IPPRO" --help | grep -oE '^ +(-[a-z], )?--[a-z-]+' | tr -d ',' >told
awk '
FNR == NR {
    for (i = 1; i <= NF; i++)
        if ($i == "Fl" && $(i + 1) == "Fl")
            named["--" $(i + 2)] = 1
        else if ($i == "Fl" && $(i - 1) != "Fl")
            for (c = 1; c <= length($(i + 1)); c++)
                named["-" substr($(i + 1), c, 1)] = 1
    next
}
!(($1 in named) || ($NF in named)) { print $NF }' synopsis told >unnamed
[ "$(wc -l <told)" -gt 10 ] && [ ! -s unnamed ]
good=$?
ok $good "every option of the program is in the synopsis"
[ $good -eq 0 ] || explain unnamed

# Every environment variable that the source asks for.
missing=0
for variable in $(grep -rhoE '(getenv|file_user_directory)\("[A-Z_]+"' "$SRCDIR/src" | sed 's/.*"\(.*\)"/\1/' | sort -u); do
    if ! grep -q "^\.It Ev \"$variable\"" "$manual"; then
        echo "# the environment variable $variable is not in the manual"
        missing=1
    fi
done
ok $missing "every environment variable of the source is in the manual"

missing=0
for section in NAME SYNOPSIS DESCRIPTION COMMANDS SETTINGS CRITERIA PRUNING 'THE FULL SCREEN' 'SESSION FILES' FIGURES ENVIRONMENT FILES 'EXIT STATUS' EXAMPLES \
    'SEE ALSO' CAVEATS; do
    grep -q "^\.Sh $section\$" "$manual" || { echo "# no section $section"; missing=1; }
done
ok $missing "every section is there"

if command -v mandoc >mandoc.path 2>&1; then
    mandoc -T lint -W warning "$manual" >lint 2>&1
    status=$?
    ok $status "mandoc has no warning"
    [ $status -eq 0 ] || explain lint
else
    skip "mandoc has no warning" "mandoc is not installed"
fi

# Examples at the prompt: all of the manual's, in their order, in one session.
sed 's/\\(aq/'"'"'/g; s/\\(ti/~/g; s/\\-/-/g; s/\\e/\\/g' "$manual" |
    awk '/^\.\\" run prompt/ { wanted = 1 } /^\.Bd/ && wanted { inside = 1; next } /^\.Ed/ { wanted = inside = 0 }
         inside && sub(/^ippro> /, "") { print }' >prompt.ippro
[ "$(wc -l <prompt.ippro)" -gt 5 ]
ok $? "the manual has examples at the prompt"
"$IPPRO" -n -f prompt.ippro >out 2>&1
status=$?
ok $status "the manual's examples at the prompt work"
[ $status -eq 0 ] || explain out
[ -s corr.csv ] && [ -s hist.png ]
ok $? "they write the files that they name"

# Examples in the shell.
sed 's/\\(aq/'"'"'/g; s/\\(ti/~/g; s/\\-/-/g; s/\\e$/\\/' "$manual" |
    awk '/^\.\\" run$/ { wanted = 1 } /^\.Bd/ && wanted { inside = 1; next } /^\.Ed/ { wanted = inside = 0 }
         inside { sub(/^\$ ippro-explore/, "\"$IPPRO\" -n"); print }' >examples.sh
[ -s examples.sh ]
ok $? "the manual has examples in the shell"
sh -e examples.sh >out 2>&1
status=$?
ok $status "the manual's examples in the shell work"
[ $status -eq 0 ] || explain out

# Examples of the command table. `quit` comes last of them all.
{
    echo 'load example; data shapes images=600; score every samples=20'
    "$GENERATE" examples | grep -v '^quit$'
} >table.ippro
"$IPPRO" -n -f table.ippro >out 2>&1
status=$?
ok $status "the examples of the command table work"
[ $status -eq 0 ] || tail -n 3 out >tail.out
[ $status -eq 0 ] || explain tail.out

# Every text of a help topic is in the program, whole: its words are shown in their order.
missing=0
for text in "$SRCDIR"/src/session/help/*.txt; do
    topic=$(basename "$text" .txt)
    { printf '%s: ' "$topic"; cat "$text"; } | tr -s ' \n' '\n\n' >wanted
    # Options and commands of the same name come first.
    "$IPPRO" -n -e "help $topic" | sed -n "/^$topic: /,\$p" | tr -s ' \n' '\n\n' >shown
    cmp -s wanted shown || { echo "# help $topic is not $text"; missing=1; }
done
ok $missing "every text of a help topic is shown by help"

"$IPPRO" --help >help.out
[ "$(wc -l <help.out)" -le 24 ] && [ "$(awk 'length > 80' help.out | wc -l)" -eq 0 ]
ok $? "--help fits one screen"

# Completion for shells: each takes its own; bash and fish are asked for words.
for shell in bash zsh fish; do
    "$GENERATE" $shell-completion >completion.$shell
    if command -v $shell >shell.path 2>&1; then
        $shell -n completion.$shell >out 2>&1 && [ ! -s out ]
        good=$?
        ok $good "$shell takes its completion"
        [ $good -eq 0 ] || explain out
    else
        skip "$shell takes its completion" "$shell is not installed"
    fi
done
: >net.onnx; : >notes.txt; mkdir -p sub "$XDG_CONFIG_HOME/ippro-explore/scripts"
: >"$XDG_CONFIG_HOME/ippro-explore/scripts/own.lua"; : >"$XDG_CONFIG_HOME/ippro-explore/scripts/own.ippro"
mkdir -p elsewhere/ippro-explore/scripts; : >elsewhere/ippro-explore/scripts/distant.lua
if command -v bash >shell.path 2>&1; then
    cat >asked.sh <<'END'
compopt() { :; }
. ./completion.bash
asked() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ippro_explore; printf '%s\n' "${COMPREPLY[*]}"; }
asked ippro-explore --ver
asked ippro-explore -e sco
asked ippro-explore n
asked ippro-explore ow
asked ippro-explore --data = cifar100
asked ippro-explore --safe su
asked ippro-explore not
asked ippro-explore -f own
asked ippro-explore --log = no
asked ippro-explore --color = a
END
    bash asked.sh >out 2>&1
    printf '%s\n' --version score net.onnx own.lua cifar100: sub notes.txt own.ippro notes.txt 'auto always' >expected
    cmp -s out expected
    good=$?
    ok $good "bash completes options, commands, files, scripts, logs, colours and kinds of data"
    [ $good -eq 0 ] || explain out
else
    skip "bash completes options, commands, files, scripts, logs, colours and kinds of data" "bash is not installed"
fi
# fish_completes WORD LINE: among the words that complete the line.
fish_completes() {
    printf '%s\n' 'source completion.fish' "complete -C 'ippro-explore $2'" >asked.fish
    fish asked.fish >out 2>&1
    cut -f 1 out | grep -qx -- "$1"
    good=$?
    ok $good "fish completes '$2' to $1"
    [ $good -eq 0 ] || explain out
}
if command -v fish >shell.path 2>&1; then
    fish_completes --version --vers
    fish_completes score '-e scor'
    fish_completes net.onnx ne
    fish_completes own.lua ow
    fish_completes own.ippro '-f ow'
    fish_completes notes.txt '--log no'
    fish_completes --log=notes.txt --log=no
    fish_completes never '--color n'
    XDG_CONFIG_HOME=$work/elsewhere fish_completes distant.lua dis
    XDG_CONFIG_HOME='' fish_completes own.lua ow
else
    skip "fish completes" "fish is not installed"
fi
# _arguments of zsh is told of every option of the program, and of what a value may be.
missing=0
"$GENERATE" names | sed -n 's/^option //p' >options
while read -r name; do
    grep -q -- "--$name" completion.zsh || missing=1
done <options
ok $missing "zsh is told of every option"
grep -q -- "--log=\[.*\]:LOG:_files'" completion.zsh && grep -q -- "--color=\[.*\]:WHEN:(auto always never)'" completion.zsh
ok $? "and that a log is any file, and of the words for colours"
finish
