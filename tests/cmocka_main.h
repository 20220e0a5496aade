/*
 * The one way into a cmocka program: with a test's name as argument it runs that test alone (so
 * that every test is its own CTest entry), without one it runs all. A name that fits no test is an
 * error: a test that does not run must not pass.
 */
#ifndef TESTS_CMOCKA_MAIN_H
#define TESTS_CMOCKA_MAIN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TEST_MAIN(tests)                                                                           \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        if (argc > 1) {                                                                            \
            size_t n = 0;                                                                          \
            for (size_t i = 0; i < sizeof(tests) / sizeof((tests)[0]); i++)                        \
                n += strcmp((tests)[i].name, argv[1]) == 0;                                        \
            if (n != 1) {                                                                          \
                fprintf(stderr, "no test is named '%s'\n", argv[1]);                               \
                return 2;                                                                          \
            }                                                                                      \
            cmocka_set_test_filter(argv[1]);                                                       \
        }                                                                                          \
        return cmocka_run_group_tests(tests, NULL, NULL);                                          \
    }

#endif
