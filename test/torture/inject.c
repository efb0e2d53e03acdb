/*
 * A library to preload: makes the Nth file system call below a folder fail, or kills the process at that call.
 *
 *   INJECT_BELOW  the folder
 *   INJECT_AT     the number of the call, from 1; 0 for none
 *   INJECT_HOW    before: the call fails without being made; after: it is made but reports the error;
 *                 short: it writes half of the bytes; kill: the process is killed before the call
 *   INJECT_ERRNO  the error's number
 *   INJECT_NO_LINKS  if set, every link fails, as on FAT
 *   INJECT_LOG    a file that gets one line per call, with its name
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum how { NOTHING, BEFORE, AFTER, SHORT };

static atomic_int calls;

static long raw(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}

static int is_below(const char *path) {
  const char *below = getenv("INJECT_BELOW");
  if (below == NULL || path == NULL) return 0;
  char absolute[PATH_MAX * 2];
  if (path[0] != '/') {
    char cwd[PATH_MAX];
    if (raw(SYS_getcwd, (long)cwd, sizeof cwd, 0) <= 0) return 0;
    snprintf(absolute, sizeof absolute, "%s/%s", cwd, path);
    path = absolute;
  }
  size_t length = strlen(below);
  return strncmp(path, below, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int is_below_fd(int fd) {
  char name[64], path[PATH_MAX];
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  long length = raw(SYS_readlink, (long)name, (long)path, sizeof path - 1);
  /* A pipe or socket has no path. */
  if (length <= 0 || path[0] != '/') return 0;
  path[length] = 0;
  return is_below(path);
}

/* Decides what happens to this call. */
static enum how judge(const char *call) {
  int number = atomic_fetch_add(&calls, 1) + 1;
  const char *log = getenv("INJECT_LOG"), *at = getenv("INJECT_AT"), *how = getenv("INJECT_HOW");
  if (log != NULL) {
    char line[64];
    int length = snprintf(line, sizeof line, "%s\n", call);
    long fd = raw(SYS_open, (long)log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    raw(SYS_write, fd, (long)line, length);
    raw(SYS_close, fd, 0, 0);
  }
  if (at == NULL || how == NULL || atoi(at) != number) return NOTHING;
  if (strcmp(how, "kill") == 0) raw(SYS_kill, raw(SYS_getpid, 0, 0, 0), SIGKILL, 0);
  return strcmp(how, "after") == 0 ? AFTER : strcmp(how, "short") == 0 ? SHORT : BEFORE;
}

static int fail(void) {
  errno = atoi(getenv("INJECT_ERRNO"));
  return -1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define CALL(returns, name, parameters, arguments, ours)                     \
  returns name parameters {                                                  \
    enum how how = ours ? judge(#name) : NOTHING;                            \
    if (how == BEFORE) return fail();                                        \
    returns result = REAL(name) arguments;                                   \
    return how == AFTER ? fail() : result;                                   \
  }

CALL(int, mkdir, (const char *path, mode_t mode), (path, mode), is_below(path))

int link(const char *from, const char *to) {
  enum how how = is_below(to) ? judge("link") : NOTHING;
  if (how == BEFORE) return fail();
  if (getenv("INJECT_NO_LINKS") != NULL) {
    errno = EPERM;
    return -1;
  }
  int result = REAL(link)(from, to);
  return how == AFTER ? fail() : result;
}

CALL(int, rename, (const char *from, const char *to), (from, to), is_below(to))
CALL(int, unlink, (const char *path), (path), is_below(path))
CALL(int, fsync, (int fd), (fd), is_below_fd(fd))
CALL(int, fdatasync, (int fd), (fd), is_below_fd(fd))
CALL(int, ftruncate64, (int fd, off64_t length), (fd, length), is_below_fd(fd))
CALL(int, fchmod, (int fd, mode_t mode), (fd, mode), is_below_fd(fd))
CALL(int, futimens, (int fd, const struct timespec times[2]), (fd, times), is_below_fd(fd))
CALL(int, access, (const char *path, int mode), (path, mode), is_below(path))
CALL(ssize_t, readlink, (const char *path, char *to, size_t size), (path, to, size), is_below(path))
CALL(ssize_t, read, (int fd, void *to, size_t size), (fd, to, size), is_below_fd(fd))
CALL(ssize_t, pread64, (int fd, void *to, size_t size, off64_t at), (fd, to, size, at), is_below_fd(fd))

#define WRITE(name, parameters, arguments, half)                             \
  ssize_t name parameters {                                                  \
    enum how how = is_below_fd(fd) ? judge(#name) : NOTHING;                 \
    if (how == BEFORE) return fail();                                        \
    ssize_t result = how == SHORT ? half : REAL(name) arguments;             \
    return how == AFTER ? fail() : result;                                   \
  }

static size_t half_of(size_t size) { return size > 1 ? size / 2 : size; }

WRITE(write, (int fd, const void *from, size_t size), (fd, from, size), REAL(write)(fd, from, half_of(size)))
WRITE(pwrite64, (int fd, const void *from, size_t size, off64_t at), (fd, from, size, at),
      REAL(pwrite64)(fd, from, half_of(size), at))
WRITE(writev, (int fd, const struct iovec *from, int count), (fd, from, count),
      REAL(write)(fd, from[0].iov_base, half_of(from[0].iov_len)))
WRITE(pwritev64, (int fd, const struct iovec *from, int count, off64_t at), (fd, from, count, at),
      REAL(pwrite64)(fd, from[0].iov_base, half_of(from[0].iov_len), at))

/* close closes the file even if it reports an error. */
int close(int fd) {
  enum how how = is_below_fd(fd) ? judge("close") : NOTHING;
  int result = REAL(close)(fd);
  return how == BEFORE || how == AFTER ? fail() : result;
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  enum how how = is_below(path) ? judge("open") : NOTHING;
  if (how == BEFORE) return fail();
  int fd = REAL(open64)(path, flags, mode);
  if (how != AFTER) return fd;
  if (fd != -1) raw(SYS_close, fd, 0, 0);
  return fail();
}

int scandir64(const char *path, struct dirent64 ***names, int (*filter)(const struct dirent64 *),
              int (*order)(const struct dirent64 **, const struct dirent64 **)) {
  enum how how = is_below(path) ? judge("scandir") : NOTHING;
  return how == BEFORE || how == AFTER ? fail() : REAL(scandir64)(path, names, filter, order);
}

/* Node calls statx by its system call number. */
long syscall(long number, ...) {
  va_list rest;
  va_start(rest, number);
  long a = va_arg(rest, long), b = va_arg(rest, long), c = va_arg(rest, long);
  long d = va_arg(rest, long), e = va_arg(rest, long), f = va_arg(rest, long);
  va_end(rest);
  const char *path = (const char *)b;
  int ours = number == SYS_statx && (path[0] == 0 ? is_below_fd((int)a) : is_below(path));
  enum how how = ours ? judge("statx") : NOTHING;
  if (how == BEFORE || how == AFTER) return fail();
  return REAL(syscall)(number, a, b, c, d, e, f);
}
