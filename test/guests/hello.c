// Prints its arguments and the variable GREETING. Exit code: number of arguments after the program's name.
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  const char *greeting = getenv("GREETING");
  printf("%s from %s\n", greeting ? greeting : "hello", argv[0]);
  for (int i = 1; i < argc; i++) printf("argument %d: %s\n", i, argv[i]);
  fprintf(stderr, "%d arguments\n", argc - 1);
  return argc - 1;
}
