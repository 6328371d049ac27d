/* i32x4: blocks of ChaCha20, a row of the state per vector. */
#include <wasm_simd128.h>

static v128_t rotl(v128_t x, int by) { return wasm_v128_or(wasm_i32x4_shl(x, by), wasm_u32x4_shr(x, 32 - by)); }

#define QUARTER(a, b, c, d)                                         \
  a = wasm_i32x4_add(a, b); d = rotl(wasm_v128_xor(d, a), 16);      \
  c = wasm_i32x4_add(c, d); b = rotl(wasm_v128_xor(b, c), 12);      \
  a = wasm_i32x4_add(a, b); d = rotl(wasm_v128_xor(d, a), 8);       \
  c = wasm_i32x4_add(c, d); b = rotl(wasm_v128_xor(b, c), 7);

static unsigned out[16];

__attribute__((export_name("run"))) int run(int n) {
  const v128_t r0 = wasm_i32x4_make(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574);
  const v128_t r1 = wasm_i32x4_make(0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c);
  const v128_t r2 = wasm_i32x4_make(0x13121110, 0x17161514, 0x1b1a1918, 0x1f1e1d1c);
  int sum = 0;
  for (int block = 0; block < n; block++) {
    const v128_t r3 = wasm_i32x4_make(block, 0x09000000, 0x4a000000, 0);
    v128_t a = r0, b = r1, c = r2, d = r3;
    for (int i = 0; i < 10; i++) {
      QUARTER(a, b, c, d)
      b = wasm_i32x4_shuffle(b, b, 1, 2, 3, 0);
      c = wasm_i32x4_shuffle(c, c, 2, 3, 0, 1);
      d = wasm_i32x4_shuffle(d, d, 3, 0, 1, 2);
      QUARTER(a, b, c, d)
      b = wasm_i32x4_shuffle(b, b, 3, 0, 1, 2);
      c = wasm_i32x4_shuffle(c, c, 2, 3, 0, 1);
      d = wasm_i32x4_shuffle(d, d, 1, 2, 3, 0);
    }
    wasm_v128_store(out, wasm_i32x4_add(a, r0));
    wasm_v128_store(out + 4, wasm_i32x4_add(b, r1));
    wasm_v128_store(out + 8, wasm_i32x4_add(c, r2));
    wasm_v128_store(out + 12, wasm_i32x4_add(d, r3));
    for (int i = 0; i < 16; i++) sum = sum * 31 + (int)out[i];
  }
  return sum;
}
