/* The driver contract, version 1 (docs/drivers.md): lines in, calls, lines out. */
#ifndef MODEL_DRIVER_H
#define MODEL_DRIVER_H

/* Reads standard input until it ends. The exit status. */
int driver_run(void);

#endif
