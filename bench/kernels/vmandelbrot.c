/* f64x2: escape times of two neighbouring points of the Mandelbrot set at once. */
#include <wasm_simd128.h>

__attribute__((export_name("run"))) int run(int n) {
  const v128_t two = wasm_f64x2_splat(2), four = wasm_f64x2_splat(4);
  int sum = 0;
  for (int y = 0; y < n; y++)
    for (int x = 0; x < n; x += 2) {
      const v128_t cr = wasm_f64x2_make(3.0 * x / n - 2.25, 3.0 * (x + 1) / n - 2.25);
      const v128_t ci = wasm_f64x2_splat(2.5 * y / n - 1.25);
      v128_t zr = wasm_f64x2_splat(0), zi = zr, count = wasm_i64x2_splat(0);
      for (int i = 0; i < 60; i++) {
        const v128_t r2 = wasm_f64x2_mul(zr, zr), i2 = wasm_f64x2_mul(zi, zi);
        const v128_t inside = wasm_f64x2_le(wasm_f64x2_add(r2, i2), four);
        if (!wasm_v128_any_true(inside)) break;
        count = wasm_i64x2_sub(count, inside);
        zi = wasm_f64x2_add(wasm_f64x2_mul(wasm_f64x2_mul(two, zr), zi), ci);
        zr = wasm_f64x2_add(wasm_f64x2_sub(r2, i2), cr);
      }
      sum += (int)(wasm_i64x2_extract_lane(count, 0) + wasm_i64x2_extract_lane(count, 1));
    }
  return sum;
}
