/* 64-bit multiplications, rotations, shifts and xors: a hash over a pseudo-random stream, `n` thousand words. */
typedef unsigned long long u64;

static u64 rotate(u64 x, int bits) { return (x << bits) | (x >> (64 - bits)); }

static u64 mix(u64 x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

__attribute__((export_name("run"))) int run(int n) {
  u64 seed = 0x243f6a8885a308d3ull, hash = 0x9e3779b97f4a7c15ull;
  for (int i = 0; i < n * 1000; i++) {
    seed += 0x9e3779b97f4a7c15ull;
    u64 word = mix(seed);
    hash = rotate(hash ^ (word * 0xc2b2ae3d27d4eb4full), 27) * 0x9e3779b185ebca87ull + 0x85ebca77c2b2ae63ull;
    if (hash % 1000003 == 0) hash += word / 7;
  }
  return (int)(hash ^ (hash >> 32));
}
