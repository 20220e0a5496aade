/*
 * `fakeproxy calibrate`: what was measured as a table, and as a verdict that needs no knowledge of
 * the figures. Early waits and wrong cuts are our own failures; lateness is the host's, and only
 * told.
 */
#include "calibrate.h"

#include <errno.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "options.h"

/* Past this the 99th percentile of spread waits says that the host is busy. */
static const int64_t LATE = CLOCK_MS;
/* Fewer descriptors than this are soon used up: a proxied request needs three. */
enum { FEW_DESCRIPTORS = 4096 };

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int64_t calibrate_share(int64_t *values, size_t count, double share)
{
    if (count == 0)
        return 0;
    qsort(values, count, sizeof(*values), compare);
    size_t at = (size_t)(share * (double)count);
    return values[at < count ? at : count - 1];
}

/* ---- the host -------------------------------------------------------------------------------- */

static bool has_ipv6(void)
{
    struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool result = fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0;
    if (fd >= 0)
        close(fd);
    return result;
}

/* Two connected sockets on loopback. -1: there is no loopback. */
static int connect_pair(int fds[2])
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof(a);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    fds[1] = -1;
    if (listener >= 0 && fds[0] >= 0 && bind(listener, (struct sockaddr *)&a, len) == 0 &&
        listen(listener, 1) == 0 && getsockname(listener, (struct sockaddr *)&a, &len) == 0 &&
        connect(fds[0], (struct sockaddr *)&a, len) == 0)
        fds[1] = accept(listener, NULL, NULL);
    if (listener >= 0)
        close(listener);
    if (fds[1] >= 0)
        return 0;
    if (fds[0] >= 0)
        close(fds[0]);
    return -1;
}

/* Does the error queue really tell when an octet was acknowledged? Some kernels in sandboxes take
 * the option and never do. */
static bool tells_acks(void)
{
    int fds[2];
    int flags = SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY;
    if (connect_pair(fds) < 0)
        return false;
    struct pollfd p = { .fd = fds[0] };
    bool told = setsockopt(fds[0], SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)) == 0 &&
                send(fds[0], "x", 1, MSG_NOSIGNAL) == 1 && poll(&p, 1, 500) == 1 &&
                (p.revents & POLLERR);
    close(fds[0]);
    close(fds[1]);
    return told;
}

void calibrate_host(struct calibration *c)
{
    struct rlimit limit;
    c->has_ipv6 = has_ipv6();
    c->tells_acks = tells_acks();
    c->descriptors = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : 0;
}

/* ---- what is said of it ---------------------------------------------------------------------- */

static double ms(int64_t ns)
{
    return (double)ns / (double)CLOCK_MS;
}

static void add_lateness(struct buf *b, const char *name, const struct lateness *l)
{
    buf_printf(b, "  %-18s %4zu of %zu  %12.3f ms %9.3f ms %9.3f ms\n", name, l->early, l->waits,
               ms(l->half), ms(l->most), ms(l->latest));
}

static void add_cuts(struct buf *b, const struct cuts *c)
{
    buf_printf(b, "  %-26s %4zu of %zu", c->name, c->exact, c->tried);
    if (c->settles)
        buf_printf(b, "   after %lld ms, %lld ms at most", (long long)c->half,
                   (long long)c->longest);
    buf_char(b, '\n');
}

void calibrate_figures(const struct calibration *c, struct buf *b)
{
    buf_string(b,
               "Waits of 100 ms          early    late: half of them         99 %       latest\n");
    add_lateness(b, "spread", &c->spread);
    add_lateness(b, "in bursts of 1000", &c->bursts);
    buf_string(b, "\nCuts in a body               exact       all acknowledged\n");
    for (size_t i = 0; i < CALIBRATE_CUTS; i++)
        add_cuts(b, &c->cuts[i]);
    buf_string(b,
               "  (A reset waits for the last acknowledgement; a client's kernel delays those of\n"
               "  a connection that has been in use.)\n"
               "\nThis host\n");
    buf_printf(b, "  %-26s %s\n", "IPv6", c->has_ipv6 ? "yes" : "no: [::1] cannot be listened on");
    buf_printf(b, "  %-26s %s\n", "acknowledgements",
               c->tells_acks ? "told by the kernel (TX_ACK)"
                             : "not told by the kernel (no TX_ACK): looked for every millisecond");
    buf_printf(b, "  %-26s %llu%s\n", "descriptors a process", (unsigned long long)c->descriptors,
               c->descriptors < FEW_DESCRIPTORS ? ": few; raise the limit (ulimit -Hn)" : "");
}

/* What is not exact, one line each. How many lines. */
static int add_failures(const struct calibration *c, struct buf *b)
{
    int failures = 0;
    size_t early = c->spread.early + c->bursts.early;
    size_t waits = c->spread.waits + c->bursts.waits;
    if (early > 0 || waits == 0) {
        buf_printf(b, "%zu of %zu waits ended early.\n", early, waits);
        failures++;
    }
    for (size_t i = 0; i < CALIBRATE_CUTS; i++) {
        const struct cuts *k = &c->cuts[i];
        if (k->exact == k->tried && k->tried > 0)
            continue;
        buf_printf(b, "%zu of %zu cuts (%s) were not exact.\n", k->tried - k->exact, k->tried,
                   k->name);
        failures++;
    }
    return failures;
}

int calibrate_verdict(const struct calibration *c, struct buf *b)
{
    if (add_failures(c, b) > 0) {
        buf_string(b, "NOT EXACT: what fakeproxy does on this host is not always what a scenario "
                      "says.\n");
        return EXIT_HARNESS;
    }
    if (c->spread.most > LATE)
        buf_printf(b,
                   "One wait in a hundred is more than %.0f ms late: this host is busy or slow, "
                   "and upper bounds measured on it mean little.\n",
                   ms(c->spread.most));
    buf_string(b, "EXACT: no wait ended early, every cut fell where it was asked for.\n");
    return EXIT_OK;
}

int calibrate(void)
{
    struct calibration c = { 0 };
    struct buf text = { 0 };
    fputs("Measuring for some seconds...\n", stderr);
    if (calibrate_waits(&c) < 0 || calibrate_cuts(&c) < 0)
        return EXIT_HARNESS;
    calibrate_host(&c);
    calibrate_figures(&c, &text);
    buf_char(&text, '\n');
    int code = calibrate_verdict(&c, &text);
    fwrite(text.at, 1, text.len, stdout);
    buf_free(&text);
    return code;
}
