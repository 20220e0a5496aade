/* Scenarios by name. */
#include "catalogue.h"

int catalogue_load(const char *name, struct scenario_set *set, struct complaints *complaints)
{
    return scenario_load_file(name, set, complaints);
}
