/* 128-bit vectors in the two-operand encoding: Westmere, and later CPUs without AVX. */
#include "../port.h"
#if PORT_X86_64
#define NAME     crc_update_pclmul
#define MULTIPLY crc_multiply_pclmul
#define VL       16
#define ISA      "pclmul,sse4.2,sse4.1,ssse3"
#include "fold_template.h"
#endif
