/*
 * `clientsuite check-driver`: for authors. The contract check that every run begins with, spoken
 * aloud, and a positive control for each capability claimed.
 */
#include "suite.h"

int suite_check_driver(const struct suite_options *o)
{
    (void)o;
    return EXIT_USAGE;
}
