/* What a client may be capable of: the names of the driver contract (docs/drivers.md). */
#ifndef FP_CAPABILITIES_H
#define FP_CAPABILITIES_H

extern const char *const capability_names[]; /* sorted, NULL-terminated */

#endif
