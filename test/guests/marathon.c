// A long CPU-bound run that keeps changing memory: sorts, hashes and rewrites a table of 4 MiB for as many rounds as its argument
// says, and reads the clock once per round. One round is about five million instructions.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define WORDS (1 << 20)
#define SLICE 20000
static unsigned table[WORDS];

static unsigned next_random(unsigned *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state;
}

static void refill(unsigned *slice, unsigned *state) {
  for (int i = 0; i < SLICE; i++) slice[i] = next_random(state) >> 4;
}

static void sift(unsigned *slice, int root, int count) {
  unsigned value = slice[root];
  for (int child; (child = 2 * root + 1) < count; root = child) {
    if (child + 1 < count && slice[child] < slice[child + 1]) child++;
    if (slice[child] <= value) break;
    slice[root] = slice[child];
  }
  slice[root] = value;
}

static void sort(unsigned *slice) {
  for (int i = SLICE / 2 - 1; i >= 0; i--) sift(slice, i, SLICE);
  for (int i = SLICE - 1; i > 0; i--) {
    unsigned top = slice[0];
    slice[0] = slice[i];
    slice[i] = top;
    sift(slice, 0, i);
  }
}

static unsigned digest(const unsigned *slice) {
  unsigned hash = 0;
  for (int i = 0; i < SLICE; i++) hash = (hash ^ slice[i]) * 16777619u;
  return hash;
}

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 200;
  unsigned state = 1, total = 0;
  for (int round = 0; round < rounds; round++) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    unsigned *slice = table + (next_random(&state) >> 8) % (WORDS - SLICE);
    refill(slice, &state);
    sort(slice);
    total += digest(slice);
  }
  printf("%d rounds, digest %08x\n", rounds, total);
  return 0;
}
