/*
 * What a reader should look at first: verdicts, cases and clients by how bad it is. Pure functions
 * over results, shared by the reports for people.
 */
#ifndef CS_FINDINGS_H
#define CS_FINDINGS_H

#include "buf.h"
#include "results.h"

enum rank {                /* worst first */
            RANK_CRITICAL, /* a critical MUST failed */
            RANK_MUST,     /* a MUST failed, by RFC or by policy; or the client died over it */
            RANK_BROKEN,   /* the suite itself failed */
            RANK_SHOULD,   /* a SHOULD was missed */
            RANK_OPEN,     /* not shown: inconclusive, blocked, not exercised */
            RANK_NONE,     /* as expected, or nothing that is asked of this client */
            RANKS
};

enum rank verdict_rank(const struct verdict *);
/* The worst of its verdicts; RANK_NONE where it is not final. */
enum rank case_rank(const struct case_result *);
/* The worst over all variants of the scenario and all clients; `group` as in the plan. */
enum rank group_rank(const struct results *, size_t group);

const char *rank_heading(enum rank); /* "A critical MUST failed" */

/* "MUST", "MUST (policy)", "SHOULD", "MAY", "info" */
const char *level_word(enum level);
/* "all MUST and SHOULD hold", ...: what the letter means */
const char *letter_meaning(char letter);

/* Why this client has its letter, as one sentence: the worst thing, and how many more. */
void letter_reason(struct buf *, const struct results *, size_t client, const struct summary *);

/* Are several clients one profile's variants? Then the worst letter is that of the client. */
bool results_is_one_profile(const struct results *);
char letter_worst(char a, char b);

/* More clients than a page can tell of one by one: it tells of them together. */
bool results_has_many(const struct results *);

/* "curl retry": without the version. NUL-terminated, to be buf_free'd. */
void client_name(struct buf *, const struct client_result *);
/* "curl 8.5.0 retry": the name with the version, if it told it. NUL-terminated, to be buf_free'd.
 */
void client_title(struct buf *, const struct client_result *);

/* "2026-11-23 15:54 UTC"; "" for 0. */
const char *wall_date(int64_t wall, char buf[static 32]);

#endif
