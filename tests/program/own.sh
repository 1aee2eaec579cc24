#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What users make their own: results alone, a log of all that is done, aliases and functions of Lua from the configuration
# file, the seconds of each command.
. "$SRCDIR/tests/support/program.sh"
cd "$work" || exit 1

# --- results only -----------------------------------------------------------------------------------------------

"$IPPRO" -n -q -e 'load example; data shapes images=100; score l1,taylor samples=50; theme mono; set ratio 0.3' >out 2>err
[ $? -eq 0 ] && [ ! -s err ] && ! grep -qE 'layers,|10 classes|one pass|from weights alone' out
ok $? "-q: commands that change something do not say what they did"
grep -q '^Scores of example' out && grep -q '^taylor  *464' out
ok $? "but show their figures"
"$IPPRO" -n --quiet -e 'load example; echo here; theme; undo; corr' >out 2>err
[ $? -ne 0 ] && [ "$(head -n 1 out)" = here ] && grep -q '^mono  *for any background' out && grep -q 'no model is loaded' err
ok $? "text that was asked for and errors stay"
"$IPPRO" -n -e 'load example; score l1,l2; corr > loud.csv' >out 2>err
"$IPPRO" -n -q -e 'load example; score l1,l2; corr > quiet.csv' >out 2>err
! grep -q 'written to' out && cmp -s loud.csv quiet.csv
ok $? "files are as always"
cat >print.lua <<'END'
print("printed") io.write("written\n") ippro.echo("an answer")
END
"$IPPRO" -n -q print.lua >out 2>err
[ "$(cat out)" = "$(printf 'printed\nwritten')" ]
ok $? "scripts print"

# --- the log ----------------------------------------------------------------------------------------------------

"$IPPRO" -n -q -k --log all.log -e 'load example; score l1' -e 'corr bins=3' -e 'echo "a  b" > x' -e '= 1 + 1' -e 'quit' >out 2>err
stamp='\[[0-9]\{4\}-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]\]'
grep -q "^$stamp load example\$" all.log && grep -q "^$stamp echo \"a  b\" > x\$" all.log && grep -q "^$stamp = 1 + 1\$" all.log
ok $? "--log has every command with the time"
grep -q '^l1 .* weights$' all.log && grep -q '^example: 14 layers' all.log && grep -q '^2$' all.log
ok $? "what it showed, also what -q leaves out, and what Lua shows"
grep -q "^error: ippro-explore: corr: no parameter 'bins'" all.log
ok $? "and errors"
[ "$(grep -c '^([0-9]*\.[0-9][0-9][0-9] s)$' all.log)" -eq 6 ]
ok $? "with the seconds of each"
! grep -q "$(printf '\033')" all.log
ok $? "without escape sequences"
before=$(wc -l <all.log)
"$IPPRO" -n --log all.log -e 'echo more' >out 2>err
[ "$(wc -l <all.log)" -eq $((before + 4)) ]
ok $? "another run adds to it"
echo 'echo from a file' >in.ippro
"$IPPRO" -n --log "$work/all.log" -e "run in.ippro" -e 'lua print("x"); ippro.load("example")' >out 2>err
grep -q "\] echo from a file$" all.log && grep -q '^x$' all.log
ok $? "files of commands and scripts are in it"
cat >steps.lua <<'END'
local m = ippro.load("example"):ratios(0.25)
pcall(ippro.score, "no-such")
ippro.on("selected", function() ippro.echo("told") end)
m:prune("l1")
END
rm -f script.log
"$IPPRO" -n --log script.log -e 'lua ippro.load("example")' -e 'run steps.lua' >out 2>err
sed -n 's/^\[[^]]*\] //p' script.log >commands
printf '%s\n' 'lua ippro.load("example")' 'lua: load example' 'run steps.lua' 'steps.lua: load example' 'steps.lua: ratio all 0.25' \
    'steps.lua: score no-such' 'steps.lua: prune l1' 'steps.lua: echo told' | cmp - commands
