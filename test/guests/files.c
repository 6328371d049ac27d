// Works in the directory given as its argument: makes a folder, writes, appends, renames, lists, reads and removes.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char base[256];

static const char *in(const char *name) {
  static char path[2][512];
  static int turn;
  turn = !turn;
  snprintf(path[turn], sizeof path[turn], "%s/%s", base, name);
  return path[turn];
}

static void check(const char *what, int failed) {
  if (failed) printf("%s: %s\n", what, strerror(errno));
  else printf("%s: ok\n", what);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void list(const char *path) {
  DIR *dir = opendir(path);
  if (!dir) {
    printf("list: %s\n", strerror(errno));
    return;
  }
  char *names[32];
  int count = 0;
  for (struct dirent *entry; count < 32 && (entry = readdir(dir));)
    if (entry->d_name[0] != '.') names[count++] = strdup(entry->d_name);
  closedir(dir);
  qsort(names, (size_t)count, sizeof names[0], by_name);
  printf("list:");
  for (int i = 0; i < count; i++) printf(" %s", names[i]);
  printf("\n");
}

int main(int argc, char **argv) {
  snprintf(base, sizeof base, "%s", argc > 1 ? argv[1] : ".");
  check("mkdir", mkdir(in("box"), 0777));
  FILE *file = fopen(in("box/one.txt"), "w");
  check("create", !file);
  if (!file) return 1;
  fprintf(file, "first line\n");
  fclose(file);
  file = fopen(in("box/one.txt"), "a");
  fprintf(file, "second line\n");
  fclose(file);
  struct stat about;
  check("stat", stat(in("box/one.txt"), &about));
  printf("size: %lld\n", (long long)about.st_size);
  check("rename", rename(in("box/one.txt"), in("box/two.txt")));
  list(in("box"));
  file = fopen(in("box/two.txt"), "r");
  check("open", !file);
  fseek(file, 6, SEEK_SET);
  char word[16] = {0};
  if (fread(word, 1, 4, file) == 4) printf("read: %s at %ld\n", word, ftell(file));
  fclose(file);
  check("open missing", fopen(in("box/none.txt"), "r") == NULL);
  check("remove", unlink(in("box/two.txt")));
  check("rmdir", rmdir(in("box")));
  check("escape", fopen(in("../../../etc/hostname"), "r") == NULL);
  return 0;
}
