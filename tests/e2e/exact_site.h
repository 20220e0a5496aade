/*
 * Between the parts of exact.h: the names a scenario and its plays share, and the site.
 */
#ifndef TESTS_E2E_EXACT_SITE_H
#define TESTS_E2E_EXACT_SITE_H

#include <openssl/types.h>

#include "exact.h"
#include "program.h"

enum { EXACT_EXTRA = 100000 /* octets behind the cut */, EXACT_SLOW_BUFFER = 65536 };

extern const char *const exact_end_names[], *const exact_framing_names[];
extern const char *const exact_direction_names[];

struct lane {
    int listener[2]; /* for what comes up a tunnel: with the kernel's buffer, and a small one */
};

struct exact_site {
    struct program *program;
    SSL_CTX *tls;
    struct lane *lanes;
    int lane_count;
    int status; /* how it ended, once it did */
};

/* Ends the program, once. */
void exact_site_end_program(struct exact_site *);

#endif
