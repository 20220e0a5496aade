/*
 * The folder of what is installed beside the program: "<prefix>/share/fakeproxy", whose folder
 * "scenarios" holds the shipped scenarios.
 *
 * It is looked for from the place of the program first, or of libfakeproxy.so where that is what a
 * program of somebody else's uses, so that an installation works wherever it was put (cmake
 * --install --prefix, an unpacked archive). In a build tree it is the source tree. The place fixed
 * at build time comes last.
 */
#ifndef FP_DATADIR_H
#define FP_DATADIR_H

/* The data folder of the program or the library that this is linked into, or NULL if there is none.
 * The caller frees it. */
char *datadir_find(void);

/* The same for a program, or a shared library, at that absolute path. */
char *datadir_of(const char *program);
char *datadir_of_library(const char *library);

#endif
