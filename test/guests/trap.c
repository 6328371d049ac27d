// Traps in the way that its argument names: abort, divide, memory, null-call, stack; without one it returns 0.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile int zero;
static volatile int wrong_address = -16;
static int (*volatile nobody)(int);

// Uses no memory, so that it is the call stack that runs out.
static int endless(int depth) {
  if (depth < 0) return 0;
  return endless(depth + 1 + zero) + zero;
}

static int divide(int a, int b) { return a / b; }
static int peek(int address) { return *(volatile int *)address; }

int main(int argc, char **argv) {
  const char *way = argc > 1 ? argv[1] : "";
  printf("about to %s\n", way);
  fflush(stdout);
  if (strcmp(way, "abort") == 0) abort();
  if (strcmp(way, "divide") == 0) return divide(100, zero);
  if (strcmp(way, "memory") == 0) return peek(wrong_address);
  if (strcmp(way, "null-call") == 0) return nobody(1);
  if (strcmp(way, "stack") == 0) return endless(zero);
  return 0;
}
