/* f64 loads, multiplications and additions: product of two n x n matrices. */
#define MAX 256
static double a[MAX * MAX], b[MAX * MAX], c[MAX * MAX];

__attribute__((export_name("run"))) double run(int n) {
  if (n > MAX) n = MAX;
  for (int i = 0; i < n * n; i++) {
    a[i] = (double)(i % 17) * 0.25 - 1.0;
    b[i] = (double)(i % 23) * 0.125 - 1.5;
  }
  for (int row = 0; row < n; row++)
    for (int col = 0; col < n; col++) {
      double sum = 0;
      for (int k = 0; k < n; k++) sum += a[row * n + k] * b[k * n + col];
      c[row * n + col] = sum;
    }
  double trace = 0;
  for (int i = 0; i < n; i++) trace += c[i * n + i] + c[i * n + (n - 1 - i)];
  return trace;
}
