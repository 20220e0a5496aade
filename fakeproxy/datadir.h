/*
 * The folder of what is installed beside the program: "<prefix>/share/fakeproxy", whose folder
 * "scenarios" holds the shipped scenarios.
 *
 * It is looked for from the program's own place first, so that an installation works wherever it
 * was put (cmake --install --prefix, an unpacked archive). A program in its build tree finds the
 * source tree. The place fixed at build time comes last; it is what a program linked to
 * libfakeproxy gets.
 */
#ifndef FP_DATADIR_H
#define FP_DATADIR_H

/* The data folder of this process's program, or NULL if there is none. The caller frees it. */
char *datadir_find(void);

/* The same for a program at that absolute path. */
char *datadir_of(const char *program);

#endif
