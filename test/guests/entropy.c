// Everything that differs from run to run: clocks, random bytes, a sleep. Two runs print different lines; a replay prints the same.
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(void) {
  struct timespec before, after, pause = {0, 2000000};
  unsigned char bytes[16];
  if (getentropy(bytes, sizeof bytes) != 0) return 1;
  clock_gettime(CLOCK_MONOTONIC, &before);
  nanosleep(&pause, NULL);
  clock_gettime(CLOCK_MONOTONIC, &after);
  long long slept = (after.tv_sec - before.tv_sec) * 1000000000ll + (after.tv_nsec - before.tv_nsec);
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  printf("time %lld.%09ld\n", (long long)now.tv_sec, now.tv_nsec);
  printf("slept %s\n", slept >= 2000000 ? "long enough" : "too short");
  printf("random ");
  for (unsigned i = 0; i < sizeof bytes; i++) printf("%02x", bytes[i]);
  printf("\n");
  return slept < 2000000;
}
