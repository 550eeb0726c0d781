/* 128-bit vectors: Westmere, Bulldozer and later, which is nearly every x86-64 in use. */
#include "../port.h"
#if PORT_X86_64
#define NAME     crc_update_pclmul
#define MULTIPLY crc_multiply_pclmul
#define VL       16
#define ISA      "pclmul,sse4.2,sse4.1,ssse3"
#include "fold_template.h"
#endif
