// The bundled sample: a parcel counter with a real bug.
//
// All day, customers come to the counter. Each parcel is weighed, then labelled with the city it goes to, and put on the
// shelf. In the evening the van is loaded and driven over a scale: the sum of the parcels must be what was weighed at the
// counter. On some evenings it is not, and the program aborts. Customers, cities and weights are random, so no two runs
// fail alike, and when the scale complains the mistake is thousands of instructions in the past. Can you see it?
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SHELF 48
#define DAYS 365

struct parcel {
  int number;
  char label[12];
  int grams;
};

struct parcel parcels[SHELF];
static int shelved;
static int counter_grams;
static int next_number = 1;

static const char *const nearby[8] = {"Antwerp", "Cork", "Ghent", "Leeds", "Utrecht", "Bremen", "Lille", "Bergen"};
static const char *const abroad[8] = {"Osaka", "Nairobi", "Montevideo", "Philadelphia", "Reykjavik", "Ouagadougou", "Wellington", "Tashkent"};

static unsigned roll(unsigned sides) {
  unsigned value;
  if (getentropy(&value, sizeof value) != 0) abort();
  return value % sides;
}

static void write_label(struct parcel *parcel, const char *city) {
  char *to = parcel->label;
  while ((*to++ = *city++) != '\0') {}
}

static void accept_parcel(int day) {
  struct parcel *parcel = &parcels[shelved++];
  parcel->number = next_number++;
  parcel->grams = 20 + (int)roll(230);
  counter_grams += parcel->grams;
  // After five days there is post abroad too: one customer in twelve asks for it.
  int far = day > 5 && roll(12) == 0;
  write_label(parcel, far ? abroad[roll(8)] : nearby[roll(8)]);
}

static int scale(void) {
  int grams = 0;
  for (int i = 0; i < shelved; i++) grams += parcels[i].grams;
  return grams;
}

static void load_van(int day) {
  int grams = scale();
  printf("day %d: %d parcels, %d g\n", day, shelved, grams);
  if (grams != counter_grams) {
    printf("the counter weighed %d g: %d g are missing!\n", counter_grams, counter_grams - grams);
    fflush(stdout);
    abort();
  }
  shelved = 0;
  counter_grams = 0;
}

int main(void) {
  for (int day = 1; day <= DAYS; day++) {
    int customers = 4 + (int)roll(SHELF - 4);
    for (int i = 0; i < customers; i++) accept_parcel(day);
    load_van(day);
  }
  printf("a year without a loss\n");
  return 0;
}
