/* Byte stores with a growing stride: primes below 2^20, `n` times over. */
#define LIMIT (1 << 20)
static unsigned char composite[LIMIT];

__attribute__((export_name("run"))) int run(int n) {
  int primes = 0;
  for (int round = 0; round < n; round++) {
    for (int i = 0; i < LIMIT; i++) composite[i] = 0;
    for (int i = 2; i * i < LIMIT; i++)
      if (!composite[i])
        for (int k = i * i; k < LIMIT; k += i) composite[k] = 1;
    for (int i = 2; i < LIMIT; i++) primes += !composite[i];
  }
  return primes;
}
