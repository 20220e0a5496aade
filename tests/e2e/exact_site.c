/*
 * A site: one scenario in which every case has its rule, the program that plays it, and each lane's
 * listeners.
 *
 * The rule of a case is found by the path of its request, /KIND/END/FRAMING/N; inside a tunnel the
 * origin has the same rules as the proxy. A tunnel's cut is found by the header X-Cut, because the
 * host of the CONNECT names the lane: each lane has listeners of its own that count what comes up.
 */
#include "exact_site.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "peer.h"

/* ---- the scenario ---------------------------------------------------------------------------- */

static void add_down_rules(struct buf *b, const char *kind, const char *before, const char *action)
{
    for (int end = 0; end < EXACT_ENDS; end++)
        for (int framing = 0; framing < EXACT_FRAMINGS; framing++)
            for (int size = 0; size < EXACT_SIZES; size++) {
                unsigned long long n = exact_sizes[size];
                buf_printf(b, "{'on':'request','when':{'path':'/%s/%s/%s/%llu'},'do':[%s{'%s':{",
                           kind, exact_end_names[end], exact_framing_names[framing], n, before,
                           action);
                if (strcmp(action, "respond") == 0)
                    buf_printf(b, "'framing':'%s','body':{'size':%llu},",
                               exact_framing_names[framing], n + EXACT_EXTRA);
                buf_printf(b, "'cut':{'after_body_bytes':%llu,'with':'%s'}}}]},\n", n,
                           exact_end_names[end]);
            }
}

static void add_up_rules(struct buf *b)
{
    /* The 102 tells the client of a stall that its octets were read. */
    static const char *const ends[] = { "'reset'", "'close'",
                                        "{'respond':{'status':102}},{'stall':{'reading':false}}" };
    for (int end = 0; end < EXACT_ENDS; end++)
        for (int size = 0; size < EXACT_SIZES; size++)
            buf_printf(
                b, "{'on':'request','when':{'path':'/up/%s/*/%llu'},'do':[{'read':%llu},%s]},\n",
                exact_end_names[end], (unsigned long long)exact_sizes[size],
                (unsigned long long)exact_sizes[size], ends[end]);
}

static void add_tunnel_rules(struct buf *b)
{
    for (int d = 0; d < EXACT_DIRECTIONS; d++)
        for (int end = 0; end < EXACT_ENDS; end++)
            for (int size = 0; size < EXACT_SIZES; size++) {
                unsigned long long n = exact_sizes[size];
                buf_printf(
                    b,
                    "{'on':'request','when':{'header':{'X-Cut':'%s-%s-%llu'}},'do':[{'tunnel':"
                    "{'cut':{'after_bytes':%llu,'direction':'%s','with':'%s'}}}]},\n",
                    exact_direction_names[d], exact_end_names[end], n, n, exact_direction_names[d],
                    exact_end_names[end]);
            }
}

/* The rules that proxy and origin have in common. */
static void add_rules(struct buf *b)
{
    buf_string(
        b, "{'on':'request','when':{'path':'/warm'},'do':[{'respond':{'body':{'size':1000}}}]},\n");
    add_down_rules(b, "down", "", "respond");
    add_down_rules(b, "unread", "{'read':0},", "respond");
    add_up_rules(b);
}

static char *scenario(void)
{
    struct buf b = { 0 };
    buf_string(&b, "{'house':{'storm':false},'origin':{'rules':[");
    add_rules(&b);
    for (int framing = 0; framing < EXACT_FRAMINGS; framing++)
        for (int size = 0; size < EXACT_SIZES; size++)
            buf_printf(&b,
                       "{'on':'request','when':{'path':'/forward/*/%s/%llu'},'do':[{'respond':{"
                       "'framing':'%s','body':{'size':%llu}}}]},\n",
                       exact_framing_names[framing], (unsigned long long)exact_sizes[size],
                       exact_framing_names[framing],
                       (unsigned long long)exact_sizes[size] + EXACT_EXTRA);
    buf_string(&b, "{'on':'request','do':['forward']}]},\n'proxy':{'rules':[");
    add_rules(&b);
    add_down_rules(&b, "forward", "", "forward");
    add_tunnel_rules(&b);
    buf_string(&b, "{'on':'request','do':['forward']}]}}");
    buf_char(&b, '\0');
    return b.at;
}

/* ---- the site -------------------------------------------------------------------------------- */

static int open_lanes(struct exact_site *s, char **arguments)
{
    size_t n = 0;
    for (int i = 0; i < s->lane_count; i++)
        for (int slow = 0; slow < 2; slow++) {
            int port, small = EXACT_SLOW_BUFFER;
            int fd = peer_listen(&port, false);
            if (fd < 0)
                return -1;
            s->lanes[i].listener[slow] = fd;
            if (slow) /* what it accepts inherits it; nobody connects before the program starts */
                setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
            arguments[n++] = strdup("--upstream");
            if (asprintf(&arguments[n++], "lane%d.test:%d=127.0.0.1:%d", i, 80 + slow, port) < 0)
                abort();
        }
    return 0;
}

struct exact_site *exact_site_start(const char *program, int lanes, bool journal)
{
    struct exact_site *s = calloc(1, sizeof(*s));
    char **arguments = calloc((size_t)lanes * 4 + 1, sizeof(*arguments));
    if (!s || !arguments || !(s->lanes = calloc((size_t)lanes, sizeof(*s->lanes))))
        abort();
    s->lane_count = lanes;
    if (open_lanes(s, arguments) == 0) {
        struct program_options options = { .arguments = (const char *const *)arguments,
                                           .journal = journal ? NULL : "" };
        char *text = scenario();
        s->program = program_start(program, text, &options);
        free(text);
    }
    for (char **a = arguments; *a; a++)
        free(*a);
    free(arguments);
    if (!s->program) {
        exact_site_end(s, false);
        return NULL;
    }
    char ca[128];
    snprintf(ca, sizeof(ca), "%s/ca.pem", s->program->folder);
    s->tls = peer_tls_context(ca);
    /* Gigabytes are decrypted: the cheapest cipher will do. */
    SSL_CTX_set_ciphersuites(s->tls, "TLS_AES_128_GCM_SHA256");
    return s;
}

void exact_site_end_program(struct exact_site *s)
{
    if (s->program && s->program->pid > 0)
        s->status = program_end(s->program);
}

int exact_site_end(struct exact_site *s, bool keep)
{
    int result = 0;
    if (s->program) {
        exact_site_end_program(s);
        bool good = WIFEXITED(s->status) && WEXITSTATUS(s->status) == 0;
        result = good && !program_complained(s->program) ? 0 : -1;
        if (result < 0)
            program_show_output(s->program);
        program_free(s->program, keep);
    }
    for (int i = 0; i < s->lane_count; i++)
        for (int k = 0; k < 2; k++)
            close(s->lanes[i].listener[k]);
    SSL_CTX_free(s->tls);
    free(s->lanes);
    free(s);
    return result;
}
