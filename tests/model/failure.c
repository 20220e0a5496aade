/*
 * Failures and their names.
 */
#include "failure.h"

#include <stdarg.h>
#include <stdio.h>

const char *kind_name(enum kind kind)
{
    static const char *const names[] = { "none",
                                         "proxy-unreachable",
                                         "proxy-auth",
                                         "proxy-connect",
                                         "proxy-protocol",
                                         "tls-proxy",
                                         "tls-origin",
                                         "reset",
                                         "closed-early",
                                         "incomplete",
                                         "timeout-connect",
                                         "timeout-read",
                                         "timeout-total",
                                         "protocol",
                                         "redirects",
                                         "rate-limited",
                                         "cancelled",
                                         "config",
                                         "other" };
    return names[kind];
}

int failure_set(struct failure *f, enum kind kind, const char *format, ...)
{
    va_list args;
    f->kind = kind;
    f->is_certificate = false;
    va_start(args, format);
    vsnprintf(f->text, sizeof(f->text), format, args);
    va_end(args);
    return -1;
}
