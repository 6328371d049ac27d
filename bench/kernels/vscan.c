/* i8x16: finds the ends of words in text, sixteen bytes at a time, and adds up the words' lengths. */
#include <wasm_simd128.h>
#define SIZE 65536
static unsigned char text[SIZE];

__attribute__((export_name("run"))) int run(int n) {
  unsigned state = 1;
  for (int i = 0; i < SIZE; i++) {
    state = state * 1103515245 + 12345;
    unsigned pick = (state >> 16) & 31;
    text[i] = pick < 26 ? 'a' + pick : pick < 30 ? ' ' : '\n';
  }
  const v128_t space = wasm_i8x16_splat(' '), newline = wasm_i8x16_splat('\n');
  int sum = 0;
  for (int round = 0; round < n; round++) {
    int start = 0, words = 0;
    for (int i = 0; i < SIZE; i += 16) {
      const v128_t bytes = wasm_v128_load(text + i);
      unsigned ends = wasm_i8x16_bitmask(wasm_v128_or(wasm_i8x16_eq(bytes, space), wasm_i8x16_eq(bytes, newline)));
      while (ends != 0) {
        const int at = i + __builtin_ctz(ends);
        if (at > start) words += at - start;
        start = at + 1;
        ends &= ends - 1;
      }
    }
    sum = sum * 31 + words + start;
    text[round & (SIZE - 1)] ^= 1;
  }
  return sum;
}
