/* Byte loads and branches: counts words, lines and one pattern in generated text, `n` times over 256 KiB. */
#define LENGTH (1 << 18)
static char text[LENGTH];

static int find(const char *pattern, int length) {
  int hits = 0;
  for (int i = 0; i + length <= LENGTH; i++) {
    int k = 0;
    while (k < length && text[i + k] == pattern[k]) k++;
    hits += k == length;
  }
  return hits;
}

__attribute__((export_name("run"))) int run(int n) {
  unsigned seed = 99;
  for (int i = 0; i < LENGTH; i++) {
    seed = seed * 1664525u + 1013904223u;
    unsigned pick = seed >> 24;
    text[i] = pick < 40 ? ' ' : pick < 46 ? '\n' : (char)('a' + pick % 26);
  }
  unsigned checksum = 0;
  for (int round = 0; round < n; round++) {
    int words = 0, lines = 0, inside = 0;
    for (int i = 0; i < LENGTH; i++) {
      char c = text[i];
      if (c == '\n') lines++;
      int letter = c != ' ' && c != '\n';
      words += letter && !inside;
      inside = letter;
    }
    checksum = checksum * 31 + (unsigned)(words ^ (lines << 8) ^ (find("and", 3) << 16));
    text[(unsigned)round * 7919u % LENGTH] = '\n';
  }
  return (int)checksum;
}
