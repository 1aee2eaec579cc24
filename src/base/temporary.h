/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Temporary files beside what they will replace: ".ippro-PROCESS-NUMBER.tmp", locked while they are written.
 */
#ifndef IPPRO_BASE_TEMPORARY_H
#define IPPRO_BASE_TEMPORARY_H

enum { TEMPORARY_NAME = 64 };

/* Create one in a folder (a descriptor); its short name fits wherever the real one fits. The descriptor, or
 * -1 with errno. */
int temporary_open(int folder, char name[TEMPORARY_NAME]);

/* Remove what killed programs left in a folder: files of ours by their name and owner, whose process is gone
 * and which nobody holds, on another machine either. Where the folder cannot be listed nothing is done. */
void temporary_clean(int folder);

#endif
