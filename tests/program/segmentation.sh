#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Networks that classify every pixel, on sets in the layouts of Cityscapes and PASCAL VOC: what is measured is what a plain
# recount gives, and where PyTorch is there scores are what autograd gives.
. "$SRCDIR/tests/support/program.sh"
maker=$(cd "$(dirname "$IPPRO")/.." && pwd)/tests/program/segmentation_maker
peer=$(cd "$SRCDIR" && pwd)/tests/program/segmentation_peer.py
cd "$work" || exit 1

# run NAME COMMANDS: they run.
run() {
    "$IPPRO" -n -e "$2" >out 2>err
    status=$?
    ok $status "$1"
    [ $status -eq 0 ] || explain err
}

# refused TEXT COMMANDS: they fail with this in their error, and not by a signal.
refused() {
    "$IPPRO" -n -e "$2" >out 2>err
    status=$?
    [ $status -gt 0 ] && [ $status -lt 100 ] && grep -qF -- "$1" err
    status=$?
    ok $status "refused: $1"
    [ $status -eq 0 ] || explain err
}

# near A B TOLERANCE: of numbers, relative to B.
near() {
    awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { d = a - b; d = d < 0 ? -d : d; s = b < 0 ? -b : b; exit !(a != "" && d <= t * (s > 1e-9 ? s : 1)) }'
}

# value FILE ROW: of a row of eval's table, as a share.
value() {
    awk -F, -v row="$2" '{ gsub(/"/, "") } index($0, row) == 1 { sub(/^[^,]*, ?%?,/, ""); split($0, part, ","); printf "%.17g\n", part[1] / 100; exit }' "$1"
}

expected() {
    awk -v what="$1" -v which="$2" '$1 == what && (which == "" || $2 == which) { print $NF }' "$3"
}

same() { # WHAT GOT EXPECTED
    near "$2" "$3" 1e-12
    ok $? "$1: $2 is $3"
}

"$maker" network 19 net19.onnx && "$maker" network 21 net21.onnx && "$maker" half half.onnx &&
    "$maker" cityscapes city >city.txt && "$maker" voc pascal >voc.txt
ok $? "networks and sets are made"

open="load net19.onnx; data city normalize=none"
run "Cityscapes: load, data, eval, score, prune, eval, strip" \
    "$open; eval > eval.csv; score taylor,l1 samples=all > score.csv; prune l1 0.5; eval > pruned.csv; undo; strip 0-3 criterion=l1 ratios=0,0.5 > strip.csv; strip 0-3 criterion=l1 ratios=0,0.5 > strip.png; strip 1 > strip.json; curve l1 samples=all ratios=0:0.5:0.25 > curve.csv; sensitivity l1 samples=all ratios=0.5 > sensitivity.csv"
said "19 classes per pixel"
said "cityscapes val: 4 images of 3x48x64 in 19 classes per pixel"
same "mIoU" "$(value eval.csv mIoU)" "$(expected mIoU '' city.txt)"
same "pixel accuracy" "$(value eval.csv 'pixel accuracy')" "$(expected pixels '' city.txt)"
same "mIoU of the network without the channels that do nothing" "$(value pruned.csv mIoU)" "$(expected mIoU '' city.txt)"
same "mIoU of the pass" "$(sed -n 's/^# sample_miou: //p' score.csv)" "$(expected mIoU '' city.txt)"
same "mIoU of a curve's harshest prune" "$(awk -F, '$1 ~ /l1/ && $2 == 0.5 { print $3; exit }' curve.csv)" "$(expected mIoU '' city.txt)"
same "mIoU of the road" "$(awk -F, '$1 == "road" { print $5; exit }' eval.csv)" "$(expected class 0 city.txt)"

# The confusion of pixels: its rows add up to the labels, and IoU follows from it, before and after pruning.
run "confusion of pixels" \
    "$open; confusion counts=yes > confusion.csv; prune l1 0.5; confusion counts=yes > pruned-confusion.csv; confusion samples=2; eval > pruned.csv"
said "Classes that are taken for others"
awk -F, 'FILENAME == "confusion.csv" && NF == 3 && $1 != "row" {
             row[$1] += $3; column[$2] += $3; if ($1 == $2) both[$1] = $3 }
         FILENAME != "confusion.csv" && $1 in row && NF == 6 {
             rows++; iou = both[$1] / (row[$1] + column[$1] - both[$1]) - $5
             bad += row[$1] != $3 || column[$1] != $4 || iou > 1e-12 || iou < -1e-12 }
         END { exit !(rows == 17 && !bad) }' confusion.csv eval.csv
