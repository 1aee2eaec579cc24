#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Scripts, criteria, recipes and files of commands are found by their names from anywhere: a path first, then the user's
# folder, then what comes with the program; --safe holds. What a word in `help` leads to.
. "$SRCDIR/tests/support/program.sh"
cd "$work" || exit 1
own=$XDG_CONFIG_HOME/ippro-explore

# says NAME PATTERN ARGUMENTS: the program ends well, and its output has the pattern.
says() {
    name=$1 pattern=$2
    shift 2
    "$IPPRO" -n "$@" >out 2>&1
    status=$?
    [ $status -eq 0 ] && grep -qE -- "$pattern" out
    good=$?
    ok $good "$name"
    [ $good -eq 0 ] || explain out
}
# refuses NAME STATUS PATTERN ARGUMENTS
refuses() {
    name=$1 expected=$2 pattern=$3
    shift 3
    "$IPPRO" -n "$@" >out 2>&1
    [ $? -eq "$expected" ] && grep -qE -- "$pattern" out
    good=$?
    ok $good "$name"
    [ $good -eq 0 ] || explain out
}

says "a criterion by its name" 'cop +464' -e 'run cop.lua; load example; score cop'
says "without its ending" 'cop +464' -e 'run cop; load example; score cop'
says "with its folder" 'cop +464' -e 'run criteria/cop.lua; load example; score cop'
says "a script as an argument of the program" 'exported, read again|pruned|session' session.lua
says "a file of commands behind -f" '^example: 14 layers' -f tour.ippro
says "the same by run" '^example: 14 layers' -e 'run tour.ippro'
says "under --safe what comes with the program is read" 'cop +464' --safe . -e 'run cop; load example; score cop'
refuses "a name that is nearly one" 3 "did you mean 'gamma-sweep.lua'" -e 'run gama-sweep.lua'
refuses "a name that is none" 3 "help scripts' lists them" nothing-like-it.lua
refuses "a path is no name" 3 '\./tour.ippro: no such file$' -e 'run ./tour.ippro'
refuses "names do not lead out" 3 'no such file$' -e 'run ../recipes/resnet56-50.recipe'

echo 'print("from here")' >cop.lua
says "a file in the folder wins" 'from here' -e 'run cop.lua'
says "on the program's line too" 'from here' cop.lua
rm cop.lua
mkdir cop.lua
says "a folder does not" 'cop +464' -e 'run cop.lua; load example; score cop'
rmdir cop.lua
mkdir -p "$own/scripts/criteria" "$own/recipes"
printf -- '-- SPDX-License-Identifier: GPL-3.0-or-later\n-- Says where it is. And more.\nprint("from the user")\n' >"$own/scripts/cop.lua"
printf '# A recipe of mine\nlayer1 0.5\n' >"$own/recipes/mine.recipe"
says "the user's script wins over the program's" 'from the user' -e 'run cop'
says "and is an argument of the program" 'from the user' cop.lua
mkdir safe
says "named on the program's line it is read under --safe" 'from the user' --safe safe cop.lua
says "run by a command there, the program's is" 'cop +464' --safe safe -e 'run cop; load example; score cop'
says "run alone lists the user's with its first sentence" '^ +cop.lua +Says where it is$' -e run
says "the program's too" '^ +gamma-sweep.lua' -e run
says "help scripts lists recipes" '^ +mine +A recipe of mine$' -e 'help scripts'
says "a recipe of the user's" 'mine.recipe: ratios of 3 blocks' -e 'load example; recipe mine'
# Words from papers and other programs.
says "help magnitude leads to the norms" '^See: help l1, help l2\.$' -e 'help magnitude'
says "words may be two" 'geomedian' -e 'help geometric median'
says "and are written in many ways" 'criterion l1: the sum' -e 'help L1-Norm'
says "help taylor tells of the criterion" 'Taylor expansion' -e 'help taylor'
says "help lambda is a pointer and the option" '^option gamma' -e 'help lambda'
says "lambda sets gamma" 'lambda is called gamma here' -e 'set lambda 0.5'
says "and does so as a parameter" 'proscore' -e 'load example; data shapes; score proscore lambda=0.5 samples=10; set gamma'
says "apropos finds the words" 'fpgm +elsewhere:' -e 'apropos fpgm'
says "apropos takes several words" 'flops +elsewhere:' -e 'apropos torch-pruning does'
refuses "an unknown word says what is near" 1 "did you mean 'magnitude'" -e 'help magnitud'
for word in l1-norm fpgm ippro flops macs sparsity zeros saliency 'filter pruning' channel stage onnx; do
    says "help $word" '^See: help ' -e "help $word"
done
cp "$own/scripts/cop.lua" "$own/scripts/listed.lua"
says "listing makes no file an input" 'listed.lua' -e "help scripts; load example; session save '$own/scripts/listed.lua'"
finish
