// Ends with the exit code given as its argument, from three calls deep and with output still in the buffer.
#include <stdio.h>
#include <stdlib.h>

static void leave(int code) {
  printf("leaving with %d\n", code);
  exit(code);
}
static void middle(int code) {
  leave(code);
  printf("not reached\n");
}

int main(int argc, char **argv) {
  middle(argc > 1 ? atoi(argv[1]) : 0);
  return 99;
}
