/*
 * What only the journal knows: how many octets of an upload were read.
 */
#include "exact_site.h"

#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Uploads whose `body` event has not come yet, by actor and connection. */
struct upload {
    struct upload *next;
    int connection;
    bool at_origin;
    unsigned long long want;
};

enum { BUCKETS = 4096 };

struct uploads {
    struct upload *bucket[BUCKETS];
    size_t seen, wrong;
    char *why;
    size_t room;
};

static struct upload **find_upload(struct uploads *u, int connection, bool at_origin)
{
    struct upload **link = &u->bucket[connection % BUCKETS];
    while (*link && ((*link)->connection != connection || (*link)->at_origin != at_origin))
        link = &(*link)->next;
    return link;
}

static void begin_upload(struct uploads *u, int connection, bool at_origin, const char *path)
{
    struct upload **link = &u->bucket[connection % BUCKETS];
    struct upload *up = malloc(sizeof(*up));
    if (!up)
        abort();
    *up =
        (struct upload){ *link, connection, at_origin, strtoull(strrchr(path, '/') + 1, NULL, 10) };
    if (strncmp(path, "/up/close/", 10) == 0)
        up->want += EXACT_EXTRA; /* a clean close drains: the rest is read as well */
    *link = up;
}

static void end_upload(struct uploads *u, struct upload **link, double bytes)
{
    struct upload *up = *link;
    u->seen++;
    if (bytes != (double)up->want && u->wrong++ == 0)
        snprintf(u->why, u->room,
                 "%s's connection %d: %.0f octets of an upload were read, not %llu",
                 up->at_origin ? "the origin" : "the proxy", up->connection, bytes, up->want);
    *link = up->next;
    free(up);
}

static void take_line(struct uploads *u, const char *line)
{
    bool begins = strstr(line, "\"path\":\"/up/") != NULL;
    if (!begins && !strstr(line, "\"event\":\"body\"") && !strstr(line, "\"event\":\"close\""))
        return;
    cJSON *e = cJSON_Parse(line);
    const cJSON *connection = cJSON_GetObjectItemCaseSensitive(e, "connection");
    const char *at = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(e, "at"));
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(e, "event"));
    const char *path = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(e, "path"));
    if (e && at && name && cJSON_IsNumber(connection)) {
        bool at_origin = strcmp(at, "origin") == 0;
        struct upload **link = find_upload(u, connection->valueint, at_origin);
        const cJSON *bytes = cJSON_GetObjectItemCaseSensitive(e, "bytes");
        if (begins && path)
            begin_upload(u, connection->valueint, at_origin, path);
        else if (*link && strcmp(name, "body") == 0)
            end_upload(u, link, cJSON_GetNumberValue(bytes));
    }
    cJSON_Delete(e);
}

size_t exact_uploads_wrong(struct exact_site *s, size_t *seen, char *why, size_t room)
{
    struct uploads *u = calloc(1, sizeof(*u));
    char path[128], *line = NULL;
    size_t line_room = 0;
    if (!u)
        abort();
    u->why = why;
    u->room = room;
    exact_site_end_program(s); /* so that the journal is whole */
    snprintf(path, sizeof(path), "%s/journal", s->program->folder);
    FILE *f = fopen(path, "re");
    while (f && getline(&line, &line_room, f) > 0)
        take_line(u, line);
    if (f)
        fclose(f);
    free(line);
    for (int i = 0; i < BUCKETS; i++)
        while (u->bucket[i]) /* no `body` event came */
            end_upload(u, &u->bucket[i], -1);
    *seen = u->seen;
    size_t result = u->wrong;
    free(u);
    return result;
}
