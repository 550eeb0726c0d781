/* 512-bit vectors: Zen 4 and later. */
#include "../port.h"
#if PORT_X86_64
#define NAME crc_update_vpclmul512
#define VL   64
#define ISA  "vpclmulqdq,avx512f,avx512bw,avx512vl,pclmul,sse4.2"
#include "fold_template.h"
#endif
