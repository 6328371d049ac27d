// Crosses the host boundary as often as its first argument says (240000): what recording costs a program that does little else.
// The second argument picks the call: clock (clock_time_get), write (one byte to standard output), random (4 bytes), mixed.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

static __wasi_timestamp_t last;
static unsigned checksum;

static void ask_clock(void) {
  __wasi_timestamp_t now = 0;
  if (__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 1, &now) != 0) exit(1);
  checksum += now < last;
  last = now;
}

static void write_byte(int value) {
  unsigned char byte = (unsigned char)('a' + value % 26);
  __wasi_ciovec_t piece = {&byte, 1};
  __wasi_size_t written = 0;
  if (__wasi_fd_write(1, &piece, 1, &written) != 0) exit(1);
  checksum += (unsigned)written;
}

static void ask_random(void) {
  unsigned char bytes[4];
  if (__wasi_random_get(bytes, sizeof bytes) != 0) exit(1);
  checksum = checksum * 31 + bytes[0];
}

int main(int argc, char **argv) {
  int count = argc > 1 ? atoi(argv[1]) : 240000;
  const char *way = argc > 2 ? argv[2] : "clock";
  int mixed = strcmp(way, "mixed") == 0;
  for (int i = 0; i < count; i++) {
    if (strcmp(way, "write") == 0 || (mixed && i % 3 == 1)) write_byte(i);
    else if (strcmp(way, "random") == 0 || (mixed && i % 3 == 2)) ask_random();
    else ask_clock();
  }
  fprintf(stderr, "%d calls, checksum %u\n", count, checksum);
  return 0;
}
