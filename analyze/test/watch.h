/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting until files change.  The kernel says when something happens in their folders (inotify);
 * what has changed is told by comparing the files with what they were, so that it does not matter
 * how an editor writes them.
 *
 *   w = watch_new();
 *   do {
 *           watch_begin(w);
 *           read files, and of each watch_file(w, path)
 *           watch_changed(w, path): it is not what it was in the round before
 *   } while (watch_wait(w) == 0);
 *   watch_free(w); */
#ifndef SAKER_TEST_WATCH_H
#define SAKER_TEST_WATCH_H

#include <stdbool.h>
#include <stddef.h>

struct watch;

/* From here on SIGINT, SIGTERM and SIGHUP end watch_wait, and nothing else. */
struct watch *watch_new(void);
void watch_free(struct watch *w);
/* In a child: signals do again what they did. */
void watch_leave(const struct watch *w);

/* Another round: what is not watched in it is forgotten. */
void watch_begin(struct watch *w);
/* A file, or a folder of rule files (its *.yaml and *.yml). */
void watch_file(struct watch *w, const char *path);
/* The names of test files (*.test.yaml, *.test.yml) in and below a folder. */
void watch_tree(struct watch *w, const char *path);

/* Whether it has changed since the round before, or was not watched then. */
bool watch_changed(const struct watch *w, const char *path);
/* Those that changed, of what was watched in the round before, in its order. */
const char *const *watch_list(const struct watch *w, size_t *n);
size_t watch_count(const struct watch *w);

/* Waits until something has changed and all has been quiet for a moment.  1: a signal came. */
int watch_wait(struct watch *w);

#endif