ok $? "rows are labels, columns predictions, and eval's IoU follows"
cmp -s confusion.csv pruned-confusion.csv
[ $? -eq 1 ] && awk -F, '$1 == "class" { wanted = $6 == "as loaded" } wanted && NF == 7 && $1 != "class" { rows++; bad += $5 != $6 }
    END { exit !(rows == 17 && !bad) }' pruned.csv
ok $? "beside IoU stands that of the network as loaded"
refused "every pixel has a label here: 'confusion' counts pixels" "$open; flips"
for image in 0 1 2 3; do
    for panel in unpruned "ratio 0.5"; do
        same "strip: image $image, $panel" \
            "$(awk -F, -v i="image $image" -v p="$panel" '$1 == i && $2 == p && $4 == "mIoU" { print $5; exit }' strip.csv)" \
            "$(expected image $image city.txt)"
    done
done
head -c 4 strip.png | grep -q PNG
ok $? "strip.png is a picture"
grep -q '"panel": "truth"' strip.json
ok $? "strip.json has panels"

# In the panes: pictures where there are 256 colours, else their measures.
cat >panes.txt <<END
set background dark
$(echo "$open" | tr ';' '\n')
strip 0-3 criterion=l1 ratios=0,0.5
screen save painted.screen colors=256
screen save plain.screen
screen save few.screen colors=8
END
"$IPPRO" -n --screen=80x24 -f panes.txt >out 2>err
status=$?
ok $status "strip in the panes"
[ $status -eq 0 ] || explain err
[ "$(grep -c '▀' painted.screen)" -ge 9 ] && grep -q '48;5;' painted.screen && ! grep -q '▀' plain.screen few.screen
ok $? "strip in the panes: pictures in 256 colours, none in fewer"
grep -q 'unpruned *mIoU' plain.screen && grep -q 'image 1' painted.screen
ok $? "strip in the panes: measures, and more pictures than there is room for"

run "the set is known by its folders" "load net21.onnx; data pascal normalize=none; eval > eval.csv"
said "voc val: 4 images of 3x48x64 in 21 classes per pixel"
same "VOC: mIoU" "$(value eval.csv mIoU)" "$(expected mIoU '' voc.txt)"
run "also where its pictures lie in a folder as those of a class do" \
    "load net21.onnx; data pascal/VOC2012 normalize=none; eval > root.csv"
said "voc val: 4 images of 3x48x64 in 21 classes per pixel"
same "VOC by its root: mIoU" "$(value root.csv mIoU)" "$(expected mIoU '' voc.txt)"
mkdir -p older/VOCdevkit && cp -r pascal/VOC2012 older/VOCdevkit/VOC2007
run "sets of other years are found" "load net21.onnx; data older normalize=none"
said "voc val: 4 images"
rm older/VOCdevkit/VOC2007/SegmentationClass/2007_000003.png
run "an image without a label map" "load net21.onnx; data older normalize=none"
said "1 image has no label map and is left out"
refused "VOC2007/ImageSets/Segmentation/train.txt: No such file or directory; split=val would read" \
    "load net21.onnx; data older split=train"
refused "older/VOCdevkit/VOC2007/JPEGImages: no folders JPEGImages and SegmentationClass are there" \
    "load net21.onnx; data voc older/VOCdevkit/VOC2007/JPEGImages"
refused "leftImg8bit/train: No such file or directory; split=val would read" "load net19.onnx; data city split=train"
mkdir named && mv pascal named/voc && cd named || exit 1
run "a folder may have the name of a kind" "load ../net21.onnx; data voc; info"
said "voc val: 4 images"
cd .. && mv named/voc pascal || exit 1
run "a crop that is larger has no labels where there is no image" \
    "load net21.onnx; data pascal crop=48x64 resize=none normalize=none; eval > eval.csv"
same "VOC: mIoU with a crop" "$(value eval.csv mIoU)" "$(expected mIoU '' voc.txt)"

run "a session file keeps mIoU" "$open; eval; info; session save seg.json"
said " % of 4 val images"
run "and gives it back" "session open seg.json; info"
said " % of 4 val images (session file)"

