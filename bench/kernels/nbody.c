/* f64 arithmetic with square roots over a small table in memory: five bodies under gravity, `n` steps. */
#define BODIES 5
struct body { double x, y, z, vx, vy, vz, mass; };
static struct body bodies[BODIES];

static void place(int i, double x, double y, double z, double vx, double vy, double vz, double mass) {
  struct body b = {x, y, z, vx, vy, vz, mass};
  bodies[i] = b;
}

static void advance(double dt) {
  for (int i = 0; i < BODIES; i++) {
    struct body *p = &bodies[i];
    for (int k = i + 1; k < BODIES; k++) {
      struct body *q = &bodies[k];
      double dx = p->x - q->x, dy = p->y - q->y, dz = p->z - q->z;
      double square = dx * dx + dy * dy + dz * dz + 1e-9;
      double pull = dt / (square * __builtin_sqrt(square));
      p->vx -= dx * q->mass * pull; p->vy -= dy * q->mass * pull; p->vz -= dz * q->mass * pull;
      q->vx += dx * p->mass * pull; q->vy += dy * p->mass * pull; q->vz += dz * p->mass * pull;
    }
  }
  for (int i = 0; i < BODIES; i++) {
    struct body *p = &bodies[i];
    p->x += dt * p->vx; p->y += dt * p->vy; p->z += dt * p->vz;
  }
}

__attribute__((export_name("run"))) double run(int n) {
  place(0, 0, 0, 0, 0, 0, 0, 40.0);
  place(1, 5.0, -1.0, 0.1, 0.6, 2.6, -0.02, 0.04);
  place(2, 8.5, 4.0, -0.4, -1.0, 1.8, 0.01, 0.01);
  place(3, 13.0, -15.0, -0.2, 1.1, 0.9, -0.01, 0.002);
  place(4, -15.0, 26.0, 0.2, -0.9, -0.6, 0.04, 0.002);
  for (int i = 0; i < n; i++) advance(0.005);
  double energy = 0;
  for (int i = 0; i < BODIES; i++) {
    struct body *p = &bodies[i];
    energy += 0.5 * p->mass * (p->vx * p->vx + p->vy * p->vy + p->vz * p->vz);
  }
  return energy;
}
