// SPDX-License-Identifier: Apache-2.0
/* base/folder.h — temporary folders, when they have served. */
#pragma once

/* Removes the folder with all that is in it; follows no links and passes over what it may not remove. */
void folder_remove(const char *folder);
