/*
 * Between a command line and the contract.
 */
#include "command_values.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "clock.h"

enum { HEAD_KEPT = 4096 };

/* ---- files ----------------------------------------------------------------------------------- */

static const char *path_of(struct arena *arena, const char *folder, const char *run, size_t n,
                           const char *what)
{
    struct buf b = { 0 };
    buf_printf(&b, "%s/%s-%zu.%s", folder, run, n, what);
    const char *path = arena_copy(arena, b.at, b.len);
    buf_free(&b);
    return path;
}

/* Octet i of a generated body is i % 251. */
static bool write_pattern(FILE *f, uint64_t size)
{
    unsigned char block[251 * 64];
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = (unsigned char)(i % 251);
    while (size) {
        size_t n = size < sizeof(block) ? (size_t)size : sizeof(block);
        if (fwrite(block, 1, n, f) != n)
            return false;
        size -= n;
    }
    return true;
}

static int write_body(const char *path, const struct request_setup *r)
{
    FILE *f = fopen(path, "wbe");
    if (!f)
        return -1;
    bool is_good = r->body ? fwrite(r->body, 1, r->body_len, f) == r->body_len
                           : write_pattern(f, r->step->body.size);
    return fclose(f) == 0 && is_good ? 0 : -1;
}

int command_files_make(struct arena *arena, const char *folder, const char *run, size_t n,
                       const struct request_setup *r, struct command_files *out)
{
    *out = (struct command_files){ .output = path_of(arena, folder, run, n, "out"),
                                   .headers = path_of(arena, folder, run, n, "headers") };
    if (!r->step->has_body)
        return 0;
    out->body = path_of(arena, folder, run, n, "body");
    return write_body(out->body, r);
}

void command_files_remove(const struct command_files *f)
{
    unlink(f->output);
    unlink(f->headers);
    if (f->body)
        unlink(f->body);
}

/* ---- what it takes --------------------------------------------------------------------------- */

static bool uses(const struct command_line *c, const char *name)
{
    return template_uses(c->argv, name) || template_uses(c->step, name);
}

const char *command_lacks(const struct command_line *c, const struct setup *s,
                          const struct request_setup *r)
{
    const char *method = r->step->method;
    bool is_head = method && strcmp(method, "HEAD") == 0;
    if (method && strcmp(method, "GET") != 0 && !uses(c, "method") && !(is_head && uses(c, "head")))
        return method;
    if (r->step->has_body && !uses(c, "body_file"))
        return "request bodies";
    if (r->header_count && !uses(c, "header"))
        return "header fields of one's own";
    if (*s->without_proxy && !uses(c, "exclusion") && !uses(c, "exclusions"))
        return "an exclusion list";
    return NULL;
}

/* ---- values ---------------------------------------------------------------------------------- */

static void set(struct template_values *v, const char *name, const char *value)
{
    if (value)
        template_set(v, name, value);
}

static void set_flag(struct template_values *v, const char *name, bool is_there)
{
    if (is_there)
        template_set(v, name, "1");
}

static void set_seconds(struct template_values *v, const char *name, int64_t ns)
{
    char text[32];
    snprintf(text, sizeof(text), "%.3f", (double)ns / (double)CLOCK_S);
    size_t len = strlen(text);
    while (text[len - 1] == '0')
        text[--len] = '\0';
    if (text[len - 1] == '.')
        text[--len] = '\0';
    if (ns)
        template_set(v, name, text);
}

static void set_number(struct template_values *v, const char *name, uint64_t n)
{
    char text[24];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
    template_set(v, name, text);
}

static void set_basic_header(struct arena *arena, struct template_values *v, const struct user *u)
{
    struct buf plain = { 0 }, line = { 0 };
    buf_printf(&plain, "%s:%s", u->name, u->password);
    buf_string(&line, "Proxy-Authorization: Basic ");
    char *at = buf_extend(&line, (plain.len + 2) / 3 * 4 + 1);
    EVP_EncodeBlock((unsigned char *)at, (const unsigned char *)plain.at, (int)plain.len);
    template_set(v, "proxy_header", arena_copy(arena, line.at, line.len));
    buf_free(&plain);
    buf_free(&line);
}

