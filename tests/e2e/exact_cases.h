/*
 * Plays a choice of exact.h's cases and fails the test if one was not exact.
 */
#ifndef TESTS_E2E_EXACT_CASES_H
#define TESTS_E2E_EXACT_CASES_H

#include <stdlib.h>

#include "e2e.h"
#include "exact.h"

static void tell_case(const struct exact_case *k, bool exact, const char *why, void *arg)
{
    char text[256];
    (void)arg;
    exact_describe(k, text, sizeof(text));
    if (!exact)
        fprintf(stderr, "%s: %s\n", text, why);
}

static void play_pairs(bool (*wanted)(const struct exact_case *))
{
    enum { LANES = 12 };
    size_t count, seen, uploads = 0;
    char why[256] = "";
    struct exact_case *cases = exact_pairs(wanted, &count);
    struct exact_site *site = exact_site_start(FP_PROGRAM, LANES, true);
    assert_non_null(site);
    assert_true(count > EXACT_SIZES);
    for (size_t i = 0; i < count; i++)
        uploads += cases[i].direction == EXACT_UP && cases[i].route != EXACT_TUNNEL;
    struct exact_run run = { .site = site, .cases = cases, .count = count, .told = tell_case };
    size_t wrong = exact_run(&run, LANES);
    size_t unread = exact_uploads_wrong(site, &seen, why, sizeof(why));
    if (unread)
        fprintf(stderr, "%s\n", why);
    int ended = exact_site_end(site, wrong > 0 || unread > 0);
    free(cases);
    expect_number(0, wrong);
    expect_number(0, unread);
    expect_number(uploads, seen);
    expect_number(0, ended);
}

#endif
