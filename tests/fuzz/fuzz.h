/*
 * Every fuzz target is one file, fuzz_NAME.c, with this one function, and has its seeds in
 * corpus/NAME/, one input a file. The fuzz preset links it with libFuzzer:
 *     build/fuzz/tests/fuzz_http tests/fuzz/corpus/http
 * (run it on a copy: it adds what it finds). All other builds link it with replay_main.c, which
 * runs the seeds as the CTest entry fuzz_replay.NAME. An input that once broke something becomes
 * a seed. Targets say what must hold with assert(), which is never compiled out here.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
