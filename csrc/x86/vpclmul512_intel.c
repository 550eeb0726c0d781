/* 512-bit vectors as Intel's CPUs like them, from Ice Lake and Sapphire Rapids on. */
#include "../port.h"
#if PORT_X86_64
#define NAME  crc_update_vpclmul512_intel
#define VL    64
#define ISA   "vpclmulqdq,avx512f,avx512bw,avx512vl,pclmul,sse4.2"
#define INTEL 1
#include "fold_template.h"
#endif
