/* f64 arithmetic in locals and unpredictable loop lengths: sum of escape times over an n x n picture. */
__attribute__((export_name("run"))) int run(int n) {
  int sum = 0;
  for (int y = 0; y < n; y++)
    for (int x = 0; x < n; x++) {
      double cr = 3.0 * x / n - 2.2, ci = 2.4 * y / n - 1.2;
      double zr = 0, zi = 0;
      int steps = 0;
      while (steps < 200) {
        double rr = zr * zr, ii = zi * zi;
        if (rr + ii > 4.0) break;
        zi = 2.0 * zr * zi + ci;
        zr = rr - ii + cr;
        steps++;
      }
      sum += steps;
    }
  return sum;
}