static void set_proxy(struct arena *arena, struct template_values *v, const struct setup *s)
{
    const struct client_keys *k = s->keys;
    const char *by = k->credentials_by ? k->credentials_by : "documented";
    const char *full = setup_proxy_url(arena, s);
    bool in_url = strcmp(by, "url") == 0;
    set_flag(v, "no_proxy", !s->proxy.url);
    set(v, "proxy", in_url ? full : s->proxy.url);
    set(v, "proxy_with_credentials", full);
    if (k->credential_count == 0 || in_url)
        return;
    if (strcmp(by, "header") == 0) {
        set_basic_header(arena, v, &k->credentials[0]);
    } else {
        set(v, "user", k->credentials[0].name);
        set(v, "password", k->credentials[0].password);
    }
}

static void set_session(struct arena *arena, struct template_values *v, const struct setup *s)
{
    const struct client_keys *k = s->keys;
    set_proxy(arena, v, s);
    set(v, "origin_user", k->origin_credentials.name);
    set(v, "origin_password", k->origin_credentials.password);
    set(v, "ca", s->ca_file);
    for (const char *const *m = k->schemes; m && *m; m++)
        set(v, "scheme", *m);
    if (k->retry == RETRY_POLICY) {
        set_flag(v, "retry_policy", true);
        set_number(v, "attempts", k->attempts);
        set_number(v, "retries", k->attempts - 1);
        set_seconds(v, "base", k->base);
        set_seconds(v, "cap", k->cap);
    }
    set_flag(v, "retry_default", k->retry == RETRY_DEFAULT);
    set_flag(v, "retry_off", k->retry == RETRY_OFF);
    set_flag(v, "redirects", k->redirects);
    set_flag(v, "cookies", k->cookies);
    set_flag(v, "insecure", !k->verify);
    struct buf all = { 0 };
    for (const char *const *e = s->without_proxy; *e; e++) {
        set(v, "exclusion", *e);
        buf_printf(&all, "%s%s", all.len ? "," : "", *e);
    }
    if (all.len)
        set(v, "exclusions", arena_copy(arena, all.at, all.len));
    buf_free(&all);
}

/* The port at which a URL means that host, 0: it means another. */
static int port_in(const char *url, const char *host)
{
    const char *at = url ? strstr(url, "://") : NULL;
    size_t len = strlen(host);
    if (!at)
        return 0;
    at += strlen("://");
    const char *userinfo = memchr(at, '@', strcspn(at, "/?#"));
    at = userinfo ? userinfo + 1 : at;
    if (strncasecmp(at, host, len) != 0 || (at[len] && !strchr(":/?#", at[len])))
        return 0;
    return at[len] == ':' ? atoi(at + len + 1) : strncmp(url, "https", 5) == 0 ? 443 : 80;
}

static void set_hosts(struct template_values *v, const struct setup *s,
                      const struct request_setup *r)
{
    for (size_t i = 0; i < s->host_count; i++) {
        struct buf b = { 0 };
        const int ports[] = { port_in(s->proxy.url, s->hosts[i].name),
                              port_in(r->url, s->hosts[i].name) };
        set(v, "host", s->hosts[i].name);
        for (size_t k = 0; k < 2; k++) {
            if (!ports[k])
                continue;
            b.len = 0;
            buf_printf(&b, "%s:%d:%s", s->hosts[i].name, ports[k], s->hosts[i].value);
            buf_char(&b, '\0');
            set(v, "resolve", b.at);
        }
        buf_free(&b);
    }
}

static void set_headers(struct template_values *v, const struct request_setup *r)
{
    for (size_t i = 0; i < r->header_count; i++) {
        struct buf b = { 0 };
        buf_printf(&b, "%s: %s", r->headers[i].name, r->headers[i].value);
        buf_char(&b, '\0');
        set(v, "header", b.at);
        buf_free(&b);
    }
}

