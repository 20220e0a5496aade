/*
 * The retry policy. Jitter is added, never taken away: what a server or the user asked for is the
 * least. Numbers too large to wait for stay large.
 */
#include "policy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "httpdate.h"
#include "mutants.h"

bool policy_may_better(int status, const struct fields *f)
{
    if (mutant(MUTANT_RETRIES_407_BLINDLY) && status == 407)
        return true;
    if (mutant(MUTANT_RETRIES_403) && status == 403)
        return true;
    if (mutant(MUTANT_RETRIES_404) && status == 404)
        return true;
    if (mutant(MUTANT_RETRIES_ANY_4XX) && status > 407 && status < 500)
        return true;
    if (mutant(MUTANT_NEVER_RETRIES_STATUS))
        return false;
    if (mutant(MUTANT_RETRIES_503_ONLY))
        return status == 503;
    if (status >= 500 && fields_has(f, "Retry-After"))
        return true;
    return status == 408 || status == 429 || status == 502 || status == 503 || status == 504;
}

bool policy_may_pass(const struct failure *f)
{
    if (mutant(MUTANT_RETRIES_CERTIFICATE_ERRORS) && f->is_certificate)
        return true;
    switch (f->kind) {
    case KIND_RESET:
        if (mutant(MUTANT_REPORTS_RESETS))
            return false;
        return !mutant(MUTANT_NEVER_RETRIES_ERRORS);
    case KIND_PROXY_UNREACHABLE:
    case KIND_CLOSED_EARLY:
    case KIND_INCOMPLETE:
    case KIND_TIMEOUT_CONNECT:
    case KIND_TIMEOUT_READ:
        return !mutant(MUTANT_NEVER_RETRIES_ERRORS);
    case KIND_NONE:
    case KIND_PROXY_AUTH:
    case KIND_PROXY_CONNECT: /* its status decides */
    case KIND_PROXY_PROTOCOL:
    case KIND_TLS_PROXY:
    case KIND_TLS_ORIGIN:
    case KIND_TIMEOUT_TOTAL:
    case KIND_PROTOCOL:
    case KIND_REDIRECTS:
    case KIND_RATE_LIMITED:
    case KIND_CANCELLED:
    case KIND_CONFIG:
    case KIND_OTHER:
        break;
    }
    return false;
}

/* ---- Retry-After ----------------------------------------------------------------------------- */

static const int64_t FOREVER = INT64_MAX / 4;

/* A mutant's reading of a date without a zone. */
static int64_t local_time(int64_t at_s)
{
    time_t then = (time_t)at_s;
    struct tm tm;
    gmtime_r(&then, &tm);
    tm.tm_isdst = -1;
    return mktime(&tm);
}

static int64_t until(int64_t at_s, int64_t wall)
{
    if (mutant(MUTANT_LOCAL_TIME_ZONE))
        at_s = local_time(at_s);
    if (mutant(MUTANT_DATE_ROUNDED_DOWN))
        return (at_s - wall / CLOCK_S - 1) * CLOCK_S;
    if (at_s > wall / CLOCK_S + FOREVER / CLOCK_S)
        return FOREVER;
    return at_s * CLOCK_S - wall;
}

/* What careless parsers make of it. */
static bool careless(const char *value, int64_t wall, int64_t *wait)
{
    (void)wall;
    if (mutant(MUTANT_RETRY_AFTER_LENIENT_NUMBERS)) {
        char *end;
        double n = strtod(value, &end);
        *wait = (int64_t)(n * (double)CLOCK_S);
        return (end > value && !*end) || !*value;
    }
    if (mutant(MUTANT_RETRY_AFTER_32_BIT) && strspn(value, "0123456789") == strlen(value)) {
        *wait = (int64_t)(unsigned)strtoull(value, NULL, 10) * CLOCK_S;
        return *value != 0;
    }
    if (mutant(MUTANT_RETRY_AFTER_MS_OVERFLOW) && strspn(value, "0123456789") == strlen(value)) {
        unsigned long long ms = strtoull(value, NULL, 10) * 1000ULL;
        *wait = (int64_t)(ms % 100000000000ULL) * CLOCK_MS;
        return *value != 0;
    }
    return false;
}

static int64_t one_line(const char *value, int64_t wall)
{
    double wait_s;
    int64_t at_s, wait;
    if (careless(value, wall, &wait))
        return wait;
    if (retry_after_parse(value, strlen(value), wall / CLOCK_S, &wait_s, &at_s) < 0)
        return mutant(MUTANT_PAST_DATE_PAUSES) && strchr(value, ',') ? 2500 * CLOCK_MS : -1;
    if (at_s >= 0 && mutant(MUTANT_NO_DATES))
        return -1;
    if (at_s >= 0 && mutant(MUTANT_ONLY_IMF_DATES) && !strchr(value, ','))
        return -1;
    if (at_s >= 0 && mutant(MUTANT_ONLY_IMF_DATES) && strchr(value, '-'))
        return -1;
    if (at_s >= 0) {
        wait = until(at_s, wall);
        if (wait <= 0 && mutant(MUTANT_PAST_DATE_PAUSES))
            return 2500 * CLOCK_MS;
        if (wait <= 0 && mutant(MUTANT_PAST_DATE_HAMMERS))
            return 0;
        return wait > 0 ? wait : -1; /* past: nothing is asked for */
    }
    if (wait_s == 0 && mutant(MUTANT_ZERO_PAUSES))
        return CLOCK_S;
    if (mutant(MUTANT_RETRY_AFTER_AS_MILLISECONDS))
        wait_s /= 1000;
    if (mutant(MUTANT_RETRY_AFTER_OVERFLOW_IS_MISSING) && wait_s > 1e9)
        return -1;
    return wait_s > 1e9 ? FOREVER : (int64_t)(wait_s * (double)CLOCK_S);
}

int64_t policy_retry_after(const struct fields *f, int64_t wall)
{
    int64_t longest = -1;
    const char *line;
    if (mutant(MUTANT_IGNORES_RETRY_AFTER))
        return -1;
    if (mutant(MUTANT_JOINS_LINES) && fields_nth(f, "Retry-After", 1))
        return -1; /* "1, 2" is no number */
    for (size_t i = 0; (line = fields_nth(f, "Retry-After", i)); i++) {
        int64_t wait = one_line(line, wall);
        longest = wait > longest ? wait : longest;
    }
    const char *limit = fields_nth(f, "RateLimit", 0), *t = limit ? strstr(limit, "t=") : NULL;
    if (t && mutant(MUTANT_RATELIMIT_FIRST))
        longest = strtol(t + 2, NULL, 10) * CLOCK_S;
    return longest;
}

int64_t policy_backoff(unsigned n, int64_t base, int64_t cap, double chance)
{
    double wait = (double)base * pow(2, (double)(n < 40 ? n : 40) - 1);
    if (mutant(MUTANT_NO_BACKOFF))
        return 0;
    if (mutant(MUTANT_SHRINKING_BACKOFF))
        return base / (int64_t)n;
    if (cap > 0 && wait > (double)cap)
        wait = (double)cap;
    if (wait > 60.0 * (double)CLOCK_S)
        wait = 60.0 * (double)CLOCK_S;
    return (int64_t)(wait * (1 + chance / 2));
}
