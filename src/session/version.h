/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program's name and version, from configure where there was one. */
#ifndef IPPRO_SESSION_VERSION_H
#define IPPRO_SESSION_VERSION_H

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#ifdef PACKAGE_VERSION
#define PROGRAM_VERSION PACKAGE_VERSION
#else
#define PROGRAM_VERSION "0.1.0"
#endif
#ifndef BUG_REPORT_PLACE
#define BUG_REPORT_PLACE "whoever packaged this program (configure --with-bug-report=PLACE names them)"
#endif
#define PROGRAM_NAME "ippro-explore"

#endif