# What does not fit together.
refused "classifies every pixel, but the images of shapes have one label each" "load net19.onnx; data shapes images=20 resize=48x64; eval"
refused "every pixel of shape-maps has a label, but the network example classifies images as a whole" \
    "load example; data shape-maps images=20; eval"
refused "classifies 24x32 pixels, but the labels of cityscapes are 48x64" "load half.onnx; data city; eval"
refused "voc has 21 classes, but the network net19.onnx tells only 19 apart" "load net19.onnx; data pascal; eval"
run "score of augmented images, whose labels move with them" "$open; score taylor samples=all augment=crop,flip"
refused "resized-crop is for images with one label: every pixel of cityscapes has one" \
    "$open; score taylor samples=all augment=resized-crop"
refused "its images are of no class that could be balanced" "$open; score taylor samples=2 balanced=yes"
refused "corrupt= is for pictures without label maps" "load net19.onnx; data city corrupt=skip"
refused "image 4: the data set has images 0 to 3" "$open; strip 4"
refused "is no list of images" "$open; strip 1,,2"
refused "more than 64 images" "load net19.onnx; data shape-maps images=100; data city; strip 0-3,0-3,0-3,0-3,0-3,0-3,0-3,0-3,0-3,0-3,0-3,0-3,0-3,0-3,0-3,0-3,0"

# Damaged sets: the file is named, and the place in it.
map=gtFine/val/ulm/ulm_000002_000019_gtFine_labelIds.png
cp -r city broken && "$maker" voc other >out && cp other/VOC2012/SegmentationClass/2007_000000.png broken/$map
run "labels of another set" "load net19.onnx; data broken"
cp city/leftImg8bit/val/ulm/ulm_000002_000019_leftImg8bit.png broken/$map
refused "$map" "load net19.onnx; data broken; eval"
dd if=city/$map of=broken/$map bs=100 count=1 2>out
refused "$map" "load net19.onnx; data broken; eval"
rm broken/$map
run "an image without a map is left out" "load net19.onnx; data broken; eval"
said "1 image has no label map and is left out"
rm broken/gtFine/val/*/*
refused "none of 4 images has a label map" "load net19.onnx; data broken"
echo '../../../etc/passwd' >other/VOC2012/ImageSets/Segmentation/val.txt
refused "line 1: '../../../etc/passwd' is no name of an image" "data voc other"
echo '2007_000009' >other/VOC2012/ImageSets/Segmentation/val.txt
refused "2007_000009.jpg is not there" "data voc other"

python=
for candidate in python3 /usr/bin/python3; do
    [ -z "$python" ] && $candidate -c 'import torch, PIL' >out 2>&1 && python=$candidate
done
if [ -n "$python" ]; then
    $python "$peer" city peer.onnx peer.csv >out 2>&1
    status=$?
    ok $status "PyTorch's numbers"
    [ $status -eq 0 ] || explain out
    commands="set precision double; load peer.onnx; data city; eval > eval.csv; score taylor,proscore samples=all > score.csv"
    for layer in c1 c2 c3 c4; do
        for criterion in taylor proscore; do
            commands="$commands; rank $layer criterion=$criterion > $layer-$criterion.csv"
        done
    done
    run "scores of the same network" "$commands"
    near "$(sed -n 's/^# sample_loss: //p' score.csv)" "$(awk -F, '$1 == "loss" { print $3 }' peer.csv)" 1e-9
    ok $? "loss is PyTorch's"
    near "$(value eval.csv mIoU)" "$(awk -F, '$1 == "miou" { print $3 }' peer.csv)" 1e-9
    ok $? "mIoU is that of PyTorch's predictions"
    for layer in c1 c2 c3 c4; do
        for criterion in taylor proscore; do
            awk -F, -v name=$layer-$criterion '
                /^#/ { next }
                FNR == NR { if ($1 == name) { want[$2] = $3; size = $3 < 0 ? -$3 : $3; most = size > most ? size : most; n++ } next }
                $2 in want { d = $3 - want[$2]; d = d < 0 ? -d : d; apart = d > apart ? d : apart; found++ }
                END { exit !(n > 0 && found == n && most > 0 && apart <= 1e-8 * most) }' peer.csv $layer-$criterion.csv
            ok $? "$layer: $criterion is that of float64 autograd"
        done
    done
else
    skip "scores against PyTorch" "there is no Python with torch and PIL"
fi
finish