void command_values(struct arena *arena, struct template_values *v, const struct setup *s,
                    const struct request_setup *r, const struct command_files *files, size_t step,
                    int gap)
{
    set_session(arena, v, s);
    set_hosts(v, s, r);
    set_headers(v, r);
    set(v, "url", r->url);
    set(v, "method", r->step->method);
    set_flag(v, "head", r->step->method && strcmp(r->step->method, "HEAD") == 0);
    set_flag(v, "get", r->step->method && strcmp(r->step->method, "GET") == 0);
    set_flag(v, "expect_continue", r->step->expect_continue);
    set(v, "body_file", files->body);
    set(v, "output_file", files->output);
    set(v, "headers_file", files->headers);
    set_seconds(v, "connect_timeout", r->connect_limit);
    set_seconds(v, "read_timeout", r->read_limit);
    set_seconds(v, "timeout", r->total);
    set_number(v, "step", step);
    if (gap) {
        set_number(v, "gap", (uint64_t)gap);
        set_number(v, "per_minute", (uint64_t)(60 / gap ? 60 / gap : 1));
    }
}

/* ---- results --------------------------------------------------------------------------------- */

static const char *hex(struct arena *arena, const unsigned char *octets, unsigned len)
{
    char *text = arena_take(arena, len * 2 + 1);
    for (unsigned i = 0; i < len; i++)
        snprintf(text + (size_t)i * 2, 3, "%02x", (unsigned)octets[i]);
    return text;
}

static void read_output(struct arena *arena, const char *path, struct result *r)
{
    FILE *f = fopen(path, "rbe");
    unsigned char digest[EVP_MAX_MD_SIZE], block[16384];
    unsigned digest_len = 0;
    r->has_body = true;
    EVP_MD_CTX *sha = EVP_MD_CTX_new();
    EVP_DigestInit_ex(sha, EVP_sha256(), NULL);
    char *head = arena_take(arena, HEAD_KEPT);
    for (size_t got; f && (got = fread(block, 1, sizeof(block), f)) > 0; r->bytes += got) {
        EVP_DigestUpdate(sha, block, got);
        size_t room = HEAD_KEPT - r->head_len;
        memcpy(head + r->head_len, block, got < room ? got : room);
        r->head_len += got < room ? got : room;
    }
    EVP_DigestFinal_ex(sha, digest, &digest_len);
    EVP_MD_CTX_free(sha);
    r->sha256 = hex(arena, digest, digest_len);
    r->head = head;
    if (f)
        fclose(f);
}

/* The last match of the expression. */
static int status_in(const struct command_line *c, const char *log)
{
    regmatch_t match[2];
    int status = 0;
    for (const char *at = log; *at && regexec(&c->status, at, 2, match, 0) == 0;) {
        int n = atoi(at + match[1].rm_so);
        status = n > 0 && n < 1000 ? n : status;
        at += match[0].rm_eo > 0 ? match[0].rm_eo : 1;
    }
    return status;
}

static const struct exit_meaning *meaning_of(const struct command_line *c, int exit_status)
{
    const struct exit_meaning *other = NULL;
    for (size_t i = 0; i < c->exit_count; i++) {
        if (c->exits[i].status == exit_status)
            return &c->exits[i];
        if (c->exits[i].status == -1)
            other = &c->exits[i];
    }
    return other;
}

/* The last line that says something. */
static const char *last_line(struct arena *arena, const char *log)
{
    size_t end = strlen(log);
    while (end && strchr(" \t\r\n", log[end - 1]))
        end--;
    size_t from = end;
    while (from && log[from - 1] != '\n')
        from--;
    return arena_copy(arena, log + from, end - from);
}

static const char *error_of(struct arena *arena, const struct command_end *end)
{
    struct buf b = { 0 };
    const char *line = end->error && *end->error ? end->error : last_line(arena, end->log);
    buf_printf(&b, "exit status %d%s%s", end->exit_status, *line ? ": " : "", line);
    const char *text = arena_copy(arena, b.at, b.len);
    buf_free(&b);
    return text;
}

