/*
 * Saying where a play listens.
 */
#include "play_ready.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_url(struct buf *b, const char *name, const char *scheme, const char *address)
{
    buf_printf(b, "%s\"%s\":\"%s://%s\"", b->len > 1 ? "," : "", name, scheme, address);
}

void play_ready_line(struct buf *b, const struct instance *in, const char *ca_file)
{
    const struct scenario *s = instance_scenario(in);
    struct buf line = { 0 };
    buf_char(&line, '{');
    for (size_t i = 0; i < s->actor_count; i++) {
        const struct actor *a = &s->actors[i];
        const char *address = instance_address(in, i);
        add_url(&line, a->name, a->is_proxy && a->tls.on ? "https" : "http", address);
        if (!a->is_proxy) {
            char name[128];
            snprintf(name, sizeof(name), "%s_tls", a->name);
            add_url(&line, name, "https", address);
            buf_printf(&line, ",\"%s_host\":\"%s\"", a->name, instance_host(in, i));
        }
    }
    buf_add(b, line.at, line.len);
    buf_free(&line);
    buf_string(b, ",\"id\":");
    buf_json(b, s->id, strlen(s->id));
    if (s->variant) {
        buf_string(b, ",\"variant\":");
        buf_json(b, s->variant, strlen(s->variant));
    }
    if (ca_file) {
        buf_string(b, ",\"ca_file\":");
        buf_json(b, ca_file, strlen(ca_file));
    }
    buf_string(b, "}\n");
}

static FILE *open_ready(const char *name)
{
    char *end;
    if (strncmp(name, "fd:", 3) != 0)
        return fopen(name, "we");
    long fd = strtol(name + 3, &end, 10);
    errno = EBADF;
    return name[3] && !*end ? fdopen(dup((int)fd), "w") : NULL;
}

int play_ready_write(const char *name, const struct buf *lines)
{
    FILE *f = open_ready(name);
    int result = f && fwrite(lines->at, 1, lines->len, f) == lines->len ? 0 : -1;
    if (f && fclose(f) != 0)
        result = -1;
    if (result < 0)
        fprintf(stderr, "fakeproxy: --ready %s cannot be written: %s\n", name, strerror(errno));
    return result;
}

static void say_where(FILE *f, const struct instance *in, size_t i)
{
    static const char *const states[] = {
        [LISTEN_OPEN] = "",
        [LISTEN_REFUSED] = ", which refuses connections",
        [LISTEN_BLACKHOLE] = ", which never answers a SYN",
        [LISTEN_LATE] = ", which opens later",
    };
    const struct actor *a = &instance_scenario(in)->actors[i];
    const char *address = instance_address(in, i);
    fprintf(f, "  %-7s ", a->name);
    if (a->is_proxy)
        fprintf(f, "%s://%s", a->tls.on ? "https" : "http", address);
    else if (i == SCENARIO_ORIGIN)
        fprintf(f, "any host name, through the proxy; directly http(s)://%s", address);
    else
        fprintf(f, "%s, through the proxy; directly http(s)://%s", instance_host(in, i), address);
    fprintf(f, "%s\n", states[a->listen]);
}

void play_ready_say(FILE *f, const char *name, const struct instance *in)
{
    const struct scenario *s = instance_scenario(in);
    fprintf(f, "%s%s%s\n", name, s->title ? ": " : "", s->title ? s->title : "");
    for (size_t i = 0; i < s->actor_count; i++)
        say_where(f, in, i);
}
