/*
 * Scenarios of a plan: all variants of one, which follow each other, are a group, named by the
 * index of its first case. Reports have a row for each group; the worst of its variants stands for
 * it.
 */
#ifndef CS_GROUPS_H
#define CS_GROUPS_H

#include "findings.h"

bool is_group(const struct plan *, size_t at); /* does a group begin there? */
size_t group_count(const struct plan *);
size_t group_end(const struct plan *, size_t group); /* behind its last case */

/* The case of this client that stands for the group. */
const struct case_result *group_worst(const struct results *, size_t client, size_t group);
/* How many of its variants are not as asked. */
size_t group_missed(const struct results *, size_t client, size_t group);

/* The layer of its scenario: "other" where that says none. */
const char *group_layer(const struct plan *, size_t group);
/* Is it the first of its layer? Layers come in the order in which the plan has them. */
bool group_begins_layer(const struct plan *, size_t group);

/* Did two plays of a scenario come to the same: verdicts that are not as asked, why, and what
 * diagnosis made of them? In the same words, or in words in which only times ("0.214 s") differ. */
enum alike { ALIKE_EXACTLY, ALIKE_BUT_FOR_TIMES };
bool plays_are_alike(const struct case_result *, const struct case_result *, enum alike);

#endif