static const char *no_status(struct arena *arena, const struct command_end *end)
{
    char text[96];
    snprintf(text, sizeof(text), "exit status %d means an answer, but nothing told its status",
             end->exit_status);
    return arena_copy(arena, text, strlen(text));
}

static bool is_header_line(const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len);
    return colon && colon > line && !memchr(line, ' ', (size_t)(colon - line));
}

static void add_line(struct buf *block, const char *line, size_t len)
{
    buf_add(block, line, len);
    buf_string(block, "\r\n");
}

/* What curl hands out of a folded line: CRLF is gone, the white space stays. */
static void add_fold(struct buf *block, const char *line, size_t len)
{
    block->len -= 2;
    add_line(block, line, len);
}

static const char *keep(struct arena *arena, struct buf *b, size_t *len)
{
    const char *kept = b->len ? arena_copy(arena, b->at, b->len) : NULL;
    *len = b->len;
    buf_free(b);
    return kept;
}

/* Of several blocks (a CONNECT, a 407, interim answers) the last; what stands behind it are
 * trailer fields. */
static void read_headers(struct arena *arena, const char *path, struct result *r)
{
    FILE *f = fopen(path, "rbe");
    struct buf block = { 0 }, trailers = { 0 };
    char line[8192];
    bool is_over = false;
    while (f && fgets(line, sizeof(line), f)) {
        size_t len = strcspn(line, "\r\n");
        if (strncmp(line, "HTTP/", 5) == 0) {
            block.len = trailers.len = 0;
            is_over = false;
        } else if (len == 0) {
            is_over = true;
        } else if ((*line == ' ' || *line == '\t') && (is_over ? &trailers : &block)->len) {
            add_fold(is_over ? &trailers : &block, line, len);
        } else if (is_header_line(line, len)) {
            add_line(is_over ? &trailers : &block, line, len);
        }
    }
    if (f)
        fclose(f);
    r->headers = keep(arena, &block, &r->headers_len);
    r->trailers = keep(arena, &trailers, &r->trailers_len);
}

/* An exit status that means "answer" may be that of another failure too, before anything was asked:
 * then no status of an answer stands in what the command wrote. (Wget ends with 8 for a 404, and
 * for a proxy's URL that it cannot parse.) */
static bool is_answer(const struct command_line *c, const struct command_end *end,
                      const struct result *r)
{
    const struct exit_meaning *meaning = meaning_of(c, end->exit_status);
    return !end->was_cancelled && meaning && meaning->is_answer &&
           (end->exit_status == 0 || r->status || !c->has_status);
}

void command_result(struct arena *arena, const struct command_line *c,
                    const struct command_end *end, const struct command_files *files,
                    struct result *r)
{
    const struct exit_meaning *meaning = meaning_of(c, end->exit_status);
    *r = (struct result){ .asked = -1, .log = end->log, .status = end->status };
    if (!r->status && c->has_status)
        r->status = status_in(c, end->log);
    r->is_error = !is_answer(c, end, r);
    if (!r->is_error && !c->has_status && !c->tells) {
        r->is_error = true;
        r->error = no_status(arena, end);
        r->kind = "other";
    } else if (r->is_error) {
        r->error = error_of(arena, end);
        r->kind = end->was_cancelled               ? "cancelled"
                  : meaning && !meaning->is_answer ? meaning->kind
                                                   : "other";
        /* A CONNECT that was refused: the status is the proxy's, and what curl has for it is the
         * exit status of a reset. */
        if (end->connect && end->connect / 100 != 2) {
            r->status = end->connect;
            r->hop = "proxy";
            if (!end->was_cancelled)
                r->kind = end->connect == 407 ? "proxy-auth" : "proxy-connect";
        }
    }
    read_output(arena, files->output, r);
    read_headers(arena, files->headers, r);
}