ok $? "with every command that a script runs, behind the script's name"
grep -q "^error: score: no criterion 'no-such'" script.log
ok $? "and what failed in it, also where it went on"
"$IPPRO" -n --color=always --log colored.log -e 'load example; echo words' -e 'layers' >out 2>err
[ $? -eq 0 ] && grep -q "$(printf '\033')" out && grep -q '^words$' colored.log && ! grep -q "$(printf '\033')" colored.log
ok $? "colours that the output is told to have are none of the log's"
"$IPPRO" -n --log monday.txt -e 'load example' -e 'session save monday.txt overwrite=yes' -e 'echo more' >out 2>err
[ "$(grep -c 'the log ends here: monday.txt was replaced or removed' err)" -eq 1 ] && grep -q '"format"' monday.txt
ok $? "a log that another file took the place of is told, once"
"$IPPRO" -n --log monday.txt -e 'lua os.remove("monday.txt")' >out 2>err
grep -q 'the log ends here: monday.txt was replaced or removed' err && [ ! -e monday.txt ]
ok $? "one that was removed too"
"$IPPRO" -n -e 'log tuesday.txt' -e 'lua ippro.on("quit", function() os.remove("tuesday.txt") print("x") end)' >out 2>err
grep -q 'the log ends here: tuesday.txt was replaced or removed' err
ok $? "by what is done at the end as well"
(
    trap '' XFSZ
    ulimit -f 2
    head -c 5000 /dev/zero >most 2>err # as much as two blocks are to this shell
)
head -c $(($(wc -c <most) - 14)) /dev/zero | tr '\0' 'x' >full.log
(
    trap '' XFSZ
    ulimit -f 2
    exec "$IPPRO" -n --log full.log -e corr
) >out 2>err
grep -q 'the log ends here: full.log: ' err && grep -q "no model is loaded" err
ok $? "a disk that is full at the last command is told, also when that failed"
"$IPPRO" -n --log no/such/folder -e 'echo never' >out 2>err
[ $? -eq 3 ] && grep -q 'log no/such/folder: No such file' err && [ ! -s out ]
ok $? "a log that cannot be written is refused before anything is run"
"$IPPRO" -n -e 'run in.ippro' -e 'log in.ippro' >out 2>err
[ $? -ne 0 ] && grep -q 'log: in.ippro: was read in this session' err && [ "$(cat in.ippro)" = 'echo from a file' ]
ok $? "what was read is not added to"
mkdir inside
"$IPPRO" -n --safe inside -e 'log outside.log' >out 2>err
[ $? -ne 0 ] && [ ! -e outside.log ]
ok $? "nor is what lies outside of the safe folder"
ln -s ../outside.log inside/link
"$IPPRO" -n --safe inside -e 'log inside/link' >out 2>err
[ $? -ne 0 ] && [ ! -e outside.log ]
ok $? "also through a link"
"$IPPRO" -n --safe inside --log outside.log -e 'log inside/own.log; echo x' >out 2>err
[ $? -eq 0 ] && [ -s outside.log ] && grep -q '^x$' inside/own.log
ok $? "what is named on the command line is"
if [ -w /dev/full ]; then
    "$IPPRO" -n -k --log /dev/full -e 'echo x' >out 2>err
    [ $? -eq 3 ] && grep -q '/dev/full: ' err
    ok $? "no device is a log"
fi

# --- seconds ----------------------------------------------------------------------------------------------------

"$IPPRO" -n -e 'set timing all' -e 'load example' -e '= 1' -e 'run in.ippro' >out 2>err
[ "$(grep -c '^[0-9]*\.[0-9][0-9][0-9] s$' out)" -eq 5 ]
ok $? "timing all: every command tells its seconds"

# --- the configuration file -------------------------------------------------------------------------------------

mkdir -p "$XDG_CONFIG_HOME/ippro-explore"
cat >hooks.lua <<'END'
ippro.on("scored", function(what) print("scored: " .. table.concat(what.criteria, " ")) end)
ippro.on("quit", function() print("good bye") end)
END
cat >"$XDG_CONFIG_HOME/ippro-explore/config" <<END
alias start = load example; data shapes images=200
alias agree = start; score l1,l2; corr
bind F12 = agree; info
run $PWD/hooks.lua
END
"$IPPRO" -q -e 'agree method=kendall' -e 'session save x.session' >out 2>err
[ $? -eq 0 ] && [ ! -s err ] && grep -q '^Kendall' out && [ "$(grep -c '^scored: l1 l2$' out)" -eq 1 ] && [ "$(tail -n 1 out)" = 'good bye' ]
ok $? "aliases and functions of the configuration file"
! grep -q 'agree\|start' x.session && "$IPPRO" -n -e 'session open x.session; corr' >out 2>err
ok $? "a session file has what the alias stood for"

for name in bi lu; do
    "$IPPRO" -n -e "alias $name = layers" >out 2>&1
    [ $? -ne 0 ] && grep -q "'$name' is short for" out
    ok $? "no alias that would be read as the beginning of another line: $name"
done
"$IPPRO" -n -e 'alias lay = layers' -e 'load example; lay' >out 2>&1
ok $? "the beginning of a plain command may be one"
finish
