/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of blocks. */
#include "session/commands/block_table.h"

#include "base/status.h"
#include "base/text.h"
#include "prune/coupling.h"
#include "session/ratio.h"
#include "session/shown.h"
#include "session/target.h"
#include "view/figure.h"

void block_columns(struct figure *figure)
{
    table_column(figure, "layers", NULL, COLUMN_TEXT, 0);
    table_column(figure, "kind", NULL, COLUMN_TEXT, 0);
    table_priority(figure, 1);
    table_column(figure, "channels", NULL, COLUMN_INTEGER, 0);
    table_priority(figure, 3);
    table_column(figure, "ratio", NULL, COLUMN_REAL, 3);
    table_priority(figure, 4);
    table_column(figure, "selected", NULL, COLUMN_INTEGER, 0);
    table_priority(figure, 2);
    table_column(figure, "remark", NULL, COLUMN_TEXT, 0);
}

/* Of the block's first layer. */
static int64_t selected_channels(const struct session *session, const struct block *block)
{
    int64_t count = 0;
    for (int i = 0; i < block->class_count; i++)
        if (session->state.pruning->removed[block->classes[i]])
            count +=
                class_width(&session->state.model->coupling->classes[block->classes[i]], block->layers[0]);
    return count;
}

void block_row(const struct session *session, int index, struct figure *figure)
{
    const struct coupling *coupling = session->state.model->coupling;
    const struct block *block = &coupling->blocks[index];
    struct text name = {0}, remark = {0};
    text_add_block(&name, coupling, index);
    table_text(figure, shown_words(figure, &name));
    table_text(figure, coupling->groups[block->group].stream ? "stream" : "inner");
    table_number(figure, (double)block_channels(coupling, block));
    if (!block_has_ratio(&session->state, index))
        table_missing(figure);
    else
        table_number(figure, session->state.pruning->ratio[index]);
    table_number(figure, (double)selected_channels(session, block));
    text_add_classes(&remark, coupling, block);
    if (remark.length && (block->locked || session->state.pruning->excluded[index]))
        text_add(&remark, "; ");
    if (block->locked) {
        text_add(&remark, "locked: ");
        text_add_lock(&remark, coupling, index);
    } else if (session->state.pruning->excluded[index]) {
        text_add(&remark, "kept: passed by");
    }
    table_text(figure, shown_words(figure, &remark));
    text_free(&name);
    text_free(&remark);
}
