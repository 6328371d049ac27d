// A command for preview 2: greets its arguments, reads input and a file, asks clock and random numbers, and chooses how to end.
//   hello [NAME…]            greets
//   hello cat FILE           prints a file, line by line with numbers
//   hello echo               prints standard input in upper case
//   hello entropy            prints numbers that no second run repeats
//   hello loop N             computes for a while and prints a checksum
//   hello exit N | fail | trap
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static int cat(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) {
    fprintf(stderr, "hello: cannot open %s\n", path);
    return 2;
  }
  char line[256];
  for (int number = 1; fgets(line, sizeof line, file); number++) printf("%3d  %s", number, line);
  fclose(file);
  return 0;
}

static int echo(void) {
  for (int c = getchar(); c != EOF; c = getchar()) putchar(toupper(c));
  return 0;
}

static int entropy(void) {
  uint64_t random;
  struct timespec now;
  getentropy(&random, sizeof random);
  clock_gettime(CLOCK_REALTIME, &now);
  printf("random %016llx\n", (unsigned long long)random);
  printf("clock %lld.%09ld\n", (long long)now.tv_sec, now.tv_nsec);
  return 0;
}

uint32_t mix(uint32_t state) {
  state ^= state << 13;
  state ^= state >> 17;
  return state ^ (state << 5);
}

static int loop(uint32_t count) {
  uint32_t state = 1;
  for (uint32_t i = 0; i < count; i++) state = mix(state);
  printf("checksum %08x\n", state);
  return 0;
}

int main(int argc, char **argv) {
  const char *word = argc > 1 ? argv[1] : "";
  if (!strcmp(word, "cat") && argc > 2) return cat(argv[2]);
  if (!strcmp(word, "echo")) return echo();
  if (!strcmp(word, "entropy")) return entropy();
  if (!strcmp(word, "loop") && argc > 2) return loop(strtoul(argv[2], 0, 10));
  if (!strcmp(word, "exit") && argc > 2) exit(atoi(argv[2]));
  if (!strcmp(word, "fail")) return 1;
  if (!strcmp(word, "trap")) __builtin_trap();
  const char *greeting = getenv("GREETING");
  for (int i = 1; i < argc; i++) printf("%s, %s!\n", greeting ? greeting : "Hello", argv[i]);
  fprintf(stderr, "greeted %d\n", argc - 1);
  return 0;
}
