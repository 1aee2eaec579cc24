/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell/escape.h"

#include <stdio.h>

#include <readline/readline.h>

bool escape_is_read(void)
{
    return rl_editing_mode == 0 || RL_ISSTATE(RL_STATE_ISEARCH | RL_STATE_NSEARCH | RL_STATE_METANEXT |
                                              RL_STATE_MOREINPUT | RL_STATE_MULTIKEY);
}
