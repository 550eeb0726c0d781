/* 256-bit vectors without AVX-512: Zen 3, Alder Lake and later. */
#include "../port.h"
#if PORT_X86_64
#define NAME crc_update_vpclmul256
#define VL   32
#define ISA  "vpclmulqdq,avx2,pclmul,sse4.2"
#include "fold_template.h"
#endif
