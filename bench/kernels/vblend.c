/* i16x8: one image of bytes laid over another with a coverage per byte, as the compiler vectorizes it by itself. */
#define SIZE 65536
static unsigned char over[SIZE], under[SIZE], coverage[SIZE], out[SIZE];

__attribute__((export_name("run"))) int run(int n) {
  for (int i = 0; i < SIZE; i++) {
    over[i] = (unsigned char)(i * 7);
    under[i] = (unsigned char)(i >> 3);
    coverage[i] = (unsigned char)(i * 13 + (i >> 8));
  }
  for (int round = 0; round < n; round++) {
    for (int i = 0; i < SIZE; i++) {
      unsigned short mixed = (unsigned short)(over[i] * coverage[i] + under[i] * (255 - coverage[i]) + 128);
      out[i] = (unsigned char)((unsigned short)(mixed + (mixed >> 8)) >> 8);
    }
    for (int i = 0; i < SIZE; i++) under[i] = out[i] > under[i] ? out[i] - under[i] : under[i] - out[i];
  }
  int sum = 0;
  for (int i = 0; i < SIZE; i++) sum = sum * 31 + under[i];
  return sum;
}
