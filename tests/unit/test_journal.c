/* The ring: order, what it drops, and that texts survive their owners. */
#include "cmocka_main.h"

#include <stdlib.h>

#include "event.h"
#include "journal.h"

static void add(struct journal *j, int64_t number, size_t text_len)
{
    char text[5000];
    memset(text, (int)('a' + number % 26), sizeof(text));
    struct event_draft d;
    event_begin(&d, EVENT_request, "proxy");
    event_number(&d, FIELD_connection, number);
    event_text(&d, FIELD_target, text, text_len);
    journal_add(j, &d);
    memset(text, 0, sizeof(text));
}

static int64_t number_of(const struct fp_event *e)
{
    return event_get(e, FIELD_connection)->number;
}

/* Every event the ring holds is the successor of the one before, and the newest is the last. */
static void check_run(const struct journal *j)
{
    uint64_t seq = journal_lost(j);
    for (const struct fp_event *e = journal_first(j); e; e = journal_next(j, e)) {
        assert_int_equal(e->seq, ++seq);
        assert_int_equal(number_of(e), (int64_t)e->seq);
        const struct event_value *v = event_get(e, FIELD_target);
        for (size_t i = 0; i < v->len; i++)
            assert_int_equal(v->text[i], 'a' + number_of(e) % 26);
    }
    assert_int_equal(seq, journal_count(j));
}

static void keeps_order_when_it_wraps(void **state)
{
    (void)state;
    struct journal *j = journal_new(4096);
    for (int64_t i = 1; i <= 3000; i++) {
        add(j, i, (size_t)(i * 37 % 700));
        check_run(j);
    }
    assert_true(journal_lost(j) > 2900);
    journal_free(j);
}

static void survives_an_event_larger_than_the_ring(void **state)
{
    (void)state;
    struct journal *j = journal_new(4096);
    for (int64_t i = 1; i <= 50; i++) {
        add(j, i, i % 7 == 0 ? 5000 : 10);
        check_run(j);
    }
    journal_free(j);
}

static void holds_all_while_there_is_room(void **state)
{
    (void)state;
    struct journal *j = journal_new(1 << 20);
    for (int64_t i = 1; i <= 1000; i++)
        add(j, i, 100);
    assert_int_equal(journal_lost(j), 0);
    check_run(j);
    journal_free(j);
}

static void count_told(void *arg, const struct fp_event *e)
{
    uint64_t *last = arg;
    assert_int_equal(e->seq, *last + 1);
    *last = e->seq;
}

static void tells_every_event_once(void **state)
{
    (void)state;
    uint64_t last = 0;
    struct journal *j = journal_new(4096);
    journal_listen(j, count_told, &last);
    for (int64_t i = 1; i <= 100; i++)
        add(j, i, i == 50 ? 5000 : 60);
    assert_int_equal(last, 100);
    journal_free(j);
}

static void a_copy_outlives_the_ring(void **state)
{
    (void)state;
    struct journal *j = journal_new(4096);
    add(j, 1, 26);
    struct fp_event *copy = journal_copy(journal_first(j));
    for (int64_t i = 2; i <= 200; i++)
        add(j, i, 100);
    journal_free(j);
    assert_int_equal(number_of(copy), 1);
    assert_memory_equal(event_get(copy, FIELD_target)->text, "bbbbbbbbbb", 10);
    free(copy);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(keeps_order_when_it_wraps),
    cmocka_unit_test(survives_an_event_larger_than_the_ring),
    cmocka_unit_test(holds_all_while_there_is_room),
    cmocka_unit_test(tells_every_event_once),
    cmocka_unit_test(a_copy_outlives_the_ring),
};

TEST_MAIN(tests)
