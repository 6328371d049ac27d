// A library component by hand: the canonical ABI of ledger.wit in plain C. Memory is never freed; a call or two is all it lives.
#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define LEDGER "rewasm:guests/ledger#"

extern uint8_t __heap_base;
static uintptr_t heap;

static void *allocate(size_t align, size_t bytes) {
  if (!heap) heap = (uintptr_t)&__heap_base;
  heap = (heap + align - 1) & ~(align - 1);
  void *at = (void *)heap;
  heap += bytes;
  size_t have = __builtin_wasm_memory_size(0) << 16;
  if (heap > have && __builtin_wasm_memory_grow(0, (heap - have + 0xffff) >> 16) == (size_t)-1) __builtin_trap();
  return at;
}

static void copy(void *to, const void *from, size_t bytes) {
  uint8_t *t = to;
  const uint8_t *f = from;
  for (size_t i = 0; i < bytes; i++) t[i] = f[i];
}

EXPORT("cabi_realloc") void *cabi_realloc(void *old, size_t old_bytes, size_t align, size_t bytes) {
  void *at = allocate(align, bytes);
  if (old) copy(at, old, old_bytes);
  return at;
}

typedef struct { const char *at; size_t bytes; } text;
typedef struct { text label; int64_t amount; uint8_t currency; } entry;
typedef struct { text owner; uint64_t balance; } account;

static text literal(const char *at) {
  size_t bytes = 0;
  while (at[bytes]) bytes++;
  return (text){at, bytes};
}

static text join(text a, text b) {
  char *at = allocate(1, a.bytes + b.bytes);
  copy(at, a.at, a.bytes);
  copy(at + a.bytes, b.at, b.bytes);
  return (text){at, a.bytes + b.bytes};
}

static text decimal(uint64_t value) {
  char *end = (char *)allocate(1, 20) + 20, *at = end;
  do *--at = '0' + value % 10;
  while (value /= 10);
  return (text){at, (size_t)(end - at)};
}

static text *answer(text value) {
  text *at = allocate(4, sizeof value);
  *at = value;
  return at;
}

EXPORT("twice") uint32_t twice(uint32_t n) { return 2 * n; }

EXPORT(LEDGER "sum") int64_t sum(const entry *entries, size_t count) {
  int64_t total = 0;
  for (size_t i = 0; i < count; i++) total += entries[i].amount;
  return total;
}

typedef struct { uint8_t some; entry value; } maybe_entry;

EXPORT(LEDGER "most-expensive") maybe_entry *most_expensive(const entry *entries, size_t count) {
  maybe_entry *at = allocate(8, sizeof *at);
  at->some = 0;
  for (size_t i = 0; i < count; i++) {
    if (at->some && entries[i].amount <= at->value.amount) continue;
    at->some = 1;
    at->value = entries[i];
  }
  return at;
}

typedef struct { uint8_t error; union { entry value; text message; }; } entry_or_text;

// "label amount", in euro
EXPORT(LEDGER "parse") entry_or_text *parse(const char *at, size_t bytes) {
  entry_or_text *result = allocate(8, sizeof *result);
  size_t space = 0;
  while (space < bytes && at[space] != ' ') space++;
  int64_t amount = 0;
  size_t digits = 0;
  for (size_t i = space + 1; i < bytes && at[i] >= '0' && at[i] <= '9'; i++, digits++) amount = amount * 10 + (at[i] - '0');
  if (digits == 0 || space + 1 + digits != bytes) {
    result->error = 1;
    result->message = join(literal("no amount in: "), (text){at, bytes});
    return result;
  }
  result->error = 0;
  result->value = (entry){{at, space}, amount, 0};
  return result;
}

EXPORT(LEDGER "describe") text *describe(uint32_t price, uint32_t low, uint32_t high, uint32_t marks) {
  text words = literal("free");
  if (price == 1) words = decimal(low);
  if (price == 2) words = join(join(decimal(low), literal(" to ")), decimal(high));
  if (marks & 1) words = join(words, literal(", paid"));
  if (marks & 2) words = join(words, literal(", late"));
  if (marks & 4) words = join(words, literal(", disputed"));
  return answer(words);
}

typedef struct { double *at; size_t count; } doubles;

EXPORT(LEDGER "halves") doubles *halves(const double *numbers, size_t count) {
  doubles *result = allocate(4, sizeof *result);
  *result = (doubles){allocate(8, count * 8), count};
  for (size_t i = 0; i < count; i++) result->at[i] = numbers[i] / 2;
  return result;
}

typedef struct { uint8_t truth; uint32_t letter; } swapped;

EXPORT(LEDGER "swap") swapped *swap(uint32_t letter, uint32_t truth) {
  swapped *result = allocate(4, sizeof *result);
  *result = (swapped){(uint8_t)truth, letter};
  return result;
}

IMPORT("[export]rewasm:guests/ledger", "[resource-new]account") extern uint32_t account_new(account *self);

static account *make_account(const char *at, size_t bytes, uint64_t balance) {
  account *self = allocate(8, sizeof *self);
  *self = (account){{at, bytes}, balance};
  return self;
}

EXPORT(LEDGER "[constructor]account") uint32_t account_construct(const char *at, size_t bytes) {
  return account_new(make_account(at, bytes, 0));
}

EXPORT(LEDGER "open") uint32_t open_account(const char *at, size_t bytes, uint64_t amount) {
  return account_new(make_account(at, bytes, amount));
}

EXPORT(LEDGER "[method]account.owner") text *account_owner(account *self) { return answer(self->owner); }

EXPORT(LEDGER "[method]account.deposit") uint64_t account_deposit(account *self, uint64_t amount) { return self->balance += amount; }

typedef struct { uint8_t error; union { uint64_t value; text message; }; } u64_or_text;

EXPORT(LEDGER "[method]account.withdraw") u64_or_text *account_withdraw(account *self, uint64_t amount) {
  u64_or_text *result = allocate(8, sizeof *result);
  result->error = amount > self->balance;
  if (result->error) result->message = join(self->owner, join(literal(" has only "), decimal(self->balance)));
  else result->value = self->balance -= amount;
  return result;
}

EXPORT(LEDGER "[static]account.richer") text *account_richer(account *a, account *b) {
  return answer(a->balance >= b->balance ? a->owner : b->owner);
}
