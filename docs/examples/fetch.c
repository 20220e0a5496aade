/* The client under test. See fetch.h. */
#include "fetch.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <time.h>

struct fetch {
    CURL *curl;
};

static size_t ignore_body(char *octets, size_t size, size_t count, void *arg)
{
    (void)octets;
    (void)arg;
    return size * count;
}

struct fetch *fetch_new(const char *proxy)
{
    struct fetch *f = malloc(sizeof(*f));
    if (!f || !(f->curl = curl_easy_init()))
        abort();
    curl_easy_setopt(f->curl, CURLOPT_PROXY, proxy);
    curl_easy_setopt(f->curl, CURLOPT_NOPROXY, ""); /* the environment has no say in it */
    curl_easy_setopt(f->curl, CURLOPT_TIMEOUT, 10L);
    curl_easy_setopt(f->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(f->curl, CURLOPT_WRITEFUNCTION, ignore_body);
    return f;
}

void fetch_free(struct fetch *f)
{
    if (!f)
        return;
    curl_easy_cleanup(f->curl);
    free(f);
}

static void sleep_ms(long ms)
{
    struct timespec time = { ms / 1000, ms % 1000 * 1000000 };
    nanosleep(&time, NULL);
}

/* How long to wait before the next attempt, or -1: there is nothing to try again. */
static long patience_ms(CURL *curl, CURLcode result, int attempt)
{
    long status = 0;
    curl_off_t retry_after = 0;
    if (result == CURLE_GOT_NOTHING || result == CURLE_RECV_ERROR || result == CURLE_SEND_ERROR)
        return 0;
    if (result != CURLE_OK)
        return -1;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 429 && status != 503)
        return -1;
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
    return retry_after > 0 ? (long)retry_after * 1000 : 100L << attempt;
}

long fetch_get(struct fetch *f, const char *url, int attempts)
{
    CURLcode result = CURLE_OK;
    long status = 0;
    curl_easy_setopt(f->curl, CURLOPT_URL, url);
    for (int attempt = 0; attempt < attempts; attempt++) {
        result = curl_easy_perform(f->curl);
        long wait = patience_ms(f->curl, result, attempt);
        if (wait < 0)
            break;
        if (attempt + 1 < attempts)
            sleep_ms(wait);
    }
    if (result == CURLE_OK)
        curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}
