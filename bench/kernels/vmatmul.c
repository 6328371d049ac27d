/* f32x4: product of two n x n matrices, four columns at a time; n is a multiple of 4. */
#include <wasm_simd128.h>
#define MAX 256
static float a[MAX * MAX], b[MAX * MAX], c[MAX * MAX];

__attribute__((export_name("run"))) double run(int n) {
  if (n > MAX) n = MAX;
  for (int i = 0; i < n * n; i++) {
    a[i] = (float)(i % 17) * 0.25f - 1.0f;
    b[i] = (float)(i % 23) * 0.125f - 1.5f;
  }
  for (int row = 0; row < n; row++)
    for (int col = 0; col < n; col += 4) {
      v128_t sum = wasm_f32x4_splat(0);
      for (int k = 0; k < n; k++)
        sum = wasm_f32x4_add(sum, wasm_f32x4_mul(wasm_f32x4_splat(a[row * n + k]), wasm_v128_load(&b[k * n + col])));
      wasm_v128_store(&c[row * n + col], sum);
    }
  double trace = 0;
  for (int i = 0; i < n; i++) trace += (double)c[i * n + i] + (double)c[i * n + (n - 1 - i)];
  return trace;
}
