/*
 * fakeproxy without a thread: a program that has one loop, here libcurl's multi interface, lets the
 * scenario play in it. fakeproxy_poll() takes the place of poll(): it waits for the program's own
 * descriptors, and plays meanwhile.
 */
#include <curl/curl.h>
#include <fakeproxy/fakeproxy.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_FDS = 64 };

/* What libcurl waits for, as poll() would be told it. */
static unsigned descriptors(CURLM *multi, struct pollfd *fds)
{
    fd_set reading, writing, failing;
    int highest = -1;
    unsigned count = 0;
    FD_ZERO(&reading);
    FD_ZERO(&writing);
    FD_ZERO(&failing);
    curl_multi_fdset(multi, &reading, &writing, &failing, &highest);
    for (int fd = 0; fd <= highest && count < MOST_FDS; fd++) {
        int events = (FD_ISSET(fd, &reading) ? POLLIN : 0) | (FD_ISSET(fd, &writing) ? POLLOUT : 0);
        if (events)
            fds[count++] = (struct pollfd){ .fd = fd, .events = (short)events };
    }
    return count;
}

/* One request, from beginning to end. Returns the status. */
static long get(struct fakeproxy *fp, CURLM *multi, CURL *curl)
{
    struct pollfd fds[MOST_FDS];
    int running = 1;
    long status = 0;
    curl_multi_add_handle(multi, curl);
    while (curl_multi_perform(multi, &running) == CURLM_OK && running) {
        long timeout = 1000;
        curl_multi_timeout(multi, &timeout);
        if (timeout < 0 || timeout > 1000)
            timeout = 1000;
        fakeproxy_poll(fp, fds, descriptors(multi, fds), (int)timeout);
    }
    curl_multi_remove_handle(multi, curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* The client under test: comes back once, when Retry-After says so. */
static long get_patiently(struct fakeproxy *fp, CURLM *multi, CURL *curl)
{
    curl_off_t retry_after = 0;
    long status = get(fp, multi, curl);
    if (status != 429)
        return status;
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
    fakeproxy_poll(fp, NULL, 0, (int)retry_after * 1000); /* a sleep in which the proxy lives on */
    return get(fp, multi, curl);
}

static size_t ignore_body(char *octets, size_t size, size_t count, void *arg)
{
    (void)octets;
    (void)arg;
    return size * count;
}

int main(void)
{
    char *error;
    struct fakeproxy *fp = fakeproxy_new(FAKEPROXY_POLL, &error);
    struct fakeproxy_instance *in = fp ? fakeproxy_start(fp, "retry-after/delta-1", &error) : NULL;
    if (!in) {
        fputs(error, stderr);
        return 1;
    }

    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM *multi = curl_multi_init();
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, "http://shop.example/");
    curl_easy_setopt(curl, CURLOPT_PROXY, fakeproxy_url(in, "proxy"));
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore_body);
    long status = get_patiently(fp, multi, curl);
    printf("the answer is %ld\n", status);
    curl_easy_cleanup(curl);
    curl_multi_cleanup(multi);
    curl_global_cleanup();

    fakeproxy_end(in);
    struct fakeproxy_verdict *v = fakeproxy_judge(in);
    printf("%s", v->text);
    int good = status == 200 && v->exit_code == 0;
    fakeproxy_verdict_free(v);
    fakeproxy_free(fp); /* stops the instance, too */
    return good ? 0 : 1;
}
