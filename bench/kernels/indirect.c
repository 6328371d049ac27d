/* call_indirect: shapes with their own area and scale functions, picked by data, `n` thousand calls of each. */
#define SHAPES 64
struct shape;
struct kind { int (*area)(const struct shape *); void (*scale)(struct shape *, int); };
struct shape { const struct kind *kind; int width, height; };

static int box_area(const struct shape *s) { return s->width * s->height; }
static int triangle_area(const struct shape *s) { return s->width * s->height / 2; }
static int ring_area(const struct shape *s) { return 3 * (s->width * s->width - s->height * s->height); }
static int cross_area(const struct shape *s) { return 2 * s->width * s->height - s->height * s->height; }
static void scale_both(struct shape *s, int by) { s->width = (s->width + by) & 255; s->height = (s->height + by) & 255; }
static void scale_wide(struct shape *s, int by) { s->width = (s->width * 3 + by) & 255; }
static void scale_high(struct shape *s, int by) { s->height = (s->height * 5 + by) & 255; }

static const struct kind kinds[4] = {{box_area, scale_both}, {triangle_area, scale_wide}, {ring_area, scale_high}, {cross_area, scale_both}};
static struct shape shapes[SHAPES];

__attribute__((export_name("run"))) int run(int n) {
  unsigned seed = 7;
  for (int i = 0; i < SHAPES; i++) {
    seed = seed * 1664525u + 1013904223u;
    struct shape s = {&kinds[seed >> 30], (int)(seed >> 8 & 255), (int)(seed >> 16 & 255)};
    shapes[i] = s;
  }
  unsigned checksum = 0;
  for (int i = 0; i < n * 1000; i++) {
    struct shape *s = &shapes[i % SHAPES];
    checksum = checksum * 31 + (unsigned)s->kind->area(s);
    s->kind->scale(s, i & 15);
  }
  return (int)checksum;
}
