// Works, and asks its host for something now and then: as many times as its first argument says (100000), with so many rounds
// of hashing between two calls as its second says (4000: about a hundred thousand calls in a second on a native engine).
#include <stdio.h>
#include <stdlib.h>
#include <wasi/api.h>

static unsigned state = 1;
static unsigned char line[64];

static void work(unsigned rounds) {
  unsigned hash = state;
  for (unsigned i = 0; i < rounds; i++) hash = (hash ^ (hash >> 15)) * 0x2c1b3c6du + i;
  state = hash;
}

static void ask(unsigned which) {
  __wasi_timestamp_t now = 0;
  __wasi_size_t written = 0;
  __wasi_ciovec_t piece = {line, 16};
  unsigned char bytes[8];
  switch (which % 4) {
    case 0:
    case 1:
      if (__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 1, &now) != 0) exit(1);
      state += (unsigned)now & 1;
      break;
    case 2:
      line[which % sizeof line] = (unsigned char)state;
      if (__wasi_fd_write(1, &piece, 1, &written) != 0) exit(1);
      break;
    default:
      if (__wasi_random_get(bytes, sizeof bytes) != 0) exit(1);
      state += bytes[0];
  }
}

int main(int argc, char **argv) {
  unsigned calls = argc > 1 ? (unsigned)atoi(argv[1]) : 100000;
  unsigned rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 4000;
  for (unsigned i = 0; i < calls; i++) {
    work(rounds);
    ask(i);
  }
  return state == 0;
}
