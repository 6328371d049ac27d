/* 64-bit rotations and additions with a schedule in memory: SHA-512 (FIPS 180-4) of an `n` KiB message. */
typedef unsigned long long u64;

/* Freestanding: the compiler zeroes arrays by calling this. */
void *memset(void *to, int value, unsigned long length) {
  for (unsigned long i = 0; i < length; i++) ((unsigned char *)to)[i] = (unsigned char)value;
  return to;
}

/* The round constants are the first 64 fractional bits of the cube roots of the first 80 primes: computed, not listed. */
static u64 k[80], initial[8];

/* Whether (whole + fraction / 2^64) ^ power >= value, in 16-bit limbs, least first. */
static int power_exceeds(u64 whole, u64 fraction, int power, unsigned value) {
  unsigned x[6], product[20] = {0};
  for (int i = 0; i < 4; i++) x[i] = (unsigned)(fraction >> (16 * i)) & 0xffff;
  x[4] = (unsigned)whole & 0xffff;
  x[5] = 0;
  for (int i = 0; i < 6; i++) product[i] = x[i];
  int length = 6;
  for (int p = 1; p < power; p++) {
    unsigned next[20] = {0};
    for (int i = 0; i < length; i++) {
      u64 carry = 0;
      for (int j = 0; j < 6 && i + j < 20; j++) {
        carry += next[i + j] + (u64)product[i] * x[j];
        next[i + j] = (unsigned)carry & 0xffff;
        carry >>= 16;
      }
      for (int j = i + 6; carry && j < 20; j++) {
        carry += next[j];
        next[j] = (unsigned)carry & 0xffff;
        carry >>= 16;
      }
    }
    length = length + 6 < 20 ? length + 6 : 20;
    for (int i = 0; i < 20; i++) product[i] = next[i];
  }
  unsigned whole_part = product[4 * power] | product[4 * power + 1] << 16;
  return whole_part >= value;
}

/* First 64 fractional bits of the `power`-th root of `value`, bit by bit. */
static u64 root_fraction(unsigned value, int power) {
  u64 whole = 1;
  while (!power_exceeds(whole + 1, 0, power, value)) whole++;
  u64 fraction = 0;
  for (int bit = 63; bit >= 0; bit--) {
    u64 candidate = fraction | 1ull << bit;
    if (!power_exceeds(whole, candidate, power, value)) fraction = candidate;
  }
  return fraction;
}

static void prepare(void) {
  int count = 0;
  for (unsigned value = 2; count < 80; value++) {
    int prime = 1;
    for (unsigned d = 2; d * d <= value; d++)
      if (value % d == 0) prime = 0;
    if (!prime) continue;
    if (count < 8) initial[count] = root_fraction(value, 2);
    k[count++] = root_fraction(value, 3);
  }
}

static u64 rotate(u64 x, int bits) { return (x >> bits) | (x << (64 - bits)); }

static void block(u64 state[8], const unsigned char *bytes) {
  u64 w[80];
  for (int i = 0; i < 16; i++) {
    u64 word = 0;
    for (int b = 0; b < 8; b++) word = word << 8 | bytes[i * 8 + b];
    w[i] = word;
  }
  for (int i = 16; i < 80; i++) {
    u64 s0 = rotate(w[i - 15], 1) ^ rotate(w[i - 15], 8) ^ w[i - 15] >> 7;
    u64 s1 = rotate(w[i - 2], 19) ^ rotate(w[i - 2], 61) ^ w[i - 2] >> 6;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  u64 a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (int i = 0; i < 80; i++) {
    u64 t1 = h + (rotate(e, 14) ^ rotate(e, 18) ^ rotate(e, 41)) + ((e & f) ^ (~e & g)) + k[i] + w[i];
    u64 t2 = (rotate(a, 28) ^ rotate(a, 34) ^ rotate(a, 39)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g; g = f; f = e; e = d + t1; d = c; c = b; b = a; a = t1 + t2;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d; state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

/* Words 0 and 7 of the digest of `n` KiB of the bytes 0, 1, 2, …, xored down to 32 bits. */
__attribute__((export_name("run"))) int run(int n) {
  static unsigned char last[128], message[1024];
  if (k[0] == 0) prepare();
  u64 state[8];
  for (int i = 0; i < 8; i++) state[i] = initial[i];
  for (int i = 0; i < 1024; i++) message[i] = (unsigned char)i;
  for (int kib = 0; kib < n; kib++)
    for (int at = 0; at < 1024; at += 128) block(state, message + at);
  u64 bits = (u64)n * 8192;
  for (int i = 0; i < 128; i++) last[i] = 0;
  last[0] = 0x80;
  for (int i = 0; i < 8; i++) last[127 - i] = (unsigned char)(bits >> (8 * i));
  block(state, last);
  u64 folded = state[0] ^ state[7];
  return (int)(folded ^ folded >> 32);
}
