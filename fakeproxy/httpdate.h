/*
 * The three HTTP-date forms (9110 5.6.7) and Retry-After (9110 10.2.3). Times are whole seconds
 * since 1970-01-01 00:00:00 UTC. No locale, no time zone, no global state.
 */
#ifndef FAKEPROXY_HTTPDATE_H
#define FAKEPROXY_HTTPDATE_H

#include <stddef.h>
#include <stdint.h>

enum httpdate_form {
    HTTPDATE_IMF,     /* Sun, 06 Nov 1994 08:49:37 GMT */
    HTTPDATE_RFC850,  /* Sunday, 06-Nov-94 08:49:37 GMT */
    HTTPDATE_ASCTIME, /* Sun Nov  6 08:49:37 1994 */
};

/*
 * Reads any of the three, strictly: case-sensitive, the exact grammar, a day that exists, the
 * right weekday; 23:59:60 is the second that follows. A two-digit year is the latest year with
 * those digits that puts the date at most 50 years after now_s. 0, or -1: not a date.
 */
int httpdate_parse(const char *s, size_t len, int64_t now_s, int64_t *out_s);

/* Writes the date and a NUL, returns its length. 0, and "" in `out`, for a year that has no four
 * digits (before 0000 or after 9999). */
size_t httpdate_write(enum httpdate_form, int64_t s, char out[static 40]);

/*
 * What a strict reader finds in a Retry-After value (white space around it already removed):
 * 1*DIGIT or an HTTP-date. 0 or, if it is neither, -1.
 *   *wait_s  seconds from now_s; negative where a date has passed. delay-seconds too large for an
 *            int64_t count as INT64_MAX.
 *   *at_s    the date (0 if it is before 1970), or -1 for delay-seconds.
 */
int retry_after_parse(const char *s, size_t len, int64_t now_s, double *wait_s, int64_t *at_s);

#endif
