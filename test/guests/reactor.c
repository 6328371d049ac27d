// A WASI reactor: no main, but functions that the embedder calls after _initialize. Keeps a running total in memory.
#include <stdio.h>
#include <stdlib.h>

static int total = -1;

__attribute__((constructor)) static void prepare(void) {
  const char *from = getenv("START");
  total = from ? atoi(from) : 0;
}

__attribute__((export_name("add"))) int add(int amount) {
  total += amount;
  return total;
}

__attribute__((export_name("report"))) int report(void) {
  printf("total %d\n", total);
  fflush(stdout);
  return total;
}
