/* Preloaded by test_failing_disks: the system calls fail while the file named by FAILING_DISK exists,
   as on a network share that is lost. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int failing(const char *call) {
    const char *flag = getenv("FAILING_DISK"), *calls = getenv("FAILING_CALLS");
    return flag && calls && strstr(calls, call) && access(flag, F_OK) == 0;
}

#define WRAP(type, name, parameters, arguments)                       \
    type name parameters {                                            \
        if (failing(#name)) { errno = EIO; return -1; }               \
        return ((type (*) parameters)dlsym(RTLD_NEXT, #name)) arguments; \
    }

WRAP(int, fsync, (int fd), (fd))
WRAP(int, fdatasync, (int fd), (fd))
WRAP(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
WRAP(ssize_t, pwrite64, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
