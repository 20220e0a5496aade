/* The tests' own client, and what makes them short. */
#include "api.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

const char api_limit[] =
    "{ \"fakeproxy\": 1, \"id\": \"api/limit\", \"title\": \"A limit\", \"layer\": \"gateway\",\n"
    "  \"proxy\": { \"rules\": [ { \"name\": \"limit\", \"on\": \"request\", \"times\": 1, "
    "\"fault\": true,\n"
    "    \"do\": [ { \"respond\": { \"status\": 429, \"retry_after\": 1 } } ] } ] },\n"
    "  \"house\": { \"promise\": false },\n"
    "  \"expect\": {\n"
    "    \"waits\": { \"level\": \"must\", \"says\": \"waits as long as it was told\",\n"
    "      \"gap\": { \"from\": { \"event\": \"response\", \"rule\": \"limit\" },\n"
    "                 \"to\": { \"event\": \"request\" } }, \"min\": \"promise\" },\n"
    "    \"few\": { \"level\": \"must*\", \"says\": \"sends three requests at most\",\n"
    "      \"count\": { \"event\": \"request\" }, \"max\": 3 } } }\n";

static void fail_with(char *error)
{
    print_error("%s", error ? error : "no error was given\n");
    free(error);
    fail();
}

struct fakeproxy *api_new(enum fakeproxy_mode mode)
{
    char *error = NULL;
    struct fakeproxy *fp = fakeproxy_new(mode, &error);
    if (!fp)
        fail_with(error);
    assert_null(error);
    return fp;
}

struct fakeproxy_instance *api_start(struct fakeproxy *fp, const char *scenario)
{
    char *error = NULL;
    struct fakeproxy_instance *in = fakeproxy_start(fp, scenario, &error);
    if (!in)
        fail_with(error);
    assert_null(error);
    return in;
}

struct fakeproxy_instance *api_start_text(struct fakeproxy *fp, const char *text)
{
    char *error = NULL;
    struct fakeproxy_instance *in = fakeproxy_start_text(fp, "test.json", text, &error);
    if (!in)
        fail_with(error);
    assert_null(error);
    return in;
}

/* ---- the client ------------------------------------------------------------------------------ */

static int dial(const char *address)
{
    struct sockaddr_in a = { .sin_family = AF_INET };
    const char *colon = strrchr(address, ':');
    if (!colon)
        return -1;
    a.sin_port = htons((uint16_t)strtol(colon + 1, NULL, 10));
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Is the answer whole: its header block, and as many octets as that says? */
static bool is_whole(const char *text, size_t len)
{
    const char *end = strstr(text, "\r\n\r\n"), *field = strstr(text, "\r\nContent-Length: ");
    size_t body = field ? strtoul(field + strlen("\r\nContent-Length: "), NULL, 10) : 0;
    return end && len >= (size_t)(end + 4 - text) + body;
}

int api_get(const struct fakeproxy_instance *in, const char *path)
{
    char text[4096] = "";
    size_t len = 0;
    ssize_t n = 1;
    int status = 0, fd = dial(fakeproxy_address(in, "proxy"));
    if (fd < 0)
        return 0;
    int size = snprintf(text, sizeof(text),
                        "GET http://any.example%s HTTP/1.1\r\nHost: any.example\r\n\r\n", path);
    if (send(fd, text, (size_t)size, MSG_NOSIGNAL) != size)
        n = 0;
    text[0] = '\0';
    while (n > 0 && len < sizeof(text) - 1 && !is_whole(text, len)) {
        n = recv(fd, text + len, sizeof(text) - 1 - len, 0);
        len += n > 0 ? (size_t)n : 0;
        text[len] = '\0';
    }
    close(fd);
    return is_whole(text, len) && sscanf(text, "HTTP/1.1 %3d", &status) == 1 ? status : 0;
}

static void *run_client(void *arg)
{
    struct api_client *c = arg;
    c->status = api_get(c->instance, "/");
    if (c->done_fd >= 0)
        close(c->done_fd);
    return NULL;
}

void api_client_start(struct api_client *c)
{
    assert_int_equal(pthread_create(&c->thread, NULL, run_client, c), 0);
}

int api_client_join(struct api_client *c)
{
    assert_int_equal(pthread_join(c->thread, NULL), 0);
    return c->status;
}

/* ---- the process ----------------------------------------------------------------------------- */

int api_open_fds(bool inherited)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;
    assert_non_null(folder);
    for (struct dirent *e; (e = readdir(folder));) {
        if (e->d_name[0] == '.')
            continue;
        int flags = fcntl((int)strtol(e->d_name, NULL, 10), F_GETFD);
        count += !inherited || !(flags & FD_CLOEXEC);
    }
    closedir(folder);
    return count;
}

const struct fakeproxy_check *api_check(const struct fakeproxy_verdict *v, const char *id)
{
    for (size_t i = 0; i < v->check_count; i++)
        if (strcmp(v->checks[i]->id, id) == 0)
            return v->checks[i];
    print_error("there is no check %s\n", id);
    fail();
    return NULL;
}
