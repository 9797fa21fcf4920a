/*
 * Makes every flush to disk of a process slower, so that a benchmark on a quick disk shows what a slow one costs:
 *   cc -shared -fPIC -o slow-sync.so slow-sync.c && SLOW_SYNC_MS=5 LD_PRELOAD=./slow-sync.so node ...
 * The delay is added to the real flush. Linux only.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void wait_ms(void) {
  const char *text = getenv("SLOW_SYNC_MS");
  const double ms = text == NULL ? 0 : atof(text);
  struct timespec left = {(time_t)(ms / 1000), (long)((ms - 1000 * (long)(ms / 1000)) * 1000000)};
  while (ms > 0 && nanosleep(&left, &left) != 0) {
  }
}

static int slow(const char *name, int fd) {
  int (*const real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  wait_ms();
  return real(fd);
}

int fsync(int fd) { return slow("fsync", fd); }
int fdatasync(int fd) { return slow("fdatasync", fd); }
