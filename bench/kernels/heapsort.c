/* i32 loads, stores and compares that no predictor guesses: sorts `n` thousand pseudo-random numbers by heapsort. */
#define MAX (1 << 20)
static int numbers[MAX];

static void sift(int root, int count) {
  int value = numbers[root];
  for (;;) {
    int child = 2 * root + 1;
    if (child >= count) break;
    if (child + 1 < count && numbers[child] < numbers[child + 1]) child++;
    if (numbers[child] <= value) break;
    numbers[root] = numbers[child];
    root = child;
  }
  numbers[root] = value;
}

__attribute__((export_name("run"))) int run(int n) {
  int count = n * 1000 < MAX ? n * 1000 : MAX;
  unsigned seed = 12345;
  for (int i = 0; i < count; i++) {
    seed = seed * 1664525u + 1013904223u;
    numbers[i] = (int)(seed >> 1);
  }
  for (int i = count / 2 - 1; i >= 0; i--) sift(i, count);
  for (int i = count - 1; i > 0; i--) {
    int top = numbers[0];
    numbers[0] = numbers[i];
    numbers[i] = top;
    sift(0, i);
  }
  unsigned checksum = 0;
  for (int i = 0; i < count; i++) checksum = checksum * 31 + (unsigned)numbers[i];
  return (int)checksum;
}
