/* Preloaded by test_lost_drive: a folder behaves as a network drive that is lost. LOST_DRIVE is the folder;
   while LOST_DRIVE_FLAG.eio exists every call about it fails, while LOST_DRIVE_FLAG.hang exists none comes
   back. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST_FILES 65536
static unsigned char on_drive[MOST_FILES];

static int flag(const char *ending) {
    char path[4096];
    snprintf(path, sizeof path, "%s.%s", getenv("LOST_DRIVE_FLAG"), ending);
    return syscall(SYS_access, path, F_OK) == 0;
}

static int is_lost(void) {
    while (flag("hang")) usleep(20000);
    if (!flag("eio")) return 0;
    errno = EIO;
    return 1;
}

static int concerns(const char *path) {
    const char *drive = getenv("LOST_DRIVE");
    return drive && path && strncmp(path, drive, strlen(drive)) == 0;
}

static int path_lost(const char *path) { return concerns(path) && is_lost(); }
static int file_lost(int fd) { return fd >= 0 && fd < MOST_FILES && on_drive[fd] && is_lost(); }

#define REAL(type, name, parameters) ((type (*) parameters)dlsym(RTLD_NEXT, #name))

#define OPEN(name)                                                                  \
    int name(const char *path, int flags, ...) {                                    \
        va_list rest;                                                               \
        va_start(rest, flags);                                                      \
        mode_t mode = va_arg(rest, mode_t);                                         \
        va_end(rest);                                                               \
        if (path_lost(path)) return -1;                                             \
        int fd = REAL(int, name, (const char *, int, ...))(path, flags, mode);      \
        if (fd >= 0 && fd < MOST_FILES) on_drive[fd] = concerns(path);              \
        return fd;                                                                  \
    }
OPEN(open)
OPEN(open64)

#define ON_PATH(type, failure, name, parameters, arguments) \
    type name parameters { return path_lost(path) ? failure : REAL(type, name, parameters) arguments; }
#define ON_FILE(type, name, parameters, arguments) \
    type name parameters { return file_lost(fd) ? -1 : REAL(type, name, parameters) arguments; }

ON_PATH(int, -1, stat, (const char *path, struct stat *out), (path, out))
ON_PATH(int, -1, lstat, (const char *path, struct stat *out), (path, out))
ON_PATH(int, -1, stat64, (const char *path, struct stat64 *out), (path, out))
ON_PATH(int, -1, lstat64, (const char *path, struct stat64 *out), (path, out))
ON_PATH(int, -1, fstatat, (int fd, const char *path, struct stat *out, int how), (fd, path, out, how))
ON_PATH(int, -1, fstatat64, (int fd, const char *path, struct stat64 *out, int how), (fd, path, out, how))
ON_PATH(int, -1, access, (const char *path, int how), (path, how))
ON_PATH(int, -1, mkdir, (const char *path, mode_t mode), (path, mode))
ON_PATH(int, -1, unlink, (const char *path), (path))
ON_PATH(DIR *, NULL, opendir, (const char *path), (path))
ON_FILE(int, fstat, (int fd, struct stat *out), (fd, out))
ON_FILE(int, fstat64, (int fd, struct stat64 *out), (fd, out))
ON_FILE(ssize_t, read, (int fd, void *data, size_t size), (fd, data, size))
ON_FILE(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))
ON_FILE(ssize_t, pread, (int fd, void *data, size_t size, off_t at), (fd, data, size, at))
ON_FILE(ssize_t, pread64, (int fd, void *data, size_t size, off64_t at), (fd, data, size, at))
ON_FILE(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
ON_FILE(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at))
ON_FILE(int, fsync, (int fd), (fd))
ON_FILE(int, fdatasync, (int fd), (fd))
