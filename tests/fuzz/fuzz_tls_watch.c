/*
 * Arbitrary octets in a tunnel. The input is a list of pieces: one octet of length and direction
 * (low bit: up), then as many octets. However the pieces are cut further, the watcher ends up with
 * the same landmarks and counts.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "tls_watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void feed_all(struct tls_watch *w, bool up, const uint8_t *data, size_t len, size_t piece,
                     enum tls_landmark stop_at)
{
    for (size_t at = 0; at < len;) {
        size_t n = len - at < piece ? len - at : piece;
        bool hit, passed = tls_watch_passed(w, stop_at);
        size_t fed = tls_watch_feed(w, up, (const char *)data + at, n, stop_at, &hit);
        assert(fed <= n && (hit || fed == n));
        assert(!hit || (!passed && tls_watch_passed(w, stop_at)));
        at += fed;
    }
}

static struct tls_watch *watch(const uint8_t *data, size_t size, size_t piece,
                               enum tls_landmark stop_at)
{
    struct tls_watch *w = tls_watch_new();
    for (size_t at = 0; w != NULL && at < size;) {
        uint8_t head = data[at++];
        size_t len = head >> 1;
        if (len > size - at)
            len = size - at;
        feed_all(w, head & 1, data + at, len, piece, stop_at);
        at += len;
    }
    return w;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tls_watch *whole = watch(data, size, SIZE_MAX, LANDMARK_NONE);
    struct tls_watch *single = watch(data, size, 1, LANDMARK_NONE);
    struct tls_watch *stopped = watch(data, size, 7, LANDMARK_HANDSHAKE);
    if (whole != NULL && single != NULL && stopped != NULL) {
        for (enum tls_landmark l = LANDMARK_CLIENT_HELLO; l <= LANDMARK_CLOSE_NOTIFY; l++) {
            assert(tls_watch_passed(whole, l) == tls_watch_passed(single, l));
            assert(tls_watch_passed(whole, l) == tls_watch_passed(stopped, l));
        }
        for (int up = 0; up < 2; up++)
            assert(tls_watch_after_handshake(whole, up) == tls_watch_after_handshake(stopped, up));
        assert(tls_watch_lost(whole) == tls_watch_lost(single));
    }
    tls_watch_free(whole);
    tls_watch_free(single);
    tls_watch_free(stopped);
    return 0;
}
