/* br_table and table-driven loads: a small stack machine that counts Collatz steps, `n` thousand starting numbers. */
enum { PUSH, LOAD, STORE, ADD, MUL, SHR, ODD, JUMP, JUMP_IF_ZERO, NOT_ONE, LESS, HALT };

/* The program, assembled at start so that jump targets are computed and not counted by hand. */
static int code[64];

static int assemble(void) {
  int at = 0, loop, exit_fix, even_fix, join_fix, end_fix;
  int outer = at;
  code[at++] = LOAD; code[at++] = 0; code[at++] = LOAD; code[at++] = 3; code[at++] = LESS;
  code[at++] = JUMP_IF_ZERO; end_fix = at++;
  code[at++] = LOAD; code[at++] = 0; code[at++] = STORE; code[at++] = 2;
  loop = at;
  code[at++] = LOAD; code[at++] = 2; code[at++] = NOT_ONE; code[at++] = JUMP_IF_ZERO; exit_fix = at++;
  code[at++] = LOAD; code[at++] = 1; code[at++] = PUSH; code[at++] = 1; code[at++] = ADD; code[at++] = STORE; code[at++] = 1;
  code[at++] = LOAD; code[at++] = 2; code[at++] = ODD; code[at++] = JUMP_IF_ZERO; even_fix = at++;
  code[at++] = LOAD; code[at++] = 2; code[at++] = PUSH; code[at++] = 3; code[at++] = MUL; code[at++] = PUSH; code[at++] = 1; code[at++] = ADD;
  code[at++] = JUMP; join_fix = at++;
  code[even_fix] = at;
  code[at++] = LOAD; code[at++] = 2; code[at++] = SHR;
  code[join_fix] = at;
  code[at++] = STORE; code[at++] = 2; code[at++] = JUMP; code[at++] = loop;
  code[exit_fix] = at;
  code[at++] = LOAD; code[at++] = 0; code[at++] = PUSH; code[at++] = 1; code[at++] = ADD; code[at++] = STORE; code[at++] = 0;
  code[at++] = JUMP; code[at++] = outer;
  code[end_fix] = at;
  code[at++] = HALT;
  return at;
}

static unsigned variables[4];

static unsigned interpret(void) {
  unsigned stack[16];
  int top = 0, pc = 0;
  for (;;) {
    switch (code[pc++]) {
      case PUSH: stack[top++] = (unsigned)code[pc++]; break;
      case LOAD: stack[top++] = variables[code[pc++]]; break;
      case STORE: variables[code[pc++]] = stack[--top]; break;
      case ADD: top--; stack[top - 1] += stack[top]; break;
      case MUL: top--; stack[top - 1] *= stack[top]; break;
      case SHR: stack[top - 1] >>= 1; break;
      case ODD: stack[top - 1] &= 1; break;
      case NOT_ONE: stack[top - 1] = stack[top - 1] != 1; break;
      case LESS: top--; stack[top - 1] = stack[top - 1] < stack[top]; break;
      case JUMP: pc = code[pc]; break;
      case JUMP_IF_ZERO: { int target = code[pc++]; if (stack[--top] == 0) pc = target; break; }
      case HALT: return variables[1];
      default: __builtin_trap();
    }
  }
}

__attribute__((export_name("run"))) int run(int n) {
  assemble();
  variables[0] = 1;
  variables[1] = 0;
  variables[3] = (unsigned)n * 1000 + 1;
  return (int)interpret();
}
