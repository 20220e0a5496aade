/*
 * Links to reports.
 */
#include "report_link.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

/* `path` as seen from the folder; both absolute. */
static void relate(struct buf *link, const char *folder, const char *path)
{
    size_t same = 0;
    for (size_t i = 0; path[i] && (path[i] == folder[i] || (!folder[i] && path[i] == '/')); i++) {
        if (path[i] == '/')
            same = i + 1;
        if (!folder[i])
            break;
    }
    for (const char *rest = folder + (same <= strlen(folder) ? same : strlen(folder)); *rest;) {
        buf_string(link, "../");
        rest = strchr(rest, '/') ? strchr(rest, '/') + 1 : "";
    }
    /* In a URL (RFC 3986): what is no path character is percent-encoded. */
    for (const unsigned char *c = (const unsigned char *)path + same; *c; c++)
        if (strchr("-._~/@+=,", *c) || (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
            (*c >= 'A' && *c <= 'Z'))
            buf_char(link, (char)*c);
        else
            buf_printf(link, "%%%02X", *c);
    buf_char(link, '\0');
}

/* The report that lies beside the results, as a link from the folder; NULL: there is none. */
char *report_link(const char *results, const char *folder)
{
    char path[PATH_MAX], absolute[PATH_MAX];
    struct buf link = { 0 };
    const char *slash = strrchr(results, '/'), *dot = strrchr(results, '.');
    size_t stem = dot && (!slash || dot > slash) ? (size_t)(dot - results) : strlen(results);
    if (snprintf(path, sizeof(path), "%.*s.html", (int)stem, results) >= (int)sizeof(path) ||
        !realpath(path, absolute))
        return NULL;
    relate(&link, folder, absolute);
    return link.at;
}
