/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening files beneath certain folders only: what base/file.h does once the program is confined.
 *
 * A path is resolved first, which names the file; it is then opened from the folder's descriptor, component
 * by component and through no symbolic link. So a link that leads out is refused, and so is one that takes a
 * component's place in between. One thread begins; any may open. */
#ifndef IPPRO_BASE_CONFINE_H
#define IPPRO_BASE_CONFINE_H

#include <stdbool.h>

/* The folder that files are confined to; NULL while they are not. */
const char *confine_folder(void);
/* Confine to a folder: read and write there. Once. False with errno when it is none. */
bool confine_begin(const char *folder);
/* Folders, and single files, that may be read besides. What does not exist is passed over. */
void confine_add_folder(const char *folder);
void confine_add_file(const char *path);

/* open() for reading, with `flags` besides; a symbolic link inside is followed to what is inside. EXDEV for
 * whatever lies elsewhere. */
int confine_open(const char *path, int flags);
/* A descriptor of a folder to write in. */
int confine_open_folder(const char *path);

#endif
