/* The commands of clientsuite. Each returns an exit code (options.h). */
#ifndef CS_SUITE_H
#define CS_SUITE_H

#include "suite_options.h"

int suite_run(const struct suite_options *);

int suite_list(const struct suite_options *);
int suite_explain(const struct suite_options *);
int suite_clients(const struct suite_options *);
int suite_check_driver(const struct suite_options *);
int suite_grade(const struct suite_options *);

#endif
