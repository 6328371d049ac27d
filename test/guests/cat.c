// Copies the named files, or standard input for none or "-", to standard output. Exit code 1 when a file cannot be opened.
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int copy(FILE *from) {
  char chunk[4096];
  size_t count;
  while ((count = fread(chunk, 1, sizeof chunk, from)) > 0)
    if (fwrite(chunk, 1, count, stdout) != count) return 1;
  return ferror(from) != 0;
}

int main(int argc, char **argv) {
  int status = 0;
  if (argc < 2) return copy(stdin);
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "-") == 0) {
      status |= copy(stdin);
      continue;
    }
    FILE *file = fopen(argv[i], "rb");
    if (!file) {
      fprintf(stderr, "cat: %s: %s\n", argv[i], strerror(errno));
      status = 1;
      continue;
    }
    status |= copy(file);
    fclose(file);
  }
  return status;
}
