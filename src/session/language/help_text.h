/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The help topics that are texts: the build makes this table from session/help/TOPIC.txt. */
#ifndef IPPRO_SESSION_LANGUAGE_HELP_TEXT_H
#define IPPRO_SESSION_LANGUAGE_HELP_TEXT_H

#include "session/language/help.h"

extern const struct help_topic help_texts[];
extern const int help_text_count;

#endif
