// No WASI: two imports of a made-up host. The host's `pick` may call `choose` again, so calls nest as deep as the host likes.
__attribute__((import_module("host"), import_name("pick"))) int pick(int depth);
__attribute__((import_module("host"), import_name("note"))) void note(const char *text, int length);

static int visits;

__attribute__((export_name("visits"))) int visit_count(void) { return visits; }

__attribute__((export_name("choose"))) int choose(int depth) {
  visits++;
  int picked = pick(depth);
  note("picked", 6);
  return picked + depth;
}
