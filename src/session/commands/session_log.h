/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What session files are made of: JSON objects for the steps of a history and for measurements. The man page
 * describes them under SESSION FILES; session_replay.h reads them. */
#ifndef IPPRO_SESSION_COMMANDS_SESSION_LOG_H
#define IPPRO_SESSION_COMMANDS_SESSION_LOG_H

#include "session/commands/document.h"
#include "session/history.h"
#include "session/measurement.h"

#define SESSION_FORMAT "ippro-explore session 1"

/* The digests that a command's object may have. */
enum { SESSION_CHECKS = 3 };
extern const char *const session_check_keys[SESSION_CHECKS];
/* Of a state; "" where there is none. */
const char *session_check_value(const struct state_names *names, int check);

/* Add the commands of a step to an array, the last with what it must give again. Returns how many they are.
 */
int session_log_step(struct document *document, json_t *commands, const struct history *history, int step);
/* Add the measurements with a serial above `after`. Returns how many they are. */
int session_log_measurements(struct document *document, json_t *array,
                             const struct measurements *measurements, long after);
/* A measurement from its object; `correct` is owned by the caller, or NULL. STATUS_FILE for what cannot have
 * been measured. */
status session_log_measurement(const json_t *object, struct measurement *measurement, struct error *error);

#endif
