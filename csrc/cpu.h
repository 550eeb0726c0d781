/* Which instructions may run here.  Each bit covers every instruction that a kernel of that
 * name can contain, and the register state that the operating system must save for it. */
#ifndef INTACT_CPU_H
#define INTACT_CPU_H

#include "port.h"

enum {
    CPU_PCLMUL = 1 << 0,     /* PCLMULQDQ, SSSE3, SSE4.1, SSE4.2 */
    CPU_AVX = 1 << 1,        /* AVX; YMM state */
    CPU_VPCLMUL256 = 1 << 2, /* VPCLMULQDQ, AVX2; YMM state */
    CPU_VPCLMUL512 = 1 << 3, /* VPCLMULQDQ, AVX512F, BW, VL; ZMM and mask state */
    CPU_PMULL = 1 << 4,      /* PMULL of 64 bits */
    CPU_EOR3 = 1 << 5,       /* EOR3, of SHA3 */
    CPU_INTEL = 1 << 6,      /* no instruction: made by Intel, for which one kernel is made */
};

/* Asks the CPU; on a virtual machine each question costs microseconds, so ask once. */
uint32_t cpu_features(void);

#endif
